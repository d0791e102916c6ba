"""Machines at addresses that only this process uses, and each of them once, so that neither runs nor tests beside each other meet."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count

import pytest

from skarb.fleet import Courier
from skarb.simulate.machines import Machine, made_fleet, serving


@pytest.fixture(scope="module")
def addresses() -> Iterator[str]:
    """The first of sixteen addresses, new ones each time."""
    return (f"127.{100 + os.getpid() % 100}.{os.getpid() // 100 % 250}.{first}" for first in count(1, 16))


@pytest.fixture
def served(addresses: Iterator[str]) -> Iterator[Callable[..., tuple[Machine, ...]]]:
    """Make and serve machines until the test ends."""
    with ExitStack() as stack:

        def serve(count: int, faults: dict[str, int] | None = None, dialect: str = "mixed") -> tuple[Machine, ...]:
            machines = made_fleet(count, 1, faults, next(addresses), dialect)
            stack.enter_context(serving(machines))
            return machines

        yield serve


@pytest.fixture(scope="module")
def courier() -> Iterator[Courier]:
    with Courier() as one:
        yield one

"""Machines at addresses that only this process uses, so that several runs beside each other do not meet."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from skarb.fleet import Courier
from skarb.simulate.machines import Machine, made_fleet, serving


@pytest.fixture(scope="session")
def first() -> str:
    return f"127.{100 + os.getpid() % 100}.{os.getpid() // 100 % 250}.1"


@pytest.fixture
def served(first: str) -> Iterator[Callable[..., tuple[Machine, ...]]]:
    """Make and serve machines until the test ends."""
    with ExitStack() as stack:

        def serve(count: int, faults: dict[str, int] | None = None, dialect: str = "mixed") -> tuple[Machine, ...]:
            machines = made_fleet(count, 1, faults, first, dialect)
            stack.enter_context(serving(machines))
            return machines

        yield serve


@pytest.fixture
def courier() -> Iterator[Courier]:
    with Courier() as one:
        yield one

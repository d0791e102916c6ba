"""Kernels are compiled where it is worth it, unless somebody compiles beside; only their entries can be called."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from skarb.core.compiled import be_patient, choose_kind, compiled, has_numba
from skarb.journal import lookup
from skarb.ledger.ahead import compile_ahead

needs_numba = pytest.mark.skipif(not has_numba(), reason="there is no compiler")


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv("SKARB_KERNEL", raising=False)
    yield
    be_patient(False)


@needs_numba
def test_who_is_patient_stays_in_the_interpreter_unless_asked():
    assert choose_kind(True) == "numba"
    be_patient()
    assert choose_kind(True) == "python"
    assert choose_kind(True, "numba") == "numba"
    be_patient(False)
    assert choose_kind(True) == "numba"


@needs_numba
def test_only_entries_are_handed_out():
    assert set(compiled([lookup], ("insert",))) == {"insert"}


@needs_numba
def test_what_is_compiled_ahead_is_what_the_ledger_uses():
    from skarb.ledger.engine import kernel

    compile_ahead()
    used = kernel("numba")
    assert all(one.signatures for one in (used.open_batch, used.post_batch, used.schedule, used.regrow))


def test_nothing_is_compiled_ahead_for_the_interpreter(monkeypatch: pytest.MonkeyPatch):
    def never(kind: str) -> None:
        raise AssertionError(kind)

    monkeypatch.setenv("SKARB_KERNEL", "python")
    monkeypatch.setattr("skarb.ledger.ahead.Ledger", never)
    compile_ahead()

"""Errors say where, what was given, what was expected."""

import subprocess
import sys

import pytest

from skarb.core.errors import EXIT_CODES, BrokenPromise, FieldError, Problem, SkarbError, ensure


def test_a_problem_reads_as_one_sentence():
    problem = Problem("rates.csv row 7", "date", "2026-02-30", "a calendar date YYYY-MM-DD", "correct the row")
    assert str(problem) == "rates.csv row 7, date: given '2026-02-30', expected a calendar date YYYY-MM-DD; correct the row"


def test_a_field_error_becomes_a_problem_without_loss():
    error = FieldError("amount", "x" * 200, "a number")
    problem = error.problem("row", 3)
    assert (problem.field, problem.expected, problem.row) == ("amount", "a number", 3)
    assert len(problem.given) == 80


def test_promises_hold_under_optimisation():
    code = (
        "from skarb.core.errors import ensure\ntry:\n    ensure(False, 'p')\nexcept Exception as e:\n    print(type(e).__name__)"
    )
    run = subprocess.run([sys.executable, "-O", "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "BrokenPromise"
    with pytest.raises(BrokenPromise, match="broken promise: p"):
        ensure(False, "p")


def test_every_kind_of_error_has_its_own_exit_code():
    codes = {kind.code for kind in SkarbError.__subclasses__()}
    codes.discard("input")
    assert codes <= set(EXIT_CODES)
    assert len(set(EXIT_CODES.values())) == len(EXIT_CODES)

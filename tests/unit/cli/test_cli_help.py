"""`--help` of every command teaches: a clear sentence, and every option said in words."""

from pathlib import Path
from runpy import run_path

import pytest

from skarb import cli
from skarb.cli import COMMANDS

GROUPS = {
    "proof": ("key", "head", "include", "balance", "consistent", "tree", "check"),
    "ledger": ("open", "post", "reverse", "accounts", "transfers"),
    "law": ("check", "show", "diff", "explain"),
    "register": ("import", "show", "recordings"),
    "mine": ("surplus", "plan", "curtail", "bill", "audit", "levy"),
    "reserve": ("value", "risk", "stress", "drawdown", "rules", "report"),
    "screen": ("import", "lists", "delta", "party", "wallet", "policy", "whitelist"),
}
ALL = [(name,) for name in COMMANDS] + [(group, name) for group, names in GROUPS.items() for name in names]


def test_the_root_lists_every_command_and_the_exit_codes(skarb) -> None:
    result = skarb("--help")
    assert result.code == 0
    for name, sentence in COMMANDS.items():
        assert name in result.out
        assert sentence.split()[0] in result.out
    assert "Exit codes" in result.out
    assert skarb().code == 0


@pytest.mark.parametrize("words", ALL, ids=" ".join)
def test_help_of_every_command(words: tuple[str, ...], skarb) -> None:
    result = skarb(*words, "--help")
    assert result.code == 0
    plain = result.out.replace("\n", " ")
    assert f"skarb {' '.join(words)}" in plain
    body = plain.partition("Usage:")[2]
    assert len(body.split()) > 12
    assert "." in body
    assert "None" not in body


def test_misspelt_words_are_answered(skarb) -> None:
    for words in (("decid",), ("law", "chekc"), ("decide", "x.csv", "--outptu", "y.csv")):
        result = skarb(*words)
        assert result.code == 2
        assert result.err.strip()


def test_importing_the_module_that_is_run_starts_nothing() -> None:
    """A process that works beside a market imports what began the market, under another name."""
    run_path(str(Path(cli.__file__).with_name("__main__.py")), run_name="__mp_main__")

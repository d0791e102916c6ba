"""Tables of the terminal: whatever its width, no number is broken and nothing is lost."""

import io
import re

import pytest
from rich.console import Console

from skarb.cli.table import table

COIN, MONEY, HASH = "123456789.123456789012345678", "999,999,999,999,999,999.99", "ab" * 32


def printed(width: int, *given) -> str:
    console = Console(file=io.StringIO(), width=width, emoji=False)
    console.print(table(*given))
    return console.file.getvalue()


def letters(text: str) -> str:
    return re.sub(r"\s", "", text)


@pytest.mark.parametrize("width", [40, 60, 80, 100, 140])
@pytest.mark.parametrize("amounts", [1, 2, 3, 6])
def test_ids_hashes_and_names_give_way_and_never_money(width: int, amounts: int) -> None:
    names = ("id", "name", "head", *(f"amount_{number}" for number in range(amounts)))
    rows = [
        ("a-1", "Адкрытае акцыянернае таварыства «Бурштын»", HASH, *[MONEY] * amounts),
        (HASH, "b", "", *[COIN] * amounts),
        ("c", f"he had {MONEY} BYN, she less", 17, *[-(10**17)] * amounts),
    ]
    said = printed(width, names, rows, "A title of a table")
    assert all(len(line) <= width for line in said.splitlines())
    for number in (MONEY, COIN, "-100,000,000,000,000,000"):
        assert said.count(number) == amounts + (number == MONEY), said
    assert "A title of a table" in said


@pytest.mark.parametrize("width", [80, 140])
def test_a_hash_is_folded_and_whole(width: int) -> None:
    said = printed(width, ("what", "root", "owed"), [("BTC", HASH * 2, MONEY)])
    assert MONEY in said and letters(said).count("ab") == 64


def test_what_does_not_fit_is_told_a_line_for_each_column() -> None:
    names = ("address", "debits_posted", "credits_posted", "available", "on_the_way")
    told = [one.replace("_", " ") for one in names[:-1]]
    said = printed(80, names, [("client/anna", MONEY, MONEY, COIN, ""), ("client/boris", "1.00", "2.00", "3.00", True)])
    assert [line.split("  ")[0] for line in said.splitlines() if line.strip()] == told * 2 + ["on the way"]
    assert "debits posted   999,999,999,999,999,999.99" in said and "on the way      yes" in said
    assert "no rows" in printed(30, names, [])


def test_numbers_stand_to_the_right_also_beside_cells_that_say_nothing() -> None:
    said = printed(80, ("name", "amount"), [("opening", None), ("a [b]", "5.00"), ("c", "12.00")])
    lines = [line.rstrip() for line in said.splitlines()]
    assert [line for line in lines if line.endswith(".00")] == [" a [b]       5.00", " c          12.00"]


def test_a_word_is_broken_behind_a_sign_in_it() -> None:
    said = printed(34, ("id", "owed"), [("BY-U367-2024/foreign-venue.money x", "123,456,789,012.00")])
    assert [line.split("   ")[0].strip() for line in said.splitlines()[3:-1]] == [
        "BY-U367-",
        "2024/",
        "foreign-",
        "venue.money",
        "x",
    ]


@pytest.mark.parametrize("count", [1, 2, 7])
@pytest.mark.parametrize("width", [12, 20, 80])
def test_no_terminal_is_too_narrow(count: int, width: int) -> None:
    assert letters(printed(width, ["ab"] * count, [["cd"] * count] * 2)).count("c") == 2 * count

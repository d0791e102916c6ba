"""Every row of a run is accounted for: answered or malformed, whatever it is made of."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from skarb.app.files import open_source
from skarb.app.work import Account, decide, post
from skarb.core.errors import Problem
from skarb.core.instruction import Assumptions, Instruction
from skarb.intake import Reading

HEADER = "id,at,activity,party,asset,amount,counterparty\n"


def readings(town, sizes: list[int]) -> Iterator[Reading]:
    """Rows of which every third is malformed for intake and every fifth for the desk."""
    row = 0
    for size in sizes:
        instructions, rows = [], []
        reading = Reading("rows.csv", "native", None, instructions, rows)
        for _ in range(size):
            row += 1
            if row % 3 == 0:
                reading.problems.append(Problem(f"rows.csv row {row}", "id", "", "an id", row=row))
                reading.problems.append(Problem(f"rows.csv row {row}", "at", "", "an instant", row=row))
            else:
                instructions.append(town.instruction(f"r{row}", amount="x" if row % 5 == 0 else "1.00"))
                rows.append(row)
        reading.total = row
        yield reading


EXPECTED = {row for row in range(1, 101) if row % 3 and row % 5}


@pytest.mark.parametrize("sizes", [[100], [1] * 100, [0, 50, 0, 50], [99, 1]])
def test_rows_are_answered_or_malformed(sizes: list[int], town) -> None:
    account = Account(keep_all=True)
    decided = list(decide(readings(town, sizes), town.setting, account))
    assert {one.row for one in decided} == EXPECTED
    assert (account.rows, account.done, account.malformed, account.balanced) == (100, len(EXPECTED), 100 - len(EXPECTED), True)
    assert {problem.row for problem in account.problems} == set(range(1, 101)) - EXPECTED
    assert {problem.where for problem in account.problems if problem.field == "amount"} == {
        f"rows.csv row {row}" for row in range(1, 101) if row % 3 and row % 5 == 0
    }
    with town.open_funded() as desk:
        other = Account(keep_all=True)
        posted = list(post(readings(town, sizes), desk, other))
        assert [one.row for one in posted] == [one.row for one in decided]
        assert [one.receipt.decision for one in posted] == [one.decision for one in decided]
        assert [one.receipt.edition for one in posted] == [one.edition for one in decided]
        assert (other.rows, other.done, other.malformed, other.repeated) == (100, account.done, account.malformed, 0)
        assert [problem.row for problem in other.problems] == [problem.row for problem in account.problems]
        again = Account()
        list(post(readings(town, sizes), desk, again))
        assert (again.done, again.repeated, again.malformed) == (account.done, account.done, account.malformed)
        assert len(again.problems) <= 100


def test_an_account_keeps_a_hundred_problems_and_counts_all() -> None:
    account = Account()
    for start in range(0, 300, 30):
        account.refuse(Problem("x", "y", "", "z", row=row) for row in range(start, start + 30))
    assert (account.malformed, len(account.problems)) == (300, 100)


def test_facts_decided_and_posted_are_the_same(town) -> None:
    with town.open_funded() as desk:
        reading = next(readings(town, [20]))
        decided = list(decide([reading], town.setting, Account()))
        posted = list(post([reading], desk, Account()))
        batch = desk.book.batch(posted[0].receipt.sequence)
        assert len(decided) == len(posted)
        for one, other in zip(decided, posted, strict=True):
            assert batch.instructions[other.receipt.row] == one.instruction


def write(path: Path, activities: list[str]) -> Path:
    rows = [f"r{n},2026-08-01T10:00:00Z,{activity},p{n},BTC,1,q\n" for n, activity in enumerate(activities)]
    path.write_text(HEADER + "".join(rows))
    return path


@pytest.mark.parametrize(
    ("activities", "licence"),
    [
        (["fiat_pay", "mine"], "bank"),
        (["token_swap", "token_swap", "fiat_pay"], "platform"),
        (["token_swap", "token_deposit", "mine"], "crypto_bank"),
        ([], "bank"),
    ],
)
def test_the_licence_that_suits_a_file(activities: list[str], licence: str, tmp_path: Path) -> None:
    assert open_source(write(tmp_path / "x.csv", activities), "UTC").licence == licence


def test_an_assumption_of_the_command_line_yields_to_the_file(tmp_path: Path) -> None:
    assumed = Assumptions(source="command line", notes=("taken for granted",))
    source = open_source(write(tmp_path / "x.csv", ["mine"] * 30), "UTC", batch=7, assumed=assumed)
    assert source.notes[-1] == "taken for granted"
    found = list(source.readings())
    assert [len(reading.instructions) for reading in found] == [7, 7, 7, 7, 2]
    assert {reading.assumptions for reading in found} == {assumed}
    foreign = tmp_path / "sim.csv"
    foreign.write_text(
        "tran_id,orig_acct,bene_acct,tx_type,base_amt,tran_timestamp,is_sar,alert_id\n1,a,b,WIRE,10.00,2017-01-01T00:00:00Z,False,-1\n"
    )
    (reading,) = open_source(foreign, "UTC", assumed=assumed).readings()
    assert (reading.mapping, reading.assumptions.source) == ("amlsim", "amlsim")


def test_an_instruction_is_not_changed_on_its_way(town) -> None:
    given = town.instruction("x", purpose="rent", end_to_end_id="E2E", entered_by="olga", declared={"systematic": True})
    with town.open_funded() as desk:
        (one,) = post([Reading("x", "native", None, [given], [1], total=1)], desk, Account())
        kept = desk.book.batch(one.receipt.sequence).instructions[0]
        assert isinstance(kept, Instruction)
        assert msgspec.structs.asdict(kept) == msgspec.structs.asdict(given)

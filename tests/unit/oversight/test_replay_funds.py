"""Who has less when a payment does not come to pass, reckoned by hand."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pytest
from tests.unit.oversight.lakes import Told, fill

from skarb.app.law import law_folder, rulebook_of
from skarb.core.errors import ConfigurationError
from skarb.core.facts import Facts
from skarb.core.time import to_day
from skarb.lake import open_lake
from skarb.oversight.replay import Answer, Comparison, Lived, Question, Sum, keep, read
from skarb.oversight.replay.funds import follow, reached_from
from skarb.oversight.replay.keep import Part
from skarb.oversight.replay.tally import kernels
from skarb.rulebook import Rulebook
from skarb.rulebook.load import read_texts

LAW, DAY = rulebook_of("zz"), to_day(date(2026, 8, 3))
ACCOUNTS = ("outside/bank", "client/anna", "client/boris", "client/cora", "client/dora", "own/us")
BANK, ANNA, BORIS, CORA, DORA, OWN = range(len(ACCOUNTS))
GREAT = 10**37  # tokens have such amounts in their smallest units


def facts(**told: object) -> Facts:
    usual = {
        "activity": "fiat_pay",
        "day": DAY,
        "actor_kind": "natural_person",
        "actor_resident": True,
        "actor_identified": True,
        "operator_licence": "bank",
        "operator_registered": True,
        "operator_regime_resident": True,
        "operator_covers_activity": True,
        "counterparty_kind": "natural_person",
        "screening": "clear",
        "value": 100,
    }
    return Facts(**{**usual, **told})  # type: ignore[arg-type]


INSTANT = facts(activity="instant_pay", value=500_000)  # more than the draft allows in a month
PAID = facts()


def draft() -> Rulebook:
    """Return the law with a limit of 4,000.00 for the instant payments of a month."""
    return LAW.with_parameter("instant.month_max", "100", DAY - 400)


def lake(folder: Path, rows: list[tuple[Facts, str, list[tuple[int, int, int]]]]) -> Path:
    """Make a lake of rows with what became of each, and the transfers that it became: debit, credit, amount."""
    found = fill(folder, [Told(one, party=place // 4 % 4, answer=answer) for place, (one, answer, _) in enumerate(rows)])
    with open_lake(found, write=True) as connection:
        for number, address in enumerate(ACCOUNTS):
            connection.execute("INSERT INTO accounts VALUES (?, 1, ?, 0, ?)", [number, address, f"{number}"])
        for place, (_, _, legs) in enumerate(rows):
            for debit, credit, amount in legs:
                values = [1, place + 1, 0, debit, credit, 0, amount, 1, 0, 0, DAY]
                connection.execute("INSERT INTO transfers VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", values)
    return found


def lived(connection: duckdb.DuckDBPyConnection) -> tuple[Comparison, list[int]]:
    told: list[int] = []
    one = Lived(connection, Question(LAW, draft(), DAY, DAY), actual=False)
    return one.run(unfunded=lambda positions: told.extend(positions.tolist())), told


@pytest.fixture(params=["python", "numba"])
def kind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("SKARB_KERNEL", request.param)
    return str(request.param)


def test_who_was_to_be_paid_cannot_pay_on(tmp_path: Path, kind: str) -> None:
    rows = [
        (PAID, "posted", [(BANK, ANNA, GREAT)]),
        (PAID, "posted", [(BANK, BORIS, 30)]),
        (INSTANT, "posted", [(ANNA, BORIS, GREAT)]),  # refused by the draft
        (PAID, "posted", [(BORIS, CORA, 31)]),  # boris has 30 in the draft's world
        (PAID, "posted", [(BORIS, CORA, 30)]),  # and spends it
        (PAID, "not_posted", []),
        (PAID, "posted", [(CORA, DORA, 31)]),  # cora has 30
        (PAID, "posted", [(CORA, OWN, 10), (CORA, DORA, 20)]),
        (PAID, "posted", [(BANK, DORA, 5)]),
        (PAID, "posted", [(DORA, OWN, 25)]),
        (PAID, "posted", [(DORA, OWN, 1)]),  # dora has nothing left of 20 and 5
    ]
    with open_lake(lake(tmp_path, rows)) as connection:
        comparison, told = lived(connection)
    assert told == [3, 6, 10]
    assert comparison.unfunded == Sum(3, 300) and comparison.rows == len(rows)
    assert [one.sum for one in comparison.transitions if one.refused] == [Sum(1, 500_000)]


def test_a_payment_is_made_whole_or_not_at_all(tmp_path: Path, kind: str) -> None:
    rows = [
        (PAID, "posted", [(BANK, ANNA, 100), (BANK, BORIS, 50)]),
        (INSTANT, "posted", [(ANNA, BORIS, 60)]),  # refused by the draft
        (PAID, "posted", [(BORIS, CORA, 40), (BORIS, OWN, 20)]),  # 10 short at the second transfer
        (PAID, "posted", [(BORIS, OWN, 50)]),  # so the first was not made either
        (PAID, "posted", [(CORA, OWN, 40)]),
    ]
    with open_lake(lake(tmp_path, rows)) as connection:
        assert lived(connection)[1] == [2, 4]


def test_declared_books_begin_with_what_they_must_have_had(tmp_path: Path, kind: str) -> None:
    rows = [
        (PAID, "posted", [(ANNA, CORA, 50)]),  # anna had 50 at least before the tables begin
        (INSTANT, "posted", [(BORIS, ANNA, 9_000)]),  # refused by the draft; boris had 18,000
        (PAID, "posted", [(CORA, ANNA, 60)]),  # and cora had 10
        (PAID, "posted", [(ANNA, DORA, 30)]),
        (PAID, "posted", [(ANNA, DORA, 31)]),  # anna has 30
        (PAID, "posted", [(ANNA, DORA, 30)]),
        (PAID, "posted", [(BORIS, DORA, 9_000)]),
    ]
    found = lake(tmp_path, rows)
    with open_lake(found) as connection:
        assert not lived(connection)[1]  # in a journal, which begins with nothing, boris could not have paid anna in any world
    with open_lake(found, write=True) as connection:
        connection.execute("INSERT INTO feeds VALUES (0, 1, false, 1, 7, NULL, 7, 7, '', '', NULL, '')")
    with open_lake(found) as connection:
        comparison, told = lived(connection)
    assert told == [4]
    assert comparison.unfunded == Sum(1, 100)


def test_only_accounts_that_such_money_comes_through_are_followed(tmp_path: Path) -> None:
    rows = [
        (PAID, "posted", [(BANK, CORA, 10)]),
        (PAID, "posted", [(CORA, DORA, 5)]),  # before it, so dora is not concerned
        (INSTANT, "posted", [(BANK, ANNA, 60)]),
        (PAID, "posted", [(ANNA, BORIS, 40)]),
        (PAID, "posted", [(DORA, CORA, 1)]),
        (PAID, "posted", [(BORIS, OWN, 1)]),
    ]
    with open_lake(lake(tmp_path, rows)) as connection:
        found = reached_from(connection, np.array([2]), kernels("python")["spread"])
        funds = follow(connection, found, 2)
    assert found.tolist() == [ANNA, BORIS]
    assert funds.rows.tolist() == [2, 3, 5]


def test_a_law_without_totals_keeps_money_from_coming_in_too(tmp_path: Path, kind: str) -> None:
    may = to_day(date(2026, 5, 4))  # until July no law of Zedland looks at totals
    pay = LAW.pack.provisions["ZZ-D2-2026/pay"]
    fewer = replace(pay, activities=tuple(one for one in pay.activities if one != "qr_pay"))
    other = Rulebook(replace(LAW.pack, provisions={**LAW.pack.provisions, pay.id: fewer}))
    told: list[int] = []
    rows = [
        (facts(day=may, activity="qr_pay"), "posted", [(BANK, ANNA, 10)]),  # the draft says nothing about it, so it waits
        (facts(day=may), "posted", [(ANNA, BORIS, 4)]),
        (facts(day=may, value=None), "posted", [(ANNA, OWN, 6)]),
        (facts(day=may), "posted", [(BANK, OWN, 6)]),
    ]
    with open_lake(lake(tmp_path, rows)) as connection:
        found = Lived(connection, Question(LAW, other, may, may), actual=False).run(
            unfunded=lambda positions: told.extend(positions.tolist())
        )
    assert told == [1, 2] and found.unfunded == Sum(2, 100)
    assert [one.sum.rows for one in found.transitions if one.refused] == [1]


def test_without_a_change_nobody_is_short(tmp_path: Path) -> None:
    rows = [(PAID, "posted", [(BANK, ANNA, 1)]), (PAID, "posted", [(ANNA, OWN, 1)])]
    with open_lake(lake(tmp_path, rows)) as connection:
        assert lived(connection) == (lived(connection)[0], []) and lived(connection)[0].unfunded == Sum()


def test_an_amount_that_columns_do_not_hold_is_said(tmp_path: Path) -> None:
    rows = [(INSTANT, "posted", [(BANK, ANNA, 60)]), (PAID, "posted", [(ANNA, OWN, None)])]  # type: ignore[list-item]
    with open_lake(lake(tmp_path, rows)) as connection, pytest.raises(ConfigurationError, match="38 digits"):
        lived(connection)


class Nothing:
    """Nobody beside keeps anything."""

    def put_away(self, folder: Path) -> tuple[Sequence[Part], Sequence[Answer]]:
        return [], []

    def take_up(self, folder: Path, parts: Sequence[Part], answers: Sequence[Answer]) -> None:
        pass


def test_a_stopped_replay_knows_who_had_what(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("PAUSE_NS", 0), ("SHARE", 0)):
        monkeypatch.setattr(keep, name, value)
    monkeypatch.setattr(read, "CHUNK", 5)
    rows = []
    for number in range(9):
        rows += [
            (PAID, "posted", [(BANK, ANNA, 10 + number)]),
            (INSTANT if number % 3 == 0 else PAID, "posted", [(BANK, BORIS, 7)]),
            (PAID, "posted", [(BORIS, CORA, 7 - number % 2)]),
            (PAID, "posted", [(CORA, OWN, 6)]),
        ]

    def ask(connection: duckdb.DuckDBPyConnection, stop: int) -> tuple[Comparison | None, list[str]]:
        """Return what comes of it, None if it was stopped at some step, and what was said."""
        left, said = [stop], list[str]()

        def progress(done: int) -> None:
            left[0] -= 1
            if left[0] == 0:
                raise InterruptedError

        keeping = keep.Keep(tmp_path / "kept", "a lake", iter(range(10**6)).__next__, Nothing(), said.append)
        try:
            found = Lived(connection, Question(LAW, draft(), DAY, DAY), actual=False)
            return found.run(progress, lambda positions, before, after: None, keeping), said
        except InterruptedError:
            return None, said

    with open_lake(lake(tmp_path, rows)) as connection:
        whole, _ = lived(connection)
        assert whole.unfunded.rows > 3
        stop, ended = 0, None
        went_on = 0
        while ended is None:
            stop += 1
            ended, _ = ask(connection, stop)
            if ended is None:
                again, said = ask(connection, 0)
                went_on += any("goes on" in one for one in said)
                assert again == whole
                shutil.rmtree(tmp_path / "kept", ignore_errors=True)
        assert ended == whole and went_on > 5


@pytest.mark.parametrize("amount", [8 * GREAT, 9 * GREAT])
def test_balances_that_two_words_do_not_hold_are_not_reckoned_wrongly(tmp_path: Path, amount: int, kind: str) -> None:
    rows = [
        (PAID, "posted", [(BANK, ANNA, amount)]),
        (PAID, "posted", [(BANK, ANNA, amount)]),
        (INSTANT, "posted", [(ANNA, BORIS, 1)]),  # refused by the draft
        (PAID, "posted", [(ANNA, OWN, 5)]),
    ]
    with open_lake(lake(tmp_path, rows)) as connection:
        if 2 * amount < 1 << 127:
            assert lived(connection)[1] == []
        else:
            with pytest.raises(ConfigurationError, match="38 digits"):
                lived(connection)


LOOK = """
- id: ZZ-D2-2026/look
  title: A second person looks at large instant payments
  cites: {act: ZZ-D2-2026, article: "1"}
  in_force: {from: 2026-01-01}
  activity: [instant_pay]
  when: value is not missing and value > instant.look
  effect: refer
  authority: [CENTRAL_BANK]
  certainty: primary_text
  grade: A
  says: x
  cases:
    - {at: 2026-02-01, facts: {value: 4000.01 ZZD}, then: refer}
    - {at: 2026-02-01, facts: {value: 4000.00 ZZD}, then: silent}
"""
PARAMETER = """
- {name: instant.look, unit: ZZD, values: [{from: 2026-01-01, value: "4000.00", cites: ZZ-D2-2026/look}]}
"""


def law_that_looks() -> Rulebook:
    """Return the law with referrals of instant payments that are large."""
    folder, texts = law_folder("zz"), {}
    for entry in folder.iterdir():
        inside = entry.iterdir() if entry.name in ("acts", "provisions", "parameters") else ()
        texts |= {f"{entry.name}/{one.name}": one.read_text(encoding="utf-8") for one in inside}
        if entry.name.removesuffix(".yaml") in ("country", "conditions", "features", "lists", "sources"):
            texts[entry.name] = entry.read_text(encoding="utf-8")
    pack, problems = read_texts(texts | {"provisions/more.yaml": LOOK, "parameters/more.yaml": PARAMETER}, "zz")
    assert pack is not None, problems
    return Rulebook(pack)


def test_a_referral_that_is_freed_and_was_approved_counts_once(tmp_path: Path, kind: str) -> None:
    law = law_that_looks()
    large = facts(activity="instant_pay", value=500_000)
    rows = [
        (large, "referred", []),
        (
            facts(activity="instant_pay", value=500_000, approved=True),
            "posted",
            [(ANNA, BORIS, 500_000)],
        ),  # approves the one before
        (facts(activity="instant_pay", value=300_000), "posted", [(ANNA, BORIS, 300_000)]),  # just what a month allows
        (large, "refused", []),  # that would be too much
        (facts(activity="instant_pay", value=1), "refused", []),
    ]
    found = lake(tmp_path, rows)
    with open_lake(found, write=True) as connection:
        connection.execute("UPDATE rows SET approves = 'i0', party = 0 WHERE id = 'i1'")
        connection.execute("UPDATE rows SET party = 0")
    with open_lake(found) as connection:
        comparison = Lived(
            connection, Question(law, law.with_parameter("instant.look", "9000.00", DAY - 400), DAY, DAY), actual=False
        ).run()
    assert comparison.unfunded == Sum()
    changed = {(one.before.verdict, one.after.verdict): one.sum for one in comparison.transitions if one.before != one.after}
    assert changed == {("refer", "permit"): Sum(1, 500_000), ("permit", "permit"): Sum(1, 500_000)}

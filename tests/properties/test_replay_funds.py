"""Money that was not received cannot be spent: a replay against the same instructions, handed in to a real desk under the draft.

Small towns are drawn in which clients pay each other what they have. The draft keeps some of that money from coming in. What the ledger turned down
in the town is left out of the second one, as a replay leaves it turned down.
"""

from __future__ import annotations

import random
import sys
from collections import Counter
from datetime import timedelta
from importlib.resources import files
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import duckdb
import pytest
from tests.thorough import THOROUGH

from skarb.app.keys import key_id, make_key, public_path, read_private
from skarb.app.lake import add
from skarb.app.proof import open_prover
from skarb.core.compiled import has_numba
from skarb.journal.feed.write import Signer, export
from skarb.lake import open_lake
from skarb.oversight.replay import Comparison, Lived, Question, Sum, replay
from skarb.rulebook import Edition, Rulebook
from skarb.rulebook.load import read_texts
from skarb.store import open_store

SEEDS = range(40 if THOROUGH else 4)
KINDS = ["python", "numba"] if has_numba() else ["python"]
NAMES = ("anna", "boris", "cora")
INCOMING = """
- id: ZZ-D2-2026/incoming
  title: Other banks pay in no more than a little
  cites: {act: ZZ-D2-2026, article: "1"}
  in_force: {from: 2026-01-01}
  activity: [fiat_pay]
  when: actor_kind == "legal_entity" and value is not missing and value > incoming.max
  effect: refuse
  authority: [A]
  certainty: primary_text
  grade: A
  says: x
  cases:
    - {at: 2026-02-01, facts: {actor_kind: natural_person, value: 60.01 ZZD}, then: silent}
    - {at: 2026-02-01, facts: {actor_kind: legal_entity, value: 60.01 ZZD}, then: refuse}
"""
PARAMETER = """
- {name: incoming.max, unit: ZZD, values: [{from: 2026-01-01, value: "60.00", cites: ZZ-D2-2026/incoming}]}
"""


def beside(name: str) -> ModuleType:
    spec = spec_from_file_location(name, Path(__file__).parents[1] / "journeys" / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


zedland = beside("zedland")


def law(units: str = "", incoming: bool = False) -> Rulebook:
    """Return the law of Zedland with another limit of a month for instant payments, and perhaps one for what comes in."""
    folder, texts = files("skarb.jurisdictions") / "zz", {}
    for entry in folder.iterdir():
        inside = entry.iterdir() if entry.name in ("acts", "provisions", "parameters") else ()
        texts |= {f"{entry.name}/{one.name}": one.read_text(encoding="utf-8") for one in inside}
        if entry.name.removesuffix(".yaml") in ("country", "conditions", "features", "lists", "sources"):
            texts[entry.name] = entry.read_text(encoding="utf-8")
    if incoming:
        texts |= {"provisions/more.yaml": INCOMING, "parameters/more.yaml": PARAMETER}
    pack, problems = read_texts(texts, "zz")
    assert pack is not None, problems
    return Rulebook(pack).with_parameter("instant.month_max", units, FIRST_DAY) if units else Rulebook(pack)


FIRST_DAY = 20_000
DRAFTS = {
    "less comes in": lambda: law(incoming=True),
    "less in a month": lambda: law("4"),
    "both": lambda: law("2", incoming=True),
}


def story(town: Any, seed: int) -> list[list[Any]]:
    """Return batches of payments over a week: from another bank, between clients, to another bank."""
    chance = random.Random(seed)
    batches = []
    for day in range(6):
        batch = []
        for number in range(chance.randint(3, 14)):
            payer = chance.choice((*NAMES, *NAMES, "other-bank"))
            payee = chance.choice([one for one in (*NAMES, "other-bank") if one != payer])
            amount = chance.choice(("20.00", "60.00", "60.01", "75.00", "120.00"))
            activity = "fiat_pay" if "other-bank" in (payer, payee) else chance.choice(("fiat_pay", "instant_pay", "qr_pay"))
            at = zedland.DAY + timedelta(days=day, minutes=number)
            batch.append(town.instruction(f"{day}-{number}", activity, payer, amount, counterparty=payee, at=at))
        batches.append(batch)
    return batches


def handed_in(folder: Path, rulebook: Rulebook, seed: int, left_out: frozenset[str] = frozenset()) -> tuple[Any, dict[str, Any]]:
    """Return a town whose desk took what a story tells, and what became of each instruction."""
    folder.mkdir()
    town = zedland.Town(folder)
    town.rulebook = rulebook
    desk, receipts = town.desk(), {}
    for batch in story(town, seed):
        wanted = [one for one in batch if one.id not in left_out]
        if wanted:
            answer = desk.submit(wanted)
            assert answer.problems == []
            receipts |= {one.id: receipt for one, receipt in zip(wanted, answer.receipts, strict=True)}
    desk.book.close()
    return town, receipts


def lake_of(town: Any) -> Path:
    folder = town.folder
    make_key(folder / "bank.key")
    private = read_private(folder / "bank.key")
    store = open_store(town.book)
    (folder / "feed").mkdir()
    try:
        with open_prover(town.book, private) as prover:
            signer = Signer(key_id(private.public_key()), private.sign, prover.head)
            laws = {name: Edition.from_normal(store.text(name)) for name in store.text_names()}
            export(store, store.meta("book"), folder / "feed", signer, laws.__getitem__, {town.money: 2}.get)
    finally:
        store.close()
    add(folder / "lake", folder / "feed", key=public_path(folder / "bank.key"))
    return Path(folder / "lake")


def days_of(connection: duckdb.DuckDBPyConnection) -> tuple[int, int]:
    first, last = connection.execute("SELECT min(day), max(day) FROM rows").fetchall()[0]
    return int(first), int(last)


def pairs(comparison: Comparison) -> Counter[tuple[Any, ...]]:
    found: Counter[tuple[Any, ...]] = Counter()
    for one in comparison.transitions:
        found[one.before.verdict, one.before.provision, one.after.verdict, one.after.provision] += one.sum.rows
    return found


@pytest.mark.parametrize("draft", DRAFTS)
@pytest.mark.parametrize("seed", SEEDS)
def test_a_replay_says_what_the_desk_would_have_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int, draft: str
) -> None:
    rulebook, other = law(), DRAFTS[draft]()
    town, receipts = handed_in(tmp_path / "town", rulebook, seed)
    turned_down = frozenset(name for name, one in receipts.items() if one.outcome == "not_posted")
    _, again = handed_in(tmp_path / "again", other, seed, turned_down)
    expected: Counter[tuple[Any, ...]] = Counter()
    for name, one in again.items():
        said, then = receipts[name].decision, one.decision
        expected[said.verdict, said.provision, then.verdict, then.provision] += 1
    unfunded = [name for name, one in again.items() if one.outcome == "not_posted"]
    with open_lake(lake_of(town)) as connection:
        worth = dict(connection.execute("SELECT id, value FROM rows").fetchall())
        rowid = dict(connection.execute("SELECT id, rowid FROM rows").fetchall())
        question = Question(rulebook, other, *days_of(connection))
        for kind in KINDS:
            monkeypatch.setenv("SKARB_KERNEL", kind)
            told: list[int] = []
            lived = Lived(connection, question, actual=False)
            comparison = lived.run(unfunded=lambda positions, told=told: told.extend(positions.tolist()))  # type: ignore[misc]
            assert sorted(told) == sorted(rowid[name] for name in unfunded)
            assert comparison.unfunded == Sum(len(unfunded), sum(worth[name] for name in unfunded))
            found = pairs(comparison)
            assert expected - found == Counter()
            assert sum((found - expected).values()) == len(turned_down)


def test_as_it_happened_all_money_came_in(tmp_path: Path) -> None:
    town, _ = handed_in(tmp_path / "town", law(), 1)
    with open_lake(lake_of(town)) as connection:
        assert replay(connection, Question(law(), law("2", incoming=True), *days_of(connection))).unfunded == Sum()

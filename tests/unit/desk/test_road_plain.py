"""Many plain instructions are gathered, decided and planned at once; the answers and the journal are those of one by one."""

from __future__ import annotations

import hashlib
import tempfile
from datetime import timedelta
from pathlib import Path
from types import ModuleType

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.thorough import THOROUGH

from skarb.core.columns import Sheet
from skarb.core.facts import Facts
from skarb.core.instruction import Instruction
from skarb.desk import Answer, Gathered, road
from skarb.journal import open_book
from skarb.products import products
from skarb.rulebook.steps import steps_of

people = st.sampled_from(["anna", "boris", "cora", "far-firm", "other-bank", "held", "listed", "stranger", "nobody"])
amounts = st.one_of(
    st.integers(0, 30_000_000).map(lambda cents: f"{cents // 100}.{cents % 100:02}"),
    st.sampled_from(["0.00", "0", "7", "100000.00", "100000.01", "1.500", "9" * 18 + ".00", "9" * 17]),
)
unreadable = st.sampled_from(["1e5", "", "1.00\n2.00", "9" * 30, "-1.00"])
rows = st.tuples(people, people, amounts)


def instructions(
    zedland: ModuleType, money: str, drawn: list[tuple[str, str, str]], activity: str, spread: int
) -> list[Instruction]:
    return [
        Instruction(
            id=f"p{number}",
            at=zedland.DAY + timedelta(minutes=number * spread),
            activity=activity,
            party=party,
            asset=money,
            amount=amount,
            counterparty=other,
        )
        for number, (party, other, amount) in enumerate(drawn)
    ]


def run(zedland: ModuleType, law: str, as_columns: bool, *what: object) -> tuple[list[Answer], str, list[object]]:
    """Hand the same in at a town as columns or one by one; return all that can be seen of it."""
    with tempfile.TemporaryDirectory() as name:
        town = zedland.Town(Path(name), law=law)
        with town.open_funded() as desk:
            drawn = instructions(zedland, town.money, *what)
            batches = [drawn, drawn[::2], [*drawn[:5], *drawn[:2]]]  # the second one repeats, the third within itself
            batches[2] = [msgspec.structs.replace(one, id=f"again-{one.id}") for one in batches[2]]
            answers = [desk.submit(Sheet.of(batch, "python") if as_columns else batch) for batch in batches]
            positions = zedland.balances(desk)
        with open_book(town.book) as book:
            bodies = hashlib.sha256(b"".join(map(msgspec.msgpack.encode, book.batches()))).hexdigest()
    return answers, bodies, positions


@settings(max_examples=500 if THOROUGH else 15, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(rows, min_size=1, max_size=60), st.sampled_from(["fiat_pay", "instant_pay"]), st.sampled_from([0, 0, 90]), st.data()
)
@pytest.mark.parametrize("law", ["zz", "by"])
def test_at_once_is_the_same_as_one_by_one(zedland, law, drawn, activity, spread, data) -> None:
    if data.draw(st.integers(0, 3)) == 0:
        drawn = [*drawn, ("anna", "boris", data.draw(unreadable))]
    assert run(zedland, law, True, drawn, activity, spread) == run(zedland, law, False, drawn, activity, spread)


@pytest.mark.parametrize("handed", ["columns", "objects"])
def test_plain_payments_go_down_the_road_as_columns(zedland, tmp_path, monkeypatch, handed: str) -> None:
    town = zedland.Town(tmp_path)
    taken = []
    whole = road.Gatherer.gather_plain
    monkeypatch.setattr(road.Gatherer, "gather_plain", lambda *given: taken.append(whole(*given)) or taken[-1])
    monkeypatch.setattr(road, "WORTH_COLUMNS", 100)
    payments = [town.instruction(f"x{number}", amount=f"{number}.00") for number in range(100)]
    with town.open_funded() as desk:
        answer = desk.submit(Sheet.of(payments, "python") if handed == "columns" else payments)
    assert [receipt.id for receipt in answer.receipts] == [one.id for one in payments]
    assert [plain.units.tolist() for plain in taken] == [[number * 100 for number in range(100)]]


@pytest.mark.parametrize(
    "change", [{"venue": "far-firm"}, {"declared": {"consent": True}}, {"asset": "ZZC"}, {"counterparty": None}, {"amount": "x"}]
)
def test_what_is_not_plain_is_looked_at_one_by_one(zedland, tmp_path, change: dict[str, object]) -> None:
    town = zedland.Town(tmp_path)
    payments = [town.instruction(f"x{number}") for number in range(10)]
    payments[7] = msgspec.structs.replace(payments[7], **change)
    with town.open_funded() as desk:
        assert desk._gatherer.gather_plain(Sheet.of(payments, "python")) is None
        answer = desk.submit(Sheet.of(payments, "python"))
    assert [index for index, receipt in enumerate(answer.receipts) if receipt is None] == [one.row for one in answer.problems]
    assert all(receipt.outcome == "posted" for receipt in answer.receipts[:7])


@settings(max_examples=300 if THOROUGH else 60, deadline=None, suppress_health_check=list(HealthCheck))
@given(value=st.integers(0, 10**9), dollars=st.integers(0, 10**9), data=st.data())
@pytest.mark.parametrize("law", ["zz", "by"])
def test_values_between_the_same_steps_are_answered_alike(zedland, law, value, dollars, data) -> None:
    rulebook = zedland.rulebook_of(law)
    day = data.draw(st.sampled_from([20_400, 20_700, 20_800]))
    edition = rulebook.edition(day)
    activity = data.draw(st.sampled_from(edition.activities))
    steps = steps_of(edition, activity)
    if steps is None:
        return
    lowest = [
        max([0, *(point for point in points if point <= given)]) for points, given in zip(steps, (value, dollars), strict=True)
    ]
    usual = {
        "day": day,
        "actor_kind": data.draw(st.sampled_from(["natural_person", "legal_entity"])),
        "actor_identified": data.draw(st.booleans()),
        "operator_licence": data.draw(st.sampled_from(["crypto_bank", "bank", "platform", "none"])),
        "screening": "clear",
        "settlement": data.draw(st.sampled_from(["bank_transfer", "cash", "token"])),
    }
    given_facts, at_step = (
        Facts(activity=activity, value=one, value_usd=other, **usual) for one, other in ((value, dollars), lowest)
    )
    assert [f(given_facts) for f in (edition.decide, edition.levy, edition.duties)] == [
        f(at_step) for f in (edition.decide, edition.levy, edition.duties)
    ]


def test_most_law_has_steps(zedland) -> None:
    """The short way is worth little if the law of payments cannot be asked in steps."""
    for law in ("zz", "by"):
        edition = zedland.rulebook_of(law).edition(20_700)
        assert steps_of(edition, "fiat_pay") is not None


@pytest.mark.parametrize(("product", "activity"), [(one, name) for one in products() for name in sorted(one.plain)])
def test_what_a_product_calls_plain_is_one_transfer(zedland, tmp_path, product, activity) -> None:
    town = zedland.Town(tmp_path)
    instruction = town.instruction("x", activity=activity, asset=town.money, counterparty="boris")
    gathered = Gathered(None, None, None, 1000, 0, "client/anna", "client/boris", "own/operator")
    legs = product.plans[activity](instruction, gathered)
    assert [(leg.debit, leg.credit, leg.asset, leg.units) for leg in legs] == [("client/anna", "client/boris", town.money, 1000)]

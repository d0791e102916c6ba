"""A reserve's book: what flows in flows in once, nothing leaves without a quorum, and the journal alone tells all of it again."""

from __future__ import annotations

import importlib.util
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import msgspec
import numpy as np
import pytest

from skarb.app.custody.holdings import bill_rows, disposal_rows, holdings, lot_rows
from skarb.app.custody.keep import judge_from, open_reserve, tell
from skarb.app.custody.words import WORD, Executed, Governed, Lodged, event_bytes, name_of, records_of
from skarb.core.errors import Conflict, InputError, NotAllowed, NotFound
from skarb.core.screening_list import Listed, ScreeningList
from skarb.core.time import to_day
from skarb.custody import hash_of
from skarb.journal import NewAccount, open_ledger, verify
from skarb.journal.model import ID_WORD
from skarb.registers.rates import RateBook, RateSeries
from skarb.reserve import Inflow
from skarb.reserve.chart import flags_of
from skarb.screening import Screen
from skarb.store import Damaged

_path = Path(__file__).parents[1] / "custody" / "conftest.py"
_spec = importlib.util.spec_from_file_location("custody_people", _path)
assert _spec is not None and _spec.loader is not None
people = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(people)

RESERVE = people.Reserve()
RATES = RateBook(30)
RATES.add(RateSeries("nb", "BTC", "BYN", ((date(2026, 1, 1), "300000"), (date(2026, 1, 2), "310000"))))


class Watch:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.at = datetime(2026, 1, 10, 9, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at

    def pass_by(self, **time: int) -> None:
        self.at += timedelta(**time)


def listed(*wallets: str) -> Screen:
    entries = (Listed(entry="1", name="Somebody", wallets=tuple(wallets) or ("BTC:3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy",)),)
    return Screen(
        [ScreeningList(list="l", regime="national", publisher="p", version="1", published=date(2026, 1, 1), entries=entries)]
    )


def inflow(name: str, day: str, kind: str, asset: str, units: int, source: str = "") -> Inflow:
    return Inflow(id=name, day=day, miner="m1", kind=kind, asset=asset, units=units, source=source or f"bill/{name}")  # type: ignore[arg-type]


INFLOWS = [
    inflow("a", "2026-01-01", "levy", "BYN", 5000),
    inflow("b", "2026-01-02", "own_mining", "BTC", 2000, "payout 1"),
    inflow("c", "2026-01-01", "reserve_share", "BTC", 1001),
]


@pytest.fixture
def begun(tmp_path: Path) -> tuple[Path, Watch]:
    """A book with a policy and three inflows."""
    path, watch, policy = tmp_path / "reserve.book", Watch(), RESERVE.policy
    with open_reserve(path, watch, "reserve") as keeper:
        keeper.found(policy, [RESERVE.sign(policy, name) for name in ("anna", "clara")])
        assert len(keeper.receive(INFLOWS, RATES).created) == 3
    return path, watch


def carried_out(path: Path, watch: Watch, request, approving, minutes: int = 61, **words):
    with open_reserve(path, watch) as keeper:
        keeper.lodge(request, RESERVE.sign(request, request.asked_by, "asks"))
        watch.pass_by(minutes=minutes)
        return keeper.carry_out(request, RESERVE.signed(request, approving), listed(), **words)


def test_an_inflow_is_there_once(begun) -> None:
    path, watch = begun
    with open_reserve(path, watch) as keeper:
        again = keeper.receive(INFLOWS, RATES)
        assert (again.created, again.repeated) == ([], 3)
        for other in (inflow("a", "2026-01-01", "levy", "BYN", 5001), inflow("a", "2026-01-01", "levy", "BYN", 5000, "bill/z")):
            with pytest.raises(Conflict, match="'a' is in the book with another content"):
                keeper.receive([inflow("new", "2026-01-03", "levy", "BYN", 1), other], RATES)
        with pytest.raises(InputError, match="up to today"):
            keeper.receive([inflow("new", "2026-01-03", "levy", "BYN", 1), inflow("d", "2026-01-11", "levy", "BYN", 1)], RATES)
        with pytest.raises(NotFound, match="no rate"):
            keeper.receive(
                [inflow("new", "2026-01-03", "levy", "BYN", 1), inflow("d", "2025-01-11", "own_mining", "BTC", 1)], RATES
            )
    story = tell(path, watch)
    assert sorted(story.inflows) == ["a", "b", "c"], "a file that cannot be taken is not taken in part"
    assert [(one.lot, one.units, one.cost_byn) for one in lot_rows(story)] == [
        ("c", 1001, 300),
        ("b", 2000, 620),
        ("a", 5000, 5000),
    ]
    assert [(one.source, one.units) for one in bill_rows(story)] == [("bill", 1001), ("bill", 5000), ("payout 1", 2000)]


def test_the_day_ends_at_midnight_in_the_zone_of_the_policy(begun) -> None:
    path, watch = begun
    watch.at = datetime(2026, 1, 10, 21, 30, tzinfo=UTC)  # half past midnight in Minsk
    with open_reserve(path, watch) as keeper:
        assert len(keeper.receive([inflow("d", "2026-01-11", "levy", "BYN", 1)], RATES).created) == 1


def test_a_move_and_a_sale_from_the_oldest_lots(begun) -> None:
    path, watch = begun
    move = RESERVE.request(units=900, fee_units=60)
    assert carried_out(path, watch, move, ["boris", "clara"], minutes=59).verdict == "refuse"
    assert carried_out(path, watch, move, ["boris", "clara"], minutes=2, fee_units=50).verdict == "permit"
    assert carried_out(path, watch, move, ["boris", "clara"]) is None, "once"
    again = judge_from(tell(path, watch), move, RESERVE.signed(move, ["boris", "clara"]), listed(), watch)
    assert [one.code for one in again.findings] == ["done"]
    sale = RESERVE.request("sell", units=100, value_byn=777, asked_by="boris")
    assert carried_out(path, watch, sale, ["anna"], minutes=0).verdict == "permit"
    story = tell(path, watch)
    assert story.held == {("cold", "BTC"): 2051, ("warm", "BTC"): 800, ("money", "BYN"): 5777}
    rows = [(one.kind, one.units, one.value_byn, one.cost_byn, one.gain_byn) for one in disposal_rows(story)]
    assert rows == [("fee", 50, 0, 14, -14), ("sell", 100, 777, 30, 747)]
    assert [(one.lot, one.units, one.cost_byn) for one in lot_rows(story)] == [
        ("c", 851, 256),
        ("b", 2000, 620),
        ("a", 5000, 5000),
        (f"sale:{hash_of(sale)}", 777, 777),
    ]
    checked = tell(path, watch, listing=True)
    assert (checked.problems, checked.judged) == ([], 3)
    assert verify(path).ok
    earlier = tell(path, watch, to_day(date(2026, 1, 9)))
    assert earlier.held == {("cold", "BTC"): 3001, ("money", "BYN"): 5000} and not earlier.lots.disposals
    assert (earlier.height, earlier.late) == (0, 3), "the book began a day later"
    with open_reserve(path, watch) as keeper:
        assert (story.height, story.late) == (keeper.book.book.sequence, 0)
    watch.pass_by(days=1)
    with open_reserve(path, watch) as keeper:
        keeper.receive([inflow("late", "2026-01-10", "levy", "BYN", 1)], RATES)
    tenth = tell(path, watch, to_day(date(2026, 1, 10)))
    assert (tenth.height, tenth.late) == (story.height, 1)
    first = tell(path, watch, to_day(date(2026, 1, 1)))
    assert [one.lot for one in first.lots.left()] == ["c", "a"]
    by_place = {(one.place, one.asset): one for one in holdings(story)}
    assert by_place["warm", "BTC"].units == 800 and "1 of treasury, up to 100 at once" in by_place["warm", "BTC"].quorum


def test_what_is_told_while_it_is_written_is_what_the_journal_tells(begun) -> None:
    path, watch = begun
    request = RESERVE.request(units=900, fee_units=60)
    carried_out(path, watch, request, ["boris", "clara"])
    with open_reserve(path, watch) as keeper:
        keeper.receive([inflow("late", "2026-01-01", "levy", "BYN", 7)], RATES)
        here = keeper.story
    told = tell(path, watch)
    for name in ("held", "left", "lodged", "freezings", "inflows"):
        assert getattr(told, name) == getattr(here, name)
    assert told.lots.left() == here.lots.left() and told.lots.disposals == here.lots.disposals


def test_without_lists_or_with_a_hit_nothing_leaves(begun) -> None:
    path, watch = begun
    request = RESERVE.request()
    signatures = RESERVE.signed(request, ["boris", "clara"])
    with open_reserve(path, watch) as keeper:
        keeper.lodge(request, signatures[0])
        watch.pass_by(hours=2)
        before = keeper.book.book.sequence
        for screen, verdict in ((None, "refer"), (Screen(()), "refer"), (listed(request.address), "refuse")):
            assert keeper.carry_out(request, signatures, screen).verdict == verdict
        assert keeper.book.book.sequence == before, "nothing was written"
    story = tell(path, watch)
    assert judge_from(story, request, signatures, listed(), watch).verdict == "permit"
    assert story.held["cold", "BTC"] == 3001


def test_a_day_has_a_limit_and_the_next_day_has_its_own(begun) -> None:
    path, watch = begun
    into = RESERVE.request(units=1000)
    assert carried_out(path, watch, into, ["boris", "clara"]).verdict == "permit"
    sales = [RESERVE.request("sell", units=60, nonce=f"{number:016x}") for number in range(3)]
    said = [carried_out(path, watch, one, ["boris"], minutes=0).verdict for one in sales]
    assert said == ["permit", "permit", "refuse"], "150 a day by one approval"
    watch.pass_by(days=1)
    assert carried_out(path, watch, sales[2], ["boris"], minutes=0).verdict == "permit"
    assert tell(path, watch, listing=True).problems == []


def test_a_book_is_frozen_by_one_and_a_holder_replaced(begun) -> None:
    path, watch = begun
    freeze = RESERVE.request("freeze", asked_by="egor")
    signed = RESERVE.signed(freeze, [])
    with open_reserve(path, watch) as keeper:
        assert keeper.carry_out(freeze, signed, None).verdict == "permit"
        assert keeper.carry_out(freeze, signed, None) is None
        assert len(keeper.receive([inflow("d", "2026-01-03", "levy", "BYN", 1)], RATES).created) == 1, (
            "what comes in still comes in"
        )
    move = RESERVE.request()
    assert {one.code for one in carried_out(path, watch, move, ["boris", "clara"]).findings} == {"frozen"}
    assert judge_from(tell(path, watch), move, RESERVE.signed(move, ["boris", "clara"]), listed(), watch).verdict == "refuse"
    holders = [{**one, "key": "ed25519:" + "5" * 64} if one["name"] == "dora" else one for one in RESERVE.data["holders"]]
    change = RESERVE.request("policy", next=RESERVE.changed(version=2, holders=holders))
    assert carried_out(path, watch, change, ["boris", "clara"], minutes=0).verdict == "permit"
    lift = RESERVE.request("unfreeze", lifts=hash_of(freeze), policy=hash_of(change.next))
    assert carried_out(path, watch, lift, ["clara", "boris"], minutes=0).verdict == "permit"
    with pytest.raises(NotAllowed, match="another policy"):
        carried_out(path, watch, RESERVE.request(nonce="9" * 16), ["boris", "clara"])
    again = RESERVE.request(policy=hash_of(change.next))
    assert carried_out(path, watch, again, ["boris", "dora"]).verdict == "refuse", "the old key of dora is worth nothing"
    assert carried_out(path, watch, again, ["boris", "clara"], minutes=0).verdict == "permit"
    story = tell(path, watch, listing=True)
    assert (story.problems, story.freezings, story.policy.version) == ([], (), 2)


def test_only_the_one_who_asks_lodges_and_a_fee_is_not_more_than_approved(begun) -> None:
    path, watch = begun
    request = RESERVE.request(fee_units=5)
    with open_reserve(path, watch) as keeper:
        for wrong in (RESERVE.sign(request, "boris", "asks"), RESERVE.sign(request, "anna")):
            with pytest.raises(NotAllowed, match="signed by 'anna'"):
                keeper.lodge(request, wrong)
        assert keeper.lodge(request, RESERVE.sign(request, "anna", "asks"))
        assert not keeper.lodge(request, RESERVE.sign(request, "anna", "asks"))
        with pytest.raises(InputError, match="at most 5"):
            keeper.carry_out(request, RESERVE.signed(request, ["boris", "clara"]), listed(), fee_units=6)


def test_what_others_write_into_the_book_is_found_out(begun, tmp_path: Path) -> None:
    path, watch = begun
    watch.pass_by(minutes=5)
    request = RESERVE.request()
    at = int(watch.at.timestamp()) * 10**9
    forged = Executed(at=at, request=request, signatures=(), screened={}, fee_units=0)
    with open_ledger(path, clock=watch) as book:
        book.open_accounts([NewAccount("held/warm", "BTC")])
        forged = msgspec.structs.replace(forged, at=book.book.instant())
        records = records_of(forged, dict(book.chart.ledgers))
        assert set(book.post(records, {0: {ID_WORD: name_of(forged), WORD: event_bytes(forged).decode()}}).tolist()) == {0}
    story = tell(path, watch, listing=True)
    assert len(story.problems) == 1 and "0 of 2 approvals" in story.problems[0]
    with pytest.raises(Damaged, match="0 of 2 approvals"):
        tell(path, watch)
    with open_ledger(path, clock=watch) as book:
        more = records.copy()
        more["id_lo"] += np.uint64(1)
        book.post(more)
    assert any("does not say why" in one for one in tell(path, watch, listing=True).problems)
    with pytest.raises(Damaged), open_reserve(path, watch):
        pass


def test_words_without_signatures_put_no_policy_in_force_and_lodge_nothing(begun) -> None:
    path, watch = begun
    own = [{**one, "key": RESERVE.key("anna")} if one["name"] == "dora" else one for one in RESERVE.data["holders"][1:]]
    change = RESERVE.request("policy", asked_by="dora", next=RESERVE.changed(version=2, holders=own))
    move = RESERVE.request()
    for event, said in (
        (Governed(at=0, request=change, signatures=()), "0 of 2 approvals"),
        (Lodged(request=move, signature=RESERVE.sign(move, "boris", "asks")), "without the signature of whoever asks"),
    ):
        with open_ledger(path, clock=watch) as book:
            for name in ("custody/open", "custody/done"):
                book.open_accounts([NewAccount(name, "ACT", flags=flags_of(name))])
            wanted = msgspec.structs.replace(event, at=book.book.instant()) if isinstance(event, Governed) else event
            notes = {0: {ID_WORD: name_of(wanted), WORD: event_bytes(wanted).decode()}}
            assert set(book.post(records_of(wanted, dict(book.chart.ledgers)), notes).tolist()) == {0}
        assert said in tell(path, watch, listing=True).problems[-1]
        with pytest.raises(Damaged, match="0 of 2 approvals"), open_reserve(path, watch):
            pass
    told = tell(path, watch, listing=True)
    assert told.policy == RESERVE.policy and hash_of(move) not in told.lodged, "what was not allowed does not hold"


def test_a_day_that_is_none_is_found_out(begun) -> None:
    path, watch = begun
    event = tell(path, watch).inflows["a"]
    lie = msgspec.structs.replace(event, line=msgspec.structs.replace(event.line, id="lie", day="2026-02-30"))
    truth = msgspec.structs.replace(event, line=msgspec.structs.replace(event.line, id="lie"))
    with open_ledger(path, clock=watch) as book:
        notes = {0: {ID_WORD: name_of(lie), WORD: event_bytes(lie).decode()}}
        assert set(book.post(records_of(truth, dict(book.chart.ledgers)), notes).tolist()) == {0}
    with pytest.raises(Damaged, match="does not say why"):
        tell(path, watch)


def test_a_decision_of_another_time_is_found_out(begun) -> None:
    path, watch = begun
    freeze = RESERVE.request("freeze", asked_by="egor")
    late = Governed(at=10**30, request=freeze, signatures=tuple(RESERVE.signed(freeze, [])))
    with open_ledger(path, clock=watch) as book:
        notes = {0: {ID_WORD: name_of(late), WORD: event_bytes(late).decode()}}
        for name in ("custody/open", "custody/done"):
            book.open_accounts([NewAccount(name, "ACT", flags=flags_of(name))])
        assert set(book.post(records_of(late, dict(book.chart.ledgers)), notes).tolist()) == {0}
    with pytest.raises(Damaged, match="decided at another time"):
        tell(path, watch)


def test_words_that_tell_another_amount_are_found_out(begun) -> None:
    path, watch = begun
    event = next(iter(tell(path, watch).inflows.values()))
    lie = msgspec.structs.replace(event, line=msgspec.structs.replace(event.line, id="lie", units=1))
    truth = msgspec.structs.replace(lie, line=msgspec.structs.replace(lie.line, units=2))
    with open_ledger(path, clock=watch) as book:
        book.post(records_of(lie, dict(book.chart.ledgers)), {0: {ID_WORD: name_of(lie), WORD: event_bytes(truth).decode()}})
    with pytest.raises(Damaged, match="something else than its words say"):
        tell(path, watch)


def test_a_cost_that_is_not_the_rate_is_found_out(begun) -> None:
    path, watch = begun
    event = tell(path, watch).inflows["b"]
    cheap = msgspec.structs.replace(event.worth, cost_byn=event.worth.cost_byn - 1)
    lie = msgspec.structs.replace(event, line=msgspec.structs.replace(event.line, id="lie"), worth=cheap)
    with open_ledger(path, clock=watch) as book:
        notes = {0: {ID_WORD: name_of(lie), WORD: event_bytes(lie).decode()}}
        assert set(book.post(records_of(lie, dict(book.chart.ledgers)), notes).tolist()) == {0}
    with pytest.raises(Damaged, match="costs something else"):
        tell(path, watch)


def test_a_book_begins_once_with_a_policy_that_its_quorum_signed(tmp_path: Path) -> None:
    path, watch, policy = tmp_path / "r.book", Watch(), RESERVE.policy
    with open_reserve(path, watch, "reserve") as keeper:
        with pytest.raises(NotFound, match="not the book of a reserve"):
            keeper.receive(INFLOWS, RATES)
        with pytest.raises(NotAllowed, match="1 of 2 approvals"):
            keeper.found(policy, [RESERVE.sign(policy, "anna")])
        second = RESERVE.changed(version=2)
        with pytest.raises(InputError, match="expected 1"):
            keeper.found(second, [RESERVE.sign(second, name) for name in ("anna", "clara")])
        signatures = [RESERVE.sign(policy, name) for name in ("anna", "clara")]
        keeper.found(policy, signatures)
        with pytest.raises(Conflict):
            keeper.found(policy, signatures)

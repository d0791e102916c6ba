from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import islice

import msgspec
import pytest

from skarb.core.amount import parse_amount
from skarb.core.asset import currencies
from skarb.core.errors import InputError, NotFound
from skarb.core.facts import Facts
from skarb.core.instruction import DECLARABLE, Instruction
from skarb.core.screening_list import ScreeningList
from skarb.registers import Admission, Block, Party, Token, Venue, WalletListing
from skarb.simulate import Scenario, market
from skarb.simulate.forbidden import FORBIDDEN
from skarb.simulate.honest import HONEST
from skarb.simulate.town import load_town

START = date(2026, 9, 14)
SMALL = {"people": 150, "companies": 20, "days": 12, "per_day": 400}


@cache
def scenario(seed: int = 7) -> Scenario:
    return market(seed, start=START, **SMALL)


@cache
def past(seed: int = 7) -> tuple[tuple[str, Instruction], ...]:
    return tuple(scenario(seed).events())


def parties() -> dict[str, Party]:
    return {entry.party: entry for entry in scenario().entries.registers if isinstance(entry, Party)}


def test_the_same_seed_gives_the_same_market_and_another_seed_another():
    again = market(7, start=START, **SMALL)
    assert msgspec.json.encode(again.entries) == msgspec.json.encode(scenario().entries)
    assert tuple(again.events()) == past()
    assert tuple(scenario(8).events()) != past()
    assert scenario(8).entries.registers != scenario().entries.registers


def test_events_come_in_the_order_of_time_each_id_once_within_the_days():
    instants = [instruction.at for _, instruction in past()]
    assert instants == sorted(instants)
    ids = [instruction.id for _, instruction in past()]
    assert len(ids) == len(set(ids)) > 4_000
    assert datetime(2026, 9, 13, 21, tzinfo=UTC) <= instants[0] < instants[-1] < scenario().end
    assert {book for book, _ in past()} == {book.name for book in scenario().books}


def test_streams_are_the_past_sorted_by_book():
    streams = scenario().streams()
    assert sum(map(len, streams.values())) == len(past())
    assert list(scenario().stream("vetraz")) == streams["vetraz"] == [i for book, i in past() if book == "vetraz"]


def test_every_instruction_can_be_read_back_and_names_only_what_the_registers_know():
    known = set(parties())
    decimals = {token.code: token.decimals for token in scenario().entries.registers if isinstance(token, Token)}
    for _, instruction in past():
        assert msgspec.json.decode(msgspec.json.encode(instruction), type=Instruction) == instruction
        assert {instruction.party, instruction.counterparty or instruction.party} <= known
        pairs = ((instruction.asset, instruction.amount), (instruction.consideration_asset, instruction.consideration))
        for asset, amount in pairs:
            if asset is not None:
                parse_amount(amount, decimals[asset] if asset in decimals else currencies()[asset].decimals)
        for name, value in (instruction.declared or {}).items():
            assert name in DECLARABLE
            msgspec.convert(value, {f.name: f.type for f in msgspec.structs.fields(Facts)}[name])


def test_nobody_but_the_institution_spends_what_he_never_had_in_honest_life():
    """The forbidden habits overdraw on purpose; the rest should mostly be affordable, or the market would be all noise."""
    owned: Counter[tuple[str, str, str]] = Counter()
    short = total = 0
    for book, i in past():
        if i.activity == "fiat_pay" and i.counterparty is not None and book != "azyorny":
            minor = parse_amount(i.amount, 2)
            owned[book, i.counterparty, i.asset] += minor
            owned[book, i.party, i.asset] -= minor
        if i.activity == "token_buy_fiat" and i.counterparty is None and i.party.startswith(("p-", "c-")):
            total += 1
            price = parse_amount(i.consideration or "0", 2)
            short += owned[book, i.party, "BYN"] + 2 * 10**9 < price
    assert total > 300
    assert short <= total // 20


def test_both_gates_stand_in_the_registers_and_the_second_bank_opens_late():
    admissions = [entry for entry in scenario().entries.registers if isinstance(entry, Admission)]
    gates = {one.gate: one.valid_from for one in admissions if one.party == "vetraz"}
    assert set(gates) == {"regime", "central_bank"}
    assert gates["central_bank"] == START + timedelta(days=9) > gates["regime"]
    midnight = scenario().end - timedelta(days=SMALL["days"] - 9)
    early = [i for book, i in past() if book == "vetraz" and i.at < midnight]
    assert early, "somebody tries before the register entry"
    assert {i.activity for i in early} <= {"token_deposit", "token_buy_fiat"}
    assert any(i.activity == "onboard" for book, i in past() if book == "vetraz")


def test_a_register_entry_is_never_older_than_the_law_that_made_the_register():
    early = market(1, start=date(2026, 7, 25), people=30, companies=5, days=1, per_day=5)
    entries = [
        e for e in early.entries.registers if isinstance(e, Admission) and e.licence == "crypto_bank" and e.gate == "central_bank"
    ]
    assert min(entry.valid_from for entry in entries) == date(2026, 7, 20)


def test_registers_carry_what_the_law_looks_at():
    entries = scenario().entries
    assert all(entry.example for entry in entries.registers), "everything made up is marked"
    tokens = {entry.code: entry for entry in entries.registers if isinstance(entry, Token)}
    assert {"BTC", "ETH", "USDT"} < set(tokens)
    assert any(token.anonymous for token in tokens.values()) and any(token.from_regime for token in tokens.values())
    venues = {entry.host: entry for entry in entries.registers if isinstance(entry, Venue)}
    blocks = [entry for entry in entries.registers if isinstance(entry, Block)]
    assert [block.host in venues and block.valid_to is not None for block in blocks] == [True]
    assert sum(isinstance(entry, WalletListing) for entry in entries.registers) >= 12
    kinds = {entry.kind for entry in parties().values()}
    assert {"natural_person", "legal_entity", "sole_proprietor", "self_employed"} <= kinds


def test_lists_name_clients_by_the_id_they_have_here():
    lists = scenario().entries.lists
    assert all(isinstance(one, ScreeningList) and one.publisher == "simulated" for one in lists)
    listed = {party for one in lists for entry in one.entries for party in entry.parties}
    assert listed and listed <= set(parties())
    assert any(i.party in listed for _, i in past())


def test_rates_run_on_for_the_living_market_and_stay_within_reason():
    rates = {series.base: dict(series.points) for series in scenario().entries.rates}
    assert set(rates) == set(load_town("by").rates)
    assert {series.quote for series in scenario().entries.rates} == {"BYN"}
    days = sorted(rates["BTC"])
    assert days[0] < START and days[-1] >= START + timedelta(days=SMALL["days"] + 365)
    assert len(days) == (days[-1] - days[0]).days + 1
    assert rates["RUB"][START].endswith("/100")
    first, last = (parse_amount(rates["USD"][day], 4) for day in (days[0], days[-1]))
    assert first // 2 < last < first * 2


def test_a_longer_market_begins_with_the_same_days():
    longer = market(7, start=START, **{**SMALL, "days": 14})
    assert tuple(islice(longer.events(), len(past()))) == past()


def test_the_present_goes_on_where_the_past_ended_and_can_be_taken_up_anywhere():
    beats = list(islice(scenario().live(step=timedelta(hours=2)), 30))
    assert [beat.until - scenario().end for beat in beats] == [timedelta(hours=2 * n) for n in range(1, 31)]
    arrived = [event for beat in beats for event in beat.events]
    assert len(arrived) > 300
    assert all(
        scenario().end <= beat.until - timedelta(hours=2) < event.instruction.at <= beat.until
        for beat in beats
        for event in beat.events
    )
    later = next(iter(scenario().live(after=beats[9].until, step=timedelta(hours=2))))
    assert later == beats[10]
    assert not {i.id for _, i in past()} & {event.instruction.id for event in arrived}


def test_all_habits_of_the_town_exist_and_most_are_seen():
    named = {habit for groups in load_town("by").behaviours.values() for group in groups.values() for habit in group}
    assert named == set(HONEST) | set(FORBIDDEN)
    activities = Counter(i.activity for _, i in past())
    assert len(activities) >= 15
    assert {"token_transfer_out", "token_transfer_in", "token_pay", "intermediate", "qr_pay", "token_deposit"} <= set(activities)


def test_forbidden_habits_are_rare():
    for groups in load_town("by").behaviours.values():
        if "honest" in groups:
            honest, forbidden = sum(groups["honest"].values()), sum(groups["forbidden"].values())
            assert 0 < forbidden * 20 < honest * 2


def test_money_goes_abroad_and_only_part_comes_back():
    venues = {venue.id for venue in load_town("by").venues if not venue.eu}
    out = [i for _, i in past() if i.activity == "token_transfer_out" and i.counterparty in venues]
    back = [i for _, i in past() if i.activity == "token_transfer_in" and i.counterparty in venues]
    assert 0 < len(back) < len(out)


def test_a_second_officer_approves_most_referrals_the_same_way_every_time():
    referred = [i for _, i in past() if i.activity in {"token_gift", "token_stake"}]
    reviews = [scenario().review("burshtyn", i) for i in referred]
    approved = [review for review in reviews if review is not None]
    assert 0 < len(approved) < len(referred)
    assert reviews == [scenario().review("burshtyn", i) for i in referred]
    first = approved[0]
    original = next(i for i in referred if i.id == first.approves)
    assert first.at > original.at and first.id != original.id and first.entered_by != original.entered_by
    assert (first.party, first.asset, first.amount, first.activity) == (
        original.party,
        original.asset,
        original.amount,
        original.activity,
    )
    assert scenario().review("burshtyn", first) is None, "an approval is not reviewed again"


@pytest.mark.parametrize("wrong", [{"people": 3}, {"companies": 0}, {"days": -1}, {"per_day": 0}])
def test_numbers_that_make_no_market_are_refused_by_name(wrong: dict[str, int]):
    with pytest.raises(InputError, match=next(iter(wrong))):
        market(1, start=START, **wrong)


def test_an_unknown_town_is_said_so():
    with pytest.raises(NotFound, match="atlantis"):
        market(1, start=START, town="atlantis")
    with pytest.raises(NotFound):
        market(1, start=START, town="../by")

from __future__ import annotations

from datetime import UTC, date, datetime

import msgspec
import pytest

from skarb.core.errors import ConfigurationError
from skarb.core.screening_list import Identifiers, Listed, ScreeningList
from skarb.registers import CountryDefaults, Party, Registers, Wallet
from skarb.screening import Screen

ETHER = "ETH:0x52908400098527886E0F7030069857D2E4169EE7"


def make(name: str, *entries: Listed, regime: str = "un", version: str = "1") -> ScreeningList:
    return ScreeningList(list=name, regime=regime, publisher="X", version=version, published=date(2026, 1, 1), entries=entries)  # type: ignore[arg-type]


def listed(entry: str, **identifiers: tuple[str, ...]) -> Listed:
    return Listed(entry=entry, **identifiers)  # type: ignore[arg-type]


PARTIES = [
    Identifiers(party="p1", passports=("MP 123-45",)),
    Identifiers(party="p2", taxpayer_numbers=("100217336",), leis=("529900TODVLNUTNSYF94",)),
    Identifiers(party="p3", wallets=(ETHER,)),
]


def test_without_lists_nothing_is_clear() -> None:
    screen = Screen([], PARTIES)
    assert not screen.available
    assert screen.party("p1") == screen.party("nobody") == screen.wallet(ETHER) == ("unavailable", "none")


def test_a_missing_required_list_makes_clear_unavailable_but_hits_stay() -> None:
    screen = Screen([make("a", listed("1", passports=("mp12345",)))], PARTIES, required=["a", "b"])
    assert screen.missing == ("b is not loaded",) == screen.party_result("p2").missing
    assert screen.party("p1") == ("listed", "un")
    assert screen.party("p2") == ("unavailable", "none")


@pytest.mark.parametrize(
    ("entry", "party"),
    [
        (listed("1", parties=("p1",)), "p1"),
        (listed("1", passports=("mp12345",)), "p1"),
        (listed("1", taxpayer_numbers=("100 217 336",)), "p2"),
        (listed("1", leis=("529900todvlnutnsyf94",)), "p2"),
        (listed("1", wallets=(ETHER.lower(),)), "p3"),
    ],
)
def test_any_identifier_hits_exactly_its_party(entry: Listed, party: str) -> None:
    screen = Screen([make("a", entry)], PARTIES)
    assert {known.party: screen.party(known.party)[0] for known in PARTIES} == {
        known.party: "listed" if known.party == party else "clear" for known in PARTIES
    }
    result = screen.party_result(party)
    assert (result.list, result.entry, result.list_sha256) == ("a", "1", screen.stamps[0].sha256)


def test_wallets_are_found_in_any_spelling_and_on_unknown_chains_as_written() -> None:
    screen = Screen([make("a", listed("1", wallets=(ETHER, "XMR:4abc", "XBT:1BoatSLRHtKNngkdXEeobR76b53LETtpyT")))])
    assert screen.wallet(ETHER.lower()) == ("listed", "un")
    assert screen.wallet("BTC:1BoatSLRHtKNngkdXEeobR76b53LETtpyT") == ("listed", "un")
    assert screen.wallet("xmr:4abc") == ("listed", "un")
    assert screen.wallet("XMR:4ABC") == ("clear", "none")


def test_the_gravest_regime_is_named() -> None:
    entry = listed("7", parties=("p1",))
    lists = [make("own", entry, regime="own"), make("us", entry, regime="us"), make("national", entry, regime="national")]
    for order in (lists, lists[::-1]):
        assert Screen(order, PARTIES).party("p1") == ("listed", "national")


def test_versions_can_be_printed_and_depend_on_content_only() -> None:
    one, other = listed("1", parties=("p1",)), listed("2", parties=("p2",))
    (stamp,) = Screen([make("a", one, other)]).stamps
    assert (stamp.list, stamp.publisher, stamp.version, stamp.count) == ("a", "X", "1", 2)
    assert stamp.sha256 == make("a", other, one).sha256 != make("a", one).sha256
    with pytest.raises(ConfigurationError, match="given twice"):
        Screen([make("a", one), make("a", other)])


def test_a_refresh_says_what_changed_and_whom_it_concerns() -> None:
    first = make("a", listed("1", parties=("p1",)), listed("2", passports=("x",)), listed("3", wallets=(ETHER,)))
    second = make(
        "a",
        listed("2", passports=("y",)),
        listed("3", wallets=(ETHER,)),
        listed("4", leis=("529900TODVLNUTNSYF94",)),
        version="2",
    )
    screen, delta = Screen([first], PARTIES).refresh([second])
    assert (delta.added, delta.removed, delta.changed) == ((("a", "4"),), (("a", "1"),), (("a", "2"),))
    assert {(hit.subject, hit.before.status, hit.after.status) for hit in delta.hits} == {
        ("p1", "listed", "clear"),
        ("p2", "clear", "listed"),
    }
    assert screen.party("p2") == ("listed", "un")
    assert [stamp.version for stamp in (*delta.before, *delta.after)] == ["1", "2"]


def test_the_same_lists_again_change_nothing() -> None:
    lists = [make("a", listed("1", parties=("p1",), wallets=(ETHER,)))]
    _, delta = Screen(lists, PARTIES).refresh(lists)
    assert not (delta.added or delta.removed or delta.changed or delta.hits)


def test_losing_the_lists_concerns_everybody() -> None:
    _, delta = Screen([make("a", listed("1", parties=("p1",)))], PARTIES).refresh([])
    assert {(hit.subject, hit.after.status) for hit in delta.hits} == {
        ("p1", "unavailable"),
        ("p2", "unavailable"),
        ("p3", "unavailable"),
        (ETHER, "unavailable"),
    }


def test_a_refresh_answers_as_a_new_screen_would() -> None:
    lists = [make("a", listed("1", parties=("p1",), wallets=(ETHER,)))]
    newer = [msgspec.structs.replace(lists[0], entries=(listed("1", taxpayer_numbers=("100217336",)),))]
    refreshed, _ = Screen(lists, PARTIES).refresh(newer)
    fresh = Screen(newer, PARTIES)
    assert [refreshed.party_result(known.party) for known in PARTIES] == [fresh.party_result(known.party) for known in PARTIES]


def test_registers_feed_the_screen() -> None:
    book = Registers(CountryDefaults(home="ZZ", legal_currency="BYN"), clock=lambda: datetime(2026, 1, 1, tzinfo=UTC))
    since = date(2020, 1, 1)
    book.record(
        [
            Party(party="p1", kind="natural_person", country="ZZ", resident=True, passport="OLD1", valid_from=since),
            Party(party="p1", kind="natural_person", country="ZZ", resident=True, passport="NEW2", valid_from=date(2025, 1, 1)),
            Wallet(wallet=ETHER, hosting="unhosted", party="p1", valid_from=since),
        ],
        "register",
    )
    book.record_list(make("a", listed("1", passports=("OLD1",))), "a.json")
    (known,) = book.identifiers()
    assert (known.passports, known.wallets) == (("OLD1", "NEW2"), ("ETH:" + ETHER[4:].lower(),))
    screen = Screen(book.lists(), book.identifiers())
    book.screened_by(screen.party)
    profile = book.profile("p1", 20_000)
    assert profile is not None
    assert (profile.screening, profile.screening_regime) == ("listed", "un")

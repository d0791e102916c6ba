"""What a hit means: the policy of its list, decisions on record, countries of documents; there is no way to make it mean nothing."""

from __future__ import annotations

from datetime import date

import msgspec
import pytest

from skarb.core.facts import Regime
from skarb.core.screening_list import MEASURES, Document, Identifiers, Listed, ListMeasure, ScreeningList, Whitelisted
from skarb.screening import PartyIndex, Screen, measure_of

TODAY = 20_000


def make(name: str, *entries: Listed, regime: Regime = "us", version: str = "1") -> ScreeningList:
    return ScreeningList(list=name, regime=regime, publisher="X", version=version, published=date(2026, 1, 1), entries=entries)


def tax(number: str = "100036386", country: str = "", kind: str = "tax") -> Document:
    return Document(kind=kind, number=number, country=country)


def found(listed: Document, known: Document) -> tuple[str, str]:
    return Screen([make("a", Listed(entry="1", documents=(listed,)))], [Identifiers(party="p", documents=(known,))]).party("p")


@pytest.mark.parametrize(
    ("listed", "known", "status"),
    [
        (tax(country="BY"), tax("100 036-386", country="BY"), "listed"),
        (tax(country="RS"), tax(country="BY"), "clear"),  # both count their taxpayers with nine digits
        (tax(country=""), tax(country="BY"), "possible"),
        (tax(country="BY"), tax(country=""), "possible"),
        (tax(country=""), tax(country=""), "possible"),
        (tax(country="BY", kind="registration"), tax(country="BY"), "listed"),
        (tax("26740", "IR", "registration"), tax("26740", "IR"), "possible"),
        (tax("26740", "IR"), tax("26740", "IR"), "listed"),
        (tax(country="BY", kind="passport"), tax(country="BY"), "clear"),
        (tax(country="RU", kind="passport"), tax(country="BY", kind="passport"), "possible"),  # where he lives, or who issued it
        (tax("1234", kind="registration"), tax("1234", country="BY"), "clear"),  # too short to say anything without its country
        (tax("1234", country="BY"), tax("1234", country="BY"), "listed"),
        (tax("9333670", kind="imo"), tax("9333670", kind="imo"), "listed"),
        (tax("772801001", kind="kpp"), tax("772801001", kind="kpp"), "clear"),  # of a tax office, many share it
    ],
)
def test_a_number_means_its_holder_with_its_country(listed: Document, known: Document, status: str) -> None:
    assert found(listed, known)[0] == status


def test_numbers_without_documents_still_meet_listed_documents() -> None:
    lists = [
        make(
            "a",
            Listed(entry="1", documents=(tax(country="BY"),)),
            Listed(entry="2", documents=(tax("MP1234567", "BY", "passport"),)),
        )
    ]
    known = [Identifiers(party="t", taxpayer_numbers=("100036386",)), Identifiers(party="p", passports=("MP 1234567",))]
    assert [Screen(lists, known).party(name)[0] for name in "tp"] == ["possible", "possible"]


@pytest.mark.parametrize(
    ("regime", "measure", "seen"),
    [
        ("us", None, ("listed", "us")),
        ("us", "block", ("listed", "us")),
        ("us", "reject", ("listed", "own")),
        ("us", "report", ("possible", "us")),
        ("eu", "report", ("possible", "eu")),
        ("own", None, ("listed", "own")),
        ("own", "report", ("possible", "own")),
        ("none", None, ("listed", "none")),
        # What the law does not leave open stays as it is, whatever somebody asks for.
        ("un", "report", ("listed", "un")),
        ("national", "reject", ("listed", "national")),
        ("own", "block", ("listed", "own")),
    ],
)
@pytest.mark.parametrize("by_regime", [True, False])
def test_policies_differ_in_what_the_law_sees(
    regime: Regime, measure: ListMeasure | None, seen: tuple[str, str], by_regime: bool
) -> None:
    chosen = {} if measure is None else {regime if by_regime else "a": measure}
    screen = Screen([make("a", Listed(entry="1", parties=("p",)), regime=regime)], measures=chosen)
    assert screen.party("p") == seen
    result = screen.party_result("p")
    assert (result.status, result.regime, result.list, result.entry, result.by) == (seen[0], regime, "a", "1", "party")
    assert result.list_sha256 == screen.stamps[0].sha256
    assert result.measure == screen.measure("a") == measure_of("a", regime, chosen)


def test_no_policy_lets_a_hit_pass() -> None:
    regimes: tuple[Regime, ...] = ("national", "un", "eu", "us", "own", "none")
    for regime in regimes:
        for asked in ("block", "reject", "report", "off", "", None):
            for where in ("a", regime):
                screen = Screen([make("a", Listed(entry="1", parties=("p",)), regime=regime)], measures={where: asked})  # type: ignore[dict-item]
                assert screen.party("p")[0] in ("listed", "possible")
        assert MEASURES[regime]


def test_the_strictest_of_several_hits_is_named() -> None:
    entry = Listed(entry="1", parties=("p",))
    lists = [make("u", entry, regime="un"), make("a", entry), make("e", entry, regime="eu"), make("o", entry, regime="own")]
    assert Screen(lists).party_result("p").list == "u"
    assert Screen(lists[1:]).party_result("p").list == "e"
    assert Screen(lists[1:], measures={"e": "report"}).party_result("p").list == "a"
    assert Screen(lists[1:], measures={"e": "report", "a": "report"}).party_result("p").list == "o"


MAYBE = Listed(entry="1", documents=(tax(),))
KNOWN = Identifiers(party="p", documents=(tax(country="BY"),))


def decision(listed: Listed = MAYBE, name: str = "a", last: int = TODAY + 10) -> Whitelisted:
    return Whitelisted(party="p", list=name, entry=listed.entry, entry_sha256=listed.sha256, first=TODAY, last=last)


def screened(*entries: Listed, regime: Regime = "us", day: int = TODAY, **said: object) -> Screen:
    return Screen([make("a", *entries, regime=regime)], [KNOWN], whitelist=[decision()], today=lambda: day, **said)  # type: ignore[arg-type]


def test_a_whitelisting_puts_one_hit_aside_and_says_so() -> None:
    assert Screen([make("a", MAYBE)], [KNOWN]).party("p") == ("possible", "us")
    screen = screened(MAYBE)
    assert screen.party("p") == ("clear", "none")
    assert screen.party_result("p").whitelisted == ("a/1",)
    other = screened(MAYBE, msgspec.structs.replace(MAYBE, entry="2"))
    assert (other.party("p")[0], other.party_result("p").entry, other.party_result("p").whitelisted) == (
        "possible",
        "2",
        ("a/1",),
    )
    assert screen.identifiers(msgspec.structs.replace(KNOWN, party="q")).status == "possible"


def test_it_ends_on_its_day_before_it_and_when_the_entry_changes() -> None:
    assert screened(MAYBE, day=TODAY + 10).party("p")[0] == "clear"
    assert screened(MAYBE, day=TODAY + 11).party("p")[0] == "possible"
    assert screened(MAYBE, day=TODAY - 1).party("p")[0] == "possible"
    changed = msgspec.structs.replace(MAYBE, remarks="born 1970")
    assert screened(changed).party("p")[0] == "possible"
    newer, delta = screened(MAYBE).refresh([make("a", changed, version="2")])
    assert newer.party("p")[0] == "possible"
    assert [(hit.subject, hit.before.whitelisted, hit.after.status) for hit in delta.hits] == [("p", ("a/1",), "possible")]


def test_it_never_holds_against_an_exact_identifier_on_a_list_that_blocks() -> None:
    exact = Listed(entry="1", parties=("p",))
    regimes: tuple[Regime, ...] = ("national", "un", "us")
    for regime in regimes:
        screen = Screen([make("a", exact, regime=regime)], [KNOWN], whitelist=[decision(exact)], today=lambda: TODAY)
        assert screen.party("p") == ("listed", regime)
    chosen = Screen([make("a", exact)], [KNOWN], whitelist=[decision(exact)], today=lambda: TODAY, measures={"a": "report"})
    assert chosen.party("p") == ("clear", "none")
    assert Screen([make("a", exact)], [KNOWN], whitelist=[decision(exact)]).party("p")[0] == "listed"  # no calendar, no decision


def test_without_lists_a_decision_clears_nobody() -> None:
    assert Screen([], [KNOWN], whitelist=[decision()], today=lambda: TODAY).party("p") == ("unavailable", "none")
    screen = Screen([make("a", MAYBE)], [KNOWN], required=["b"], whitelist=[decision()], today=lambda: TODAY)
    assert screen.party("p") == ("unavailable", "none")


def test_a_decision_given_with_a_refresh_counts_from_then_on() -> None:
    lists = [make("a", MAYBE)]
    newer, delta = Screen(lists, [KNOWN], today=lambda: TODAY).refresh(lists, whitelist=[decision()])
    assert newer.party("p")[0] == "clear"
    assert [(hit.subject, hit.after.whitelisted) for hit in delta.hits] == [("p", ("a/1",))]


def test_another_policy_concerns_everybody_on_the_list() -> None:
    entry = Listed(entry="1", parties=("p",))
    screen = Screen([make("a", entry)], [KNOWN])
    newer, delta = screen.refresh([make("a", entry)], measures={"a": "reject"})
    assert [(hit.subject, hit.before.measure, hit.after.measure) for hit in delta.hits] == [("p", "block", "reject")]
    assert not (delta.added or delta.removed or delta.changed)
    assert newer.party("p") == ("listed", "own")


def test_what_becomes_known_of_a_party_counts_at_once_and_after_a_refresh() -> None:
    lists = [make("a", Listed(entry="1", passports=("X12345",)))]
    index = PartyIndex([KNOWN])
    screen = Screen(lists, index)
    screen.learn(Identifiers(party="q", passports=("X12345",)))
    screen.learn(Identifiers(party="p", passports=("X 12345",)))
    assert screen.party("q") == screen.party("p") == ("listed", "us")
    newer, delta = screen.refresh(lists)
    assert newer.party("q") == newer.party("p") == ("listed", "us")
    assert (len(index), delta.hits) == (3, ())

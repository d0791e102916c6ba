"""Looking again only at what changed answers as screening everybody anew does; versions kept as changes are the versions."""

from __future__ import annotations

from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from skarb.core.list_change import apply, change_of
from skarb.core.screening_list import Document, Identifiers, Listed, ListMeasure, ScreeningList, Whitelisted
from skarb.screening import Screen

NUMBERS = st.sampled_from(["10003638", "10003639", "10003640"])
COUNTRIES = st.sampled_from(["", "BY", "RS"])
DOCUMENTS = st.builds(
    Document, kind=st.sampled_from(["tax", "passport", "registration", "imo"]), number=NUMBERS, country=COUNTRIES
)
WALLETS = st.sampled_from(["ETH:0x" + "ab" * 20, "BSC:0x" + "AB" * 20, "BTC:1BoatSLRHtKNngkdXEeobR76b53LETtpyT", "XMR:4abc"])
IDENTIFIED = {
    "documents": st.lists(DOCUMENTS, max_size=2).map(tuple),
    "wallets": st.lists(WALLETS, max_size=2).map(tuple),
    "passports": st.lists(NUMBERS, max_size=1).map(tuple),
    "taxpayer_numbers": st.lists(NUMBERS, max_size=1).map(tuple),
}
ENTRIES = st.builds(Listed, entry=st.sampled_from("abcd"), remarks=st.sampled_from(["", "x"]), **IDENTIFIED)
PARTIES = st.lists(
    st.builds(Identifiers, party=st.sampled_from("pqrst"), **IDENTIFIED), max_size=5, unique_by=lambda one: one.party
)
MEASURES = st.dictionaries(st.sampled_from(["one", "two", "us"]), st.sampled_from(["block", "reject", "report"]), max_size=2)


def lists_of(name: str, regime: str) -> st.SearchStrategy[ScreeningList]:
    return st.lists(ENTRIES, max_size=4, unique_by=lambda one: one.entry).map(
        lambda entries: ScreeningList(
            list=name, regime=regime, publisher="X", version="1", published=date(2026, 1, 1), entries=tuple(entries)
        )  # type: ignore[arg-type]
    )


SETS = st.tuples(lists_of("one", "us"), lists_of("two", "un"))


def whitelist(lists: tuple[ScreeningList, ...], parties: list[Identifiers]) -> list[Whitelisted]:
    """The first party is decided not to be whom the first entry of the first list means."""
    return [
        Whitelisted(party=known.party, list=lists[0].list, entry=listed.entry, entry_sha256=listed.sha256, first=0, last=10)
        for known in parties[:1]
        for listed in lists[0].entries[:1]
    ]


@settings(max_examples=60, deadline=None)
@given(SETS, SETS, PARTIES, MEASURES, MEASURES)
def test_a_refresh_is_a_full_screening(
    before: tuple[ScreeningList, ...],
    after: tuple[ScreeningList, ...],
    parties: list[Identifiers],
    measures: dict[str, ListMeasure],
    later: dict[str, ListMeasure],
) -> None:
    decisions = whitelist(before, parties)
    old = Screen(before, parties, measures=measures, whitelist=decisions, today=lambda: 5)
    refreshed, delta = old.refresh(after, measures=later)
    fresh = Screen(after, parties, measures=later, whitelist=decisions, today=lambda: 5)
    changed = {change.subject: change.after for change in delta.hits}
    for known in parties:
        found = fresh.party_result(known.party)
        assert refreshed.party_result(known.party) == found == fresh.identifiers(known)
        was = old.party_result(known.party)
        told = [(one.status, one.regime, one.list, one.entry, one.measure, one.whitelisted) for one in (was, found)]
        assert (known.party in changed) == (told[0] != told[1])
        for wallet in known.wallets:
            assert refreshed.wallet_result(wallet) == fresh.wallet_result(wallet)
            if old.wallet(wallet) != fresh.wallet(wallet):
                assert changed[wallet] == fresh.wallet_result(wallet)


@settings(max_examples=40, deadline=None)
@given(lists_of("one", "us"), lists_of("one", "us"))
def test_a_version_kept_as_changes_is_the_version(before: ScreeningList, after: ScreeningList) -> None:
    change = change_of(before, after)
    assert apply(before, change).sha256 == after.sha256 == change.sha256
    assert (change.since == change.sha256) == (not change.entries and not change.removed)

"""Lists, policies and whitelistings in the registers: versions kept as changes, decisions dated, nothing that switches off."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import msgspec
import pytest

from skarb.core.errors import ConfigurationError, NotFound
from skarb.core.list_change import apply, change_of, compare
from skarb.core.screening_list import Listed, Name, ScreeningList
from skarb.registers import (
    CountryDefaults,
    ListPolicy,
    Party,
    RegisterFile,
    Registers,
    Wallet,
    WalletListing,
    Whitelisting,
    load_country_defaults,
    read_entries,
)

NOW = datetime(2026, 6, 1, 9, tzinfo=UTC)
ETHER = "0x52908400098527886e0f7030069857d2e4169ee7"


def registers(folder: Path | None = None, **country: object) -> Registers:
    defaults = CountryDefaults(home="ZZ", legal_currency="BYN", **country)  # type: ignore[arg-type]
    return Registers(defaults, clock=lambda: NOW, file=None if folder is None else RegisterFile(folder))


def version(number: int, *entries: Listed, regime: str = "us", name: str = "watch") -> ScreeningList:
    published = date(2026, 1, number)
    return ScreeningList(list=name, regime=regime, publisher="X", version=str(number), published=published, entries=entries)  # type: ignore[arg-type]


def many(count: int, **changed: str) -> tuple[Listed, ...]:
    return tuple(
        Listed(entry=str(n), name=f"Somebody {n}", names=(Name(text=changed.get(f"n{n}", f"Somebody {n}")),))
        for n in range(count)
    )


def test_later_versions_are_kept_as_what_changed(tmp_path: Path) -> None:
    book = registers(tmp_path)
    first = version(1, *many(500))
    second = version(2, *many(500, n7="Another")[1:], Listed(entry="new"))
    assert book.record_list(first, "one").added == 500
    size = (tmp_path / "registers.jsonl").stat().st_size
    summary = book.record_list(second, "two")
    assert (summary.added, summary.replaced, summary.repeated) == (1, 1, 498)
    assert (tmp_path / "registers.jsonl").stat().st_size - size < 2000
    again = registers(tmp_path)
    (current,) = again.lists()
    assert current.sha256 == second.sha256
    assert again.list_at("watch", "1") == first
    assert again.list_at("watch", second.sha256[:12]).sha256 == second.sha256
    told = [(one.stamp.version, one.stamp.sha256, one.stamp.count, one.written) for one in again.list_versions()]
    assert told == [("1", first.sha256, 500, 500), ("2", second.sha256, 500, 3)]
    assert [one.sha256 for one in again.as_of(NOW).lists()] == [second.sha256]
    with pytest.raises(NotFound, match="skarb screen lists"):
        again.list_at("watch", "3")


def test_an_older_version_or_another_regime_is_refused_and_the_last_good_one_stays() -> None:
    book = registers()
    good = version(5, *many(3))
    book.record_list(good, "good")
    assert "never replaces" in str(book.record_list(version(4, *many(2)), "old").problems)
    assert "another name" in str(book.record_list(version(6, *many(2), regime="own"), "own").problems)
    assert book.lists() == (good,)
    assert book.record_list(good, "again").repeated == 3


def test_changes_lead_from_any_version_to_any_other() -> None:
    one, two = version(1, *many(5)), version(2, Listed(entry="x"), *many(4, n2="B"))
    changes = compare(one, two)
    assert (changes.added, changes.removed, changes.changed) == (("x",), ("4",), ("2",))
    assert apply(one, change_of(one, two)).sha256 == two.sha256
    assert apply(two, change_of(two, one)).sha256 == one.sha256


def policy(name: str = "watch", measure: str = "report", **said: object) -> ListPolicy:
    given = {"list": name, "measure": measure, "reason": "a reason", "by": "A. Officer", "valid_from": "2026-01-01", **said}
    return msgspec.convert(given, ListPolicy)


def test_policies_are_dated_and_kept_with_their_reason() -> None:
    book = registers()
    book.record_list(version(1, *many(2)), "list")
    assert not book.record([policy()], "office").problems
    assert not book.record([policy(measure="reject", valid_from="2026-05-01")], "office").problems
    assert [book.measures(day) for day in (20_400, 20_500, 20_600)] == [{}, {"watch": "report"}, {"watch": "reject"}]
    assert [one.reason for one in book.history("list_policies", "watch") if isinstance(one, ListPolicy)] == [
        "a reason",
        "a reason",
    ]


@pytest.mark.parametrize("measure", ["off", "none", "", "ignore", "permit"])
def test_a_file_that_tries_to_switch_screening_off_is_refused(measure: str) -> None:
    text = f"list,measure,reason,by,valid_from\nus,{measure or '-'},because,A. Officer,2026-01-01\n"
    read = read_entries(text.encode(), "policy.csv", register="list_policies")
    assert not read.entries
    assert "cannot be switched off" in str(read.problems)
    bare = read_entries(
        b"list_policies:\n- {list: us, measure: off, reason: because, by: A. Officer, valid_from: 2026-01-01}\n", "p.yaml"
    )
    assert "cannot be switched off" in str(bare.problems)


def test_a_policy_is_no_milder_than_the_law_or_the_country_and_about_a_list_that_is_there() -> None:
    book = registers(entries={"list_policies": (policy("eu", "reject", by="the law"),)})
    book.record_list(version(1, regime="un", name="world"), "list")
    book.record_list(version(1, regime="eu", name="union"), "list")
    assert not book.record_defaults().problems
    for wrong, why in (
        (policy("world", "report"), "what the law leaves"),
        (policy("un", "reject"), "what the law leaves"),
        (policy("own", "block"), "what the law leaves"),
        (policy("union", "report"), "as the country says"),
        (policy("eu", "report", valid_from="2026-02-01"), "as the country says"),
        (policy("nowhere", "report"), "import the list first"),
    ):
        assert why in str(book.record([wrong], "office").problems), wrong
    assert not book.record([policy("union", "block")], "office").problems


@pytest.mark.parametrize(("measure", "fits"), [("reject", True), ("off", False), ("'off'", False)])
def test_a_country_sets_policies_in_its_data_and_cannot_say_off(tmp_path: Path, measure: str, fits: bool) -> None:
    (tmp_path / "country.yaml").write_text("code: ZZ\ncurrency: BYN\n")
    rule = f"{{list: us, measure: {measure}, reason: as the act says, by: the law, valid_from: 2020-01-01}}"
    (tmp_path / "registers.yaml").write_text(f"list_policies:\n- {rule}\n")
    if not fits:
        with pytest.raises(ConfigurationError, match="cannot be switched off"):
            load_country_defaults(tmp_path)
        return
    book = Registers(load_country_defaults(tmp_path), clock=lambda: NOW)
    assert not book.record_defaults().problems
    assert book.measures(book.today) == {"us": "reject"}
    assert "as the country says" in str(book.record([policy("us", "report")], "office").problems)


ENTRY = Listed(entry="1", name="Somebody", names=(Name(text="Somebody"),))


def whitelisting(**said: object) -> Whitelisting:
    given = {
        "party": "p1", "list": "watch", "entry": "1", "entry_sha256": ENTRY.sha256, "reason": "born elsewhere", "by": "A. One",
        "approved_by": "B. Two", "valid_from": "2026-06-01", "valid_to": "2027-05-31", **said,
    }  # fmt: skip
    return msgspec.convert({key: value for key, value in given.items() if value is not None}, Whitelisting)


def test_a_whitelisting_is_by_two_for_a_year_about_an_entry_as_it_is() -> None:
    book = registers()
    book.record_list(version(1, ENTRY), "list")
    book.record([Party(party="p1", kind="natural_person", country="ZZ", resident=True, valid_from=date(2020, 1, 1))], "people")
    for wrong, why in (
        (whitelisting(valid_to=None), "at most a year later"),
        (whitelisting(valid_to="2027-06-02"), "at most a year later"),
        (whitelisting(approved_by="a. one"), "a second person"),
        (whitelisting(entry="2"), "an entry of a list that is loaded"),
        (whitelisting(entry_sha256="0" * 64), "look at the entry as it is now"),
        (whitelisting(party="p2"), "a registered party"),
    ):
        assert why in str(book.record([wrong], "office").problems), wrong
    assert not book.record([whitelisting()], "office").problems
    (one,) = book.whitelist()
    assert (one.party, one.entry_sha256, one.last - one.first) == ("p1", ENTRY.sha256, 364)
    assert not book.record([whitelisting(withdrawn=True)], "office").problems
    assert book.whitelist() == []
    assert len(book.recordings) == 4  # nothing is deleted


def test_the_national_register_finds_a_wallet_in_any_spelling() -> None:
    book = registers()
    since = date(2020, 1, 1)
    cash = "BCH:bitcoincash:qpm2qsznhks23z7629mms6s4cwef74vcwvy22gdx6a"
    assert not book.record(
        [WalletListing(wallet=wallet, status="included", body="b", valid_from=since) for wallet in (f"ETH:{ETHER}", cash)], "r"
    ).problems
    for wallet in (f"ETH:{ETHER}", f"BSC:{ETHER}", f"USDT:{ETHER}", "BTC:1BpEi6DfDAUFd7GtittLSdBeYJvcoaVggu", cash):
        assert book.wallet(wallet, 20_000).listed, wallet
    assert not book.wallet("BTC:1BoatSLRHtKNngkdXEeobR76b53LETtpyT", 20_000).listed
    book.record([WalletListing(wallet=f"ETH:{ETHER}", status="excluded", body="b", valid_from=date(2021, 1, 1))], "r")
    assert not book.wallet(f"BSC:{ETHER}", 20_000).listed


def test_parties_are_described_for_screening() -> None:
    book = registers()
    since = date(2020, 1, 1)
    party = Party(
        party="p",
        kind="natural_person",
        country="BY",
        resident=True,
        valid_from=since,
        name="Zed",
        born=date(1970, 5, 17),
        passport="MP1",
        taxpayer_number="7",
    )
    book.record([party, Wallet(wallet=f"ETH:{ETHER}", hosting="unhosted", party="p", valid_from=since)], "people")
    (known,) = book.identifiers()
    assert (known.kind, known.births, known.countries, [name.text for name in known.names]) == (
        "person",
        ("1970-05-17",),
        ("BY",),
        ["Zed"],
    )
    assert [(one.kind, one.number, one.country) for one in known.documents] == [("tax", "7", "BY"), ("passport", "MP1", "BY")]

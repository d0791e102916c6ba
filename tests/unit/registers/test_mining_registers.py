"""Registers of mining sites, machines, meters and tariffs: strict, dated, appended to."""

from datetime import UTC, date, datetime

import pytest

from skarb.core.errors import NotFound
from skarb.registers import CountryDefaults, Meter, MiningSite, Registers, Tariff, read_entries


def registers() -> Registers:
    return Registers(CountryDefaults(home="ZZ", legal_currency="ZZD"), clock=lambda: datetime(2026, 1, 1, tzinfo=UTC))


def test_a_file_of_sites_machines_meters_and_tariffs_is_taken_over() -> None:
    text = b"""
mining_sites: [{site: s1, party: p1, capacity_w: 1000000, tariff: t, valid_from: 2026-01-01}]
mining_machines:
- {site: s1, model: s21, count: 5, valid_from: 2026-01-01}
- {site: s1, model: x, count: 5, hashrate_gh_s: 1, power_w: 1, valid_from: 2026-01-01}
meters: [{meter: m1, site: s1, minutes: 15, certified_to: 2027-01-01, valid_from: 2026-01-01}]
tariffs: [{tariff: t, energy: [{band: all, price: "0.1"}], source: s, certainty: made_up, valid_from: 2026-01-01}]
"""
    book = registers()
    assert book.record_import(read_entries(text, "e.yaml")).added == 5
    assert book.subjects("mining_sites") == ["s1"] and len(book.history("mining_machines", "s1")) == 2
    assert isinstance(book.history("tariffs", "t")[0], Tariff)
    again = book.record_import(read_entries(text, "e.yaml"))
    assert (again.added, again.repeated) == (0, 5)
    moved = Meter(meter="m1", site="s2", minutes=15, certified_to=date(2028, 1, 1), valid_from=date(2026, 5, 1))
    assert book.record([moved], "officer").added == 1 and len(book.history("meters", "m1")) == 2
    with pytest.raises(NotFound, match="register 'gauges' does not exist"):
        book.subjects("gauges")


def test_sites_come_from_csv_too() -> None:
    text = b"site,party,capacity_w,declared_kw,tariff,scheme,valid_from\ns1,p1,1000000,900,t,pplns,2026-01-01\n"
    found = read_entries(text, "sites.csv", register="mining_sites")
    assert found.entries["mining_sites"] == (
        MiningSite(
            site="s1", party="p1", capacity_w=1_000_000, declared_kw=900, tariff="t", scheme="pplns", valid_from=date(2026, 1, 1)
        ),
    )


@pytest.mark.parametrize(
    ("register", "entry", "field"),
    [
        ("mining_sites", "site: s, party: p, capacity_w: 0, tariff: t", "capacity_w"),
        ("mining_sites", "site: s, party: p, capacity_w: 1, tariff: t, scheme: lottery", "scheme"),
        ("mining_sites", "site: s, party: p, capacity_w: 1, tariff: t, colour: red", "colour"),
        ("mining_machines", "site: s, model: m, count: 0", "count"),
        ("mining_machines", "site: s, model: m, count: 1, power_w: 5", "power_w"),
        ("meters", "meter: m, site: s, minutes: 30, certified_to: 2027-01-01", "minutes"),
        ("meters", "meter: m, site: s, minutes: 15", "certified_to"),
        ("meters", "meter: m, site: s, minutes: 15, certified_to: 2027-01-01, multiplier: 0", "multiplier"),
        ("tariffs", "tariff: t, energy: [], source: s, certainty: made_up", "energy"),
        ("tariffs", "tariff: t, energy: [{band: a, price: '0.1', parameter: x}], source: s, certainty: made_up", "price"),
        ("tariffs", "tariff: t, energy: [{band: a, price: '-1'}], source: s, certainty: made_up", "energy"),
        ("tariffs", "tariff: t, energy: [{band: a, price: '1', hours: 25-26}], source: s, certainty: made_up", "energy"),
        (
            "tariffs",
            "tariff: t, energy: [{band: a, price: '1'}], surplus_discount: 3/2, source: s, certainty: made_up",
            "surplus_discount",
        ),
    ],
)
def test_what_cannot_be_is_refused_with_its_field(register: str, entry: str, field: str) -> None:
    found = read_entries(f"{register}: [{{{entry}, valid_from: 2026-01-01}}]\n".encode(), "e.yaml")
    assert [problem.field for problem in found.problems] == [field]

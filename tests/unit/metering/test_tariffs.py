"""Which price holds when; levies by bracket; the two published cases, exactly."""

from dataclasses import replace
from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest
from tests.unit.metering.small_meters import BERLIN, collected, judged, meter, rows_of, window

from skarb.core.errors import ConfigurationError
from skarb.core.time import to_day
from skarb.metering import (
    Case,
    Looked,
    Standing,
    Terms,
    Usage,
    bands_of,
    levy_rate,
    lines_of,
    read_terms,
    rounded,
    stretches,
    usage,
)
from skarb.metering.usage import Kind, Used
from skarb.registers import Band, Capacity, MiningSite, Tariff

APRIL = (date(2026, 4, 1), date(2026, 4, 30))
SITE = MiningSite(site="s1", party="p1", capacity_w=2_000_000, declared_kw=1000, tariff="t", valid_from=date(2020, 1, 1))
STANDING = (Standing(first="2026-04-01", last="2026-04-30", verdict="permit", provision="ZZ-1"),)
PLAIN = "rounding: half_even\n"
KAZAKH = """
rounding: half_up
levies:
  - name: digital mining
    valid_from: 2023-01-01
    source: "Law 135-VII of Kazakhstan; the brackets between the first and the last are made up"
    certainty: made_up
    rules:
      - {when: unmetered, rate: "25"}
      - {when: own, rate: "10"}
      - {when: renewable, rate: "1"}
      - {price_from: "24", rate: "1"}
      - {price_from: "16", rate: "5"}
      - {price_from: "8", rate: "15"}
      - {price_from: "0", rate: "25"}
"""


def tariff(first: str = "2026-01-01", last: str | None = None, price: str = "0.2", **changes: object) -> Tariff:
    given = {
        "tariff": "t",
        "valid_from": date.fromisoformat(first),
        "valid_to": date.fromisoformat(last) if last else None,
        "energy": (Band(band="all", price=price),),
        "source": "made up",
        "certainty": "made_up",
    }
    return Tariff(**{**given, **changes})  # type: ignore[arg-type]


def no_law(name: str, day: int) -> Looked | None:
    return None


def case(used: Usage, tariffs: tuple[Tariff, ...], terms: Terms | None = None, site: MiningSite = SITE, lookup=no_law) -> Case:  # type: ignore[no-untyped-def]
    parts = stretches(tariffs, "t", "", *APRIL, lookup)
    return Case(site, "2026-04", *APRIL, used, parts, terms or read_terms(PLAIN, "zz"), lookup, STANDING, "BYN", 2)


def simple(energy_wh: int, certified: bool = True) -> Usage:
    return Usage(
        {Kind(0, 0, False, certified): Used(energy_wh, 720, 0)}, {to_day(date(2026, 4, 1)): energy_wh}, Fraction(10**6), ("m1",)
    )


def test_a_megawatt_at_95_percent_for_730_hours() -> None:
    two_part = tariff(price="0.28711", capacity=Capacity(of="declared", price="33.95050"))
    lines, _ = lines_of(case(simple(1_000_000 * 730 * 95 // 100), (two_part,)))
    assert [(one.kind, one.quantity, one.exact) for one in lines] == [
        ("energy", "693500", "199110.785"),
        ("capacity", "1000", "33950.5"),
    ]
    exact = sum(Fraction(one.exact) for one in lines)
    assert exact == Fraction("233061.285") and round(exact / 693_500, 6) == Fraction("0.336065")
    assert [one.amount for one in lines] == [19911078, 3395050]  # half even; half up gives a kopeck more
    up, _ = lines_of(case(simple(693_500_000), (two_part,), read_terms("rounding: half_up\n", "zz")))
    assert up[0].amount == 19911079


@pytest.mark.parametrize(
    ("price", "power", "certified", "rate", "why"),
    [
        ("24", "grid", False, 25, "without a valid meter"),
        ("30", "renewable", False, 25, "without a valid meter"),
        ("30", "own", True, 10, "own power"),
        ("3", "renewable", True, 1, "renewable power"),
        ("24", "grid", True, 1, "price from 24"),
        ("23.99", "grid", True, 5, "price from 16"),
        ("15.999", "grid", True, 15, "price from 8"),
        ("0", "grid", True, 25, "price from 0"),
    ],
)
def test_the_fee_of_kazakhstan(price: str, power: str, certified: bool, rate: int, why: str) -> None:
    (levy,) = read_terms(KAZAKH, "kz").levies
    assert levy_rate(levy, Fraction(price), power, certified) == (why, rate)
    lines, _ = lines_of(case(simple(1_000_500_000, certified), (tariff(price=price),), read_terms(KAZAKH, "kz"), _powered(power)))
    owed = [one for one in lines if one.kind == "levy"]
    assert [(one.quantity, one.rate, one.amount, one.what) for one in owed] == [("1000500", str(rate), 100_050_000 * rate, why)]
    assert levy.top == 25


def _powered(power: str) -> MiningSite:
    return MiningSite(site="s1", party="p1", capacity_w=1, tariff="t", power=power, valid_from=date(2020, 1, 1))  # type: ignore[arg-type]


def test_a_gap_and_an_overlap_of_tariffs_name_their_days() -> None:
    with pytest.raises(
        ConfigurationError, match="nothing holds on 2026-04-16, between 2026-04-15 and 2026-04-18; add the version"
    ):
        stretches((tariff(last="2026-04-15"), tariff("2026-04-18")), "t", "", *APRIL, no_law)
    with pytest.raises(
        ConfigurationError, match="two versions hold on 2026-04-10, one from 2026-01-01 to 2026-04-15 and one from 2026-04-10"
    ):
        stretches((tariff(last="2026-04-15"), tariff("2026-04-10")), "t", "", *APRIL, no_law)
    with pytest.raises(
        ConfigurationError, match="two versions hold on 2026-04-01, one from 2026-01-01 to open and one from 2026-01-01"
    ):
        stretches((tariff(), tariff(price="0.5")), "t", "", *APRIL, no_law)
    with pytest.raises(ConfigurationError, match="nothing holds on 2026-04-01, between the beginning and 2026-05-01"):
        stretches((tariff("2026-05-01"),), "t", "", *APRIL, no_law)
    with pytest.raises(ConfigurationError, match="tariff 'x': not known, expected one of t"):
        stretches((tariff(),), "x", "", *APRIL, no_law)
    with pytest.raises(ConfigurationError, match="zone 'east': not known"):
        stretches((tariff(),), "t", "east", *APRIL, no_law)


def test_a_price_that_changes_within_a_month_makes_stretches() -> None:
    parts = stretches((tariff(price="0.2"), tariff("2026-04-11", price="0.3")), "t", "", *APRIL, no_law)
    assert [(str(one.first), str(one.last), one.bands[0].value) for one in parts] == [
        ("2026-04-01", "2026-04-10", Fraction(1, 5)),
        ("2026-04-11", "2026-04-30", Fraction(3, 10)),
    ]


def test_a_parameter_of_the_law_has_dates_of_its_own() -> None:
    change = to_day(date(2026, 4, 21))

    def law(name: str, day: int) -> Looked | None:
        if day < to_day(date(2026, 4, 2)):
            return None
        first, value = (date(2026, 4, 21), Fraction(2)) if day >= change else (date(2026, 4, 2), Fraction(1))
        return Looked(name, value, "BY-1", first, None)

    by_law = tariff(energy=(Band(band="all", parameter="electricity.x"),))
    with pytest.raises(ConfigurationError, match=r"the law has no value of electricity\.x on 2026-04-01; add one"):
        stretches((by_law,), "t", "", *APRIL, law)
    parts = stretches((by_law,), "t", "", date(2026, 4, 2), APRIL[1], law)
    assert [(one.days, one.bands[0].rule, one.bands[0].value) for one in parts] == [(19, "BY-1", 1), (10, "BY-1", 2)]


def test_bands_by_hour_day_and_month_go_over_midnight() -> None:
    bands = (
        Band(band="cold night", hours="22-6", months=(1, 2, 12), price="1"),
        Band(band="night", hours="22-6", price="2"),
        Band(band="weekend", days="weekends", price="3"),
        Band(band="day", price="4"),
    )
    (part,) = stretches((tariff(energy=bands),), "t", "", *APRIL, no_law)
    hours = window()
    found = bands_of(part, hours)
    assert found[:24].tolist() == [1] * 6 + [3] * 16 + [1] * 2  # Wednesday
    assert found[72:96].tolist() == [1] * 6 + [2] * 16 + [1] * 2  # Saturday
    (holes,) = stretches((tariff(energy=bands[1:2]),), "t", "", *APRIL, no_law)
    with pytest.raises(ConfigurationError, match=r"no band fits 2026-04-01T06:00\+03:00; add one"):
        bands_of(holes, hours)


def test_the_night_of_a_clock_change_has_an_hour_more(tmp_path: Path) -> None:
    october = (date(2026, 10, 1), date(2026, 10, 31))
    hours = window(*october, BERLIN)
    bands = (Band(band="night", hours="23-6", price="1"), Band(band="day", price="2"))
    parts = stretches((tariff(energy=bands),), "t", "", *october, no_law)
    table = judged(collected(tmp_path, rows_of(hours, [1000] * len(hours)), hours, meter()))
    used = usage([table], [[0]], parts, frozenset())
    assert {kind.band: one.energy_wh for kind, one in used.kinds.items()} == {0: 1000 * (31 * 7 + 1), 1: 1000 * 31 * 17}


def test_hours_of_surplus_are_cheaper_and_levied_by_their_price(tmp_path: Path) -> None:
    hours = window()
    table = judged(collected(tmp_path, rows_of(hours, [1_000_000 + slot % 3 for slot in range(720)]), hours))
    surplus = frozenset(hours.start_s + hour * 3600 for hour in (5, 6, 7))
    cheap = tariff(price="24", surplus_discount="1/2")
    used = usage([table], [[0]], stretches((cheap,), "t", "", *APRIL, no_law), surplus)
    lines, _ = lines_of(replace(case(used, (cheap,), read_terms(KAZAKH, "kz"))))
    discount = next(one for one in lines if one.kind == "surplus_discount")
    energy = sum(1_000_000 + slot % 3 for slot in (5, 6, 7))
    assert discount.quantity == "3000.003" and Fraction(discount.exact) == -Fraction(energy, 1000) * 12
    assert sorted((one.what, one.rate) for one in lines if one.kind == "levy") == [("price from 24", "1"), ("price from 8", "15")]


def test_capacity_by_the_measured_peak_and_by_days(tmp_path: Path) -> None:
    quarters = window(minutes=15)
    energy = [100_000] * len(quarters)
    energy[77] = 250_000
    table = judged(collected(tmp_path, rows_of(quarters, energy), quarters))
    measured = tariff(capacity=Capacity(of="measured", price="4.5"))
    used = usage([table], [[0]], stretches((measured,), "t", "", *APRIL, no_law), frozenset())
    (line,) = [one for one in lines_of(case(used, (measured,)))[0] if one.kind == "capacity"]
    assert used.peak_w == 1_000_000 and (line.quantity, line.amount) == ("1000", 450_000)
    halves = (measured, tariff("2026-04-16", capacity=Capacity(of="measured", price="9")))
    used = usage([table], [[0]], stretches(halves, "t", "", *APRIL, no_law), frozenset())
    assert [one.amount for one in lines_of(case(used, halves))[0] if one.kind == "capacity"] == [225_000, 450_000]
    undeclared = tariff(capacity=Capacity(of="declared", price="1"))
    site = MiningSite(site="s1", party="p1", capacity_w=1, tariff="t", valid_from=date(2020, 1, 1))
    with pytest.raises(ConfigurationError, match="asks for the declared peak, expected declared_kw"):
        lines_of(case(used, (undeclared,), site=site))


def test_meters_of_two_lengths_make_one_peak(tmp_path: Path) -> None:
    quarters, hours = window(minutes=15), window()
    fast = judged(collected(tmp_path, rows_of(quarters, [100_000 + slot % 2 for slot in range(2880)]), quarters))
    slow = judged(collected(tmp_path, rows_of(hours, [600_000 + slot % 2 for slot in range(720)]), hours))
    used = usage([fast, slow], [[0], [0]], stretches((tariff(),), "t", "", *APRIL, no_law), frozenset())
    assert used.peak_w == 4 * 100_000 + 2 + 600_001 and used.energy_wh == 288_000_000 + 1440 + 432_000_000 + 360


def test_a_minimum_is_a_line_and_vat_is_of_rounded_lines() -> None:
    terms = read_terms(
        'rounding: half_even\nvat: [{valid_from: 2020-01-01, share: "20/100", source: s, certainty: assumed}]\n', "zz"
    )
    lines, notes = lines_of(case(simple(1_000), (tariff(price="0.005", minimum="10"),), terms))
    assert [(one.kind, one.amount) for one in lines] == [("energy", 0), ("minimum", 1000), ("vat", 200)]
    assert lines[1].exact == "9.995" and not notes


def test_a_levy_that_changes_within_a_month_is_refused() -> None:
    changed = KAZAKH.replace("2023-01-01", "2026-04-10")
    with pytest.raises(ConfigurationError, match="changes or has a gap between 2026-04-01 and 2026-04-30"):
        lines_of(case(simple(1000), (tariff(),), read_terms(changed, "kz")))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("rounding: down\n", "Invalid enum value 'down'"),
        ("vat: []\n", "missing required field `rounding`"),
        ("rounding: half_up\ncolour: red\n", "unknown field `colour`"),
        ("rounding: half_up\nlimits: {estimated_most: much}\n", "limits"),
        ("rounding: half_up\nlimits: {patience: '1'}\n", "patience"),
        ("rounding: half_up\nvat: [{valid_from: 2020-01-01, source: s, certainty: assumed}]\n", "either a share or a parameter"),
        (
            "rounding: half_up\ntariffs: [{tariff: t, valid_from: 2020-01-01, source: s, certainty: made_up, energy: [{band: b}]}]\n",
            "either a price",
        ),
        (
            "rounding: half_up\ntariffs: [{tariff: t, valid_from: 2020-01-01, source: s, certainty: made_up, energy: []}]\n",
            "energy",
        ),
        ("rounding: [\n", "YAML that can be read"),
        ("- a\n", "Expected `object`"),
    ],
)
def test_terms_are_read_strictly(text: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        read_terms(text, "zz/mining.yaml")


def test_rounding_is_to_the_even_minor_unit_or_away_from_nought() -> None:
    halves = [Fraction(one, 1000) for one in (5, 15, -5, -15, 14, 16)]
    assert [rounded(one, 2, "half_even") for one in halves] == [0, 2, 0, -2, 1, 2]
    assert [rounded(one, 2, "half_up") for one in halves] == [1, 2, -1, -2, 1, 2]
    assert rounded(Fraction("199110.785"), 2, "half_up") == 19911079

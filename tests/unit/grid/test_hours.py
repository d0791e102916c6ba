"""Hours: made from figures, read from files, never silently nought."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skarb.app.power import Basis, Source, days_of, inputs_of
from skarb.core.errors import ConfigurationError, InputError, NotFound
from skarb.grid import ESTIMATED, MEGAWATT, Hours, calibrated, hours_csv, read_hours, read_inputs, system_of, with_outage, year_of

HEAD = "at,load_mw,nuclear_1_mw,must_run_mw,heat_mw\n"


def file(*rows: str) -> str:
    return HEAD + "".join(f"{row}\n" for row in rows)


def read(text: str, zone: str = "Europe/Minsk", estimate: bool = False) -> Hours:
    return read_hours(text, "load.csv", zone, estimate)


def test_a_made_year_meets_its_figures_exactly_and_comes_again_from_its_seed() -> None:
    inputs = inputs_of("by")
    one, again, other = year_of(inputs, 1), year_of(inputs, 1), year_of(inputs, 2)
    for year in (one, other):
        assert int(year.load_w.sum()) == inputs["load_energy"]
        assert int(year.load_w.max()) == inputs["load_peak"] and int(year.load_w.min()) == inputs["load_minimum"]
    assert (one.load_w == again.load_w).all() and (one.load_w != other.load_w).any()
    off = (one.nuclear_w == 0).sum(axis=1)
    assert off.tolist() == [24 * inputs["nuclear_outage"]] * 2
    winter, summer = one.must_run_w[: 24 * 31].mean(), one.must_run_w[24 * 181 : 24 * 212].mean()
    assert summer < winter and int(one.must_run_w.min()) >= inputs["must_run_summer"]


@given(
    shape=st.lists(st.floats(0.1, 10), min_size=8, max_size=60, unique=True),
    least=st.integers(1, 500),
    more=st.integers(200, 1000),
    where=st.floats(0.3, 0.7),
)
@settings(max_examples=60, deadline=None)
def test_a_bent_shape_has_the_energy_asked_for_to_the_watt_hour(shape: list[float], least: int, more: int, where: float) -> None:
    low, high = least * MEGAWATT, (least + more) * MEGAWATT
    energy = int(len(shape) * (low + where * (high - low)))
    try:
        load = calibrated(np.array(shape), energy, low, high)
    except ConfigurationError:
        return
    assert int(load.sum()) == energy


def test_figures_that_contradict_each_other_are_refused() -> None:
    inputs = inputs_of("by")
    with pytest.raises(ConfigurationError, match="expected a mean inside"):
        year_of(inputs.having(load_energy=90 * 10**12), 1)
    with pytest.raises(NotFound, match="known are"):
        inputs.with_text({"load_peek": "1"})
    with pytest.raises(InputError, match="no finer than we count"):
        inputs.with_text({"gas_floor": "0.0000001"})
    with pytest.raises(ConfigurationError, match="inside its range"):
        read_inputs(
            "zone: Europe/Minsk\ncurrency: USD\nfigures:\n"
            '- {name: x, value: "5", range: ["6", "7"], unit: MW, certainty: low, source: guess}',
            "x.yaml",
        )
    with pytest.raises(ConfigurationError, match="expected source"):
        read_inputs('zone: z\ncurrency: USD\nfigures:\n- {name: x, value: "5", unit: MW, certainty: low}', "x.yaml")
    with pytest.raises(NotFound):
        inputs_of("zz")


def test_every_figure_of_a_country_has_a_source_and_its_system_is_whole() -> None:
    inputs = inputs_of("by")
    assert all(one.source and one.low <= one.value <= one.high for one in inputs.figures.values())
    system = system_of(inputs)
    assert system.boilers.most_w == 916 * MEGAWATT and system.mining_w == 700 * MEGAWATT


def test_a_file_comes_back_as_it_was_written(year: Hours) -> None:
    part = year.part(100, 160)
    again = read(hours_csv(part))
    assert again.first == part.first and (again.load_w == part.load_w).all() and (again.nuclear_w == part.nuclear_w).all()
    assert (again.must_run_w == part.must_run_w).all() and (again.heat_w == part.heat_w).all() and not again.quality.any()


def test_clocks_that_go_back_give_one_hour_twice_and_both_are_real() -> None:
    rows = [f"2026-10-25T{clock}:00,{load},0,0,0" for clock, load in (("02", 10), ("03", 20), ("03", 30), ("04", 40))]
    hours = read(file(*rows), "Europe/Vilnius")
    assert (hours.load_w // MEGAWATT).tolist() == [10, 20, 30, 40]
    assert hours.at(2) - hours.at(1) == timedelta(0) or hours.at(2).astimezone(UTC) - hours.at(1).astimezone(UTC) == timedelta(
        hours=1
    )
    assert hours.at(3).hour == 4
    forward = read(file("2026-03-29T02:00,1,0,0,0", "2026-03-29T04:00,2,0,0,0"), "Europe/Vilnius")
    assert len(forward) == 2
    with pytest.raises(InputError, match="clocks go forward"):
        read(file("2026-03-29T02:00,1,0,0,0", "2026-03-29T03:00,2,0,0,0"), "Europe/Vilnius")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (file("2026-10-25T03:00,1,0,0,0", "2026-10-25T03:00,2,0,0,0"), "row 3, at: .* stands twice"),
        (file("2026-01-01T00:00,1,0,0,0", "2026-01-01T03:00,2,0,0,0"), "row 3, at: 2 hours before .* are missing"),
        (file("2026-01-01T00:00,-1,0,0,0"), "row 2, load_mw: given '-1', expected MW, 0 or more"),
        (file("2026-01-01T00:00,nan,0,0,0"), "row 2, load_mw: given 'nan'"),
        (file("2026-01-01T00:00,,0,0,0"), "row 2, load_mw: given ''"),
        (file("2026-01-01T00:00,4_000,0,0,0"), "row 2, load_mw: given '4_000'"),
        (file("2026-01-01T00:00,٤,0,0,0"), "row 2, load_mw: given '٤'"),
        ("", "row 1: given columns"),
        (file("2026-01-01T00:30,1,0,0,0", "2026-01-01T01:00,1,0,0,0"), "row 3, at: .* whole hours"),
        (file("2026-01-01T05:00,1,0,0,0", "2026-01-01T04:00,1,0,0,0"), "row 3, at: .* expected an hour after"),
        (file("yesterday,1,0,0,0"), "row 2, at: given 'yesterday'"),
        (file("2026-01-01T00:00,1,0,0"), "row 2: given 4 fields, expected 5"),
        (file("2026-01-01T00:00,1,0,0,0")[:-3], "seems to be cut"),
        (HEAD, "given no hours"),
        ("at,load_mw\n2026-01-01T00:00,1\n", "expected at, load_mw, nuclear_1_mw"),
    ],
)
def test_a_file_that_is_not_whole_is_refused_with_its_row(text: str, says: str) -> None:
    with pytest.raises(InputError, match=says):
        read(text)


def test_estimates_are_marked_and_never_nought() -> None:
    rows = [f"2026-01-{1 + hour // 24:02}T{hour % 24:02}:00,{1000 + hour % 24},0,5,7" for hour in range(24 * 21)]
    del rows[200:206]  # longer than a line may bridge
    rows[50] = rows[50].replace(",1002,", ",-3,")
    hours = read(file(*rows), estimate=True)
    assert len(hours) == 24 * 21
    assert np.flatnonzero(hours.quality == ESTIMATED).tolist() == [50, *range(200, 206)]
    assert (hours.load_w[200:206] // MEGAWATT).tolist() == [1000 + hour % 24 for hour in range(200, 206)]
    assert hours.load_w[50] == 1002 * MEGAWATT
    with pytest.raises(InputError, match="no figure that can be read"):
        read(file("2026-01-01T00:00,x,0,0,0"), estimate=True)


def test_hours_check_what_they_are_made_of() -> None:
    one = np.ones(2, np.int64)
    with pytest.raises(InputError, match="expected an instant with its zone"):
        Hours(datetime(2026, 1, 1), one, one[None], one, one)  # noqa: DTZ001
    with pytest.raises(InputError, match="expected 2 as of the load"):
        Hours(datetime(2026, 1, 1, tzinfo=UTC), one, one[None], one[:1], one)
    with pytest.raises(InputError, match="expected 0 or more"):
        Hours(datetime(2026, 1, 1, tzinfo=UTC), -one, one[None], one, one)


def test_a_reactor_can_be_taken_off(year: Hours) -> None:
    off = with_outage(year, 1, year.at(24 * 10), 3)
    assert (off.nuclear_w[1, 24 * 10 : 24 * 13] == 0).all() and off.nuclear_w[1, 24 * 13] > 0
    with pytest.raises(ConfigurationError, match="expected 1 to 2"):
        with_outage(year, 4, year.at(0), 3)


def test_days_and_outages_begin_at_midnight_of_the_clocks_whatever_the_season() -> None:
    inputs = replace(inputs_of("by"), zone="Europe/Warsaw")
    year = year_of(inputs, 1)
    summer = days_of(Basis(inputs, year, Source(len(year))), date(2026, 7, 1), 2)
    assert summer.first.isoformat() == "2026-07-01T00:00:00+02:00" and len(summer) == 48
    spring = days_of(Basis(inputs, year, Source(len(year))), date(2026, 3, 29), 1)
    assert len(spring) == 23, "clocks go forward"
    off = with_outage(year, 0, datetime(2026, 7, 1, tzinfo=year.first.tzinfo), 1)
    hour = year.place(summer.first)
    assert (off.nuclear_w[0, hour : hour + 24] == 0).all() and off.nuclear_w[0, hour - 1] and off.nuclear_w[0, hour + 24]


@pytest.mark.parametrize("given", ["1e30", "1e999999999", "1000000", "Infinity"])
def test_a_power_that_no_country_has_is_an_error(given: str) -> None:
    with pytest.raises(InputError, match="row 2, load_mw"):
        read(file(f"2026-01-01T00:00+03:00,{given},1,1,1"))


def test_a_time_at_the_edge_of_the_calendar_and_a_gap_of_years_are_errors() -> None:
    with pytest.raises(InputError, match="row 2, at"):
        read(file("0001-01-01T00:00+14:00,1,1,1,1"))
    with pytest.raises(InputError, match="too many to estimate"):
        read(file("2026-01-01T00:00+03:00,1,1,1,1", "9026-01-01T00:00+03:00,1,1,1,1"), estimate=True)


def test_an_energy_that_no_bending_gives_is_an_error() -> None:
    with pytest.raises(ConfigurationError, match="that the shape"):
        calibrated(np.linspace(0.1, 1, 100), 100 * 998, 0, 1000)

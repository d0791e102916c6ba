"""Files of meters: three ways to say energy, two kinds of clock, and everything that makes a file unreadable."""

from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.unit.metering.small_meters import BERLIN, collected, judged, kinds, meter, rows_of, uneven, window

from skarb.core.errors import InputError, NotFound
from skarb.metering import Limits, Metered, State, collect
from skarb.metering.model import Method

DAY = date(2026, 4, 20)


def day_of(folder: Path, rows: list[str], header: str, **changes: object) -> Metered:
    return collected(folder, rows, window(DAY, DAY), meter(**changes), header=header)


def test_energy_comes_in_watt_hours_kilowatt_hours_and_as_a_counter(tmp_path: Path) -> None:
    hours = window(DAY, DAY)
    energy = uneven(24)
    by_wh = collected(tmp_path, rows_of(hours, energy), hours)
    kwh = [f"m1,{hours.at(slot).isoformat()},{wh // 1000}.{wh % 1000:03}" for slot, wh in enumerate(energy)]
    by_kwh = day_of(tmp_path, kwh, "meter,at,kwh")
    total, readings = 5_000_000, []
    for slot in range(25):
        readings.append(f"m1,{hours.at(slot).isoformat()},{total // 1000}.{total % 1000:03}")
        total += energy[slot] if slot < 24 else 0
    by_counter = day_of(tmp_path, readings, "meter,at,counter_kwh")
    for one in (by_wh, by_kwh, by_counter):
        assert one.energy_wh[0].tolist() == energy and set(one.state[0].tolist()) == {State.MEASURED} and not one.faults
    assert day_of(tmp_path, kwh, "meter,at,kwh", multiplier=40).energy_wh.sum() == 40 * sum(energy)
    assert day_of(tmp_path, readings, "meter,at,counter_kwh", multiplier=40).energy_wh.sum() == 40 * sum(energy)


def test_parquet_says_the_same_as_csv(tmp_path: Path) -> None:
    hours = window(DAY, DAY, minutes=15)
    energy = uneven(96)
    at = pa.array([hours.start_s + slot * 900 for slot in range(96)], pa.timestamp("s", "UTC"))
    pq.write_table(pa.table({"meter": ["m1"] * 96, "at": at, "energy_wh": energy}), tmp_path / "m.parquet")
    (found,) = collect([tmp_path / "m.parquet"], [meter(minutes=15)], hours)
    assert found.energy_wh[0].tolist() == energy and found.files[0][0] == "m.parquet" and len(found.files[0][1]) == 64
    pq.write_table(pa.table({"meter": ["m1"], "at": ["2026"], "energy_wh": [1]}), tmp_path / "bad.parquet")
    with pytest.raises(InputError, match=r"bad\.parquet, at: given string, expected instants"):
        collect([tmp_path / "bad.parquet"], [meter()], hours)


@pytest.mark.parametrize(
    ("name", "values", "wh"),
    [
        ("kwh", pa.array([400], pa.int64()), 400_000),
        ("kwh", pa.array([400.1]), 400_100),
        ("energy_wh", pa.array(["400000"]), 400_000),
        ("energy_wh", pa.array([400_000.0]), 400_000),
    ],
)
def test_parquet_may_have_figures_of_any_kind(tmp_path: Path, name: str, values: pa.Array, wh: int) -> None:
    hours = window(DAY, DAY)
    at = pa.array([hours.start_s], pa.timestamp("s", "UTC"))
    pq.write_table(pa.table({"meter": ["m1"], "at": at, name: values}), tmp_path / "m.parquet")
    (found,) = collect([tmp_path / "m.parquet"], [meter()], hours)
    assert found.energy_wh[0, 0] == wh


@pytest.mark.parametrize(
    ("name", "values", "told"),
    [
        ("energy_wh", pa.array([400_000.5]), "truncated"),
        ("energy_wh", pa.array([2**64 - 1], pa.uint64()), "not in range"),
        ("energy_wh", pa.array([-(2**63)]), "row 2, energy_wh: given -9223372036854775808 Wh"),
        ("energy_wh", pa.array(["much"]), "much"),
        ("kwh", pa.array([400.1004]), "given 400.1004 kWh; expected a Parquet file of intervals, exact to the watt-hour"),
    ],
)
def test_parquet_with_figures_that_are_not_whole_watt_hours_is_refused(
    tmp_path: Path, name: str, values: pa.Array, told: str
) -> None:
    hours = window(DAY, DAY)
    at = pa.array([hours.start_s], pa.timestamp("s", "UTC"))
    pq.write_table(pa.table({"meter": ["m1"], "at": at, name: values}), tmp_path / "m.parquet")
    with pytest.raises(InputError, match=told):
        collect([tmp_path / "m.parquet"], [meter()], hours)


def test_rows_may_be_in_any_order_and_outside_of_the_month(tmp_path: Path) -> None:
    wide = window(date(2026, 4, 19), date(2026, 4, 21))
    rows = rows_of(wide, uneven(72))
    found = collected(tmp_path, rows[::-1], window(DAY, DAY))
    assert found.energy_wh[0].tolist() == uneven(72)[24:48] and not found.faults


def test_clock_times_that_come_twice_are_two_hours(tmp_path: Path) -> None:
    autumn = date(2026, 10, 25)
    hours = window(autumn, autumn, BERLIN)
    rows = [f"m1,{hours.at(slot):%Y-%m-%dT%H:%M},{1000 + slot}" for slot in range(25)]
    found = collected(tmp_path, rows, hours)
    assert found.energy_wh[0].tolist() == [1000 + slot for slot in range(25)] and not found.faults
    lacking = collected(tmp_path, rows[:3] + rows[4:], hours)
    assert lacking.state[0, 3] == State.GAP and lacking.energy_wh[0, 2] == 1002
    thrice = collected(tmp_path, [*rows, rows[2]], hours)
    assert thrice.energy_wh[0, 2] == 1002 and kinds(thrice) == {"duplicate": 1}
    with_offset = collected(tmp_path, rows_of(hours, range(25)), hours)
    assert with_offset.energy_wh[0].tolist() == list(range(25))


def test_a_time_that_clocks_leave_out_is_refused(tmp_path: Path) -> None:
    spring = date(2026, 3, 29)
    hours = window(spring, spring, BERLIN)
    rows = [f"m1,{hours.at(slot):%Y-%m-%dT%H:%M},{slot}" for slot in range(23)]
    assert collected(tmp_path, rows, hours).energy_wh[0].tolist() == list(range(23))
    with pytest.raises(InputError, match=r"row 4, at: given '2026-03-29T02:00', expected a time that exists in Europe/Berlin"):
        collected(tmp_path, [*rows[:2], "m1,2026-03-29T02:00,7", *rows[2:]], hours)


@pytest.mark.parametrize(
    ("header", "row", "message"),
    [
        ("meter,at", "m1,2026-04-20T00:00+03:00", "row 1: given columns"),
        ("meter,at,kwh,energy_wh", "m1,2026-04-20T00:00+03:00,1,1", "row 1: given columns"),
        ("meter,at,kwh,colour", "m1,2026-04-20T00:00+03:00,1,red", "row 1: given columns"),
        ("meter,at,energy_wh", "m1,yesterday,1", "row 2, at: given 'yesterday'"),
        ("meter,at,energy_wh", "m1,2026-04-20T00:00+03:00,1.5", "row 2, energy_wh: given '1.5', expected whole"),
        ("meter,at,kwh", "m1,2026-04-20T00:00+03:00,1.0005", "row 2, kwh: given '1.0005', expected kWh, exact to the watt-hour"),
        ("meter,at,kwh", "m1,2026-04-20T00:00+03:00,NaN", "row 2, kwh: given 'NaN'"),
        ("meter,at,energy_wh", "m1,2026-04-20T00:00+03:00", "row 2: given 2 fields, expected 3"),
        ("meter,at,energy_wh", ",2026-04-20T00:00+03:00,1", "row 2, meter: given nothing"),
        ("meter,at,energy_wh", "m1,2026-04-20T00:07+03:00,1", "row 2, at: given 2026-04-20T00:07:00"),
        ("meter,at,energy_wh,minutes", "m1,2026-04-20T00:00+03:00,1,15", "row 2, minutes: given 15 for meter m1, expected 60"),
        ("meter,at,energy_wh,minutes", "m1,2026-04-20T00:00+03:00,1,", "row 2, minutes: given nothing"),
        ("meter,at,energy_wh,estimated", "m1,2026-04-20T00:00+03:00,1,maybe", "row 2, estimated: given 'maybe'"),
        ("meter,at,energy_wh", "m1,2026-04-20T00:00+03:00,9000000000000000", "row 2, energy_wh: given 9000000000000000 Wh"),
    ],
)
def test_a_row_that_cannot_be_read_is_named(header: str, row: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=message.replace("+", r"\+")):
        day_of(tmp_path, [row], header)


def test_the_row_is_named_deep_in_a_file(tmp_path: Path) -> None:
    hours = window()
    rows = rows_of(hours, uneven(len(hours)))
    rows[500] = rows[500].rsplit(",", 1)[0] + ",much"
    with pytest.raises(InputError, match=r"meters\.csv row 502, energy_wh: given 'much'"):
        collected(tmp_path, rows, hours)


def test_files_that_are_cut_empty_or_not_there(tmp_path: Path) -> None:
    path = tmp_path / "m.csv"
    for content, message in (
        (b"meter,at,energy_wh\nm1,2026-04-20T00:00+03:00,1", "ends in the middle of a line"),
        (b"", "ends in the middle of a line"),
        (b"meter,at,energy_wh\n", "given no rows"),
        (b"\xff\xfe\n", "no text"),
    ):
        path.write_bytes(content)
        with pytest.raises(InputError, match=message):
            collect([path], [meter()], window(DAY, DAY))
    with pytest.raises(NotFound, match="there is no such file"):
        collect([tmp_path / "none.csv"], [meter()], window(DAY, DAY))


def test_meters_that_nobody_knows_are_told(tmp_path: Path) -> None:
    hours = window(DAY, DAY)
    found = collected(tmp_path, [*rows_of(hours, uneven(24)), *rows_of(hours, uneven(24), "m9")], hours)
    assert kinds(found) == {"unknown_meter": 24} and found.faults[0].meter == "m9"
    assert found.energy_wh.sum() == sum(uneven(24))


def test_meters_of_two_lengths_are_two_tables(tmp_path: Path) -> None:
    hours, quarters = window(DAY, DAY), window(DAY, DAY, minutes=15)
    path = tmp_path / "m.csv"
    path.write_text(
        "meter,at,energy_wh\n" + "\n".join([*rows_of(hours, uneven(24)), *rows_of(quarters, uneven(96), "m2")]) + "\n"
    )
    quarter, hour = collect([path], [meter(), meter("m2", minutes=15)], hours)
    assert (quarter.energy_wh.sum(), hour.energy_wh.sum()) == (sum(uneven(96)), sum(uneven(24)))


def test_one_meter_is_not_read_in_two_ways(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("meter,at,energy_wh\nm1,2026-04-20T00:00+03:00,1\n")
    (tmp_path / "b.csv").write_text("meter,at,counter_kwh\nm1,2026-04-20T00:00+03:00,1\n")
    with pytest.raises(InputError, match=r"b\.csv: meter m1 is given as counter and as energy"):
        collect([tmp_path / "a.csv", tmp_path / "b.csv"], [meter()], window(DAY, DAY))


def test_a_counter_that_misses_readings_keeps_its_sum(tmp_path: Path) -> None:
    hours = window(DAY, DAY)
    rows = [f"m1,{hours.at(slot).isoformat()},{100 + slot * slot}" for slot in range(25) if slot not in (5, 6, 7)]
    found = day_of(tmp_path, rows, "meter,at,counter_kwh")
    assert found.energy_wh.sum() == 24 * 24 * 1000 and found.energy_wh[0, 4:8].sum() == (64 - 16) * 1000
    assert set(found.state[0, 4:8].tolist()) == {State.SPREAD} and not found.estimated(0).any()
    assert set(found.method[0, 4:8].tolist()) == {Method.SPREAD}


def test_a_counter_rolls_over_or_runs_backwards(tmp_path: Path) -> None:
    hours = window(DAY, DAY)
    start = 99_999_990
    rolling = [f"m1,{hours.at(slot).isoformat()},{(start + slot) % 10**8}" for slot in range(25)]
    found = day_of(tmp_path, rolling, "meter,at,counter_kwh")
    assert found.energy_wh[0].tolist() == [1000] * 24 and kinds(found) == {"rolled_over": 1}
    backwards = [f"m1,{hours.at(slot).isoformat()},{1000 + slot - (500 if slot >= 12 else 0)}" for slot in range(25)]
    found = day_of(tmp_path, backwards, "meter,at,counter_kwh")
    assert set(found.state[0, 10:13].tolist()) == {State.BACKWARDS} and kinds(found) == {"backwards": 3}
    assert found.energy_wh[0].sum() == 21_000


@pytest.mark.parametrize(("slot", "reading"), [(12, 1000), (12, 1030), (12, -7), (12, 10**9)])
def test_one_wrong_reading_of_a_counter_changes_no_sum(tmp_path: Path, slot: int, reading: int) -> None:
    hours = window(DAY, DAY)
    rows = [f"m1,{hours.at(n).isoformat()},{reading if n == slot else 1000 + n}" for n in range(25)]
    found = judged(day_of(tmp_path, rows, "meter,at,counter_kwh"), limits=Limits(neighbours_hours=3))
    assert found.energy_wh[0].tolist() == [1000] * 24 and found.faults


def test_what_is_spread_between_readings_and_what_nobody_read_is_told(tmp_path: Path) -> None:
    hours = window(DAY, DAY)
    rows = [f"m1,{hours.at(n).isoformat()},{1000 + n},{'yes' if n == 12 else 'no'}" for n in range(0, 25, 6)]
    found = day_of(tmp_path, rows, "meter,at,counter_kwh,estimated")
    assert kinds(found) == {"declared": 1, "spread": 24} and found.energy_wh[0].sum() == 24_000


def test_where_no_meter_is_registered_all_are_strangers(tmp_path: Path) -> None:
    hours = window(DAY, DAY)
    path = tmp_path / "m.csv"
    path.write_text("\n".join(["meter,at,energy_wh", *rows_of(hours, uneven(24))]) + "\n")
    (found,) = collect([path], [], hours)
    assert kinds(found) == {"unknown_meter": 24} and not found.meters
    judged(found)


def test_figures_that_no_meter_counts_are_refused_or_set_aside(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"row 2: given 900000000000000 Wh times 1000000, expected less"):
        day_of(tmp_path, ["m1,2026-04-20T00:00+03:00,900000000000000"], "meter,at,energy_wh", multiplier=10**6)
    rows = ["m1,2026-04-20T00:00+03:00,0", "m1,2026-04-20T01:00+03:00,900000000000"]
    found = day_of(tmp_path, rows, "meter,at,counter_kwh", multiplier=10**6, digits=12)
    assert found.state[0, 0] == State.SPIKE and kinds(found) == {"spike": 1} and not found.energy_wh.any()
    with pytest.raises(InputError, match="expected the beginning of an interval"):
        day_of(tmp_path, ["m1,0001-01-01T00:07+03:00,1"], "meter,at,energy_wh")


def test_of_many_strangers_some_are_named_and_all_counted(tmp_path: Path) -> None:
    hours = window(DAY, DAY)
    rows = [f"x{number:03},{hours.at(0).isoformat()},1" for number in range(50)]
    found = collected(tmp_path, rows, hours)
    assert len(found.faults) == 21 and kinds(found) == {"unknown_meter": 50} and found.faults[-1].told.figures["meters"] == 30

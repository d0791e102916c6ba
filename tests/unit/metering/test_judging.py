"""Every planted fault is found; what is missing is estimated with its method, or there is no bill."""

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from tests.unit.metering.small_meters import collected, judged, kinds, meter, rows_of, uneven, window

from skarb.metering import Limits, Metered, Method, State, estimate, refusals, remark, share_estimated, validate


@pytest.fixture
def month(tmp_path: Path):  # type: ignore[no-untyped-def]
    """Return April of a meter in which some hours are replaced or left out."""

    def made(
        changes: dict[int, int | None], now: datetime | None = None, extra: tuple[str, ...] = (), limits: Limits | None = None
    ) -> Metered:
        hours = window()
        energy = uneven(len(hours))
        rows = [row for slot, row in enumerate(rows_of(hours, energy)) if slot not in changes]
        rows += [f"m1,{hours.at(slot).isoformat()},{wh}" for slot, wh in changes.items() if wh is not None]
        return judged(collected(tmp_path, [*rows, *extra], hours, now=now), limits=limits)

    return made


def test_every_planted_fault_is_found(month) -> None:
    at = window().at(300).isoformat()
    found = month(
        {10: None, 20: -5, 30: 5_000_000}, extra=(f"m1,{at},1", f"m1,{window().at(301).isoformat()},{uneven(720)[301]}")
    )
    assert kinds(found) == {"gap": 1, "negative": 1, "spike": 1, "conflict": 1, "duplicate": 1, "estimated": 4}
    assert [State(found.state[0, slot]) for slot in (10, 20, 30, 300, 301)] == [
        State.GAP, State.NEGATIVE, State.SPIKE, State.CONFLICT, State.MEASURED,
    ]  # fmt: skip
    assert not found.unknown(0).any() and (found.energy_wh[0] > 0).all()


def test_an_honest_month_has_no_faults(month) -> None:
    found = month({})
    assert not found.faults and not found.estimated(0).any() and refusals(found, 0, Limits()) == []


def test_what_is_not_over_yet_is_not_believed(month) -> None:
    now = datetime(2026, 4, 29, 21, tzinfo=UTC)  # midnight in Minsk
    found = month({}, now=now)
    assert kinds(found)["future"] == 24 and set(found.state[0, 696:].tolist()) == {State.FUTURE}


def test_the_same_figure_for_a_day_is_told_and_kept(month) -> None:
    found = month(dict.fromkeys(range(100, 130), 950000))
    assert kinds(found) == {"stuck": 30} and found.energy_wh[0, 100:130].tolist() == [950_000] * 30


def test_a_short_gap_is_a_straight_line(month) -> None:
    found = month({99: 100, 100: None, 101: None, 102: 400})
    assert found.energy_wh[0, 99:103].tolist() == [100, 200, 300, 400]
    assert found.method[0, 100:102].tolist() == [Method.NEIGHBOURS] * 2


def test_a_long_gap_is_the_same_hour_of_other_weeks(month) -> None:
    found = month(dict.fromkeys(range(200, 212)))
    energy = uneven(720)
    for slot in range(200, 212):
        others = [energy[other] for other in range(slot % 168, 720, 168) if not 200 <= other < 212]
        assert found.energy_wh[0, slot] == (2 * sum(others) + len(others)) // (2 * len(others))
    assert share_estimated(found, 0) == Fraction(12, 720)


def test_devices_fill_a_gap_scaled_to_the_meter(tmp_path: Path) -> None:
    hours = window()
    energy = [1_050_000 + slot % 7 for slot in range(720)]
    found = collected(tmp_path, [row for slot, row in enumerate(rows_of(hours, energy)) if not 200 <= slot < 212], hours)
    told = np.full(720, 1_000_000, np.int64)
    validate(found, {"m1": 2_000_000}, Limits())
    estimate(found, Limits(), {"m1": told})
    known = sum(energy) - sum(energy[200:212])
    assert found.energy_wh[0, 200] == 1_000_000 * known // (708 * 1_000_000)
    assert set(found.method[0, 200:212].tolist()) == {Method.TELEMETRY}


def test_too_much_that_is_estimated_refuses_the_bill(month) -> None:
    lost = dict.fromkeys(range(0, 100))
    found = month(lost)
    (much,) = refusals(found, 0, Limits())
    assert much == remark("too_much_estimated", meter="m1", share_ppm=138_889, most_ppm=100_000)
    assert refusals(found, 0, Limits(estimated_most=Fraction(2, 10))) == []
    nothing = month(dict.fromkeys(range(720)), extra=(f"m1,{window().at(0).isoformat()},-1",))
    unknown = remark("unknown_intervals", meter="m1", intervals=720, at="2026-04-01T00:00+03:00")
    assert refusals(nothing, 0, Limits())[0] == unknown
    assert not nothing.energy_wh.any() and nothing.unknown(0).all()


def test_estimates_of_the_sender_count_against_the_cap(tmp_path: Path) -> None:
    hours = window()
    rows = [f"{row},{'yes' if slot < 80 else 'no'}" for slot, row in enumerate(rows_of(hours, uneven(720)))]
    found = judged(collected(tmp_path, rows, hours, header="meter,at,energy_wh,estimated"))
    assert share_estimated(found, 0) == Fraction(80, 720) and refusals(found, 0, Limits())
    assert found.energy_wh[0].tolist() == uneven(720)


def test_a_certificate_ends_and_the_next_entry_brings_another(tmp_path: Path) -> None:
    hours = window()
    rows = rows_of(hours, uneven(720))
    first = meter(certified_to=date(2026, 4, 10))
    assert collected(tmp_path, rows, hours, first).valid[0].sum() == 240
    second = meter(valid_from=date(2026, 4, 21))
    both = collected(tmp_path, rows, hours, first, second)
    assert both.valid[0].sum() == 480 and not both.valid[0, 240:480].any()
    ended = meter(valid_to=date(2026, 4, 1) + timedelta(days=4))
    assert collected(tmp_path, rows, hours, ended).valid[0].sum() == 120


def test_a_meter_that_comes_within_the_month_lacks_nothing_before(tmp_path: Path) -> None:
    hours = window()
    rows = rows_of(hours, uneven(720))[240:]
    late = meter(valid_from=date(2026, 4, 11))
    found = judged(collected(tmp_path, rows, hours, late))
    assert not found.faults and not found.unknown(0).any() and found.state[0, 0] == State.ABSENT
    assert found.energy_wh[0].tolist() == [0] * 240 + uneven(720)[240:]
    early = judged(collected(tmp_path, rows_of(hours, uneven(720)), hours, late))
    assert (
        early.energy_wh[0, 0] == uneven(1)[0] and not early.valid[0, :240].any()
    )  # what is handed in counts, without a valid meter

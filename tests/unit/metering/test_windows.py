"""Days of 23, 24 and 25 hours; clock times that come twice or never."""

from datetime import date, datetime

import numpy as np
import pytest
from tests.unit.metering.small_meters import BERLIN, MINSK

from skarb.core.errors import InputError
from skarb.metering import Window, month_of


def test_a_day_has_as_many_intervals_as_its_clock_says() -> None:
    spring, autumn = date(2026, 3, 29), date(2026, 10, 25)
    assert [len(Window(BERLIN, day, day, 60)) for day in (spring, date(2026, 3, 30), autumn)] == [23, 24, 25]
    assert [len(Window(BERLIN, day, day, 15)) for day in (spring, autumn)] == [92, 100]
    assert len(Window(MINSK, spring, spring, 15)) == 96
    hours = Window(BERLIN, autumn, autumn, 60)
    assert hours.minute.tolist()[:5] == [0, 60, 120, 120, 180] and set(hours.day.tolist()) == {hours.day[0]}
    assert hours.weekday[0] == 6 and hours.month[0] == 10 and hours.at(3).isoformat() == "2026-10-25T02:00:00+01:00"


def test_clock_times_come_once_twice_or_never() -> None:
    hours = Window(BERLIN, date(2026, 1, 1), date(2026, 12, 31), 60)
    texts = ("2026-07-01T12:00", "2026-10-25T02:30", "2026-03-29T02:30")
    local = np.array([int(datetime.fromisoformat(one + "+00:00").timestamp()) for one in texts])
    instants, again = hours.from_clock(local)
    assert again.tolist() == [0, 3600, -1]
    assert instants[0] == datetime.fromisoformat("2026-07-01T12:00+02:00").timestamp()
    assert instants[1] == datetime.fromisoformat("2026-10-25T02:30+02:00").timestamp()


def test_months_are_read_strictly() -> None:
    assert month_of("2024-02") == (date(2024, 2, 1), date(2024, 2, 29)) and month_of("2026-12")[1] == date(2026, 12, 31)
    for text in ("2026-13", "2026-1", "04-2026", "", "2026-04-01", "1066-10"):
        with pytest.raises(InputError, match="expected one such as 2026-04"):
            month_of(text)
    with pytest.raises(InputError, match="first day before its last"):
        Window(MINSK, date(2026, 4, 2), date(2026, 4, 1), 60)

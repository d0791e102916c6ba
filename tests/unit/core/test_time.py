"""A legal day is fixed once, in the zone that the law names."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skarb.core.errors import ConfigurationError, InputError
from skarb.core.time import from_day, legal_day, parse_day, to_day, zone


def test_the_day_changes_at_midnight_in_the_zone_and_not_in_utc():
    late = datetime(2026, 1, 15, 21, 30, tzinfo=UTC)
    assert from_day(legal_day(late, "Europe/Minsk")).isoformat() == "2026-01-16"
    assert from_day(legal_day(late, "UTC")).isoformat() == "2026-01-15"


def test_an_offset_in_the_text_does_not_matter():
    moment = datetime(2026, 1, 15, 23, 59, tzinfo=timezone(timedelta(hours=-9)))
    assert legal_day(moment, "Europe/Minsk") == legal_day(moment.astimezone(UTC), "Europe/Minsk")


FIRST, LAST = datetime(1950, 1, 1), datetime(2160, 1, 1)  # noqa: DTZ001 - hypothesis adds the zone
ZONES = ["Europe/Minsk", "Asia/Kathmandu", "America/St_Johns"]


@given(st.datetimes(FIRST, LAST, timezones=st.just(UTC)), st.sampled_from(ZONES))
def test_the_cached_day_is_the_day_of_the_zone(moment, name):
    assert legal_day(moment, name) == to_day(moment.astimezone(zone(name)).date())


@pytest.mark.parametrize("text", ["2026-02-29", "2026-13-01", "2026-1-1", "20260101", "01.02.2026", "", "2026-00-10"])
def test_dates_that_do_not_exist_are_refused(text):
    with pytest.raises(InputError, match="YYYY-MM-DD"):
        parse_day(text)


def test_an_unknown_zone_is_a_clear_error():
    with pytest.raises(ConfigurationError, match="IANA"):
        zone("Europe/Nowhere")

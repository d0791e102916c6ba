from __future__ import annotations

import gzip
from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skarb.core.errors import InputError
from skarb.registers import Freshness, Peg, RateSeries, find_staleness, read_rates
from skarb.registers.freshness import business_days
from skarb.registers.rates import parse_value


def read(text: str, **options: str) -> dict[tuple[str, str], dict[str, str]]:
    file = read_rates(text.encode(), "rates", source="X", **options)
    assert not file.problems, file.problems
    return {(one.base, one.quote): {str(at): value for at, value in one.points} for one in file.series}


def test_the_shapes_of_tables() -> None:
    assert read("date,currency,byn_per_unit\n2024-01-02,USD,3.1775\n2024-01-01,USD,3.1\n") == {
        ("USD", "BYN"): {"2024-01-01": "3.1", "2024-01-02": "3.1775"}
    }
    assert read("currency,byn_per_unit,date\nUSD,3.1775,2024-01-02\n") == {("USD", "BYN"): {"2024-01-02": "3.1775"}}
    assert read("Date,USD,JPY,\n2024-01-03,1.09,N/A,\n2024-01-02,1.1,155,\n") == {
        ("EUR", "USD"): {"2024-01-02": "1.1", "2024-01-03": "1.09"},
        ("EUR", "JPY"): {"2024-01-02": "155"},
    }
    assert read("Date, USD, JPY, \n03 June 2021, 1.2187, 133.81, \n") == {
        ("EUR", "USD"): {"2021-06-03": "1.2187"},
        ("EUR", "JPY"): {"2021-06-03": "133.81"},
    }
    assert read("date,usd_per_byn\n2024-11-01,0.3015499668\n") == {("BYN", "USD"): {"2024-11-01": "0.3015499668"}}


def test_the_shapes_of_the_national_bank() -> None:
    day = '"Cur_ID":456,"Date":"2024-01-01T00:00:00"'
    one = f'{{{day},"Cur_Abbreviation":"RUB","Cur_Scale":100,"Cur_Name":"р","Cur_OfficialRate":3.5010}}'
    assert read(one) == {("RUB", "BYN"): {"2024-01-01": "3.5010/100"}}
    assert read(f"[{one}]") == read(one)
    assert read(f'[{{"request":"https://…","status":200,"body":{one}}}]') == read(one)
    days = [f'{{"Cur_ID":456,"Date":"2024-01-0{at}T00:00:00","Cur_OfficialRate":3.{at + 4}}}' for at in (1, 2)]
    dynamics = f"[{','.join(days)}]"
    assert read(dynamics) == {("RUB", "BYN"): {"2024-01-01": "3.5/100", "2024-01-02": "3.6/100"}}
    old = '{"Cur_ID":145,"Date":"2016-06-30T00:00:00","Cur_Abbreviation":"USD","Cur_Scale":1,"Cur_OfficialRate":20053}'
    assert read(old) == {("USD", "BYR"): {"2016-06-30": "20053"}}


@given(st.from_regex(r"[1-9][0-9]{0,15}\.[0-9]{1,15}", fullmatch=True))
def test_json_numbers_keep_every_digit(number: str) -> None:
    text = f'{{"Cur_ID":431,"Date":"2024-01-01T00:00:00","Cur_OfficialRate":{number}}}'
    ((_, points),) = read(text).items()
    assert Fraction(*parse_value(points["2024-01-01"])) == Fraction(number)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "empty"),
        ("date,currency,byn_per_unit\n", "at least one rate"),
        ("date,currency,byn_per_unit\n2024-02-30,USD,3\n", "row 2, date: given '2024-02-30'"),
        ("date,currency,byn_per_unit\n2024-01-01,usd,3\n", "row 2, currency: given 'usd'"),
        ("date,currency,byn_per_unit\n2024-01-01,USD,-3\n", "given '-3'"),
        ("date,currency,byn_per_unit\n2024-01-01,USD,0.000\n", "given '0.000'"),
        ("date,currency,byn_per_unit\n2024-01-01,USD,1e5\n", "given '1e5'"),
        ("date,currency,byn_per_unit\n2024-01-01,USD,3,1775\n", "3 cells"),
        ("date,currency,byn_per_unit\n2024-01-01,USD\n", "3 cells"),
        ("date,currency,byn_per_unit\n2024-01-01,USD,3\n2024-01-01,USD,4\n", "an earlier row says 3"),
        ("date,usd_per_byn\n2024-01-01,\n", "given ''"),
        ("Date,USD\n2024-01-01,1\n2024-01-01,1\n", "every day once"),
        ("day,value\n2024-01-01,1\n", "a column `date`"),
        ("date,value\n2024-01-01,1\n", "a header such as"),
        ("date,currency,rate\n2024-01-01,USD,1\n", "byn_per_unit"),
        ('date,usd_per_byn\n2024-01-01,"1\n', "comma-separated"),
        ('[{"Cur_ID":431,', "JSON"),
        ('[{"Cur_ID":431}]', "Date"),
        ('[{"Cur_ID":999,"Date":"2024-01-01","Cur_OfficialRate":1}]', "known currency"),
        ('[{"Cur_ID":431,"Date":"2024-01-01","Cur_OfficialRate":null}]', "above zero"),
        ('[{"Cur_ID":431,"Date":"2024-01-01","Cur_OfficialRate":1e999999999}]', "given"),
        ('[{"Cur_ID":431,"Date":"2024-01-01","Cur_OfficialRate":1,"Cur_Colour":2}]', "unknown field"),
        ('[{"Cur_ID":431,"Date":"2024-01-01","Cur_OfficialRate":"1.5x"}]', "Cur_OfficialRate"),
        ('[{"Cur_ID":431,"Date":"2024-01-01","Cur_Scale":0,"Cur_OfficialRate":3}]', "Cur_Scale: given '0'"),
        ("Date, USD, \n31 June 2021, 1.2187, \n", "given '31 June 2021'"),
        ("Date, USD, \n03 juin 2021, 1.2187, \n", "given '03 juin 2021'"),
        ('[{"request":"x","status":404,"body":{}}]', "status 200"),
        ("[" * 100_000, "JSON"),
    ],
)
def test_a_file_with_any_fault_gives_no_rates(text: str, told: str) -> None:
    file = read_rates(text.encode(), "rates.csv", source="X")
    assert not file.series
    assert told in "\n".join(map(str, file.problems)), file.problems


def test_a_dynamics_list_of_an_unknown_number_can_be_named() -> None:
    text = '[{"Cur_ID":999,"Date":"2024-01-01","Cur_Scale":10,"Cur_OfficialRate":1}]'
    assert read(text, currency="SEK") == {("SEK", "BYN"): {"2024-01-01": "1/10"}}


def test_packed_files_are_unpacked_and_torn_ones_named() -> None:
    raw = gzip.compress(b"date,usd_per_byn\n2024-11-01,0.3\n" * 1)
    assert read_rates(raw, "r.gz", source="X").series
    assert "gzip" in str(read_rates(raw[:-8], "r.gz", source="X").problems[0])
    assert "UTF-8" in str(read_rates(b"\xff\xfedate", "r", source="X").problems[0])


@pytest.mark.parametrize("text", ["", "0", "0.0", "-1", "+1", "1,5", "1e3", ".5", "5.", "1/0", "1/2/3", "٣", " 1", "9" * 31])
def test_only_plain_numbers_above_zero_are_values(text: str) -> None:
    with pytest.raises(InputError):
        parse_value(text)


def daily(first: date, values: list[str]) -> RateSeries:
    return RateSeries("X", "USD", "BYN", tuple((first + timedelta(days=place), value) for place, value in enumerate(values)))


def moving(count: int, start: int = 0) -> list[str]:
    return [f"3.{start + place:04}" for place in range(count)]


MONDAY = date(2026, 1, 5)


def test_weekends_and_holidays_repeat_and_are_believed() -> None:
    weeks = [f"3.{week:02}{min(weekday, 4)}1" for week in range(20) for weekday in range(7)]
    assert not find_staleness(daily(MONDAY, weeks), Freshness(), "feed")


@pytest.mark.parametrize(("business", "refused"), [(7, False), (8, False), (9, True), (60, True)])
def test_a_value_may_stand_still_for_eight_business_days(business: int, refused: bool) -> None:
    length = business // 5 * 7 + business % 5 - (2 if business % 5 == 0 else 0)
    values = ["3.9999"] * length
    found = find_staleness(daily(MONDAY, values + moving(30)), Freshness(), "feed")
    assert bool(found) == refused
    if refused:
        last = MONDAY + timedelta(days=length - 1)
        assert f"3.9999 unchanged from {MONDAY} to {last}" in str(found[0])


@pytest.mark.parametrize(("business", "refused"), [(6, False), (7, True)])
def test_the_end_of_a_feed_is_judged_more_strictly(business: int, refused: bool) -> None:
    length = 7 + business - 5
    found = find_staleness(daily(MONDAY - timedelta(days=28), moving(28) + ["3.9999"] * length), Freshness(), "feed")
    assert bool(found) == refused
    assert all("at the end of a feed" in problem.expected for problem in found)


def test_other_spellings_of_one_value_do_not_hide_a_standstill() -> None:
    values = ["3.5", "3.50", "3.500", "35/10"] * 10
    assert find_staleness(daily(MONDAY, values + moving(5)), Freshness(), "feed")


def test_only_days_outside_a_peg_count() -> None:
    series = daily(MONDAY, ["3.9999"] * 40 + moving(5))
    until = MONDAY + timedelta(days=33)
    assert find_staleness(series, Freshness(), "feed")
    assert not find_staleness(series, Freshness(pegs=(Peg("BYN", "USD", MONDAY, until),)), "feed")
    assert find_staleness(series, Freshness(pegs=(Peg("BYN", "USD", MONDAY, MONDAY + timedelta(days=13)),)), "feed")
    assert find_staleness(series, Freshness(pegs=(Peg("EUR", "USD", MONDAY),)), "feed")


def test_a_hole_in_the_days_is_refused_unless_the_feed_says_so_itself() -> None:
    first, later = daily(MONDAY, moving(10)), daily(MONDAY + timedelta(days=30), moving(10, 10))
    series = RateSeries("X", "USD", "BYN", first.points + later.points)
    (problem,) = find_staleness(series, Freshness(), "feed")
    assert "2026-01-14" in problem.given
    assert "2026-02-04" in problem.given
    assert not find_staleness(series, Freshness(), "feed", sparse=True)
    assert not find_staleness(series, Freshness(), "feed", published=[MONDAY + timedelta(days=place) for place in range(40)])


@given(st.dates(date(2000, 1, 1), date(2030, 1, 1)), st.integers(-3, 400))
def test_business_days_are_counted_right(first: date, length: int) -> None:
    last = first + timedelta(days=length)
    counted = sum((first + timedelta(days=place)).weekday() < 5 for place in range(length + 1))
    assert business_days(first, last) == counted

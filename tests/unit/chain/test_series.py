"""Values by day: what is missing stays missing, what stands still is left out, what is between is flagged."""

from __future__ import annotations

import gzip
import io
import json
from fractions import Fraction
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.unit.mining.small_chain import BEGIN, chain

from skarb.chain import Anchor, Point, Series, date_epochs, worst
from skarb.chain.days import ChainDay
from skarb.chain.epochs import read_checkpoints
from skarb.chain.series import assumed, filled, gaps, merge, without_stale
from skarb.chain.series_files import check_blocks, check_days, fees_of, published_fees, read_blocks, read_days
from skarb.core.errors import InputError
from skarb.core.time import from_day, parse_day


def series(**values: str) -> Series:
    """Return prices of January 2024: `d5="100"` is that of the fifth."""
    return Series(
        "price",
        {parse_day(f"2024-01-{int(day[1:]):02}"): Point(Fraction(value), "published", "feed") for day, value in values.items()},
    )


def day(number: int) -> int:
    return parse_day(f"2024-01-{number:02}")


def test_the_worst_ingredient_decides() -> None:
    assert worst(["exact", "interpolated", "published"]) == "interpolated"
    assert worst([]) == "exact"


def test_a_price_that_stands_still_is_left_out_and_told_with_days_and_value() -> None:
    found = without_stale(series(d1="100", d2="101.5", d3="101.5", d4="101.5", d5="99"))
    assert sorted(found.points) == [day(1), day(2), day(5)]
    (problem,) = found.problems
    assert problem.field == "2024-01-02 to 2024-01-04" and "101.5 on 3 days" in problem.given


def test_two_equal_days_and_equal_days_with_a_hole_between_are_no_frozen_feed() -> None:
    assert not without_stale(series(d1="5", d2="5", d4="5", d5="5")).problems


def test_the_latest_value_must_not_be_old() -> None:
    known = series(d1="100", d2="101")
    assert known.latest(day(4))[1].value == 101
    with pytest.raises(InputError, match="stale on 2024-01-06: the last value is of 2024-01-02, 4 days old"):
        known.latest(day(6))
    with pytest.raises(InputError, match="nothing is known"):
        known.latest(day(1) - 1)


def test_gaps_are_bridged_only_when_short_and_say_so() -> None:
    known = series(d1="100", d4="130", d20="200")
    assert gaps(known) == [(day(2), day(3)), (day(5), day(19))]
    found = filled(known, 3)
    assert found.points[day(2)].value == 110 and found.points[day(3)].value == 120
    assert found.points[day(2)].quality == "interpolated" and "2024-01-01" in found.points[day(2)].source
    assert day(10) not in found.points


def test_what_is_supposed_fills_the_rest_and_is_flagged() -> None:
    found = assumed(series(d2="7"), day(1), day(3), Fraction(5), "as asked for")
    assert [found.points[day(number)].value for number in (1, 2, 3)] == [5, 7, 5]
    assert found.points[day(1)].quality == "assumed"


def test_the_better_source_wins_and_disagreement_is_told_once() -> None:
    exact = Series("fees", {day(1): Point(Fraction(100), "exact", "blocks")})
    other = Series("fees", {day(1): Point(Fraction(120), "published", "web"), day(2): Point(Fraction(9), "published", "web")})
    for order in ([exact, other], [other, exact]):
        found = merge("fees", order)
        assert found.points[day(1)].source == "blocks" and found.points[day(2)].value == 9
        assert len(found.problems) == 1


CSV = "date,close\n2024-01-01,42000.5\n2024-01-02,43000\n"


def test_prices_are_read_exactly_also_packed() -> None:
    for data in (CSV.encode(), gzip.compress(CSV.encode()), b"\xef\xbb\xbf" + CSV.encode()):
        found = read_days(data, "p.csv").prices
        assert [point.value for point in found.points.values()] == [Fraction("42000.5"), 43000]
        assert {point.quality for point in found.points.values()} == {"published"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("date,close\n2024-01-02,1\n2024-01-01,2\n", "p.csv line 3: given 2024-01-01 out of order"),
        ("date,close\n2024-01-02,1\n2024-01-02,2\n", "line 3: given 2024-01-02 twice"),
        ("date,close\n2024-02-30,1\n", "line 2: date '2024-02-30'"),
        ("date,close\n2024-01-02,1e5e\n", "line 2, close: given '1e5e'"),
        ("date,close\n2024-01-02,-5\n", "line 2, close: given '-5'"),
        ("date,price\n2024-01-02,5\n", "expected `date` and `close`"),
        ("date,close\n2024-01-02\n2024-01-03,3\n", "line 2: given more or fewer fields"),
        ("date,close\n2024-01-02,2\n2024-01-03,x\n", "line 3, close"),
    ],
)
def test_rows_that_cannot_be_read_name_their_line(text: str, expected: str) -> None:
    with pytest.raises(InputError, match=expected):
        read_days(text.encode(), "p.csv")


def test_a_packed_file_that_was_cut_is_refused() -> None:
    with pytest.raises(InputError, match="damaged gzip"):
        read_days(gzip.compress(CSV.encode() * 100)[:-20], "p.csv.gz")


def test_a_gap_is_told_and_its_days_are_missing() -> None:
    found = read_days(b"date,close\n2024-01-01,1\n2024-01-05,2\n2024-01-06,\n2024-01-07,3\n", "p.csv").prices
    assert sorted(found.points) == [day(1), day(5), day(7)]
    assert [problem.field for problem in found.problems] == ["2024-01-02 to 2024-01-04", "2024-01-06"]


def blocks(first: int = 0, count: int = 400, **changed: object) -> bytes:
    rows = {
        "height": list(range(first, first + count)),
        "time": [BEGIN + 600 * number for number in range(count)],
        "totalfee": [1000 + number for number in range(count)],
        "subsidy": [5_000_000_000] * count,
        "blockhash": [f"{number:064x}" for number in range(count)],
    }
    target = io.BytesIO()
    pq.write_table(pa.table(rows | changed), target)
    return target.getvalue()


def test_fees_of_days_that_lie_in_the_file_as_a_whole() -> None:
    found = read_blocks(blocks(), "b.parquet")
    known = fees_of(found)
    first = BEGIN // 86_400
    whole = [number for number in range(400) if (BEGIN + 600 * number) // 86_400 == first + 1]
    assert known.points[first + 1] == Point(Fraction(sum(1000 + number for number in whole), len(whole)), "exact", "b.parquet")
    assert first not in known.points and (BEGIN + 600 * 399) // 86_400 not in known.points
    assert [anchor.height for anchor in found.anchors] == [0]


@pytest.mark.parametrize(
    "form", [pa.timestamp("s"), pa.timestamp("us"), pa.timestamp("ns", "UTC"), pa.timestamp("ms", "Europe/Minsk")]
)
def test_times_of_blocks_may_be_timestamps(form: pa.DataType) -> None:
    seconds = [BEGIN, BEGIN + 600, BEGIN + 599, BEGIN + 86_400]  # a miner's clock may be behind the one before
    told = pa.array(seconds, pa.timestamp("s", form.tz)).cast(form)
    assert list(read_blocks(blocks(count=4, time=told), "b.parquet").times) == seconds


def test_a_hash_rate_gives_the_difficulty_back_and_days_may_be_written_with_midnight() -> None:
    told = "time,PriceUSD,FeeTotNtv,BlkCnt,HashRate\n2019-01-01T00:00:00.000000000Z,3.7e3,1.5e-1,150,42000000\n2019-01-02 00:00:00,3800,2,150,\n"
    found = read_days(told.encode(), "cm.csv")
    days = sorted(found.prices.points)
    assert [from_day(day).isoformat() for day in days] == ["2019-01-01", "2019-01-02"]
    assert found.prices.points[days[0]].value == 3700 and found.fees.points[days[0]].value == 100_000
    assert found.difficulties == {days[0]: Fraction(42_000_000 * 10**12 * 86_400, 150 * 2**32)}
    with pytest.raises(InputError, match="line 2: date"):
        read_days(told.replace("T00:00:00.0", "T01:00:00.0").encode(), "cm.csv")
    with pytest.raises(InputError, match="or `HashRate`"):  # a coin of nobody's work, such as one that follows the dollar
        read_days(b"time,PriceUSD,FeeTotNtv,BlkCnt\n2019-01-01,1.01,1,1\n", "cm.csv")


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"height": [0, 1, 2, 4]}, "row 4: given height 4, expected 3"),
        ({"height": [3, 2, 1, 0]}, "row 2: given height 2, expected 4"),
        ({"subsidy": [5_000_000_000, 1, 5_000_000_000, 5_000_000_000]}, "row 2: given subsidy 1"),
        ({"totalfee": [1, 2, -3, 4]}, "row 3: given subsidy 5000000000 and fees -3"),
        ({"totalfee": [0.5, 1.0, 1.5, 2.0]}, "expected whole numbers"),
    ],
)
def test_block_statistics_that_cannot_be_are_refused(changed: dict[str, object], expected: str) -> None:
    with pytest.raises(InputError, match=expected):
        read_blocks(blocks(count=4, **changed), "b.parquet")
    with pytest.raises(InputError, match="expected Parquet"):
        read_blocks(b"PAR1 nothing", "b.parquet")


def test_blocks_of_another_chain_do_not_fit_the_list() -> None:

    listed = read_checkpoints(json.dumps(chain().checkpoints).encode(), "list.json")
    check_blocks(read_blocks(blocks(), "b.parquet"), listed)
    with pytest.raises(InputError, match="block 7 has the hash f"):
        check_blocks(read_blocks(blocks(count=8, blockhash=[*["0" * 64] * 7, "f" * 64]), "b.parquet"), listed)
    last = blocks(2015, 1, blockhash=["1" * 2 + "0" * 62])
    with pytest.raises(InputError, match="block 2015"):
        check_blocks(read_blocks(last, "b.parquet"), listed)


def test_a_file_of_another_coin_is_told_by_its_difficulty(tmp_path: Path) -> None:

    from tests.unit.mining.small_chain import write

    folder = write(tmp_path / "small")
    epochs = date_epochs(read_checkpoints((folder / "checkpoints.json").read_bytes()), [Anchor(0, BEGIN, "first")])
    own = read_days((folder / "btc.csv").read_bytes(), "btc.csv")
    check_days(own, epochs)
    lines = (folder / "btc.csv").read_text().splitlines()
    foreign = [lines[0], *(f"{line.rpartition(',')[0]},{float(line.rpartition(',')[2]) * 3}" for line in lines[1:])]
    with pytest.raises(InputError, match="of another coin"):
        check_days(read_days("\n".join(foreign).encode(), "other.csv"), epochs)


def test_published_fees_of_a_day_are_divided_by_its_blocks() -> None:
    number = parse_day("2023-12-31")
    chain_of_day = ChainDay(number, 823_000, Fraction(1), Fraction(1), Fraction(150), "exact")
    found = published_fees({number: chain_of_day})
    assert found.points[number] == Point(Fraction("354.4") * 10**8 / 150, "published", "Blockchain.com charts")
    assert found.points[parse_day("2022-10-01")].quality == "assumed"
    assert parse_day("2023-12-30") not in found.points

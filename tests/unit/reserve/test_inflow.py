"""Files of inflows are read whole or not at all, and cost what a published rate says."""

from __future__ import annotations

from datetime import date

import pytest

from skarb.core.errors import InputError, NotFound, Unavailable
from skarb.registers.rates import RateBook, RateSeries
from skarb.reserve import Inflow, read_inflows, worth_of

HEADER = "id,day,miner,kind,asset,units,source\n"
LINE = "b1/1,2026-03-01,m1,levy,BYN,12345,b1/1\n"


def inflow(**fields: object) -> Inflow:
    given = {
        "id": "a",
        "day": "2026-03-01",
        "miner": "m1",
        "kind": "own_mining",
        "asset": "BTC",
        "units": 150,
        "source": "p/1",
        **fields,
    }
    return Inflow(**given)  # type: ignore[arg-type]


def test_lines_are_read_and_the_same_line_twice_is_one() -> None:
    found = read_inflows(HEADER + LINE + LINE + "p7,2026-03-02,own,own_mining,BTC,30,payout 7\n", "in.csv")
    assert [one.id for one in found] == ["b1/1", "p7"]
    assert found[0].units == 12345


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "row 1"),
        (HEADER, "no line"),
        ("id,day\n", "row 1"),
        (HEADER + LINE.rstrip("\n"), "cut"),
        (HEADER + LINE.replace("12345", "-5"), "units"),
        (HEADER + LINE.replace("12345", "0"), "units"),
        (HEADER + LINE.replace("12345", "1.5"), "units"),
        (HEADER + LINE.replace("12345", "9" * 30), "units"),
        (HEADER + LINE.replace("levy", "gift"), "kind"),
        (HEADER + LINE.replace("BYN", "ETH"), "asset"),
        (HEADER + LINE.replace("2026-03-01", "2026-02-30"), "day"),
        (HEADER + LINE.replace("2026-03-01", "20260301"), "day"),
        (HEADER + LINE.replace("m1", ""), "miner"),
        (HEADER + LINE.replace("m1", " m1"), "miner"),
        (HEADER + LINE.replace("b1/1,2", ",2"), "id"),
        (HEADER + LINE + LINE.replace("12345", "12346"), "one content for one id"),
        (HEADER + LINE.replace(",BYN", ""), "6 fields"),
        (HEADER + '"open,\n', "comma-separated"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_taken(text: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        read_inflows(text, "in.csv")


def test_what_a_corrected_bill_gives_back_is_no_inflow() -> None:
    text = (
        HEADER
        + LINE
        + LINE.replace("b1/1,2", "b1/2,2").replace("12345", "-45")
        + LINE.replace("b1/1,2", "b1/2,2").replace("12345", "-45")
    )
    with pytest.raises(InputError, match="--refunds"):
        read_inflows(text, "in.csv")
    refunds: list[Inflow] = []
    assert [one.units for one in read_inflows(text, "in.csv", refunds)] == [12345]
    assert [(one.id, one.units) for one in refunds] == [("b1/2", 45)]
    for wrong in ("--5", "-", "-0", "-1.5"):
        with pytest.raises(InputError, match="units"):
            read_inflows(HEADER + LINE.replace("12345", wrong), "in.csv", [])


def test_what_is_given_back_has_one_content_for_one_id() -> None:
    back = LINE.replace("12345", "-45")
    again = back.replace("-45", "-46")
    refunds: list[Inflow] = []
    assert read_inflows(HEADER + back + back, "in.csv", refunds) == [] and len(refunds) == 1
    for other in (back + again, LINE + back, back + LINE):
        with pytest.raises(InputError, match="one content for one id"):
            read_inflows(HEADER + other, "in.csv", [])


def test_all_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(InputError) as error:
        read_inflows(HEADER + LINE.replace("levy", "gift") + LINE.replace("12345", "x"), "in.csv")
    assert "row 2" in str(error.value) and "row 3" in str(error.value)


def test_a_cost_is_rounded_half_up_to_the_kopeck_and_names_its_rate() -> None:
    rates = RateBook(10)
    rates.add(RateSeries("nb", "BTC", "BYN", ((date(2026, 2, 27), "250000.5"),)))
    worth = worth_of(inflow(units=100_000_000), rates)
    assert (worth.cost_byn, worth.rate_source, worth.rate_day) == (25_000_050, "nb", "2026-02-27")
    assert worth_of(inflow(units=2), rates).cost_byn == 1, "0.005 BYN and a little, half up"
    assert worth_of(inflow(units=1), rates).cost_byn == 0, "0.0025 BYN"
    assert worth_of(inflow(asset="BYN", units=77), rates).cost_byn == 77


def test_a_rate_through_the_dollar_is_exact() -> None:
    rates = RateBook(10, (), ("USD",))
    rates.add(RateSeries("x", "BTC", "USD", ((date(2026, 3, 1), "90000.1"),)))
    rates.add(RateSeries("nb", "USD", "BYN", ((date(2026, 3, 1), "3.2978"),)))
    assert worth_of(inflow(units=10**8), rates).cost_byn == round(900001 * 32978 * 100 / 10**5)


def test_without_a_fresh_rate_there_is_no_cost() -> None:
    rates = RateBook(3)
    with pytest.raises(NotFound, match="no rate of BTC"):
        worth_of(inflow(), rates)
    rates.add(RateSeries("nb", "BTC", "BYN", ((date(2026, 2, 20), "250000"),)))
    with pytest.raises(Unavailable, match="days old"):
        worth_of(inflow(), rates)

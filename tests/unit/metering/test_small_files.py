"""Payouts, statements, devices, networks, prices and schedules: exact, strict, each fault with its row."""

from fractions import Fraction
from pathlib import Path

import pytest

from skarb.core.errors import InputError, NotFound
from skarb.core.time import parse_day
from skarb.metering import read_network, read_payouts, read_posted, read_prices, read_samples, read_schedule

READERS = {
    "payouts": read_payouts,
    "posted": lambda path: read_posted(path, "Europe/Minsk"),
    "samples": read_samples,
    "network": read_network,
    "prices": lambda path: read_prices(path, "BYN"),
    "schedule": read_schedule,
}


def test_a_statement_of_a_book_is_read_by_day_of_effect(tmp_path: Path) -> None:
    path = tmp_path / "statement.csv"
    path.write_text(
        "line,effective,recorded,change,counter,amount,balance,available,instruction\n"
        ",,,opening,,,0.00000000,0.00000000,\n"
        "1,2026-04-01T23:30:00+03:00,2026-04-02T09:00:00+03:00,created,pool,0.02204489,0.02204489,0.02204489,t1\n"
        "2,2026-04-01T21:30:00+00:00,2026-04-02T09:00:00+03:00,posted,pool,0.00000001,0.02204490,0.02204490,t2\n"
        "3,2026-04-02T12:00:00+03:00,2026-04-02T09:00:00+03:00,pending,pool,5.00000000,0.02204490,0.02204490,t3\n"
        "4,2026-04-02T12:00:00+03:00,2026-04-02T09:00:00+03:00,created,pool,-0.00000011,0.02204479,0.02204479,t4\n"
        ",,,closing,,,0.02204479,0.02204479,\n"
    )
    assert read_posted(path, "Europe/Minsk") == {parse_day("2026-04-01"): 2_204_489, parse_day("2026-04-02"): 1}


def test_numbers_are_exact(tmp_path: Path) -> None:
    path = tmp_path / "n.csv"
    path.write_text("day,difficulty,reward_sat\n2026-04-01,1.0852264762929816e14,312500000.25\n")
    found = read_network(path)[parse_day("2026-04-01")]
    assert (found.difficulty, found.reward_sat) == (Fraction("108522647629298.16"), Fraction("312500000.25"))
    path.write_text("day,btc_byn\n2026-04-01,190000.123456789\n")
    assert read_prices(path, "BYN") == {parse_day("2026-04-01"): Fraction("190000.123456789")}


def test_hours_of_surplus_are_those_that_the_plan_calls_so(tmp_path: Path) -> None:
    path = tmp_path / "s.csv"
    path.write_text(
        "at,site,blocks,power_w,reason\n2026-04-01T00:00+03:00,a,1,5,surplus\n2026-04-01T01:00+03:00,a,1,5,gas\n2026-04-01T00:00+03:00,b,1,5,gas\n"
    )
    assert read_schedule(path) == {"a": frozenset({1_774_990_800}), "b": frozenset()}


@pytest.mark.parametrize(
    ("kind", "content", "message"),
    [
        ("payouts", "id,day,site,scheme,sat\na,2026-04-01,s,fpps,1\na,2026-04-02,s,solo,1\n", "row 3, id: given 'a', expected one of its own"),
        ("payouts", "id,day,site,scheme,sat\na,2026-04-31,s,fpps,1\n", "row 2, day"),
        ("payouts", "id,day,site,scheme,sat\na,2026-04-01,s,pps,1\n", "row 2, scheme: given 'pps'"),
        ("payouts", "id,day,site,scheme,sat\na,2026-04-01,s,fpps,0.5\n", "row 2, sat: given '0.5', expected a whole number"),
        ("payouts", "id,day,site,scheme,sat\na,2026-04-01,s,fpps,-1\n", "row 2, sat: given '-1'"),
        ("payouts", "id,day,site,scheme,sat\na,2026-04-01,s,fpps,2100000000000001\n", "row 2, sat"),
        ("payouts", "id,day,site,scheme,sat\na,2026-04-01,s,fpps\n", "row 2: given 4 fields, expected 5"),
        ("payouts", "id,day,site,scheme,sat\na,2026-04-01,s,fpps,1", "it seems to be cut"),
        ("payouts", "id,day\n", "row 1: given columns 'id, day'"),
        ("posted", "day,amount\n", "expected day, sat or those of a statement"),
        ("posted", "line,effective,change,amount\n1,sometime,created,1\n", "row 2, effective: given 'sometime'"),
        ("posted", "line,effective,change,amount\n1,2026-04-01,created,0.000000001\n", "expected BTC to the satoshi"),
        ("samples", "site,device,at,minutes,hashrate_gh_s,power_w\ns,d,2026-04-01T00:00,60,1,1\n", "row 2, at: given '2026-04-01T00:00'"),
        ("samples", "site,device,at,minutes,hashrate_gh_s,power_w\ns,d,2026-04-01T00:00Z,0,1,1\n", "row 2, minutes: given 0"),
        ("samples", "site,device,at,minutes,hashrate_gh_s,power_w\n" + 2 * "s,d,2026-04-01T00:00Z,60,1,1\n", "row 3: given device 'd'"),
        ("network", "day,difficulty,reward_sat\n2026-04-01,0,1\n", "row 2: given difficulty 0"),
        ("network", "day,difficulty,reward_sat\n2026-04-01,1e999999999,1\n", "row 2, difficulty: given '1e999999999'"),
        ("network", "day,difficulty,reward_sat\n2026-04-01,nan,1\n", "row 2, difficulty: given 'nan'"),
        ("network", "day,difficulty,reward_sat\n" + 2 * "2026-04-01,1,1\n", "a day stands twice"),
        ("prices", "day,btc_usd\n2026-04-01,1\n", "expected day, btc_byn"),
        ("prices", "day,btc_byn\n2026-04-01,0\n", "row 2, btc_byn: given '0', expected more than nought"),
        ("prices", "day,btc_byn\n" + 2 * "2026-04-01,1\n", "a day stands twice"),
        ("schedule", "at,site\n", "expected at, site, blocks, power_w, reason"),
    ],
)  # fmt: skip
def test_a_fault_is_named_with_its_row(kind: str, content: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    path.write_text(content)
    with pytest.raises(InputError) as found:
        READERS[kind](path)
    assert message in str(found.value) and "f.csv" in str(found.value)


@pytest.mark.parametrize("kind", READERS)
def test_a_file_that_is_not_there_or_no_text(kind: str, tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        READERS[kind](tmp_path / "none.csv")
    (tmp_path / "b.csv").write_bytes(b"\xff\xfe\n")
    with pytest.raises(InputError, match="no text"):
        READERS[kind](tmp_path / "b.csv")
    (tmp_path / "c.csv").write_bytes(b"\n")
    with pytest.raises(InputError, match="row 1"):
        READERS[kind](tmp_path / "c.csv")

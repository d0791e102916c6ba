"""`skarb mine`: answers with their inputs, errors with their place, a report that needs nothing else."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.unit.mining.small_chain import chain, write

from skarb.app.power import inputs_of

CASE = {
    "inputs": {
        "difficulty": "100000000000000", "subsidy": "3.125", "fee_per_block": "0.1", "btc_usd": "60000", "j_per_th": "20",
        "pue": "1.1", "uptime": "0.9", "pool_fee": "0.02", "usd_per_kwh": "0.04",
    },
    "expected": {"th_per_mw": "45454.5454545455"},
}  # fmt: skip


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("mine") / "data")


def test_one_moment_from_numbers(skarb) -> None:
    words = ("--difficulty", "108522647629298.16", "--fee", "0.0931", "--price", "93450", "--format", "json")
    found = skarb("mine", "economics", *words)
    assert found.code == 0
    whole = json.loads(found.out)
    figures = {row["figure"]: row["value"] for row in whole["answer"]}
    assert figures["hashprice_usd_ph_day"] == "55.7458242907058"
    assert {row["input"] for row in whole["inputs"]} >= {"difficulty", "pue", "usd_per_kwh"}


def test_a_missing_number_is_not_guessed(skarb) -> None:
    found = skarb("mine", "economics", "--difficulty", "1000")
    assert found.code == 3 and "--price: given 'nothing'" in found.err
    for words in (("--pue", "0.9"), ("--uptime", "95"), ("--pool-fee", "2%"), ("--usd-kwh", "-1")):
        assert skarb("mine", "economics", "--difficulty", "1000", "--price", "5", *words).code == 3


def test_cases_are_held_to_twelve_digits(skarb, tmp_path: Path) -> None:
    path = tmp_path / "cases.json"
    path.write_text(json.dumps([CASE]))
    assert skarb("mine", "economics", "--cases", path).code == 0
    path.write_text(json.dumps([{**CASE, "expected": {"th_per_mw": "45454.5454555"}}]))
    found = skarb("mine", "economics", "--cases", path, "--format", "csv")
    assert found.code == 9
    assert [row["agrees"] for row in found.rows if row["figure"] == "th_per_mw"] == ["no"]


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        ({**CASE, "expected": {"luck": "7"}}, "case 1: expects luck"),
        ({**CASE, "expected": {"th_per_mw": "NaN"}}, "case 1, th_per_mw: expects 'NaN'"),
        ({**CASE, "expected": {"th_per_mw": "much"}}, "case 1, th_per_mw: expects 'much'"),
        ({"inputs": {**CASE["inputs"], "pue": "x"}}, "case 1, pue"),
        ({"inputs": {name: value for name, value in CASE["inputs"].items() if name != "uptime"}}, "case 1, uptime"),
        ({"inputs": {**CASE["inputs"], "weather": "1"}}, "case 1, weather"),
        ({"inputs": {**CASE["inputs"], "pue": 1.05}}, "numbers as text"),
    ],
)
def test_cases_that_cannot_be_read(skarb, tmp_path: Path, case: dict[str, object], expected: str) -> None:
    path = tmp_path / "cases.json"
    path.write_text(json.dumps([case]))
    found = skarb("mine", "economics", "--cases", path)
    assert found.code == 3 and expected in " ".join(found.err.split())


def test_one_moment_of_a_day(skarb, data: Path) -> None:
    found = skarb("mine", "economics", data, "--at", "2012-05-01", "--machine", "s9", "--format", "json")
    assert found.code == 0
    inputs = {row["input"]: row for row in json.loads(found.out)["inputs"]}
    assert inputs["price"]["source"] == "btc.csv, 2012-05-01" and inputs["price"]["how_good"] == "published"
    assert inputs["fees"]["value"] == "0.05" and inputs["subsidy"]["value"] == "50"
    late = skarb("mine", "economics", data, "--at", "2012-11-01")
    assert late.code == 3 and "stale on 2012-11-01: the last value is of 2012-09-30, 32 days old" in " ".join(late.err.split())


def test_difficulties(skarb, data: Path) -> None:
    found = skarb("mine", "difficulty", data / "checkpoints.json", "--format", "csv")
    assert found.code == 0
    assert len(found.rows) == 101
    assert found.rows[0]["began_utc"] == "2009-01-03 18:15:05" and found.rows[0]["dated"] == "exact"
    one = skarb("mine", "difficulty", data, "--height", "100000", "--format", "csv")
    assert [row["epoch"] for row in one.rows] == ["49"]
    assert skarb("mine", "difficulty", data, "--at", "2031-01-01").code == 3


def test_hashprices_by_day_and_by_year_tell_how_good_they_are(skarb, data: Path) -> None:
    days = skarb("mine", "hashprice", data, "--from", "2012-03-01", "--to", "2012-03-05", "--by", "day", "--format", "csv")
    assert [row["date"] for row in days.rows] == [f"2012-03-0{number}" for number in range(1, 6)]
    # One of the days has an adjustment, and nobody knows at what hour: dates without known blocks around are assumed.
    assert [row["quality"] for row in days.rows].count("published") >= 4
    years = skarb("mine", "hashprice", data, "--by", "year", "--format", "csv").rows
    assert [row["date"] for row in years] == ["2010", "2011", "2012"] and years[1]["days"] == "365"
    assert skarb("mine", "hashprice", data, "--from", "2020-01-01").code == 3


def test_a_day_without_fees_is_missing_unless_they_are_supposed(skarb, tmp_path: Path) -> None:
    folder = write(tmp_path / "data")
    lines = (folder / "btc.csv").read_text().splitlines()
    cut = [line if line < "2012-01-01" or line[0] == "t" else line.replace(",7.2,", ",,") for line in lines]
    (folder / "btc.csv").write_text("\n".join(cut) + "\n")
    words = ("mine", "hashprice", folder, "--by", "year", "--format", "csv")
    missing, supposed = skarb(*words), skarb(*words, "--assumed-fee", "0.02")
    assert (
        [row["date"] for row in missing.rows] == ["2010", "2011"]
        and "266 days" in missing.err
        and "the list of checkpoints ends on 2012-09-22" in missing.err
    )
    assert supposed.rows[-1]["date"] == "2012" and supposed.rows[-1]["quality"] == "assumed"


def test_the_past_is_tried_in_whole_cents(skarb, data: Path) -> None:
    found = skarb("mine", "backtest", data, "--from", "2010", "--machines", "s9", "--usd-kwh", "0.05", "--format", "csv")
    assert found.code == 0 and found.rows == []  # nobody had such machines then
    assert skarb("mine", "backtest", data, "--machines", "abacus").code == 4
    assert skarb("mine", "backtest", data, "--usd-kwh", "cheap").code == 3


def test_a_fleet_stands(skarb, data: Path) -> None:
    found = skarb("mine", "standing", data, "--fleet", "s9=1000,s21=10", "--usd-kwh", "0.05", "--format", "csv")
    assert [row["machine"] for row in found.rows] == ["s9", "s21", "all"]
    assert found.rows[0]["power_mw"] == "1.389" and found.rows[-1]["count"] == "1010"
    assert 0 <= int(found.rows[0]["hours_month"]) <= 694
    for fleet in ("s9", "s9=0", "s9=many", "s9=1;s21=2", "s9=" + "9" * 5000):
        assert skarb("mine", "standing", data, "--fleet", fleet).code == 3


def test_mining_against_what_else_a_megawatt_hour_could_do(skarb, data: Path) -> None:
    found = skarb("mine", "compare", data, "--fleet", "s21=1", "--format", "json")
    whole = json.loads(found.out)
    assert {row["against"] for row in whole["answer"]} == {
        "nuclear",
        "gas_combined_cycle",
        "gas_steam",
        "electric_boilers",
        "export",
    }
    assert {row["better"] for row in whole["answer"]} <= {"yes", "no", "depends"}
    power = inputs_of("by")
    for name, figure in (("nuclear", "nuclear_cost"), ("electric_boilers", "boiler_value"), ("export", "export_price")):
        told = next(row for row in whole["inputs"] if row["input"] == name)
        one = power.figure(figure)
        assert [1000 * int(told[end]) for end in ("low", "value", "high")] == [one.low, one.value, one.high]
        assert (told["source"], told["how_good"], told["unit"]) == (one.source, one.certainty, one.unit)
    hundred = json.loads(skarb("mine", "compare", data, "--fleet", "s21=100", "--format", "json").out)
    for one, other in zip(whole["answer"], hundred["answer"], strict=True):
        assert float(other["fleet_usd_hour"]) == pytest.approx(float(one["mining_leaves_usd_mwh"]) * 0.3675, rel=1e-3)
    assert skarb("mine", "compare", data, "--country", "xx").code == 4


def test_the_consumption_of_the_network(skarb, data: Path, tmp_path: Path) -> None:
    path = tmp_path / "machines.csv"
    path.write_text("Miner_name,UNIX_date_of_release,Efficiency_J_Gh,Qty\nA,1230768000,100,1\n")
    words = ("mine", "footprint", data, "--listed", path, "--from", "2011-01-01", "--format", "csv")
    found = skarb(*words)
    assert [row["date"] for row in found.rows] == ["2011", "2012"] and "of 2009-01-01" in found.err
    assert all(float(row["twh_year"]) > 0 for row in found.rows)
    path.write_text("Miner_name,UNIX_date_of_release,Efficiency_J_Gh,Qty\n")
    assert skarb(*words).code == 3


DRAW = ("--window", "2010-08-01", "--count", "20", "--years", "1", "--machines", "s21", "--usd-kwh", "0.05")


def test_scenarios_are_the_same_for_a_seed(skarb, data: Path, tmp_path: Path) -> None:
    one = skarb("mine", "scenarios", data, *DRAW, "--format", "json")
    again = skarb("mine", "scenarios", data, *DRAW, "--format", "json")
    other = skarb("mine", "scenarios", data, *DRAW, "--seed", "2", "--format", "json")
    assert one.code == 0 and one.out == again.out != other.out
    inputs = {row["input"]: row for row in json.loads(one.out)["inputs"]}
    assert inputs["growth"]["how_good"] == "fitted" and inputs["fees to come"]["how_good"] == "assumed"
    given = skarb("mine", "scenarios", data, *DRAW, "--growth", "0.01", "--output", tmp_path / "s.parquet")
    assert given.code == 0 and pq.read_table(tmp_path / "s.parquet").num_rows == 1
    assert "growth 0.01" in given.err
    assert skarb("mine", "scenarios", data, *DRAW, "--count", "0").code == 2
    assert skarb("mine", "scenarios", data, "--window", "2012-06-01").code == 3


@pytest.mark.parametrize("language", ["be", "ru", "en"])
def test_a_report_needs_nothing_else(skarb, language: str, tmp_path: Path) -> None:
    folder = write(tmp_path / "data")
    (folder / "modern.csv").write_text("nothing,known\n1,2\n")
    found = skarb("mine", "report", folder, *DRAW, "--out", tmp_path / "out", "--in", language)
    # Machines of the catalogue came later than this small chain ends, so there is no curve to draw.
    assert found.code == 3 and "2016" in found.err


def test_damaged_files_are_refused_by_name_and_passed_over_in_folders(skarb, data: Path, tmp_path: Path) -> None:
    text = (data / "checkpoints.json").read_bytes()
    (tmp_path / "cut.json").write_bytes(text[:1000])
    found = skarb("mine", "difficulty", tmp_path / "cut.json")
    assert found.code == 3 and "cut.json" in found.err
    pairs = chain().checkpoints
    (tmp_path / "headless.json").write_text(json.dumps(pairs[1:]))
    found = skarb("mine", "difficulty", tmp_path / "headless.json")
    assert found.code == 3 and "must begin with the first epoch" in " ".join(found.err.split())
    assert skarb("mine", "difficulty", tmp_path / "nowhere.json").code == 4
    assert skarb("mine", "difficulty", data / "checkpoints.json", "--last", "0").code == 2
    assert skarb("mine", "hashprice", data / "btc.csv").code == 3
    assert re.search("no file of prices", " ".join(skarb("mine", "hashprice", data / "checkpoints.json").err.split()))


def test_prices_of_another_coin_are_refused_by_name_and_passed_over_in_folders(skarb, tmp_path: Path) -> None:
    folder = write(tmp_path / "data")
    rows = [line.split(",") for line in (folder / "btc.csv").read_text().splitlines()[1:]]
    (folder / "another.csv").write_text("date,close\n" + "".join(f"{row[0]},{float(row[1]) / 7}\n" for row in rows))
    words = ("mine", "hashprice", "--by", "year", "--format", "csv")
    found = skarb(*words, folder)
    assert found.code == 0 and "passed over: another.csv" in found.err
    named = skarb(*words, folder / "another.csv", folder / "btc.csv", folder / "checkpoints.json")
    assert named.code == 3 and "of another coin or in another currency" in " ".join(named.err.split())


def test_the_input_that_decides_stands_on_top(skarb, data: Path) -> None:
    found = skarb("mine", "sensitivity", data, *DRAW, "--format", "csv")
    assert found.code == 0 and {row["machine"] for row in found.rows} == {"s21"}
    swings = [abs(int(row["npv_50_at_high"]) - int(row["npv_50_at_low"])) for row in found.rows]
    assert swings == sorted(swings, reverse=True)
    rows = {row["input"]: row for row in found.rows}
    assert set(rows) == {"pue", "uptime", "pool_fee", "machine_usd_th", "site_usd_mw", "rate", "thrift", "drift", "growth"}
    assert (
        int(rows["machine_usd_th"]["npv_50_at_low"])
        > int(rows["machine_usd_th"]["npv_50"])
        > int(rows["machine_usd_th"]["npv_50_at_high"])
    )
    site = rows["site_usd_mw"]
    assert int(site["npv_50_at_low"]) - int(site["npv_50_at_high"]) == pytest.approx(200_000, abs=2)
    assert len({row["npv_50"] for row in found.rows}) == 1


def test_what_is_varied_goes_out_from_what_was_asked(skarb, data: Path) -> None:
    words = ("--pue", "1.2", "--rate", "0.5", "--growth", "0.01")
    rows = {row["input"]: row for row in skarb("mine", "sensitivity", data, *DRAW, *words, "--format", "csv").rows}
    assert (rows["pue"]["base"], rows["rate"]["base"], rows["rate"]["high"]) == ("1.2", "0.5", "0.5")
    assert (rows["growth"]["low"], rows["growth"]["base"], rows["growth"]["high"]) == ("0", "0.01", "0.02")
    assert rows["rate"]["npv_50_at_high"] == rows["rate"]["npv_50"]
    told = skarb("mine", "scenarios", data, *DRAW, *words, "--format", "csv").rows
    assert {row["npv_50"] for row in rows.values()} == {told[0]["npv_50"]}


def test_what_cannot_be_drawn_is_refused(skarb, data: Path) -> None:
    for words in (
        ("--seed", "-1"), ("--drift", "nan"), ("--drift", "1e9"), ("--growth", "inf"), ("--thrift", "1"),
        ("--count", "100000", "--years", "20", "--usd-kwh", "0.03,0.05"),
    ):  # fmt: skip
        assert skarb("mine", "scenarios", data, *DRAW, *words).code == 2, words
    for words in (("standing", "--fleet", "s21=1"), ("scenarios", *DRAW)):
        refused = skarb("mine", words[0], data, *words[1:], "--pool-fee", "1")
        assert refused.code == 3 and "a share below 1" in " ".join(refused.err.split())


def test_economics_overwrites_no_file_and_passes_over_no_number(skarb, tmp_path: Path) -> None:
    folder = write(tmp_path / "data")
    prices = (folder / "btc.csv").read_text()
    named = (folder / "checkpoints.json", folder / "btc.csv")
    assert skarb("mine", "economics", *named, "--output", folder / "btc.csv").code == 3
    assert (folder / "btc.csv").read_text() == prices
    for words in (
        (*named, "--difficulty", "1"),
        (*named, "--price", "1"),
        ("--difficulty", "1", "--price", "1", "--at", "2012-01-01"),
    ):
        assert skarb("mine", "economics", *words).code == 2, words


def test_damaged_files_are_refused_with_their_place(skarb, tmp_path: Path) -> None:
    folder = write(tmp_path / "data")
    lines = (folder / "btc.csv").read_text().splitlines()
    listed = folder / "checkpoints.json"
    for last, told in ((lines[9] + ",7", "line 10"), (lines[9].rpartition(",")[0], "line 10")):
        (tmp_path / "bad.csv").write_text("\n".join([*lines[:9], last]) + "\n")
        refused = skarb("mine", "hashprice", listed, tmp_path / "bad.csv")
        assert refused.code == 3 and told in refused.err
    (tmp_path / "old.csv").write_text("date,close\n2009-02-01,1.5\n2009-02-02,1.6\n")
    assert skarb("mine", "hashprice", listed, tmp_path / "old.csv", "--assumed-fee", "0.1").code == 3
    (tmp_path / "twice.csv").write_text("date,close,close\n2012-01-05,9,8\n")
    refused = skarb("mine", "hashprice", listed, tmp_path / "twice.csv")
    assert refused.code == 3 and "a column twice" in refused.err
    (tmp_path / "deep.json").write_text('[["' + "0" * 64 + '",' + "[" * 100_000 + "]" * 100_000 + "]]")
    assert skarb("mine", "difficulty", tmp_path / "deep.json").code == 3
    pairs = json.loads(listed.read_text())
    (tmp_path / "long.json").write_text(json.dumps(pairs[:1])[:-2] + "9" * 5000 + "]]")
    refused = skarb("mine", "difficulty", tmp_path / "long.json")
    assert refused.code == 3 and "entry 1" in refused.err
    header = "Miner_name,UNIX_date_of_release,Efficiency_J_Gh\n"
    for row in ("a,99999999999999999999,0.1", "a,1300000000,nan", "a,1300000000,-1"):
        (tmp_path / "machines.csv").write_text(f"{header}{row}\n")
        refused = skarb("mine", "footprint", folder, "--listed", tmp_path / "machines.csv")
        assert refused.code == 3 and "machines.csv line 2" in refused.err, row


@pytest.mark.parametrize(
    ("column", "value"), [("height", None), ("time", None), ("blockhash", None), ("blockhash", "zz"), ("height", -1)]
)
def test_block_statistics_with_a_hole_are_refused(skarb, data: Path, tmp_path: Path, column: str, value: object) -> None:
    row = {"height": 0, "time": 1231006505, "totalfee": 0, "subsidy": 50 * 10**8, "blockhash": "0" * 64} | {column: value}
    types = [
        ("height", pa.int64()),
        ("time", pa.int64()),
        ("totalfee", pa.int64()),
        ("subsidy", pa.int64()),
        ("blockhash", pa.string()),
    ]
    pq.write_table(pa.table({name: pa.array([row[name]], kind) for name, kind in types}), tmp_path / "blocks.parquet")
    refused = skarb("mine", "hashprice", data / "checkpoints.json", data / "btc.csv", tmp_path / "blocks.parquet")
    assert refused.code == 3 and "blocks.parquet row 1" in refused.err


def test_free_electricity_keeps_every_machine_running(skarb, data: Path, tmp_path: Path) -> None:
    (tmp_path / "machines.csv").write_text("Miner_name,UNIX_date_of_release,Efficiency_J_Gh\na,1200000000,10\nb,1200000000,20\n")
    words = ("--listed", tmp_path / "machines.csv", "--from", "2010-08-01", "--format", "csv")
    free = skarb("mine", "footprint", data, *words, "--usd-kwh", "0")
    assert free.code == 0 and free.rows == skarb("mine", "footprint", data, *words, "--usd-kwh", "0.000000001").rows


def test_a_gzip_that_unpacks_to_more_than_days_can_be_is_refused(skarb, data: Path, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("skarb.chain.series_files._MOST_BYTES", 1000)
    (tmp_path / "large.csv.gz").write_bytes(gzip.compress(b"date,close\n" + b" " * 1000))
    refused = skarb("mine", "hashprice", data / "checkpoints.json", tmp_path / "large.csv.gz")
    assert refused.code == 3 and "more than 1000 bytes" in " ".join(refused.err.split())


def test_being_paid_to_be_off_is_set_against_the_coins(skarb) -> None:
    network = ("--difficulty", "108520000000000", "--fee", "0.0931", "--price", "93450")
    words = ("mine", "forgone", "1000", "70000", *network, "--machine", "s19", "--usd-kwh", "0.03", "--uptime", "1")
    found = {one["figure"]: one["value"] for one in skarb(*words, "--format", "csv").rows}
    coins_sat = int(1000 * 10**6 * 3600 / 1.05 / 34.2 * 1e12 * (3.125 + 0.0931) * 1e8 / (108520000000000 * 2**32) * 0.98)
    assert abs(int(found["coins_sat"]) - coins_sat) <= 1 and found["credit_cents"] == "7000000"
    assert int(found["left_cents"]) == 7_000_000 + 3_000_000 - int(found["coins_cents"]) > 0
    assert skarb("mine", "forgone", "-1", "5", *network).code == 3 and skarb("mine", "forgone", "1", "x", *network).code == 3
    assert skarb("mine", "forgone", "0", "5", *network, "--format", "csv").rows[4]["value"] == ""

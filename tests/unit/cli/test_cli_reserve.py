"""`skarb reserve`: value, risk, stress, draw-downs and rules from files, errors with their place, a report that needs nothing else."""

from __future__ import annotations

import gzip
import json
import re
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from skarb.core.time import from_day, to_day

FIRST, LAST = to_day(date(2019, 1, 1)), to_day(date(2022, 12, 31))


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four years of prices, two days of hours, a week of rates, holdings, months of inflow."""
    folder = tmp_path_factory.mktemp("reserve")
    draw = np.random.default_rng(5)
    closes = 9000 * np.exp(np.cumsum(0.035 * draw.standard_t(4, LAST - FIRST + 1) / 1.4))
    rows = [f"{from_day(day)},{close:.2f}" for day, close in zip(range(FIRST, LAST + 1), closes, strict=True)]
    (folder / "prices.csv").write_text("\n".join(["date,close", *rows]) + "\n")
    start, price = LAST * 86_400, float(closes[-1])
    hours = [
        f"x,{start + 3600 * hour},{price * 0.9:.2f},{price * 1.1:.2f},{price:.2f},{price:.2f},{10 + hour},{(10 + hour) * price * 1.01:.4f}"
        for hour in range(24)
    ]
    (folder / "hours.csv").write_text("\n".join(["date,unix,low,high,open,close,volume,vol_fiat", *hours]) + "\n")
    rates = [f"{from_day(day)},USD,{2.7 + 0.001 * (day % 7):.4f}" for day in range(LAST - 900, LAST + 3)]
    (folder / "rates.csv").write_text("\n".join(["date,currency,byn_per_unit", *rates]) + "\n")
    (folder / "holdings.csv").write_text(
        "lot,day,asset,units,cost_byn\nA,2021-05-01,BTC,123456789,500000\nB,2022-01-01,BTC,1,1\nC,2022-02-01,BYN,12345,12345\n"
    )
    months = [f"{year}-{month:02},{10**8 + month},2000,500" for year in range(2019, 2023) for month in range(1, 13)]
    (folder / "months.csv").write_text("\n".join(["month,inflow_sat,electricity_cents,owed_cents", *months]) + "\n")
    return folder


def flat(text: str) -> str:
    return " ".join(text.split())


def test_value_at_the_last_hour(skarb, data: Path) -> None:
    files = [data / name for name in ("prices.csv", "hours.csv", "rates.csv", "holdings.csv")]
    found = skarb("reserve", "value", *files, "--market", "Some Exchange", "--format", "json")
    assert found.code == 0
    whole = json.loads(found.out)
    rows = {row["basis"]: row for row in whole["answer"]}
    assert (rows["moment"]["level"], rows["moment"]["source"]) == (1, "Some Exchange, mean of the hour") and rows["close"][
        "level"
    ] == 2
    assert rows["moment"]["known_at"] == "2023-01-01T00:00Z"
    sums = [float(rows[name]["value_usd"]) for name in ("moment", "after_sale_best", "after_sale", "after_sale_worst")]
    assert sums == sorted(sums, reverse=True) and len({*sums}) == 4
    inputs = {row["input"]: row for row in whole["inputs"]}
    assert inputs["official_rate"]["source"].startswith("NBRB, 2023-01-0") and inputs["daily_volume"]["how_good"] == "low"
    lots = skarb("reserve", "value", *files, "--lots", "--format", "csv").rows
    assert [row["lot"] for row in lots] == ["A", "B", "C"] and lots[2]["value_byn"] == "123.45"
    for column in ("value_usd", "value_byn"):
        assert round(sum(float(row[column]) for row in lots), 2) == float(rows["moment"][column])
    assert skarb("reserve", "value", *files).code == 0


def test_value_falls_back_and_says_why(skarb, data: Path) -> None:
    files = [data / name for name in ("prices.csv", "hours.csv", "holdings.csv")]
    (files[-1].parent / "coins.csv").write_text("lot,day,asset,units,cost_byn\nA,2021-05-01,BTC,100000000,500000\n")
    files[-1] = files[-1].parent / "coins.csv"
    second = skarb("reserve", "value", *files, "--at", "2022-06-01T12:00+00:00", "--format", "csv").rows
    assert second[0]["level"] == "2" and "has no hour before" in second[0]["why"] and second[0]["value_byn"] == ""
    third = skarb("reserve", "value", *files, "--at", "2023-01-05T00:00+00:00", "--format", "csv").rows
    assert third[0]["level"] == "3" and third[0]["quality"] == "assumed" and int(third[3]["haircut_ppm"]) > 130_000
    stale = skarb("reserve", "value", *files, "--at", "2023-03-01")
    assert stale.code == 3 and "stale" in stale.err and "load newer prices" in flat(stale.err)
    zone = skarb("reserve", "value", *files, "--at", "2022-06-01T03:00", "--format", "csv").rows
    assert zone[0]["known_at"] == "2022-06-01T00:00Z" and zone[0]["age_hours"] == "0"


def test_a_rate_that_is_too_old_is_refused(skarb, data: Path, tmp_path: Path) -> None:
    lines = (data / "rates.csv").read_text().splitlines()
    (tmp_path / "old.csv").write_text("\n".join(lines[:400]) + "\n")
    found = skarb("reserve", "value", data / "prices.csv", data / "holdings.csv", tmp_path / "old.csv")
    assert found.code == 6 and "load newer rates" in flat(found.err)
    (tmp_path / "frozen.csv").write_text(
        "date,currency,byn_per_unit\n" + "".join(f"{from_day(LAST - day)},USD,2.7\n" for day in range(60, -1, -1))
    )
    frozen = skarb("reserve", "value", data / "prices.csv", data / "holdings.csv", tmp_path / "frozen.csv")
    assert frozen.code == 3 and "the feed froze" in flat(frozen.err)


def test_risk_in_money_with_its_tests(skarb, data: Path, tmp_path: Path) -> None:
    files = [data / "prices.csv", data / "holdings.csv", data / "rates.csv"]
    rows = skarb("reserve", "risk", *files, "--window", "250", "--format", "csv").rows
    assert len(rows) == 18 and {row["level"] for row in rows} == {"95%", "97.5%", "99%"}
    assert all("comparison only" in row["verdict"] for row in rows if row["method"] == "normal")
    one = next(row for row in rows if row["method"] == "historical" and row["level"] == "99%" and row["horizon_days"] == "1")
    assert int(one["days"]) == LAST - FIRST - 250 and float(one["var_byn"]) > float(one["var_usd"]) > 0
    years = skarb("reserve", "risk", *files, "--window", "250", "--by-year", "--horizon", "1", "--format", "csv").rows
    assert sum(int(row["violations"]) for row in years if (row["method"], row["level"]) == ("historical", "99%")) == int(
        one["violations"]
    )
    since = skarb("reserve", "risk", *files, "--window", "250", "--since", "2022-01-01", "--horizon", "1", "--format", "csv").rows
    assert since[0]["days"] == "365"
    double = skarb(
        "reserve",
        "risk",
        data / "prices.csv",
        "--window",
        "250",
        "--coins",
        "2",
        "--level",
        "99",
        "--horizon",
        "1",
        "--methods",
        "filtered",
        "--format",
        "csv",
    )
    single = skarb(
        "reserve",
        "risk",
        data / "prices.csv",
        "--window",
        "250",
        "--level",
        "99",
        "--horizon",
        "1",
        "--methods",
        "filtered",
        "--format",
        "csv",
    )
    assert float(double.rows[0]["var_usd"]) == pytest.approx(2 * float(single.rows[0]["var_usd"]), abs=0.02)
    assert skarb("reserve", "risk", *files, "--currency", "BYN", "--window", "100").code == 0
    target = tmp_path / "risk.parquet"
    assert (
        skarb("reserve", "risk", *files, "--window", "250", "--output", target).code == 0 and pq.read_table(target).num_rows == 18
    )


def test_cases_are_held_to_what_they_expect(skarb, data: Path, tmp_path: Path) -> None:
    rows = skarb(
        "reserve",
        "risk",
        data / "prices.csv",
        "--window",
        "100",
        "--level",
        "95",
        "--horizon",
        "1",
        "--since",
        "2018-01-01",
        "--format",
        "csv",
    ).rows
    path = tmp_path / "cases.json"
    path.write_text(json.dumps({"HS 100d 0.05": {"days": int(rows[0]["days"]), "violations": int(rows[0]["violations"])}}))
    assert skarb("reserve", "risk", data / "prices.csv", "--cases", path).code == 0
    path.write_text(json.dumps({"FHS 100d 0.05": {"violations": -1}, "max_drawdown_from_running_peak": {"2020": 0}}))
    found = skarb("reserve", "risk", data / "prices.csv", "--cases", path, "--format", "csv")
    assert found.code == 9 and [row["agrees"] for row in found.rows] == ["no", "no"]
    for text in (
        "[]",
        "{",
        '{"HS x": {}}',
        '{"XX 5d 0.1": {}}',
        '{"HS 100d 2": {"days": 1}}',
        '{"HS 100d 0.1": {"luck": 1}}',
        '{"HS 9999d 0.1": {"days": 1}}',
        '{"HS 100d 0.1": {"days": "1"}}',
    ):
        path.write_text(text)
        assert skarb("reserve", "risk", data / "prices.csv", "--cases", path).code == 3, text
    assert skarb("reserve", "risk", data / "prices.csv", "--cases", tmp_path / "none.json").code == 4


def test_stress(skarb, data: Path) -> None:
    rows = skarb(
        "reserve",
        "stress",
        data / "prices.csv",
        data / "rates.csv",
        data / "holdings.csv",
        data / "months.csv",
        "--format",
        "csv",
    ).rows
    assert [row["kind"] for row in rows].count("past") == 4 and {"scenario", "alone"} <= {row["kind"] for row in rows}
    by_name = {row["name"]: row for row in rows if row["kind"] == "scenario"}
    assert (
        float(by_name["devaluation"]["change_usd"]) < 0 < float(by_name["devaluation"]["change_byn"])
    )  # kopecks are worth fewer cents
    assert int(by_name["fall_of_2018"]["months_of_inflow"]) > int(by_name["fall_of_2022"]["months_of_inflow"]) > 0
    alone = skarb("reserve", "stress", data / "prices.csv", "--month-btc", "0.5", "--format", "csv").rows
    assert alone[0]["after_byn"] == "" and alone[0]["months_of_inflow"] != ""
    assert skarb("reserve", "stress", data / "prices.csv").code == 0


def test_drawdown(skarb, data: Path) -> None:
    rows = skarb("reserve", "drawdown", data / "prices.csv", "--count", "2", "--format", "csv").rows
    assert [row["year"] for row in rows] == ["2019", "2020", "2021", "2022", "", ""]
    assert float(rows[4]["depth"]) <= min(float(row["depth"]) for row in rows[:4]) + 1e-12
    assert skarb("reserve", "drawdown", data / "prices.csv").code == 0


def test_rules(skarb, data: Path) -> None:
    words = ("reserve", "rules", data / "prices.csv", data / "months.csv", "--from", "2019-08", "--months", "12")
    ranked = skarb(*words, "--format", "json")
    whole = json.loads(ranked.out)
    finals = [float(row["final_50_usd"]) for row in whole["answer"]]
    assert finals == sorted(finals, reverse=True) and len(finals) == 7 and {row["starts"] for row in whole["answer"]} == {29}
    assert {row["input"] for row in whole["inputs"]} >= {"inflow", "fee", "horizon"} and "electricity_share" not in {
        row["input"] for row in whole["inputs"]
    }
    each = skarb(*words, "--each", "--format", "csv").rows
    assert len(each) == 7 * 29
    for row in each:
        assert int(row["inflow_sat"]) + int(row["bought_sat"]) == int(row["sold_sat"]) + int(row["held_sat"])
        bills, paid, budget = (round(100 * float(row[f"{name}_usd"])) for name in ("bills", "paid_by_reserve", "paid_by_budget"))
        assert bills == paid + budget == 12 * 2500
    years = skarb(*words, "--by-start", "--rules", "hold,all", "--format", "csv").rows
    assert sum(int(row["starts"]) for row in years) == 58
    constant = skarb(
        "reserve", "rules", data / "prices.csv", "--rules", "pay", "--months", "6", "--electricity-usd", "10", "--format", "csv"
    )
    assert constant.code == 0 and constant.rows[0]["paid_by_reserve"] == "100.00%"
    assert skarb("reserve", "rules", data / "prices.csv", "--months", "24").code == 0


def test_lines_of_inflow_are_summed_by_month_each_id_once(skarb, data: Path, tmp_path: Path) -> None:
    rows = [
        f"i{year}{month},{year}-{month:02}-15,m1,levy,BTC,{10**8},b"
        for year in (2020, 2021)
        for month in range(1, 13)
        if month != 6
    ]
    path = tmp_path / "inflow.csv"
    header = "id,day,miner,kind,asset,units,source"
    path.write_text("\n".join([header, *rows, rows[0], "x,2020-03-03,m1,profit_tax,BYN,500,b"]) + "\n")
    found = skarb("reserve", "rules", data / "prices.csv", path, "--rules", "hold", "--months", "24", "--each", "--format", "csv")
    assert [row["inflow_sat"] for row in found.rows] == [str(22 * 10**8)] and "1 lines are not in BTC" in found.err
    path.write_text("\n".join([header, rows[0], rows[0].replace("100000000", "5")]) + "\n")
    empty = tmp_path / "empty.csv"
    empty.write_text(header + "\n")
    nothing = skarb("reserve", "rules", data / "prices.csv", empty)
    assert nothing.code == 3 and "no inflow in BTC" in flat(nothing.err)
    twice = skarb("reserve", "rules", data / "prices.csv", path)
    assert twice.code == 3 and "with another content" in flat(twice.err)


def test_the_report_needs_nothing_else(skarb, data: Path, tmp_path: Path) -> None:
    files = [data / name for name in ("prices.csv", "hours.csv", "rates.csv", "holdings.csv")]
    found = skarb(
        "reserve",
        "report",
        *files,
        "--out",
        tmp_path / "answer",
        "--in",
        "be",
        "--window",
        "250",
        "--months",
        "12",
        "--month-btc",
        "1",
    )
    assert found.code == 0
    text = (tmp_path / "answer" / "report.html").read_text()
    assert '<html lang="be">' in text and not re.findall(r'(?:src|href)="', text) and "NaN" not in text and "None" not in text
    assert len(re.findall("<figure", text)) == 4
    assert pq.read_table(tmp_path / "answer" / "risk.parquet").num_rows == 18
    assert json.loads((tmp_path / "answer" / "reserve.json").read_text())["valued"][0]["level"] == 1
    short = skarb("reserve", "report", data / "prices.csv", "--out", tmp_path / "short", "--months", "400", "--window", "100")
    assert short.code == 0 and "rules are left out" in flat(short.err)
    assert datetime.now(UTC).strftime("%Y-%m-%d") in text


BAD_PRICES = {
    "a hole": (lambda rows: rows[:1000] + rows[1003:], "nothing from 2021-09-27 to 2021-09-29, 3 days", ("risk",)),
    "nought": (lambda rows: [*rows[:1000], re.sub(",.*", ",0", rows[1000]), *rows[1001:]], "nothing from 2021-09-27", ("risk",)),
    "below nought": (
        lambda rows: [*rows[:1000], re.sub(",.*", ",-5", rows[1000]), *rows[1001:]],
        "given '-5', expected a plain number",
        ("risk",),
    ),
    "a day twice": (lambda rows: [*rows[:1000], rows[999], *rows[1000:]], "twice", ("risk",)),
    "days out of order": (lambda rows: [rows[0], rows[2], rows[1]], "out of order", ("risk",)),
    "nothing": (lambda rows: [], "no price", ("risk",)),
    "another form": (lambda rows: ["x;y"], "given", ("risk",)),
}


@pytest.mark.parametrize("name", BAD_PRICES)
def test_prices_that_cannot_be_used(skarb, data: Path, tmp_path: Path, name: str) -> None:
    change, expected, words = BAD_PRICES[name]
    rows = (data / "prices.csv").read_text().splitlines()
    path = tmp_path / "bad.csv"
    path.write_text("\n".join([rows[0], *change(rows[1:])]) + "\n")
    found = skarb("reserve", *words, path)
    assert found.code == 3 and (expected in flat(found.err) or name == "nothing")
    if name == "a hole":
        bridged = skarb("reserve", *words, path, "--over-gaps", "3")
        assert bridged.code == 0 and "is bridged" in flat(bridged.err)


@pytest.mark.parametrize(
    ("words", "code", "expected"),
    [
        (("risk", "{prices}", "--window", "1461"), 3, "given 1461 days, expected at least 1463 for a window of 1461"),
        (("risk", "{prices}", "--window", "0"), 3, "expected at least 30"),
        (("risk", "{prices}", "--from", "2018-01-01"), 3, "expected"),
        (("risk", "{prices}", "--to", "2023-01-01"), 3, "expected days between 2019-01-01 and 2022-12-31"),
        (("risk", "{prices}", "--since", "2023-01-01"), 3, "--since"),
        (("risk", "{prices}", "--level", "101"), 3, "levels from 50 to below 100"),
        (("risk", "{prices}", "--level", "x"), 3, "--level"),
        (("risk", "{prices}", "--horizon", "1.5"), 3, "--horizon"),
        (("risk", "{prices}", "--methods", "guess"), 3, "expected historical, filtered, normal"),
        (("risk", "{prices}", "--coins", "0"), 3, "--coins"),
        (("risk", "{prices}", "--coins", "many"), 3, "plain decimal"),
        (("risk", "{prices}", "--currency", "BYN"), 3, "no file of official rates"),
        (("risk", "{prices}", "--over-gaps", "99"), 3, "0 to 31"),
        (("risk", "{holdings}"), 3, "no file of daily prices"),
        (("risk", "{folder}"), 3, "named one by one"),
        (("risk", "none.csv"), 4, "no such file"),
        (("risk",), 2, "requires an argument"),
        (("risk", "{prices}", "{holdings}", "--to", "2021-05-05"), 3, "expected a day until the last price"),
        (("value", "{prices}"), 3, "holdings: given none"),
        (("value", "{prices}", "{holdings}"), 3, "holdings in BYN: given no official rate"),
        (("value", "{prices}", "{holdings}", "{rates}", "--at", "noon"), 3, "expected a moment"),
        (("value", "{prices}", "{holdings}", "{rates}", "--at", "2022-01-01T12:00"), 3, "lot 'C'"),
        (("value", "{prices}", "{holdings}", "{rates}", "--set", "fee=2"), 3, "from 0 to 1"),
        (("value", "{prices}", "{holdings}", "{rates}", "--set", "luck=2"), 4, "known are"),
        (("value", "{prices}", "{holdings}", "{rates}", "--set", "fee"), 2, "NAME=VALUE"),
        (("value", "{prices}", "{holdings}", "{holdings}"), 3, "a second time"),
        (("value", "{prices}", "{holdings}", "--country", "zz"), 4, "reserve.yaml"),
        (("value", "{holdings}"), 3, "expected a file of daily prices or of hours"),
        (("drawdown", "{prices}", "--count", "-1"), 3, "--count"),
        (("stress", "{prices}", "--from", "2022-12-31"), 3, "expected"),
        (("rules", "{prices}", "--rules", "guess"), 3, "expected hold, all"),
        (("rules", "{prices}", "--months", "100", "--from", "2019-08"), 3, "expected 1 to"),
        (("rules", "{prices}", "--months", "0", "--from", "2019-08"), 3, "expected 1 to"),
        (("rules", "{prices}", "--from", "2019"), 3, "YYYY-MM"),
        (("rules", "{prices}", "--from", "2030-01"), 3, "no month between"),
        (("rules", "{prices}", "--month-btc", "-1"), 3, "plain decimal"),
        (("rules", "{prices}", "--month-btc", "20000000"), 3, "inflow"),
        (("rules", "{prices}", "--month-btc", "0"), 3, "--month-btc"),
        (("rules", "{prices}", "--to", "9999-12", "--months", "99"), 3, "expected 1 to"),
        (("rules", "{prices}", "--electricity-usd", "99999999999999999999"), 3, "bills"),
        (("risk", "{prices}", "--methods", ""), 3, "method"),
        (("value", "{prices}", "{holdings}", "{rates}", "--at", "9999-12-31T23:59-12:00"), 3, "expected a moment"),
        (("rules", "{prices}", "--each", "--by-start"), 2, "expected one of them"),
        (("rules", "{prices}", "--months", "12", "--from", "2019-01"), 3, "expected 200 for its mean"),
        (("report", "{prices}", "--out", "{prices}"), 4, "expected a folder"),
        (("report", "{prices}", "--out", "x", "--in", "xx"), 2, "be, ru, en"),
        (("report", "{prices}", "--out", "x", "--format", "json"), 2, "--out names"),
        (("risk", "{prices}", "--output", "{prices}"), 3, "needed for the work"),
    ],
)
def test_what_is_asked_wrongly(skarb, data: Path, words: tuple[str, ...], code: int, expected: str) -> None:
    places = {"prices": data / "prices.csv", "holdings": data / "holdings.csv", "rates": data / "rates.csv", "folder": data}
    found = skarb("reserve", *(word.format(**places) for word in words))
    assert (found.code, expected in flat(found.err)) == (code, True), found.err


def test_files_packed_or_damaged(skarb, data: Path, tmp_path: Path) -> None:
    packed = tmp_path / "prices.csv.gz"
    packed.write_bytes(gzip.compress((data / "prices.csv").read_bytes()))
    assert skarb("reserve", "drawdown", packed).code == 0
    packed.write_bytes(packed.read_bytes()[:1000])
    assert skarb("reserve", "drawdown", packed).code == 3
    for content in (b"\xff\xfe\x00", b"", b"{}", b"[1]", b"date,close\n\x00,1\n"):
        path = tmp_path / "odd.csv"
        path.write_bytes(content)
        assert skarb("reserve", "drawdown", path).code == 3, content

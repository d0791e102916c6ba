"""Flows on the command line: a lake, files of somebody's own, and what cannot be followed."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from tests.unit.cli.conftest import payment, write
from tests.unit.oversight.lakes import WALLET, Told, fill

from skarb.app.files import now
from skarb.app.looks import Looks
from skarb.core.facts import Facts

OUT = {"activity": "token_transfer_out", "actor_resident": True, "actor_kind": "natural_person", "operator_country": "BY", "cross_border": True,
       "counterparty_licence": "foreign_provider", "counterparty_country": "AE"}  # fmt: skip
BACK = OUT | {"activity": "token_transfer_in"}


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    story = [(0, OUT, 0, 4), (3, OUT, 1, 5), (40, BACK, 0, 4), (60, OUT, 2, 4), (90, BACK, 1, 4)]
    return fill(
        tmp_path,
        [Told(Facts(day=20000 + day, value=500, **facts), party=party, counterparty=at) for day, facts, party, at in story],
    )


@pytest.fixture
def moves(tmp_path: Path) -> Path:
    rows = [
        ("home:a", "ex:1", "100.00", 1),
        ("ex:1", "ex:2", "60.00", 2),
        ("ex:2", "home:b", "45.50", 3),
        ("ex:1", "home:a", "30.00", 5),
    ]
    return write(
        tmp_path / "moves.csv",
        [
            payment(day, at=f"2026-08-{day:02}T10:00:00+03:00", party=one, counterparty=other, amount=amount, asset="USD")
            for one, other, amount, day in rows
        ],
    )


def test_a_lake_is_told_in_figures(skarb, lake):
    told = json.loads(skarb("flows", "trace", lake, "--format", "json").out)
    assert (told["invested"], told["returned"], told["still_out"]) == (1500, 500, 1000)
    assert told["never_returned"]["days"] == 30 and told["never_returned"]["share"] == 1.0
    assert told["unknown_rows"] == 1  # p2 had nothing at that place
    assert {one["what"]: one["still_out"] for one in told["sensitivity"]}["pot person"] == 500
    assert [lot["person"] for lot in told["lots"]] == ["#1", "#2", "#0"]
    ranked = skarb("flows", "rank", lake, "--by", "place", "--format", "csv").rows
    assert [(one["place"], one["still_minor"]) for one in ranked] == [("v1", "500"), ("v2", "500")]
    curve = skarb("flows", "curve", lake, "--format", "csv").rows
    assert [one["age_days"] for one in curve] == ["40"] and float(
        curve[0]["out"]
    ) == 0.5  # the youngest was watched for 30 days only
    shown = skarb("flows", "trace", lake)
    assert "15.00 ZZD went abroad" in shown.out and "told by their number" in shown.err
    assert "Back, by money" in skarb("flows", "curve", lake).out


def test_a_horizon_that_nothing_was_watched_for_is_refused(skarb, lake):
    refused = skarb("flows", "trace", lake, "--horizon", "365")
    assert refused.code == 3 and "at most 90" in refused.err
    assert "after 90 days" in skarb("flows", "trace", lake, "--horizon", "90").out.replace("\n", " ")


def test_names_are_shown_for_a_purpose_and_recorded(skarb, lake):
    assert skarb("flows", "trace", lake, "--purpose", " ").code == 8
    assert not (lake / "looks.jsonl").exists()
    told = json.loads(skarb("flows", "trace", lake, "--purpose", "case 17", "--format", "json").out)
    assert {lot["person"] for lot in told["lots"]} == {"p1", "p2", "p3"} and told["people"] == "by name"
    (look,) = Looks(lake / "looks.jsonl", now).all()
    assert (look.purpose, look.subject) == ("case 17", "lake/flows")


def test_a_wallet_is_somebodys_and_told_by_its_number(skarb, tmp_path):
    hosted = {"activity": "token_transfer_out", "actor_resident": True, "actor_kind": "natural_person", "operator_country": "BY",
              "wallet_hosting": "hosted", "wallet_country": "AE", "cross_border": True}  # fmt: skip
    lake = fill(tmp_path, [Told(Facts(day=20000 + day, value=500, **hosted), party=0, wallet=6) for day in (0, 40)])
    assert skarb("flows", "report", lake, "--out", "told").code == 0
    for made in (tmp_path / "told").iterdir():
        assert WALLET.partition(":")[2].encode() not in made.read_bytes(), made.name
    ranked = [
        skarb("flows", "rank", lake, "--by", "place", "--format", "csv", *why).rows for why in ((), ("--purpose", "case 17"))
    ]
    assert [[one["place"] for one in rows] for rows in ranked] == [["BTC:#6"], [WALLET]]
    assert [look.purpose for look in Looks(lake / "looks.jsonl", now).all()] == ["case 17"]


def test_days_of_a_lake(skarb, lake):
    assert json.loads(skarb("flows", "trace", lake, "--to", "2024-10-05", "--format", "json").out)["invested"] == 500 * 1
    assert skarb("flows", "trace", lake, "--from", "2030-01-01").code == 3
    assert skarb("flows", "trace", lake, "--from", "2025-01-02", "--to", "2025-01-01").code == 3


def test_a_report_is_a_folder(skarb, lake, tmp_path):
    assert skarb("flows", "report", lake, "--out", "told", "--in", "be").code == 0
    page = (tmp_path / "told" / "flows.html").read_text(encoding="utf-8")
    assert '<html lang="be">' in page and "http" not in page.replace("http-equiv", "")
    lots, pieces = (pq.read_table(tmp_path / "told" / name) for name in ("lots.parquet", "pieces.parquet"))
    assert sum(lots["worth_minor"].to_pylist()) == 1500 and sum(pieces["worth_minor"].to_pylist()) == 500
    assert json.loads((tmp_path / "told" / "flows.json").read_text())["invested"] == 1500
    assert skarb("flows", "report", lake, "--out", "told", "--in", "de").code == 2


def test_a_file_of_ones_own_over_several_hops(skarb, moves):
    told = json.loads(skarb("flows", "trace", moves, "--abroad", "ex:*=SC", "--format", "json").out)
    assert (told["currency"], told["invested"], told["returned"], told["still_out"]) == ("USD", 10000, 7550, 2450)
    assert told["by"]["country"][0]["label"] == "SC"
    rows = skarb("flows", "trace", moves, "--abroad", "ex:1", "--format", "csv").rows
    assert [(one["place"], one["units"], one["left_units"]) for one in rows] == [
        ("ex:1", "10000", "1000")
    ]  # ex:2 is at home then
    haircut = json.loads(skarb("flows", "trace", moves, "--abroad", "ex:*", "--rule", "haircut", "--format", "json").out)
    assert haircut["still_out"] == 2450


def test_what_a_file_must_say(skarb, moves):
    assert "--abroad" in skarb("flows", "trace", moves).err
    assert skarb("flows", "trace", moves, "--abroad", "nobody").code == 4
    assert "accounts are ex:1" in skarb("flows", "trace", moves, "--abroad", "nobody").err
    assert skarb("flows", "trace", moves, "--abroad", "ex:*=sc").code == 3
    assert skarb("flows", "trace", moves, "--abroad", "ex:*", "--asset", "EUR").code == 4
    assert skarb("flows", "trace", "nothing.csv", "--abroad", "x").code == 4
    assert skarb("flows", "paths", moves, "--abroad", "ex:*").code == 2
    assert skarb("flows", "draft", moves, "--draft", "d", "--abroad", "ex:*").code == 3


def test_bad_rows_are_told_and_disorder_is_marked(skarb, tmp_path):
    rows = [
        payment(1, party="a", counterparty="ex", amount="5.00", asset="USD", at="2026-08-03T10:00:00+03:00"),
        payment(2, party="a", counterparty="ex", amount="-5.00", asset="USD"),
        payment(3, party="ex", counterparty="a", amount="2.00", asset="USD", at="2026-08-09T10:00:00+03:00"),
        payment(4, party="a", counterparty="ex", amount="1.00", asset="EUR", at="2026-08-02T10:00:00+03:00"),
    ]
    path = write(tmp_path / "mixed.csv", rows)
    shown = skarb("flows", "trace", path, "--abroad", "ex")
    assert "4 rows in, 1 malformed" in shown.err and "-5.00" in shown.err
    assert "out of the order of time" in shown.err and "not added up" in shown.err
    told = json.loads(skarb("flows", "trace", path, "--abroad", "ex", "--format", "json").out)
    assert {one["asset"]: (one["invested"], one["returned"], one["still"]) for one in told["assets"]} == {
        "EUR": ("100", "0", "100"), "USD": ("500", "200", "300"),
    }  # fmt: skip
    assert told["invested"] == 0 and told["currency"] == ""
    only = json.loads(skarb("flows", "trace", path, "--abroad", "ex", "--asset", "USD", "--format", "json").out)
    assert (only["invested"], only["still_out"]) == (500, 300)
    rates = tmp_path / "rates.csv"
    rates.write_text("date,currency,byn_per_unit\n2026-08-01,USD,3.0\n2026-08-01,EUR,3.5\n")
    worth = json.loads(skarb("flows", "trace", path, "--abroad", "ex", "--rates", rates, "--format", "json").out)
    assert (worth["currency"], worth["invested"], worth["still_out"]) == ("BYN", 1850, 1250)
    packed = tmp_path / "cut.csv.gz"
    packed.write_bytes(gzip.compress(path.read_bytes())[:-20])
    assert skarb("flows", "trace", packed, "--abroad", "ex").code == 3


def test_two_sides_are_reconciled(skarb, moves, lake, tmp_path):
    same = skarb("flows", "reconcile", moves, moves)
    assert same.code == 0 and "4 matched" in same.err
    other = tmp_path / "other.csv"
    other.write_text(moves.read_text().replace("45.50", "45.00").replace("r5,", "x5,"))
    shown = skarb("flows", "reconcile", moves, other, "--format", "csv")
    assert shown.code == 9 and "1 amount differs" in shown.err and "3 matched" in shown.err
    assert {one["found"] for one in shown.rows} == {"matched", "amount differs"}
    assert skarb("flows", "reconcile", lake, lake).code == 0
    assert skarb("flows", "reconcile", lake, lake, "--book", "nobody").code == 4
    assert skarb("flows", "reconcile", moves, lake).code == 9


def of_one(tmp_path, asset, amounts, back):
    rows = [
        payment(place, party="a", counterparty="ex", amount=amount, asset=asset, at=f"2026-08-{place:02}T10:00:00+03:00")
        for place, amount in enumerate(amounts, 1)
    ]
    rows.append(payment(20, party="ex", counterparty="a", amount=back, asset=asset, at="2026-08-20T10:00:00+03:00"))
    return write(tmp_path / "one.csv", rows)


def test_long_amounts_are_followed_to_the_last_digit(skarb, tmp_path):
    path = of_one(tmp_path, "ETH", ["12345678901234567890123.1234567891"], "0.0000000001")
    told = json.loads(skarb("flows", "trace", path, "--abroad", "ex", "--format", "json").out)
    assert (told["assets"][0]["invested"], told["assets"][0]["still"]) == (
        "123456789012345678901231234567891",
        "123456789012345678901231234567890",
    )


def test_money_of_eighteen_decimals_does_not_turn_over(skarb, tmp_path):
    path = of_one(tmp_path, "ETH", ["4.000000000000000001"] * 5, "1.000000000000000000")
    shown = skarb("flows", "trace", path, "--abroad", "ex", "--format", "json")
    told = json.loads(shown.out)
    assert told["decimals"] == 17
    assert (told["invested"], told["still_out"]) == (
        20 * 10**17,
        19 * 10**17 + 1,
    )  # a piece is rounded down, what is left keeps the rest
    assert told["assets"][0]["still"] == str(19 * 10**18 + 5)
    assert "17 of its 18 decimals" in skarb("flows", "trace", path, "--abroad", "ex").err


def test_what_does_not_apply_to_the_source_is_refused(skarb, moves, lake):
    assert "a lake only" in skarb("flows", "trace", moves, "--abroad", "ex:*", "--from", "2026-08-02").err
    assert skarb("flows", "report", moves, "--abroad", "ex:*", "--to", "2026-08-02", "--out", "told").code == 3
    for one in ("--abroad", "--asset", "--mapping"):
        shown = skarb("flows", "trace", lake, one, "ex")
        assert shown.code == 3 and one in shown.err


def test_days_of_a_file_bound_its_side_of_a_reconciliation(skarb, moves):
    shown = skarb("flows", "reconcile", moves, moves, "--from", "2026-08-02", "--to", "2026-08-03")
    assert shown.code == 0 and "2 matched" in shown.err

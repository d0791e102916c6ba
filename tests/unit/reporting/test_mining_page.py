"""The page about mining: whole in three languages, closed to the outside, its charts as files that open by themselves."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

import pytest
from lxml import etree

from skarb.core.time import to_day
from skarb.reporting.mining import MiningReport, charts, page, svg
from skarb.reporting.mining.model import Fan
from skarb.reporting.words import LANGUAGES, said

DAY = to_day(date(2024, 12, 31))


def curve(*values: float) -> list[tuple[float, float]]:
    return [(float(DAY - 700 + 100 * place), value) for place, value in enumerate(values)]


def report(**changed: object) -> MiningReport:
    fan = Fan(
        "s21", "0.03", curve(-9e5, -8e5), curve(-9e5, -5e5), curve(-9e5, -1e5), curve(-9e5, 2e5), curve(-9e5, 7e5), curve(0, 0.25)
    )
    case = {
        "machine": "s21", "usd_kwh": "0.03", "capex_usd_mw": 900_000, "npv_5": -800_000, "npv_50": -100_000, "npv_95": 700_000,
        "paid_back": "0.250", "days_on": "0.620", "breakeven_hashprice": "13.50", "half_stand_still_from": None,
    }  # fmt: skip
    year = {
        "machine": "s9", "usd_kwh": "0.03", "year": 2016, "whole_year": False, "breakeven_usd_kwh": "0.3502", "always_usd": "1562000.11",
        "switched_usd": "1562000.11", "days_on": 214, "days": 214,
    }  # fmt: skip
    compared = {
        "against": "nuclear",
        "usd_mwh": "5.00",
        "mining_leaves_usd_mwh": "-70.00",
        "at_least": "-90.00",
        "at_most": "80.00",
        "better": "depends",
    }
    given = {
        "input": "pue", "value": "1.05", "low": "1.02", "high": "1.1", "unit": "/1", "how_good": "medium", "source": "<script>alert(1)</script>",
    }  # fmt: skip
    found = {
        "day": date(2024, 12, 31), "country": "by", "hashprice_today": 55.01, "breakeven": {"S9": curve(0.5, 0.02), "S21": curve(0.2, 0.12)},
        "breakeven_today": {"S9": 0.0219, "S21": 0.1222}, "band": (0.068, 0.11), "hashprice": curve(1000, 50), "published": [(2023, 74.73)],
        "halvings": [(float(DAY - 650), "3.125")], "fans": [fan], "cases": [case], "years": [year], "compared": [compared], "fleet": "s21",
        "scenarios": 1000, "inputs": [given], "notes": ["a <b>note</b>"], "sources": ["checkpoints.json"],
        "made_at": datetime(2026, 1, 1, tzinfo=UTC),
    }  # fmt: skip
    return MiningReport(**{**found, **changed})  # type: ignore[arg-type]


@pytest.mark.parametrize("code", LANGUAGES)
def test_a_page_is_whole_and_closed(code: str) -> None:
    text = page(report(), code)
    words = said(code)
    assert f'<html lang="{code}">' in text
    for key in ("mine_kicker", "mine_breakeven_head", "mine_future_head", "mine_past_note", "mine_inputs", "mine_depends"):
        assert words.text(key) in text
    assert not re.findall(r'(?:src|href)="', text) and "url(" not in text and "default-src 'none'" in text
    assert "<script>alert" not in text and "a <b>note" not in text
    assert "2016*" in text and "\u221270" in text
    numbers = {"be": "0,1222", "ru": "0,1222", "en": "0.1222"}
    assert numbers[code] in text


def test_a_page_without_tariffs_or_published_means() -> None:
    text = page(report(band=None, published=[], compared=[]))
    assert 'class="area band"' not in text and said("en").text("mine_compare_head") not in text
    assert said("en").text("mine_published") not in text


@pytest.mark.parametrize("code", LANGUAGES)
def test_charts_open_by_themselves(code: str) -> None:
    drawn = charts(report(), said(code))
    assert [one["key"] for one in drawn] == ["breakeven", "hashprice", "fan-s21-0.03", "payback"]
    for one in drawn:
        root = etree.fromstring(svg(one, code).encode())
        assert root.tag == "{http://www.w3.org/2000/svg}svg"
        paths = root.findall(".//{*}path")
        assert len(paths) == len(one["sheet"].curves) + len(one["sheet"].areas)
        assert one["title"] in "".join(root.itertext())


def test_halvings_and_the_band_are_in_their_charts() -> None:
    even, paid, fan, payback = charts(report(), said("en"))
    assert [style for style, _ in even["sheet"].areas] == ["band"] and paid["marks"][0][1] == "3.125 BTC"
    assert [style for style, _ in fan["sheet"].areas] == ["outer", "inner"] and fan["sheet"].zero is not None
    assert payback["y"][0][1] == "25\u00a0%"


def test_all_languages_say_the_same_things() -> None:
    keys = [{key for key in said(code).messages if key.startswith("mine_")} for code in LANGUAGES]
    assert keys[0] == keys[1] == keys[2]
    assert all(said(code).messages["mine_good"].keys() == said("en").messages["mine_good"].keys() for code in LANGUAGES)

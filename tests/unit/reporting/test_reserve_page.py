"""The page about the reserve: whole in three languages, closed to the outside."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

import pytest

from skarb.core.time import to_day
from skarb.reporting.reserve import Bar, ReserveReport, Violation, charts, page, words_of
from skarb.reporting.words import LANGUAGES

DAY = to_day(date(2024, 12, 31))
RISK = {
    "method": "normal", "horizon_days": 1, "level": "99%", "var": "5.18%", "shortfall": "5.92%", "var_usd": "4841.61", "violations": 55,
    "expected": "27.9", "kupiec_p": "0.0000", "independence_p": "", "verdict": "fails; comparison only",
}  # fmt: skip


def curve(*values: float) -> list[tuple[float, float]]:
    return [(float(DAY - 500 + 100 * place), value) for place, value in enumerate(values)]


def report(**changed: object) -> ReserveReport:
    valued = {
        "basis": "after_sale", "level": 3, "price_usd": "59017.58", "known_at": "2024-12-31T00:00Z", "haircut_ppm": 71_250, "value_usd": "1052263.13",
        "value_byn": "", "gain_byn": "-12.50", "source": "<script>alert(1)</script>",
    }  # fmt: skip
    fall = {
        "year": "2018",
        "depth": "-0.813777",
        "peak": "2018-01-06",
        "trough": "2018-12-15",
        "recovered": "",
        "recovery_days": None,
    }
    ranked = {
        "rule": "band:200:20:25", "final_5_usd": "-1.00", "final_50_usd": "2000000.00", "final_95_usd": "3000000.00", "best_of_starts": "19.05%",
        "worst_month_usd": "-5000.00", "drawdown_usd": "9000.00", "months_under_water": 25, "sold": "77.89%", "paid_by_reserve": "86.08%",
        "paid_by_budget_usd": "0.00",
    }  # fmt: skip
    blow = {
        "name": "own_idea", "price_change": "-0.5000", "rate_change": "0.0000", "coins_lost_btc": "0.10000000", "inflow_stops_months": 2,
        "after_usd": "10.00", "change_usd": "-20.00", "after_byn": "", "months_of_inflow": None, "source": "supposition",
    }  # fmt: skip
    given = {
        "input": "fee",
        "value": "0.002",
        "low": "0.0005",
        "high": "0.006",
        "unit": "/1",
        "how_good": "measured",
        "source": "x",
    }
    found = {
        "day": date(2024, 12, 31), "country": "by", "coins_btc": "17.34567891", "lots": 3, "value_usd": "1057207.10", "value_byn": "",
        "var_usd": "83802.00", "shortfall_usd": "111620.00", "deepest": "-0.876", "window": 500, "value": curve(9e5, 8e5, 1e6),
        "bound": curve(8e5, 8.1e5, 9e5), "violations": [Violation(float(DAY - 400), 8e5, 8.1e5)], "violations_all": 30,
        "violations_expected": "27.9", "tested": 2787, "below": curve(0, -0.5, -0.2),
        "changes": [("all", [(-5.5, 1.0), (0.5, 20.0)]), ("normal", [(-5.5, 2.0), (0.5, 15.0)])], "var_marks": [(-5.0, "99 %")],
        "finals": [("hold", curve(1, 2, 3)), ("band:200:20:25", curve(1, -2, 1))],
        "bars": [Bar("scenario", "devaluation", 100, 300), Bar("factor", "price", 50, 700)], "before_cents": 300, "valued": [valued],
        "risks": [RISK], "falls": [fall], "rules": [ranked], "horizon": 48, "stresses": [blow], "inputs": [given],
        "notes": ["a <b>note</b>"], "sources": ["prices.csv"], "made_at": datetime(2026, 1, 1, tzinfo=UTC),
    }  # fmt: skip
    return ReserveReport(**{**found, **changed})  # type: ignore[arg-type]


@pytest.mark.parametrize("code", LANGUAGES)
def test_a_page_is_whole_and_closed(code: str) -> None:
    text, words = page(report(), code), words_of(code)
    assert f'<html lang="{code}">' in text
    for key in ("reserve_kicker", "reserve_valued_head", "reserve_below_head", "reserve_stress_head", "reserve_not_yet"):
        assert words.text(key) in text
    assert words.word("reserve_verdicts", "fails; comparison only") in text and words.word("reserve_blow", "devaluation") in text
    assert not re.findall(r'(?:src|href)="', text) and "url(" not in text and "default-src 'none'" in text
    assert "<script>alert" not in text and "a <b>note" not in text
    assert "own idea" in text and words.word("reserve_rule", "band").format(200, 20, 25) in text
    assert {"be": "17,34567891", "ru": "17,34567891", "en": "17.34567891"}[code] in text and "\u221281" in text
    assert {"be": "7,12", "ru": "7,12", "en": "7.12"}[code] in text


def test_a_page_without_holdings_or_rules() -> None:
    text = page(report(lots=0, valued=[], finals=[], rules=[]))
    words = words_of("en")
    assert (
        "Nothing is held" in text
        and words.text("reserve_valued_head") not in text
        and words.text("reserve_rules_head") not in text
    )


def test_charts_mark_violations() -> None:
    value, below, changes, finals = charts(report(), words_of("en"))
    assert [style for style, *_ in value["sheet"].curves] == ["c0", "known"] and [style for style, _ in value["sheet"].areas] == [
        "outer"
    ]
    assert below["y"][0][1] == "0\u00a0%" and changes["marks"][0][1] == "99 %"
    assert [name for _, name in finals["legend"]] == ["hold all", "sell 25 % when 20 % above the mean of 200 days"]


def test_all_languages_say_the_same_things() -> None:
    for key, value in words_of("en").messages.items():
        for code in LANGUAGES:
            other = words_of(code).messages[key]
            if key.startswith("reserve_"):
                assert isinstance(value, dict) == isinstance(other, dict)
                assert (
                    re.findall(r"{\w+}", str(value)) == re.findall(r"{\w+}", str(other))
                    or isinstance(value, dict)
                    or set(re.findall(r"{\w+}", str(value))) == set(re.findall(r"{\w+}", str(other)))
                )
                assert not isinstance(value, dict) or value.keys() == other.keys()

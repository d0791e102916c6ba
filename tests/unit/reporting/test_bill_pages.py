"""Pages of bills and audits in three languages, all with the same words, and safe whatever stands in a name."""

from importlib.resources import files

import pytest
import yaml
from tests.unit.metering.test_tariffs import STANDING, case, simple, tariff

from skarb.metering import Bill, Day, Finding, lines_of, totals_of
from skarb.reporting.bills import audit_page, bill_page

CODES = ("be", "ru", "en")


def bill(site: str = "s1") -> Bill:
    lines, notes = lines_of(case(simple(693_500_000), (tariff(price="0.28711"),)))
    return Bill(
        id=f"2026-04/{site}", site=site, miner="p1", month="2026-04", country="BY", currency="BYN", decimals=2, energy_wh=693_500_000, lines=lines,
        totals=totals_of(lines, "BYN"), exact_net="199110.785", standing=STANDING, files=(("m.csv", "0" * 64),), notes=notes,
    )  # fmt: skip


def words(code: str) -> dict[str, object]:
    text: dict[str, object] = yaml.safe_load(
        files("skarb.reporting").joinpath("bills", "i18n", f"{code}.yaml").read_text(encoding="utf-8")
    )
    return text


def test_all_languages_have_the_same_words() -> None:
    english = words("en")
    for code in ("be", "ru"):
        other = words(code)
        assert other.keys() == english.keys()
        for key, value in english.items():
            if isinstance(value, dict):
                assert isinstance(other[key], dict) and other[key].keys() == value.keys()  # type: ignore[union-attr]


@pytest.mark.parametrize("code", CODES)
def test_a_bill_is_a_page_by_itself_the_same_every_time(code: str) -> None:
    text = bill_page(bill(), code)
    whats = words(code)["whats"]
    assert isinstance(whats, dict) and whats["all"] in text
    assert f'lang="{code}"' in text and "693500 kWh × 0.28711 BYN/kWh = 199110.785" in text
    assert text == bill_page(bill(), code) and "http" not in text.replace("http-equiv", "")
    assert "<b>x</b>" not in bill_page(bill("<b>x</b>"), code)


@pytest.mark.parametrize("code", CODES)
def test_an_audit_is_a_page(code: str) -> None:
    kinds = words(code)["finding_kind"]
    assert isinstance(kinds, dict)
    findings = [
        Finding(
            kind=kind,
            site="s1",
            miner="p1",
            first="2026-04-01",
            last="2026-04-30",
            score=50,
            provision="BY-1",
            evidence="<i>seen</i>",
            amount="1",
            unit="sat",
        )
        for kind in kinds
    ]
    empty = dict.fromkeys(
        ("reported_wh", "reported_th", "expected_low_sat", "expected_high_sat", "expected_reported_sat", "paid_sat", "posted_sat")
    )
    days = [Day(site="s1", day="2026-04-01", metered_wh=1_234_567, estimated=0, odd="paid_low posted", **empty)]
    text = audit_page("2026-04", "BYN", findings, days, ["a note"], code)
    assert all(str(name) in text for name in kinds.values()) and "<i>seen" not in text and "a note" in text
    oddities = words(code)["oddities"]
    assert isinstance(oddities, dict) and f"{oddities['paid_low']}; {oddities['posted']}" in text
    assert words(code)["no_findings"] in audit_page("2026-04", "BYN", [], days, [], code)

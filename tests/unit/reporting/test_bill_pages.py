"""Pages of bills and audits in three languages, all with the same words, and safe whatever stands in a name."""

import ast
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from string import Formatter

import pytest
import yaml
from markupsafe import escape
from msgspec.structs import replace
from tests.unit.metering.test_tariffs import STANDING, case, simple, tariff

from skarb.core.errors import InputError
from skarb.metering import Bill, Day, Finding, bill_bytes, bill_hash, correction, lines_of, read_bill, remark, totals_of
from skarb.reporting.bills import arithmetic, audit_page, bill_page, told, words_of

CODES = ("be", "ru", "en")
SUMS = {
    "be": "693\u00a0500 кВт·гадз × 0,28711 BYN/кВт·гадз = 199\u00a0110,785; акруглена, палова да цотнага: 199\u00a0110,78 BYN",
    "ru": "693\u00a0500 кВт·ч × 0,28711 BYN/кВт·ч = 199\u00a0110,785; округлено, половина до чётного: 199\u00a0110,78 BYN",
    "en": "693,500 kWh × 0.28711 BYN/kWh = 199,110.785; rounded, halves to even: 199,110.78 BYN",
}


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
    assert f'lang="{code}"' in text and SUMS[code] in text
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
            evidence=(remark("other_scheme", payouts=2, paid_scheme="pps", payout="<i>seen</i>", known_scheme="fpps"),),
            amount="1",
            unit="sat",
        )
        for kind in kinds
    ]
    empty = dict.fromkeys(
        ("reported_wh", "reported_th", "expected_low_sat", "expected_high_sat", "expected_reported_sat", "paid_sat", "posted_sat")
    )
    days = [Day(site="s1", day="2026-04-01", metered_wh=1_234_567, estimated=0, odd="paid_low posted", **empty)]
    text = audit_page("2026-04", "BYN", findings, days, [remark("strange_payouts", site="a note")], code)
    assert all(str(name) in text for name in kinds.values()) and "<i>seen" not in text and "a note" in text
    oddities = words(code)["oddities"]
    assert isinstance(oddities, dict) and f"{oddities['paid_low']}; {oddities['posted']}" in text
    assert words(code)["no_findings"] in audit_page("2026-04", "BYN", [], days, [], code)


def codes_told() -> dict[str, set[str]]:
    """Return every code that a remark is made with, as it stands in the source, with the names of its figures."""
    found: dict[str, set[str]] = {}
    for room in ("metering", "app"):
        for path in Path(str(files("skarb").joinpath(room))).glob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "remark":
                    for code in literals(node.args[0]):
                        found.setdefault(code, set()).update(one.arg for one in node.keywords if one.arg)
    return found


def literals(node: ast.AST) -> list[str]:
    return [one.value for one in ast.walk(node) if isinstance(one, ast.Constant) and isinstance(one.value, str)]


@pytest.mark.parametrize("code", CODES)
def test_every_remark_has_words_that_name_its_figures(code: str) -> None:
    remarks = words(code)["remarks"]
    assert isinstance(remarks, dict)
    made = codes_told()
    prefixes = tuple(one for one in made if one.endswith("_"))  # the codes of a family, such as without_{name}
    assert all(one in remarks or (one in prefixes and any(name.startswith(one) for name in remarks)) for one in made)
    known = {one: names for one, names in made.items() if one in remarks}
    assert len(known) > 30
    for one, figures in known.items():
        assert {name for _, name, _, _ in Formatter().parse(remarks[one]) if name} <= figures, one
    english = words("en")["remarks"]
    assert isinstance(english, dict)
    assert {name: fields(text) for name, text in remarks.items()} == {name: fields(text) for name, text in english.items()}


@pytest.mark.parametrize("code", CODES)
def test_every_fault_of_a_meter_has_words(code: str) -> None:
    remarks, told_of = words(code)["remarks"], set()
    assert isinstance(remarks, dict)
    for path in Path(str(files("skarb").joinpath("metering"))).glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Fault":
                given = [one.value for one in node.keywords if one.arg == "code"] or node.args[5:6] or node.args[:1]
                told_of.update(literals(given[0]))
    family = {one for one in told_of if one.startswith("_")}  # the end of a code, such as {kind}_reading
    assert {"stuck", "spread", "spike_of_counter"} < told_of - family <= remarks.keys()
    assert all(any(name.endswith(one) for name in remarks) for one in family)


@pytest.mark.parametrize("code", CODES)
def test_a_name_of_digits_is_told_as_it_is(code: str) -> None:
    fault = remark("gap", meter="0012345", at="2026-04-13T12:00+03:00", intervals=6)
    assert "0012345" in told(words_of(code), fault)
    assert "0077" in told(words_of(code), remark("strange_payouts", site="0077"))
    assert "1234.50" not in told(words_of(code), remark("top_rate", rate="1234.50", currency="BYN"))  # a figure is grouped


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_remarks_say_the_same_figures_in_every_language() -> None:
    english = words("en")["remarks"]
    assert isinstance(english, dict)
    for code in ("be", "ru"):
        other = words(code)["remarks"]
        assert isinstance(other, dict)
        for one, text in english.items():
            assert fields(other[one]) <= fields(text) | {"high_sat"}, one


def test_figures_are_written_with_their_units_and_separators() -> None:
    one = remark("outside_certificate", meter="m1", certified_day="2026-04-15", intervals=1440, energy_wh=1_234_500)
    assert told(words_of("be"), one) == (
        "лічыльнік m1 павераны па 15\u00a0красавіка\u00a02026; інтэрвалаў 1\u00a0440, 1\u00a0234,5 кВт·гадз — "
        "па-за сертыфікатам або запісам рэестра"
    )
    assert "1,234.5 kWh" in told(words_of("en"), one) and "1\u00a0234,5 кВт·ч" in told(words_of("ru"), one)
    assert told(words_of("be"), remark("of_a_later_version", energy_wh=5)) == "of_a_later_version energy_wh 0,005 кВт·гадз"


def test_a_bill_holds_codes_and_no_language_and_so_does_its_hash() -> None:
    one = replace(bill(), notes=(remark("nothing_counted"), remark("registered_in_part", days=3, energy_wh=5)))
    before, written = bill_hash(one), bill_bytes(one).decode()
    for code in CODES:
        page = bill_page(one, code)
        sentences = [told(words_of(code), note) for note in one.notes] + [arithmetic(words_of(code), one.lines[0], one)]
        assert all(str(escape(text)) in page and text not in written for text in sentences)
    assert bill_hash(one) == before == sha256(bill_bytes(one)).hexdigest()


def test_a_bill_of_differences_says_what_was_billed_before() -> None:
    old = bill()
    cheaper, _ = lines_of(case(simple(693_500_000), (tariff(price="0.28"),)))
    new = replace(old, lines=cheaper, totals=totals_of(cheaper, "BYN"))
    found = correction([old], new)
    assert found is not None
    assert arithmetic(words_of("en"), found.lines[0], found) == (
        "now 693,500 kWh × 0.28 BYN/kWh; rounded, halves to even: 194,180.00 BYN; before 199,110.78 BYN; the difference \u22124,930.78 BYN"
    )
    gone = correction([old], replace(old, lines=(), totals=totals_of((), "BYN")))
    assert gone is not None and "цяпер 0,00 BYN; раней 199" in arithmetic(words_of("be"), gone.lines[0], gone)


def test_a_bill_of_an_earlier_form_is_told_as_that() -> None:
    """Its lines had sentences; nobody is told that such a bill is no bill."""
    raw = bill_bytes(bill()).replace(b'"rounding": "half_even"', b'"arithmetic": "693500 kWh x 0.28711"')
    with pytest.raises(InputError, match=f"a bill of an earlier form.*{sha256(raw).hexdigest()} holds"):
        read_bill(raw, "old.json")
    with pytest.raises(InputError, match="expected a bill in JSON"):
        read_bill(b"{}", "none.json")

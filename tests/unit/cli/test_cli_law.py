"""`skarb law`: check, show, diff and explain, for shipped laws and for a folder of one's own."""

import json
import shutil
from pathlib import Path

import pytest

from skarb.app.law import law_folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of Zedland's law that may be changed."""
    return Path(shutil.copytree(law_folder("zz"), tmp_path / "mine"))


def test_check_passes_a_shipped_law_and_a_copy_of_it(skarb, folder: Path) -> None:
    for law in ("zz", folder):
        result = skarb("law", "check", "--law", law)
        assert result.code == 0
        assert "28 provisions" in result.out
    told = json.loads(skarb("law", "check", "--law", "zz", "--json").out)
    assert (told["passed"], told["problems"]) == (True, [])
    assert told["proven"]["provisions that are reached"] == 28


BROKEN = {
    "a name that no fact has": ("when: known_client", "when: known_clinet"),
    "a case on the wrong side": ("facts: {value: 3999.99 ZZD}, then: silent", "facts: {value: 3999.99 ZZD}, then: report"),
    "an effect that does not exist": ("effect: permit", "effect: allow"),
    "a date that does not exist": ("from: 2026-01-01", "from: 2026-02-30"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_check_names_the_place(what: str, skarb, folder: Path) -> None:
    before, after = BROKEN[what]
    path = folder / "provisions" / "payments.yaml"
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after, 1), encoding="utf-8")
    result = skarb("law", "check", "--law", folder)
    assert result.code == 9
    assert "payments.yaml" in result.out
    told = json.loads(skarb("law", "check", "--law", folder, "--json").out)
    assert not told["passed"] and told["problems"] and not told["findings"]
    if "case" in what:
        return
    # A law that cannot be read decides nothing.
    (folder.parent / "x.csv").write_text("id,at,activity,party,asset,amount\n1,2026-08-01T10:00:00Z,mine,p,BTC,1\n")
    assert skarb("decide", "x.csv", "--law", folder).code == 7


def test_check_shows_what_can_be_disproved_and_accepts_it_for_a_time(skarb, folder: Path) -> None:
    path = folder / "provisions" / "tokens.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("  exception_of: [ZZ-L1-2026/trade]\n", ""), encoding="utf-8")
    result = skarb("law", "check", "--law", folder, "--html", "page.html")
    assert result.code == 9
    assert "conflict: ZZ-L1-2026/no-cash × ZZ-L1-2026/trade" in result.out
    assert "settlement = cash" in result.out and "REFUSE (reject): token_buy_fiat" in result.out
    page = Path("page.html").read_text(encoding="utf-8")
    assert "Tokens may not be bought or sold for cash." in page and "may hold, trade and transfer tokens" in page
    assert "2 open findings" in page and "<script" not in page and "http" not in page.replace("https://law.example", "")
    told = json.loads(skarb("law", "check", "--law", folder, "--json").out)
    first = next(one for one in told["findings"] if one["open"])
    assert first["counter_example"]["facts"]["settlement"] == "cash"
    assert first["counter_example"]["verdict"] == "refuse"
    (folder / "accepted.yaml").write_text(
        "".join(
            f"- finding: conflict\n  about: [ZZ-L1-2026/{name}, ZZ-L1-2026/trade]\n"
            "  reason: Parliament is asked.\n  by: somebody\n  until: 2026-12-31\n"
            for name in ("no-cash", "no-cash.minor")
        ),
        encoding="utf-8",
    )
    accepted = skarb("law", "check", "--law", folder, "--at", "2026-12-31")
    assert accepted.code == 0 and "Parliament is asked." in accepted.out
    late = skarb("law", "check", "--law", folder, "--at", "2027-01-01")
    assert late.code == 9 and "expired" in late.out


def test_check_writes_its_page_only_where_it_can(skarb, tmp_path: Path) -> None:
    assert skarb("law", "check", "--law", "zz", "--html", tmp_path).code == 3
    assert skarb("law", "check", "--law", "zz", "--html", tmp_path / "none" / "page.html").code == 4


def test_check_of_nothing(skarb, tmp_path: Path) -> None:
    result = skarb("law", "check", "--law", "atlantis")
    assert result.code == 4
    assert "by, zz" in result.err


def test_show_one_and_all(skarb) -> None:
    one = skarb("law", "show", "ZZ-D2-2026/large", "--law", "zz", "--at", "2027-01-01")
    assert one.code == 0
    assert "value is missing or value >= report.large" in one.out
    assert "4550.00" in one.out.replace(",", "")
    rows = json.loads(skarb("law", "show", "--law", "zz", "--format", "json").out)
    assert len(rows) == 28
    assert "ZZ-D2-2026/large" in {row["id"] for row in rows}
    assert len(skarb("law", "show", "--law", "zz", "--format", "csv").rows) == 28
    missing = skarb("law", "show", "large", "--law", "zz")
    assert missing.code == 4
    assert "did you mean ZZ-D2-2026/large" in missing.err


def test_diff_between_days(skarb) -> None:
    result = skarb("law", "diff", "2026-12-31", "2027-01-01", "--law", "zz")
    assert result.code == 0
    assert "base_unit" in result.out and "small-miner" in result.out
    rows = json.loads(skarb("law", "diff", "2026-12-31", "2027-01-01", "--law", "zz", "--format", "json").out)
    assert f"{len(rows)} changes between" in result.out
    assert skarb("law", "diff", "2026-12-31", "2026-12-31", "--law", "zz").out.startswith("No change")
    for words in (("2026-02-30", "2026-03-01"), ("yesterday", "2026-03-01"), ("2026-01-01",)):
        assert skarb("law", "diff", *words, "--law", "zz").code == 2


def test_diff_against_a_draft(skarb, folder: Path) -> None:
    path = folder / "parameters" / "parameters.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace('"45.50"', '"50.00"'), encoding="utf-8")
    cases = folder / "provisions" / "payments.yaml"
    cases.write_text(
        cases.read_text(encoding="utf-8").replace("4549.99", "4999.99").replace("4550.00", "5000.00"), encoding="utf-8"
    )
    result = skarb("law", "diff", "2027-01-01", "2027-01-01", "--law", "zz", "--draft", folder)
    assert result.code == 0, result.err
    assert "45.50" in result.out and "50.00" in result.out


def test_explain_facts_written_by_hand(skarb, tmp_path: Path) -> None:
    facts = tmp_path / "facts.json"
    facts.write_text(
        '{"activity": "fiat_pay", "day": "2026-08-01", "actor_kind": "natural_person", "actor_identified": true, "screening": "clear"}'
    )
    result = skarb("law", "explain", facts, "--law", "zz")
    assert result.code == 0
    assert "PERMIT" in result.out and "ZZ-D2-2026/pay" in result.out
    told = json.loads(skarb("law", "explain", facts, "--law", "zz", "--json").out)
    assert told["verdict"] == "permit"
    bad = {
        "[]": 3,
        "nothing": 3,
        "{}": 3,
        '{"activity": "fiat_pay", "day": 20000}': 3,
        '{"activity": "fiat_pay", "day": "2026-02-30"}': 3,
        '{"activity": "fly", "day": "2026-08-01"}': 3,
        '{"activity": "fiat_pay", "day": "2026-08-01", "colour": "green"}': 3,
        '{"activity": "fiat_pay", "day": "2026-08-01", "value": 1.5}': 3,
        '{"activity": "fiat_pay", "day": "1850-01-01"}': 3,
        '{"activity": "instant_pay", "day": "2026-08-01", "totals": [1]}': 3,
    }
    for text, code in bad.items():
        facts.write_text(text)
        assert (text, skarb("law", "explain", facts, "--law", "zz").code) == (text, code)
    assert skarb("law", "explain", "none.json", "--law", "zz").code == 4
    assert skarb("law", "explain", tmp_path, "--law", "zz").code == 3


@pytest.mark.parametrize("language", ["be", "ru", "en"])
def test_explain_facts_with_a_running_total(language: str, skarb, tmp_path: Path) -> None:
    facts = tmp_path / "facts.json"
    given = {"activity": "instant_pay", "day": "2026-08-01", "actor_kind": "natural_person", "actor_identified": True}
    facts.write_text(json.dumps({**given, "screening": "clear", "instant_month": 800001}))
    result = skarb("law", "explain", facts, "--law", "zz", "--in", language)
    assert result.code == 0
    assert "ZZ-D2-2026/instant-month" in result.out
    assert "8000" in "".join(one for one in result.out if one.isalnum())


EXAMPLES = Path(__file__).parents[3] / "examples" / "drafts"


def test_check_of_a_draft(skarb, tmp_path: Path) -> None:
    result = skarb("law", "check", "--law", "zz", "--draft", EXAMPLES / "zz-cash")
    assert result.code == 0, result.out
    assert "zz-cash" in result.out and "7 cases of the law with another outcome" in " ".join(result.out.split())
    assert json.loads(skarb("law", "check", "--law", "zz", "--draft", EXAMPLES / "zz-cash", "--json").out)["passed"]
    wrong = skarb("law", "check", "--draft", EXAMPLES / "zz-cash")
    assert wrong.code == 9
    assert "BY, the country" in wrong.out
    broken = Path(shutil.copytree(EXAMPLES / "zz-cash", tmp_path / "broken"))
    path = broken / "changes.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("unit: ratio", "unit: ZZD"), encoding="utf-8")
    (problem,) = json.loads(skarb("law", "check", "--law", "zz", "--draft", broken, "--json").out)["problems"]
    assert "changes.yaml:3" in problem["where"] and "ratio" in problem["expected"]
    assert skarb("law", "check", "--law", "zz", "--draft", tmp_path).code == 4


def test_check_of_a_draft_tells_what_the_draft_brings(skarb, tmp_path: Path) -> None:
    draft = Path(shutil.copytree(EXAMPLES / "zz-cash", tmp_path / "draft"))
    path = draft / "provisions" / sorted(one.name for one in (draft / "provisions").iterdir())[0]
    path.write_text(path.read_text(encoding="utf-8").replace("  exception_of: [ZZ-L1-2026/no-cash]\n", ""), encoding="utf-8")
    page = tmp_path / "check.html"
    result = skarb("law", "check", "--law", "zz", "--draft", draft, "--html", page)
    assert result.code == 9
    assert "✗ conflict: ZZ-L1-2026/no-cash × ZZ-L1-2026/no-cash.exchanger" in result.out
    assert "zz with draft zz-cash" in page.read_text(encoding="utf-8")


def test_diff_of_a_draft_lists_law_and_answers(skarb, tmp_path: Path) -> None:
    result = skarb("law", "diff", "--draft", EXAMPLES / "by-abroad")
    assert result.code == 0, result.err
    assert "Answers that change" in result.out and "BY-P1-2027/limit" in result.out
    rows = skarb("law", "diff", "--draft", EXAMPLES / "by-abroad", "--format", "csv").rows
    answers = [row for row in rows if row["kind"] == "answer"]
    assert {row["kind"] for row in rows} == {"added", "answer"}
    assert any("9000.01 BYN" in row["title"] and row["after"].startswith("refuse: BY-P1-2027/limit") for row in answers)
    assert json.loads(skarb("law", "diff", "--draft", EXAMPLES / "by-abroad", "--at", "2026-12-31", "--format", "json").out) == []
    assert skarb("law", "diff", "--draft", EXAMPLES / "by-abroad", "--output", "rows.parquet").code == 0
    import pyarrow.parquet as pq

    assert pq.read_table(tmp_path / "rows.parquet").num_rows == len(rows)
    for words in (["2026-01-01", "2026-02-01"], ["2026-01-01"]):
        assert skarb("law", "diff", *words, "--draft", EXAMPLES / "by-abroad").code == 2
    assert skarb("law", "diff").code == 2
    assert skarb("law", "diff", "2026-01-01", "2026-02-01", "--at", "2026-01-01").code == 2


def test_explain_a_provision_and_facts_in_three_languages(skarb, tmp_path: Path) -> None:
    for code, says in {"be": "Што сказана", "ru": "Что сказано", "en": "What it says"}.items():
        result = skarb("law", "explain", "BY-U367-2024/p2p", "--in", code)
        assert result.code == 0
        assert says in result.out
    told = json.loads(skarb("law", "explain", "BY-U367-2024/p2p", "--in", "be", "--json").out)
    assert (told["provision"], told["language"], told["translated"]) == ("BY-U367-2024/p2p", "be", True)
    drafted = skarb("law", "explain", "BY-P1-2027/limit", "--draft", EXAMPLES / "by-abroad", "--in", "ru")
    assert "9\u00a0000,00\u00a0BYN" in drafted.out
    facts = tmp_path / "facts.json"
    facts.write_text(
        '{"activity": "fiat_pay", "day": "2026-08-01", "actor_kind": "natural_person", "actor_identified": true, "screening": "clear"}'
    )
    assert "дазволена" in skarb("law", "explain", facts, "--law", "zz", "--in", "be").out
    near = skarb("law", "explain", "p2p")
    assert near.code == 4
    assert "did you mean BY-U367-2024/p2p" in near.err
    assert skarb("law", "explain", "BY-U367-2024/p2p", "--in", "pl").code == 2


def test_import_makes_a_law(skarb, tmp_path: Path) -> None:
    (tmp_path / "parameters").mkdir()
    (tmp_path / "parameters" / "rate.yaml").write_text(
        "metadata: {unit: /1}\nvalues: {2020-01-01: 0.13, 2021-01-01: soon}\n", encoding="utf-8"
    )
    result = skarb("law", "import", "openfisca", "parameters", "--out", "law")
    assert result.code == 0, result.err
    assert "1 parameter with 1 value" in result.out and "'soon' is no number" in result.out
    assert skarb("law", "check", "--law", "law").code == 0
    assert skarb("law", "import", "openfisca", "parameters", "--out", "law").code == 5
    assert skarb("law", "import", "openfisca", "nothing", "--out", "other").code == 4


def test_a_place_is_told_as_it_is(skarb, tmp_path: Path) -> None:
    """Line 100 of a file stands between colons, which a terminal's library takes for the name of a picture."""
    law = Path(shutil.copytree(law_folder("zz"), tmp_path / "zz"))
    (law / "conditions.yaml").write_text("#\n" * 99 + "- {name: x, means: nothing}\n", encoding="utf-8")
    assert "conditions.yaml:100:" in "".join(skarb("law", "check", "--law", law).out.split())

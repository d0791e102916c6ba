"""A draft replayed over rows whose every sum is reckoned by hand."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from tests.unit.oversight.drafts import ROWS, lake_of, paid, write_draft

from skarb.app.files import now
from skarb.app.looks import Looks
from skarb.app.replay import FILES, Asked, ask
from skarb.app.sweep import sweep, values_of
from skarb.core.errors import InputError, NotFound
from skarb.lake import create_lake
from skarb.lake.open import looks_path
from skarb.oversight.replay import Sum
from skarb.reporting.replay import Report, headline_of, turned
from skarb.rulebook.errors import RulebookError

STOP, LOOK, POSSIBLE, PAY = "ZZ-T1-2027/stop", "ZZ-T1-2027/look", "ZZ-R3-2026/possible", "ZZ-D2-2026/pay"


@pytest.fixture
def asked(tmp_path: Path) -> Asked:
    return Asked(lake_of(tmp_path), "zz", write_draft(tmp_path), out=tmp_path / "answer")


@pytest.fixture
def answer(asked: Asked) -> Report:
    return ask(asked)


def test_every_row_is_in_one_sum_and_money_is_exact(answer: Report):
    found = headline_of(answer.comparison)
    assert answer.comparison.rows == len(ROWS) and not answer.comparison.differing and not answer.comparison.undecided
    assert found.all == Sum(8, 4_999 + 5_000 + 10_000 + 123_456_789_012 + 700 + 20_000 + 300)
    assert found.refused == Sum(2, 123_456_799_012)
    assert found.referred == Sum(1, 5_000)
    assert found.freed == Sum(2, 700)
    assert found.otherwise == Sum(1, 20_000)


def test_changed_rows_are_written_with_what_decided_and_would_decide(asked: Asked, answer: Report):
    assert asked.out is not None
    table = pq.read_table(asked.out / "changes.parquet")
    rows = table.to_pylist()
    assert [(row["id"], row["turn"], row["provision_before"], row["provision_after"], row["value_minor"]) for row in rows] == [
        ("i1", "kept", PAY, LOOK, 5_000),
        ("i2", "kept", PAY, STOP, 10_000),
        ("i3", "kept", PAY, STOP, 123_456_789_012),
        ("i4", "freed", POSSIBLE, PAY, 700),
        ("i5", "otherwise", POSSIBLE, STOP, 20_000),
        ("i6", "freed", POSSIBLE, PAY, None),
    ]
    assert rows[3]["party"] == "#2" and rows[0]["venue"] == "v1" and rows[0]["day"] == date(2026, 5, 5)
    assert rows[0]["book"] == "bank1" and (rows[0]["sequence"], rows[0]["row_no"]) == (2, 0)
    assert table.schema.metadata[b"skarb.draft"].decode() == answer.draft_hash


def test_slices_add_up_to_the_whole(asked: Asked, answer: Report):
    assert asked.out is not None
    rows = pq.read_table(asked.out / "summary.parquet").to_pylist()
    assert sum(row["rows"] for row in rows) == 8
    kept = [row for row in rows if row["verdict_before"] == "permit" != row["verdict_after"]]
    assert {(row["month"], row["venue"], row["rows"], int(row["money_minor"])) for row in kept} == {
        ("2026-05", "v1", 1, 5_000),
        ("2026-05", "v1", 1, 10_000),
        ("2026-06", "v2", 1, 123_456_789_012),
    }


def test_the_record_holds_whole_numbers_and_says_what_they_rest_on(asked: Asked, answer: Report):
    assert asked.out is not None
    text = (asked.out / "replay.json").read_text()
    told = json.loads(text, parse_float=lambda found: pytest.fail(f"a float: {found}"))
    assert told["newly_refused"] == {"rows": 2, "money_minor": 123_456_799_012}
    assert told["freed"] == {"rows": 2, "money_minor": 700}
    assert (told["from"], told["to"], told["mode"]) == ("2026-05-05", "2026-07-05", "as-happened")
    assert told["draft"]["from"] == "2027-03-01" and told["draft"]["replayed_from"] == "2026-05-05"
    assert told["draft"]["hash"] == answer.draft_hash
    assert {one["hash"] for one in told["law"]["editions"]}.isdisjoint(one["hash"] for one in told["draft"]["editions"])
    assert told["law"]["editions"][0]["first"] == "2026-05-05" and told["law"]["editions"][-1]["last"] == "2026-07-05"
    assert [(one["name"], one["rows"], one["height"]) for one in told["snapshot"]["books"]] == [("bank1", 7, 7), ("bank2", 1, 8)]
    assert told["changed_without_value"] == 1
    assert told["parties"] == {"kept": 2, "freed": 2, "otherwise": 1}
    assert sum(one["rows"] for one in told["transitions"]) == 8 and told["transitions"][0]["changed"]


class _Page(HTMLParser):
    """What a browser would fetch, and what a reader would read."""

    def __init__(self) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.fetched += [f"{tag} {name}={value}" for name, value in attrs if name in ("src", "href", "xlink:href", "action")]

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize("language", ["be", "ru", "en"])
def test_the_page_is_one_file_with_the_exact_figures(asked: Asked, language: str):
    report = ask(replace(asked, language=language))
    assert asked.out is not None
    html = (asked.out / "report.html").read_text(encoding="utf-8")
    found = _Page()
    found.feed(html)
    assert not found.fetched and "url(" not in html and "@import" not in html and "http" not in html.replace("http-equiv", "")
    exact = {"en": "1,234,567,990.12", "ru": "1\u00a0234\u00a0567\u00a0990,12", "be": "1\u00a0234\u00a0567\u00a0990,12"}[language]
    assert exact in found.text
    assert report.draft_hash in found.text
    assert "Large payments <b>stop</b>" in found.text, "a draft's title is text, not markup"
    assert "p1" not in found.text.split() and "#1" in found.text, "without a purpose nobody is named"


def test_names_are_shown_for_a_purpose_that_is_recorded_first(asked: Asked):
    report = ask(replace(asked, purpose="impact of the draft"))
    (look,) = Looks(looks_path(asked.lake), now).all()
    assert look.purpose == "impact of the draft" and report.draft_hash[:16] in look.subject
    assert [(one.name, one.rows, one.money) for one in report.parties[0].most] == [("p1", 2, 15_000), ("p2", 1, 123_456_789_012)]
    assert [(one.name, one.rows, one.money) for one in report.parties[1].most] == [("p3", 1, 700), ("p4", 1, 0)]


def test_nobody_is_looked_at_without_a_purpose(asked: Asked, answer: Report):
    assert not looks_path(asked.lake).exists()
    assert [one.name for one in answer.parties[0].most] == ["#0", "#1"]


def test_a_draft_begins_when_one_says(asked: Asked):
    june = ask(replace(asked, begun=date(2026, 6, 1)))
    assert headline_of(june.comparison).refused == Sum(1, 123_456_789_012)
    own = ask(replace(asked, begun=date(2027, 3, 1)))
    assert not headline_of(own.comparison).changed.rows


def test_only_the_days_asked_for_are_replayed(asked: Asked):
    report = ask(replace(asked, first=date(2026, 6, 1), last=date(2026, 6, 30)))
    assert report.comparison.rows == 3 and headline_of(report.comparison).freed == Sum(1, 700)


def test_as_it_would_have_happened_says_so(asked: Asked):
    report = ask(replace(asked, mode="as-would-have"))
    assert headline_of(report.comparison).refused == Sum(2, 123_456_799_012) and report.engine == "rows"
    assert asked.out is not None
    assert "As it would have happened" in (asked.out / "report.html").read_text(encoding="utf-8")
    assert json.loads((asked.out / "replay.json").read_text())["leaves_out"][0].startswith(
        "What the draft refuses is in no later"
    )


def test_rows_recorded_otherwise_than_the_law_says_are_not_passed_over(tmp_path: Path):
    silence = 0
    lake = lake_of(tmp_path, (*ROWS, paid(7, 100, 0, outcome=silence)))
    report = ask(Asked(lake, "zz", write_draft(tmp_path), out=tmp_path / "answer"))
    assert report.comparison.differing == 1
    assert 'role="alert"' in (tmp_path / "answer" / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("changes", "error", "said"),
    [
        ({"lake": Path("nowhere")}, NotFound, "there is no lake at nowhere"),
        ({"law": "xx"}, NotFound, "law 'xx' is neither"),
        ({"draft": Path("nowhere")}, NotFound, "there is no draft in nowhere"),
        ({"law": "by"}, RulebookError, "the country that the draft is read against"),
        ({"first": date(2026, 7, 1), "last": date(2026, 6, 1)}, InputError, "a first day after the last one"),
        ({"first": date(2030, 1, 1)}, InputError, "2030-01-01 to 2026-07-05"),
        ({"last": date(2020, 1, 1)}, InputError, "a first day after the last one"),
        ({"out": Path("nowhere/answer")}, NotFound, "there is no folder nowhere"),
    ],
)
def test_what_cannot_be_answered_is_said_clearly(asked: Asked, changes: dict[str, object], error: type[Exception], said: str):
    with pytest.raises(error, match=said) as found:
        ask(replace(asked, **changes))  # type: ignore[arg-type]
    assert str(found.value)


def test_a_lake_of_another_currency_and_an_empty_one_are_turned_away(asked: Asked, tmp_path: Path):
    with pytest.raises(InputError, match="book bank1 counts in ZZD"):
        ask(replace(asked, law="by", draft=Path("examples/drafts/by-abroad").resolve()))
    create_lake(tmp_path / "empty")
    with pytest.raises(InputError, match="there is no row in it"):
        ask(replace(asked, lake=tmp_path / "empty"))


def test_the_record_is_written_last(asked: Asked):
    ask(asked)
    assert asked.out is not None
    assert sorted(path.name for path in asked.out.iterdir()) == sorted(FILES)


def test_a_sweep_tries_every_value(asked: Asked):
    report, swept, tried = sweep(asked, "test.pay_max=60.00..160.00/3")
    assert (swept.name, swept.unit, swept.drafted, swept.today) == ("test.pay_max", "ZZD", "100.00", None)
    assert [(one.value, turned(one.comparison.transitions).refused) for one in tried] == [
        ("60.00", Sum(2, 123_456_799_012)),
        ("110.00", Sum(1, 123_456_789_012)),
        ("160.00", Sum(1, 123_456_789_012)),
    ]
    assert turned(tried[1].comparison.transitions).referred == Sum(2, 15_000), "what is no longer refused is still looked at"
    assert asked.out is not None
    told = json.loads((asked.out / "sweep.json").read_text())
    assert [one["newly_refused"]["rows"] for one in told["values"]] == [2, 1, 1]
    assert "1,234,567,990.12" in (asked.out / "sweep.html").read_text(encoding="utf-8")
    assert report.comparison.rows == 8


def test_values_of_a_sweep_are_exact():
    assert values_of("a.b=0.10..0.30/3") == ("a.b", ["0.10", "0.20", "0.30"])
    assert values_of("a=1..2/4") == ("a", ["1", "2"]), "values are rounded down to the decimals given, each is tried once"
    assert values_of("a=1/4..3/4/3") == ("a", ["1/4", "1/2", "3/4"])


@pytest.mark.parametrize("spec", ["a", "a=1..2", "a=1..2/1", "a=x..2/3", "a=1/0..1/2/3", "a=1..2/5000"])
def test_a_sweep_that_cannot_be_read_is_said_clearly(spec: str):
    with pytest.raises(InputError, match="sweep"):
        values_of(spec)


def test_an_unknown_parameter_is_named(asked: Asked):
    with pytest.raises(NotFound, match=r"test\.nothing"):
        sweep(asked, "test.nothing=1.00..2.00/2")

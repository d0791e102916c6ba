"""Names against files of labelled names, found by their form.

`name1,name2,is_match` (CSV): pairs. `checks` (JSON): entities with other evidence. `query_name,result_name,ofac_score` (CSV):
what another search engine answered. CSV of `query,expected,least score` under `#` comments: pairs across scripts.
`*positives*.csv` and `*negatives*.csv`: people who must, and must not, be found on the United Nations' list. What is asked for is
a share over a whole file: no row is promised. The bars stand below what was measured by as much as another file of the same form
may differ.
"""

from __future__ import annotations

import csv
import json
import os
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from skarb.bench.screening import KINDS, f1, read_people
from skarb.core.screening_list import Described, Listed, Name, ScreeningList, SubjectKind
from skarb.screening.names import NameScreen, Reader
from skarb.screening.names.fold import icu_version
from skarb.screening.names.logic import logic_version
from skarb.screening.names.reader import Method

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("SKARB_DATA", ROOT / "../shared/data"))
EXTRA = pytest.mark.skipif(
    not (logic_version() and icu_version()), reason="the extra screening is not installed: pip install 'skarb[screening]'"
)
METHODS = [pytest.param("rules"), pytest.param("best", marks=EXTRA)]


def parameters(found: list[Path], what: str) -> list[Any]:
    reason = f"no file with {what} below {DATA}; name the folder in SKARB_DATA"
    return [pytest.param(path, id=path.name) for path in found] or [pytest.param(None, marks=pytest.mark.skip(reason=reason))]


def tables(*columns: str) -> list[Any]:
    found = (
        [path for path in sorted(DATA.rglob("*.csv")) if set(columns) <= set(next(csv.reader(lines(path)), []))]
        if DATA.is_dir()
        else []
    )
    return parameters(found, "the columns " + ", ".join(columns))


def lines(path: Path) -> list[str]:
    return [
        line
        for line in path.read_text(encoding="utf-8-sig", errors="replace").splitlines()
        if line.strip() and not line.startswith("#")
    ]


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def check_files() -> list[Any]:
    found = sorted(DATA.rglob("*.json")) if DATA.is_dir() else []
    return parameters([path for path in found if checks_in(path)], '{"checks": [...]}')


def checks_in(path: Path) -> list[dict[str, Any]]:
    """Return the labelled entities of a file, none if it is another one."""
    text = path.read_text(encoding="utf-8-sig", errors="replace")
    try:
        content = json.loads(text) if '"checks"' in text else {}
    except ValueError:
        return []
    checks = content.get("checks", ()) if isinstance(content, dict) else ()
    return [one for one in checks if isinstance(one, dict) and {"schema", "match", "query", "candidate"} <= set(one)]


def cross_script_files() -> list[Any]:
    def fits(path: Path) -> bool:
        if "min score" not in path.read_text(encoding="utf-8-sig", errors="replace")[:400].lower():
            return False
        return all(len(row) >= 3 for row in csv.reader(lines(path)))

    return parameters(
        [path for path in sorted(DATA.rglob("*.csv")) if fits(path)] if DATA.is_dir() else [],
        "`Query,Expected Match,Min Score` in a comment",
    )


def alike(reader: Reader, one: str, other: str, kind: SubjectKind = "unknown") -> float:
    return reader.compare(reader.form(one, kind), kind, reader.listed_form(other, kind), kind)[0]


@pytest.mark.parametrize("path", tables("name1", "name2", "is_match", "schema"))
@pytest.mark.parametrize("method", METHODS)
def test_labelled_pairs_are_told_apart(path: Path, method: Method) -> None:
    reader = Reader(method)
    answers = []
    for row in rows(path):
        like = alike(reader, row["name1"], row["name2"], KINDS.get(row["schema"], "unknown"))
        answers.append((reader.policy.verdict(like, 0.0).then != "clear", row["is_match"] == "true", row.get("quality", "")))
    assert f1((said, truth) for said, truth, _ in answers) >= (0.82 if method == "best" else 0.79)
    strong = [said == truth for said, truth, quality in answers if quality == "STRONG"]
    if strong:
        assert sum(strong) / len(strong) >= (0.9 if method == "best" else 0.85)


@pytest.mark.parametrize("path", check_files())
@pytest.mark.parametrize("method", METHODS)
def test_labelled_entities_are_told_apart(path: Path, method: Method) -> None:
    answers = []
    for check in checks_in(path):
        kind = KINDS.get(check["schema"], "unknown")
        candidate = Listed(entry="1", kind=kind, **described(check["candidate"]))
        screening_list = ScreeningList(
            list="one", regime="un", publisher="X", version="1", published=date(2026, 1, 1), entries=(candidate,)
        )
        answer = NameScreen([screening_list], method=method).search(Described(kind=kind, **described(check["query"])))
        answers.append((answer.verdict != "clear", bool(check["match"])))
    assert f1(answers) >= (0.75 if method == "best" else 0.7)


def described(given: dict[str, Any]) -> dict[str, Any]:
    def all_of(*names: str) -> list[str]:
        found = [given[name] for name in names if given.get(name)]
        return [text for value in found for text in (value if isinstance(value, list) else [value])]

    middle = " ".join(all_of("middleName", "fatherName"))
    texts = all_of("name", "alias") or [" ".join(all_of("firstName", "middleName", "fatherName", "lastName"))]
    roles = {"given": " ".join(all_of("firstName")), "middle": middle, "family": " ".join(all_of("lastName"))}
    return {
        "names": tuple(Name(text=text, **roles) for text in texts),
        "births": tuple(all_of("birthDate", "incorporationDate")),
        "countries": tuple(code.upper() for code in all_of("country", "nationality", "jurisdiction")),
    }


@pytest.mark.parametrize("path", tables("query_name", "result_name", "ofac_score"))
@pytest.mark.parametrize("method", METHODS)
def test_what_another_search_finds_likest_is_liker_than_what_it_does_not(path: Path, method: Method) -> None:
    reader = Reader(method)
    scored = [(float(row["ofac_score"]), alike(reader, row["query_name"], row["result_name"])) for row in rows(path)]
    high, low = [like for score, like in scored if score >= 95], [like for score, like in scored if score < 90]
    if not high or not low:
        pytest.skip("all its pairs are alike, or none is")
    ordered = sum((one > other) + (one == other) / 2 for one in high for other in low)
    assert ordered / (len(high) * len(low)) >= 0.85


@EXTRA
@pytest.mark.parametrize("path", cross_script_files())
def test_names_are_found_across_scripts(path: Path) -> None:
    reader = Reader()
    found = [alike(reader, row[0], row[1], "person") >= float(row[2]) for row in csv.reader(lines(path))]
    assert sum(found) / len(found) >= 0.7


@pytest.mark.parametrize("method", METHODS)
def test_listed_people_are_found_and_others_left_alone(method: Method) -> None:
    people = read_people(DATA if DATA.is_dir() else None)
    if people is None:
        pytest.skip(
            f"no *positives*.csv, *negatives*.csv and list of the United Nations below {DATA}; name the folder in SKARB_DATA"
        )
    positives, negatives, screening_list = people
    screen = NameScreen([screening_list], method=method)
    found, wrong = [screen.search(one) for one in positives], [screen.search(one) for one in negatives]
    assert sum(answer.verdict != "clear" for answer in found) / len(found) >= 0.97
    assert sum(answer.verdict != "clear" for answer in wrong) / len(wrong) <= 0.02
    alerts = [answer.hits[0] for answer in (*found, *wrong) if answer.verdict != "clear"]
    keys = [(round(hit.likeness, 4), round(hit.evidence, 2)) for hit in alerts]
    assert max(map(keys.count, set(keys))) / len(keys) <= 0.05

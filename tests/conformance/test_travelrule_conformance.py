"""The travel rule against files of others: cases with verdicts, payloads and parts of them, messages of the protocol.

Validation cases are JSON lists whose items have `type`, `expect` and `object`. Fixtures are JSON objects below a folder called
ivms101; those that the data's own README says fail (`… by failing: …`) must fail, all others keep the standard. Messages are
JSON objects below a folder whose name begins with trp.
"""

from __future__ import annotations

import json
import os
import re
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from skarb.core.time import parse_day
from skarb.travelrule.constraints import Rules
from skarb.travelrule.messages import Inquiry, read_message, write_message
from skarb.travelrule.payload import PARTS, read_part, read_payload, write_payload

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("SKARB_DATA", ROOT / "../shared/data"))
RULES = Rules(parse_day("2026-11-01"))
VERDICTS = {"valid", "invalid"}


@cache
def files() -> list[Path]:
    return sorted(path for path in DATA.rglob("*.json") if path.stat().st_size < 1 << 22) if DATA.is_dir() else []


def loaded(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes(), parse_float=Decimal)
    except ValueError:
        return None


def cases() -> list[object]:
    found: list[object] = []
    for path in files():
        if "case" in path.name or "ivms" in str(path.parent):
            content = loaded(path)
            for case in content if isinstance(content, list) else []:
                if isinstance(case, dict) and {"type", "expect", "object"} <= set(case) and case["expect"] in VERDICTS:
                    found.append(pytest.param(case, id=f"{path.stem}-{case.get('id', len(found))}"))
    return found or [missing("validation cases of IVMS 101")]


def of_folder(pattern: str) -> list[object]:
    found = [path for path in files() if re.fullmatch(pattern, path.parent.name.lower()) and isinstance(loaded(path), dict)]
    return [pytest.param(path, id=path.name) for path in found] or [missing(f"JSON object in a folder {pattern}")]


def missing(what: str) -> object:
    return pytest.param(None, marks=pytest.mark.skip(reason=f"no {what} below {DATA}; name the folder in SKARB_DATA"))


@cache
def said_to_fail() -> frozenset[str]:
    """Names of fixtures of which the data's README says that they do not obey the rules."""
    texts = [path.read_text(encoding="utf-8") for path in sorted(DATA.rglob("README*")) if path.is_file()]
    sentences = [found[1] for text in texts for found in re.finditer(r"by failing:(.*?)\. ", text, re.DOTALL)]
    return frozenset(name for sentence in sentences for name in re.findall(r"`([\w.-]+\.json)`", sentence))


@pytest.mark.parametrize("case", cases())
def test_a_case_gets_its_verdict(case: dict[str, Any]) -> None:
    part = case["type"] if case["type"] in PARTS else "payload" if "payload" in case["type"].lower() else None
    found = read_part(json.dumps(case["object"]).encode(), RULES, part)
    said = [str(one) for one in found.findings]
    assert found.valid == (case["expect"] == "valid"), (case.get("reason"), said)
    assert found.valid == (found.value is not None)
    assert found.valid or all(one.expected for one in found.findings)


@pytest.mark.parametrize("path", of_folder("ivms101"))
def test_a_fixture_is_read_or_fails_as_its_readme_says(path: Path) -> None:
    data = path.read_bytes()
    found = read_part(data, RULES)
    assert found.valid == (path.name not in said_to_fail()), [str(one) for one in found.findings]
    if found.valid and found.part == "payload":
        written = write_payload(found.value)
        again = read_payload(written, RULES)
        assert again.value == found.value
        assert texts(json.loads(written)) >= texts(json.loads(data)), "nothing that was read is lost"


@pytest.mark.parametrize("path", of_folder("trp.*"))
def test_a_message_is_read_and_written_again(path: Path) -> None:
    data = path.read_bytes()
    found = read_message(data, RULES)
    assert found.message is not None, [str(one) for one in found.findings]
    written = write_message(found.message)
    assert read_message(written, RULES).message == found.message
    before, after = loaded(path), json.loads(written, parse_float=Decimal)
    if isinstance(found.message, Inquiry):
        assert texts(after["IVMS101"]) >= texts(before["IVMS101"])  # in the form of 2023
        assert Decimal(str(after["amount"])) == Decimal(str(before["amount"]))
        before, after = (
            {key: value for key, value in one.items() if key not in ("IVMS101", "amount")} for one in (before, after)
        )
    assert after == {key: "" if value is None else value for key, value in before.items()}  # no comment is an empty one


def texts(tree: Any) -> set[str]:
    """Return every text in a tree, whatever it is called there."""
    if isinstance(tree, dict):
        return set().union(*map(texts, tree.values())) if tree else set()
    if isinstance(tree, list):
        return set().union(*map(texts, tree)) if tree else set()
    return {str(tree)}

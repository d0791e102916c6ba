"""No pattern of a text lets a line end slip in at its end: in Python `$` also matches before a last newline, and `\\Z` does not."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path
from re import _constants, _parser  # type: ignore[attr-defined]
from typing import Annotated, Any

import msgspec
import pytest

import skarb

HOME = Path(skarb.__file__).parent


def patterns() -> Iterator[tuple[str, str]]:
    """Yield every pattern that a type of the package is annotated with, as the type has it: also those made from parts."""
    for one in pkgutil.walk_packages(skarb.__path__, "skarb."):
        path = HOME.joinpath(*one.name.split(".")[1:])
        source = (path / "__init__.py" if one.ispkg else path.with_suffix(".py")).read_text(encoding="utf-8")
        if "pattern=" not in source:
            continue
        names = vars(importlib.import_module(one.name))
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.keyword) and node.arg == "pattern" and not _stored(node.value):
                yield f"{one.name}:{node.value.lineno}", eval(compile(ast.Expression(node.value), one.name, "eval"), dict(names))


def _stored(value: ast.expr) -> bool:
    return isinstance(value, ast.Attribute)  # a pattern that is handed on, written down elsewhere


FOUND = list(patterns())


def test_there_are_patterns_to_look_at() -> None:
    assert len(FOUND) >= 25 and any("core.facts" in where for where, _ in FOUND)


@pytest.mark.parametrize(("where", "pattern"), FOUND, ids=[where for where, _ in FOUND])
def test_a_pattern_holds_the_whole_text(where: str, pattern: str) -> None:
    tree = list(_parser.parse(pattern))
    ends = tree[0], tree[-1]
    assert ends == ((_constants.AT, _constants.AT_BEGINNING), (_constants.AT, _constants.AT_END_STRING)), (
        f"{where}: {pattern!r} is to begin with ^ and end with \\Z"
    )
    assert not re.compile(pattern).flags & re.MULTILINE


def test_msgspec_takes_a_line_end_at_a_dollar_and_not_at_the_end_of_the_text() -> None:
    loose: Any = Annotated[str, msgspec.Meta(pattern="^[A-Z]{2}$")]
    strict: Any = Annotated[str, msgspec.Meta(pattern=r"^[A-Z]{2}\Z")]
    assert msgspec.convert("BY\n", loose) == "BY\n", "if this fails, msgspec has changed, and the rule may go"
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert("BY\n", strict)
    assert msgspec.convert("BY", strict) == "BY"


def test_every_end_of_a_pattern_in_the_source_is_meant() -> None:
    found = []
    for path in sorted(HOME.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("re.compile", "re.match", "re.search", "re.fullmatch"):
                text = node.args[0]
                if (
                    isinstance(text, ast.Constant)
                    and isinstance(text.value, str)
                    and re.search(r"(?<!\\)\$(\)|\||\Z)", text.value)
                ):
                    found.append(f"{path.relative_to(HOME).as_posix()}: {text.value}")
    assert found == []

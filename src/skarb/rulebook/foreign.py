"""YAML of other systems: every scalar stays the text that was written, and nothing is guessed, lost or endless.

Their readers follow aliases and merges (`<<`), so both are followed here. A key that stands twice would lose a value, an alias within itself has no
end, and aliases of aliases grow without one: these are refused with their line. A text in quotes is marked (`Quoted`): `"null"` is a word.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import yaml

from skarb.core.errors import InputError, shorten

_LOADER: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_DEEPEST = 60  # levels of nesting
_LARGEST = 1_000_000  # keys and values of one file, aliases written out


class Quoted(str):
    """A text that stood in quotes or in a block, so it is no number, date or null by itself."""


@dataclass(slots=True)
class _Open:
    """A list or mapping on its way."""

    content: list[Any] | dict[str, Any]
    anchor: str | None
    merged: dict[str, Any] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    key: str | None = None
    size: int = 1

    def take(self, value: Any, size: int, line: int) -> None:
        """Put the next value in its place; in a mapping it is a key or what belongs to the key before it.

        Raises: InputError
        """
        self.size += size
        if isinstance(self.content, list):
            self.content.append(value)
        elif self.key is None:
            self._open_key(value, line)
        elif self.key == "<<" and not isinstance(self.key, Quoted):
            self._merge(value, line)
            self.key = None
        else:
            self.content[self.key], self.key = value, None

    def _open_key(self, key: Any, line: int) -> None:
        if not isinstance(key, str):
            raise InputError(f"line {line}: a list or mapping as a key, expected a text")
        before = self.lines.setdefault(key, line)
        if before != line or key in self.content:
            raise InputError(f"line {line}: the key {shorten(key)!r} stands in line {before} already; keep one of them")
        self.key = key

    def _merge(self, given: Any, line: int) -> None:
        for one in given if isinstance(given, list) else [given]:
            if not isinstance(one, dict):
                raise InputError(f"line {line}: '<<' with {shorten(one)!r}, expected an alias to a mapping")
            self.merged = {**one, **self.merged}

    def closed(self) -> Any:
        return {**self.merged, **self.content} if isinstance(self.content, dict) else self.content


def read_foreign(text: str) -> Any:
    """Return the one document of a text as lists, mappings and texts; None when it is empty.

    Raises: InputError, with the line
    """
    try:
        return _read(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise InputError(f"line {mark.line + 1 if mark else 1}: {error.problem or error.context}") from None
    except yaml.YAMLError as error:
        raise InputError(str(error).replace("\n", " ")) from None


def _read(text: str) -> Any:
    found: list[Any] = []
    named: dict[str, tuple[Any, int]] = {}
    stack: list[_Open] = []
    total = 0
    for event in yaml.parse(text, Loader=_LOADER):
        mark: Any = event.start_mark
        line = mark.line + 1
        if isinstance(event, yaml.DocumentStartEvent) and found:
            raise InputError(f"line {line}: a second document, expected one in each file")
        if isinstance(event, yaml.CollectionStartEvent):
            if len(stack) == _DEEPEST:
                raise InputError(f"line {line}: nested deeper than {_DEEPEST} levels")
            stack.append(_Open([] if isinstance(event, yaml.SequenceStartEvent) else {}, event.anchor))
            continue
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in named:
                raise InputError(f"line {line}: the alias *{event.anchor} names nothing that ends before it")
            value, size = named[event.anchor]
        elif isinstance(event, yaml.ScalarEvent):
            value, size = Quoted(event.value) if event.style else event.value, 1
            if event.anchor:
                named[event.anchor] = value, size
        elif isinstance(event, yaml.CollectionEndEvent):
            done = stack.pop()
            value, size = done.closed(), done.size
            if done.anchor:
                named[done.anchor] = value, size
        else:
            continue
        total += size if isinstance(event, yaml.AliasEvent) else 1
        if total > _LARGEST:
            raise InputError(f"line {line}: more than {_LARGEST} keys and values, aliases written out")
        if stack:
            stack[-1].take(value, size, line)
        else:
            found.append(value)
    return found[0] if found else None

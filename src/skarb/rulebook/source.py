"""Strict YAML: every value is read as what it must be, and every complaint names file, line and column.

YAML guesses types: a bare `no` becomes false, `012` ten, `0.1` a float that is not a tenth. Nothing is guessed here. The texts
are composed into nodes with their marks and each node is read as the one type expected at its place; what YAML would have read as
something else is refused with the advice to quote it. Keys may not repeat or be unknown, and there are no aliases, tags or
merges.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from skarb.core.errors import InputError, Problem, shorten
from skarb.core.time import parse_day

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DEEPEST = 40  # levels of nesting; a rulebook needs six
_LONGEST = 1 << 22  # characters in one file
_WHOLE = re.compile(r"-?(0|[1-9][0-9_]{0,24})", re.ASCII)
_KINDS = {"bool": "a boolean", "int": "a number", "float": "a float", "null": "nothing", "timestamp": "a date"}


@dataclass(frozen=True, slots=True)
class Place:
    """A point in a text, lines and columns counted from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Located:
    """A text that knows where each of its characters was written."""

    text: str
    file: str = "<text>"
    whole: str = ""  # the file's text; "" when the text stands for itself
    start: int = 0  # where in the file the scalar begins, quotes and block header included

    def at(self, offset: int) -> Place:
        """Return where the character at an offset was written.

        Folding, quotes and escapes are followed by walking text and file side by side.
        """
        if not self.whole:
            before = self.text[:offset]
            return Place(self.file, before.count("\n") + 1, offset - (before.rfind("\n") + 1) + 1)
        spot = _walk(self.text, self.whole, self.start, offset)
        line_start = self.whole.rfind("\n", 0, spot) + 1
        return Place(self.file, self.whole.count("\n", 0, spot) + 1, spot - line_start + 1)


def _walk(text: str, whole: str, start: int, offset: int) -> int:
    spot, end = start, len(whole)
    if whole[spot : spot + 1] in ("|", ">"):  # the header line of a block scalar
        spot = whole.find("\n", spot) + 1 or end
    last = spot
    for index in range(min(offset + 1, len(text))):
        character = text[index]
        if character.isspace():
            while spot < end and not whole[spot].isspace():
                spot += 1
        else:
            while spot < end and whole[spot] != character:
                spot += 1
        last = spot
        spot += 1
    return min(last + max(0, offset - len(text) + 1), end)


def place_of(file: str, node: yaml.Node | yaml.Event) -> Place:
    """Return where a part of a YAML file begins."""
    mark: Any = node.start_mark
    return Place(file, mark.line + 1, mark.column + 1)


@dataclass
class Reader:
    """Reads one file and collects what is wrong with it."""

    file: str
    text: str
    problems: list[Problem] = field(default_factory=list)

    def root(self) -> yaml.Node | None:
        """Compose the file's only document; None when it is empty or unreadable."""
        if len(self.text) > _LONGEST:
            self.problem(Place(self.file, 1, 1), "", f"{len(self.text)} characters", f"at most {_LONGEST} characters in one file")
            return None
        try:
            # Composing recurses, so nesting is measured first; the same walk meets aliases and tags before anything is made of them.
            node: yaml.Node | None = yaml.compose(self.text, Loader=_LOADER) if self._admit() else None
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            place = Place(self.file, mark.line + 1, mark.column + 1) if mark else Place(self.file, 1, 1)
            lines = self.text.splitlines()
            given = lines[place.line - 1].strip() if place.line <= len(lines) else ""
            self.problem(place, "", given, f"YAML ({error.problem or error.context})")
            return None
        except (yaml.YAMLError, RecursionError) as error:
            self.problem(Place(self.file, 1, 1), "", shorten(str(error).replace("\n", " ")), "readable YAML")
            return None
        return node

    def _admit(self) -> bool:
        """Refuse aliases, tags and bottomless nesting."""
        before, depth = len(self.problems), 0
        for event in yaml.parse(self.text, Loader=_LOADER):
            place = place_of(self.file, event)
            if isinstance(event, yaml.AliasEvent):
                self.problem(place, "", "an alias to another value", "the value written out (no aliases)")
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
            elif isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent):
                if event.tag is not None:
                    self.problem(place, "", event.tag, "a value without a tag")
                if isinstance(event, yaml.CollectionStartEvent):
                    depth += 1
                    if depth > _DEEPEST:
                        self.problem(place, "", "deeper nesting", f"at most {_DEEPEST} levels")
                        return False
        return len(self.problems) == before

    def problem(self, place: Place | yaml.Node, name: str, given: object, expected: str, todo: str = "") -> None:
        """Note one thing that is wrong."""
        where = place if isinstance(place, Place) else place_of(self.file, place)
        self.problems.append(Problem(str(where), name, shorten(given), expected, todo))

    def records(self, what: str) -> Iterator[yaml.Node]:
        """Yield the records of a file that is a list of them."""
        root = self.root()
        if root is None:
            return
        if not isinstance(root, yaml.SequenceNode):
            self.problem(root, "", show(root), f"a list of {what}, each starting with '- '")
            return
        yield from root.value

    # -- scalars -------------------------------------------------------------------------------------------------------

    def scalar(self, node: yaml.Node, name: str, expected: str) -> str | None:
        """Return a text; what YAML would read as something else must be quoted."""
        if not isinstance(node, yaml.ScalarNode):
            self.problem(node, name, show(node), expected)
            return None
        kind = node.tag.rpartition(":")[2]
        if not node.style and kind in _KINDS:
            self.problem(node, name, node.value, expected, f"YAML reads this as {_KINDS[kind]}: write it in quotes")
            return None
        return str(node.value)

    def located(self, node: yaml.Node, text: str) -> Located:
        """Return a scalar's text with its places."""
        return Located(text, self.file, self.text, node.start_mark.index)

    def day(self, node: yaml.Node, name: str) -> int | None:
        """Return a calendar date as a day number."""
        if isinstance(node, yaml.ScalarNode):
            try:
                return parse_day(node.value)
            except InputError:
                pass
        self.problem(node, name, show(node), "a date that exists, written YYYY-MM-DD")
        return None

    def flag(self, node: yaml.Node, name: str) -> bool | None:
        """Return true or false, written exactly so."""
        if isinstance(node, yaml.ScalarNode) and not node.style and node.value in ("true", "false"):
            return bool(node.value == "true")
        self.problem(node, name, show(node), "true or false, without quotes")
        return None

    def whole(self, node: yaml.Node, name: str) -> int | None:
        """Return a whole number in plain decimal digits."""
        if isinstance(node, yaml.ScalarNode) and not node.style and _WHOLE.fullmatch(node.value):
            return int(node.value)
        self.problem(node, name, show(node), "a whole number in decimal digits, without a leading zero")
        return None


def is_null(node: yaml.Node) -> bool:
    """Say whether a value was left empty or written as null."""
    return isinstance(node, yaml.ScalarNode) and not node.style and node.tag.endswith(":null")


def show(node: yaml.Node) -> str:
    """Return a node as it was written, as far as one line goes."""
    if isinstance(node, yaml.ScalarNode):
        return str(node.value)
    return "a list" if isinstance(node, yaml.SequenceNode) else "a mapping"


class Record:
    """One mapping of a file, read key by key. Unknown, repeated and missing keys are noted at once."""

    def __init__(self, reader: Reader, node: yaml.Node, what: str, required: Iterable[str], optional: Iterable[str] = ()) -> None:
        """Take a node apart into its keys."""
        self.reader, self.node, self.what = reader, node, what
        self.before = len(reader.problems)
        self.nodes: dict[str, yaml.Node] = {}
        self.required = required = tuple(required)
        known = (*required, *optional)
        if not isinstance(node, yaml.MappingNode):
            reader.problem(node, "", show(node), f"{what} with the keys {', '.join(required)}")
            return
        for key, value in node.value:
            name = show(key)
            if name not in known:
                reader.problem(key, "", name, f"a key of {what}: {', '.join(known)}")
            elif name in self.nodes:
                reader.problem(key, "", name, f"each key of {what} only once")
            else:
                self.nodes[name] = value
        for name in required:
            if name not in self.nodes:
                reader.problem(node, name, "nothing", f"the key {name!r} in {what}")

    @property
    def broken(self) -> bool:
        """Say whether anything was wrong since the record was opened."""
        return len(self.reader.problems) > self.before

    def place(self, key: str = "") -> Place:
        """Return where a key's value, or the record, begins."""
        return place_of(self.reader.file, self.nodes.get(key, self.node))

    def has(self, key: str) -> bool:
        """Say whether a key has a value."""
        return key in self.nodes and not is_null(self.nodes[key])

    def _given(self, key: str, expected: str) -> yaml.Node | None:
        """Return a key's node; a required key that is null is noted."""
        node = self.nodes.get(key)
        if node is not None and is_null(node):
            if key in self.required:
                self.reader.problem(node, key, "nothing", expected)
            return None
        return node

    def text(self, key: str, expected: str = "a text", shape: re.Pattern[str] | None = None) -> str:
        """Return a text that is not empty, "" when there is none."""
        node = self._given(key, expected)
        value = None if node is None else self.reader.scalar(node, key, expected)
        if node is None or value is None:
            return ""
        if not value.strip() or (shape is not None and not shape.fullmatch(value)):
            self.reader.problem(node, key, value, expected)
            return ""
        return value

    def located(self, key: str, expected: str) -> Located | None:
        """Return a text with its places."""
        value = self.text(key, expected)
        return self.reader.located(self.nodes[key], value) if value else None

    def choice(self, key: str, options: Iterable[str], default: str = "") -> str:
        """Return one of a closed list of words."""
        words = tuple(options)
        expected = f"one of {', '.join(words)}"
        node = self._given(key, expected)
        value = None if node is None else self.reader.scalar(node, key, expected)
        if node is None or value is None:
            return default
        if value not in words:
            self.reader.problem(node, key, value, expected)
            return default
        return value

    def texts(self, key: str, expected: str = "a list of texts") -> tuple[str, ...]:
        """Return a list of texts without repetition, () when there is none."""
        node = self._given(key, expected)
        if node is None:
            return ()
        if not isinstance(node, yaml.SequenceNode):
            self.reader.problem(node, key, show(node), f"{expected}, written [a, b]")
            return ()
        found: list[str] = []
        for part in node.value:
            value = self.reader.scalar(part, key, expected)
            if value is not None and value in found:
                self.reader.problem(part, key, value, "each entry only once")
            elif value is not None:
                found.append(value)
        return tuple(found)

    def items(self, key: str, what: str) -> list[yaml.Node]:
        """Return the nodes of a list, [] when there is none."""
        node = self._given(key, f"a list of {what}")
        if node is None:
            return []
        if not isinstance(node, yaml.SequenceNode):
            self.reader.problem(node, key, show(node), f"a list of {what}")
            return []
        return list(node.value)

    def day(self, key: str) -> int | None:
        """Return a day number; None for null, where null is allowed."""
        node = self.nodes.get(key)
        return None if node is None or is_null(node) else self.reader.day(node, key)

    def flag(self, key: str, default: bool = False) -> bool:
        """Return true or false."""
        node = self._given(key, "true or false")
        value = None if node is None else self.reader.flag(node, key)
        return default if value is None else value

    def whole(self, key: str, default: int = 0) -> int:
        """Return a whole number."""
        node = self._given(key, "a whole number")
        value = None if node is None else self.reader.whole(node, key)
        return default if value is None else value

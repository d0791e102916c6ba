"""YAML read strictly: every scalar stays the text that was written, and every key remembers its line.

No booleans by accident, no anchors, no key given twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NoReturn

import yaml

from skarb.core.errors import ConfigurationError, shorten


@dataclass(frozen=True, slots=True)
class Entry:
    """A piece of a YAML file with the place where it stands."""

    file: str
    line: int
    key: str  # path of keys from the top, divided by dots
    value: str | list[Entry] | dict[str, Entry]

    def refuse(self, expected: str, given: object = None) -> NoReturn:
        """Stop with a message that names file, line, key, what was given and what was expected.

        Raises: ConfigurationError
        """
        shown = given if given is not None else self.value
        if isinstance(shown, dict):
            shown = "a mapping with " + ", ".join(shown)
        elif isinstance(shown, list):
            shown = f"a list of {len(shown)}"
        raise ConfigurationError(
            f"{self.file} line {self.line}, {self.key or 'the file'}: given {shorten(shown)!r}, expected {expected}"
        )

    def text(self) -> str:
        """Return a text."""
        return self.value if isinstance(self.value, str) else self.refuse("a text")

    def flag(self) -> bool:
        """Return true or false."""
        return self.value == "true" if self.value in ("true", "false") else self.refuse("true or false")

    def table(self) -> dict[str, Entry]:
        """Return a mapping of keys."""
        return self.value if isinstance(self.value, dict) else self.refuse("a mapping of keys to values")

    def items(self) -> list[Entry]:
        """Return a list."""
        return self.value if isinstance(self.value, list) else self.refuse("a list")

    def only(self, allowed: tuple[str, ...], needed: tuple[str, ...] = ()) -> dict[str, Entry]:
        """Return a mapping that has all needed keys and none besides the allowed ones."""
        table = self.table()
        for key, entry in table.items():
            if key not in allowed:
                entry.refuse(f"one of the keys {', '.join(allowed)}", given=key)
        for key in needed:
            if key not in table:
                self.refuse(f"the key {key!r}")
        return table


def parse(text: str, file: str) -> Entry:
    """Read a YAML text into entries.

    Raises: ConfigurationError with file and line.
    """
    try:
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, yaml.SafeLoader)):
            raise ConfigurationError(f"{file}: given an alias (*name), expected plain values; write them out")
        node = yaml.compose(text, yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ConfigurationError(f"{file} line {line}: this is not YAML: {error.problem}") from None
    except (yaml.YAMLError, RecursionError) as error:
        raise ConfigurationError(f"{file}: this is not YAML: {shorten(str(error))}") from None
    if node is None:
        raise ConfigurationError(f"{file}: the file is empty, expected a mapping of keys to values")
    return _entry(node, file, "")


def _entry(node: yaml.Node, file: str, key: str) -> Entry:
    line = node.start_mark.line + 1
    if isinstance(node, yaml.ScalarNode):
        return Entry(file, line, key, str(node.value))
    if isinstance(node, yaml.SequenceNode):
        return Entry(file, line, key, [_entry(child, file, f"{key}[{number}]") for number, child in enumerate(node.value, 1)])
    found: dict[str, Entry] = {}
    for name_node, child in node.value:
        name = str(name_node.value) if isinstance(name_node, yaml.ScalarNode) else "?"
        entry = _entry(child, file, f"{key}.{name}" if key else name)
        if name in found:
            raise ConfigurationError(
                f"{file} line {name_node.start_mark.line + 1}, {entry.key}: the key is given twice, expected once"
            )
        found[name] = Entry(entry.file, name_node.start_mark.line + 1, entry.key, entry.value)
    return Entry(file, line, key, found)

"""How a rulebook's faults are handed over: all of them at once."""

from __future__ import annotations

from collections.abc import Iterable

from skarb.core.errors import ConfigurationError, Problem


class RulebookError(ConfigurationError):
    """A country's folder contradicts itself; every problem found is listed."""

    def __init__(self, name: str, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        count = len(self.problems)
        lines = "\n".join(f"  {problem}" for problem in self.problems)
        super().__init__(f"the rulebook {name} has {count} problem{'s' if count != 1 else ''}:\n{lines}")

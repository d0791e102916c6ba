"""Reads two names beside each other: by logic-v2 where the extra `screening` is installed, by rules of our own where it is not.

With the extra, our own reading stands beside it where letters had to be folded, and the likelier of the two counts: it knows
names by how they sound in three languages and names that one script writes together, where logic-v2 knows only names that
somebody wrote down. Where our own finds a name so like that no rule of the policy can tell it from an equal one, logic-v2, which could only
raise the number, is not asked.
"""

from __future__ import annotations

from typing import Literal

from skarb.core.errors import ConfigurationError
from skarb.core.screening_list import Name, SubjectKind
from skarb.screening.names.align import align
from skarb.screening.names.fold import MOST, icu_version, unread
from skarb.screening.names.form import Form, form_of, make_form
from skarb.screening.names.likeness import likeness
from skarb.screening.names.logic import Logic, logic_version
from skarb.screening.names.model import Part
from skarb.screening.names.policy import Policy, default_policy

Method = Literal["best", "logic-v2", "rules"]


class Reader:
    """Compares names, and says by what means."""

    def __init__(self, method: Method = "best", policy: Policy | None = None) -> None:
        """Choose the means: the best there is, or one by its name.

        Raises: ConfigurationError if logic-v2 is asked for and not installed.
        """
        self.policy = policy or default_policy()
        if method == "logic-v2" and not logic_version():
            raise ConfigurationError("names cannot be compared by logic-v2: pip install 'skarb[screening]', or choose rules")
        self._sure = self.policy.sure
        self._logic = Logic() if method != "rules" and logic_version() else None
        self.use_icu = method != "rules" and bool(icu_version())
        reading = f"logic-v2 of nomenklatura {logic_version()} and rules" if self._logic else "rules"
        letters = f"own tables and ICU {icu_version()}" if self.use_icu else "own tables for Cyrillic, Greek and accents"
        self.method = f"names by {reading}; letters by {letters}"

    def form(self, text: str, kind: SubjectKind) -> Form:
        """Return a name of a query made ready; names asked for lately are kept."""
        return form_of(text, kind, self.use_icu)

    def listed_form(self, text: str, kind: SubjectKind) -> Form:
        """Return a name made ready to be kept by the caller."""
        return make_form(text, kind, self.use_icu)

    def unread(self, text: str, kind: SubjectKind) -> str:
        """Return why a name cannot be compared as it is written; nothing when it can. One that was read has letters."""
        return "" if len(text) <= MOST and self.form(text, kind).tokens else unread(text)

    def prepare(self, form: Form, kind: SubjectKind, name: Name | None = None) -> None:
        """Analyse a listed name now rather than when it is first needed."""
        if self._logic is not None:
            self._logic.kept(form, kind, name)

    def compare(
        self, query: Form, kind: SubjectKind, listed: Form, listed_kind: SubjectKind, name: Name | None = None
    ) -> tuple[float, list[Part]]:
        """Return the likeness of two names and the parts it was made of."""
        reading = self.policy.reading
        foreign = query.foreign or listed.foreign
        own = align(query, listed) if self._logic is None or foreign or query.plain == listed.plain else []
        like = likeness(query, listed, own, reading) if own else 0.0
        if self._logic is None or like >= self._sure:
            return like, own
        parts = self._logic.align(self._logic.asked(query.text, kind), self._logic.kept(listed, listed_kind, name))
        other = likeness(query, listed, parts, reading)
        return (like, own) if like >= other else (other, parts)

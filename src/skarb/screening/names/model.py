"""What comparing names yields: two numbers, the parts they were made of, and an answer.

`likeness` (0 to 1) says how alike two names are and nothing else. `evidence` (bits) says what speaks for or against their being
one and the same besides: births, countries, documents, and how common the name is. Both are statistics for the eye of an officer;
none of this is shown to the person screened.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from skarb.core.facts import Regime

How = Literal[
    "exact",  # letter for letter, in the same script
    "transliteration",  # the same in Latin letters
    "sound",  # spelled otherwise, sounds alike
    "spelling",  # a few letters differ
    "known_variant",  # another form of the same name or word, known as such
    "joined",  # written apart on one side and together on the other
    "initial",
    "legal_form",
    "number",
    "replaced",  # one stands where the other has something unlike
    "only_query",
    "only_listed",
]
Verdict = Literal["clear", "possible", "confirmed"]  # confirmed: other evidence agrees, too; a person decides all the same
EvidenceKind = Literal["birth", "country", "gender", "document", "kind", "rarity"]


class Part(msgspec.Struct, frozen=True, gc=False):
    """One part of a name beside the part of the other name that answers to it; empty where nothing does."""

    query: str
    listed: str
    how: How
    score: float  # 0 to 1
    weight: float


class Evidence(msgspec.Struct, frozen=True):
    """One thing besides the name that agrees or disagrees. Units: bits, above zero for, below zero against."""

    kind: EvidenceKind
    says: str
    bits: float


class NameHit(msgspec.Struct, frozen=True, kw_only=True):
    """An entry of a list beside a name that was screened, and why."""

    list: str
    regime: Regime
    entry: str
    verdict: Verdict
    rule: str  # the rule of policy.yaml that gave the verdict
    likeness: float
    evidence: float
    query: str  # the name as it was given
    listed: str  # the name on the list that is most like it
    parts: tuple[Part, ...] = ()
    why: tuple[Evidence, ...] = ()

    @property
    def stands(self) -> bool:
        """Whether a person has to look at the hit."""
        return self.verdict != "clear"


class NameAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What screening by name found, gravest first. Hits that a rule cleared are told, too, so that nothing vanishes."""

    verdict: Verdict
    hits: tuple[NameHit, ...] = ()
    unread: tuple[str, ...] = ()  # why names could not be compared as they were given: then nobody is clear
    method: str = ""  # how names were compared

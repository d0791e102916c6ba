"""The reading of our own: which word of one name answers to which of the other, by rules alone.

Words are paired best first, each once, wherever they stand: names are written family first or last. What is left is tried written
together (RamiMakhlouf, van der bilt), and then stands against something unlike (replaced) or against nothing (only on one side).
"""

from __future__ import annotations

from typing import Final

from rapidfuzz.distance import OSA

from skarb.screening.names.form import Form, Token
from skarb.screening.names.model import How, Part
from skarb.screening.names.sound import skeleton, sound

_LEAST: Final = 0.72  # below, two words have nothing to do with each other
_Pair = tuple[float, How]
_NOTHING: Final[_Pair] = (0.0, "replaced")


def align(query: Form, listed: Form) -> list[Part]:
    """Return the parts of two names, paired."""
    one, other = query.tokens, listed.tokens
    pairs = []
    for i, left in enumerate(one):
        weight = left.weight
        for j, right in enumerate(other):
            score, how = compare(left, right)
            if score >= _LEAST:
                pairs.append((-score * (weight if weight < right.weight else right.weight), abs(i - j), i, j, score, how))
    pairs.sort()  # no two have the same places
    free, open_ = dict(enumerate(one)), dict(enumerate(other))
    parts: list[Part] = []
    for _, _, i, j, score, how in pairs:
        if i in free and j in open_:
            left, right = free.pop(i), open_.pop(j)
            parts.append(Part(left.written, right.written, how, score, _weight(left, right, how)))
    if free and open_:
        parts += _joined(free, open_, False)
        parts += _joined(open_, free, True)
    return parts + leftovers([(t.written, t.weight) for t in free.values()], [(t.written, t.weight) for t in open_.values()])


def leftovers(free: list[tuple[str, float]], open_: list[tuple[str, float]]) -> list[Part]:
    """Return the parts that nothing answers to; where both sides have some, they contradict each other, the weightiest first."""
    free.sort(key=lambda one: -one[1])
    open_.sort(key=lambda one: -one[1])
    parts = []
    for (left, weight), (right, other) in zip(free, open_, strict=False):
        parts.append(Part(left, right, "replaced", 0.0, max(weight, other)))
    parts += [Part(text, "", "only_query", 0.0, weight) for text, weight in free[len(open_) :]]
    parts += [Part("", text, "only_listed", 0.0, weight) for text, weight in open_[len(free) :]]
    return parts


def compare(left: Token, right: Token) -> _Pair:
    """Return how alike two words are, and how."""
    one, other = left.folded, right.folded
    if one == other:
        return (
            1.0,
            "legal_form"
            if left.kind == "legal_form"
            else "exact"
            if left.written.casefold() == right.written.casefold()
            else "transliteration",
        )
    if left.kind == "legal_form" or right.kind == "legal_form":
        return (1.0 if left.same == right.same else 0.8, "legal_form") if left.kind == right.kind else _NOTHING
    if left.kind == "number" or right.kind == "number":
        return (1.0, "number") if left.same == right.same and left.same else _NOTHING
    if len(one) == 1 or len(other) == 1:
        return (0.85, "initial") if one[0] == other[0] and left.kind != "particle" != right.kind else _NOTHING
    if left.sound == right.sound:
        return 0.96, "sound"
    longest = max(len(one), len(other))
    if abs(len(one) - len(other)) <= longest // 3:
        by_letter = 1.0 - OSA.distance(one, other) / longest
        by_sound = 0.97 * (1.0 - OSA.distance(left.sound, right.sound) / max(len(left.sound), len(right.sound)))
        score = max(by_letter, by_sound)
        if longest <= 3:
            score *= 0.8
        if score >= _LEAST:
            return score, "spelling"
    bare = skeleton(one)
    if bare and bare == skeleton(other) and len(bare) > 2:
        return 0.85, "sound"
    if len(bare) > 1 and bare == skeleton(other) and left.written.isascii() != right.written.isascii():
        return 0.8, "sound"
    return _NOTHING


def _weight(left: Token, right: Token, how: How) -> float:
    return 0.5 if how == "initial" else min(left.weight, right.weight)


def _joined(free: dict[int, Token], open_: dict[int, Token], turned: bool) -> list[Part]:
    """Pair neighbouring words of one side with one word of the other that is both written together; take them out."""
    parts = []
    for j, whole in list(open_.items()):
        for i in sorted(free):
            for count in (3, 2):
                run = [free[at] for at in range(i, i + count) if at in free]
                if len(run) < count:
                    continue
                together = "".join(word.folded for word in run)
                alike = 1.0 - OSA.distance(together, whole.folded) / max(len(together), len(whole.folded))
                heard, other = sound(together), whole.sound
                alike = max(alike, 0.97 * (1.0 - OSA.distance(heard, other) / max(len(heard), len(other))))
                if alike >= 0.75:
                    for at in range(i, i + count):
                        del free[at]
                    del open_[j]
                    text = " ".join(dict.fromkeys(word.written for word in run))
                    pair = (whole.written, text) if turned else (text, whole.written)
                    parts.append(Part(*pair, "joined", alike, max(1.0, whole.weight)))
                    break
            if j not in open_:
                break
    return parts

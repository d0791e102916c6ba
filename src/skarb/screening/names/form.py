"""A name made ready: its words with their kinds and weights, and the codes by which candidates are found.

Made once for a listed name and kept. Weights say how much a word tells: a family name much, a legal form or a title little.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from typing import Final, Literal, NamedTuple
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from skarb.core.screening_list import SubjectKind
from skarb.screening.names.fold import MOST, Word, fold
from skarb.screening.names.sound import skeleton, sound
from skarb.screening.names.words import words

WordKind = Literal["word", "patronymic", "generic", "particle", "title", "number", "initial", "legal_form"]
WEIGHTS: Final[dict[WordKind, float]] = {
    "word": 1.0, "patronymic": 1.0, "generic": 0.5, "particle": 0.4, "title": 0.3, "number": 1.3, "initial": 0.5, "legal_form": 0.3,
}  # fmt: skip
# As folded. Belarusian, Russian, Ukrainian: Сяргеевіч, Сергеевич, Сергійович; Іванаўна, Ивановна, Іванівна; Ильинична; Ильич, Кузьмич.
_PATRONYMIC: Final = re.compile(
    r".{2,}(?:[aeoiuy]v[iy]t?ch|[aeoiy][vuw]na|[iy][ny]?ichna)|il+[iy]{1,3}ch|(?:kuzm|f[ao]m|luk|nikit)[iy]ch"
)
BASE: Final = 37  # 26 letters, 10 digits, and the edge of a word
GRAMS: Final = BASE**3
LONGEST: Final = 62  # letters of a word that are looked at: their places are bits of one number
CODES: Final = GRAMS + (1 << 16)  # trigrams of sounds, then skeletons of words


class Token(NamedTuple):
    """A word of a name with what is known of it."""

    written: str
    folded: str
    sound: str
    kind: WordKind
    weight: float
    same: str  # what words of one meaning share: a group of legal forms, a number


class Form:
    """A name made ready to be compared."""

    __slots__ = (
        "_ways",
        "_without",
        "codes",
        "descent",
        "fathers",
        "foreign",
        "known",
        "plain",
        "text",
        "tokens",
        "words",
    )

    def __init__(self, text: str, tokens: tuple[Token, ...]) -> None:
        self.text = text
        self.tokens = tokens
        self.words = tuple([token.folded for token in tokens])
        self.plain = " ".join([token.folded for token in _telling(tokens)])
        self._ways: tuple[str, str, str] | None = None
        self._without: tuple[str, tuple[str, str, str]] | None = None
        self.fathers = frozenset([token.written.casefold() for token in tokens if token.kind == "patronymic"])
        self.foreign = not text.isascii()
        self.descent = _descent(tokens)
        self.codes = codes_of(tokens)
        self.known: object | None = None  # what another reader of names keeps of it

    @property
    def ways(self) -> tuple[str, str, str]:
        """Other ways to write it: the words in order, written together, and as they sound."""
        if self._ways is None:
            self._ways = _ways(_telling(self.tokens))
        return self._ways

    @property
    def without(self) -> tuple[str, tuple[str, str, str]]:
        """How it is written without a patronymic, and other ways to write that."""
        if self._without is None:
            telling = [token for token in _telling(self.tokens) if token.kind != "patronymic"]
            self._without = " ".join([token.folded for token in telling]), _ways(telling)
        return self._without


def _ways(telling: Sequence[Token]) -> tuple[str, str, str]:
    words = [token.folded for token in telling]
    return " ".join(sorted(words)), "".join(words), " ".join(sorted([token.sound for token in telling]))


def _telling(tokens: tuple[Token, ...]) -> Sequence[Token]:
    """Return the words that are not legal forms, unless there is nothing else."""
    return [token for token in tokens if token.kind != "legal_form"] or tokens


@lru_cache(maxsize=1 << 14)
def form_of(text: str, kind: SubjectKind = "unknown", use_icu: bool = True) -> Form:
    """Return a name made ready. Of a person no word is a legal form; of anything else none is a title."""
    return make_form(text, kind, use_icu)


def make_form(text: str, kind: SubjectKind, use_icu: bool) -> Form:
    """Return a name made ready, without keeping it."""
    return Form(text[:MOST], tokens_of(text, kind, use_icu))


def _tokens(found: tuple[Word, ...], kind: SubjectKind) -> Iterator[Token]:
    lexicon = _lexicon()
    at = 0
    while at < len(found):
        written, folded = found[at]
        if kind != "person":
            group, length = lexicon.legal_form(found, at)
            if length:
                chosen = found[at : at + length]
                text = " ".join(word.folded for word in chosen)
                yield Token(" ".join(word.written for word in chosen), text, text, "legal_form", WEIGHTS["legal_form"], group)
                at += length
                continue
        yield _token(written, folded, kind)
        at += 1


@lru_cache(maxsize=1 << 16)
def _token(written: str, folded: str, kind: SubjectKind) -> Token:
    word_kind, same = _lexicon().kind(folded, kind)
    return Token(written, folded, hear(folded).sound, word_kind, WEIGHTS[word_kind], same)


class _Lexicon:
    """The words of words.yaml, folded."""

    def __init__(self) -> None:
        given = words()
        self._forms: dict[str, list[tuple[tuple[str, ...], str]]] = {}
        for group, phrases in given.legal_forms.items():
            for phrase in phrases:
                parts = tuple(word.folded for word in fold(phrase, False))
                self._forms.setdefault(parts[0], []).append((parts, group))
        for phrases_of in self._forms.values():
            phrases_of.sort(key=lambda one: -len(one[0]))
        self.titles = _folded(given.titles)
        self.particles = frozenset(word for word in _folded(given.particles) if len(word) > 1)
        self.generic = _folded(given.generic)
        self.numbers = {word.casefold(): number for number, names in given.numbers.items() for word in names}

    def legal_form(self, found: tuple[Word, ...], at: int) -> tuple[str, int]:
        for parts, group in self._forms.get(found[at].folded, ()):
            if len(parts) < len(found) + (at > 0) and all(
                at + place < len(found) and found[at + place].folded == part for place, part in enumerate(parts)
            ):
                return group, len(parts)
        return "", 0

    def kind(self, folded: str, subject: SubjectKind) -> tuple[WordKind, str]:
        if folded.isdigit():
            return "number", folded.lstrip("0") or "0"
        if subject != "person":
            if folded in self.numbers and folded not in self.particles:
                return "number", self.numbers[folded]
            if folded in self.generic:
                return "generic", ""
        if folded in self.particles:
            return "particle", ""
        if len(folded) == 1:
            return "initial", ""
        if subject in ("person", "unknown") and folded in self.titles:
            return "title", ""
        return "word", ""


@cache
def _lexicon() -> _Lexicon:
    return _Lexicon()


def _folded(texts: list[str]) -> frozenset[str]:
    return frozenset(word.folded for text in texts for word in fold(text, False))


@cache
def _descent_words() -> frozenset[str]:
    return _folded(words().descent)


def _descent(tokens: tuple[Token, ...]) -> frozenset[tuple[str, str]]:
    """Return who is said to descend from whom."""
    between = _descent_words()
    return frozenset(
        (tokens[at - 1].sound, tokens[at + 1].sound) for at in range(1, len(tokens) - 1) if tokens[at].folded in between
    )


def tokens_of(text: str, kind: SubjectKind, use_icu: bool) -> tuple[Token, ...]:
    """Return the words of a name with what is known of them."""
    found = tuple(_tokens(fold(text, use_icu), kind))
    return _with_patronymic(found) if kind == "person" and len(found) > 2 else found


def _with_patronymic(tokens: tuple[Token, ...]) -> tuple[Token, ...]:
    """Mark the patronymic of a person, which stands behind the given name; the first word is none, as family names may end so, too."""
    for at, token in enumerate(tokens[1:], 1):
        if token.kind == "word" and _PATRONYMIC.fullmatch(token.folded):
            return *tokens[:at], token._replace(kind="patronymic"), *tokens[at + 1 :]
    return tokens


def codes_of(tokens: tuple[Token, ...]) -> NDArray[np.int32]:
    """Return the codes of a name, each once. Legal forms and titles find nobody unless there is nothing else."""
    telling = [token for token in tokens if token.kind not in ("legal_form", "title", "particle")] or list(tokens)
    found: set[int] = set()
    for token in telling:
        found.update(hear(token.folded).codes)
    return np.fromiter(found, np.int32, len(found))


class Heard(NamedTuple):
    """A word as it sounds."""

    sound: str
    letters: bytes  # of the sound, as numbers
    bones: int  # the hash of its skeleton, 0 for none
    codes: tuple[int, ...]  # the trigrams of its sound with its edges, and its skeleton


@lru_cache(maxsize=1 << 17)
def hear(folded: str) -> Heard:
    """Return how a folded word sounds, as it is kept and as it is looked for."""
    told = sound(folded)
    letters = told.encode().translate(_LETTERS) if told.isascii() else bytes(map(_letter, told))
    edged = b"\0" + letters + b"\0"
    grams = {(one * BASE + two) * BASE + three for one, two, three in zip(edged, letters, edged[2:], strict=False)}
    bones = 0
    if bare := skeleton(folded):
        bones = 1 + _hash(bare)
        grams.add(GRAMS + bones - 1)
    return Heard(told, letters[:LONGEST], bones, tuple(grams))


def _letter(sign: str) -> int:
    code = ord(sign)
    if 97 <= code <= 122:
        return code - 96
    return code - 21 if 48 <= code <= 57 else 1 + code % 36  # letters of other scripts share codes, which only costs time


_LETTERS: Final = bytes(_letter(chr(code)) for code in range(256))


def _hash(text: str) -> int:
    number = crc32(text.encode())
    return (number ^ number >> 16) & 0xFFFF

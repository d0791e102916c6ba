"""Names in Latin letters: every name is folded to plain ASCII words before it is compared.

Cyrillic (Belarusian, Russian, Ukrainian, Bulgarian, Serbian, Kazakh), Greek and accented Latin are folded by tables of our own,
because a passport's spelling depends on the language: г is h in Minsk and g in Moscow. Which language a name is in is told by
letters that only one has. Other scripts (Arabic, Devanagari, Han, Hangul, Hebrew, Thai …) need ICU; without it their letters stay
as they are, and such names are found in their own script only.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache
from typing import Any, Final, NamedTuple

from skarb.screening.names.words import words


class Word(NamedTuple):
    """One word of a name: as it was written, and folded."""

    written: str
    folded: str


def _table(pairs: str) -> dict[int, str]:
    """Read a table written as letter:letters, separated by blanks."""
    return {ord(pair[0]): pair[2:] for pair in pairs.split()}


_RUSSIAN: Final = _table(
    "а:a б:b в:v г:g д:d е:e ё:e ж:zh з:z и:i й:i к:k л:l м:m н:n о:o п:p р:r с:s т:t у:u ф:f х:kh ц:ts ч:ch ш:sh щ:shch ъ: ы:y ь: э:e ю:iu я:ia "
    "і:i ї:i є:ie ґ:g ў:u ә:a ғ:g қ:k ң:n ө:o ұ:u ү:u һ:h ђ:dj љ:lj њ:nj ћ:c џ:dz ј:j ѓ:gj ќ:kj ѕ:dz ѣ:e ѳ:f"
)
_BELARUSIAN: Final = _RUSSIAN | _table("г:h")
_UKRAINIAN: Final = _RUSSIAN | _table("г:h и:y")
_BULGARIAN: Final = _RUSSIAN | _table("щ:sht ъ:a х:h")
_SERBIAN: Final = _RUSSIAN | _table("х:h ц:c ч:c ш:s ж:z")
_GREEK: Final = _table(
    "α:a β:v γ:g δ:d ε:e ζ:z η:i θ:th ι:i κ:k λ:l μ:m ν:n ξ:x ο:o π:p ρ:r σ:s ς:s τ:t υ:y φ:f χ:ch ψ:ps ω:o"
)  # fmt: skip
_LATIN: Final = _table("ß:ss ø:o đ:d ł:l ı:i æ:ae œ:oe þ:th ð:d ħ:h ŋ:n ə:a ŧ:t ĸ:k ʻ: ʼ: ’: ‘: ': `: ´: ʿ: ʾ: ′:")
_GREEK_PAIRS: Final = (("ου", "u"), ("μπ", "b"), ("ντ", "nt"), ("γκ", "gk"))
_TELLING: Final = (
    (re.compile("[ўґ]|і(?=.*[ыэў])|[ыэў](?=.*і)"), _BELARUSIAN),
    (re.compile("[їє]"), _UKRAINIAN),
    (re.compile("[ђћџљњј]"), _SERBIAN),
    (re.compile("[әғқңөұүһ]"), _RUSSIAN),
    (re.compile("і"), _UKRAINIAN),
    (re.compile("ъ(?=[бвгджзклмнпрстфхцчшщ])"), _BULGARIAN),
    (re.compile(""), _RUSSIAN),
)
_CYRILLIC: Final = re.compile("[\u0400-\u04ff]")
_GREEK_LETTERS: Final = re.compile("[\u0370-\u03ff]")
_HANGUL: Final = re.compile("^[\uac00-\ud7a3]{2,4}\\Z")
_UNSEEN: Final = "\u00ad\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"
_MARKS: Final = dict.fromkeys(map(ord, "'’‘`ʼʻ´ʿʾ′" + _UNSEEN), "")
_LATIN_LETTERS: Final = re.compile("[a-z]")
_LOOKS: Final = ("авсекнімортухјѕ", "abcekhimoptyxjs")  # small letters that look alike, or whose capitals do
_TO_LATIN: Final = str.maketrans(*_LOOKS)
_TO_CYRILLIC: Final = str.maketrans(*reversed(_LOOKS))
MOST: Final = 1000  # letters of a name that are looked at
_ASCII_WORD: Final = re.compile("[A-Za-z0-9]+")
_WORD: Final = re.compile(
    "[^\\W_](?:[^\\W_]|[\u0300-\u036f\u064b-\u065f\u0900-\u0dff\u0e00-\u0eff\u1780-\u17ff])*"
)  # with the marks that belong to letters
_PART: Final = re.compile("[^\\W_]+")
_DOTTED: Final = re.compile(r"\b(?:\w\.){2,}(?:\w\b)?|\b(?:\w/){1,3}\w\b")


@cache
def icu_version() -> str:
    """Return the version of ICU, or nothing when it is not installed."""
    try:
        import icu
    except ImportError:
        return ""
    return str(icu.ICU_VERSION)


@cache
def _icu() -> Any:
    if not icu_version():
        return None
    import icu

    return icu.Transliterator.createInstance("Any-Latin; NFKD; [:Nonspacing Mark:] Remove; Latin-ASCII; Lower")


def fold(text: str, use_icu: bool = True) -> tuple[Word, ...]:
    """Return the words of a name, each as written and in plain ASCII letters.

    Dots inside abbreviations join (S.A.R.L. is sarl), hyphens part, apostrophes and what nobody sees vanish. Of a very long name only the
    beginning is read; see `unread`.
    """
    plain = text[:MOST]
    if "&" in plain:
        plain = plain.replace("&", " and ")
    if "." in plain or "/" in plain:
        plain = _DOTTED.sub(lambda found: found[0].replace(".", "").replace("/", "") + " ", plain)
    if plain.isascii():
        return tuple([Word(word, word.lower()) for word in _ASCII_WORD.findall(plain.replace("'", "").replace("`", ""))])
    plain = unicodedata.normalize("NFC", plain.translate(_MARKS))
    language = _language(plain.lower())
    return tuple([part for word in _WORD.findall(plain) for part in _fold_word(word, language, use_icu)])


@lru_cache(maxsize=1 << 16)
def _fold_word(word: str, language: int, use_icu: bool) -> tuple[Word, ...]:
    """Return a word in Latin letters; by its sign of a family name a Korean one is parted. `language` is a place in _TELLING."""
    if _HANGUL.match(word) and use_icu and (family := words().korean_family_names.get(word[0])):
        return Word(word[0], family), *_fold_word(word[1:], language, use_icu)
    low = word.lower()
    if not low.isascii():
        if _GREEK_LETTERS.search(low):
            low = _without_marks(low)
            for pair, letters in _GREEK_PAIRS:
                low = low.replace(pair, letters)
            low = low.translate(_GREEK)
        if _CYRILLIC.search(low) and _LATIN_LETTERS.search(low):
            low = _in_one_script(low)
        if _CYRILLIC.search(low):
            low = low.translate(_TELLING[language][1])
        if not low.isascii():
            low = _without_marks(low.translate(_LATIN)).translate(_LATIN)
    if not low.isascii() and use_icu and (icu := _icu()) is not None:
        low = icu.transliterate(low).translate(_LATIN)
    return tuple([Word(word, part) for part in _PART.findall(low.replace("'", ""))])


def _in_one_script(low: str) -> str:
    """Return a word of Latin and Cyrillic letters in the script that most are of, if the others only look as if they were."""
    latin, cyrillic = _LATIN_LETTERS.findall(low), _CYRILLIC.findall(low)
    to_latin, to_cyrillic = set(cyrillic) <= set(_LOOKS[0]), set(latin) <= set(_LOOKS[1])
    if to_latin and (len(latin) >= len(cyrillic) or not to_cyrillic):
        return low.translate(_TO_LATIN)
    return low.translate(_TO_CYRILLIC) if to_cyrillic else low


def unread(text: str) -> str:
    """Return why a name cannot be compared as it is written; nothing when it can, or when none is given."""
    if len(text) > MOST:
        return f"a name of {len(text)} letters is longer than the {MOST} that are compared"
    return "a name is given in which there is no letter" if text.strip() and not fold(text, False) else ""


def _language(low: str) -> int:
    """Return which Cyrillic table a name is read by: that of the first language that its letters tell, else Russian."""
    if _CYRILLIC.search(low):
        for place, (telling, _) in enumerate(_TELLING):
            if telling.search(low):
                return place
    return len(_TELLING) - 1


def _without_marks(text: str) -> str:
    return "".join(sign for sign in unicodedata.normalize("NFKD", text) if not unicodedata.combining(sign))

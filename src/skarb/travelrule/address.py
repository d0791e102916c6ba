"""Travel addresses: where the provider behind a payment address takes inquiries, as one word that a client can pass on.

`ta` and the Base58Check text of a URL without its scheme, which is always https. The query `t=i` says that the URL takes
inquiries. Before version 3.1 of the protocol the same was said by an LNURL (bech32 of a whole URL); those are read as well and never made.
Source: OpenVASP Travel Rule Protocol 3.2.1, travel address; LUD-01 (LNURL), BIP 173.
"""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

from skarb.core.errors import FieldError
from skarb.core.identifiers import base58, bech32

PREFIX, OLDER = "ta", "lnurl"
_LONGEST = 2048


def make_travel_address(url: str) -> str:
    """Return the travel address of an https URL; the query `t=i` is added where it is missing.

    Raises: FieldError
    """
    rest = _without_scheme(url)
    parts = urlsplit(f"https://{rest}")
    if "t" not in parse_qs(parts.query):
        rest += ("&" if parts.query else "?") + "t=i"
    _check(rest, url)
    return PREFIX + base58.encode(rest.encode())


def read_travel_address(text: str) -> str:
    """Return the https URL that a travel address stands for.

    Raises: FieldError
    """
    word = text.strip()
    if word.lower().startswith(f"{OLDER}1"):
        return _read_lnurl(word)
    raw = base58.decode(word[len(PREFIX) :]) if word.startswith(PREFIX) and len(word) <= _LONGEST else None
    if raw is None or len(raw) < 5:
        raise FieldError("travel address", text, "ta and the letters of Base58 after it")
    if not base58.checksum_holds(raw):
        raise FieldError("travel address", text, "a checksum that fits; a letter is wrong or missing")
    try:
        rest = raw[:-4].decode("ascii")
    except UnicodeDecodeError:
        raise FieldError("travel address", text, "a URL in plain letters") from None
    _check(rest, text)
    return f"https://{rest}"


def _read_lnurl(word: str) -> str:
    """Return the https URL of an address as they were before version 3.1."""
    small = word.lower()
    values = [bech32.ALPHABET.find(letter) for letter in small[len(OLDER) + 1 :]]
    whole = word in (small, word.upper()) and len(word) <= _LONGEST and len(values) > 6 and -1 not in values
    if not whole or bech32.checksum_constant(OLDER, values) != bech32.BECH32:
        raise FieldError("travel address", word, "an LNURL in one case whose checksum fits; a letter is wrong or missing")
    raw = bech32.program_of(values[:-6]) or b""
    try:
        url = raw.decode("ascii")
    except UnicodeDecodeError:
        raise FieldError("travel address", word, "a URL in plain letters") from None
    if "://" not in url:
        raise FieldError("travel address", word, "a URL with its scheme, https")
    _check_place(_without_scheme(url), word)
    return f"https://{_without_scheme(url)}"


def _without_scheme(url: str) -> str:
    if "://" in url:
        scheme, _, rest = url.partition("://")
        if scheme.lower() != "https":
            raise FieldError("url", url, "an https URL")
        return rest
    return url


def _check(rest: str, given: str) -> None:
    _check_place(rest, given)
    if parse_qs(urlsplit(f"https://{rest}").query).get("t") != ["i"]:
        raise FieldError("url", given, "the query t=i, which says that inquiries are taken there")


def _check_place(rest: str, given: str) -> None:
    try:
        parts = urlsplit(f"https://{rest}")
        fine = bool(parts.hostname) and parts.username is None and not parts.fragment and (parts.port or 443) > 0
    except ValueError:
        fine = False
    if not fine or "://" in rest or any(not 32 < ord(letter) < 127 for letter in rest):
        raise FieldError("url", given, "a host and a path in plain letters, without scheme, user or fragment")

"""Travel addresses: where the provider behind a payment address takes inquiries, as one word that a client can pass on.

`ta` and the Base58Check text of a URL without its scheme, which is always https. The query `t=i` says that the URL takes
inquiries.
Source: OpenVASP Travel Rule Protocol 3.2.1, travel address.
"""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

from skarb.core.errors import FieldError
from skarb.core.identifiers import base58

PREFIX = "ta"
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


def _without_scheme(url: str) -> str:
    if "://" in url:
        scheme, _, rest = url.partition("://")
        if scheme.lower() != "https":
            raise FieldError("url", url, "an https URL")
        return rest
    return url


def _check(rest: str, given: str) -> None:
    try:
        parts = urlsplit(f"https://{rest}")
        fine = bool(parts.hostname) and parts.username is None and not parts.fragment and (parts.port or 443) > 0
    except ValueError:
        fine = False
    if not fine or "://" in rest or any(not 32 < ord(letter) < 127 for letter in rest):
        raise FieldError("url", given, "a host and a path in plain letters, without scheme, user or fragment")
    if parse_qs(parts.query).get("t") != ["i"]:
        raise FieldError("url", given, "the query t=i, which says that inquiries are taken there")

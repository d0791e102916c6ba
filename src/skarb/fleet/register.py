"""The register of machines: one line each, read strictly, all problems told at once."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from decimal import Decimal
from io import StringIO
from ipaddress import AddressValueError, IPv4Address
from typing import TypeVar

from skarb.core.errors import InputError, Problem, shorten
from skarb.fleet.model import TEXT_MOST, Device

COLUMNS = ("site", "id", "host", "port", "model", "priority", "rated_w", "expected_th_s")
PORT = 4028
_MOST_W, _MOST_TH_S = 1_000_000, 1_000_000
_SHOWN = 10
_T = TypeVar("_T")


def read_fleet(text: str, name: str) -> tuple[Device, ...]:
    """Read a register of machines from CSV.

    Raises: InputError with everything that is wrong.
    """
    try:
        rows = [row for row in csv.reader(StringIO(text)) if row]
    except csv.Error as error:
        raise InputError(f"{name}: given {error}, expected comma-separated values") from None
    if not rows or sorted(rows[0]) != sorted(COLUMNS):
        given = shorten(", ".join(rows[0])) if rows else "nothing"
        raise InputError(f"{name} row 1: given columns {given!r}, expected {', '.join(COLUMNS)}")
    if not text.endswith("\n"):
        raise InputError(f"{name}: the file ends in the middle of a line, it seems to be cut; fetch it again")
    problems: list[Problem] = []
    devices: list[Device] = []
    seen: dict[str, int] = {}
    for number, row in enumerate(rows[1:], 2):
        if len(row) != len(COLUMNS):
            problems.append(Problem(f"{name} row {number}", "", f"{len(row)} fields", f"{len(COLUMNS)}", row=number))
            continue
        device = _device(dict(zip(rows[0], row, strict=True)), f"{name} row {number}", problems)
        if device is None:
            continue
        for field, value in (("id", device.id), ("host", device.host)):
            if (first := seen.setdefault(f"{field} {value}", number)) != number:
                problems.append(Problem(f"{name} row {number}", field, value, f"another one; row {first} has it already"))
        devices.append(device)
    if problems:
        more = f"\n… and {len(problems) - _SHOWN} more" if len(problems) > _SHOWN else ""
        raise InputError("\n".join(map(str, problems[:_SHOWN])) + more)
    if not devices:
        raise InputError(f"{name}: there is no machine in it, expected at least one")
    return tuple(devices)


def _device(row: Mapping[str, str], where: str, problems: list[Problem]) -> Device | None:
    def read(field: str, expected: str, reader: Callable[[str], _T]) -> _T | None:
        try:
            return reader(row[field])
        except (ValueError, ArithmeticError):
            problems.append(Problem(where, field, shorten(row[field]), expected))
            return None

    words = f"1 to {TEXT_MOST} printable characters without a space at either end"
    site, id_, model = (read(field, words, _word) for field in ("site", "id", "model"))
    host = read("host", "an IPv4 address that is not reachable from everywhere, such as 10.1.0.17", _address)
    port = read("port", f"{PORT}; machines are recognised by their own ports", lambda text: _whole(text, PORT, PORT))
    priority = read("priority", "a whole number from 1, which is cut last, to 99", lambda text: _whole(text, 1, 99))
    rated = read("rated_w", f"whole watts from 1 to {_MOST_W}", lambda text: _whole(text, 1, _MOST_W))
    expected = read("expected_th_s", f"TH/s above nought to {_MOST_TH_S}, with at most three decimals", _giga)
    if None in (site, id_, model, host, port, priority, rated, expected):
        return None
    return Device(site, id_, host, port, model, priority, rated, expected)  # type: ignore[arg-type]


def _word(text: str) -> str:
    if not text or len(text) > TEXT_MOST or not text.isprintable() or text != text.strip():
        raise ValueError
    return text


def _address(text: str) -> str:
    try:
        address = IPv4Address(text)
    except AddressValueError:
        raise ValueError from None
    if address.is_global or address.is_multicast or address.is_unspecified:
        raise ValueError
    return str(address)


def _whole(text: str, least: int, most: int) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10 and least <= int(text) <= most):
        raise ValueError
    return int(text)


def _giga(text: str) -> int:
    """Return TH/s as whole GH/s."""
    number = Decimal(text) * 1000
    if not number.is_finite() or not 0 < number <= _MOST_TH_S * 1000 or number != int(number):
        raise ValueError
    return int(number)

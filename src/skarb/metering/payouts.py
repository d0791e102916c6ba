"""Small files about what was mined: payouts of pools, what a book says, what devices reported, what the network paid, prices. CSV, strict, exact."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from io import StringIO
from pathlib import Path
from typing import TypeVar

from skarb.core.errors import InputError, NotFound, shorten
from skarb.core.time import legal_day, parse_day

SATOSHI = 10**8
SCHEMES = ("fpps", "pplns", "solo")
MOST_SAT = 21 * 10**14  # all that there will ever be
_MOST = 10**18
_NUMBER = re.compile(r"-?[0-9]{1,25}(\.[0-9]{1,25})?([eE][+-]?[0-9]{1,2})?", re.ASCII)
T = TypeVar("T")


@dataclass(frozen=True)
class Payout:
    """What a pool paid on a day, or what a block found alone brought. Units: satoshi."""

    id: str
    day: int
    site: str
    scheme: str
    sat: int


@dataclass(frozen=True)
class NetworkDay:
    """What the network paid on a day. Units: satoshi per block, mean fees included."""

    day: int
    difficulty: Fraction
    reward_sat: Fraction


@dataclass(frozen=True)
class Sample:
    """What one device reported of one interval. Units: minutes, gigahashes a second, watts."""

    site: str
    device: str
    at_s: int
    minutes: int
    hashrate_gh_s: int
    power_w: int


def read_payouts(path: Path) -> tuple[Payout, ...]:
    """Read payouts: id, day, site, scheme, sat.

    Raises: InputError, NotFound
    """
    seen: dict[str, int] = {}

    def one(row: dict[str, str], where: str, number: int) -> Payout:
        if not row["id"].strip() or row["id"] in seen:
            raise InputError(
                f"{where}, id: given {shorten(row['id'])!r}, expected one of its own; see row {seen.get(row['id'], number)}"
            )
        seen[row["id"]] = number
        if row["scheme"] not in SCHEMES:
            raise InputError(f"{where}, scheme: given {shorten(row['scheme'])!r}, expected {', '.join(SCHEMES)}")
        return Payout(row["id"], _day(row, where), row["site"], row["scheme"], _whole(row, "sat", where, MOST_SAT))

    return _read(path, ("id", "day", "site", "scheme", "sat"), one)


def read_posted(path: Path, zone: str) -> dict[int, int]:
    """Read what came into an account, in satoshi by day: a statement of a book (`skarb statement --output`), or day and sat.

    Raises: InputError, NotFound
    """
    header, rows = _table(path)
    found: dict[int, int] = {}
    if header == ["day", "sat"]:
        for number, row in rows:
            where = f"{path.name} row {number}"
            day = _day(row, where)
            found[day] = found.get(day, 0) + _whole(row, "sat", where, MOST_SAT)
        return found
    if not {"effective", "amount", "change"} <= set(header):
        raise InputError(
            f"{path.name} row 1: given columns {shorten(', '.join(header))!r}, expected day, sat or those of a statement"
        )
    for number, row in rows:
        where = f"{path.name} row {number}"
        if row["change"] not in ("created", "posted"):  # holds, and what stands before and after the lines
            continue
        amount = exact(row["amount"], where, "amount") * SATOSHI
        if amount.denominator != 1:
            raise InputError(f"{where}, amount: given {shorten(row['amount'])!r}, expected BTC to the satoshi")
        if amount > 0:
            day = _day_of(row["effective"], where, zone)
            found[day] = found.get(day, 0) + int(amount)
    return found


def read_samples(path: Path) -> tuple[Sample, ...]:
    """Read what devices reported: site, device, at, minutes, hashrate_gh_s, power_w.

    Raises: InputError, NotFound
    """
    seen: set[tuple[str, int]] = set()

    def one(row: dict[str, str], where: str, _: int) -> Sample:
        at = _instant(row["at"], where)
        if (row["device"], at) in seen:
            raise InputError(f"{where}: given device {shorten(row['device'])!r} at {row['at']} a second time, expected once")
        seen.add((row["device"], at))
        minutes = _whole(row, "minutes", where, 1440)
        if not minutes:
            raise InputError(f"{where}, minutes: given 0, expected more")
        return Sample(
            row["site"],
            row["device"],
            at,
            minutes,
            _whole(row, "hashrate_gh_s", where, 10**12),
            _whole(row, "power_w", where, 10**9),
        )

    return _read(path, ("site", "device", "at", "minutes", "hashrate_gh_s", "power_w"), one)


def read_network(path: Path) -> dict[int, NetworkDay]:
    """Read what the network paid: day, difficulty, reward_sat (subsidy and mean fees of a block).

    Raises: InputError, NotFound
    """

    def one(row: dict[str, str], where: str, _: int) -> NetworkDay:
        difficulty, reward = exact(row["difficulty"], where, "difficulty"), exact(row["reward_sat"], where, "reward_sat")
        if difficulty <= 0 or reward < 0:
            raise InputError(
                f"{where}: given difficulty {row['difficulty']} and reward {row['reward_sat']}, expected more than nought"
            )
        return NetworkDay(_day(row, where), difficulty, reward)

    return _by_day(path, _read(path, ("day", "difficulty", "reward_sat"), one))


def read_prices(path: Path, currency: str) -> dict[int, Fraction]:
    """Read what one BTC was worth: day and btc_byn (or whatever the currency is).

    Raises: InputError, NotFound
    """
    name = f"btc_{currency.lower()}"

    def one(row: dict[str, str], where: str, _: int) -> tuple[int, Fraction]:
        price = exact(row[name], where, name)
        if price <= 0:
            raise InputError(f"{where}, {name}: given {shorten(row[name])!r}, expected more than nought")
        return _day(row, where), price

    rows = _read(path, ("day", name), one)
    if len({day for day, _ in rows}) < len(rows):
        raise InputError(f"{path.name}: a day stands twice, expected each once")
    return dict(rows)


def read_schedule(path: Path) -> dict[str, frozenset[int]]:
    """Read the hours of surplus of every site from a schedule, as `skarb mine plan --schedule` writes it: at, site, blocks, power_w, reason.

    Raises: InputError, NotFound
    """

    def one(row: dict[str, str], where: str, _: int) -> tuple[str, int, str]:
        return row["site"], _instant(row["at"], where), row["reason"]

    found: dict[str, set[int]] = {}
    for site, at, reason in _read(path, ("at", "site", "blocks", "power_w", "reason"), one):
        hours = found.setdefault(site, set())
        if reason == "surplus":
            hours.add(at)
    return {site: frozenset(hours) for site, hours in found.items()}


def exact(text: str, where: str, name: str) -> Fraction:
    """Read a decimal exactly.

    Raises: InputError
    """
    try:
        if not _NUMBER.fullmatch(text.strip()):
            raise ValueError
        value = Fraction(text.strip())
        if abs(value) >= _MOST:
            raise ValueError
        return value
    except ValueError:
        raise InputError(f"{where}, {name}: given {shorten(text)!r}, expected a number") from None


def _read(path: Path, wanted: Sequence[str], make: Callable[[dict[str, str], str, int], T]) -> tuple[T, ...]:
    header, rows = _table(path)
    if sorted(header) != sorted(wanted):
        raise InputError(f"{path.name} row 1: given columns {shorten(', '.join(header))!r}, expected {', '.join(wanted)}")
    return tuple(make(row, f"{path.name} row {number}", number) for number, row in rows)


def _table(path: Path) -> tuple[list[str], list[tuple[int, dict[str, str]]]]:
    if not path.is_file():
        raise NotFound(f"{path}: there is no such file")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{path.name}: given bytes that are no text (byte {error.start}), expected UTF-8") from None
    if not text.endswith("\n"):
        raise InputError(f"{path.name}: the file ends in the middle of a line, it seems to be cut; fetch it again")
    try:
        rows = list(csv.reader(StringIO(text), strict=True))
    except csv.Error as error:
        raise InputError(f"{path.name}: given {error}, expected comma-separated values") from None
    header = [name.strip() for name in rows[0]]
    for number, row in enumerate(rows[1:], 2):
        if len(row) != len(header):
            raise InputError(f"{path.name} row {number}: given {len(row)} fields, expected {len(header)}")
    return header, [(number, dict(zip(header, row, strict=True))) for number, row in enumerate(rows[1:], 2)]


def _by_day(path: Path, rows: Sequence[NetworkDay]) -> dict[int, NetworkDay]:
    found = {one.day: one for one in rows}
    if len(found) < len(rows):
        raise InputError(f"{path.name}: a day stands twice, expected each once")
    return found


def _day(row: dict[str, str], where: str) -> int:
    try:
        return parse_day(row["day"].strip())
    except InputError as error:
        raise InputError(f"{where}, day: {error}") from None


def _whole(row: dict[str, str], name: str, where: str, most: int) -> int:
    text = row[name].strip()
    if not (text.isascii() and text.isdigit() and len(text) < 20 and int(text) <= most):
        raise InputError(f"{where}, {name}: given {shorten(row[name])!r}, expected a whole number from 0 to {most}")
    return int(text)


def _instant(text: str, where: str) -> int:
    try:
        at = datetime.fromisoformat(text.strip())
        if at.tzinfo is None or not 1990 <= at.year < 2170:
            raise ValueError
    except ValueError:
        raise InputError(f"{where}, at: given {shorten(text)!r}, expected an instant such as 2026-04-20T02:00+03:00") from None
    return int(at.timestamp())


def _day_of(text: str, where: str, zone: str) -> int:
    try:
        if len(text.strip()) == 10:
            return parse_day(text.strip())
        at = datetime.fromisoformat(text.strip())
        if at.tzinfo is None:
            raise ValueError
        return legal_day(at, zone)
    except (ValueError, InputError):
        raise InputError(f"{where}, effective: given {shorten(text)!r}, expected a day or an instant") from None

"""A file of transfers of somebody's own as rows that cross the border: whoever reads it says which accounts lie abroad.

Accounts are told by the names that the file's mapping gives them, patterns by the signs * and ?. What goes from an account at home to one abroad
is an investment of the former, what comes back ends lots of the account that pays, and between two accounts abroad money takes its lots along.
The pot is always the account, as it is the account that pays. A file knows no law, so nothing is told aside as a purchase or a gift.

Where all rows are of one asset, its units are the money that shares and curves are reckoned in; where there are several, rates say what each row
was worth, or one asset is chosen. Money of several assets is never added up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fnmatch import fnmatchcase

import numpy as np

from skarb.core.counted import counted
from skarb.core.errors import FieldError, InputError, NotFound, Problem
from skarb.core.instruction import Instruction
from skarb.core.time import legal_day
from skarb.intake import Reading
from skarb.oversight.flows.definition import KINDS
from skarb.oversight.flows.lake import scaled
from skarb.oversight.flows.model import UNVALUED, Asset, Crossing, Places, Rows

_OUTWARD, _RETURN, _WITHIN = (KINDS.index(one) for one in ("outward", "return", "within"))
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_WORD = 1 << 62

Worth = Callable[[str, int, int, int], int | None]
"""What units of an asset with so many decimals are worth on a day, in minor units of the legal currency."""


@dataclass(frozen=True)
class Abroad:
    """Accounts that lie abroad, by patterns, each with its country; `XX` where nobody says."""

    patterns: tuple[tuple[str, str], ...]

    def country(self, account: str) -> str | None:
        """Return where an account lies, None if it is at home."""
        return next((country for pattern, country in self.patterns if fnmatchcase(account, pattern)), None)


def parse_abroad(given: Sequence[str]) -> Abroad:
    """Return what `PATTERN` or `PATTERN=CC` say.

    Raises: InputError
    """
    found = []
    for one in given:
        pattern, sign, country = one.rpartition("=")
        if not sign:
            pattern, country = one, "XX"
        if not pattern or len(country) != 2 or not country.isascii() or not country.isupper():
            raise InputError(
                f"abroad {one!r}: expected accounts such as 'exchange:*', with a country such as 'exchange:*=SC' if it is known"
            )
        found.append((pattern, country))
    return Abroad(tuple(found))


@dataclass
class Sheet:
    """The rows of a file, and what could not be read of it."""

    crossing: Crossing
    read: int = 0
    malformed: int = 0
    problems: list[Problem] = field(default_factory=list)
    accounts: int = 0


def read_sheet(
    readings: Iterable[Reading],
    name: str,
    abroad: Abroad,
    zone: str,
    *,
    asset: str | None = None,
    worth: Worth | None = None,
    currency: str = "",
    decimals: int = 2,
) -> Sheet:
    """Return the rows of a file that cross the border.

    Raises: NotFound if no account lies abroad, or the asset chosen does not occur; InputError if there is no row at all.
    """  # fmt: skip
    problems: list[Problem] = []
    malformed = total = 0
    kept: list[tuple[int, int, Instruction, str, str]] = []
    country: dict[str, str | None] = {}
    notes: list[str] = []
    latest, disordered = 0, 0
    for reading in readings:
        total = reading.total
        malformed += len(reading.refused)
        problems += reading.problems[: max(0, 100 - len(problems))]
        for row, one in zip(reading.rows, reading.instructions, strict=True):
            wrong = amount_problem(one.amount)
            if wrong is not None:
                malformed += 1
                problems += [wrong.problem(f"{reading.source} row {row}", row)] if len(problems) < 100 else []
                continue
            source, target = _sides(one)
            instant = (one.at - _EPOCH) // (_EPOCH.resolution) * 1000
            disordered += instant < latest
            latest = max(latest, instant)
            kept.append((instant, row, one, source, target))
            for account in (source, target):
                if account not in country:
                    country[account] = abroad.country(account)
    if not kept:
        raise InputError(
            f"{name}: no row could be read; {malformed:,} are malformed, the first: {problems[0] if problems else 'none'}"
        )
    if not any(country.values()):
        shown = ", ".join(sorted(one for one in country if one)[:5])
        raise NotFound(
            f"{name}: none of {counted(len(country), 'account')} lies abroad; say which do with --abroad PATTERN; accounts are {shown} …"
        )
    assets = sorted({one.asset for _, _, one, _, _ in kept})
    if asset is not None and asset not in assets:
        raise NotFound(f"{name}: no row is of the asset {asset}; they are of {', '.join(assets)}")
    if disordered:
        notes.append(f"{counted(disordered, 'row')} out of the order of time; all were taken in it")
    kept.sort(key=lambda one: one[0])  # stable: rows of one instant stay in the order of the file
    days = [legal_day(one.at, zone) for _, _, one, _, _ in (kept[0], kept[-1])]
    chosen = [one for one in kept if (country[one[3]] or country[one[4]]) and (asset is None or one[2].asset == asset)]
    own = asset if asset is not None else assets[0] if len(assets) == 1 else None
    rows, more_notes, own_decimals = _rows(chosen, name, country, zone, worth, own)
    notes += more_notes
    if worth is None and own is None:
        notes.append(
            f"the file holds {', '.join(assets)}; money of several assets is not added up: shares and curves need --asset or --rates"
        )
    known = worth is not None or own_decimals is None
    crossing = Crossing(
        rows, (), days[0], days[1], currency if worth is not None else own or "", decimals if known else own_decimals or 0, tuple(notes)
    )  # fmt: skip
    return Sheet(crossing, total, malformed, problems, len(country))


def amount_problem(amount: str) -> FieldError | None:
    """Return what is wrong with an amount: only what is above zero moves anything."""
    whole, dot, fraction = amount.partition(".")
    plain = whole.isascii() and whole.isdecimal() and (not dot or (fraction.isascii() and fraction.isdecimal()))
    return None if plain and amount.strip("0.") else FieldError("amount", amount, "a decimal amount above zero such as 12.50")


def _sides(one: Instruction) -> tuple[str, str]:
    """Return who pays and who gets it; nobody is at home."""
    other = one.counterparty or ""
    return (other, one.party) if one.activity == "token_transfer_in" else (one.party, other)


def _rows(
    kept: Sequence[tuple[int, int, Instruction, str, str]],
    name: str,
    country: dict[str, str | None],
    zone: str,
    worth: Worth | None,
    own: str | None,
) -> tuple[Rows, list[str], int | None]:
    """Return rows, what is to be said of them, and the decimals of the only asset where its units are the money."""
    codes = sorted({one.asset for _, _, one, _, _ in kept})
    places = {code: number for number, code in enumerate(codes)}
    decimals = [max((_decimals(one.amount) for _, _, one, _, _ in kept if one.asset == code), default=0) for code in codes]
    amounts = [_units(one.amount, decimals[places[one.asset]]) for _, _, one, _, _ in kept]
    assets = np.array([places[one.asset] for _, _, one, _, _ in kept], np.int32)
    fits = max(amounts, default=0) * max(1, len(amounts)) < _WORD
    units, scales = scaled(np.array(amounts, np.int64 if fits else object), assets, len(codes))
    days = [legal_day(one.at, zone) for _, _, one, _, _ in kept]
    values = []
    own_decimals = decimals[places[own]] if worth is None and own in places else None
    kept_decimals = None if own_decimals is None else _kept_decimals(sum(amounts), own_decimals)
    left_off = 10 ** ((own_decimals or 0) - (kept_decimals or 0))
    for amount, day, (_, _, one, _, _) in zip(amounts, days, kept, strict=True):
        value = amount // left_off if worth is None and one.asset == own else None
        if worth is not None:
            value = worth(one.asset, decimals[places[one.asset]], amount, day)
        values.append(UNVALUED if value is None or value >= _WORD else value)
    missing = sum(value == UNVALUED for value in values)
    notes = (
        [f"{counted(missing, 'row')} of no known value, counted in units only"]
        if missing and (worth is not None or own is not None)
        else []
    )
    if kept_decimals != own_decimals:
        notes.append(f"shares, curves and worths count {own} with {kept_decimals} of its {own_decimals} decimals, rounded down")
    accounts: dict[str, int] = {}

    def number(account: str) -> int:
        return accounts.setdefault(account or "nobody", len(accounts))

    kinds, people, at, onward, lands, ways = [], [], [], [], [], []
    for _, _, one, source, target in kept:
        leaves, comes = country[source] is None, country[target] is None
        kinds.append(_OUTWARD if leaves else _RETURN if comes else _WITHIN)
        people.append(number(source if leaves else target))
        at.append(number(target if leaves else source))
        onward.append(number(target))
        lands.append(country[target if leaves else source] or "XX")
        ways.append(one.purpose or one.activity)
    land_of, way_of = sorted(set(lands)), sorted(set(ways))
    names = tuple(accounts)
    found = Rows(
        kinds=np.array(kinds, np.int8),
        instants=np.array([one[0] for one in kept], np.int64),
        days=np.array(days, np.int32),
        assets=assets,
        units=units,
        values=np.array(values, np.int64),
        positions=np.array([one[1] for one in kept], np.int64),
        sequences=np.zeros(len(kept), np.int32),
        numbers=np.array([one[1] for one in kept], np.int32),
        codes={
            "person": _codes(people),
            "who": np.zeros(len(kept), np.int32),
            "institution": np.zeros(len(kept), np.int32),
            "channel": _codes([way_of.index(one) for one in ways]),
            "place": _codes(at),
            "country": _codes([land_of.index(one) for one in lands]),
        },
        names={
            "person": names,
            "who": ("account",),
            "institution": (name,),
            "channel": tuple(way_of),
            "place": names,
            "country": tuple(land_of),
        },
        of=tuple(Asset(code, places_, scale) for code, places_, scale in zip(codes, decimals, scales, strict=True)),
        target=_codes(onward),
    )
    return found, notes, kept_decimals


def _codes(values: Sequence[int]) -> Places:
    return np.array(values, np.int32)


def _kept_decimals(total: int, decimals: int) -> int:
    """Return how many decimals money can have so that all of it together fits a word."""
    return next((kept for kept in range(decimals, 0, -1) if total // 10 ** (decimals - kept) < _WORD), 0)


def _units(amount: str, decimals: int) -> int:
    whole, _, fraction = amount.partition(".")
    return int(whole + fraction.ljust(decimals, "0"))


def _decimals(amount: str) -> int:
    return len(amount.partition(".")[2])

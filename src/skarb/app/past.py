"""How people look at the past of a book: in the law's days, in the assets' units, and with a purpose that is written down.

A book by itself says neither where its days begin nor how many decimals an asset has; the market it belongs to does, or a law.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from skarb.app.files import now
from skarb.app.law import rulebook_of
from skarb.app.looks import Looks, beside
from skarb.app.market import read_market_file
from skarb.app.setting import open_registers
from skarb.core.amount import format_amount
from skarb.core.errors import InputError, NotFound
from skarb.core.time import from_day, parse_day, zone
from skarb.intake.times import read_instant
from skarb.registers import Registers
from skarb.store import Location

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_FIRST, _LAST = date(1970, 1, 1), date(2261, 12, 31)
_OWN, _CHAIN = "own", "chain"  # where the institution's own accounts stand, and those of blockchains and of the wallets on them


@dataclass(frozen=True)
class Glass:
    """What is needed to read one book."""

    book: Location
    zone: str
    registers: Registers
    looks: Looks  # the log of the market that the book belongs to, or the book's own

    def day(self, text: str, *, after: bool = False) -> int:
        """Return where a legal day begins, or the next one, in nanoseconds since 1970.

        Raises: InputError
        """
        day = parse_day(text)
        if not _FIRST <= from_day(day) <= _LAST:
            raise InputError(f"date {text}: expected a day from {_FIRST} to {_LAST}, whose moments a ledger can hold")
        return nanoseconds(datetime.combine(from_day(day + after), time(), zone(self.zone)))

    def moment(self, text: str) -> int:
        """Return an instant, or the last one of a day, in nanoseconds since 1970.

        Raises: InputError
        """
        return self.day(text, after=True) - 1 if len(text) == 10 else nanoseconds(read_instant(text, "iso", self.zone))

    def instant(self, moment: int, *, exact: bool = True) -> str:
        """Write nanoseconds since 1970 as an instant in the law's zone, exactly or for the eye."""
        instant = (_EPOCH + timedelta(microseconds=moment // 1000)).astimezone(zone(self.zone))
        return instant.isoformat() if exact else f"{instant:%Y-%m-%d %H:%M:%S}"

    def amount(self, units: int, asset: str) -> str:
        """Write smallest units in the asset's own unit; as they are, where no register knows the asset."""
        return format_amount(units, self.decimals(asset) or 0)

    def decimals(self, asset: str) -> int | None:
        """Return the decimals of an asset, None if no register knows it."""
        try:
            return self.registers.asset(asset).decimals
        except NotFound:
            return None

    def look(self, subject: str, purpose: str | None) -> None:
        """Write down who is looked at and why, before anything is shown; see `look_into`."""
        self.looks.record(purpose, subject)


def look_into(book: Location, subject: str, purpose: str | None) -> None:
    """Write down who in a book is looked at and why, before anything is shown: in the log of its market, or in its own.

    Raises: NotAllowed without a purpose; Unavailable if it cannot be written
    """
    _looks_of(book).record(purpose, f"{book.stem}/{subject}")


def _market_of(book: Location) -> Path | None:
    folder = book.resolve().parent.parent if isinstance(book, Path) else None
    inside = isinstance(book, Path) and folder is not None and book.resolve().parent == folder / "books"
    return folder if folder is not None and inside and (folder / "market.yaml").is_file() else None


def _looks_of(book: Location) -> Looks:
    market = _market_of(book)
    return Looks(beside(book) if market is None else market / "looks.jsonl", now)


def glass_for(book: Location, law: str | None) -> Glass:
    """Return what is needed to read a book: from its market, or from a law, by default by.

    Raises: NotFound, ConfigurationError
    """
    market = _market_of(book)
    law = law or ("by" if market is None else read_market_file(market).law)
    return Glass(book, rulebook_of(law).country.zone, open_registers(law, market, now), _looks_of(book))


def is_personal(address: str) -> bool:
    """Tell whether an address leads to one party, and not to the institution, to a blockchain or to many parties.

    A wallet on a chain (`chain/BTC:…`) is somebody's, the chain itself (`chain/BTC`) everybody's.
    """
    first, _, rest = address.rstrip("/").partition("/")
    return ":" in rest if first == _CHAIN else bool(rest) and first != _OWN


def nanoseconds(instant: datetime) -> int:
    """Return an instant in nanoseconds since 1970; the first or the last there is where it lies beyond."""
    return min(max((instant - _EPOCH) // _MICROSECOND * 1000, 0), (1 << 63) - 1)

"""Files of instructions as the commands meet them: opened, understood, and with what is worth knowing beforehand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path

from skarb.core.instruction import Assumptions
from skarb.core.party import Licence, PartyKind, Profile
from skarb.intake import BATCH, Reading, read


def now() -> datetime:
    """The one clock of commands."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Source:
    """A file whose first batch has been read."""

    path: Path
    first: Reading
    rest: Iterator[Reading]

    assumed: Assumptions | None = None  # where the file's own mapping assumes nothing

    def readings(self) -> Iterator[Reading]:
        """Yield all batches, once."""
        for reading in chain((self.first,), self.rest):
            yield reading if reading.assumptions is not None else replace(reading, assumptions=self.assumed)

    @property
    def notes(self) -> tuple[str, ...]:
        """How the file was understood, in sentences."""
        assumptions = self.first.assumptions or self.assumed
        assumed = assumptions.notes if assumptions is not None else ()
        return (f"{self.first.source} is read as {self.first.mapping}", *self.first.notes, *assumed)

    @property
    def licence(self) -> Licence:
        """The licence that suits most of what the file asks for."""
        asked = [instruction.activity for instruction in self.first.instructions]
        money = sum(activity in ("fiat_pay", "qr_pay", "instant_pay", "cbdc_pay") for activity in asked)
        if money * 2 >= len(asked):
            return "bank"
        return (
            "crypto_bank" if any(activity in ("token_deposit", "token_loan", "token_stake") for activity in asked) else "platform"
        )


def open_source(
    path: Path,
    zone: str,
    *,
    mapping: str | None = None,
    at: datetime | None = None,
    schemas: Path | None = None,
    batch: int = BATCH,
    assumed: Assumptions | None = None,
) -> Source:
    """Open a file and read its first batch; the whole file was checked before that.

    Raises: NotFound, InputError, ConfigurationError
    """
    readings = read(path, mapping, batch=batch, schemas=schemas, at=at, zone=zone)
    return Source(path, next(readings), readings, assumed)


def assume(kind: PartyKind | None, home: str) -> Assumptions | None:
    """Return the assumption that parties nobody knows are identified residents of a kind."""
    if kind is None:
        return None
    said = f"parties that the registers do not know are taken as identified residents: {kind.replace('_', ' ')}"
    return Assumptions(
        source="command line", party=Profile(kind=kind, country=home, resident=True, identified=True), notes=(said,)
    )

"""Files of instructions as the commands meet them: opened, understood, and with what is worth knowing beforehand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path

from skarb.core.party import Licence
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

    def readings(self) -> Iterator[Reading]:
        """Yield all batches, once."""
        return chain((self.first,), self.rest)

    @property
    def notes(self) -> tuple[str, ...]:
        """How the file was understood, in sentences."""
        assumed = self.first.assumptions.notes if self.first.assumptions is not None else ()
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
) -> Source:
    """Open a file and read its first batch; the whole file was checked before that.

    Raises: NotFound, InputError, ConfigurationError
    """
    readings = read(path, mapping, batch=batch, schemas=schemas, at=at, zone=zone)
    return Source(path, next(readings), readings)

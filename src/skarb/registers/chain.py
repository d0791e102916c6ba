"""The registers on disk: one append-only file of JSON lines, each holding the hash of the one before.

One line is one recording: everything that was written down in one step, in whichever registers, so an import stands or falls
as a whole and the order among registers is provable. A line carries its own SHA-256, so damage is found in any line; the
head (the hash of the last line) goes into every batch of the journal as the version of the registers, so a shortened or
rewritten file is found too. A last line without its end was never acknowledged and is dropped.
"""

from __future__ import annotations

import os
from datetime import datetime
from hashlib import sha256
from pathlib import Path

import msgspec

from skarb.core.errors import Conflict, InputError, Unavailable
from skarb.core.list_change import ListChange
from skarb.core.screening_list import ScreeningList
from skarb.registers.model import (
    Admission,
    Block,
    Entry,
    Hold,
    ListPolicy,
    Meter,
    MiningMachines,
    MiningSite,
    Party,
    Tariff,
    Token,
    Venue,
    Wallet,
    WalletExposure,
    WalletListing,
    WalletProof,
    Whitelisting,
)
from skarb.registers.rates import RateSeries

GENESIS = b"\0" * 32  # the head before the first recording


class Recording(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What was written down in one step."""

    previous: str  # head before, hex
    recorded_at: datetime
    source: str  # file, message or officer it came from
    parties: tuple[Party, ...] = ()
    licences: tuple[Admission, ...] = ()
    tokens: tuple[Token, ...] = ()
    venues: tuple[Venue, ...] = ()
    blocks: tuple[Block, ...] = ()
    wallets: tuple[Wallet, ...] = ()
    listed_wallets: tuple[WalletListing, ...] = ()
    holds: tuple[Hold, ...] = ()
    lists: tuple[ScreeningList, ...] = ()
    rates: tuple[RateSeries, ...] = ()
    wallet_proofs: tuple[WalletProof, ...] = ()
    wallet_exposures: tuple[WalletExposure, ...] = ()
    list_policies: tuple[ListPolicy, ...] = ()
    whitelist: tuple[Whitelisting, ...] = ()
    list_changes: tuple[ListChange, ...] = ()  # versions of lists, told by what differs from the version before
    mining_sites: tuple[MiningSite, ...] = ()
    mining_machines: tuple[MiningMachines, ...] = ()
    meters: tuple[Meter, ...] = ()
    tariffs: tuple[Tariff, ...] = ()

    def entries(self, register: str) -> tuple[Entry, ...]:
        """Return what was written into one of model.REGISTERS."""
        found: tuple[Entry, ...] = getattr(self, register)
        return found


class _Line(msgspec.Struct):
    sha256: str
    recording: msgspec.Raw


_encoder = msgspec.json.Encoder(order="deterministic")


def normal_form(recording: Recording) -> bytes:
    """Return the bytes that the hash is taken over: JSON, keys in a fixed order, defaults left out."""
    return _encoder.encode(recording)


def head_of(recording: Recording) -> bytes:
    """Return the SHA-256 of a recording, which includes the head before it."""
    return sha256(normal_form(recording)).digest()


class RegisterFile:
    """The file of a book's registers, `registers.jsonl` in its folder. One writer at a time."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "registers.jsonl"
        self._size = 0  # of what was read or written and acknowledged

    def read(self) -> list[Recording]:
        """Return all recordings after checking the chain.

        Raises: InputError naming the line that does not fit.
        """
        if not self.path.exists():
            return []
        raw = self.path.read_bytes()
        complete = raw[: raw.rfind(b"\n") + 1]
        recordings = []
        head = GENESIS
        for number, line in enumerate(complete.split(b"\n")[:-1], start=1):
            recording, head = self._check(number, line, head)
            recordings.append(recording)
        self._size = len(complete)
        return recordings

    def _check(self, number: int, line: bytes, head: bytes) -> tuple[Recording, bytes]:
        try:
            outer = msgspec.json.decode(line, type=_Line)
            recording = msgspec.json.decode(outer.recording, type=Recording)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise InputError(f"{self.path} line {number}: not a recording ({error}); restore the file from a copy") from None
        found = sha256(bytes(outer.recording)).hexdigest()
        if line != _line(bytes(outer.recording)) or found != outer.sha256:
            raise InputError(
                f"{self.path} line {number}: its hash says {outer.sha256[:80]}, its content {found}; it was changed after it was "
                "recorded; restore the file from a copy"
            )
        if recording.previous != head.hex():
            raise InputError(
                f"{self.path} line {number}: it follows {recording.previous}, the line before is {head.hex()}; "
                "a line was changed, moved or removed; restore the file from a copy"
            )
        return recording, bytes.fromhex(found)

    def append(self, recording: Recording) -> None:
        """Write one recording durably; afterwards it is part of the file for ever.

        Raises: Conflict if somebody else wrote since the file was read, Unavailable if it cannot be written.
        """
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("ab") as file:
                size = file.seek(0, os.SEEK_END)
                if size != self._size and not self._only_torn(size):
                    raise Conflict(
                        f"{self.path} has {size} bytes, {self._size} were read; another writer was first; read it again"
                    )
                file.truncate(self._size)
                line = _line(normal_form(recording)) + b"\n"
                file.write(line)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise Unavailable(f"{self.path} cannot be written ({error.strerror}); nothing was recorded") from None
        self._size += len(line)

    def _only_torn(self, size: int) -> bool:
        """Tell whether all that follows the acknowledged part is a line without its end."""
        if size < self._size:
            return False
        with self.path.open("rb") as file:
            file.seek(self._size)
            return b"\n" not in file.read()


def _line(normal: bytes) -> bytes:
    return b'{"sha256":"' + sha256(normal).hexdigest().encode() + b'","recording":' + normal + b"}"

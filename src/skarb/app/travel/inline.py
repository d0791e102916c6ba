"""Payloads that come inside a file of instructions: taken out, sealed, and replaced by their references before the file is read.

A line of JSON may carry the payload of its transfer under `travel_payload`. The rest of the house never sees it: the line goes
on with `declared.travel_payload`, the payload's reference. Everybody in it is compared with the lists before it is sealed. A file
without such lines is not touched.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeAlias

import msgspec

from skarb.app.files import now
from skarb.app.law import law_folder, rulebook_of
from skarb.app.travel.persons import Found, Persons, Record
from skarb.app.travel.setting import open_shelf, read_office_file
from skarb.app.travel.shelf import Shelf
from skarb.app.travel.standing import OTHER_ACCOUNT, Standing, own_end, reference_of, standing_of
from skarb.core.errors import ConfigurationError, Conflict, FieldError
from skarb.core.instruction import TRAVEL_PAYLOAD, Instruction
from skarb.core.screening_list import Identifiers
from skarb.core.time import Clock, legal_day
from skarb.intake.container import open_container
from skarb.registers import Registers
from skarb.screening import Screen
from skarb.travelrule.constraints import Rules
from skarb.travelrule.payload import read_payload, told_in, write_payload
from skarb.travelrule.reading import parse
from skarb.travelrule.required import Requirements, lacking, load_requirements, required_on

_MARK = b'"travel_payload"'
_encode = msgspec.json.Encoder(decimal_format="number").encode  # numbers keep their digits


_Seen: TypeAlias = tuple[tuple[str, ...], Record]  # what a payload lacks, and what screening found


@dataclass
class Payloads:
    """What an institution does with the payloads of the instructions in its files."""

    requirements: Sequence[Requirements]
    zone: str
    clock: Clock
    shelf: Shelf | None = None  # without one payloads are looked at and forgotten: enough for deciding, never for posting
    _with: tuple[Registers, Screen] | None = None  # what persons are compared with
    _persons: Persons = field(init=False)
    _seen: dict[tuple[str, str], _Seen] = field(default_factory=dict)  # by instruction and reference, without a shelf

    def __post_init__(self) -> None:
        self._persons = Persons(self._screen, self.clock, self.shelf, self._known)

    def screen_by(self, registers: Registers, screen: Screen) -> None:
        """Compare the persons in payloads with these lists from now on; before that is said nobody is clear."""
        self._with = registers, screen

    def _screen(self) -> Screen:
        return Screen(()) if self._with is None else self._with[1]

    def _known(self, party: str) -> Identifiers | None:
        return None if self._with is None else self._with[0].described(party)

    def standing(self, *, posting: bool = False) -> Standing:
        """Return what instructions lack, and what screening finds for those they tell of."""
        if self.shelf is not None:
            return standing_of(self.shelf, self._persons, posting=posting)
        return Standing(self._by_sight, self._found)

    def take(self, instruction: str, at: datetime, about: dict[str, str], given: bytes) -> str:
        """Look at a payload, compare everybody in it with the lists, keep it if there is a shelf, and return its reference."""
        day = legal_day(at, self.zone)
        found = read_payload(given, Rules(day))
        lacks = lacking(found.value, found.findings, required_on(self.requirements, day))
        body = given if found.value is None else write_payload(found.value)
        record = self._persons.compare(found.value or told_in(given), about.get("asset", ""))
        if self.shelf is not None:
            try:
                kept, writes = self.shelf.prepare(f"instruction/{instruction}", body, lacks, self.clock(), about)
            except Conflict:
                return sha256(b"not kept\0" + body).hexdigest()  # another content for the same id: the desk will say so
            records = [*writes.get("records", []), *self._persons.writes(kept.reference, record)]
            self.shelf.store.write(sealed=writes.get("sealed", []), records=records)
            return kept.reference
        reference = sha256(body).hexdigest()
        self._seen[instruction, reference] = lacks, record
        return reference

    def _by_sight(self, i: Instruction) -> tuple[str, ...]:
        reference = reference_of(i)
        seen = self._seen.get((i.id, reference or ""))
        lacks = seen[0] if seen is not None else ("payload (not kept here)",) if reference else ("payload",)
        return tuple(one for one in lacks if not (i.wallet and one == OTHER_ACCOUNT.get(i.activity)))

    def _found(self, i: Instruction) -> Found:
        seen = self._seen.get((i.id, reference_of(i) or ""))
        record = seen[1] if seen is not None else Record(at=self.clock(), lists={}, unread="the payload is not kept here")
        return self._persons.judge(record, i.party, own_end(i))


@contextmanager
def payloads_of(law: str, office: Path | None, files: Iterable[Path], *, keep: bool) -> Iterator[Payloads | None]:
    """Yield what keeps the payloads of files: an office; without one what only looks at them, if there are any and nothing has to be kept."""
    requirements, zone = load_requirements(law_folder(law)), rulebook_of(law).country.zone
    if office is not None:
        read_office_file(office)
        with open_shelf(office) as shelf:
            yield Payloads(requirements, zone, now, shelf)
    else:
        looked_at = not keep and any(carries_payloads(file) for file in files)
        yield Payloads(requirements, zone, now) if looked_at else None


def carries_payloads(path: Path) -> bool:
    """Tell whether lines of JSON in a file carry payloads; a look at its bytes and no more, once for each file."""
    if not any(ending in (".jsonl", ".json", ".ndjson") for ending in path.suffixes) or not path.is_file():
        return False
    about = path.stat()
    return _carries(path, about.st_mtime_ns, about.st_size)


@lru_cache(maxsize=64)
def _carries(path: Path, changed: int, size: int) -> bool:
    tail = b""
    for block in open_container(path).blocks():
        if _MARK in block or _MARK in tail + block[: len(_MARK)]:
            return _lines_carry(path)
        tail = block[-len(_MARK) :]
    return False


def _lines_carry(path: Path) -> bool:
    return any(_carried(line) is not None for line in _lines(path) if _MARK in line)


@contextmanager
def without_payloads(path: Path, payloads: Payloads | None) -> Iterator[Path]:
    """Yield a file whose payloads have been taken out: the file itself if it has none.

    Raises: ConfigurationError if it has some and nobody keeps payloads
    """
    if not carries_payloads(path):
        yield path
        return
    if payloads is None:
        raise ConfigurationError(
            f"{path.name} carries payloads of the travel rule: name the office that keeps them (--travel FOLDER)"
        )
    with tempfile.TemporaryDirectory(prefix="skarb-travel-") as folder:
        stripped = Path(folder) / path.name.removesuffix(".gz")
        with stripped.open("wb") as file:
            for line in _lines(path):
                file.write(_strip(line, payloads.take) + b"\n")
        yield stripped


def _lines(path: Path) -> Iterator[bytes]:
    begun: list[bytes] = []  # pieces of a line whose end has not come yet
    for block in open_container(path).blocks():
        first, *more = block.split(b"\n")
        begun.append(first)
        if more:
            yield b"".join(begun)
            yield from more[:-1]
            begun = more[-1:]
    if rest := b"".join(begun):
        yield rest


def _carried(line: bytes) -> dict[str, Any] | None:
    """Return the object of a line that carries a payload; None for any other line, which is read, or refused, as it is."""
    try:
        row = parse(line)
    except FieldError:
        return None
    return row if isinstance(row, dict) and isinstance(row.get(TRAVEL_PAYLOAD), dict) else None


def _strip(line: bytes, take: Callable[[str, datetime, dict[str, str], bytes], str]) -> bytes:
    row = _carried(line) if _MARK in line else None
    if row is None:
        return line
    try:
        at = datetime.fromisoformat(str(row.get("at")))
        if at.tzinfo is None or not isinstance(row.get("id"), str):
            raise ValueError
    except ValueError:
        return _without(row)  # the row itself is malformed and will say so
    declared = row.get("declared")
    if declared is not None and not isinstance(declared, dict):
        return _without(row)
    asset, arrives = row.get("asset"), row.get("activity") == "token_transfer_in"
    about = {"side": "beneficiary" if arrives else "originator", **({"asset": asset} if isinstance(asset, str) else {})}
    reference = take(row["id"], at, about, _encode(row[TRAVEL_PAYLOAD]))
    return _without(row | {"declared": {**(declared or {}), TRAVEL_PAYLOAD: reference}})


def _without(row: dict[str, Any]) -> bytes:
    return _encode({key: value for key, value in row.items() if key != TRAVEL_PAYLOAD})

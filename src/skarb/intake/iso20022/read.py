"""Read a file of messages: all of it is checked before the first instruction is handed out.

A message that its schema refuses, whose header names another message, or which counts its transactions wrongly is refused as a
whole, and each of its transactions comes back as a problem. In a sound message a bad transfer stops nobody else's.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from skarb.core.errors import FieldError, InputError, Problem
from skarb.core.instruction import Assumptions, Instruction
from skarb.core.party import Profile
from skarb.intake.container import Container
from skarb.intake.iso20022.document import parse_document
from skarb.intake.iso20022.messages import Message, find_messages
from skarb.intake.iso20022.schemas import Schemas
from skarb.intake.iso20022.transfers import Reader
from skarb.intake.iso20022.validate import Fault, faults_of
from skarb.intake.model import Reading

_Row = Instruction | list[Problem]


def read_messages(container: Container, path: Path, given: str | Path | None, zone: str, batch: int) -> Iterator[Reading]:
    """Return the transfers of the pain.001 and pacs.008 messages in a file, in batches.

    Raises: InputError if the file is not XML, not safe, or holds other messages; ConfigurationError for unusable schemas.
    """
    name = container.name
    messages = find_messages(parse_document(container), name)
    schemas = Schemas(path, given)
    checked = [(message, schemas.of_message(message.name)) for message in messages]
    faulty = [_faults(message, faults_of(message, schema, schemas)) for message, schema in checked]
    counts = [len(message.transactions()) for message in messages]
    empty = [told[0] for told, count in zip(faulty, counts, strict=True) if told and not count]
    if empty:  # no row to tell it on
        raise InputError(str(_problem(empty[0], name, 0)))
    notes = tuple(dict.fromkeys(f"{message.name} checked against {schema.origin}" for message, schema in checked))
    kinds = ", ".join(dict.fromkeys(message.name for message in messages))
    assumptions = Assumptions(
        source=kinds,
        party=Profile(kind="natural_person", country="XX", resident=False, identified=True),
        observed=True,
        notes=(
            *notes,
            "Debtors and creditors that the registers do not know are taken as natural persons of unknown country, identified by "
            "the bank that keeps their account, and not resident in the country whose law applies.",
            f"Times without a zone are taken in {zone}.",
            "Accounts mirror balances kept elsewhere, so they have no floor.",
        ),
    )
    blank = Reading(name, kinds, assumptions, expected=sum(counts), notes=notes)
    return _batches(list(zip(messages, faulty, strict=True)), blank, zone, batch)


def _batches(messages: list[tuple[Message, list[Fault]]], blank: Reading, zone: str, batch: int) -> Iterator[Reading]:
    reader, done = Reader(zone), 0
    rows = _rows(messages, blank.source, reader)
    while True:
        part = list(islice(rows, batch))
        if not part and done:
            return
        reading = Reading(blank.source, blank.mapping, blank.assumptions, expected=blank.expected, notes=blank.notes)
        good = [(number, row) for number, row in enumerate(part, done + 1) if isinstance(row, Instruction)]
        reading.rows, reading.instructions = [number for number, _ in good], [instruction for _, instruction in good]
        reading.problems += [problem for row in part if not isinstance(row, Instruction) for problem in row]
        done += len(part)
        reading.total = done
        yield reading
        if len(part) < batch:
            return


def _rows(messages: list[tuple[Message, list[Fault]]], file: str, reader: Reader) -> Iterator[_Row]:
    """Yield for each transaction of the file its instruction, or its problems."""
    number = 0
    for message, faults in messages:
        transfers = message.transactions()
        if faults:
            yield from _refused(message, faults, transfers, file, number + 1)
            number += len(transfers)
            continue
        for transfer in transfers:
            number += 1
            try:
                yield reader.read(message, transfer)
            except FieldError as error:
                yield [error.problem(_where(file, number, transfer), number)]


def _refused(message: Message, faults: list[Fault], transfers: list[Any], file: str, first: int) -> Iterator[list[Problem]]:
    """Yield the problems of each transaction of a refused message: its own faults, and on the first one those of the whole."""
    tree = message.document.getroottree()
    paths = {tree.getpath(transfer): number for number, transfer in enumerate(transfers, first)}
    told: dict[int, list[Problem]] = {}
    for fault in faults:
        row = next((number for path, number in paths.items() if f"{fault.path}/".startswith(f"{path}/")), first)
        told.setdefault(row, []).append(_problem(fault, file, row))
    given = f"a transaction of a {message.name} that is refused for line {faults[0].line}, {faults[0].field}"
    for number, transfer in enumerate(transfers, first):
        other = Problem(
            _where(file, number, transfer), "", given, "a message without faults", "mend it and hand it in again", number
        )
        yield told.get(number, [other])


def _where(file: str, number: int, transfer: Any) -> str:
    return f"{file} row {number} (line {transfer.sourceline})"


def _problem(fault: Fault, file: str, row: int) -> Problem:
    return Problem(f"{file} line {fault.line}", fault.field, fault.given, fault.expected, row=row)


def _faults(message: Message, faults: list[Fault]) -> list[Fault]:
    """Add what no schema can express."""
    if faults:
        return faults
    header = message.header
    if header is not None:
        said = next((node for node in header.iter() if _local(node) == "MsgDefIdr"), None)
        if said is not None and (said.text or "").strip() != message.name:
            faults.append(
                Fault(said.sourceline, "AppHdr/MsgDefIdr", said.text or "", f"{message.name}, the message that follows", "")
            )
    stated = message.body.find(f"{message.tag('GrpHdr')}/{message.tag('NbOfTxs')}")
    found = len(message.transactions())
    if stated is not None and int(stated.text) != found:
        expected = f"{found}, the number of transactions in the message"
        faults.append(Fault(stated.sourceline, "GrpHdr/NbOfTxs", stated.text, expected, ""))
    return faults


def _local(node: Any) -> str:
    return str(node.tag).rpartition("}")[2]

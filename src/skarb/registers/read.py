"""Files of register entries: CSV (one register), JSON lines, YAML (any registers), read strictly and as a whole.

A file is taken over completely or not at all: one problem, and nothing of it is recorded. Every field is known or a
problem; nothing is guessed. In CSV and JSON lines the register is named by the caller or by a column `register`; in YAML the
registers are the keys. Several activities stand in one CSV cell, separated by blanks.
"""

from __future__ import annotations

import csv
import gzip
import io
import re
import zlib
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any

import msgspec
import yaml

from skarb.core.asset import currencies
from skarb.core.errors import InputError, Problem, shorten
from skarb.core.identifiers import Address, Flaw, check_dti, check_lei, classify
from skarb.core.screening_list import Listed, ScreeningList
from skarb.registers.model import (
    REGISTERS,
    Entry,
    MiningMachines,
    Party,
    Tariff,
    Token,
    Wallet,
    WalletExposure,
    WalletListing,
    WalletProof,
    Whitelisting,
)
from skarb.registers.numbering import Numbering, check_number

_SIZE_MAX = 1 << 30  # bytes after unpacking
_MOST_PROBLEMS = 100
_WALLETS = (Wallet, WalletListing, WalletProof, WalletExposure)  # entries about an address
_WHITELISTED_MAX = timedelta(days=366)
_LISTS = ("activities",)  # fields that hold several codes


class Import(msgspec.Struct, frozen=True, kw_only=True):
    """What a file of entries says, or why it could not be read."""

    name: str
    entries: dict[str, tuple[Entry, ...]] = {}  # by register
    problems: tuple[Problem, ...] = ()

    @property
    def count(self) -> int:
        """How many entries there are in all registers."""
        return sum(len(entries) for entries in self.entries.values())


def text_of(raw: bytes, name: str) -> str:
    """Return the text of a file, unpacked if it is gzip.

    Raises: InputError if it is truncated, too large or not UTF-8.
    """
    if raw[:2] == b"\x1f\x8b":
        try:
            with gzip.GzipFile(fileobj=io.BytesIO(raw)) as packed:
                raw = packed.read(_SIZE_MAX + 1)
        except (OSError, EOFError, zlib.error) as error:
            raise InputError(f"{name}: a complete gzip file ({error}); fetch it again") from None
    if len(raw) > _SIZE_MAX:
        raise InputError(f"{name}: at most {_SIZE_MAX >> 20} MB after unpacking")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"{name}: text in UTF-8; byte {error.start} is {raw[error.start]:#04x}, save the file as UTF-8"
        ) from None


def read_entries(
    raw: bytes, name: str, *, register: str | None = None, numbering: Numbering | None = None, home: str = ""
) -> Import:
    """Return the entries of a CSV, JSON lines or YAML file, told apart by the end of its name.

    `numbering` and `home` are the country's scheme of taxpayer numbers and its code; residents' numbers are checked.
    """
    if register is not None and register not in REGISTERS:
        return _failed(name, f"a register of {', '.join(REGISTERS)}", register)
    entries: dict[str, list[Entry]] = {}
    problems: list[Problem] = []
    seen: dict[tuple[str, tuple[object, ...]], str] = {}
    try:
        for row, kind, fields in _rows(text_of(raw, name), name, register):
            where = f"{name} row {row}" if register or not name.endswith((".yaml", ".yml")) else f"{name} {kind} entry {row}"
            entry = convert_entry(kind, fields, where, row, problems, numbering=numbering, home=home)
            if entry is None:
                continue
            earlier = seen.setdefault((kind, entry.key()), where)
            if earlier is not where:
                given = " ".join(str(part) for part in entry.key())
                problems.append(
                    Problem(where, "", shorten(given), f"one entry with this key and valid_from; see {earlier}", row=row)
                )
            entries.setdefault(kind, []).append(entry)
    except InputError as error:
        problems.append(Problem(name, "", name, str(error)))
    if not problems and not entries:
        problems.append(Problem(name, "", "no entries", "at least one entry"))
    if problems:
        return Import(name=name, problems=tuple(problems[:_MOST_PROBLEMS]))
    return Import(name=name, entries={kind: tuple(found) for kind, found in entries.items()})


def _failed(name: str, expected: str, given: object) -> Import:
    return Import(name=name, problems=(Problem(name, "", shorten(given), expected),))


def _rows(text: str, name: str, register: str | None) -> Iterator[tuple[int, str, dict[str, Any]]]:
    """Yield row number, register and fields of every entry, as written."""
    if name.endswith((".yaml", ".yml")):
        yield from _yaml_rows(text, name, register)
    elif name.endswith((".jsonl", ".ndjson")):
        for row, line in enumerate(text.splitlines(), start=1):
            if line.strip():
                try:
                    fields = msgspec.json.decode(line, type=dict[str, Any])
                except (msgspec.DecodeError, RecursionError) as error:
                    raise InputError(f"{name} row {row}: one JSON object a line ({error})") from None
                yield row, _register(fields, register, name, row), fields
    elif name.endswith((".csv", ".csv.gz")):
        reader = csv.DictReader(io.StringIO(text), strict=True)
        try:
            for row, cells in enumerate(reader, start=1):
                if None in cells or None in cells.values():
                    raise InputError(f"{name} row {row}: as many cells as the header has ({len(reader.fieldnames or ())})")
                fields = {key: value.strip() for key, value in cells.items() if value.strip()}
                yield row, _register(fields, register, name, row), fields
        except csv.Error as error:
            raise InputError(f"{name}: comma-separated values, readable to the end ({error})") from None
    else:
        raise InputError(f"{name}: a file ending in .csv, .csv.gz, .jsonl, .ndjson, .yaml or .yml")


def _yaml_rows(text: str, name: str, register: str | None) -> Iterator[tuple[int, str, dict[str, Any]]]:
    data = load_yaml(text, name)
    if register is not None and isinstance(data, list):
        data = {register: data}
    if not isinstance(data, dict) or not all(key in REGISTERS and isinstance(rows, list) for key, rows in data.items()):
        raise InputError(f"{name}: registers ({', '.join(REGISTERS)}) as keys, lists of entries below them")
    for kind, rows in data.items():
        for row, fields in enumerate(rows, start=1):
            if not isinstance(fields, dict):
                raise InputError(f"{name} {kind} entry {row}: fields and values, not {shorten(fields)}")
            yield row, kind, dict(fields)


class _Loader(yaml.SafeLoader):
    """A YAML loader that refuses repeated keys and references."""

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            line = self.peek_event().start_mark.line + 1  # type: ignore[no-untyped-call]
            raise yaml.YAMLError(f"references (*) are not used here, line {line}")
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for place, key in enumerate(keys):
            if key in keys[:place]:
                raise yaml.YAMLError(f"key {key!r} stands twice, line {node.value[place][0].start_mark.line + 1}")
        return super().construct_mapping(node, deep)


def load_yaml(text: str, name: str) -> Any:
    """Return what a YAML text says; keys stand once, references are refused.

    Raises: InputError
    """
    try:
        return yaml.load(text, Loader=_Loader)  # a SafeLoader
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise InputError(f"{name}: YAML that can be read ({' '.join(str(error).split())})") from None


def _register(fields: dict[str, Any], register: str | None, name: str, row: int) -> str:
    kind = fields.pop("register", register)
    if kind not in REGISTERS or (register is not None and kind != register):
        raise InputError(f"{name} row {row}: a register of {', '.join(REGISTERS)}, not {shorten(kind)}")
    return str(kind)


def convert_entry(
    kind: str,
    fields: Mapping[str, Any],
    where: str,
    row: int | None,
    problems: list[Problem],
    *,
    numbering: Numbering | None = None,
    home: str = "",
) -> Entry | None:
    """Return one entry, or None after adding every problem it has."""
    type_ = REGISTERS[kind]
    values = {key: value.split() if key in _LISTS and isinstance(value, str) else value for key, value in fields.items()}
    try:
        entry = msgspec.convert(values, type_, strict=False)
    except msgspec.ValidationError as whole:
        before = len(problems)
        problems += _field_problems(type_, values, where, row)
        if len(problems) == before:
            problems.append(Problem(where, "", shorten(values), str(whole), row=row))
        return None
    return check_entry(entry, where, row, problems, numbering=numbering, home=home)


def check_entry(
    entry: Entry, where: str, row: int | None, problems: list[Problem], *, numbering: Numbering | None = None, home: str = ""
) -> Entry | None:
    """Return an entry with its identifiers in normal form, or None after adding every problem that types cannot see."""
    found = list(_check(entry, numbering, home))
    problems += [Problem(where, field, shorten(given), expected, row=row) for field, given, expected in found]
    return None if found else _normal(entry, numbering, home)


def type_problems(entry: Entry, where: str, row: int | None) -> list[Problem]:
    """Return what an entry that was made here holds against its types: making one does not look at them, reading it again does."""
    values = msgspec.to_builtins(entry)
    try:
        msgspec.convert(values, type(entry), strict=False)
    except msgspec.ValidationError as whole:
        return _field_problems(type(entry), values, where, row) or [Problem(where, "", shorten(values), str(whole), row=row)]
    return []


_NO_OFF = "block, reject or report; a list that is loaded is never without one of them, since screening cannot be switched off"


def _field_problems(type_: type[Entry], values: Mapping[str, Any], where: str, row: int | None) -> list[Problem]:
    fields = {field.name: field for field in msgspec.structs.fields(type_)}
    problems = [
        Problem(where, name, shorten(value), f"a field of {', '.join(fields)}", "remove it or correct its name", row)
        for name, value in values.items()
        if name not in fields
    ]
    for name, field in fields.items():
        if name in values:
            try:
                msgspec.convert(values[name], field.type, strict=False)
            except msgspec.ValidationError as error:
                expected = _NO_OFF if name == "measure" else _expected(error)
                problems.append(Problem(where, name, shorten(values[name]), expected, row=row))
        elif field.required:
            problems.append(Problem(where, name, "", "a value", row=row))
    return problems


def _expected(error: msgspec.ValidationError) -> str:
    return re.sub(r"^Expected ", "", str(error)).replace("`", "")


def _check(entry: Entry, numbering: Numbering | None, home: str) -> Iterator[tuple[str, object, str]]:
    """Yield field, given, expected for what types cannot say."""
    if entry.valid_to is not None and entry.valid_to < entry.valid_from:
        yield "valid_to", entry.valid_to, f"a day not before valid_from, {entry.valid_from}"
    if isinstance(entry, Party):
        if entry.lei and isinstance(flaw := check_lei(entry.lei), Flaw):
            yield "lei", entry.lei, flaw.expected
        if entry.taxpayer_number and numbering and entry.country == home:
            number = check_number(numbering, entry.taxpayer_number)
            if isinstance(number, Flaw):
                yield "taxpayer_number", entry.taxpayer_number, number.expected
        if entry.born and not date(1850, 1, 1) <= entry.born <= entry.valid_from:
            yield "born", entry.born, f"a day from 1850-01-01 to valid_from, {entry.valid_from}"
    elif isinstance(entry, Token):
        if entry.code in currencies():
            yield "code", entry.code, "a code that is no currency of ISO 4217"
        if entry.dti and isinstance(flaw := check_dti(entry.dti), Flaw):
            yield "dti", entry.dti, flaw.expected
        if entry.contract and isinstance(contract := read_wallet(entry.contract), Flaw):
            yield "contract", entry.contract, contract.expected
        if entry.asset_class in ("none", "money"):
            yield "asset_class", entry.asset_class, "the class of a token; money is known from ISO 4217"
    elif isinstance(entry, _WALLETS):
        address = read_wallet(entry.wallet)
        if isinstance(address, Flaw):
            yield "wallet", entry.wallet, address.expected
        if isinstance(entry, WalletProof) and (entry.status == "proven") != (
            entry.proven_on is not None and bool(entry.signature)
        ):
            yield "status", entry.status, "proven with the day and the signature of the proof, or asked without them"
    elif isinstance(entry, MiningMachines):
        if (entry.hashrate_gh_s is None) != (entry.power_w is None):
            yield (
                "power_w",
                entry.power_w,
                "both hashrate_gh_s and power_w of one machine, or neither for a model of the catalogue",
            )
    elif isinstance(entry, Tariff):
        for place in (*entry.energy, *((entry.capacity,) if entry.capacity else ())):
            if bool(place.price) == bool(place.parameter):
                yield "price", place.price, "either a price or a parameter of the law"
        if entry.surplus_discount and int(entry.surplus_discount.split("/")[0]) > int(entry.surplus_discount.split("/")[1]):
            yield "surplus_discount", entry.surplus_discount, "a share of at most the whole price"
    elif isinstance(entry, Whitelisting):
        if entry.valid_to is None or entry.valid_to - entry.valid_from >= _WHITELISTED_MAX:
            yield (
                "valid_to",
                entry.valid_to or "nothing",
                "the day on which the decision ends, at most a year later; then it is looked at anew",
            )
        if entry.by.strip().casefold() == entry.approved_by.strip().casefold():
            yield "approved_by", entry.approved_by, "a second person, other than the one in `by`"


def read_wallet(text: str) -> Address | Flaw:
    """Return the address written as chain:address, or what is wrong with it."""
    chain, colon, address = text.partition(":")
    if not colon:
        return Flaw("format", text, "chain:address, such as BTC:1BoatSLRHtKNngkdXEeobR76b53LETtpyT")
    return classify(chain, address)


def _normal(entry: Entry, numbering: Numbering | None, home: str) -> Entry:
    """Return a checked entry with its identifiers in normal form."""
    changes: dict[str, object] = {}
    if isinstance(entry, _WALLETS):
        address = read_wallet(entry.wallet)
        changes["wallet"] = address.key if isinstance(address, Address) else entry.wallet
    elif isinstance(entry, Token) and entry.contract:
        contract = read_wallet(entry.contract)
        changes["contract"] = contract.key if isinstance(contract, Address) else entry.contract
    elif isinstance(entry, Party):
        changes["lei"] = check_lei(entry.lei) if entry.lei else ""
        if entry.taxpayer_number and numbering and entry.country == home:
            changes["taxpayer_number"] = check_number(numbering, entry.taxpayer_number)
    return msgspec.structs.replace(entry, **changes) if changes else entry


def read_screening_list(raw: bytes, name: str, *, numbering: Numbering | None = None) -> ScreeningList | tuple[Problem, ...]:
    """Return a screening list in our own JSON form, or its problems.

    The form is that of `core.screening_list.ScreeningList`: a header and `entries`, each with its identifiers. Taxpayer numbers
    that fit the country's scheme are put in its normal form, so a prefix or a look-alike letter hides nobody.
    """
    try:
        found = msgspec.json.decode(text_of(raw, name), type=ScreeningList)
    except InputError as error:
        return (Problem(name, "", name, str(error)),)
    except (msgspec.DecodeError, RecursionError) as error:
        return (Problem(name, "", "", f"a screening list: list, regime, publisher, version, published, entries ({error})"),)
    problems: list[Problem] = []
    numbers: set[str] = set()
    for row, listed in enumerate(found.entries, start=1):
        problems += _listed_problems(listed, f"{name} entry {row}", row)
        if listed.entry in numbers:
            problems.append(Problem(f"{name} entry {row}", "entry", listed.entry, "every entry number once", row=row))
        numbers.add(listed.entry)
    if problems:
        return tuple(problems[:_MOST_PROBLEMS])
    if numbering is None:
        return found
    return msgspec.structs.replace(found, entries=tuple(_with_normal_numbers(listed, numbering) for listed in found.entries))


def _with_normal_numbers(listed: Listed, numbering: Numbering) -> Listed:
    checked = [(number, check_number(numbering, number)) for number in listed.taxpayer_numbers]
    numbers = tuple(number if isinstance(normal, Flaw) else normal for number, normal in checked)
    return msgspec.structs.replace(listed, taxpayer_numbers=numbers)


def _listed_problems(listed: Listed, where: str, row: int) -> Iterator[Problem]:
    for lei in listed.leis:
        if isinstance(flaw := check_lei(lei), Flaw):
            yield flaw.problem(where, "leis", row)
    for wallet in listed.wallets:
        if ":" not in wallet:
            yield Problem(where, "wallets", shorten(wallet), "chain:address", row=row)

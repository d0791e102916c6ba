"""What every instruction from outside must satisfy, and how a row that does not is explained.

Rows are tried many at a time; only where that fails are they looked at more closely, down to the single bad row.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Annotated, Any, TypeVar, get_args, get_origin

import msgspec

from skarb.core.activity import ACTIVITIES
from skarb.core.amount import parse_amount
from skarb.core.errors import FieldError, InputError
from skarb.core.instruction import END_TO_END_ID, END_TO_END_ID_MAX, Instruction
from skarb.intake.declared import check_declared
from skarb.intake.model import Decimals, Number

T = TypeVar("T")

TEXT_MAX = 1000  # characters of a text whose type sets no bound
FIELDS = Instruction.__struct_fields__
REQUIRED = tuple(field.name for field in msgspec.structs.fields(Instruction) if field.required)


def _lengths(kind: Any) -> tuple[int, int]:
    """Return the least and the most characters that a field's type allows."""
    for part in (kind, *get_args(kind)):
        for meta in get_args(part) if get_origin(part) is Annotated else ():
            if isinstance(meta, msgspec.Meta) and meta.max_length is not None:
                return meta.min_length or 0, meta.max_length
    return 0, TEXT_MAX


MOVES = frozenset(
    name
    for name in ACTIVITIES
    if name.startswith(("token_", "cbdc_")) and name not in ("token_hold", "token_store", "token_create")
) | {"fiat_pay", "qr_pay", "instant_pay", "mine"}  # activities that move something, so the amount lies above zero

LENGTHS = {field.name: _lengths(field.type) for field in msgspec.structs.fields(Instruction)}  # of texts, least and most
LENGTHS["end_to_end_id"] = 1, END_TO_END_ID_MAX  # of what is new; journals from before may hold longer ones
_NAME = "a text of 1 to 140 characters"
EXPECTED = {
    "id": "a text of 1 to 64 characters",
    "at": "an instant that exists, with its zone, between 1901 and 2169, such as 2026-01-31T09:30:00+03:00",
    "activity": "an activity: " + ", ".join(ACTIVITIES),
    "party": _NAME,
    "counterparty": _NAME,
    "venue": _NAME,
    "asset": "a code of an asset such as BYN or BTC, as text",
    "amount": "a plain decimal text of at most 80 characters such as 1250.50",
    "consideration": "a plain decimal text of at most 80 characters such as 1250.50",
    "end_to_end_id": f"a text of 1 to {END_TO_END_ID_MAX} characters without control characters, or nothing",
    "approves": "the id of an instruction, a text of 1 to 64 characters",
    "declared": "an object of facts with true, false, whole numbers or texts",
}
UNREADABLE = (msgspec.ValidationError, msgspec.DecodeError, FieldError, UnicodeDecodeError, RecursionError)
_PATH = re.compile(r"at `\$(?:\[[^\]]*\])*\.([a-z_]+)")
_END_TO_END_ID = re.compile(END_TO_END_ID)
_SPLIT = 16
_DIGITS_MAX = 40


def sift(
    rows: Sequence[T], attempt: Callable[[Sequence[T]], list[Instruction]], explain: Callable[[T], list[FieldError]]
) -> tuple[list[Instruction], list[int], list[tuple[int, FieldError]]]:
    """Return the instructions of the good rows with their positions, and what is wrong with each of the others."""
    good: list[Instruction] = []
    places: list[int] = []
    bad: list[tuple[int, FieldError]] = []

    def look(start: int, stop: int) -> None:
        try:
            good.extend(attempt(rows[start:stop]))
            places.extend(range(start, stop))
        except UNREADABLE as error:
            if stop - start == 1:
                wrong = explain(rows[start]) or [
                    error if isinstance(error, FieldError) else FieldError("", str(rows[start]), str(error))
                ]
                bad.extend((start, item) for item in wrong)
                return
            step = -(-(stop - start) // _SPLIT)
            for part in range(start, stop, step):
                look(part, min(part + step, stop))

    if rows:
        look(0, len(rows))
    return good, places, bad


def check_all(instructions: Sequence[Instruction], decimals: Decimals | None) -> None:
    """Hold instructions to what their types cannot say: dates, declarations, amounts of their asset.

    Raises: FieldError for the first that fails.
    """
    for i in instructions:
        if not 1901 <= i.at.year <= 2169:
            raise FieldError("at", i.at.isoformat(), EXPECTED["at"])
        if not i.amount.strip("0.") and i.activity in MOVES:
            raise FieldError("amount", i.amount, "above 0")
        if i.end_to_end_id is not None and not _END_TO_END_ID.fullmatch(i.end_to_end_id):
            raise FieldError("end_to_end_id", i.end_to_end_id, EXPECTED["end_to_end_id"])
        if i.declared is not None:
            for name, value in i.declared.items():
                check_declared(name, value)
    if decimals is not None:
        _check_amounts(instructions, decimals)


def _check_amounts(instructions: Sequence[Instruction], decimals: Decimals) -> None:
    known: dict[str, int | None] = {}
    for i in instructions:
        for field, asset, text in (("asset", i.asset, i.amount), ("consideration_asset", i.consideration_asset, i.consideration)):
            if asset is None:
                continue
            if asset not in known:
                known[asset] = decimals(asset)
            places = known[asset]
            if places is None:
                raise FieldError(field, asset, "a currency of ISO 4217 with a smallest unit, or a token of the register")
            if text is None:
                raise FieldError("consideration", "", f"the amount of {asset} given in return")
            check_amount("amount" if field == "asset" else "consideration", text, asset, places)


def check_amount(field: str, text: str, asset: str, decimals: int) -> None:
    """Refuse an amount that is no whole number of the asset's smallest units.

    Raises: FieldError
    """
    try:
        parse_amount(text, decimals)
    except InputError:
        unit = f"at most {decimals} decimals" if decimals else "no decimals"
        raise FieldError(
            field, text, f"a plain decimal number of {asset} with {unit}, below 2^128 smallest units, no sign"
        ) from None


def explain_fields(values: dict[str, object], decimals: Decimals | None) -> list[FieldError]:
    """Return everything that keeps a row of field values from being an instruction."""
    wrong = [
        FieldError(name, values[name], f"no such field; the fields are {', '.join(FIELDS)}")
        for name in values
        if name not in FIELDS
    ]
    wrong += [FieldError(name, "nothing", EXPECTED[name]) for name in REQUIRED if values.get(name) is None]
    for name in ("amount", "consideration"):
        if isinstance(values.get(name), (int, float, Number)):
            wrong.append(
                FieldError(
                    name, values[name], 'a decimal text in quotes such as "12.50"', "write amounts as text: numbers lose digits"
                )
            )
    if wrong:
        return wrong
    try:
        check_all([msgspec.convert(_plain(values), Instruction)], decimals)
    except msgspec.ValidationError as error:
        found = _PATH.search(str(error))
        name = found[1] if found else ""
        wrong.append(FieldError(name, values.get(name, ""), EXPECTED.get(name, str(error))))
    except FieldError as error:
        wrong.append(error)
    return wrong


def _plain(value: object) -> object:
    """Turn numbers kept as text into numbers, so that they are refused where text is expected."""
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, Number):
        return int(value) if value.lstrip("-").isdecimal() and len(value) < _DIGITS_MAX else float(value)
    return value

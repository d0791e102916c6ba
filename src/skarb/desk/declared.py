"""What an instruction states itself: the facts that are the parties' own to declare, and what is given in return."""

from __future__ import annotations

from typing import Any, get_args, get_origin, get_type_hints

import msgspec
from msgspec.structs import force_setattr

from skarb.core.amount import parse_amount
from skarb.core.asset import Asset
from skarb.core.errors import FieldError, InputError
from skarb.core.facts import Facts
from skarb.core.instruction import DECLARABLE, TRAVEL_PAYLOAD, Instruction
from skarb.rulebook import Country

EXCHANGES = ("token_buy_fiat", "token_sell_fiat", "token_swap")
_HINTS = get_type_hints(Facts, include_extras=True)


def _is_money(hint: object) -> bool:
    parts = get_args(hint) if get_origin(hint) is not None and type(None) in get_args(hint) else (hint,)
    return any(isinstance(m, msgspec.Meta) and (m.extra or {}).get("type") == "money" for p in parts for m in get_args(p))


_DECLARED_MONEY = frozenset(name for name in DECLARABLE if _is_money(_HINTS[name]))


def declare(facts: Facts, declared: dict[str, bool | int | str], country: Country) -> None:
    """Set the facts that the parties state themselves, checked against the schema of facts.

    Raises: FieldError
    """
    for name, value in declared.items():
        if name == TRAVEL_PAYLOAD:
            continue  # no fact: what it is worth is looked up
        if name not in DECLARABLE:
            raise FieldError(
                f"declared.{name}", value, f"one of the facts that parties state themselves: {', '.join(DECLARABLE)}"
            )
        typed: Any = _declared_money(name, str(value), country) if name in _DECLARED_MONEY else value
        try:
            force_setattr(facts, name, msgspec.convert(typed, _HINTS[name]))
        except msgspec.ValidationError as error:
            raise FieldError(f"declared.{name}", value, str(error)) from None


def _declared_money(name: str, text: str, country: Country) -> int:
    amount, _, code = text.partition(" ")
    try:
        if code != country.currency:
            raise InputError(f"given in {code or 'no currency'}")
        return parse_amount(amount, country.decimals)
    except InputError as error:
        raise FieldError(f"declared.{name}", text, f"an amount such as '1000.00 {country.currency}' ({error})") from None


def consideration_of(i: Instruction, paid_in: Asset | None) -> int:
    """Return what is given in exchange.

    Units: smallest units of the asset in which it is paid.
    Raises: FieldError
    """
    if i.consideration is None:
        raise FieldError("consideration", "nothing", f"the amount of {i.consideration_asset} given in return")
    if paid_in is None:
        raise FieldError("consideration_asset", "nothing", "the asset given in return")
    try:
        given = parse_amount(i.consideration, paid_in.decimals)
    except InputError as error:
        raise FieldError("consideration", i.consideration, f"an amount of {paid_in.code}: {error}") from None
    if not given and i.activity in EXCHANGES:
        raise FieldError("consideration", i.consideration, "an amount above 0: nobody buys or sells for nothing")
    return given

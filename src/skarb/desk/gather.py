"""Gather: look up all that the law needs in one pass and freeze it as facts.

Registers answer for the legal day of the instruction. What a source of instructions assumes about parties nobody knows
comes from its `Assumptions`; what the parties declare is taken only for the facts that are theirs to declare. Lists, holds,
licences and rates can be neither assumed nor declared.
"""

from __future__ import annotations

from copy import copy
from typing import Any, get_args, get_origin, get_type_hints

import msgspec
from msgspec.structs import force_setattr

from skarb.core.amount import LEGAL_VALUE_MAX, parse_amount
from skarb.core.asset import Asset
from skarb.core.errors import FieldError, InputError, Unavailable
from skarb.core.facts import Facts, Settlement
from skarb.core.instruction import DECLARABLE, Assumptions, Instruction
from skarb.core.party import Profile
from skarb.core.time import legal_day
from skarb.registers import Registers
from skarb.rulebook import Country
from skarb.screening import Screen

UNKNOWN = Profile()
_MONEY = ("money", "electronic_money", "digital_currency")
_HINTS = get_type_hints(Facts, include_extras=True)
_WORST = {"clear": 0, "unavailable": 1, "possible": 2, "listed": 3}


def _is_money(hint: object) -> bool:
    parts = get_args(hint) if get_origin(hint) is not None and type(None) in get_args(hint) else (hint,)
    return any(isinstance(m, msgspec.Meta) and (m.extra or {}).get("type") == "money" for p in parts for m in get_args(p))


_DECLARED_MONEY = frozenset(name for name in DECLARABLE if _is_money(_HINTS[name]))


class Gathered(msgspec.Struct, frozen=True):
    """Facts of one instruction with the amounts read exactly."""

    facts: Facts
    units: int
    consideration: int


class Gatherer:
    """Turns instructions of one institution into facts. Holds caches, and no other state."""

    def __init__(self, registers: Registers, screen: Screen, country: Country, operator: str) -> None:
        self._registers = registers
        self._screen = screen
        self._country = country
        self._operator = operator
        self._actors: dict[tuple[object, ...], Facts] = {}

    def gather(self, instruction: Instruction, assumptions: Assumptions | None, approved: bool = False) -> Gathered:
        """Return the facts of one instruction.

        Raises: InputError naming the field, what was given and what was expected.
        """
        i = instruction
        day = legal_day(i.at, self._country.zone)
        asset = self._asset("asset", i.asset)
        units = _amount("amount", i.amount, asset)
        consideration, paid_in = 0, None
        if i.consideration_asset is not None:
            paid_in = self._asset("consideration_asset", i.consideration_asset)
            if i.consideration is None:
                raise FieldError("consideration", "nothing", f"the amount of {i.consideration_asset} given in return")
            consideration = _amount("consideration", i.consideration, paid_in)
        key = (i.activity, i.party, i.asset, i.consideration_asset, day, assumptions)
        actor = self._actors.get(key)
        if actor is None:
            actor = self._actor_facts(i, asset, paid_in, day, assumptions)
            if len(self._actors) > 1 << 18:
                self._actors.clear()
            self._actors[key] = actor
        facts = copy(actor)
        self._set_value(facts, i, paid_in, units, consideration, day)
        if i.counterparty is not None:
            self._set_counterparty(facts, i.counterparty, day, assumptions)
        if i.venue is not None:
            self._set_venue(facts, i.venue, day)
        if i.wallet is not None:
            self._set_wallet(facts, i.wallet, day)
        if i.declared:
            _declare(facts, i.declared, self._country)
        if approved:
            force_setattr(facts, "approved", True)
        return Gathered(facts, units, consideration)

    def profile(self, party: str, day: int, assumptions: Assumptions | None) -> Profile:
        """Return what is known of a party, else what the source assumes, else nothing."""
        known = self._registers.profile(party, day)
        if known is not None:
            return known
        return assumptions.party if assumptions is not None and assumptions.party is not None else UNKNOWN

    def _asset(self, field: str, code: str) -> Asset:
        try:
            return self._registers.asset(code)
        except KeyError:
            raise FieldError(field, code, "a currency of ISO 4217 or a token of the register") from None

    def _actor_facts(
        self, i: Instruction, asset: Asset, paid_in: Asset | None, day: int, assumptions: Assumptions | None
    ) -> Facts:
        actor = self.profile(i.party, day, assumptions)
        operator = self._registers.profile(self._operator, day) or UNKNOWN
        screening, regime = self._screen.party(i.party, day)
        return Facts(
            activity=i.activity,
            day=day,
            actor_kind=actor.kind,
            actor_licence=actor.licence,
            actor_resident=actor.resident,
            actor_country=actor.country,
            actor_regime_resident=actor.regime_resident,
            actor_identified=actor.identified,
            actor_age=actor.age,
            operator_licence=operator.licence,
            operator_regime_resident=operator.regime_resident,
            operator_registered=operator.registered,
            operator_covers_activity=i.activity in operator.covers,
            operator_country=operator.country,
            asset_class=asset.asset_class,
            asset_anonymous=asset.anonymous,
            asset_lawful=asset.lawful,
            asset_from_regime=asset.from_regime,
            settlement=_settlement(paid_in or asset),
            screening=screening,
            screening_regime=regime,
            hold=self._registers.held(i.party, day),
        )

    def _set_value(self, facts: Facts, i: Instruction, paid_in: Asset | None, units: int, consideration: int, day: int) -> None:
        """Fix what the instruction is worth: by the money given in return where there is some, else by the asset's own rate."""
        code, amount = i.asset, units
        if paid_in is not None and paid_in.asset_class in _MONEY:
            code, amount = paid_in.code, consideration
        force_setattr(facts, "value", self._value(code, amount, day, None))
        force_setattr(facts, "value_usd", self._value(code, amount, day, "USD"))

    def _value(self, code: str, units: int, day: int, currency: str | None) -> int | None:
        """Return the worth in minor units, None where no fresh enough rate is known: the law then treats it as missing."""
        try:
            value = self._registers.value(code, units, day, currency)
        except Unavailable:
            return None
        if value is not None and value > LEGAL_VALUE_MAX:
            raise FieldError(
                "amount", units, f"a value of at most {LEGAL_VALUE_MAX} minor units of {currency or self._country.currency}"
            )
        return value

    def _set_counterparty(self, facts: Facts, party: str, day: int, assumptions: Assumptions | None) -> None:
        other = self.profile(party, day, assumptions)
        force_setattr(facts, "counterparty_kind", other.kind)
        force_setattr(facts, "counterparty_licence", other.licence)
        force_setattr(facts, "counterparty_country", other.country)
        force_setattr(facts, "counterparty_resident", other.resident)
        force_setattr(facts, "counterparty_regime_resident", other.regime_resident)
        if other is not UNKNOWN and other.resident != facts.actor_resident:
            force_setattr(facts, "cross_border", True)
        self._add_screening(facts, *self._screen.party(party, day))

    def _set_venue(self, facts: Facts, venue: str, day: int) -> None:
        place = self._registers.venue(venue, day)
        licence, country, regime, blocked = (
            ("foreign_provider", "XX", False, False)
            if place is None
            else (place.licence, place.country, place.regime_resident, place.blocked)
        )
        force_setattr(facts, "venue_licence", licence)
        force_setattr(facts, "venue_country", country)
        force_setattr(facts, "venue_regime_resident", regime)
        force_setattr(facts, "venue_blocked", blocked)
        if country != self._country.code:
            force_setattr(facts, "cross_border", True)
        self._add_screening(facts, *self._screen.party(venue, day))

    def _set_wallet(self, facts: Facts, address: str, day: int) -> None:
        try:
            wallet = self._registers.wallet(address, day)
        except InputError as error:
            raise FieldError("wallet", address, str(error)) from None
        force_setattr(facts, "wallet_hosting", wallet.hosting)
        force_setattr(facts, "wallet_country", wallet.country)
        force_setattr(facts, "wallet_listed", wallet.listed)
        if wallet.country not in ("XX", self._country.code):
            force_setattr(facts, "cross_border", True)
        self._add_screening(facts, *self._screen.wallet(address, day))

    def _add_screening(self, facts: Facts, status: str, regime: str) -> None:
        if _WORST[status] > _WORST[facts.screening]:
            force_setattr(facts, "screening", status)
            force_setattr(facts, "screening_regime", regime)


def _amount(field: str, text: str, asset: Asset) -> int:
    try:
        return parse_amount(text, asset.decimals)
    except InputError as error:
        raise FieldError(field, f"{text} {asset.code}", str(error)) from None


def _settlement(asset: Asset) -> Settlement:
    if asset.asset_class == "money":
        return "bank_transfer"
    return "electronic_money" if asset.asset_class == "electronic_money" else "token"


def _declare(facts: Facts, declared: dict[str, bool | int | str], country: Country) -> None:
    """Set the facts that the parties state themselves, checked against the schema of facts."""
    for name, value in declared.items():
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
    if code != country.currency:
        raise FieldError(f"declared.{name}", text, f"an amount such as '1000.00 {country.currency}'")
    return parse_amount(amount, country.decimals)

"""Gather: look up all that the law needs in one pass and freeze it as facts.

Registers answer for the legal day of the instruction. What a source of instructions assumes about parties nobody knows
comes from its `Assumptions`; what the parties declare is taken only for the facts that are theirs to declare. Lists, holds,
licences and rates can be neither assumed nor declared.

Most of what the law looks at is the same for many instructions: two payments of ordinary clients differ in their value and in nothing
else. So facts are made once for each such **case** and only the value is fixed for each instruction. The journal keeps them the same way.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

import numpy as np
from msgspec.structs import force_setattr

from skarb.core.amount import LEGAL_VALUE_MAX, parse_amount
from skarb.core.asset import Asset
from skarb.core.columns import Sheet
from skarb.core.errors import FieldError, InputError, Unavailable
from skarb.core.facts import Facts, Regime, Screening, Settlement, TravelRule
from skarb.core.instruction import TRAVEL_PAYLOAD, Assumptions, Instruction
from skarb.core.party import Profile
from skarb.core.screening_list import ScreeningResult
from skarb.core.time import legal_day
from skarb.desk.declared import EXCHANGES, consideration_of, declare
from skarb.desk.model import Case, Column, Gathered
from skarb.desk.plan import address
from skarb.desk.roll import Plain, Roll, Standing
from skarb.journal import MISSING
from skarb.registers import Registers
from skarb.rulebook import Country
from skarb.screening import Screen

UNKNOWN = Profile()
_TAKES = (*EXCHANGES, "token_transfer_in")  # activities in which the other side gives something, too
_YEARS = (1901, 2169)  # whose days facts can hold in any zone
_TRAVELS = ("token_transfer_out", "token_transfer_in")  # activities with which particulars of both sides travel
_MONEY = ("money", "electronic_money", "digital_currency")
_GRAVITY: dict[Screening, int] = {"clear": 0, "unavailable": 1, "possible": 2, "listed": 3}
_REGIMES: dict[Regime, int] = {"none": 0, "own": 1, "us": 2, "eu": 3, "un": 4, "national": 5}  # of two hits alike the graver
_KEPT = 1 << 18  # standings and cases kept before starting anew; some hundred megabytes at most
_MORE = ("venue", "wallet", "declared", "approves", "consideration_asset", "consideration")  # what a plain instruction has not
_QUARTER = 900  # seconds; zones differ by whole quarters of an hour, so each lies within one legal day


_Factors = tuple[int, int, int] | None  # what makes an amount its worth, as `Registers.factors` gives it


_NOBODY = Standing(-1, UNKNOWN, "clear", "none", False, "")


class _Kind:
    """What instructions of one activity about the same assets on the same day share."""

    __slots__ = ("asset", "cases", "dollar", "legal", "paid_in", "paid_in_money", "roll")

    def __init__(self, asset: Asset, paid_in: Asset | None, legal: _Factors, dollar: _Factors, roll: Roll) -> None:
        self.asset = asset
        self.paid_in = paid_in
        self.paid_in_money = paid_in is not None and paid_in.asset_class in _MONEY  # then that is what the deal is worth
        self.legal = legal
        self.dollar = dollar
        self.roll = roll  # of everybody on that day
        self.cases: dict[tuple[object, ...], Case] = {}  # by what else the facts were made from


class Travel(Protocol):
    """Whoever has the payloads that instructions name, as the desk asks him."""

    def __call__(self, i: Instruction) -> tuple[str, ...]:
        """Return what an instruction's payload lacks; nothing if it is complete."""

    def screening(self, i: Instruction) -> ScreeningResult:
        """Return what screening finds for everybody in an instruction's payload."""


class Gatherer:
    """Turns instructions of one institution into facts. Holds caches, and no other state."""

    def __init__(
        self,
        registers: Registers,
        screen: Screen,
        country: Country,
        operator: str,
        totals: Callable[[int, str], int] | None = None,
        travel: Travel | None = None,
    ) -> None:
        """Gather for a law that looks at so many `totals` on a day, for an activity; none if nothing is said.

        `travel` tells what the payload that an instruction names lacks, and what screening finds for those it tells of. Who has it believes
        nobody's word about completeness; of a payload that is named and that nobody here has nobody was screened.
        """
        self._registers = registers
        self._totals = totals
        self._travel = travel
        self._screen = screen
        self._country = country
        self._operator = operator
        self._own = f"own/{operator}"
        self._source: Assumptions | None = None
        self._forget()

    def _forget(self) -> None:
        self._version = self._registers.version
        self._met = 0  # standings and cases made since
        self._days: dict[float, int] = {}  # by quarter of an hour
        self._kinds: dict[tuple[str, str, str | None, int], _Kind] = {}
        self._rolls: dict[int, Roll] = {}  # by day
        self._numbers: dict[tuple[object, ...], int] = {}
        self._alike: dict[Facts, Case] = {}  # every case once

    def take_from(self, assumptions: Assumptions | None) -> None:
        """Gather for instructions of a source from now on; call it for each batch, so that news in the registers count."""
        if assumptions is not self._source or self._version != self._registers.version or self._met > _KEPT:
            self._source = assumptions
            self._forget()

    def gather(self, i: Instruction, approved: bool = False) -> Gathered:
        """Return the facts of one instruction.

        Raises: FieldError naming the field, what was given and what was expected.
        """
        quarter = i.at.timestamp() // _QUARTER
        day = self._days.get(quarter)
        if day is None:
            day = self._days[quarter] = self._day(i.at)
        kind = self._kinds.get((i.activity, i.asset, i.consideration_asset, day)) or self._kind(i, day)
        try:
            amount = units = parse_amount(i.amount, kind.asset.decimals)
        except InputError as error:
            raise FieldError("amount", i.amount, f"an amount of {i.asset}: {error}") from None
        consideration = 0
        if kind.paid_in is not None or i.consideration is not None:
            consideration = consideration_of(i, kind.paid_in)
            amount = consideration if kind.paid_in_money else units
        party = kind.roll.find(i.party) or self._stand(i.party, day)
        other, counterparty = _NOBODY, i.counterparty
        if counterparty is not None:
            other = kind.roll.find(counterparty) or self._stand(counterparty, day)
        key: tuple[object, ...] = (party.number, other.number)
        travels: TravelRule | None = None
        told: tuple[Screening, Regime] | None = None  # of the persons in the payload
        if i.venue is not None or i.wallet is not None or i.declared or approved:
            declared = dict(i.declared) if i.declared else {}
            named = declared.pop(TRAVEL_PAYLOAD, None) is not None
            if named or (self._travel is not None and i.activity in _TRAVELS):
                travels = self._travels(i, day, named)
            if named:
                told = self._told(i)
            # Whoever proved a wallet is one person, not everybody of his standing.
            proven = i.wallet is not None and i.party in self._registers.wallet(i.wallet, day).proven_by
            key = (
                *key,
                i.venue,
                i.wallet,
                proven,
                tuple(sorted(declared.items())) if declared else None,
                approved,
                travels,
                told,
            )
        elif self._travel is not None and i.activity in _TRAVELS:
            travels = self._travels(i, day, False)
            key = (*key, travels)
        case = kind.cases.get(key)
        if case is None:
            facts = self._facts(i, day, kind, party, other, approved)
            if travels is not None:
                force_setattr(facts, "travel_rule", travels)
            if told is not None:
                _add_screening(facts, *told)
            case = kind.cases[key] = self._alike.setdefault(facts, Case(facts))
            self._met += 1
        legal, dollar = kind.legal, kind.dollar
        value = None if legal is None else (amount * legal[0] + legal[1]) // legal[2]
        cents = None if dollar is None else (amount * dollar[0] + dollar[1]) // dollar[2]
        if (value or 0) > LEGAL_VALUE_MAX or (cents or 0) > LEGAL_VALUE_MAX:
            limit = f"a value of at most {LEGAL_VALUE_MAX} minor units of {self._country.currency} and of USD"
            raise FieldError("amount", i.amount, limit)
        return Gathered(case, value, cents, units, consideration, party.address, other.address or _elsewhere(i), self._own)

    def gather_plain(self, sheet: Sheet) -> Plain | None:
        """Return the facts of many instructions at once, the same that `gather` gives one by one.

        None where they are not of one activity, asset and day, where one of them has more to it than a party, a counterparty and an amount,
        or where one cannot be read: then one by one.
        """
        activity, asset = sheet.alike("activity"), sheet.alike("asset")
        if activity is None or asset is None or sheet.present(*_MORE).any() or not sheet.present("counterparty").all():
            return None
        if self._travel is not None and activity in _TRAVELS:
            return None  # each has a payload of its own
        try:
            first = sheet[int(sheet.at.argmin())]
            day = self._day(first.at)
            if day != self._day(sheet[int(sheet.at.argmax())].at):
                return None
            kind = self._kinds.get((activity, asset, None, day)) or self._kind(first, day)
        except FieldError:
            return None
        units = sheet.amounts(kind.asset.decimals)
        if units is None:
            return None
        worths = [_worths(units, factors) for factors in (kind.legal, kind.dollar)]
        if any(int(worth.max()) > LEGAL_VALUE_MAX for worth in worths):
            return None
        roll = kind.roll
        sides = [roll.places(sheet, side, lambda party: self._stand(party, day)) for side in ("party", "counterparty")]
        pairs = roll.numbers(sides[0]) << 32 | roll.numbers(sides[1])
        _, firsts, inverse = np.unique(pairs, return_index=True, return_inverse=True)
        cases: dict[Case, int] = {}
        number_of = np.zeros(len(firsts), np.int64)
        for pair in np.argsort(firsts).tolist():  # by the first instruction, as when they are gathered one by one
            number_of[pair] = cases.setdefault(self.gather(sheet[int(firsts[pair])]).case, len(cases))
        numbers, at = number_of[inverse], sheet.at // 1000 * 1000  # an instruction made from it knows microseconds
        return Plain(day, activity, asset, list(cases), numbers, worths[0], worths[1], units, at, roll, sides[0], sides[1])

    def _kind(self, i: Instruction, day: int) -> _Kind:
        asset = self._asset("asset", i.asset)
        paid_in = None if i.consideration_asset is None else self._asset("consideration_asset", i.consideration_asset)
        if paid_in is None and i.activity in EXCHANGES:
            raise FieldError("consideration", "nothing", "what is given in return: an amount and its asset")
        worth_of = paid_in if paid_in is not None and paid_in.asset_class in _MONEY else asset
        factors = self._factors(worth_of.code, day, None), self._factors(worth_of.code, day, "USD")
        kind = _Kind(asset, paid_in, *factors, self._rolls.setdefault(day, Roll()))
        self._kinds[i.activity, i.asset, i.consideration_asset, day] = kind
        return kind

    def _asset(self, field: str, code: str) -> Asset:
        try:
            return self._registers.asset(code)
        except KeyError:
            raise FieldError(field, code, "a currency of ISO 4217 or a token of the register") from None

    def _day(self, at: datetime) -> int:
        if not _YEARS[0] <= at.year <= _YEARS[1]:
            raise FieldError("at", at.isoformat(), f"an instant of the years {_YEARS[0]} to {_YEARS[1]}")
        return legal_day(at, self._country.zone)

    def _stand(self, party: str, day: int) -> Standing:
        known = self._registers.profile(party, day)
        profile = known
        if profile is None:
            assumed = self._source.party if self._source is not None else None
            profile = UNKNOWN if assumed is None else assumed
        screening, regime = self._screen.party(party, day)
        held = self._registers.held(party, day)
        number = self._numbers.setdefault((profile, screening, regime, held), len(self._numbers))
        where = address(party, known, self._operator, self._source)
        self._met += 1
        return self._rolls[day].add(party, Standing(number, profile, screening, regime, held, where))

    def _travels(self, i: Instruction, day: int, named: bool) -> TravelRule:
        """Say whether the particulars of both sides are complete. Nobody at the other end of an unhosted wallet takes any; then none are needed."""
        if not named and i.wallet is not None and self._registers.wallet(i.wallet, day).hosting == "unhosted":
            return "not_required"
        return "complete" if self._travel is not None and not self._travel(i) else "incomplete"

    def _told(self, i: Instruction) -> tuple[Screening, Regime]:
        """Say what screening finds for the persons in a payload."""
        if self._travel is None:
            return "unavailable", "none"
        found = self._travel.screening(i)
        return found.status, found.fact_regime

    def _factors(self, code: str, day: int, currency: str | None) -> _Factors:
        try:
            return self._registers.factors(code, day, currency)
        except Unavailable:
            return None  # too old a rate is none: the law treats the value as missing

    # one case ----------------------------------------------------------------------------------------------------------

    def _facts(self, i: Instruction, day: int, kind: _Kind, party: Standing, other: Standing, approved: bool) -> Facts:
        """Return all facts of a case but the value."""
        actor, counterparty = party.profile, other.profile
        operator = self._registers.profile(self._operator, day) or UNKNOWN
        asset, paid_in = kind.asset, kind.paid_in
        worst = max(party, other, key=lambda side: _gravity(side.screening, side.regime))
        facts = Facts(
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
            counterparty_kind=counterparty.kind,
            counterparty_licence=counterparty.licence,
            counterparty_resident=counterparty.resident,
            counterparty_country=counterparty.country,
            counterparty_regime_resident=counterparty.regime_resident,
            asset_class=asset.asset_class,
            asset_anonymous=asset.anonymous or (paid_in is not None and paid_in.anonymous),
            asset_lawful=asset.lawful and (paid_in is None or paid_in.lawful),
            asset_from_regime=asset.from_regime,
            settlement=_settlement(paid_in or asset),
            screening=worst.screening,
            screening_regime=worst.regime,
            hold=party.held or (other.held and i.activity in _TAKES),
            approved=approved,
            totals=(None,) * self._totals(day, i.activity) if self._totals is not None else (),
        )
        if i.declared:
            declare(facts, i.declared, self._country)
        # What the registers know comes after what the parties declare, and outdoes it.
        if counterparty is not UNKNOWN and counterparty.resident != actor.resident:
            force_setattr(facts, "cross_border", True)
        if i.venue is not None:
            self._set_venue(facts, i.venue, day)
        if i.wallet is not None:
            self._set_wallet(facts, i.wallet, i.party, day)
        return facts

    def _set_venue(self, facts: Facts, venue: str, day: int) -> None:
        """Say where the deal is done; a venue that nobody registered counts as a foreign one."""
        place = self._registers.venue(venue, day) or Profile(licence="foreign_provider")
        force_setattr(facts, "venue_licence", place.licence)
        force_setattr(facts, "venue_country", place.country)
        force_setattr(facts, "venue_regime_resident", place.regime_resident)
        force_setattr(facts, "venue_blocked", place.blocked)
        if place.country != self._country.code:
            force_setattr(facts, "cross_border", True)
        _add_screening(facts, *self._screen.party(venue, day))

    def _set_wallet(self, facts: Facts, wallet: str, party: str, day: int) -> None:
        known = self._registers.wallet(wallet, day)
        force_setattr(facts, "wallet_listed", known.listed)
        force_setattr(facts, "wallet_proven", party in known.proven_by)
        force_setattr(facts, "wallet_exposure", known.exposure)
        if known.hosting != "none":
            force_setattr(facts, "wallet_hosting", known.hosting)
        if known.country != "XX":
            force_setattr(facts, "wallet_country", known.country)
        if facts.wallet_country not in ("XX", self._country.code):
            force_setattr(facts, "cross_border", True)
        _add_screening(facts, *self._screen.wallet(wallet, day))


def _add_screening(facts: Facts, status: Screening, regime: Regime) -> None:
    if _gravity(status, regime) > _gravity(facts.screening, facts.screening_regime):
        force_setattr(facts, "screening", status)
        force_setattr(facts, "screening_regime", regime)


def _gravity(status: Screening, regime: Regime) -> tuple[int, int]:
    """Return how grave a finding is; who is on a list of his own institution hides nobody who is on one of the state."""
    return _GRAVITY[status], _REGIMES[regime]


def _elsewhere(i: Instruction) -> str:
    """Return where the other side is when nobody is named: a venue, a wallet on a chain, or the chain itself."""
    return f"outside/{i.venue}" if i.venue is not None else f"chain/{i.wallet or i.asset}"


def _worths(units: Column, factors: _Factors) -> Column:
    """Return what amounts are worth, MISSING where no rate is known."""
    if factors is None:
        return np.full(len(units), MISSING)
    first, second, third = factors
    if int(units.max()) * first + second < 1 << 63:
        return (units * first + second) // third
    found = [(amount * first + second) // third for amount in units.tolist()]
    return np.array([min(worth, LEGAL_VALUE_MAX + 1) for worth in found], np.int64)


def _settlement(asset: Asset) -> Settlement:
    if asset.asset_class == "money":
        return "bank_transfer"
    return "electronic_money" if asset.asset_class == "electronic_money" else "token"

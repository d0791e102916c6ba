"""What registers say of a party, a venue, a wallet or an amount on one day, put together from their shelves."""

from __future__ import annotations

from skarb.core.asset import Asset
from skarb.core.errors import FieldError
from skarb.core.facts import Regime, Screening
from skarb.core.identifiers import Flaw, chain_of
from skarb.core.party import Profile
from skarb.core.time import from_day
from skarb.registers.defaults import CountryDefaults
from skarb.registers.model import Party, WalletFacts
from skarb.registers.read import read_wallet
from skarb.registers.shelves import Shelves
from skarb.registers.status import status_of


def find_profile(
    shelves: Shelves, country: CountryDefaults, party: str, day: int, found: tuple[Screening, Regime]
) -> Profile | None:
    """Return what is known of a party on a legal day, with what screening found; None if nobody wrote anything about him."""
    state = shelves.parties.state(party, day)
    admissions = shelves.licences.spells(party, day)
    if state is None and not admissions:
        return None
    status = status_of(admissions, country)
    screening, regime = found
    return Profile(
        kind=state.kind if state else "unknown",
        country=state.country if state else "XX",
        resident=state.resident if state else False,
        identified=state.identified if state else False,
        age=_age(state, day),
        licence=status.licence,
        regime_resident=status.regime_resident,
        registered=status.registered,
        covers=frozenset[str](status.covers),
        screening="possible" if screening == "unavailable" else screening,
        screening_regime=regime,
    )


def find_wallet(shelves: Shelves, address: str, day: int) -> WalletFacts:
    """Return what is known of an address written chain:address.

    Raises: FieldError (an InputError) if the chain is known and the text is not one of its addresses.
    """
    found = read_wallet(address)
    if isinstance(found, Flaw) and (":" not in address or chain_of(address.partition(":")[0]) is not None):
        raise FieldError("wallet", address, found.expected)
    key = address if isinstance(found, Flaw) else found.key
    wallet = shelves.wallets.state(key, day)
    exposure = shelves.wallet_exposures.state(key, day)
    return WalletFacts(
        listed=shelves.listed(key, day),
        hosting=wallet.hosting if wallet else "none",
        country=wallet.country if wallet else "XX",
        owner=wallet.party if wallet else "",
        proven_by=shelves.proven_by(key, day),
        exposure=exposure.share if exposure else None,
    )


def find_factors(shelves: Shelves, asset: Asset, target: Asset, day: int) -> tuple[int, int, int] | None:
    """Return what makes an amount of one asset its worth in another: (units * first + second) // third; None without a rate.

    Raises: Unavailable if the last rate is too old.
    """
    rate = shelves.rates.find(asset.code, target.code, day)
    if rate is None:
        return None
    above, below = rate.numerator * 10**target.decimals, rate.denominator * 10**asset.decimals
    return 2 * above, below, 2 * below


def _age(state: Party | None, day: int) -> int | None:
    """Return full years; somebody born on 29 February turns a year older on 1 March of other years."""
    if state is None or state.born is None:
        return None
    today, born = from_day(day), state.born
    return max(0, today.year - born.year - ((today.month, today.day) < (born.month, born.day)))

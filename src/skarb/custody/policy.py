"""Whether a policy can be kept at all: everything wrong with it is said at once.

A policy that nobody could fulfil would lock assets up; one by which a single person acts alone would be none. Both are refused before it
is adopted, not when somebody needs it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import pairwise

from skarb.core.errors import ConfigurationError, Problem
from skarb.core.identifiers import Address, classify
from skarb.core.time import zone
from skarb.custody.model import Destination, Place, Policy, Quorum
from skarb.custody.signatures import is_key, owner_of, wallet_is_proven


def problems_of(policy: Policy, where: str) -> list[Problem]:
    """Return everything that is wrong with a policy; nothing if it may be adopted."""
    return [Problem(where, *one) for one in _all(policy)]


_Flaw = tuple[str, str, str]  # field, given, expected


def _all(policy: Policy) -> Iterator[_Flaw]:
    try:
        zone(policy.zone)
    except ConfigurationError:
        yield "zone", policy.zone, "an IANA name such as Europe/Minsk"
    names = [*(one.name for one in policy.places), *(one.name for one in policy.destinations)]
    yield from _twice("places and destinations", names)
    yield from _twice("holders", [one.name for one in policy.holders])
    owners = Counter(owner_of(one.key) for one in policy.holders)
    for holder in policy.holders:
        if owners[owner_of(holder.key)] > 1:  # one person under two names would count twice
            yield "holders: key", holder.key, "each only once, also as another address of the same key"
    yield from _twice("places: receives", [asset for one in policy.places for asset in one.receives])
    for holder in policy.holders:
        if not is_key(holder.key) or (holder.key.startswith("BTC:") and _address_flaw(holder.key)):
            yield f"holder {holder.name}: key", holder.key, "ed25519: and 64 hex digits of a key, or BTC: and an address"
    yield from _quorum("governance", policy.governance, policy)
    for place in policy.places:
        yield from _place(place, policy, set(names))
    for destination in policy.destinations:
        yield from _destination(destination, policy)


def _place(place: Place, policy: Policy, names: set[str]) -> Iterator[_Flaw]:
    where = f"place {place.name}"
    for name in place.to:
        if name not in names or name == place.name:
            yield f"{where}: to", name, "another place, or a destination, of this policy"
    if place.kind != "account" and not place.addresses:
        yield f"{where}: addresses", "", "at least one address of what lies on a chain, so that it can be screened and proven"
    for address in place.addresses:
        if flaw := _address_flaw(address):
            yield f"{where}: addresses", address, flaw
    if "prv" in place.descriptor:
        yield f"{where}: descriptor", "a private key", "public keys only; take the key out of use, it was shown"
    for number, rule in enumerate(place.rules, 1):
        yield from _quorum(f"{where}: rule {number}", rule, policy)
        if rule.units_max > rule.day_units_max:
            yield f"{where}: rule {number}", str(rule.units_max), "at most as much at once as in a day"
    for asset in dict.fromkeys(rule.asset for rule in place.rules):
        for smaller, larger in pairwise(rule for rule in place.rules if rule.asset == asset):
            grows = smaller.units_max < larger.units_max and smaller.day_units_max < larger.day_units_max
            if not grows or smaller.approvals > larger.approvals:
                given = f"{larger.units_max} by {larger.approvals} after {smaller.units_max} by {smaller.approvals}"
                yield f"{where}: rules for {asset}", given, "larger amounts after smaller ones, by no fewer people"
    for asset in place.receives:
        if all(rule.asset != asset for rule in place.rules):
            yield f"{where}: receives", asset, "a rule by which it can leave again"


def _destination(one: Destination, policy: Policy) -> Iterator[_Flaw]:
    where = f"destination {one.name}"
    if bool(one.address) == bool(one.account):
        yield where, one.address or one.account, "either an address on a chain or an account with a bank"
    if not one.assets:
        yield f"{where}: assets", "", "at least one asset that may be sent there"
    if one.address:
        if flaw := _address_flaw(one.address):
            yield f"{where}: address", one.address, flaw
        elif not wallet_is_proven(policy.book, one):
            given = "no proof" if one.proof is None else "a proof that is not his"
            yield f"{where}: proof", given, "a message signed with the wallet's key; skarb reserve wallet-text writes it"
    if one.proof is not None:
        try:
            date.fromisoformat(one.proof.day)
        except ValueError:
            yield f"{where}: proof", one.proof.day, "a calendar date written YYYY-MM-DD"


def _quorum(where: str, quorum: Quorum, policy: Policy) -> Iterator[_Flaw]:
    roles = Counter(one.role for one in policy.holders)
    for role in dict.fromkeys((*quorum.roles, *quorum.each)):
        if not roles[role]:
            yield where, role, "a role that a holder has"
    able = sum(roles[role] for role in set(quorum.roles))
    if quorum.approvals > able:
        yield where, f"{quorum.approvals} of {able}", "no more approvals than there are holders in these roles"
    for role, count in quorum.each.items():
        if role not in quorum.roles or count > roles[role]:
            yield where, f"{count} of {roles[role]} in {role}", "no more than there are, in one of its roles"
    if sum(quorum.each.values()) > quorum.approvals:
        yield where, f"{sum(quorum.each.values())} by role", f"at most the {quorum.approvals} approvals in all"
    if quorum.approvals == able and sum(roles.values()) == able:  # whoever asks cannot approve
        yield where, f"{quorum.approvals} of {able}", "one holder more, who can ask: whoever asks does not approve"


def _address_flaw(wallet: str) -> str:
    chain, _, text = wallet.partition(":")
    found = classify(chain, text)
    return "" if isinstance(found, Address) and found.key == wallet else getattr(found, "expected", "") or "its normal form"


def _twice(field: str, names: Sequence[str]) -> Iterable[_Flaw]:
    return [(field, name, "each only once") for name, count in Counter(names).items() if count > 1]

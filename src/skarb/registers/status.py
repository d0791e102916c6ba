"""What a party's admissions add up to on one day.

A licence may need several gates; losing one ends the status on that day. The licence is then still named, so the law can
say which gate is missing, but it covers nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from skarb.core.activity import Activity
from skarb.core.party import Licence
from skarb.registers.defaults import CountryDefaults
from skarb.registers.model import Admission, Gate

_BY_WIDTH: tuple[Licence, ...] = (
    "crypto_bank",
    "bank",
    "platform",
    "exchanger",
    "broker",
    "token_organiser",
    "nonbank_credit",
    "payment_provider",
    "miner",
    "foreign_provider",
    "none",
)  # which licence is named when somebody holds several: the widest first

_ByGate = Mapping[Gate, list[Admission]]


class Status(msgspec.Struct, frozen=True):
    """Licence, gates passed, and the activities that may be done."""

    licence: Licence
    regime_resident: bool
    registered: bool
    covers: frozenset[Activity]


def status_of(admissions: Iterable[Admission], country: CountryDefaults) -> Status:
    """Return the status that follows from the admissions of one day."""
    by_licence: dict[Licence, dict[Gate, list[Admission]]] = {}
    for admission in admissions:
        by_licence.setdefault(admission.licence, {}).setdefault(admission.gate, []).append(admission)
    complete = {licence for licence, gates in by_licence.items() if gates.keys() >= set(country.gates.get(licence, ()))}
    order = sorted(by_licence, key=lambda licence: (licence not in complete, _BY_WIDTH.index(licence)))
    passed = {gate for gates in by_licence.values() for gate in gates}
    covers = [_covered(licence, by_licence[licence], country) for licence in complete]
    return Status(
        licence=order[0] if order else "none",
        regime_resident="regime" in passed,
        registered="central_bank" in passed,
        covers=frozenset[Activity]().union(*covers),
    )


def _covered(licence: Licence, gates: _ByGate, country: CountryDefaults) -> frozenset[Activity]:
    """Return the activities that every gate allows; a gate that names none does not restrict."""
    named = [frozenset(activity for admission in gate for activity in admission.activities) for gate in gates.values()]
    restricting = [activities for activities in named if activities]
    if not restricting:
        return frozenset(country.covers.get(licence, ()))
    return frozenset(activity for activity in restricting[0] if all(activity in others for others in restricting))

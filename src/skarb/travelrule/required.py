"""What the law wants to travel with a transfer, and what of it a payload lacks.

The standard says how a payload is written; the law says what must be in it. A country says so in `travel_rule.yaml` beside its
acts, from a day on:

```yaml
- from: 2026-01-01
  to: null                          # the last day, or open
  cites: ZZ-R3-2026/travel-rule
  required: [originator.name, beneficiary.name]
```

Whether a transfer needs a payload at all (its value, whether the other side is a provider) is for the provisions. A payload is
**complete** if it keeps the standard, leaves no doubt for a person and lacks nothing of this list; that is computed here and
asserted by nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Literal, get_args

import msgspec
import yaml

from skarb.core.errors import ConfigurationError, NotFound
from skarb.core.time import from_day, to_day
from skarb.travelrule.findings import Finding
from skarb.travelrule.model import IdentityPayload, NaturalPerson, Person

Requirement = Literal[
    "originator.name",
    "originator.account",
    "originator.identification",  # an address, a national identifier, a customer number, or date and place of birth
    "originator.address",
    "originator.birth",
    "originator.provider",
    "beneficiary.name",
    "beneficiary.account",
    "beneficiary.address",
    "beneficiary.provider",
]
REQUIREMENTS: tuple[Requirement, ...] = get_args(Requirement)


class Requirements(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"since": "from"}):
    """What must travel, for a while."""

    since: date
    to: date | None = None
    cites: str
    required: tuple[Requirement, ...]


def read_requirements(text: str, where: str) -> tuple[Requirements, ...]:
    """Read what a country asks for.

    Raises: ConfigurationError
    """
    try:
        found = msgspec.convert(yaml.safe_load(text) or [], tuple[Requirements, ...])
    except (yaml.YAMLError, msgspec.ValidationError) as error:
        raise ConfigurationError(f"{where}: {error}") from None
    for one in found:
        if sum(_in_force(other, to_day(one.since)) for other in found) > 1:
            raise ConfigurationError(
                f"{where}: on {one.since} two of the lists are in force; let the earlier one end the day before"
            )
    return found


def load_requirements(folder: Path) -> tuple[Requirements, ...]:
    """Read `travel_rule.yaml` of a country's folder; without it nothing is asked for beyond the standard.

    Raises: NotFound, ConfigurationError
    """
    path = folder / "travel_rule.yaml"
    if not folder.is_dir():
        raise NotFound(f"there is no folder {folder}")
    return read_requirements(path.read_text(encoding="utf-8"), str(path)) if path.is_file() else ()


def required_on(requirements: Sequence[Requirements], day: int) -> tuple[Requirement, ...]:
    """Return what must travel on a legal day."""
    return next((one.required for one in requirements if _in_force(one, day)), ())


def _in_force(one: Requirements, day: int) -> bool:
    today = from_day(day)
    return one.since <= today and (one.to is None or today <= one.to)


def missing(payload: IdentityPayload, required: Iterable[Requirement]) -> tuple[Requirement, ...]:
    """Return what of a list a payload lacks. Of several persons on one side everybody must be named, and one account is enough."""
    return tuple(one for one in required if not _MET[one](payload))


def lacking(payload: IdentityPayload | None, findings: Iterable[Finding], required: Iterable[Requirement]) -> tuple[str, ...]:
    """Return everything that keeps a payload from being complete, as paths and requirements; nothing personal is in it."""
    held = [f"{one.path or 'payload'} ({one.rule})" for one in findings if one.weight in ("fault", "doubt")]
    return tuple(dict.fromkeys([*held, *(() if payload is None else missing(payload, required))]))


# one requirement each ----------------------------------------------------------------------------------------------------


def _someone(person: Person) -> NaturalPerson | object:
    return person.natural_person or person.legal_person


def _named(persons: Sequence[Person]) -> bool:
    return all(_someone(person) is not None for person in persons)  # the standard asks of every person for a legal name


def _has_account(persons: Sequence[Person]) -> bool:
    return any(person.account_number for person in persons)


def _has_address(persons: Sequence[Person]) -> bool:
    return all(bool(who.geographic_address) for who in _all(persons))


def _has_birth(persons: Sequence[Person]) -> bool:
    natural = [person.natural_person for person in persons if person.natural_person is not None]
    return all(who.date_and_place_of_birth is not None for who in natural)


def _identified(persons: Sequence[Person]) -> bool:
    return all(
        who.geographic_address
        or who.national_identification is not None
        or who.customer_identification is not None
        or (isinstance(who, NaturalPerson) and who.date_and_place_of_birth is not None)
        for who in _all(persons)
    )


def _all(persons: Sequence[Person]) -> list[NaturalPerson]:
    return [who for person in persons if (who := person.natural_person or person.legal_person) is not None]  # type: ignore[misc]


_MET: dict[Requirement, Callable[[IdentityPayload], bool]] = {
    "originator.name": lambda p: _named(p.originator.originator_person),
    "originator.account": lambda p: _has_account(p.originator.originator_person),
    "originator.identification": lambda p: _identified(p.originator.originator_person),
    "originator.address": lambda p: _has_address(p.originator.originator_person),
    "originator.birth": lambda p: _has_birth(p.originator.originator_person),
    "originator.provider": lambda p: p.originating_vasp is not None and p.originating_vasp.originating_vasp is not None,
    "beneficiary.name": lambda p: _named(p.beneficiary.beneficiary_person),
    "beneficiary.account": lambda p: _has_account(p.beneficiary.beneficiary_person),
    "beneficiary.address": lambda p: _has_address(p.beneficiary.beneficiary_person),
    "beneficiary.provider": lambda p: p.beneficiary_vasp is not None and p.beneficiary_vasp.beneficiary_vasp is not None,
}

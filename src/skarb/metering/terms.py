"""What a country says about mining besides its law: tariffs, levies, dues, rounding, limits. All dated, each with its source and how sure it is.

```yaml
# jurisdictions/<code>/mining.yaml
rounding: half_even            # of every line of a bill, to the minor unit
vat: [{valid_from: …, share: "20/100", source: …, certainty: …}]
tariffs: [{tariff: …, energy: […], …}]        # as in the register of tariffs
levies: [{name: …, valid_from: …, rules: [{when: unmetered, rate: "…"}, …, {price_from: "0", rate: "…"}], …}]
dues: [{name: …, of: revenue, parameter: …, where: [PROVISION], …}]
limits: {estimated_most: "10/100", …}
audit: {…}
```

A number stands here, or is a parameter of the law with its own dates and citation; then the law's word counts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Annotated, Any, Literal, TypeVar

import msgspec

from skarb.core.errors import ConfigurationError, InputError
from skarb.core.time import from_day
from skarb.metering.validate import Limits
from skarb.registers import Tariff
from skarb.registers.model import Price
from skarb.registers.read import convert_entry, load_yaml

Certainty = Literal["published", "assumed", "made_up"]
Rounding = Literal["half_even", "half_up"]
Ratio = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,9}/[1-9][0-9]{0,8}\Z")]


class Dated(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What holds from a day until its last day, or until the next of its name begins."""

    valid_from: date
    valid_to: date | None = None
    source: str
    certainty: Certainty
    cites: str = ""  # a provision, where there is one


class Share(Dated, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A share that stands here, or is a parameter of the law."""

    share: Ratio = ""
    parameter: str = ""


class Vat(Share, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Value added tax on electricity."""


class LevyRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which energy bears which rate: without a valid meter, by where it comes from, or by its price per kWh from a bound on."""

    rate: Price
    when: Literal["unmetered", "own", "renewable", "price"] = "price"
    price_from: Price = "0"


class Levy(Dated, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A levy per kWh; the first rule that fits counts."""

    name: str
    rules: Annotated[tuple[LevyRule, ...], msgspec.Meta(min_length=1)]

    @property
    def top(self) -> Fraction:
        """The rate of energy without a valid meter, or the highest."""
        unmetered = [Fraction(one.rate) for one in self.rules if one.when == "unmetered"]
        return max(unmetered or [Fraction(one.rate) for one in self.rules])


class Due(Share, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A share of what was mined: of revenue or profit in money, or of the coins themselves.

    `where` names the levies and exemptions of the law under which it is due; empty for wherever no earlier due of its name is.
    """

    name: Literal["profit_tax", "contribution", "vat_on_tokens", "reserve_share"]
    of: Literal["revenue", "profit", "coins"]
    where: tuple[str, ...] = ()


class AuditTerms(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How far figures from different hands may be apart. Units: shares /1; `z_most` in standard deviations."""

    telemetry_tolerance: Ratio = "5/100"
    efficiency_low: Ratio = "90/100"  # of the name plate: the best that a fleet may do
    efficiency_high: Ratio = "115/100"
    pue_low: Ratio = "100/100"
    pue_high: Ratio = "110/100"
    fpps_tolerance: Ratio = "2/100"
    pplns_pool_share: Ratio = "2/100"  # of the network, where nobody says how large a pool is
    z_most: Annotated[int, msgspec.Meta(ge=1, le=10)] = 3


class _File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    rounding: Rounding
    vat: tuple[Vat, ...] = ()
    tariffs: tuple[dict[str, Any], ...] = ()
    levies: tuple[Levy, ...] = ()
    dues: tuple[Due, ...] = ()
    limits: dict[str, Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,6}(/[1-9][0-9]{0,5})?\Z")]] = {}
    audit: AuditTerms = AuditTerms()


@dataclass(frozen=True)
class Terms:
    """What a country's `mining.yaml` says."""

    name: str
    rounding: Rounding
    vat: tuple[Vat, ...]
    tariffs: tuple[Tariff, ...]
    levies: tuple[Levy, ...]
    dues: tuple[Due, ...]
    limits: Limits
    audit: AuditTerms


@dataclass(frozen=True)
class Looked:
    """A parameter of the law on a day: its value, the provision it cites, and from when until when it holds."""

    name: str
    value: Fraction
    cites: str
    first: date | None
    last: date | None


Lookup = Callable[[str, int], Looked | None]
D = TypeVar("D", bound=Dated)


def read_terms(text: str, where: str) -> Terms:
    """Read a country's terms.

    Raises: ConfigurationError with every problem of the tariffs, or the first other one.
    """
    try:
        file = msgspec.convert(load_yaml(text, where), _File)
        limits = {name: int(value) if name.endswith("_hours") else Fraction(value) for name, value in file.limits.items()}
        read = Limits(**limits)  # type: ignore[arg-type]
    except (msgspec.ValidationError, InputError, TypeError, ValueError, ZeroDivisionError) as error:
        raise ConfigurationError(f"{where}: {error}") from None
    problems: list[Any] = []
    tariffs = [
        convert_entry("tariffs", row, f"{where} tariff {number}", number, problems) for number, row in enumerate(file.tariffs, 1)
    ]
    shares: tuple[Share, ...] = (*file.vat, *file.dues)
    for one in shares:
        if bool(one.share) == bool(one.parameter):
            problems.append(
                f"{where}, {type(one).__name__.lower()} from {one.valid_from}: expected either a share or a parameter of the law"
            )
    if problems:
        raise ConfigurationError("\n".join(map(str, problems)))
    return Terms(
        where,
        file.rounding,
        file.vat,
        tuple(one for one in tariffs if isinstance(one, Tariff)),
        file.levies,
        file.dues,
        read,
        file.audit,
    )


def holding(several: Sequence[D], day: int, what: str) -> D | None:
    """Return the one that holds on a day, None where none does.

    Raises: ConfigurationError naming the days if two overlap.
    """
    begun = sorted((one for one in several if _number(one.valid_from) <= day), key=lambda one: one.valid_from)
    covering = [one for one in begun if one.valid_to is None or day <= _number(one.valid_to)]
    if not covering:
        return None
    latest = covering[-1]
    overlapping = [one for one in covering[:-1] if one.valid_to is not None or one.valid_from == latest.valid_from]
    if overlapping:
        raise ConfigurationError(
            f"{what} on {from_day(day)}: given one from {overlapping[0].valid_from} to {overlapping[0].valid_to or 'open'} "
            f"and one from {latest.valid_from} on; expected one, end the first before the other begins"
        )
    return latest if latest is begun[-1] else None


def _number(one: date) -> int:
    return one.toordinal() - date(1970, 1, 1).toordinal()

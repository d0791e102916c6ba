"""How a country values and stresses its reserve: figures with ranges and sources, scenarios, factors; data of the country's folder."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import yaml

from skarb.app.law import law_folder
from skarb.core.errors import ConfigurationError, FieldError, NotFound
from skarb.mining.compare import Figure
from skarb.reserve.series import PriceDays
from skarb.reserve.stress import Scenario, check, worst_change
from skarb.reserve.valuation import MILLION, AgeLimits

_MOST = 10**9
_SHARES = ("/1", "/1 per day")


@dataclass(frozen=True)
class Policy:
    """What a country says about its reserve."""

    country: str
    zone: str
    currency: str
    figures: Mapping[str, Figure]
    scenarios: tuple[Mapping[str, Any], ...]
    factors: tuple[Mapping[str, Any], ...]

    def __getitem__(self, name: str) -> Fraction:
        return self.figure(name).base

    def figure(self, name: str) -> Figure:
        """Return a figure with all that is known about it.

        Raises: NotFound
        """
        if name not in self.figures:
            raise NotFound(f"figure {name!r}: there is none; known are {', '.join(sorted(self.figures))}")
        return self.figures[name]

    def ppm(self, name: str, end: str = "base") -> int:
        """Return a share in millionths; `end` is low, base or high. Rounding: up."""
        value: Fraction = getattr(self.figure(name), end)
        return -(-value.numerator * MILLION // value.denominator)

    @property
    def limits(self) -> AgeLimits:
        """How old a price may be."""
        return AgeLimits(*(int(self[name]) for name in ("hour_age", "day_age", "last_known_age")))

    def named(self, *names: str) -> list[Figure]:
        """Return some figures."""
        return [self.figure(name) for name in names]

    def having(self, settings: Mapping[str, str]) -> Policy:
        """Return the same with values that a person gives.

        Raises: NotFound, FieldError
        """
        figures = dict(self.figures)
        for name, text in settings.items():
            known = self.figure(name)
            value = _fraction(name, text, known.unit)
            low, high = min(known.low, value), max(known.high, value)
            figures[name] = replace(
                known, low=low, base=value, high=high, source=f"as asked for; usually {float(known.base):g}", certainty="given"
            )
        return replace(self, figures=figures)


def policy_of(country: str, settings: Mapping[str, str] | None = None) -> Policy:
    """Return how a country values its reserve.

    Raises: NotFound if it says nothing about it, ConfigurationError if what it says cannot be read.
    """
    path = law_folder(country) / "reserve.yaml"
    if not path.is_file():
        raise NotFound(f"reserve of {country!r}: nothing is known about it; expected a country with {path.name}")
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    land = yaml.safe_load((path.parent / "country.yaml").read_text(encoding="utf-8"))
    try:
        figures = {row["name"]: _figure(row) for row in content["figures"]}
        rows = tuple(content["scenarios"]), tuple(content["factors"])
        if len({row["name"] for row in rows[0]}) != len(rows[0]):
            raise ConfigurationError(f"{path.name}: a scenario is named twice, expected each once")
        found = Policy(country, land["zone"], land["currency"], figures, *rows)
    except (KeyError, TypeError) as error:
        raise ConfigurationError(f"{path.name}: {error} is missing or of another kind") from None
    return found.having(settings or {})


def scenarios_of(policy: Policy, prices: PriceDays) -> list[Scenario]:
    """Return the scenarios, those that point to the prices with what is found there.

    Raises: ConfigurationError, InputError
    """
    found = []
    for row in policy.scenarios:
        price = row.get("price", "0")
        change = (
            Fraction(str(worst_change(prices, price["worst_days"]).change))
            if isinstance(price, dict)
            else _number(row["name"], price)
        )
        found.append(
            check(
                Scenario(
                    row["name"],
                    change,
                    _number(row["name"], row.get("rate", "0")),
                    _number(row["name"], row.get("coins_lost", "0")),
                    row.get("inflow_stops_months", 0),
                    row["source"],
                )
            )
        )
    return found


def factors_of(policy: Policy) -> list[tuple[str, Scenario, Scenario]]:
    """Return each factor alone, at its low and at its high end."""
    found = []
    for row in policy.factors:
        ends = []
        for end in ("low", "high"):
            value = _number(row["name"], row[end])
            parts = {"price": Fraction(0), "rate": Fraction(0), "coins_lost": Fraction(0)}
            if row["name"] not in parts:
                raise ConfigurationError(f"reserve.yaml, factor {row['name']!r}: expected one of {', '.join(parts)}")
            price, rate, lost = (parts | {row["name"]: value}).values()
            ends.append(check(Scenario(row["name"], price, rate, lost, source=row["source"])))
        found.append((row["name"], ends[0], ends[1]))
    return found


def _figure(row: Mapping[str, str]) -> Figure:
    low, base, high = (_number(row["name"], row[key]) for key in ("low", "base", "high"))
    if not low <= base <= high:
        raise ConfigurationError(
            f"reserve.yaml, {row['name']}: given {row['base']}, expected it between {row['low']} and {row['high']}"
        )
    return Figure(row["name"], low, base, high, row["unit"], row["source"], row["certainty"])


def _number(name: str, text: object) -> Fraction:
    try:
        if not isinstance(text, str):
            raise ValueError
        return Fraction(text)
    except (ValueError, ZeroDivisionError):
        raise ConfigurationError(f"reserve.yaml, {name}: given {text!r}, expected a number written as text") from None


def _fraction(name: str, text: str, unit: str) -> Fraction:
    most = 1 if unit in _SHARES else _MOST
    whole = unit in ("hours", "days")
    try:
        if len(text) > 30 or "e" in text.lower() or "/" in text:
            raise ValueError
        value = Fraction(text)
    except (ValueError, ZeroDivisionError):
        value = Fraction(-1)
    if not 0 <= value <= most or (whole and value.denominator != 1):
        raise FieldError(name, text, f"a {'whole ' if whole else ''}number from 0 to {most} ({unit})")
    return value


def known(figures: Iterable[Figure]) -> list[Figure]:
    """Return figures, each name once."""
    return list({one.name: one for one in figures}.values())

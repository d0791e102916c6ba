"""Settings: windows, thresholds and bounds of a watch, each with its reason, from the YAML file of a law pack or of an institution.

    limits:
      fan_in: {value: 6, why: "…"}
      fan_in_window_h: {value: 96, why: "…"}
      structuring_top: {parameter: report.special_np, why: "…"}
    families:
      fan_in: {provision: BY-L165Z/7-special, weight: 120, why: "…"}
    score:
      least: {value: 300, why: "…"}

A name that ends in `_h` is a window in hours, one in `_d` in days. A parameter is looked up in the law of the day and given in minor units.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from skarb.core.errors import ConfigurationError, NotFound
from skarb.oversight.typologies.model import FAMILIES, Family
from skarb.oversight.typologies.score import POINTS
from skarb.oversight.typologies.state import Limits

_LENGTHS = {"_h": 3600, "_d": 86400}
_VALUE_MAX = 1 << 40  # windows are multiplied by the seconds of a day, and all must fit a word
SECTIONS = ("limits", "families", "score")
Values = Callable[[str], int]  # a parameter of the law by name, in minor units


@dataclass(frozen=True)
class Serves:
    """The provision that a family serves, and how much its shape alone weighs."""

    provision: str
    weight: int
    why: str


@dataclass(frozen=True)
class Settings:
    """How a watch looks."""

    name: str
    limits: Limits
    families: Mapping[Family, Serves]
    points: Mapping[str, int]  # the most that a sign may add to a score
    least: int  # scores below are no alerts
    reasons: Mapping[str, str]  # why each value is what it is


def read_settings(path: Path, parameter: Values | None = None, over: Path | None = None) -> Settings:
    """Return the settings of a law pack's file, with what another file changes in them.

    Raises: NotFound, ConfigurationError naming what is missing, unknown or without a reason.
    """
    loaded = _load(path)
    lacking = [part for part in SECTIONS if part not in loaded]
    if lacking:
        raise ConfigurationError(f"{path}: expected the sections {', '.join(SECTIONS)}; {', '.join(lacking)} missing")
    where, name = str(path), path.parent.name
    if over is not None:
        where, name = f"{path} changed by {over}", over.stem
        changes = _load(over)
        strange = [str(one) for part in SECTIONS for one in changes.get(part, {}) if one not in loaded[part]]
        if strange:
            raise ConfigurationError(f"{over}: {', '.join(strange)} unknown; it may change what {path} says and add nothing")
        loaded = {part: {**loaded[part], **changes.get(part, {})} for part in SECTIONS}
    return _Reader(where, parameter).settings(name, loaded)


def _load(path: Path) -> dict[str, dict[str, Any]]:
    try:
        loaded = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise NotFound(f"there are no settings of a watch at {path}; name a file with --settings") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}: {error}") from None
    if not isinstance(loaded, dict) or not all(part in SECTIONS and isinstance(loaded[part], dict) for part in loaded):
        raise ConfigurationError(f"{path}: expected the sections {', '.join(SECTIONS)} and no others")
    return loaded


class _Reader:
    def __init__(self, where: str, parameter: Values | None) -> None:
        self._where = where
        self._parameter = parameter
        self._reasons: dict[str, str] = {}

    def settings(self, name: str, loaded: Mapping[str, Any]) -> Settings:
        limits = self._limits(loaded["limits"])
        families = {family: self._serves(family, loaded["families"].get(family)) for family in FAMILIES}
        self._known("families", loaded["families"], FAMILIES)
        self._known("score", loaded["score"], ("least", *POINTS))
        score = {one: self._value(f"score.{one}", loaded["score"].get(one)) for one in ("least", *POINTS)}
        return Settings(name, limits, families, {one: score[one] for one in POINTS}, score["least"], self._reasons)

    def _limits(self, given: Mapping[str, Any]) -> Limits:
        found: dict[str, int] = {}
        for name, entry in given.items():
            plain, length = next(((name[: -len(end)], long) for end, long in _LENGTHS.items() if name.endswith(end)), (name, 1))
            if plain in found:
                raise ConfigurationError(f"{self._where}: limit {plain!r} is given twice")
            found[plain] = self._value(name, entry) * length
        self._known("limits", found, Limits._fields)
        missing = [name for name in Limits._fields if name not in found]
        if missing:
            raise ConfigurationError(f"{self._where}: limits lack {', '.join(missing)}")
        limits = Limits(**found)
        if not 2 <= limits.cycle_hops <= 6 or not 1 <= limits.walk <= 256 or not 1 <= limits.equal_walk <= 1024:
            raise ConfigurationError(
                f"{self._where}: expected cycle_hops between 2 and 6, walk between 1 and 256, equal_walk between 1 and 1024"
            )
        return limits

    def _serves(self, family: str, given: Any) -> Serves:
        if not isinstance(given, dict) or not isinstance(given.get("provision"), str) or not isinstance(given.get("why"), str):
            raise ConfigurationError(f"{self._where}: family {family}: expected provision, weight and why")
        return Serves(given["provision"], self._value(family, {"value": given.get("weight"), "why": given["why"]}), given["why"])

    def _value(self, name: str, given: Any) -> int:
        if not isinstance(given, dict) or not str(given.get("why", "")).strip():
            raise ConfigurationError(f"{self._where}: {name}: expected a value and why it is so, given {given!r}")
        self._reasons[name] = str(given["why"])
        if "parameter" in given and self._parameter is not None:
            share = self._whole(name, given.get("per_mille", 1000))
            return self._parameter(str(given["parameter"])) * share // 1000
        return self._whole(name, given.get("value"))

    def _whole(self, name: str, value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _VALUE_MAX:
            raise ConfigurationError(f"{self._where}: {name}: given {value!r}, expected a whole number from 0 to {_VALUE_MAX}")
        return value

    def _known(self, section: str, given: Mapping[str, Any], known: tuple[str, ...]) -> None:
        strange = [name for name in given if name not in known]
        if strange:
            raise ConfigurationError(
                f"{self._where}: {section}: {', '.join(map(str, strange))} unknown; expected {', '.join(known)}"
            )

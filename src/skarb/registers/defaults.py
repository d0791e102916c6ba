"""What a country says about its registers: numbering, gates, and the entries that a new market starts with.

```yaml
# jurisdictions/<code>/registers.yaml; code and legal currency stand in country.yaml beside it
numbering: {…}                 # see skarb.registers.numbering
gates:                         # which admissions a licence needs, all of them (optional; for others any one is enough)
  crypto_bank: [regime, central_bank]
  platform: [regime]
covers:                        # what a licence covers when the admission names no activities (optional)
  platform: [operate_venue, token_buy_fiat]
rates:
  sources: [NBRB, ECB]         # publishers in the order of preference (optional)
  pivots: [USD, EUR]           # currencies to compute through (optional)
  max_age_days: 10             # how long a rate is carried over (optional)
parties: [{…}]                 # entries by register, as in skarb.registers.model; mark made-up ones `example: true`
licences: [{…}]
```

Other keys are refused, so a mistyped one cannot go unnoticed.

Lists without which nobody is clear stand in `screening/required.yaml`, each with the age that it may have:

```yaml
- {list: un-sc, regime: un, max_age_days: 30, since: 1999-10-15, cites: SAN-UN/list}   # without `list`: any of the regime
```
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from skarb.core.activity import Activity
from skarb.core.errors import ConfigurationError, InputError, NotFound, Problem
from skarb.core.party import Licence
from skarb.core.screening_list import RequiredList
from skarb.registers.model import GATES, REGISTERS, Entry, Gate
from skarb.registers.numbering import Numbering, read_numbering
from skarb.registers.read import convert_entry, load_yaml, text_of


class RateRules(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How rates are found."""

    sources: tuple[str, ...] = ()
    pivots: tuple[str, ...] = ("USD", "EUR")
    max_age_days: int = 10


class CountryDefaults(msgspec.Struct, frozen=True, kw_only=True):
    """What the registers need to know of the country whose law applies."""

    home: str  # ISO 3166-1 alpha-2
    legal_currency: str
    decimals: int = 2  # of the legal currency, where ISO 4217 does not know it
    numbering: Numbering | None = None
    gates: dict[Licence, tuple[Gate, ...]] = msgspec.field(default_factory=lambda: dict(GATES))
    covers: dict[Licence, tuple[Activity, ...]] = {}
    rates: RateRules = RateRules()
    entries: dict[str, tuple[Entry, ...]] = {}  # by register
    required_lists: tuple[RequiredList, ...] = ()  # screening lists without which nobody is clear


def load_country_defaults(path: Path) -> CountryDefaults:
    """Read `registers.yaml` of a country; `path` is the country's folder or the file itself.

    Raises: NotFound, ConfigurationError with every problem.
    """
    folder = path if path.is_dir() else path.parent
    country = _read(folder / "country.yaml")
    data = _read(folder / "registers.yaml" if path.is_dir() else path)
    where = f"{folder.name}/registers.yaml"
    known = {"numbering", "gates", "covers", "rates", *REGISTERS}
    if unknown := sorted(set(data) - known):
        raise ConfigurationError(f"{where}: key {unknown[0]!r} is unknown, expected {', '.join(sorted(known))}")
    try:
        home, currency = msgspec.convert([country.get("code"), country.get("currency")], tuple[str, str])
        numbering = read_numbering(data["numbering"], where) if "numbering" in data else None
        return CountryDefaults(
            home=home,
            legal_currency=currency,
            decimals=msgspec.convert(country.get("decimals", 2), int),
            numbering=numbering,
            gates=GATES | msgspec.convert(data.get("gates") or {}, dict[Licence, tuple[Gate, ...]]),
            covers=msgspec.convert(data.get("covers") or {}, dict[Licence, tuple[Activity, ...]]),
            rates=msgspec.convert(data.get("rates") or {}, RateRules),
            entries=_entries(data, where, numbering, home),
            required_lists=_required_lists(folder / "screening" / "required.yaml"),
        )
    except msgspec.ValidationError as error:
        raise ConfigurationError(f"{where}: {error}") from None


def _required_lists(path: Path) -> tuple[RequiredList, ...]:
    """Read what lists a country requires; without the file none by name."""
    if not path.is_file():
        return ()
    try:
        found = msgspec.convert(load_yaml(text_of(path.read_bytes(), str(path)), str(path)) or [], tuple[RequiredList, ...])
    except (InputError, msgspec.ValidationError) as error:
        raise ConfigurationError(f"{path}: {error}") from None
    for one in found:
        if not one.list and one.regime == "none":
            raise ConfigurationError(f"{path}: every item names a list or a regime")
        if one.stand_in:
            raise ConfigurationError(
                f"{path}: {one.name}: stand_in {one.stand_in!r}, expected none; nothing made up stands for a list by law"
            )
        if one.max_age_days is not None and one.max_age_days < 1:
            raise ConfigurationError(f"{path}: {one.name}: max_age_days {one.max_age_days}, expected at least 1")
    return found


def _read(path: Path) -> dict[str, Any]:
    try:
        data = load_yaml(text_of(path.read_bytes(), str(path)), str(path))
    except FileNotFoundError:
        raise NotFound(f"{path} does not exist; a country has a country.yaml and a registers.yaml") from None
    except InputError as error:
        raise ConfigurationError(str(error)) from None
    if not isinstance(data, dict):
        raise ConfigurationError(f"{path}: keys and values are expected")
    return data


def _entries(data: dict[str, Any], where: str, numbering: Numbering | None, home: str) -> dict[str, tuple[Entry, ...]]:
    problems: list[Problem] = []
    found: dict[str, tuple[Entry, ...]] = {}
    for register in REGISTERS:
        rows = data.get(register) or []
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise ConfigurationError(f"{where}: {register} is a list of entries")
        entries = [
            convert_entry(register, row, f"{where} {register} entry {number}", number, problems, numbering=numbering, home=home)
            for number, row in enumerate(rows, start=1)
        ]
        if entries:
            found[register] = tuple(entry for entry in entries if entry is not None)
    if problems:
        raise ConfigurationError("\n".join(str(problem) for problem in problems))
    return found

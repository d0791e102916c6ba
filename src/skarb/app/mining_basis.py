"""What bills and audits of miners rest on: the law of the day, the registers, the terms of a country."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import TypeVar

from skarb.app.law import law_folder, rulebook_of
from skarb.app.setting import example_registers, open_registers, screen_of
from skarb.core.errors import ConfigurationError, InputError, NotFound, Unavailable
from skarb.core.facts import Facts
from skarb.core.party import Profile
from skarb.core.time import Clock, from_day, to_day
from skarb.metering import (
    Looked,
    Standing,
    Terms,
    file_hash,
    read_terms,
)
from skarb.registers import Entry, Meter, MiningSite, Registers, Tariff, read_entries
from skarb.rulebook import Rulebook
from skarb.rulebook.history import value_on
from skarb.screening import Screen

E = TypeVar("E", bound=Entry)


@dataclass
class Basis:
    """What bills are made from besides meters: the law, the registers, the country's terms."""

    law: str
    rulebook: Rulebook
    registers: Registers
    screen: Screen
    terms: Terms
    terms_file: tuple[str, str]  # name and SHA-256
    notes: tuple[str, ...] = ()
    _standings: dict[tuple[str, int, bool], tuple[str, ...]] = field(default_factory=dict)

    @property
    def zone(self) -> str:
        """The country's clock."""
        return self.rulebook.country.zone

    @property
    def currency(self) -> str:
        """The legal currency."""
        return self.rulebook.country.currency

    def tariffs(self) -> list[Tariff]:
        """Return the tariffs of the registers, and of the country's terms those whose name the registers do not know."""
        own = [one for name in self.registers.subjects("tariffs") for one in self.registers.history("tariffs", name)]
        known = {one.tariff for one in own if isinstance(one, Tariff)}
        return [one for one in own if isinstance(one, Tariff)] + [one for one in self.terms.tariffs if one.tariff not in known]

    def lookup(self, name: str, day: int) -> Looked | None:
        """Return a parameter of the law on a day.

        Raises: NotFound if there is no such parameter, ConfigurationError if it is no number.
        """
        series = self.rulebook.pack.parameters.get(name)
        if series is None:
            raise NotFound(f"parameter {name!r}: the law of {self.law} has none of this name")
        value = value_on(series, day)
        if value is None:
            return None
        later = [
            one.start for one in series.values if one.start is not None and value.start is not None and one.start > value.start
        ]
        last = value.end if value.end is not None else (min(later) - 1 if later else None)
        try:
            number = Fraction(value.value)
        except ValueError:
            raise ConfigurationError(
                f"parameter {name!r}: given {value.value!r}, expected a ratio or a number to reckon with"
            ) from None
        return Looked(
            name,
            number,
            value.cites,
            None if value.start is None else from_day(value.start),
            None if last is None else from_day(last),
        )

    def sites(self, month: tuple[date, date], party: str | None = None, site: str | None = None) -> list[MiningSite]:
        """Return the sites that are registered on a day of a month, by name; of several entries the last one counts.

        Raises: NotFound if a named one is not there.
        """
        found = []
        for name in self.registers.subjects("mining_sites"):
            here = self.site_entries(name, month)
            if here and party in (None, here[-1].party) and site in (None, name):
                found.append(here[-1])
        if not found:
            asked = f"site {site!r}" if site else f"miner {party!r}" if party else "mining sites"
            raise NotFound(f"{asked}: none is registered between {month[0]} and {month[1]}; skarb register import adds entries")
        return found

    def site_entries(self, name: str, month: tuple[date, date]) -> list[MiningSite]:
        """Return the entries about a site that hold in a month, in the order of their first day."""
        return _states(self.registers.history("mining_sites", name), MiningSite, month)

    def meters(self, month: tuple[date, date]) -> dict[str, list[Meter]]:
        """Return the entries about meters that hold in a month, by meter, in the order of their first day."""
        found: dict[str, list[Meter]] = {}
        for name in self.registers.subjects("meters"):
            here = _states(self.registers.history("meters", name), Meter, month)
            if here:
                found[name] = here
        return found

    def standing(self, party: str, first: date, last: date, screened: bool = True) -> tuple[Standing, ...]:
        """Return what the law says about mining by a party, day by day, equal days put together.

        Without screening it is what the miner himself may be told: a bill must not let anybody learn that a list may name him, or that an
        order against him stands. It permits nothing by that.
        """
        found: list[tuple[date, date, tuple[str, ...]]] = []
        for day in range(to_day(first), to_day(last) + 1):
            said, here = self._says(party, day, screened), from_day(day)
            if found and found[-1][2] == said:
                found[-1] = (found[-1][0], here, said)
            else:
                found.append((here, here, said))
        return tuple(
            Standing(
                first=str(begin),
                last=str(end),
                verdict=said[0],
                provision=said[1],
                levy=said[2],
                edition=said[3],
                assumed=bool(said[4]),
            )
            for begin, end, said in found
        )

    def _says(self, party: str, day: int, screened: bool) -> tuple[str, ...]:
        asked = party, day, screened
        if asked not in self._standings:
            edition = self.rulebook.edition(day)
            profile = self.registers.profile(party, day) or Profile()
            screening, regime = self.screen.party(party, day) if screened else ("clear", "none")
            decision = edition.decision(
                Facts(
                    activity="mine",
                    day=day,
                    actor_kind=profile.kind,
                    actor_licence=profile.licence,
                    actor_resident=profile.resident,
                    actor_country=profile.country,
                    actor_regime_resident=profile.regime_resident,
                    actor_identified=profile.identified,
                    actor_age=profile.age,
                    screening=screening,
                    screening_regime=regime,
                    hold=screened and self.registers.held(party, day),
                )
            )
            said = (decision.verdict, decision.provision, decision.levy, edition.hash, "yes" if decision.assumed else "")
            self._standings[asked] = said
        return self._standings[asked]

    def price(self, prices: Mapping[int, Fraction] | None) -> Callable[[int], Fraction | None]:
        """Return what one BTC is worth by day: as a file says, or as the registers' rates do."""

        def of_file(day: int) -> Fraction | None:
            return (prices or {}).get(day)

        def of_registers(day: int) -> Fraction | None:
            try:
                rate = self.registers.rate("BTC", day)
            except Unavailable:
                return None
            return None if rate is None else Fraction(rate.numerator, rate.denominator)

        return of_registers if prices is None else of_file


def _states(entries: Iterable[Entry], kind: type[E], month: tuple[date, date]) -> list[E]:
    """Return the states of one subject that hold on a day of a month; each lasts until its end or until the next one begins."""
    kept = [one for one in entries if isinstance(one, kind) and not one.withdrawn]
    begun = [one for one in kept if one.valid_from <= month[0]][-1:]
    here = [*begun, *(one for one in kept if month[0] < one.valid_from <= month[1])]
    return [one for one in here if one.valid_to is None or one.valid_to >= month[0]]


def basis_of(law: str, folder: Path | None, entries: Sequence[Path], terms: Path | None, clock: Clock) -> Basis:
    """Return what bills are made from. Without a folder the registers are the country's own examples, with the entries of some files.

    Raises: NotFound, InputError, ConfigurationError
    """
    notes = []
    if folder is not None:
        if not (folder / "registers.jsonl").is_file():
            raise NotFound(f"{folder} holds no registers; skarb register import FILE --to {folder} makes some")
        registers = open_registers(law, folder, clock).as_of(clock())
    else:
        registers = example_registers(law, clock)
        notes.append("registers and lists are the examples that come with the law (--of names your own)")
    for path in entries:
        _record(registers, path)
    screen = screen_of(registers)
    if not screen.stamps:
        notes.append("no screening list is loaded: an audit refers every miner until there is one (skarb screen import)")
    path = terms if terms is not None else law_folder(law) / "mining.yaml"
    if not path.is_file():
        raise NotFound(f"terms of mining of {law!r}: there is no {path.name} in its folder")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"{path.name}: given bytes that are no text, expected YAML in UTF-8") from None
    return Basis(
        law,
        rulebook_of(law),
        registers,
        screen,
        read_terms(text, path.name),
        (path.name, file_hash(path)),
        tuple(notes),
    )


def _record(registers: Registers, path: Path) -> None:
    if not path.is_file():
        raise NotFound(f"{path}: there is no such file")
    country = registers.country
    summary = registers.record_import(read_entries(path.read_bytes(), path.name, numbering=country.numbering, home=country.home))
    if summary.problems:
        raise InputError("\n".join(map(str, summary.problems)))

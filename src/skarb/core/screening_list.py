"""Screening lists: who published which version, and by what everyone on it is known.

The registers keep every version that was ever loaded; screening matches against the current ones. The hash is
taken over the normal form, so two institutions can compare what they screened with.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from hashlib import sha256
from typing import Literal

import msgspec

from skarb.core.facts import Regime, Screening

SubjectKind = Literal["unknown", "person", "entity", "vessel", "aircraft"]
NameKind = Literal["primary", "alias", "weak", "former"]  # weak: the publisher himself warns that many bear it
Gender = Literal["unknown", "male", "female", "other"]
ListMeasure = Literal["block", "reject", "report"]

MEASURES: dict[Regime, tuple[ListMeasure, ...]] = {
    "national": ("block",),
    "un": ("block",),
    "eu": ("block", "reject", "report"),
    "us": ("block", "reject", "report"),
    "own": ("reject", "report"),
    "none": ("reject", "report"),
}
"""What may be done about a hit on a list, by whose list it is; the first is done unless somebody decides otherwise.

Blocking keeps what belongs to the listed person, rejecting keeps nothing, reporting holds the operation until two people have looked at
it. The law demands blocking for national and UN lists, and gives nobody the right to keep what belongs to persons on a list of his own.
That nothing is done is no measure."""


class Name(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One name of somebody, in any script, as it was written; with its parts where the source tells them apart."""

    text: str  # the whole name
    kind: NameKind = "primary"
    given: str = ""
    middle: str = ""  # also a patronymic
    family: str = ""


class Document(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A number given to somebody by an authority that no field of its own holds: a ship's IMO number, a register's entry."""

    kind: str  # passport, national_id, registration, tax, imo, bic, mmsi, call_sign, …
    number: str
    country: str = ""  # ISO 3166-1 alpha-2 of the authority, where told


class Described(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What is told of somebody besides identifiers that name him alone; names are compared with its help."""

    kind: SubjectKind = "unknown"
    names: tuple[Name, ...] = ()
    births: tuple[str, ...] = ()  # 1970, 1970-05 or 1970-05-17; from/to for a span; of an entity the day it was founded
    gender: Gender = "unknown"
    countries: tuple[str, ...] = ()  # ISO 3166-1 alpha-2: nationality, residence, registration or flag
    documents: tuple[Document, ...] = ()
    addresses: tuple[str, ...] = ()  # as written, for the eye and for weak evidence


class Listed(Described, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One entry of a list: a person, an entity or a wallet, by exact identifiers and by what else is told of it."""

    entry: str  # the publisher's number of the entry
    name: str = ""  # as a person reads it
    programme: str = ""
    parties: tuple[str, ...] = ()  # party ids of this institution
    taxpayer_numbers: tuple[str, ...] = ()
    leis: tuple[str, ...] = ()
    passports: tuple[str, ...] = ()
    wallets: tuple[str, ...] = ()  # chain:address
    remarks: str = ""  # what the publisher adds, whole

    @property
    def compared_names(self) -> tuple[Name, ...]:
        """The names by which the entry is compared; where only `name` is given, that one, its readings separated by " / "."""
        return self.names or tuple(Name(text=one) for text in self.name.split(" / ") if (one := text.strip()))

    @property
    def sha256(self) -> str:
        """The hash of the entry: a decision about it holds as long as it says the same."""
        return sha256(msgspec.json.encode(self, order="sorted")).hexdigest()


class ScreeningList(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One version of a list, whole."""

    list: str  # short name, such as ofac-sdn
    regime: Regime
    publisher: str
    version: str  # as the publisher numbers or dates it
    published: date
    entries: tuple[Listed, ...] = ()

    @property
    def sha256(self) -> str:
        """The hash of the normal form: canonical JSON, entries in the order of their numbers."""
        ordered = msgspec.structs.replace(self, entries=tuple(sorted(self.entries, key=lambda listed: listed.entry)))
        return sha256(msgspec.json.encode(ordered, order="sorted")).hexdigest()


class RequiredList(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A list without which nothing is clear: one by its short name, or any of a regime."""

    list: str = ""  # short name; empty: any list of the regime
    regime: Regime = "none"
    max_age_days: int | None = None  # from the day it was published
    since: date | None = None  # from when on it has been required
    cites: str = ""  # the provision or decision that asks for it
    stand_in: str = ""  # the made-up list that may stand for it, whatever its age: in a simulated market, by no law

    @property
    def name(self) -> str:
        """How it is called in answers."""
        return self.list or f"a {self.regime} list"

    def lack(self, lists: Iterable[ScreeningList], today: date) -> str:
        """Return in words what is wrong with what is loaded, and since when; empty if nothing is."""
        loaded = list(lists)
        return "" if self.stood_for(loaded) else self._lack(loaded, today)

    def eased(self, lists: Iterable[ScreeningList], today: date) -> str:
        """Return in words what the law asks for and a made-up list stands for; empty where the law has what it asks for."""
        loaded = list(lists)
        if not (self.stood_for(loaded) and self._lack(loaded, today)):
            return ""
        return (
            f"{self.stand_in} is a made-up list of people under sanctions; in this simulated market it stands for {self.name}, "
            f"the real one that {self.cites or 'the law'} asks for"
        )

    def stood_for(self, lists: Iterable[ScreeningList]) -> bool:
        """Tell whether a made-up list stands for this one."""
        return bool(self.stand_in) and any(one.list == self.stand_in and bool(one.entries) for one in lists)

    def _lack(self, lists: Iterable[ScreeningList], today: date) -> str:
        found = [one for one in lists if (one.list == self.list if self.list else one.regime == self.regime)]
        since = f", required since {self.since}" if self.since else ""
        if not found:
            return f"{self.name} is not loaded{since}"
        fitting = [one.published for one in found if one.entries]
        if not fitting:
            return f"{self.name} holds no entry{since}"
        last = max(fitting) + timedelta(days=self.max_age_days or 0)
        if self.max_age_days is None or today <= last:
            return ""
        return f"{self.name} of {max(fitting)} is older than {self.max_age_days} days since {last + timedelta(days=1)}"


class ListStamp(msgspec.Struct, frozen=True, kw_only=True):
    """Which version of a list was used; kept beside decisions and printed on reports."""

    list: str
    regime: Regime
    publisher: str
    version: str
    published: date
    sha256: str
    count: int


class ScreeningResult(msgspec.Struct, frozen=True, kw_only=True):
    """What screening found for one party or wallet. Several lists may name it; the gravest regime decides."""

    status: Screening
    regime: Regime = "none"  # of the list
    list: str = ""
    list_sha256: str = ""
    entry: str = ""
    measure: ListMeasure | None = None  # what the policy says about hits on this list
    by: str = ""  # which kind of identifier they share
    whitelisted: tuple[str, ...] = ()  # hits that were put aside by a decision on record, as list/entry
    missing: tuple[str, ...] = ()  # of an answer `unavailable`: which lists, and since when

    @property
    def fact_regime(self) -> Regime:
        """By whose demand the law sees the hit: a list that is followed by the institution's own choice is its own list."""
        return "own" if self.status == "listed" and self.measure == "reject" and self.regime != "none" else self.regime


class Whitelisted(msgspec.Struct, frozen=True, kw_only=True):
    """A decision that a party is not whom an entry of a list means. It ends on a day, and when the entry changes."""

    party: str
    list: str
    entry: str
    entry_sha256: str  # of the entry as it was looked at
    first: int  # legal days, both included
    last: int


class Identifiers(Described, frozen=True, kw_only=True, omit_defaults=True):
    """Everything a party was ever known by; screening compares it with the lists."""

    party: str
    taxpayer_numbers: tuple[str, ...] = ()
    leis: tuple[str, ...] = ()
    passports: tuple[str, ...] = ()
    wallets: tuple[str, ...] = ()  # chain:address

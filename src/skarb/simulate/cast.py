"""The cast: who lives and works in the town, and what the registers say of them.

Names are put together from parts in the town file; so are numbers. The first people of the list are the busiest.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

import msgspec

from skarb.core.party import PartyKind
from skarb.core.screening_list import Listed, ScreeningList
from skarb.registers import Admission, Block, Entry, Party, Token, Venue, Wallet, WalletListing
from skarb.simulate import town as plan
from skarb.simulate.model import BookEntry, Entries
from skarb.simulate.numbers import address, tax_numbers
from skarb.simulate.prices import SOURCE, Prices
from skarb.simulate.town import Town

_LONG_AGO = timedelta(days=2000)


@dataclass(frozen=True)
class Cast:
    """Everybody who can appear in an instruction, sorted by the part they play."""

    people: list[Party]  # who may open accounts at any time
    unidentified: list[Party]
    minors: list[Party]
    listed: list[Party]
    strangers: list[Party]  # people abroad who keep no account here
    companies: list[Party]
    partners: list[Party]  # companies abroad
    venue_wallets: dict[tuple[str, str], list[str]]  # by venue and chain
    listed_wallets: dict[str, list[str]]  # by chain
    entries: Entries


def make_cast(seed: int, town: Town, prices: Prices, *, people: int, companies: int, start: date, last_rate: date) -> Cast:
    """Return the cast of a town and its registers."""
    rng = Random(f"{seed}/cast")
    namer = _Namer(rng, town, start)
    kinds = rng.choices(list(town.kinds), list(town.kinds.values()), k=people)
    folk = [namer.person(f"p-{n:05}", kind) for n, kind in enumerate(kinds, 1)]
    unidentified = [namer.person(f"u-{n:04}", identified=False) for n in range(1, _share(people, town.unidentified) + 1)]
    minors = [namer.person(f"m-{n:04}", ages=(15, 17)) for n in range(1, _share(people, town.minors) + 1)]
    strangers = [namer.person(f"x-{n:04}", abroad=True) for n in range(1, _share(people, town.non_residents) + 1)]
    listed = [namer.listed(f"l-{n:02}", entry) for n, entry in enumerate(town.lists[: town.listed_clients], 1)]
    firms = [namer.company(f"c-{n:04}", n - 1) for n in range(1, companies + 1)]
    partners = [namer.company(f"f-{n:04}", companies + n, abroad=True) for n in range(1, _share(companies, 60) + 1)]
    organisations = [namer.organisation(one) for one in (*town.institutions, *town.others)]
    hosts = [_venue_party(venue, start) for venue in town.venues]
    chains = sorted({token.chain for token in town.tokens})
    venue_wallets = {(venue.id, chain): [address(rng, chain) for _ in range(4)] for venue in town.venues for chain in chains}
    listed_wallets = {chain: [address(rng, chain) for _ in range(town.listed_wallets)] for chain in chains}
    parties = [*organisations, *folk, *unidentified, *minors, *strangers, *listed, *firms, *partners, *hosts]
    entries = Entries(
        country=town.country,
        currency=town.currency,
        zone=town.zone,
        notice=town.notice,
        registers=(
            *parties,
            *_admissions(town, start),
            *(_token(token, start) for token in town.tokens),
            *_venues(town, start),
            *_wallets(town, venue_wallets, start),
            *_listings(rng, town, listed_wallets, start),
        ),
        rates=prices.published(town.currency, start - timedelta(days=7), last_rate),
        lists=_lists(town, {entry.name: one.party for entry, one in zip(town.lists, listed, strict=False)}, start),
        latin={one.party: town.latin_of(one.name) for one in parties},
    )
    return Cast(folk, unidentified, minors, listed, strangers, firms, partners, venue_wallets, listed_wallets, entries)


def books_of(town: Town) -> tuple[BookEntry, ...]:
    """Return the books of a town: those of the institutions that have a share of its business."""
    return tuple(
        BookEntry(name=i.id, title=i.name, latin=town.latin_of(i.name), licence=i.licence) for i in town.institutions if i.share
    )


class _Namer:
    """Puts people and companies together from the parts in the town file."""

    def __init__(self, rng: Random, town: Town, start: date) -> None:
        self._rng = rng
        self._town = town
        self._start = start
        self._personal = tax_numbers(rng, town.numbers.person, town.scheme())
        self._corporate = tax_numbers(rng, town.numbers.company, town.scheme())
        self._taken: set[str] = set()

    def person(
        self,
        party: str,
        kind: PartyKind = "natural_person",
        *,
        identified: bool = True,
        ages: tuple[int, int] = (18, 79),
        abroad: bool = False,
    ) -> Party:
        """Return a person with an invented name, a birthday and, at home, a tax number.

        Who lives abroad keeps no account here, so nobody here has identified him.
        """
        rng, town = self._rng, self._town
        name = self._name()
        while name in self._taken:
            name = self._name()
        self._taken.add(name)
        return Party(
            party=party,
            name=name,
            kind=kind,
            country=rng.choice(town.neighbours) if abroad else town.country,
            resident=not abroad,
            identified=identified and not abroad,
            valid_from=self._start - _LONG_AGO,
            born=self._start - timedelta(days=rng.randint(ages[0] * 366, ages[1] * 365)),
            taxpayer_number=next(self._personal) if identified and not abroad else "",
            example=True,
        )

    def listed(self, party: str, entry: plan.Listing) -> Party:
        """Return a client who bears the name and birthday of a list entry."""
        return msgspec.structs.replace(self.person(party), name=entry.name, born=entry.born)

    def company(self, party: str, serial: int, *, abroad: bool = False) -> Party:
        """Return a company; every pair of trade and word is used once before a number is added."""
        parts = self._town.companies
        words, trades = len(parts.words), len(parts.trades)
        again, place = divmod(serial, words * trades)
        name = f"{parts.trades[(place + place // words) % trades]} {parts.words[place % words]}"
        written = f"{parts.form} «{name} {again + 1}»" if again else f"{parts.form} «{name}»"
        if abroad:
            return self._legal_entity(party, self._town.latin_of(name) + " Trading", self._rng.choice(self._town.neighbours))
        return self._legal_entity(party, written, self._town.country)

    def organisation(self, one: plan.Institution) -> Party:
        """Return an institution of the town file."""
        return msgspec.structs.replace(self._legal_entity(one.id, one.name, one.country or self._town.country), kind=one.kind)

    def _legal_entity(self, party: str, name: str, country: str) -> Party:
        home = country == self._town.country
        return Party(
            party=party,
            name=name,
            kind="legal_entity",
            country=country,
            resident=home,
            identified=home,
            valid_from=self._start - _LONG_AGO,
            taxpayer_number=next(self._corporate) if home else "",
            example=True,
        )

    def _name(self) -> str:
        rng, names = self._rng, self._town.names
        sex = rng.choice(("male", "female"))
        surname = rng.choice(names.surname_roots) + rng.choice(names.surname_endings)[sex]
        return f"{rng.choice(names.first[sex])} {rng.choice(names.patronymic[sex])} {surname}"


def _share(whole: int, per_thousand: int) -> int:
    return max(3, whole * per_thousand // 1000)


def _admissions(town: Town, start: date) -> list[Entry]:
    out: list[Entry] = []
    for one in (*town.institutions, *town.others):
        if one.regime is not None:
            since = start + timedelta(days=one.regime)
            out.append(_admission(one, "regime", since, town.authorities["regime"]))
        if one.register is not None:
            # A register holds no entry from before the law that created it.
            since = max(town.earliest, start + timedelta(days=one.register))
            out.append(_admission(one, "central_bank", since, town.authorities["central_bank"]))
        elif one.licence != "none" and one.regime is None:
            out.append(_admission(one, "central_bank", start - _LONG_AGO, town.authorities["central_bank"]))
    out += [
        Admission(
            party=venue.id,
            gate="foreign",
            licence="foreign_provider",
            valid_from=start - _LONG_AGO,
            authority=venue.country,
            example=True,
        )
        for venue in town.venues
    ]
    return out


def _admission(one: plan.Institution, gate: str, since: date, authority: str) -> Admission:
    return Admission(
        party=one.id,
        gate="regime" if gate == "regime" else "central_bank",
        licence=one.licence,
        activities=tuple(one.covers),
        valid_from=since,
        number=f"SIM-{one.id.upper()}",
        authority=authority,
        example=True,
    )


def _token(token: plan.Token, start: date) -> Token:
    return Token(
        code=token.code,
        asset_class=token.asset_class,
        decimals=token.decimals,
        name=token.name,
        anonymous=token.anonymous,
        from_regime=token.from_regime,
        valid_from=start - _LONG_AGO,
        example=True,
    )


def _venue_party(venue: plan.Venue, start: date) -> Party:
    return Party(
        party=venue.id,
        name=venue.name,
        kind="legal_entity",
        country=venue.country,
        resident=False,
        identified=True,
        valid_from=start - _LONG_AGO,
        example=True,
    )


def _venues(town: Town, start: date) -> list[Entry]:
    out: list[Entry] = []
    for venue in town.venues:
        out.append(
            Venue(
                venue=venue.id,
                name=venue.name,
                country=venue.country,
                host=venue.host,
                party=venue.id,
                licence="foreign_provider",
                valid_from=start - _LONG_AGO,
                example=True,
            )
        )
        out += [
            Block(
                host=venue.host,
                valid_from=start + timedelta(days=one.first),
                valid_to=start + timedelta(days=one.last),
                authority=town.authorities["sites"],
                note=one.reason,
                example=True,
            )
            for one in venue.restricted
        ]
    return out


def _wallets(town: Town, wallets: dict[tuple[str, str], list[str]], start: date) -> list[Entry]:
    countries = {venue.id: venue.country for venue in town.venues}
    return [
        Wallet(wallet=one, hosting="hosted", country=countries[venue], provider=venue, valid_from=start - _LONG_AGO, example=True)
        for (venue, _), addresses in wallets.items()
        for one in addresses
    ]


def _listings(rng: Random, town: Town, wallets: dict[str, list[str]], start: date) -> list[Entry]:
    return [
        WalletListing(
            wallet=one,
            status="included",
            body=rng.choice(town.listed_wallets_from),
            valid_from=start - timedelta(days=3 + 7 * n),
            reference=f"SIM-W{n:03}",
            example=True,
        )
        for addresses in wallets.values()
        for n, one in enumerate(addresses)
    ]


def _lists(town: Town, clients: dict[str, str], start: date) -> tuple[ScreeningList, ...]:
    """Return a short invented list of each regime, matched by the ids that its people have here."""
    return tuple(
        ScreeningList(
            list=f"simulated-{regime}",
            regime=regime,
            publisher=SOURCE,
            version="1",
            published=start - timedelta(days=2),
            entries=tuple(
                Listed(
                    entry=f"SIM-{regime.upper()}-{n:03}",
                    name=f"{entry.name} / {entry.latin}",
                    programme=SOURCE,
                    parties=(clients[entry.name],) if entry.name in clients else (),
                )
                for n, entry in enumerate(town.lists, 1)
                if entry.list == regime
            ),
        )
        for regime in sorted({entry.list for entry in town.lists})
    )

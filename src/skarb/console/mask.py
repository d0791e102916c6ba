"""Masking: names and ids of human beings are hidden until somebody says why he must see them.

The watchers are watched: a masked page shows who acts only as initials; an unmasked one was entered in the log of looks first.
Ids that nobody knows are masked too, for we cannot know that they are not a person's.
"""

from __future__ import annotations

from typing import TypeVar

import msgspec

from skarb.app.model import Person, RowView

HIDDEN = "•••"
_T = TypeVar("_T")


def mask_person(person: Person) -> Person:
    """Return a person with initials for a name; organisations stay as they are."""
    if not person.personal:
        return person
    initials = " ".join(f"{part[0]}." for part in person.name.split() if part) or HIDDEN
    latin = " ".join(f"{part[0]}." for part in person.latin.split() if part)
    return Person(id=HIDDEN, name=initials, personal=True, latin=latin)


def mask(value: _T) -> _T:
    """Return a shape with every person in it masked."""
    if isinstance(value, Person):
        return mask_person(value)  # type: ignore[return-value]
    if isinstance(value, RowView):
        return _mask_row(value)  # type: ignore[return-value]
    if isinstance(value, tuple):
        return tuple(mask(item) for item in value)  # type: ignore[return-value]
    if isinstance(value, msgspec.Struct):
        changed = {
            name: mask(item)
            for name in value.__struct_fields__
            if isinstance(item := getattr(value, name), (Person, tuple, RowView)) and item
        }
        return msgspec.structs.replace(value, **changed) if changed else value
    return value


def _mask_row(row: RowView) -> RowView:
    public = {person.id for person in row.people if not person.personal}
    shown = {person.id: mask_person(person).name for person in row.people}
    i = row.instruction

    def name(party: str | None) -> str | None:
        return party if party is None or party in public else shown.get(party, HIDDEN)

    def address(text: str) -> str:
        head, *rest = text.split("/")
        if head == "chain":  # a wallet is somebody's; the chain itself, chain/BTC, is everybody's
            wallet = "/".join(rest)
            return f"chain/{_shorten(wallet)}" if ":" in wallet else text
        return "/".join((head, *(part if part in public else shown.get(part, HIDDEN) for part in rest)))

    return msgspec.structs.replace(
        row,
        people=tuple(mask_person(person) for person in row.people),
        instruction=msgspec.structs.replace(
            i,
            party=name(i.party) or HIDDEN,
            counterparty=name(i.counterparty),
            wallet=None if i.wallet is None else _shorten(i.wallet),
            purpose=None if i.purpose is None else HIDDEN,
        ),
        transfers=tuple(msgspec.structs.replace(t, debit=address(t.debit), credit=address(t.credit)) for t in row.transfers),
    )


def _shorten(wallet: str) -> str:
    chain, _, rest = wallet.rpartition(":")
    start = f"{chain}:{rest[:4]}" if chain else rest[:4]
    return f"{start}…{rest[-4:]}" if len(rest) > 12 else HIDDEN

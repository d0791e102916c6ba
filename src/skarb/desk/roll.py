"""The roll of a day: everybody who was met, each in a place of his own, so that a column of parties is a column of places."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from skarb.core.columns import Names, Sheet, grown
from skarb.core.facts import Regime, Screening
from skarb.core.party import Profile
from skarb.desk.model import Case, Column

Ids = NDArray[np.uint64]


class Standing(NamedTuple):
    """What is known of a party on a day. Parties with the same number differ in nothing that the law looks at."""

    number: int
    profile: Profile
    screening: Screening
    regime: Regime
    held: bool
    address: str


class Roll:
    """Everybody's standing on one day."""

    def __init__(self) -> None:
        self._places: dict[str, int] = {}
        self._standings: list[Standing] = []
        self._names = Names()  # the same places, for columns; those who were met one by one are entered when they are needed
        self._numbers = np.zeros(64, np.int64)
        self._accounts: dict[str, Ids] = {}

    def find(self, party: str) -> Standing | None:
        """Return where somebody stands, None if nobody has looked yet."""
        place = self._places.get(party)
        return None if place is None else self._standings[place]

    def add(self, party: str, standing: Standing) -> Standing:
        """Enter somebody."""
        place = self._places[party] = len(self._standings)
        self._numbers = grown(self._numbers, place + 1)
        self._standings.append(standing)
        self._numbers[place] = standing.number
        return standing

    def places(self, sheet: Sheet, field: str, stand: Callable[[str], object]) -> Column:
        """Return the places of the parties in a column; `stand` enters those who are not there yet."""
        names = self._names
        if len(names) < len(self._standings):
            names.add(list(self._places)[len(names) :], sheet.kind)
        places = names.places(sheet.data, *sheet.spans(field), sheet.kind)
        for place in range(len(self._standings), len(names)):
            stand(names[place])
        return places

    def numbers(self, places: Column) -> Column:
        """Return the numbers of standings."""
        return self._numbers[places]

    def address(self, place: int) -> str:
        """Return where somebody keeps his assets in the book."""
        return self._standings[place].address

    def accounts(self, asset: str) -> Ids:
        """Return the accounts in an asset of everybody, to be filled in by who opens them.

        Shape: the two halves of an id at each place, zero where it is not known yet.
        """
        known = self._accounts.get(asset, np.zeros((64, 2), np.uint64))
        self._accounts[asset] = known = grown(known, len(self._standings))
        return known


class Plain(NamedTuple):
    """Many plain instructions gathered at once: one activity, one asset, one day. One item per instruction, but in `cases`."""

    day: int
    activity: str
    asset: str
    cases: list[Case]  # the distinct ones, in the order of their first instruction
    numbers: Column  # which of them
    values: Column  # MISSING where there is none
    values_usd: Column
    units: Column
    at: Column  # nanoseconds since 1970
    roll: Roll
    parties: Column  # places in the roll
    counterparties: Column

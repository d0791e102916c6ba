"""Reading a town: names, institutions, habits and made-up prices of one country, as data.

A town file is YAML in `towns/`. The engine beside it names no country; a new country is a new file.
"""

from __future__ import annotations

from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

import msgspec

from skarb.core.activity import Activity
from skarb.core.errors import ConfigurationError, NotFound
from skarb.core.facts import AssetClass, Regime
from skarb.core.party import Licence, PartyKind
from skarb.registers import Numbering, read_numbering


class Names(msgspec.Struct, frozen=True):
    """Parts that people's names are put together from."""

    first: dict[str, list[str]]
    patronymic: dict[str, list[str]]
    surname_roots: list[str]
    surname_endings: list[dict[str, str]]


class Latin(msgspec.Struct, frozen=True):
    """A romanisation: plain letters, and soft vowels with a short and a long form."""

    letters: dict[str, str]
    soft: dict[str, tuple[str, str]]
    vowels: str


class Companies(msgspec.Struct, frozen=True):
    """Parts that names of companies are put together from."""

    trades: list[str]
    words: list[str]
    form: str


class Numbers(msgspec.Struct, frozen=True):
    """Patterns of tax numbers for play (`#` is any digit), and the real scheme's check digit."""

    company: str
    person: str
    scheme: dict[str, Any]


class Institution(msgspec.Struct, frozen=True, kw_only=True):
    """An organisation of the town; it keeps a book when it has a share of the business."""

    id: str
    name: str
    licence: Licence
    country: str = ""
    kind: PartyKind = "legal_entity"
    role: str = ""
    regime: int | None = None
    register: int | None = None
    share: int = 0
    covers: list[Activity] = []


class Closed(msgspec.Struct, frozen=True, rename={"first": "from", "last": "to"}):
    """Days from the start between which a site was restricted."""

    first: int
    last: int
    reason: str


class Venue(msgspec.Struct, frozen=True, kw_only=True):
    """A foreign provider of token services."""

    id: str
    name: str
    country: str
    host: str
    eu: bool = False
    restricted: list[Closed] = []


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """A token with the chain its addresses belong to and the decimals people write."""

    code: str
    name: str
    asset_class: AssetClass
    decimals: int
    shown: int
    chain: str
    anonymous: bool = False
    from_regime: bool = False


class Walk(msgspec.Struct, frozen=True):
    """A made-up price: where it starts and how far it may step a day, in 1/100,000."""

    first: str
    step: int
    scale: int = 1


class Listing(msgspec.Struct, frozen=True):
    """An invented entry of a sanctions list."""

    list: Regime
    name: str
    latin: str
    born: date


class Review(msgspec.Struct, frozen=True):
    """How referrals are answered."""

    approve: int
    after_minutes: tuple[int, int]


class FarmSite(msgspec.Struct, frozen=True, kw_only=True):
    """A site of a mining farm: machines of one kind in equal blocks, and how soon it can be dark. Priority 1 is cut last."""

    name: str
    title: str
    machine: str
    blocks: int
    block_mw: str
    priority: int
    off_minutes: int


class FarmPlan(msgspec.Struct, frozen=True, kw_only=True):
    """A mining farm that lives on what the country's power system leaves over.

    Units: `price` legal currency for a kWh; `difficulty` on the first day; `fee_btc` BTC of fees in a block.
    """

    company: str
    supplier: str
    book: str
    price: str
    difficulty: str
    fee_btc: str
    sites: list[FarmSite]


class MinerPlan(msgspec.Struct, frozen=True, kw_only=True):
    """A small registered miner with one site. `mw` at the meter; `declares_percent` of what he mines; `loses` a meter that is not always read."""

    site: str
    title: str
    party: str
    name: str
    machine: str
    mw: str
    tariff: str
    renewable: bool = False
    shares_blocks: bool = False  # his pool pays by the blocks that it finds
    declares_percent: int = 100
    loses: bool = False


class Town(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything that makes one country's market look like itself."""

    code: str
    notice: str
    zone: str
    country: str
    currency: str
    neighbours: list[str]
    earliest: date
    names: Names
    latin: Latin
    companies: Companies
    numbers: Numbers
    authorities: dict[str, str]
    institutions: list[Institution]
    others: list[Institution]
    venues: list[Venue]
    tokens: list[Token]
    rates: dict[str, Walk]
    traded: dict[str, int]
    lists: list[Listing]
    listed_clients: int
    listed_wallets: int
    listed_wallets_from: list[str]
    early_share: int
    opening: dict[Licence, int]
    joined: int
    hours: list[int]
    weekend: tuple[int, int]
    kinds: dict[PartyKind, int]
    non_residents: int
    unidentified: int
    minors: int
    behaviours: dict[str, dict[str, dict[str, int]]]
    review: Review
    farm: FarmPlan | None = None
    miners: list[MinerPlan] = []
    miners_months: int = 0  # registered so many months before the market
    miners_earliest: date = date(1970, 1, 1)  # but not before the rules that they are billed by

    def scheme(self) -> Numbering:
        """Return the scheme of the tax numbers."""
        return read_numbering(self.numbers.scheme, f"town {self.code!r}")

    def latin_of(self, text: str) -> str:
        """Write a name in Latin letters."""
        out: list[str] = []
        before = ""
        for sign in text:
            low = sign.lower()
            if low in self.latin.soft:
                short, long = self.latin.soft[low]
                after_consonant = before.isalpha() and before not in self.latin.vowels
                written = short if after_consonant else long
            else:
                written = self.latin.letters.get(low, low)
            out.append(written.capitalize() if sign != low else written)
            before = low
        return "".join(out)


@cache
def load_town(code: str) -> Town:
    """Return a town by its code.

    Raises: NotFound if there is no such file, ConfigurationError if it is malformed.
    """
    place = files("skarb.simulate").joinpath("towns", f"{code}.yaml")
    if not code.isalnum() or not place.is_file():
        raise NotFound(f"there is no town {code!r}; towns are files in skarb/simulate/towns")
    try:
        return msgspec.convert(_yaml(place.read_bytes()), Town)
    except msgspec.ValidationError as error:
        raise ConfigurationError(f"town {code!r}: {error}") from None


def _yaml(content: bytes) -> Any:
    import yaml

    return yaml.load(content, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))

"""Entries of the registers: what is written down, from which legal day, until which.

An entry has two times. `valid_from` and `valid_to` are legal days, the last one included: when it holds. The instant of
recording is kept with the recording it came in: when we learned it. Entries are never changed or deleted. The same entry
(same key) recorded again replaces the earlier wording from then on; `withdrawn` says that it was recorded in error.

A **state** (what kind of person somebody is, what a token is) lasts until its end or until the next state begins. A
**spell** (an admission, a hold, a block) lasts until its end, whatever else begins.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar, Literal

import msgspec

from skarb.core.activity import Activity
from skarb.core.facts import AssetClass, Hosting, Share
from skarb.core.party import Licence, PartyKind
from skarb.core.screening_list import ListMeasure

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=140)]
Country = Annotated[str, msgspec.Meta(pattern=r"^[A-Z]{2}\Z")]
Host = Annotated[str, msgspec.Meta(pattern=r"^([a-z0-9-]+\.)+[a-z0-9-]{2,}\Z", max_length=253)]
Fingerprint = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]  # SHA-256 of a certificate in DER
Said = Annotated[str, msgspec.Meta(min_length=3, max_length=2000)]
Gate = Literal["regime", "central_bank", "foreign"]


class Entry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What all entries share."""

    key_fields: ClassVar[tuple[str, ...]] = ()  # with valid_from they name the entry
    valid_from: date
    valid_to: date | None = None  # the last day; None = open
    withdrawn: bool = False  # recorded in error: counts as never written, yet stays readable
    example: bool = False  # made up, for a market that starts with something to look at
    note: str = ""

    def key(self) -> tuple[object, ...]:
        """Return what names the entry in its register."""
        return (*(getattr(self, name) for name in self.key_fields), self.valid_from)


class Party(Entry, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A person, and what is known of him."""

    key_fields: ClassVar[tuple[str, ...]] = ("party",)
    party: Name
    kind: PartyKind
    country: Country
    resident: bool  # of the country whose law applies
    identified: bool = False
    born: date | None = None
    name: str = ""
    taxpayer_number: str = ""
    lei: str = ""
    passport: str = ""
    certificates: tuple[Fingerprint, ...] = ()  # with which it shows who it is to other providers


class Admission(Entry, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One gate passed: residency of the special regime, an entry of the central bank, or a licence from abroad."""

    key_fields: ClassVar[tuple[str, ...]] = ("party", "gate", "licence")
    party: Name
    gate: Gate
    licence: Licence
    activities: tuple[Activity, ...] = ()  # that the admission names; empty = those usual for the licence
    number: str = ""
    authority: str = ""


class Token(Entry, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A token: its class and smallest unit. Currencies of ISO 4217 are known without an entry."""

    key_fields: ClassVar[tuple[str, ...]] = ("code",)
    code: Annotated[str, msgspec.Meta(pattern=r"^[A-Z][A-Z0-9]{1,11}\Z")]
    asset_class: AssetClass
    decimals: Annotated[int, msgspec.Meta(ge=0, le=38)]
    name: str = ""
    anonymous: bool = False
    lawful: bool = True
    from_regime: bool = False
    dti: str = ""  # ISO 24165
    contract: str = ""  # chain:address of the contract that keeps it, where one does


class Venue(Entry, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A place where deals are done. When its operator is a party, the party's admissions count, else what stands here."""

    key_fields: ClassVar[tuple[str, ...]] = ("venue",)
    venue: Name
    country: Country
    host: Host | None = None
    party: str = ""  # the operator, when he is in the register of parties
    licence: Licence = "none"
    name: str = ""


class Block(Entry, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Access to a host (and all names below it) is restricted."""

    key_fields: ClassVar[tuple[str, ...]] = ("host",)
    host: Host
    authority: str = ""
    reference: str = ""


class Wallet(Entry, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A wallet and who keeps it."""

    key_fields: ClassVar[tuple[str, ...]] = ("wallet",)
    wallet: str  # chain:address
    hosting: Hosting
    country: Country = "XX"  # of the provider that hosts it
    provider: str = ""
    party: str = ""  # the owner, when known


class WalletListing(Entry, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """An address included in, or excluded from, the national register of wallets used unlawfully.

    An exclusion ends every inclusion that began before it, or on the same day.
    """

    key_fields: ClassVar[tuple[str, ...]] = ("wallet", "status")
    wallet: str  # chain:address
    status: Literal["included", "excluded"]
    body: str  # that reported it
    reference: str = ""


class WalletProof(Entry, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A challenge to prove a wallet by a signed message, and the proof that answered it.

    It is written down when it is asked, and again when it is answered: so one that was never asked cannot be answered, and none twice.
    """

    key_fields: ClassVar[tuple[str, ...]] = ("wallet", "nonce")
    wallet: str  # chain:address
    nonce: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{16,64}\Z")]  # drawn by whoever asked
    party: Name
    book: Name
    status: Literal["asked", "proven"]
    method: str = ""  # how it was signed: bitcoin_message, bip322_simple, personal_sign
    message_hash: str = ""  # hex, of what was signed
    signature: str = ""  # as it was handed in, so that anyone can check it again
    proven_on: date | None = None


class WalletExposure(Entry, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """How much of what a wallet held or sent came from listed addresses, as a trace over the chain found it.

    Units: shares in hundredths of a percent.
    """

    key_fields: ClassVar[tuple[str, ...]] = ("wallet",)
    wallet: str  # chain:address
    share_fifo: Share
    share_haircut: Share
    hops: Annotated[int, msgspec.Meta(ge=0, le=1000)]  # on the shortest way from a listed address
    nearest: str = ""  # the listed address it leads to, chain:address
    path: str = ""  # the way in words
    lists: str = ""  # which versions of which lists and registers
    evidence: str = ""  # SHA-256 over the blocks that were looked at

    @property
    def share(self) -> int:
        """The larger of both shares: what the law looks at."""
        return max(self.share_fifo, self.share_haircut)


class Hold(Entry, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """An order that a party's operations stand still."""

    key_fields: ClassVar[tuple[str, ...]] = ("party", "kind", "reference")
    party: Name
    kind: Literal["suspension", "arrest", "freeze"]
    body: str
    reference: str = ""


class ListPolicy(Entry, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What is done about hits on a screening list, or on all lists of a regime. There is no policy by which nothing is done."""

    key_fields: ClassVar[tuple[str, ...]] = ("list",)
    list: Name  # short name of a list, or a regime: un, eu, us, national, own
    measure: ListMeasure
    reason: Said
    by: Said  # who decided it


class Whitelisting(Entry, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A decision by two that a party is not whom an entry of a list means. It ends after a year at most, and when the entry changes."""

    key_fields: ClassVar[tuple[str, ...]] = ("party", "list", "entry")
    party: Name
    list: Name
    entry: Name
    entry_sha256: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]  # of the entry as it was looked at
    reason: Said
    by: Said
    approved_by: Said  # a second person


class MiningSite(Entry, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A place where a registered miner mines: its connection, its tariff, where its power comes from, its pool.

    Units: watts, kilowatts; `pool_fee` in hundredths of a percent.
    """

    key_fields: ClassVar[tuple[str, ...]] = ("site",)
    site: Name
    party: Name  # the miner
    capacity_w: Annotated[int, msgspec.Meta(gt=0, le=10**12)]  # of the connection; nothing above it can be true
    declared_kw: Annotated[int, msgspec.Meta(ge=0, le=10**9)] = 0  # the peak that the miner declared, for the capacity charge
    tariff: Name
    zone: str = ""  # of the tariff, where prices differ by place
    power: Literal["grid", "own", "renewable"] = "grid"
    pool: str = ""
    scheme: Literal["fpps", "pplns", "solo"] = "fpps"
    pool_fee: Share = 0
    state_owned: bool = False  # what it mines belongs to the state


class MiningMachines(Entry, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """So many machines of a model at a site, from a day to a day; what stands beside each other is added up.

    The name plate is that of the catalogue, or what stands here. Units: gigahashes a second, watts, of one machine.
    """

    key_fields: ClassVar[tuple[str, ...]] = ("site", "model")
    site: Name
    model: Name
    count: Annotated[int, msgspec.Meta(gt=0, le=10**7)]
    hashrate_gh_s: Annotated[int, msgspec.Meta(gt=0, le=10**9)] | None = None
    power_w: Annotated[int, msgspec.Meta(gt=0, le=10**6)] | None = None


class Meter(Entry, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A meter at a site: how long its intervals are, what its figures are multiplied by, until when its verification holds."""

    key_fields: ClassVar[tuple[str, ...]] = ("meter",)
    meter: Name
    site: Name
    minutes: Literal[15, 60]
    certified_to: date  # the last day of its verification certificate
    certificate: str = ""
    multiplier: Annotated[int, msgspec.Meta(ge=1, le=10**6)] = 1  # of its transformers
    digits: Annotated[int, msgspec.Meta(ge=3, le=12)] = 8  # of a counter before the point; then it begins anew
    direction: Literal["import", "export"] = "import"


Price = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,12}(\.[0-9]{1,12})?\Z")]  # exact, in the legal currency


class Band(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a kWh costs in some hours, on some days, in some months. The price stands here or is a parameter of the law."""

    band: Name
    price: Price = ""
    parameter: str = ""
    hours: Annotated[str, msgspec.Meta(pattern=r"^([01]?[0-9]|2[0-4])-([01]?[0-9]|2[0-4])\Z")] = "0-24"  # 23-6 goes over midnight
    days: Literal["all", "workdays", "weekends"] = "all"
    months: tuple[Annotated[int, msgspec.Meta(ge=1, le=12)], ...] = ()  # of the year; none = all


class Capacity(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a kW costs in a month: of the declared peak, or of the highest that the meters measured."""

    of: Literal["declared", "measured"]
    price: Price = ""
    parameter: str = ""


class Tariff(Entry, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What electricity costs from a day on, without VAT; bands are looked at in their order, the first that fits counts."""

    key_fields: ClassVar[tuple[str, ...]] = ("tariff", "zone")
    tariff: Name
    zone: str = ""
    energy: Annotated[tuple[Band, ...], msgspec.Meta(min_length=1)]
    capacity: Capacity | None = None
    surplus_discount: Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,4}/[1-9][0-9]{0,3}\Z")] = ""  # share of the price of energy
    minimum: Price = "0"  # of a whole month, of energy and capacity together
    source: str
    certainty: Literal["published", "assumed", "made_up"]


REGISTERS: dict[str, type[Entry]] = {
    "parties": Party,
    "licences": Admission,
    "tokens": Token,
    "venues": Venue,
    "blocks": Block,
    "wallets": Wallet,
    "listed_wallets": WalletListing,
    "holds": Hold,
    "wallet_proofs": WalletProof,
    "wallet_exposures": WalletExposure,
    "list_policies": ListPolicy,
    "whitelist": Whitelisting,
    "mining_sites": MiningSite,
    "mining_machines": MiningMachines,
    "meters": Meter,
    "tariffs": Tariff,
}  # names as in files and folders


class WalletFacts(msgspec.Struct, frozen=True):
    """What the registers know of an address on one day."""

    listed: bool = False  # in the national register of wallets used unlawfully
    hosting: Hosting = "none"
    country: str = "XX"  # of the provider that hosts it
    owner: str = ""  # the party it was assigned to
    proven_by: frozenset[str] = frozenset()  # parties that have shown by a signature that they hold it
    exposure: int | None = None  # share that came from listed addresses, in hundredths of a percent; None = not traced


GATES: dict[Licence, tuple[Gate, ...]] = {"crypto_bank": ("regime", "central_bank")}
"""Licences that two supervisors must both have given; for every other licence one admission is enough. A country may say
otherwise (`gates:` in its registers.yaml)."""

"""Screen what blocks and token transfers say: who on a list is touched, and who got something that came from there.

Every payment is looked at on both sides, against the lists and the national register of wallets on the legal day of its block. A log
that no transfer could be read from is looked at for the addresses it names. Then everything is traced from the listed addresses on,
in the order of the chain. Nothing here decides: rows say what was found, exposures can be written into the register of wallets, and the law
decides about each instruction.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path

from skarb.app.setting import Setting
from skarb.chain import looks_like_block, parse_block
from skarb.chain.ethereum import Answers, read_answers, together
from skarb.chain.exposure import HOPS_MAX, ROWS_MAX, Exposed, Exposure, Trail, trace_accounts, trace_coins
from skarb.chain.model import Block
from skarb.chain.payments import (
    Coin,
    CoinTransaction,
    Outpoint,
    Payment,
    account_payments,
    coin_payments,
    coin_transactions,
)
from skarb.core.errors import InputError, Problem
from skarb.core.identifiers import normal_wallet
from skarb.core.time import from_day, legal_day
from skarb.intake.container import open_container
from skarb.registers import Summary, WalletExposure

_BLOCK_ENDINGS = (".raw", ".blk", ".block")


@dataclass(frozen=True, slots=True)
class Touched:
    """A payment with a listed address on one side, whatever a hit on that list means."""

    payment: Payment
    side: str  # sender, receiver or mention
    address: str  # chain:address, normalised
    register: bool  # in the national register of wallets
    status: str  # of the lists
    regime: str
    list: str
    entry: str


@dataclass
class Watched:
    """What was seen on a piece of chain."""

    blocks: list[Block] = field(default_factory=list)
    answers: Answers = field(default_factory=Answers)
    payments: list[Payment] = field(default_factory=list)
    touched: list[Touched] = field(default_factory=list)
    coins: Exposure = field(default_factory=Exposure)
    accounts: Exposure = field(default_factory=Exposure)
    addresses: int = 0  # different ones that were screened
    available: bool = True  # False: a list is missing, so nothing is clear
    evidence: str = ""  # SHA-256 over all files
    notes: list[str] = field(default_factory=list)
    last: int = 0  # Unix seconds of the latest block

    @property
    def exposed(self) -> list[Exposed]:
        """Everything that came from listed addresses, near or far."""
        return [*self.coins.rows, *self.accounts.rows]


class Listings:
    """Asks lists and register about addresses, each once a day."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        self._known: dict[tuple[str, int], tuple[bool, str, str, str, str]] = {}
        self.addresses: set[str] = set()

    def day(self, time: int) -> int:
        """Return the legal day of a block; without a time, the latest day there is."""
        return legal_day(datetime.fromtimestamp(time, UTC), self._setting.rulebook.country.zone)

    def find(self, address: str, day: int) -> tuple[bool, str, str, str, str]:
        """Return whether the register lists an address on a day, and status, regime, list and entry of the lists."""
        key = address, day
        if key not in self._known:
            self.addresses.add(address)
            found = self._setting.screen.wallet_result(address)
            register = ":script:" not in address and self._setting.registers.wallet(address, day).listed
            self._known[key] = register, found.status, found.regime, found.list, found.entry
        return self._known[key]

    def listed(self, address: str, day: int) -> bool:
        """Tell whether an address is listed anywhere."""
        register, status, *_ = self.find(address, day)
        return register or status == "listed"


def read_chain(files: Sequence[Path]) -> tuple[list[Block], Answers, str]:
    """Return the blocks of Bitcoin in the order of their chain, what nodes of Ethereum answered, and the hash over all files.

    Raises: NotFound, InputError naming file and place
    """
    blocks: list[Block] = []
    answers: list[Answers] = []
    digest = sha256()
    for path in files:
        container = open_container(path)
        data = container.whole()
        digest.update(sha256(data).digest())
        if is_raw_block(data, container.name):
            blocks.append(parse_block(data, container.name))
        else:
            answers.append(read_answers(data, container.name))
    return in_order(blocks), together(answers), digest.hexdigest()


def is_raw_block(data: bytes, name: str) -> bool:
    """Tell whether a file is a raw block of Bitcoin, or at least calls itself one."""
    return looks_like_block(data) or name.lower().removesuffix(".gz").endswith(_BLOCK_ENDINGS)


def in_order(blocks: Iterable[Block]) -> list[Block]:
    """Return blocks so that each comes after the one it follows; pieces of chain that do not touch by their time.

    Raises: InputError if two blocks follow the same one: then one of them left the chain and must not be counted.
    """
    by_hash = {block.block_hash: block for block in blocks}
    following: dict[str, Block] = {}
    for block in by_hash.values():
        other = following.setdefault(block.previous_hash, block)
        if other is not block:
            raise InputError(
                f"blocks {other.block_hash} and {block.block_hash} both follow {block.previous_hash}, expected one of them; "
                "skarb chain follow tells which one left the chain"
            )
    starts = sorted((block for block in by_hash.values() if block.previous_hash not in by_hash), key=lambda block: block.time)
    found: list[Block] = []
    for start in starts:
        found.append(start)
        while found[-1].block_hash in following:
            found.append(following[found[-1].block_hash])
    return found


def watch(files: Sequence[Path], setting: Setting, *, hops_max: int = HOPS_MAX) -> Watched:
    """Read files, screen every payment in them and trace from listed addresses on.

    Raises: NotFound, InputError
    """
    blocks, answers, evidence = read_chain(files)
    found = Watched(blocks=blocks, answers=answers, available=setting.screen.available, evidence=evidence)
    listings = Listings(setting)
    transactions = [one for block in blocks for one in coin_transactions(block)]
    coins = made_coins(transactions)
    accounts = account_payments(answers)
    found.payments = [*coin_payments(transactions, coins), *accounts]
    found.last = max((one.time for one in found.payments), default=0)
    today = listings.day(found.last)
    for payment in found.payments:
        found.touched += _touched(payment, listings, listings.day(payment.time) if payment.time else today)

    def listed(address: str) -> bool:
        return listings.listed(address, today)

    found.coins = trace_coins(transactions, listed, hops_max=hops_max)
    found.accounts = trace_accounts(accounts, listed, hops_max=hops_max)
    found.addresses = len(listings.addresses)
    found.notes = _notes(found, transactions)
    return found


def made_coins(transactions: Iterable[CoinTransaction]) -> dict[Outpoint, Coin]:
    """Return the coins that transactions make, so that whoever spends them later is known."""
    return {(one.tx, number): coin for one in transactions for number, coin in enumerate(one.makes)}


def _touched(payment: Payment, listings: Listings, day: int) -> Iterable[Touched]:
    sides = [("sender", address) for address in payment.senders]
    sides.append(("mention" if payment.mention else "receiver", payment.receiver))
    for side, address in sides:
        register, status, regime, name, entry = listings.find(address, day)
        if register or status in ("listed", "possible"):  # possible: on a list whose hits are only reported
            yield Touched(payment, side, normal_wallet(address), register, status, regime, name, entry)


def _notes(found: Watched, transactions: Sequence[CoinTransaction]) -> list[str]:
    notes = []
    if not found.available:
        notes.append("no list is loaded, or a required one is missing: nothing here is clear, and every instruction is referred")
    if found.coins.assumed:
        notes.append(
            f"{len(found.coins.assumed)} of {len(transactions)} transactions take coins from blocks that were not given: their value is "
            "what the rest does not explain, and counts as listed if one of them is"
        )
    reasons = Counter(one.unverified for one in found.payments if one.unverified)
    for why, count in reasons.most_common():
        notes.append(f"unverified: {count:,} of {len(found.payments):,} payments rest on the node's word alone: {why}")
    if found.answers.blocks and not found.answers.traces:
        notes.append("no traces were given: ether that contracts sent on inside calls is not seen")
    if not (found.coins.complete and found.accounts.complete):
        notes.append("more payments are exposed than are shown; the sums count all of them")
    return notes


def exposures(found: Watched, setting: Setting, day: date | None = None) -> list[WalletExposure]:
    """Return what a trace found for each wallet, as entries of the register: the share of all it got that came from listed addresses.

    Of several assets the gravest counts. Rounding: shares in hundredths of a percent, up.
    """
    fifo: dict[tuple[str, str], int] = {}
    haircut: dict[tuple[str, str], int] = {}
    trails: dict[tuple[str, str], Trail] = {}
    received = found.coins.received | found.accounts.received
    for row in found.exposed:
        key = row.asset, row.receiver
        fifo[key] = fifo.get(key, 0) + row.fifo
        haircut[key] = haircut.get(key, 0) + row.haircut
        if key not in trails or row.trail.hops < trails[key].hops:
            trails[key] = row.trail
    listings = Listings(setting)
    today = listings.day(found.last) if day is None else None
    valid_from = day or from_day(today or 0)
    lists = " ".join(f"{stamp.list}:{stamp.sha256[:16]}" for stamp in setting.screen.stamps)
    made: dict[str, WalletExposure] = {}
    for key, trail in trails.items():
        holder = key[1]
        if ":script:" in holder:
            continue
        shares = [-(-amounts[key] * 10000 // received[key]) for amounts in (fifo, haircut)]
        entry = WalletExposure(
            wallet=holder,
            valid_from=valid_from,
            share_fifo=shares[0],
            share_haircut=shares[1],
            hops=trail.hops,
            nearest=trail.source,
            path=str(trail),
            lists=lists,
            evidence=found.evidence,
        )
        if holder not in made or entry.share > made[holder].share:
            made[holder] = entry
    return list(made.values())


def record_exposures(found: Watched, setting: Setting, day: date | None = None) -> Summary:
    """Write down what a trace found, all or nothing; of a trace that was cut short the shares would be too small."""
    if not (found.coins.complete and found.accounts.complete):
        given = f"more than {ROWS_MAX:,} exposed payments"
        problem = Problem("chain screen", "exposures", given, "all that were found", "trace fewer blocks or hops at once")
        return Summary(source="chain screen", problems=(problem,), version=setting.registers.version)
    return setting.registers.record(exposures(found, setting, day), "chain screen")

"""An institution to try the road with: its registers, lists and rates, its clients, a clock that stands, and its desk."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace

from skarb.app.law import law_folder, rulebook_of
from skarb.app.setting import Setting, screen_of
from skarb.core.decision import Receipt
from skarb.core.instruction import Assumptions, Instruction
from skarb.core.screening_list import Listed, ScreeningList
from skarb.desk import Answer, Desk, open_desk
from skarb.products import products
from skarb.registers import Admission, Entry, Hold, Party, Registers, Venue, Wallet, WalletListing, load_country_defaults
from skarb.registers.rate_files import RateFile
from skarb.registers.rates import RateSeries
from skarb.screening import Screen

OPERATOR = "operator"
LONG_AGO = date(1991, 1, 1)
DAY = datetime(2026, 10, 1, 9, tzinfo=UTC)
NEAR = "BTC:1BoatSLRHtKNngkdXEeobR76b53LETtpyT"  # somebody's own wallet
FAR = "BTC:12c6DSiU4Rq3P4ZxziKxzrL5LmMBrzjrJX"  # hosted in a watched country
TAINTED = "BTC:1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"  # on the national register of wallets


@dataclass
class StandingClock:
    """A clock that stands still until somebody moves it."""

    now: datetime = DAY

    def __call__(self) -> datetime:
        return self.now

    def move(self, **by: float) -> None:
        self.now += timedelta(**by)


def person(name: str, home: str, **other: Any) -> Party:
    known = {"kind": "natural_person", "country": home, "resident": True, "identified": True, "valid_from": LONG_AGO}
    return Party(party=name, **{**known, **other})


def entries(home: str, licence: str) -> Iterable[Entry]:
    yield person(OPERATOR, home, kind="legal_entity")
    for gate in ("regime", "central_bank"):
        yield Admission(party=OPERATOR, gate=gate, licence=licence, valid_from=LONG_AGO)
    for name in ("anna", "boris", "cora", "held", "listed"):
        yield person(name, home)
    yield person("stranger", home, identified=False)
    yield person("far-firm", "QM", kind="legal_entity", resident=False)
    yield person("other-bank", home, kind="legal_entity")
    yield Admission(party="other-bank", gate="central_bank", licence="bank", valid_from=LONG_AGO)
    yield Hold(party="held", kind="arrest", body="a court", reference="1", valid_from=LONG_AGO)
    yield Venue(venue="far-venue", country="QM", licence="foreign_provider", valid_from=LONG_AGO)
    yield Wallet(wallet=FAR, hosting="hosted", country="QM", valid_from=LONG_AGO)
    yield Wallet(wallet=NEAR, hosting="unhosted", party="anna", valid_from=LONG_AGO)
    yield WalletListing(wallet=TAINTED, status="included", body="the police", valid_from=LONG_AGO)


def rates(currency: str, start: date = date(2026, 8, 1), days: int = 120) -> RateFile:
    """Rates that move a little every day: a dollar is about 2, a bitcoin about 100,000 of the legal currency."""

    def series(base: str, whole: int) -> RateSeries:
        points = tuple((start + timedelta(days=n), f"{whole}.{1000 + n}") for n in range(days))
        return RateSeries("the exchange", base, currency, points)

    return RateFile(name="rates", series=(series("USD", 2), series("BTC", 100_000)))


def lists() -> ScreeningList:
    return ScreeningList(
        list="own",
        regime="national",
        publisher="the authority",
        version="1",
        published=date(2026, 1, 1),
        entries=(Listed(entry="1", parties=("listed",)),),
    )


@dataclass
class Town:
    """Everything a desk needs, and shorthand for what tests do all the time."""

    folder: Path
    law: str = "zz"
    licence: str = "crypto_bank"
    screened: bool = True
    clock: StandingClock = field(default_factory=StandingClock)

    def __post_init__(self) -> None:
        self.rulebook = rulebook_of(self.law)
        country = replace(load_country_defaults(law_folder(self.law)), required_lists=())  # the town names its own lists
        self.registers = Registers(country, clock=StandingClock())
        self.registers.record_defaults()
        written = self.registers.record(entries(self.registers.country.home, self.licence), "the town")
        assert not written.problems, written.problems
        assert not self.registers.record_rates(rates(self.rulebook.country.currency)).problems
        if self.screened:
            self.registers.record_list(lists(), "the authority")
        self.screen: Screen = screen_of(self.registers)

    @property
    def money(self) -> str:
        return self.rulebook.country.currency

    @property
    def book(self) -> Path:
        return self.folder / "town.book"

    @property
    def setting(self) -> Setting:
        return Setting(self.law, self.rulebook, self.registers, self.screen, OPERATOR)

    def desk(self) -> Desk:
        return open_desk(
            self.book,
            rulebook=self.rulebook,
            registers=self.registers,
            screen=self.screen,
            products=products(),
            operator=OPERATOR,
            clock=self.clock,
            name=self.book.stem,
        )

    def instruction(
        self, name: str, activity: str = "fiat_pay", party: str = "anna", amount: str = "10.00", **other: Any
    ) -> Instruction:
        """A payment from anna to boris, unless said otherwise."""
        asset = other.pop("asset", self.money if activity.endswith("pay") else "BTC")
        if activity == "fiat_pay":
            other = {"counterparty": "boris", **other}
        given = {"id": name, "at": DAY, "activity": activity, "party": party, "asset": asset, "amount": amount, **other}
        return msgspec.convert(given, Instruction)

    def funding(self) -> list[Instruction]:
        """Money from another bank and tokens from the chain for the first three clients, and a position of the institution."""
        made = []
        for name in ("anna", "boris", "cora"):
            made.append(self.instruction(f"money-{name}", party="other-bank", amount="100000.00", counterparty=name))
            made.append(
                self.instruction(
                    f"tokens-{name}", "token_transfer_in", name, "5", wallet=NEAR, declared={"travel_rule": "complete"}
                )
            )
        return made

    def open_funded(self) -> Desk:
        desk = self.desk()
        settled(desk.submit(self.funding()))
        return desk


def settled(answer: Answer) -> list[Receipt]:
    """Return the receipts of an answer in which everything was posted."""
    assert answer.problems == []
    assert [receipt.outcome for receipt in answer.receipts if receipt is not None] == ["posted"] * len(answer.receipts)
    return [receipt for receipt in answer.receipts if receipt is not None]


def only(answer: Answer) -> Receipt:
    """Return the single receipt of an answer without problems."""
    assert answer.problems == []
    (receipt,) = answer.receipts
    assert receipt is not None
    return receipt


def balances(desk: Desk) -> dict[tuple[str, str], int]:
    """Return balances by address and asset, without those that are zero."""
    return {(opening.address, opening.asset): balance for opening, balance in desk.positions() if balance}


__all__ = [
    "DAY", "FAR", "NEAR", "OPERATOR", "TAINTED", "Assumptions", "StandingClock", "Town", "balances", "only", "settled",
]  # fmt: skip

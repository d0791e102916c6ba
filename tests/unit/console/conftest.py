"""A market that never was, for looking at its pages: small, fixed, with every shape the console can show."""

from __future__ import annotations

import atexit
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from functools import cache
from hashlib import sha256
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import Any

import pytest
from tests.unit.console import drafted

from skarb.app import model as m
from skarb.app.alertmodel import AlertsView
from skarb.app.draftmodel import DraftsView
from skarb.app.market import MarketFile, create_market
from skarb.app.marketmining import MarketMining
from skarb.app.marketreserve import MarketReserve
from skarb.app.reservework import keep
from skarb.app.tally import Answered
from skarb.app.words import Spoken
from skarb.core.decision import Decision
from skarb.core.facts import Facts
from skarb.core.instruction import Instruction
from skarb.core.time import to_day
from skarb.simulate import market as make_market

NOW = datetime(2026, 10, 14, 9, 41, 7, tzinfo=UTC)
WALLET = "ETH:0x52908400098527886e0f7030069857d2e4169ee7"
ALES = m.Person(id="p-00007", name="Алесь Янкавіч Рамонкоў", personal=True, latin="Ales Yankavich Ramonkou")
ZOSIA = m.Person(id="p-00012", name="Зоська Адамаўна Вераская", personal=True, latin="Zoska Adamauna Veraskaia")
SHOP = m.Person(id="c-0004", name="ТАА «Пякарня Сіні Бусел»", personal=False)
BANK = m.Person(id="burshtyn", name="ЗАТ «Бурштын»", personal=False)
WALLET = "eth:0x52908400098527886e0f7030069857d2e4169ee7"


def digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()


PROVISIONS = {
    "BY-U367-2024/np-buy": ("Individuals buy tokens for money only through HTP residents", "Ukaz 367 of 2024", "refuse", "A"),
    "BY-U367-2024/p2p": ("No peer-to-peer deals for money between individuals", "Ukaz 367 of 2024", "refuse", "A"),
    "BY-U367-2024/np-swap": ("Token-for-token swaps by individuals remain allowed", "Ukaz 367 of 2024", "permit", "B"),
    "BY-U48-2022/reg-refuse": ("Refuse operations touching a listed address", "Ukaz 48 of 2022", "refuse", "B"),
    "BY-D8-2017/2.1": ("Legal entities act only through HTP residents", "Dekret 8 of 2017, 2.1", "permit", "A"),
    "BY-PAYLAW/token-not-money": ("Tokens are not a means of payment inside the country", "Civil Code 141", "refuse", "A"),
}


class FakeMarket:
    """Implements the protocol; remembers who looked at what."""

    def __init__(self, empty: bool = False) -> None:
        self.empty = empty
        self.past: m.PastView | None = None
        self.looks: list[tuple[str, str]] = []
        self.queue = AlertsView(alerts=(), transfers=0, disturbed=0, ranker="", bounds_met=0)
        self.tried: DraftsView = drafted.EMPTY if empty else drafted.DONE

    def clock(self) -> m.ClockView:
        return m.ClockView(
            now=NOW, zone="Europe/Minsk", country="BY", currency="BYN", currency_decimals=2, living=True,
            instructions=0 if self.empty else 67_981, edition=digest("edition"), simulated=True,
            past=self.past,
        )  # fmt: skip

    def books(self) -> tuple[m.BookView, ...]:
        if self.empty:
            return (self._book("burshtyn", "ЗАТ «Бурштын»", "crypto_bank", True, 0, 0, 0),)
        return (
            self._book("burshtyn", "ЗАТ «Бурштын»", "crypto_bank", True, 14_002, 611, 24),
            self._book("vetraz", "ААТ «Ветразь»", "crypto_bank", True, 3_140, 208, 3),
            self._book("kirmash", "ТАА «Лічбавы кірмаш»", "platform", False, 14_911, 402, 12),
            self._book("mianialnia", "ТАА «Мяняльня №7»", "exchanger", False, 7_902, 377, 0),
            self._book("azyorny", "ААБ «Азёрны»", "bank", False, 23_100, 341, 2),
        )

    def _book(self, name: str, title: str, licence: str, two: bool, permitted: int, refused: int, referred: int) -> m.BookView:
        holdings = (
            m.Holding(asset="BYN", clients="4182907.15", own="1204401.00"),
            m.Holding(asset="BTC", clients="12.40391", own="31.180221"),
            m.Holding(asset="ETH", clients="210.9031", own="-4.00212", other="12"),
            m.Holding(asset="USDT", clients="1803221.07", own="902113.5"),
        )
        return m.BookView(
            name=name, title=title, latin=title, path=f"market/books/{name}.book", licence=licence, needs_both_gates=two,
            regime_since=None if licence == "bank" else date(2026, 8, 5),
            register_since=date(2026, 8, 24) if two and name != "vetraz" else (date(2021, 1, 1) if licence == "bank" else None),
            permitted=permitted, refused=refused, referred=referred, not_posted=permitted // 90, accounts=permitted // 7,
            holdings=() if self.empty else holdings, height=0 if self.empty else 31, head=digest(name), recorded_at=NOW,
        )  # fmt: skip

    def decisions(self) -> tuple[m.ProvisionCount, ...]:
        if self.empty:
            return ()
        counts = (31_220, 1_190, 12_404, 214, 9_870, 91)
        found = [
            m.ProvisionCount(provision=key, title=title, citation=cites, verdict=effect, count=count, assumed=grade == "B")
            for (key, (title, cites, effect, grade)), count in zip(PROVISIONS.items(), counts, strict=True)
        ]
        found.append(m.ProvisionCount(provision="silence", title="The law is silent", citation="—", verdict="refer", count=41))
        return tuple(sorted(found, key=lambda one: -one.count))

    def flows(self) -> m.Flows:
        if self.empty:
            return m.Flows(days=())
        start = date(2026, 9, 14)
        days = tuple(
            m.FlowDay(
                day=start + timedelta(days=n), out=(41 + n * 37 % 60) * 210_000, returned=(12 + n * 53 % 31) * 190_000 if n else 0
            )
            for n in range(30)
        )
        venues = (
            m.VenueFlow(venue="Levant Coins", country="AE", out=191_002_000, returned=70_120_000),
            m.VenueFlow(venue="Golden Dock", country="HK", out=88_410_000, returned=41_330_000),
        )
        return m.Flows(days=days, venues=venues)

    def refusals(self, limit: int) -> tuple[m.Refusal, ...]:
        if self.empty:
            return ()
        kinds = (
            ("token_buy_fiat", "USDT", "1250.5", "BY-U367-2024/p2p", "reject", "An individual may not buy tokens from another person."),
            ("token_transfer_in", "BTC", "0.0412", "BY-U48-2022/reg-refuse", "quarantine", "The address is listed; what came from it is kept apart."),
            ("token_pay", "USDT", "14", "BY-PAYLAW/token-not-money", "reject", "Tokens are not a means of payment at home."),
            ("onboard", "BYN", "0", "BY-U367-2024/np-buy", "reject", "<b>Escape me</b> & be calm."),
        )  # fmt: skip
        return tuple(
            m.Refusal(
                place=m.Place(book="burshtyn", sequence=31, row=n), at=NOW - timedelta(minutes=7 * n), party=(ALES, ZOSIA, SHOP)[n % 3],
                activity=kind[0], asset=kind[1], amount=kind[2], provision=kind[3], title=PROVISIONS[kind[3]][0], measure=kind[4],
                says=kind[5], assumed=n % 4 == 1,
            )
            for n in range(min(limit, 9))
            for kind in (kinds[n % len(kinds)],)
        )  # fmt: skip

    def referrals(self, limit: int) -> tuple[m.Referral, ...]:
        if self.empty:
            return ()
        return tuple(
            m.Referral(
                place=m.Place(book="kirmash", sequence=30, row=n), at=NOW - timedelta(hours=3 + n), party=(ZOSIA, ALES)[n % 2],
                activity=("token_loan", "token_trade_settle")[n % 2], asset="USDT", amount="8400",
                provision=("silence", "BY-D8-2017/2.1")[n % 2], title="…", says="A person must decide.", entered_by="officer-1@kirmash",
            )
            for n in range(min(limit, 3))
        )  # fmt: skip

    def batches(self, book: str, limit: int, before: int | None = None) -> tuple[m.BatchLine, ...] | None:
        if book not in {one.name for one in self.books()}:
            return None
        if self.empty:
            return ()
        top = min(31, (before or 32) - 1)
        return tuple(
            m.BatchLine(sequence=n, recorded_at=NOW - timedelta(hours=31 - n), rows=40, head=digest(f"{book}{n}"))
            for n in range(top, max(0, top - limit), -1)
        )

    def batch(self, book: str, sequence: int) -> m.BatchView | None:
        if self.empty or not 1 <= sequence <= 31:
            return None
        rows = tuple(
            m.RowLine(
                row=n, id=f"burshtyn-261014-{n:06}", at=NOW, party=(ALES, SHOP, ZOSIA)[n % 3], activity="token_buy_fiat", asset="BTC",
                amount="0.0125", outcome=("posted", "refused", "referred", "not_posted")[n % 4], provision="BY-U367-2024/np-buy",
            )
            for n in range(12)
        )  # fmt: skip
        return m.BatchView(
            book=book, sequence=sequence, height=31, recorded_at=NOW, previous_head=digest(f"{book}{sequence - 1}"),
            head=digest(f"{book}{sequence}"), registers=digest("registers"), editions=(digest("edition"),), rows=rows,
        )  # fmt: skip

    def row(self, book: str, sequence: int, row: int) -> m.RowView | None:
        if self.batch(book, sequence) is None or row >= 12:
            return None
        instruction = Instruction(
            id="burshtyn-261014-000007", at=NOW, activity="token_transfer_out", party=ALES.id, asset="USDT", amount="1250.5",
            counterparty=SHOP.id, wallet=WALLET, purpose="rent for Зоська", declared={"wallet_hosting": "unhosted"}, entered_by="client",
        )  # fmt: skip
        facts = Facts(
            activity="token_transfer_out", day=to_day(NOW.date()), actor_kind="natural_person", actor_resident=True, actor_country="BY",
            actor_identified=True, actor_age=34, operator_licence="crypto_bank", operator_regime_resident=True, operator_registered=True,
            asset_class="cryptocurrency", value=381_527, value_usd=125_050, screening="clear",
        )  # fmt: skip
        title, cites, _, _ = PROVISIONS["BY-U48-2022/reg-refuse"]
        reasons = (
            m.Reason(
                provision="BY-U48-2022/reg-refuse", title=title, citation=cites, effect="refuse", decided=True, assumed=True,
                leaves=(
                    m.Leaf(text='operator_licence in ("crypto_bank", "platform")', truth=True, values=(("operator_licence", "crypto_bank"),)),
                    m.Leaf(text="wallet_listed", truth=True, values=(("wallet_listed", "true"),), depth=1),
                    m.Leaf(text="value >= report.special_np", truth=None, depth=1),
                ),
            ),
            m.Reason(provision="BY-D8-2017/2.1", title="Legal entities act only through HTP residents", citation="2.1", effect="permit",
                     decided=False, yields_to="BY-U48-2022/reg-refuse", leaves=(m.Leaf(text="actor_resident", truth=False),)),
            m.Reason(provision="BY-U367-2024/np-swap", title="Something else", citation="1", effect="define", decided=False),
        )  # fmt: skip
        transfers = (
            m.TransferLine(debit=f"client/{ALES.id}", credit=f"outside/{SHOP.id}", asset="USDT", amount="1250.5", result="ok"),
            m.TransferLine(debit="client/p-99999", credit="chain/eth", asset="USDT", amount="1", result="exceeds_credits"),
            m.TransferLine(debit="client/p-99999", credit=f"chain/{WALLET}", asset="USDT", amount="1", result="ok"),
        )
        return m.RowView(
            place=m.Place(book=book, sequence=sequence, row=row), height=31, outcome="refused", verdict="refuse", measure="quarantine",
            provision="BY-U48-2022/reg-refuse", title=title, citation=cites, says="The address is in the register of wallets used unlawfully.",
            duties=("BY-L165Z/7-special",), levy="", assumed=True, edition=digest("edition"), instruction=instruction, facts=facts,
            people=(ALES, SHOP), reasons=reasons, transfers=transfers, recorded_at=NOW, registers=digest("registers"),
            previous_head=digest("before"), head=digest("after"), verify=f"skarb verify {book} --batch {sequence}",
        )  # fmt: skip

    def provision(self, provision: str) -> m.ProvisionView | None:
        if provision not in PROVISIONS:
            return None
        title, cites, effect, grade = PROVISIONS[provision]
        return m.ProvisionView(
            id=provision, title=title, act="On the circulation of digital signs (tokens)", citation=cites, says="A sentence for the customer.",
            effect=effect, measure="reject", activities=("token_buy_fiat", "token_sell_fiat"),
            when='actor_kind == "natural_person" and not through_operator', needs="", in_force_from=date(2024, 9, 20), in_force_to=None,
            status="in_force", authority=("MNS", "MIA"), certainty="secondary_source", grade=grade, exception_of=(),
            exceptions=("BY-U367-2024/np-swap",), sources=("S11", "S12"), note="",
            parameters=(m.ParameterView(name="report.special_np", unit="base_unit", value="2000", since=date(2015, 1, 4), cites="BY-L165Z"),),
            counts=(("refuse", 1190),), latest=self.refusals(2),
        )  # fmt: skip

    def spoken(self, provision: str, language: str) -> Spoken | None:
        return None  # the pages show what the view says

    def drafts(self) -> DraftsView:
        return self.tried

    def report(self, draft: str, language: str) -> bytes | None:
        return f"<!doctype html><title>{language}</title>".encode() if draft == "abroad" else None

    def flow_part(self, language: str) -> str | None:
        return None if self.empty else f"<section><h2>{language}</h2><p>66 % &lt;never&gt; returned</p></section>"

    def flow_figures(self) -> dict[str, Any] | None:
        return None if self.empty else {"invested": 5, "returned": 3, "still_out": 2}

    def flow_report(self, language: str) -> bytes | None:
        return None if self.empty else f"<!doctype html><title>{language}</title>".encode()

    def alerts(self) -> AlertsView:
        return self.queue

    def alert(self, name: str) -> None:
        return None

    def mining(self) -> Any:
        return None if self.empty else mined().farm(NOW, self._known)

    def mining_surplus(self) -> Any:
        return None if self.empty else mined().surplus(NOW)

    def mining_plan(self, asked: Mapping[str, str]) -> Any:
        return None if self.empty else mined().plan(NOW, mined().question(NOW, asked))

    def mining_economics(self) -> Any:
        return None if self.empty else mined().economics()

    def mining_curtailment(self, day: str | None) -> Any:
        return None if self.empty else mined().curtailment(NOW, day)

    def mining_bills(self, bill: str | None) -> Any:
        return None if self.empty else kept().bills(bill, self._known)

    def mining_audit(self, month: str | None) -> Any:
        return None if self.empty else kept().audit(month, self._known)

    def reserve(self) -> Any:
        return None if self.empty else kept().reserve(self._known)

    def _known(self, party: str) -> m.Person:
        return m.Person(id=party, name=f"ТАА «{party}»", personal=False)

    def look(self, purpose: str, subject: str) -> None:
        self.looks.append((purpose, subject))


@cache
def mined() -> MarketMining:
    """The mining of a market of which every hour until now was paid, each in the same row."""
    farm = make_market(7, start=date(2026, 8, 1), people=20, companies=5, days=20, per_day=1).farm
    assert farm is not None
    found = MarketMining(farm, "by", "Europe/Minsk", Path("no-such-market"))
    for n in range((NOW.date() - farm.begins).days + 1):
        for book, instruction in farm.events(farm.begins + timedelta(days=n)):
            if instruction.at <= NOW:
                facts = Facts(activity=instruction.activity, day=to_day(NOW.date()))
                found.take([Answered(book, 31, 7, instruction, facts, Decision("permit", "BY-MINE/le"), "posted", ())])
    return found


@cache
def kept() -> MarketReserve:
    """The bills and the reserve of a market that began in September, on the morning of its fifth day."""
    folder = Path(mkdtemp(prefix="skarb-console-")) / "market"
    atexit.register(rmtree, folder.parent, ignore_errors=True)
    file = MarketFile(law="by", seed=7, start=date(2026, 9, 27), days=5, people=20, companies=5, per_day=1)
    create_market(folder, file)
    keep(folder, date(2026, 10, 2))
    miners = file.scenario().miners
    assert miners is not None
    return MarketReserve(folder, "by", "Europe/Minsk", miners, mined())


@pytest.fixture
def market() -> FakeMarket:
    return FakeMarket()


@pytest.fixture
def empty_market() -> FakeMarket:
    return FakeMarket(empty=True)

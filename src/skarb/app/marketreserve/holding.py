"""The reserve itself: what is held and where, what it is worth and risks, and which lots it came from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from functools import lru_cache

import msgspec

from skarb.app import reserve_report, reserve_risk, reserve_value
from skarb.app.custody.holdings import holdings
from skarb.app.custody.story import Story
from skarb.app.draftmodel import Progress
from skarb.app.marketreserve.kept import Kept, Known, lost, whole
from skarb.app.mining_tables import INPUTS, input_rows
from skarb.app.model import Person
from skarb.app.reserve_files import load
from skarb.app.reserve_policy import known, policy_of
from skarb.app.reservefiles import CLOSES, HOLDINGS, RATES, Stand, book_of, read_proof, read_stand, reserve_folder
from skarb.app.reservemodel import Held, KindSum, LotView, MonthSum, Proof, ReserveView
from skarb.core.time import from_day
from skarb.custody.model import Rule
from skarb.reserve.coverage import violation_days
from skarb.reserve.risk import forecast
from skarb.store import Damaged

WINDOW, TAIL, SHOWN_DAYS = 500, 0.01, 365


class Holding:
    """The reserve of a market, read once for each morning."""

    def __init__(self, kept: Kept) -> None:
        self._kept = kept
        self._of = lru_cache(maxsize=2)(self._read)

    def view(self, progress: Progress, person: Known) -> ReserveView:
        """Return what is held, what it is worth and risks, and where it came from."""
        stand = read_stand(self._kept.folder)
        if stand is None:
            return ReserveView(progress=progress)
        try:
            view, parties = self._of(stand)
        except Damaged as error:
            return ReserveView(progress=lost(error))
        lots = tuple(msgspec.structs.replace(one, miner=person(party)) for one, party in zip(view.lots, parties, strict=True))
        return msgspec.structs.replace(view, progress=progress, lots=lots)

    def _read(self, stand: Stand) -> tuple[ReserveView, tuple[str, ...]]:
        story, folder, book = self._kept.story(), reserve_folder(self._kept.folder), book_of(self._kept.folder)
        given = [folder / name for name in (CLOSES, RATES, HOLDINGS)]
        names = " ".join(map(str, given))
        likely = f"--window {WINDOW} --level {100 * (1 - TAIL):g} --horizon 1 --methods filtered"
        commands = {
            "holdings": f"skarb reserve holdings {book}",
            "value": f"skarb reserve value {names} --country {self._kept.law}",
            "risk": f"skarb reserve risk {names} --country {self._kept.law} {likely}",
            "lots": f"skarb reserve value {names} --country {self._kept.law} --lots",
            "bills": f"skarb reserve bills {book}",
            "verify": f"skarb reserve verify {book}",
        }
        assert story.policy is not None, "a book that is kept has begun"
        base = ReserveView(
            progress=Progress(),
            day=stand.day,
            since=stand.since,
            policy=story.policy_hash,
            holders=dict(Counter(one.role for one in story.policy.holders)),
            frozen=bool(story.freezings),
            held=tuple(Held(**one._asdict(), rules=_rules(story, one.place, one.asset)) for one in holdings(story)),
            coins_sat=story.lots.units("BTC"),
            money_minor=story.lots.units("BYN"),
            kinds=_kinds(story),
            months=_by_month(story),
            proof=self._proof(),
            commands=commands,
        )
        if not story.lots.left():
            return base, ()
        policy = policy_of(self._kept.law)
        with whole():
            files = load(given, policy)
        valued = reserve_value.value_of(files, policy, reserve_value.moment(None, policy, files))
        prices = files.prices()
        stake = reserve_risk.stake_of(files, policy, prices)
        (made,) = forecast(prices, WINDOW, [TAIL], ["filtered"], 1)
        curve, bound = reserve_report.band_of(prices, made, stake.reserve.coins_sat / 10**8, min(SHOWN_DAYS, len(made.days)))
        worth, least = dict(curve), dict(bound)
        cents, kopecks = valued.whole()
        risk = reserve_risk.risk_rows([made], stake)[0]
        inputs = input_rows(known([*valued.figures, *reserve_risk.risk_inputs(prices, stake, WINDOW, 0.94)]))
        lots, parties = self._lots(story, valued)
        return msgspec.structs.replace(
            base,
            cost_minor=valued.cost_kopecks,
            value_cents=cents,
            value_minor=kopecks,
            valued=tuple(_named(reserve_value.VALUE, row) for row in reserve_value.value_rows(valued)),
            risk=_named(reserve_risk.RISK, risk),
            value=tuple(curve),
            bound=tuple(bound),
            violations=tuple((float(day), worth[day], least[day]) for day in violation_days(made) if day in least),
            figures=tuple(_named(INPUTS, row) for row in inputs),
            lots=lots,
        ), parties

    def _lots(self, story: Story, valued: reserve_value.Valued) -> tuple[tuple[LotView, ...], tuple[str, ...]]:
        """Return what is left of each lot, newest first, and whose it was."""
        found, parties = [], []
        for one in reversed(valued.lots):
            lot, came = one.lot, story.inflows.get(one.lot.lot)
            month, _, rest = lot.lot.partition("/")
            site, _, line = rest.partition("/")
            found.append(
                LotView(
                    lot=lot.lot,
                    bill=f"{month}/{site}" if came is not None else "",
                    line=line,
                    day=from_day(lot.day),
                    kind=came.line.kind if came is not None else "sale",
                    miner=Person(id="", name="", personal=False),
                    asset=lot.asset,
                    units=lot.units,
                    cost_minor=lot.cost_kopecks,
                    value_cents=one.cents,
                    value_minor=one.kopecks,
                    where=story.where.get(f"inflow:{lot.lot}", ""),
                )
            )
            parties.append(came.line.miner if came is not None else "")
        return tuple(found), tuple(parties)

    def _proof(self) -> Proof | None:
        """Return the last publication of what is owed."""
        with whole():
            found = read_proof(self._kept.folder)
        if found is None:
            return None
        said, folder = found.statement, reserve_folder(self._kept.folder)
        return Proof(
            at=said.at,
            key=said.head.statement.key,
            totals=tuple((one.asset, int(one.count), str(one.total), one.root) for one in said.totals),
            command=f"skarb reserve check-proof {folder / 'owed.json'} --public {folder / 'owed.key.pub'}",
        )


def _rules(story: Story, place: str, asset: str) -> tuple[Rule, ...]:
    found = story.policy.place(place) if story.policy is not None else None
    return () if found is None else tuple(one for one in found.rules if one.asset == asset)


def _kinds(story: Story) -> tuple[KindSum, ...]:
    sums: dict[tuple[str, str], list[int]] = {}
    for one in story.inflows.values():
        row = sums.setdefault((one.line.kind, one.line.asset), [0, 0, 0])
        for place, value in enumerate((1, one.line.units, one.worth.cost_byn)):
            row[place] += value
    return tuple(
        KindSum(kind=kind, asset=asset, lines=lines, units=units, cost_minor=cost)
        for (kind, asset), (lines, units, cost) in sorted(sums.items())
    )


def _by_month(story: Story) -> tuple[MonthSum, ...]:
    sums: dict[str, dict[str, int]] = {}
    for one in story.inflows.values():
        row = sums.setdefault(one.line.day[:7], {"BTC": 0, "BYN": 0})
        row[one.line.asset] += one.line.units
    return tuple(MonthSum(month=month, sat=row["BTC"], minor=row["BYN"]) for month, row in sorted(sums.items()))


def _named(columns: Iterable[str], row: Iterable[object]) -> dict[str, str]:
    return {name: "" if value is None else str(value) for name, value in zip(columns, row, strict=True)}

"""Rule engines, measured on the same rulebook and the same facts in the same run, with the wrong answers of each.

Thirteen provisions in `rulebook/`, random facts from a seed. The right answer is that of a plain walk over the checked tree, which
shares nothing with the compiled function. Peers name only the deciding provision; Skarb's function does the same here. Whole files are measured by
`columns`.
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import msgspec

from skarb.bench import columns
from skarb.bench.machine import machine
from skarb.bench.peers import conditions, peers
from skarb.core.activity import Activity
from skarb.core.facts import Facts
from skarb.core.time import parse_day
from skarb.rulebook import Edition, load
from skarb.rulebook.tree import truth

RULEBOOK = Path(__file__).with_name("rulebook")
RUNS = 5
_ACTIVITIES: tuple[Activity, ...] = ("token_buy_fiat", "token_sell_fiat", "token_transfer_out", "token_transfer_in", "mine")
_FROM, _TO = parse_day("2024-01-01"), parse_day("2026-12-31")


def bench(rows: int = 3000, seconds: float = 1.0) -> dict[str, object]:
    """Return decisions per second of each engine, how many times slower than Skarb it is, and its wrong answers; then whole files."""
    edition = load(RULEBOOK).edition(_TO)
    facts = [_facts(random.Random(number)) for number in range(rows)]
    right = [_walk(edition, one) for one in facts]
    places = {
        edition.outcomes.index(one): place
        for place, name in enumerate(edition.order, 1)
        for one in edition.outcomes
        if one.provision == name
    }
    fast = _rate(edition.decide, facts * 20, seconds)
    figures: dict[str, object] = {
        "provisions": len(edition.order),
        "rows": rows,
        "skarb_decide_per_s": fast,
        "skarb_wrong": sum(places.get(edition.decide(one), 0) != expected for one, expected in zip(facts, right, strict=True)),
    }
    needed = _needed(edition)
    for peer in peers(edition):
        inputs = [peer.prepare({name: getattr(one, name) for name in needed}) for one in facts]
        rate = _rate(peer.answer, inputs, seconds)
        wrong = sum(peer.answer(one) != expected for one, expected in zip(inputs, right, strict=True))
        figures[peer.name] = {"version": peer.version, "per_s": rate, "times_slower": fast / rate, "wrong": wrong}
    return figures | {"columns": columns.bench(), "machine": machine()}


def _facts(rng: random.Random) -> Facts:
    """Return facts of which a good part breaks one provision or another."""
    pick = rng.choice
    return Facts(
        activity=pick(_ACTIVITIES),
        day=rng.randint(_FROM, _TO),
        actor_kind=pick(("natural_person", "legal_entity", "sole_proprietor")),
        actor_country=pick(("ZB", "PL", "DE", "LT", "KZ", "GE", "KP" if rng.random() < 0.2 else "FR")),
        actor_identified=rng.random() < 0.97,
        actor_age=pick((None, 19, 25, 40, 60)),
        operator_licence=pick(("platform", "crypto_bank", "broker", "none" if rng.random() < 0.2 else "exchanger")),
        operator_registered=rng.random() < 0.6,
        counterparty_kind=pick(("legal_entity", "natural_person")),
        venue_licence=pick(("none", "platform", "none", "foreign_provider")),
        venue_country=pick(("ZB", "ZB", "HK")),
        value_usd=pick((None, rng.randint(1, 200_000), rng.randint(1, 20_000_000))),
        wallet_hosting=pick(("none", "hosted", "unhosted")),
        screening=pick(("clear",) * 18 + ("possible", "listed")),
        travel_rule=pick(("complete", "complete", "not_required", "incomplete")),
    )


def _walk(edition: Edition, facts: Facts) -> int:
    for number, node in enumerate(conditions(edition), 1):
        if truth(node, facts):
            return number
    return len(edition.order)


def _needed(edition: Edition) -> tuple[str, ...]:
    """Return the fields that the rulebook looks at; peers are given no others."""
    text = " ".join(msgspec.json.decode(edition.normal)["provisions"][name].get("when") or "" for name in edition.order)
    return tuple(name for name in Facts.__struct_fields__ if name in text)


def _rate(answer: Callable[[Any], object], inputs: Iterable[Any], seconds: float) -> float:
    """Return answers per second: the median of several runs over the inputs, or as many of them as fit into the time."""
    given = list(inputs)
    rates = []
    for _ in range(RUNS):
        done, started = 0, time.perf_counter()
        for one in given:
            answer(one)
            done += 1
            if done & 63 == 0 and time.perf_counter() - started > seconds / RUNS:
                break
        rates.append(done / (time.perf_counter() - started))
    return statistics.median(rates)

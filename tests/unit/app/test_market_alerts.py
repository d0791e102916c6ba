"""The queue of a market: told at once, never more than is known, and watched in nobody's way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from threading import Event
from typing import Any

import pytest

from skarb.app import marketalerts
from skarb.app.alerts import Findings, find
from skarb.app.marketalerts import MarketAlerts
from skarb.app.model import Person
from skarb.app.tally import Answered
from skarb.core.decision import Decision
from skarb.core.errors import NotFound
from skarb.core.facts import Facts
from skarb.core.time import to_day
from skarb.simulate import market


@pytest.fixture(scope="module")
def rows() -> list[Answered]:
    """What was posted in a town that has schemes in it."""
    events = market(3, start=date(2026, 11, 6), people=120, companies=6, days=9, per_day=60).events()
    return [
        Answered(
            one.book, 1, number, one.instruction,
            Facts(activity=one.instruction.activity, day=to_day(one.instruction.at.date())),
            Decision("permit", "BY-D8-2017/2.1"), "posted", (),
        )
        for number, one in enumerate(events)
    ]  # fmt: skip


@pytest.fixture
def alerts() -> MarketAlerts:
    return MarketAlerts("by", "BYN", lambda code: 18)


def person(party: str) -> Person:
    return Person(id=party, name=party, personal=False)


class Gate:
    """Stands in the way of a watch until it is opened, and counts who came."""

    def __init__(self, then: Callable[..., Findings] = find) -> None:
        self.then, self.came, self.kinds = then, 0, set[object]()
        self.open = Event()

    def __call__(self, *given: Any, **named: Any) -> Findings:
        self.came += 1
        self.kinds.add(named["kind"])
        assert self.open.wait(60)
        return self.then(*given, **named)


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    """Every watch of more than nothing is a long one, and goes on when the gate is opened."""
    found = Gate()
    monkeypatch.setattr(marketalerts, "find", found)
    monkeypatch.setattr(marketalerts, "AT_ONCE", 0)
    monkeypatch.setattr(marketalerts, "_AGAIN_S", 0)
    monkeypatch.setattr(marketalerts, "_SHARE", 0)
    monkeypatch.delenv("SKARB_KERNEL", raising=False)
    yield found
    found.open.set()


def test_few_rows_are_watched_before_the_answer(alerts: MarketAlerts, rows: list[Answered]) -> None:
    nothing = alerts.queue()
    assert not nothing.alerts and not nothing.waiting and not nothing.watched
    alerts.take(rows)
    queue = alerts.queue()
    assert queue.alerts and (queue.watched, queue.unwatched, queue.problem) == (len(rows), 0, "")
    found = alerts.alert(queue.alerts[0].id, person)
    assert found is not None and found.line == queue.alerts[0]
    alerts.take(rows[:7])
    soon = alerts.queue()  # it is too early to watch again, and said so
    assert (soon.alerts, soon.watched, soon.unwatched) == (queue.alerts, len(rows), 7)


def test_nobody_waits_for_a_long_watch_and_there_is_one_at_a_time(alerts: MarketAlerts, rows: list[Answered], gate: Gate) -> None:
    half = len(rows) // 2
    alerts.take(rows[:half])
    for _ in range(3):
        queue = alerts.queue()
        assert queue.waiting and not queue.alerts and (queue.watched, queue.unwatched) == (0, half)
    alerts.take(rows[half:])
    assert alerts.queue().unwatched == len(rows)
    gate.open.set()
    alerts.wait()
    assert gate.came == 1 and gate.kinds == {"python"}  # a compiler would take longer than it saves
    gate.open.clear()
    first = alerts.queue()  # what came while it was watched is told as not watched, and is watched now
    assert not first.waiting and (first.watched, first.unwatched) == (half, len(rows) - half)
    assert all(alerts.alert(one.id, person) for one in first.alerts)
    assert alerts.queue() == first
    gate.open.set()
    alerts.wait()
    last = alerts.queue()
    assert gate.came == 2 and (last.watched, last.unwatched) == (len(rows), 0) and last.alerts
    assert alerts.queue() == last and gate.came == 2  # nothing is new


def test_a_queue_does_not_depend_on_when_it_was_asked_for(alerts: MarketAlerts, rows: list[Answered], gate: Gate) -> None:
    gate.open.set()
    for begin in range(0, len(rows), 100):
        alerts.take(rows[begin : begin + 100])
        alerts.queue()
        alerts.wait()
    at_once = MarketAlerts("by", "BYN", lambda code: 18)
    at_once.take(rows)
    at_once.queue()
    at_once.wait()
    assert alerts.queue() == at_once.queue()


def test_a_watch_that_breaks_off_is_told_and_tried_again(alerts: MarketAlerts, rows: list[Answered], gate: Gate) -> None:
    def broken(*given: Any, **named: Any) -> Findings:
        raise NotFound("no typologies")

    gate.open.set()
    gate.then = broken
    alerts.take(rows)
    alerts.queue()
    alerts.wait()
    gate.open.clear()
    told = alerts.queue()
    assert told.problem == "no typologies" and told.waiting
    gate.then = find
    gate.open.set()
    alerts.wait()
    assert not alerts.queue().problem and alerts.queue().alerts and gate.came == 2

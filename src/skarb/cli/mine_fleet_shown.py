"""What `skarb mine fleet` shows: every machine for programs; for people sums of each site, and only the machines that need a look."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args

from rich.markup import escape

from skarb.app.fleet import Told, Wave, targets_here
from skarb.cli.output import Format, err, out, table, write_rows
from skarb.core.counted import counted
from skarb.core.errors import shorten
from skarb.fleet import Answer, Device, differences
from skarb.fleet.model import Word
from skarb.grid.curtail import Order

POLL = (
    "site", "id", "host", "answer", "reason", "model", "firmware", "state",
    "hashrate_gh_s", "said_w", "temperature_c", "uptime_s", "errors", "differs",
)  # fmt: skip
TOLD = ("at", "site", "id", "host", "priority", "rated_w", "task", "answer", "reason", "said_w", "answered")
_SHOWN = 40  # machines on a terminal
_WORDS: tuple[str, ...] = get_args(Word)


def poll_rows(devices: Sequence[Device], answers: Sequence[Answer]) -> list[tuple[Any, ...]]:
    """Return a row for each registered machine, and for each address where somebody answers whom nobody registered."""
    rows = []
    for device, answer in zip(devices, answers, strict=True):
        if not device.id and answer.word == "unreachable":
            continue
        differs = differences(device, answer) if device.id else ("unregistered: nobody registered a machine here",)
        seen = answer.seen
        said = (
            (
                seen.model,
                seen.firmware,
                seen.state,
                seen.hashrate_gh_s,
                seen.said_w,
                seen.temperature_c,
                seen.uptime_s,
                "; ".join(seen.errors),
            )
            if seen
            else (None,) * 8
        )
        rows.append((device.site, device.id, device.host, answer.word, answer.reason, *said, "; ".join(differs)))
    return rows


def show_poll(devices: Sequence[Device], rows: Sequence[tuple[Any, ...]], form: Format, output: Path | None) -> int:
    """Show what machines say; returns how many of them need a look."""
    named = [dict(zip(POLL, row, strict=True)) for row in rows]
    look = [one for one in named if one["answer"] != "ok" or one["differs"] or one["errors"]]
    if form != "table":
        write_rows(POLL, rows, form, output)
    else:
        sums = []
        for site in dict.fromkeys(one["site"] for one in named):
            here = [one for one in named if one["site"] == site]
            registered = [one for one in devices if one.site == site and one.id]
            states = Counter(one["state"] for one in here)
            fast = f"{sum(one['hashrate_gh_s'] or 0 for one in here) / 1000:,.0f} of {sum(one.expected_gh_s for one in registered) / 1000:,.0f}"
            power = (
                f"{sum(one['said_w'] or 0 for one in here) / 1000:,.1f} of {sum(one.rated_w for one in registered) / 1000:,.1f}"
            )
            sums.append(
                (
                    site,
                    len(registered),
                    sum(one["answer"] == "ok" for one in here),
                    states["hashing"],
                    states["idle"],
                    fast,
                    power,
                )
            )
        out.print(
            table(("site", "registered", "answered", "hashing", "idle", "TH/s", "kW said"), sums, "Machines by their own word")
        )
        if look:
            body = [
                (
                    one["site"],
                    one["id"],
                    one["host"],
                    one["answer"],
                    "; ".join(filter(None, (one["reason"], one["differs"], one["errors"]))),
                )
                for one in look
            ]
            out.print(table(("site", "id", "host", "answer", "what"), body[:_SHOWN], "To be looked at"))
            _tell_more(body)
    _count(Counter(one["answer"] for one in named), f"; {len(look):,} to be looked at")
    return len(look)


def show_told(waves: Sequence[Wave], told: Sequence[Told], form: Format, output: Path | None, order: Order) -> None:
    """Show what machines will be told, or were."""
    answers = {(one.task, one.device.id): one for one in told}
    title = f"Order {order.id}" + ("" if told else ", nobody was told")
    if form == "table":
        sums = []
        for wave in waves:
            for site in dict.fromkeys(one.site for one in wave.devices):
                here = [one for one in wave.devices if one.site == site]
                words: Counter[str] = Counter(
                    answers[wave.task, one.id].answer.word for one in here if (wave.task, one.id) in answers
                )
                sums.append(
                    (
                        wave.at.isoformat(),
                        site,
                        wave.task,
                        len(here),
                        sum(one.rated_w for one in here),
                        *(words[one] for one in _WORDS),
                    )
                )
        out.print(table(("at", "site", "task", "machines", "rated_w", *_WORDS), sums, title))
        if body := [
            (one.device.site, one.device.id, one.device.host, one.task, one.answer.word, one.answer.reason)
            for one in told
            if one.answer.word != "ok"
        ]:
            out.print(table(("site", "id", "host", "task", "answer", "reason"), body[:_SHOWN], "Did not acknowledge"))
            _tell_more(body)
        return
    rows: list[tuple[Any, ...]] = []
    for wave in waves:
        for device in wave.devices:
            one = answers.get((wave.task, device.id))
            said = one.answer.seen.said_w if one and one.answer.seen else None
            answered = (one.answer.word, one.answer.reason, said, one.at.isoformat()) if one else (None,) * 4
            rows.append(
                (wave.at.isoformat(), device.site, device.id, device.host, device.priority, device.rated_w, wave.task, *answered)
            )
    write_rows(TOLD, rows, form, output)


def tell_targets(order: Order, devices: Sequence[Device], wave: Wave, asleep_w: int) -> None:
    """Say for each site what the order wants and what sleep gives, and where that cannot be enough."""
    here = targets_here(order, devices)
    for target in here:
        site = [one for one in devices if one.site == target.site]
        rated = sum(one.rated_w for one in site)
        asleep = sum(one.rated_w for one in wave.devices if one.site == target.site)
        name = escape(target.site)
        err.print(f"[dim]· {name}: at most {target.most_w:,} W; name plates of {rated:,} W, of which {asleep:,} W sleep[/]")
        if (still := len(site) * asleep_w) > target.most_w:
            err.print(
                f"[yellow]· {name}: {counted(len(site), 'sleeping machine')} at about {still:,} W still; sleep alone cannot keep this order[/]"
            )
        if abs(rated - target.rated_w) * 10 > target.rated_w:
            err.print(
                f"[yellow]· {name}: the order knows a site of {target.rated_w:,} W, the register machines of {rated:,} W; "
                "what is not registered is not told[/]"
            )
    if missing := [one.site for one in order.targets if one not in here]:
        err.print(f"[yellow]· no machine is registered at {escape(shorten(', '.join(missing)))}; nobody there is told[/]")


def tell_answers(told: Sequence[Told]) -> int:
    """Say how many acknowledged; returns the exit code."""
    counts = Counter(one.answer.word for one in told)
    _count(counts, "; only the meter proves it: skarb mine curtail verify")
    return 9 if counts["ok"] < len(told) else 0


def _tell_more(rows: Sequence[object]) -> None:
    if len(rows) > _SHOWN:
        out.print(f"… and {counted(len(rows) - _SHOWN, 'machine')} more; --output FILE has them all.\n")


def _count(counts: Counter[Any], more: str) -> None:
    words = ", ".join(f"{counts[word]:,} {word}" for word in _WORDS if counts[word]) or "nobody"
    err.print(f"[dim]· {words}{more}[/]")

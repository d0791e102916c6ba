"""`skarb up`: a living market on this machine."""

from __future__ import annotations

import os
import sys
import threading
import time
import webbrowser
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.markup import escape

from skarb.app.beside import Beside, Replay
from skarb.app.draftmodel import Progress
from skarb.app.drafts import draft_folders
from skarb.app.files import now
from skarb.app.market import Market, MarketFile, Step, create_market
from skarb.app.miningfiles import give_files
from skarb.app.miningwork import mining_beside
from skarb.app.reservework import keep, reserve_beside
from skarb.cli.market_summary import print_market
from skarb.cli.output import err, out, progress
from skarb.core.compiled import be_patient
from skarb.core.counted import counted
from skarb.core.errors import InputError, NotFound

BEAT_SECONDS = 1.0  # of the visitor's time for a few minutes of the market's
CHEAP_ROWS = 5_000  # up to here --once replays the drafts, too


def up(
    *,
    market: Path = Path("market"),
    once: bool = False,
    law: str = "by",
    seed: int = 2026,
    days: int = 30,
    people: int = 2000,
    companies: int = 150,
    per_day: int = 2000,
    host: str = "127.0.0.1",
    port: int = 8080,
    browser: bool = True,
    chain: Annotated[list[Path] | None, Parameter(negative=())] = None,
) -> None:
    """Start a living market: institutions, clients, a supervisor's console in the browser.

    The first start makes a simulated market from a seed. While you watch its past happens: every instruction is decided, posted and journalled
    for real. Then the present goes on, a few minutes each second, until Ctrl-C. The next start goes on where it stopped. Beside it the market's
    drafts of law are replayed over its past; the page shows what they would have changed. A mining farm
    follows what the country's power system leaves over; it and smaller miners are billed for each month that is over, and a reserve
    has its share of it.

    Everybody and everything in it is made up.

    Parameters
    ----------
    market
        The folder of the market; made when it does not exist.
    once
        Let the past happen, print a summary, and leave.
    law
        The country whose law applies.
    seed
        The same seed and numbers give the same market.
    days
        Length of the past.
    people
        How many people there are.
    companies
        How many companies.
    per_day
        Instructions on a working day.
    host
        Address to listen on; the console has no log-in, so keep it on this machine.
    port
        Port to listen on.
    browser
        Open the page in the browser when started by hand on a machine with a screen.
    chain
        Files or folders of the real chain (as of `skarb mine`), from which the pages on mining tell its past; without them it is made up.
    """
    for path in chain or ():
        if not path.exists():
            raise NotFound(f"--chain: {path}: there is no such file or folder")
    if not (market / "market.yaml").exists():
        start = _first_day(days)
        create_market(
            market, MarketFile(law=law, seed=seed, start=start, days=days, people=people, companies=companies, per_day=per_day)
        )
        err.print(f"A new market in {market}/: seed {seed}, {counted(days, 'day')} from {start}", highlight=False)
    give_files(market, chain or [])
    with progress("Opening the books") as step:
        running = Market(market, step)
    for words in running.screen.eased:
        err.print(f"[dim]· {escape(words)}[/]", highlight=False)
    with running:
        if once:
            with progress("Living through the past") as stride:
                _fill(running, stride)
            print_market(running, out)
            out.print(_tried(running), markup=False, highlight=False, soft_wrap=True)
            out.print(_received(running), markup=False, highlight=False, soft_wrap=True)
            return
        _serve(running, host, port, browser and sys.stdout.isatty() and _has_screen(os.environ, sys.platform))
    out.print("Closed; the books are sealed.")


def _fill(running: Market, step: Step | None = None, stopped: Callable[[], bool] = bool) -> None:
    """Let the past happen and say what it came to."""
    started = time.perf_counter()
    fresh = running.fill(step, stopped)
    if fresh and not stopped():
        took = time.perf_counter() - started
        err.print(f"{counted(fresh, 'instruction')} of the past decided, posted and journalled in {took:.1f} s", highlight=False)


def _tried(running: Market) -> str:
    """Replay the drafts where that is soon done, and say in a line what became of them."""
    drafts, rows = len(draft_folders(running.folder)), running.view.clock().instructions
    if not drafts:
        return "· no drafts to replay"
    if not 0 < rows <= CHEAP_ROWS:
        return f"· {counted(drafts, 'draft')} not replayed over {counted(rows, 'row')}; without --once that happens beside the market"
    from skarb.app.draftwork import replay_drafts

    try:
        with progress("Replaying the drafts") as step:
            answered = replay_drafts(running.folder, lambda stage, subject: step(0, None, f"{stage} {subject}"))
    except Exception as error:  # the market is whole without it
        return f"· drafts not replayed: {error}"
    return f"· {answered} of {counted(drafts, 'draft')} replayed over {counted(rows, 'row')}; the page shows what they would have changed"


def _received(running: Market) -> str:
    """Bill the miners for the months that are over, and say in a line what the reserve has of it."""
    kept = running.view.kept
    if kept is None:
        return "· no miners to bill"
    try:
        with progress("Billing the miners"):
            keep(running.folder, kept.today(running.now))
    except Exception as error:  # the market is whole without it
        return f"· miners not billed: {error}"
    return kept.line()


def _first_day(days: int) -> date:
    """Return the start of a past that ends today, but not before there are crypto banks to look at."""
    if days < 0:
        raise InputError(f"--days: given {days}, expected 0 or more")
    return max(now().date() - timedelta(days=days), date(2026, 9, 1))


def _serve(running: Market, host: str, port: int, browser: bool) -> None:
    """Show the market and let the present happen until somebody stops it."""
    stop = threading.Event()
    drafts = _replay_beside(running)  # first of all, as it takes longest
    beside: list[Beside] = [*drafts]
    failure: list[BaseException] = []

    def live() -> None:
        try:
            beside.extend(_mine_beside(running))
            _fill(running, stopped=stop.is_set)
            if not stop.is_set():
                for one in drafts:
                    one.begin()
                running.view.alerts()  # the first watch begins before somebody asks for it
                beside.extend(_bill_beside(running))
            for _ in () if stop.is_set() else running.live():
                if running.view.kept is not None and running.view.kept.wants(running.now):
                    beside.extend(_bill_beside(running))
                if stop.wait(BEAT_SECONDS):
                    return
        except BaseException as error:  # it is raised again below, when the page has been closed
            failure.append(error)
            stop.set()

    from skarb.console.serve import serve

    writer = threading.Thread(target=live, name="skarb-market")
    writer.start()
    try:
        serve(running.view, host, port, ready=partial(_say_ready, browser), stop=stop)
    finally:
        stop.set()
        writer.join()
        for one in beside:
            one.stop()
        be_patient(False)
    if failure:
        raise failure[0]


def _replay_beside(running: Market) -> list[Replay]:
    """Begin what leads to the replay of the drafts, if there are any; whatever becomes of that, the market goes on."""

    def learn(told: Progress) -> None:
        be_patient(False)  # kernels are compiled, or nobody compiles them there
        running.view.replaying = told
        if told.stage == "failed":
            err.print(f"[yellow]The drafts were not replayed:[/] {escape(told.subject)}", highlight=False)
        if told.stage == "done":
            err.print("The drafts are replayed; the page shows what they would have changed.")

    if not draft_folders(running.folder):
        running.view.replaying = Progress(stage="done")
        return []
    running.view.replaying = Progress(stage="past")
    be_patient()
    try:
        return [Replay(running.folder, learn)]
    except Exception as error:
        learn(Progress(stage="failed", subject=str(error)))
        return []


def _mine_beside(running: Market) -> list[Beside]:
    """Begin to make the slow answers about mining; whatever becomes of that, the market goes on."""
    mined = running.view.mined
    if mined is None:
        return []

    def learn(told: Progress) -> None:
        mined.progress = told
        if told.stage == "failed":
            err.print(f"[yellow]Scenarios of mining were not made:[/] {escape(told.subject)}", highlight=False)

    try:
        return [Beside(running.folder, learn, mining_beside)]
    except Exception as error:
        learn(Progress(stage="failed", subject=str(error)))
        return []


def _bill_beside(running: Market) -> list[Beside]:
    """Begin to bill the miners up to this morning of the market; whatever becomes of that, the market goes on."""
    kept = running.view.kept
    if kept is None:
        return []

    def learn(told: Progress) -> None:
        kept.learn(told)
        if told.stage == "failed":
            err.print(f"[yellow]The miners were not billed:[/] {escape(told.subject)}", highlight=False)

    kept.asked, kept.busy = kept.today(running.now), True
    try:
        return [Beside(running.folder, learn, partial(reserve_beside, until=kept.asked))]
    except Exception as error:
        learn(Progress(stage="failed", subject=str(error)))
        return []


def _has_screen(environment: Mapping[str, str], platform: str) -> bool:
    """Return whether a browser would open before the eyes of who started this, and not far away or as text in the terminal."""
    if "SSH_CONNECTION" in environment:
        return False
    return platform in ("darwin", "win32") or any(environment.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))


def _say_ready(browser: bool, address: str) -> None:
    err.print("The first weeks pass while you watch; then a few minutes of the market pass each second.")
    out.print(f"[bold green]The market is open:[/] [link={address}]{address}[/link]   (Ctrl-C closes it)", highlight=False)
    if browser:  # in a thread, as some browsers keep who opens them waiting, and the page is served meanwhile
        threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()

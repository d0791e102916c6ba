"""What bills, audits and the reserve share: the folder of a market in which they are kept, and how it is read.

What lies there was written by the market itself, so whatever of it cannot be read is damaged, and the page says so in place of figures.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from skarb.app.custody.keep import tell
from skarb.app.custody.story import Story
from skarb.app.draftmodel import Progress
from skarb.app.files import now as real_now
from skarb.app.model import Person
from skarb.app.reservefiles import book_of, entries_file, month_folder
from skarb.app.reservemodel import MinedSite
from skarb.core.errors import InputError, SkarbError, shorten
from skarb.simulate.miners import Miners
from skarb.store import Damaged

Known = Callable[[str], Person]


@dataclass(frozen=True)
class Kept:
    """A market's folder, its law and its miners."""

    folder: Path
    law: str
    miners: Miners

    def story(self) -> Story:
        """Return everything that happened in the reserve."""
        with whole():
            return tell(book_of(self.folder), real_now)

    def sites(self, person: Known) -> tuple[MinedSite, ...]:
        """Return all sites in order, each with who mines there."""
        titles = self.miners.titles
        return tuple(
            MinedSite(site=site, title=titles[site], miner=person(party)) for site, party in sorted(self.miners.parties.items())
        )

    def command(self, verb: str, month: str, more: str = "") -> str:
        """Return the command that makes the bills or the audit of a month again."""
        folder = month_folder(self.folder, month)
        given = [f"--payouts {folder / 'payouts.csv'}", f"--prices {folder / 'prices.csv'}"]
        given.append(f"--schedule {folder / 'schedule.csv'}" if verb == "bill" else f"--network {folder / 'network.csv'}")
        entries = entries_file(self.folder)
        law = [f"--law {self.law} --of {self.folder}", *([f"--entries {entries}"] if entries.is_file() else [])]
        return " ".join([f"skarb mine {verb} {month} {folder / 'meters.csv'}", *law, *given, *([more] if more else [])])


@contextmanager
def whole() -> Iterator[None]:
    """Whatever cannot be read of what was kept is damaged, and told as that."""
    try:
        yield
    except (SkarbError, OSError, msgspec.MsgspecError) as error:
        raise Damaged(str(error)) from None


def lost(error: Damaged) -> Progress:
    """Return damage as the stage at which everything stands."""
    return Progress(stage="failed", subject=str(error))


def must_be_none(asked: str | None, field: str) -> None:
    """Refuse a name for something where there is nothing yet."""
    if asked is not None:
        raise InputError(f"{field}: given {shorten(asked)!r}, expected none; nothing was billed yet")

"""The work behind the drafts of a market: its books become feeds, the feeds a lake, and every draft is replayed over it.

Nothing is done twice: feeds and lake take what is new, and a draft is replayed again only when it or the lake has changed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import msgspec

from skarb import __version__
from skarb.app.draftanswer import answer_of
from skarb.app.draftmodel import DraftAnswer, Stage
from skarb.app.drafts import ANSWER, PROBLEM, answer_folder, draft_folders, read_answer, report_path
from skarb.app.feed import feed
from skarb.app.flowwork import follow_flows
from skarb.app.keys import make_key, public_path
from skarb.app.lake import add
from skarb.app.law import draft_of
from skarb.app.market import BOOK_SUFFIX, read_market_file
from skarb.app.replay import Asked, ask
from skarb.core.errors import SkarbError
from skarb.reporting.replay import page
from skarb.reporting.words import LANGUAGES

Tell = Callable[[Stage, str], None]


def replay_drafts(market: Path, tell: Tell) -> int:
    """Replay the drafts of a market over its books and follow its money abroad; return how many drafts have an answer now.

    A draft that cannot be read, or not replayed, gets its problem written down beside the others' answers.
    Raises: NotFound if there is no market; SkarbError if its books cannot be brought into the lake.
    """
    folders = draft_folders(market)
    if not folders:
        return 0
    law, heights = read_market_file(market).law, take_in(market, tell)
    (market / "answers").mkdir(exist_ok=True)
    answered = 0
    for number, folder in enumerate(folders, 1):
        tell("replaying", f"{folder.name} {number}/{len(folders)}")
        own = answer_folder(market, folder.name)
        own.mkdir(exist_ok=True)
        try:
            _answer(market, law, folder, heights)
        except SkarbError as error:
            _write(own / PROBLEM, str(error).encode())
        else:
            (own / PROBLEM).unlink(missing_ok=True)
            answered += 1
    tell("following", "")
    follow_flows(market, law, heights)
    return answered


def take_in(market: Path, tell: Tell = lambda stage, subject: None, until: Callable[[], bool] = bool) -> dict[str, int]:
    """Bring the lake up to the books, and return how many batches of each it holds; `until` is asked between books, and true leaves the rest.

    Raises: SkarbError if a book cannot be brought into the lake.
    """
    books = sorted((market / "books").glob(f"*{BOOK_SUFFIX}"))
    (market / "keys").mkdir(mode=0o700, exist_ok=True)
    (market / "feed").mkdir(exist_ok=True)
    heights: dict[str, int] = {}
    for number, book in enumerate(books, 1):
        if until():
            break
        subject = f"{book.stem} {number}/{len(books)}"
        key = market / "keys" / f"{book.stem}.key"
        if not key.exists():
            make_key(key)
        tell("feeding", subject)
        feed(book, market / "feed", key)
        own = market / "feed" / f"book={book.stem}"
        if own.is_dir():  # a book in which nothing happened has none
            tell("loading", subject)
            heights[book.stem] = max(one.last for one in add(market / "lake", own, key=public_path(key)))
    return heights


def _answer(market: Path, law: str, folder: Path, heights: dict[str, int]) -> None:
    digest = _digest(folder)
    known = read_answer(market, folder.name)
    if known is not None and (known.digest, known.heights) == (digest, heights):
        return
    to = answer_folder(market, folder.name)
    asked = Asked(market / "lake", law, folder, by=("month", "venue", "activity"), mode="as-would-have", out=to)
    report = ask(asked)
    draft = draft_of(law, folder)
    provisions = draft.rulebook.pack.provisions
    for code in LANGUAGES:
        titles = {name: one.title_in.get(code, one.title) for name, one in provisions.items()}
        _write(
            report_path(market, folder.name, code),
            page(replace(report, title=draft.title_in.get(code, draft.title), titles=titles), code).encode(),
        )
    (to / "report.html").unlink()
    _write(to / ANSWER, msgspec.json.encode(answer_of(folder.name, report, draft, to / "changes.parquet", digest, heights)))


def _digest(folder: Path) -> str:
    """Return a mark of a draft's files and of the release that reads them."""
    hasher = sha256(f"{__version__} {msgspec.json.schema(DraftAnswer)}".encode())
    for path in sorted(one for one in folder.rglob("*") if one.is_file()):
        hasher.update(f"\n{path.relative_to(folder)}\n".encode() + path.read_bytes())
    return hasher.hexdigest()


def _write(path: Path, content: bytes) -> None:
    """Write a file that is there whole or not at all."""
    draft = path.with_name(path.name + ".new")
    draft.write_bytes(content)
    draft.replace(path)

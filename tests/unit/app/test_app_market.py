"""A market on one machine: made once, resumed after any stop, every book of it provable."""

from datetime import UTC, date, datetime
from pathlib import Path

import msgspec
import pytest

from skarb.app.market import Market, MarketFile, create_market, market_setting, read_market_file
from skarb.core.errors import Conflict, NotFound, Unavailable
from skarb.journal import open_book, verify

FILE = MarketFile(law="by", seed=7, start=date(2026, 9, 1), days=2, people=80, companies=10, per_day=700)


class Stopped(Exception):
    pass


def ids(folder: Path) -> dict[str, list[str]]:
    found = {}
    for path in sorted((folder / "books").glob("*.book")):
        with open_book(path) as book:
            found[path.stem] = [instruction.id for batch in book.batches() for instruction in batch.instructions]
    return found


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A market that lived through its past without a stop."""
    folder = tmp_path_factory.mktemp("whole") / "market"
    create_market(folder, FILE)
    with Market(folder) as market:
        assert market.fill() > 500
    return folder


def test_a_market_that_was_stopped_goes_on_where_it_was(whole: Path, tmp_path: Path) -> None:
    folder = tmp_path / "market"
    create_market(folder, FILE)

    def stop(*_: object) -> None:
        raise Stopped

    with pytest.raises(Stopped), Market(folder) as market:
        market.fill(stop)
    some = ids(folder)
    assert 0 < sum(map(len, some.values())) < sum(map(len, ids(whole).values()))
    with Market(folder) as market:
        assert market.fill() > 0
        assert market.fill() == 0
    after = ids(folder)
    for name, found in ids(whole).items():
        assert len(after[name]) == len(set(after[name]))
        assert set(after[name]) == set(found), name
    for path in (folder / "books").glob("*.book"):
        report = verify(path)
        assert report.ok, report.findings


def test_what_the_console_sees_is_what_the_books_say(whole: Path) -> None:
    with Market(whole) as market:
        view = market.view
        kept = ids(whole)
        assert view.clock().instructions == sum(map(len, kept.values()))
        for book in view.books():
            assert book.permitted + book.refused + book.referred + book.not_posted == len(kept[book.name])
            lines = view.batches(book.name, 1000)
            assert sum(line.rows for line in lines) == len(kept[book.name])
            assert [line.sequence for line in lines] == list(range(book.height, 0, -1))
        assert sum(one.count for one in view.decisions()) == view.clock().instructions
        for refusal in view.refusals(20):
            row = view.row(refusal.place.book, refusal.place.sequence, refusal.place.row)
            assert (row.verdict, row.provision, row.says) == ("refuse", refusal.provision, refusal.says)
            assert any(reason.decided and reason.provision == row.provision for reason in row.reasons)
        assert view.row("nobody", 1, 0) is None
        for place in ((1, -1), (1, 10**6), (0, 0), (10**6, 0)):
            assert view.row(view.books()[0].name, *place) is None
        assert view.batch(view.books()[0].name, 10**6) is None
        assert view.provision("nothing") is None


def test_a_market_goes_on_living(tmp_path: Path) -> None:
    folder = tmp_path / "market"
    create_market(folder, msgspec.structs.replace(FILE, days=1, per_day=100))
    with Market(folder) as market:
        market.fill()
        before = market.view.clock().instructions
        beats = market.live()
        for _ in range(400):  # the night is quiet
            next(beats)
            if market.view.clock().instructions > before:
                break
        assert market.view.living
        beats.close()
        assert not market.view.living
        assert market.view.clock().instructions > before
    with Market(folder) as market:
        assert market.view.clock().instructions > before
    assert all(verify(path).ok for path in (folder / "books").glob("*.book"))


def test_a_market_says_how_far_its_past_is_while_it_happens(tmp_path: Path) -> None:
    folder, seen = tmp_path / "market", []
    create_market(folder, FILE)
    with Market(folder) as market:
        assert market.view.clock().now == datetime(2026, 9, 1, tzinfo=UTC) and market.view.clock().past is None
        market.fill(lambda *_: seen.append(market.view.clock().past))
        assert market.view.clock().past is None
    assert {past.days for past in seen} == {2} and {past.day for past in seen} <= {1, 2}


def test_a_market_has_one_keeper(whole: Path) -> None:
    with Market(whole), pytest.raises(Unavailable):
        Market(whole)
    with Market(whole) as market:  # and nothing stayed open of the one that failed
        assert market.desks


def test_the_setting_of_an_institution(whole: Path) -> None:
    name = read_market_file(whole).scenario().books[0].name
    setting = market_setting(whole, name)
    assert (setting.law, setting.operator) == ("by", name)
    assert any(note.startswith("screened against") for note in setting.notes)
    with pytest.raises(NotFound, match=name):
        market_setting(whole, None)
    with pytest.raises(Conflict):
        create_market(whole, FILE)

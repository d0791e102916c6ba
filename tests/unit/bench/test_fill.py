import random
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace

from skarb.app.keys import key_id, make_key, public_path, read_private
from skarb.app.lake import add
from skarb.bench import fill
from skarb.bench.drawn import ASSETS, Market
from skarb.bench.fill import write_feed
from skarb.core.errors import SkarbError
from skarb.journal.feed.files import file_of, write_table
from skarb.journal.feed.manifest import SignedManifest, declared_end, manifest_bytes, signed_bytes
from skarb.journal.feed.write import Signer
from skarb.lake.errors import Refused
from skarb.lake.open import open_lake
from skarb.lake.show import books

ROWS = 3000


@pytest.fixture(scope="module")
def lakes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake that was filled, and one that got the same rows as a feed, in parts."""
    folder = tmp_path_factory.mktemp("fill")
    part, fill.PART = fill.PART, 1024
    try:
        fill.fill(folder / "filled", ROWS, clients=500)
        make_key(folder / "key")
        private = read_private(folder / "key")
        (folder / "feed").mkdir()
        write_feed(folder / "feed", ROWS, Signer(key_id(private.public_key()), private.sign, None), clients=500)
    finally:
        fill.PART = part
    add(folder / "fed", folder / "feed", key=public_path(folder / "key"))
    return folder


def rows(lake: Path) -> list[tuple[object, ...]]:
    with open_lake(lake) as connection:
        return connection.execute("SELECT * EXCLUDE (case_no) FROM decisions ORDER BY sequence, row_no").fetchall()


def test_a_filled_lake_holds_what_a_declared_feed_brings(lakes: Path) -> None:
    assert rows(lakes / "filled") == rows(lakes / "fed")
    assert len(rows(lakes / "fed")) == ROWS
    assert books(lakes / "fed")[0][:2] == (fill.BOOK, "declared")


def test_answers_are_those_of_the_law_of_the_day() -> None:
    market = Market(seed=3, clients=100)
    (drawn,) = market.draw(2000, 2000)
    own = {name: column.tolist() for name, column in drawn.columns.items()}
    for row in random.Random(1).sample(range(2000), 300):
        facts = replace(
            market.cases[own["case"][row]], day=own["day"][row], value=own["value"][row], value_usd=own["value_usd"][row]
        )
        law = market.rulebook.edition(facts.day)
        assert law.hash == market.editions[own["edition"][row]].hash
        assert (law.decide(facts), law.levy(facts), law.duties(facts)) == tuple(
            own[name][row] for name in ("outcome", "levy", "duties")
        )


def test_a_few_clients_do_most_and_a_seed_says_which() -> None:
    (one,), (same,) = (list(Market(seed=3, clients=1000).draw(5000, 5000)) for _ in range(2))
    assert all((one.columns[name] == same.columns[name]).all() for name in one.columns)
    counts = np.sort(np.bincount(one.columns["party"], minlength=1000))[::-1]
    assert counts[:10].sum() > 0.15 * 5000
    assert len(np.unique(one.columns["answer"])) == 3


def test_a_declared_feed_must_fit_together(lakes: Path, tmp_path: Path) -> None:
    """Nothing proves declared columns, so they are looked at for themselves."""
    private = read_private(lakes / "key")
    market = Market(seed=1, clients=10)
    (drawn,) = market.draw(50, 50)
    cases = fill._cases(market)
    columns = fill._columns(market, drawn, cases, 1)
    signer = Signer(key_id(private.public_key()), private.sign, None)
    wrong = {
        "out of order": columns._replace(rows=columns.rows.take(list(range(49, -1, -1)))),
        "column case_id": columns._replace(cases=cases.slice(0, 1)),
        "given the case_id": columns._replace(
            cases=cases.set_column(0, "case_id", cases["case_id"].take([1, 0, *range(2, len(cases))]))
        ),
    }
    for number, (match, given) in enumerate(wrong.items()):
        to = tmp_path / str(number)
        to.mkdir()
        fill.write_declared(fill.BOOK, to, signer, market.rulebook.country, [("2026-03-01", given)], ASSETS, market.editions)
        with pytest.raises(Refused, match=match):
            add(tmp_path / "lake", to, key=public_path(lakes / "key"))
    to = tmp_path / "end"
    to.mkdir()
    manifest = fill.write_declared(
        fill.BOOK, to, signer, market.rulebook.country, [("2026-03-01", columns)], ASSETS, market.editions
    )
    path = next(to.rglob("manifest-*.json"))
    rows_file = path.parent / manifest.segments[0].path("rows")
    changed = replace(
        manifest.segments[0],
        files={**manifest.segments[0].files, "rows": write_table(rows_file, columns.rows.slice(0, 49), "rows")},
    )
    assert changed.files["rows"] == file_of(rows_file, 49)
    for end, match in (
        (manifest.end, "which follows from the files"),
        (declared_end(manifest.previous, [changed]), "control sums"),
    ):
        said = replace(manifest, segments=[changed], end=end)
        path.write_bytes(manifest_bytes(SignedManifest(statement=said, signature=private.sign(signed_bytes(said)).hex())))
        with pytest.raises(SkarbError, match=match):
            add(tmp_path / "lake", to, key=public_path(lakes / "key"))

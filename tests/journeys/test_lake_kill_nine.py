"""A machine dies while a feed is added, when a part of its rows is on disk already: the lake is as it was, and the next addition goes through."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from skarb.app.keys import key_id, make_key, public_path, read_private
from skarb.app.lake import add, trust
from skarb.bench.fill import BOOK, write_feed
from skarb.journal.feed.write import Signer
from skarb.lake.open import database_path, open_lake
from skarb.lake.show import books

SOURCE = Path(sys.modules["skarb"].__file__ or "").parents[1]
ROWS = 600_000
CHILD = """
import os, signal, sys
from pathlib import Path
from skarb.app.lake import add
from skarb.lake import filling

filling.TOGETHER = filling.ROW_GROUP  # rows enter with every segment
def progress(what, done, rows):
    if done == rows:
        os.kill(os.getpid(), signal.SIGKILL)
add(Path(sys.argv[1]), Path(sys.argv[2]), progress=progress)
"""


def test_an_addition_that_dies_half_way_leaves_the_lake_as_it_was(tmp_path: Path) -> None:
    lake, feed, key = tmp_path / "lake", tmp_path / "feed", tmp_path / "bank.key"
    make_key(key)
    private = read_private(key)
    feed.mkdir()
    manifest = write_feed(feed, ROWS, Signer(key_id(private.public_key()), private.sign, None), clients=1000)
    trust(lake, BOOK, public_path(key), "the supervisor")
    before = database_path(lake).stat().st_size
    child = subprocess.run(
        [sys.executable, "-c", CHILD, str(lake), str(feed)], env={**os.environ, "PYTHONPATH": str(SOURCE)}, capture_output=True
    )
    assert child.returncode == -signal.SIGKILL, child.stderr.decode()
    half = database_path(lake).stat().st_size
    assert half > before + 2_000_000, "rows were on disk when it died"
    assert books(lake) == []
    with open_lake(lake) as connection:
        assert connection.execute("SELECT count(*) FROM rows").fetchall() == [(0,)]
        assert connection.execute("SELECT count(*) FROM names").fetchall() == [(0,)]
    (added,) = add(lake, feed)
    assert (added.rows, added.new) == (ROWS, True)
    with open_lake(lake) as connection:
        found = connection.execute("SELECT count(*), sum(value), max(rowid) FROM rows").fetchall()
    assert found == [(ROWS, int(manifest.sums.value), ROWS - 1)]
    assert database_path(lake).stat().st_size < 2 * half, "what was left lying is used again"

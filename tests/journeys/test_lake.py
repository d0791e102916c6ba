"""A journal goes out as a feed and into the supervisor's lake: what arrives is what was posted, and nothing else ever gets in."""

import importlib.util
import random
import shutil
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from msgspec.structs import replace

from skarb.app.keys import key_id, make_key, public_path, read_private, read_public
from skarb.app.lake import add, made_by, trust
from skarb.app.proof import open_prover
from skarb.core.decision import Receipt
from skarb.core.errors import Conflict, NotAllowed, SkarbError
from skarb.journal import open_book
from skarb.journal.chain import encode, facts_of, head_of, instructions_of, open_envelope, rulings_of
from skarb.journal.feed import write
from skarb.journal.feed.files import write_table
from skarb.journal.feed.manifest import Manifest, SignedManifest, folder_name, manifest_bytes, read_manifest, signed_bytes
from skarb.journal.feed.write import Signer, export
from skarb.lake.errors import Refused
from skarb.lake.open import open_lake
from skarb.lake.verify import manifests_of
from skarb.rulebook import Edition
from skarb.store import open_store

NAME = "the bank “é”/1"
SIZES = (1, 30, 300, 1, 5)
START = datetime(2026, 6, 1, 21, tzinfo=UTC)


def load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


small = load(Path(__file__).with_name("small_book.py"))


def ticking(start: datetime = START) -> Callable[[], datetime]:
    """A clock that takes an hour for every look, so that batches fall on several days."""
    at = [start]

    def now() -> datetime:
        at[0] += timedelta(hours=1)
        return at[0]

    return now


def hand_in(book: Path, sizes: tuple[int, ...], first: int = 0, seed: str = "", name: str = NAME) -> list[Receipt]:
    receipts = []
    now = ticking(START + timedelta(days=first // 300))
    for size in sizes:
        with small.create(book, now, name) as opened:
            given = [small.instruction(number) for number in range(first, first + size)]
            receipts += small.hand_in(opened, [replace(one, id=one.id + seed) for one in given])
        first += size
    return receipts


def feed(folder: Path, to: Path, key: str = "bank.key", book: str = "bank.book", first: int | None = None) -> Manifest | None:
    private = read_private(folder / key)
    store = open_store(folder / book)
    to.mkdir(exist_ok=True)
    try:
        with open_prover(folder / book, private) as prover:
            signer = Signer(key_id(private.public_key()), private.sign, prover.head)
            laws = {name: Edition.from_normal(store.text(name)) for name in store.text_names()}
            return export(store, store.meta("book"), to, signer, laws.__getitem__, {"ZZD": 2}.get, first=first)
    finally:
        store.close()


def bank(folder: Path, sizes: tuple[int, ...] = SIZES) -> Path:
    folder.mkdir(exist_ok=True)
    hand_in(folder / "bank.book", sizes)
    make_key(folder / "bank.key")
    return folder


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A book of six batches, its key, its feed, and a lake that holds the feed."""
    folder = bank(tmp_path_factory.mktemp("lake") / "bank")
    feed(folder, folder / "feed")
    trust(folder / "lake", NAME, public_path(folder / "bank.key"), "the supervisor")
    add(folder / "lake", folder / "feed", by="the supervisor")
    return folder


@pytest.fixture
def spoilt(made: Path, tmp_path: Path) -> Path:
    """The same feed to be spoilt, and a lake that holds nothing but the key."""
    shutil.copytree(made / "feed", tmp_path / "feed")
    shutil.copy(made / "bank.key", tmp_path / "bank.key")
    trust(tmp_path / "lake", NAME, public_path(made / "bank.key"), "the supervisor")
    return tmp_path


def contents(lake: Path, *without: str) -> dict[str, list[Any]]:
    """Everything a lake holds, but for what says when it came in."""
    with open_lake(lake) as connection:
        tables = [row[0] for row in connection.execute("SHOW TABLES").fetchall() if row[0] not in ("decisions", *without)]
        found = {table: connection.execute(f"SELECT * FROM {table} ORDER BY ALL").fetchall() for table in tables}
    return {name: [tuple(one for one in row if not isinstance(one, datetime)) for row in rows] for name, rows in found.items()}


def refused(spoilt: Path, match: str | None = None, kind: type[SkarbError] = Refused) -> str:
    before = contents(spoilt / "lake")
    with pytest.raises(kind, match=match) as error:
        add(spoilt / "lake", spoilt / "feed")
    assert contents(spoilt / "lake") == before
    return str(error.value)


def book_folder(folder: Path) -> Path:
    return folder / "feed" / folder_name(NAME)


def manifest_of(folder: Path) -> tuple[Path, Manifest]:
    (path,) = manifests_of(folder / "feed")
    return path, read_manifest(path.read_bytes()).statement


def sign_again(folder: Path, edit: Callable[[Manifest], Manifest] = lambda one: one) -> None:
    """Do what a dishonest institution would: state the files as they are now, and sign that."""
    path, manifest = manifest_of(folder)
    segments = []
    for segment in manifest.segments:
        files = {
            name: write.file_of(
                path.parent / segment.path(name), len(pq.read_table(path.parent / segment.path(name), partitioning=None))
            )
            for name in segment.files
        }
        segments.append(replace(segment, files=files))
    manifest = edit(replace(manifest, segments=segments))
    signature = read_private(folder / "bank.key").sign(signed_bytes(manifest)).hex()
    path.write_bytes(manifest_bytes(SignedManifest(statement=manifest, signature=signature)))


def change(path: Path, table: str, edit: Callable[[list[dict[str, Any]]], None]) -> None:
    """Write a Parquet file again with something changed."""
    found = pq.read_table(path, partitioning=None)
    rows = found.to_pylist()
    edit(rows)
    write_table(path, pa.Table.from_pylist(rows, found.schema), table)


def test_what_arrives_is_what_was_posted(made: Path) -> None:
    with open_book(made / "bank.book") as book:
        envelopes = list(book.envelopes())
        receipts = [one.receipt for one in book.answers(range(book.instructions))]
        law = next(iter(book.editions))
        edition = book.edition(law)
    expected = []
    for envelope in envelopes:
        given = zip(instructions_of(envelope), facts_of(envelope), rulings_of(envelope), strict=True)
        for row, (instruction, facts, ruling) in enumerate(given):
            expected.append((NAME, envelope.sequence, row, instruction, facts, ruling))
    with open_lake(made / "lake") as connection:
        query = """SELECT b.name, sequence, row_no, r.id, instant, r.day, party.name, other.name, a.code, amount::HUGEINT, value, value_usd,
            e.hash, outcome, duties, levy, answer, c.activity, c.actor_identified, c.screening
            FROM rows r JOIN books b ON b.number = book JOIN cases c USING (case_no) JOIN assets a ON a.number = r.asset
            JOIN names party ON party.number = party JOIN names other ON other.number = counterparty JOIN editions e ON e.number = edition
            ORDER BY book, sequence, row_no"""
        rows = connection.execute(query).fetchall()
        words = connection.execute(
            "SELECT id, verdict, provision, CAST(value AS VARCHAR), amount FROM decisions ORDER BY sequence, row_no"
        ).fetchall()
        moved = connection.execute(
            "SELECT d.address, c.address, t.amount::HUGEINT, r.id FROM transfers t JOIN accounts d ON d.number = debit "
            "JOIN accounts c ON c.number = credit JOIN rows r ON (r.book, r.sequence, r.row_no) = (t.book, t.sequence, t.row_no) "
            "ORDER BY t.sequence, t.row_no"
        ).fetchall()
    assert rows == [
        (
            name, sequence, row, one.id, int(one.at.timestamp()) * 10**9, facts.day, one.party, one.counterparty, one.asset,
            facts.value, facts.value, facts.value_usd, law, ruling.outcome, ruling.duties, ruling.levy, receipt.outcome,
            facts.activity, facts.actor_identified, facts.screening,
        )
        for (name, sequence, row, one, facts, ruling), receipt in zip(expected, receipts, strict=True)
    ]  # fmt: skip
    decisions = [edition.ruling(ruling.outcome, ruling.duties, ruling.levy) for *_, ruling in expected]
    assert [row[:3] for row in words] == [
        (one[3].id, said.verdict, said.provision) for one, said in zip(expected, decisions, strict=True)
    ]
    assert [(row[3], row[4].zfill(6)) for row in words] == [(f"{one[3].amount}00", one[3].amount.zfill(6)) for one in expected]
    posted = [one[3] for one, receipt in zip(expected, receipts, strict=True) if receipt.outcome == "posted"]
    assert moved == [
        (f"client/{one.party}/money", f"client/{one.counterparty}/money", int(one.amount.replace(".", "")), one.id)
        for one in posted
    ]
    assert {receipt.outcome for receipt in receipts} == {"posted", "refused", "referred", "not_posted"}


def test_the_feed_can_be_read_without_us(made: Path) -> None:
    """Partitions and plain types are what any reader of such folders expects."""
    import duckdb

    path = str(made / "feed" / "*" / "*" / "rows-*.parquet")
    query = "SELECT book, count(*), count(DISTINCT recorded) FROM read_parquet(?, hive_partitioning = true) GROUP BY book"
    assert duckdb.execute(query, [path]).fetchall() == [(NAME, 20 + sum(SIZES), 2)]


def test_small_additions_make_the_same_lake_as_a_big_one(made: Path, tmp_path: Path) -> None:
    folder = bank(tmp_path / "grows", SIZES[:2])
    shutil.copy(made / "bank.key", folder / "bank.key")
    shutil.copy(public_path(made / "bank.key"), public_path(folder / "bank.key"))
    trust(folder / "lake", NAME, public_path(folder / "bank.key"), "the supervisor")
    feed(folder, folder / "feed")
    add(folder / "lake", folder / "feed")
    hand_in(folder / "bank.book", SIZES[2:4], sum(SIZES[:2]))
    assert feed(folder, folder / "feed").first == 4
    hand_in(folder / "bank.book", SIZES[4:], sum(SIZES[:4]))
    feed(folder, folder / "feed")
    assert feed(folder, folder / "feed") is None
    assert [one.new for one in add(folder / "lake", folder / "feed")] == [False, True, True]
    feed(folder, folder / "whole")
    trust(folder / "other", NAME, public_path(folder / "bank.key"), "the supervisor")
    assert [one.new for one in add(folder / "other", folder / "whole")] == [True]
    without = ("feeds", "keys", "batches")
    assert contents(folder / "lake", *without) == contents(folder / "other", *without)
    heads = [[row[:7] for row in contents(folder / name)["batches"]] for name in ("lake", "other")]
    assert heads[0] == heads[1]


def test_the_same_journal_gives_the_same_bytes(made: Path, tmp_path: Path) -> None:
    feed(made, tmp_path / "again")
    files = {path.relative_to(made / "feed"): path.read_bytes() for path in (made / "feed").rglob("*") if path.is_file()}
    assert files == {
        path.relative_to(tmp_path / "again"): path.read_bytes() for path in (tmp_path / "again").rglob("*") if path.is_file()
    }
    assert len(files) > 10


@pytest.mark.parametrize("step", range(1, 13))
def test_an_export_cut_short_leaves_nothing_half_and_goes_on(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    """The export dies at one of its writes; until the last there is no manifest, and the next one leaves what it would have left at once."""
    real, left = Path.replace, [step]

    def replace_some(self: Path, target: Path) -> Path:
        left[0] -= 1
        if left[0] == 0:
            raise KeyboardInterrupt
        return real(self, target)

    monkeypatch.setattr(Path, "replace", replace_some)
    monkeypatch.setattr("skarb.journal.feed.write.SEGMENT_ROWS", 40)
    with pytest.raises(KeyboardInterrupt):
        feed(made, tmp_path / "cut")
    with pytest.raises(Refused, match="no manifest"):
        add(tmp_path / "lake", tmp_path / "cut")
    monkeypatch.setattr(Path, "replace", real)
    feed(made, tmp_path / "cut")
    feed(made, tmp_path / "once")
    names = [
        sorted(str(path.relative_to(folder)) for path in folder.rglob("*")) for folder in (tmp_path / "cut", tmp_path / "once")
    ]
    assert names[0] == names[1]
    for name in names[0]:
        if (tmp_path / "cut" / name).is_file():
            assert (tmp_path / "cut" / name).read_bytes() == (tmp_path / "once" / name).read_bytes()


def test_a_feed_added_twice_changes_nothing(made: Path) -> None:
    before = contents(made / "lake")
    assert [one.new for one in add(made / "lake", made / "feed")] == [False]
    assert contents(made / "lake") == before


def test_one_flipped_byte_in_any_file_is_refused(spoilt: Path) -> None:
    seed = random.Random(4)
    files = [path for path in (spoilt / "feed").rglob("*") if path.is_file()]
    assert {path.name.split("-")[0] for path in files} >= {"manifest", "rows", "cases", "transfers", "accounts", "batches"}
    before = contents(spoilt / "lake")
    for path in files:
        data = path.read_bytes()
        for place in (seed.randrange(len(data)), seed.choice((0, len(data) - 1))):
            path.write_bytes(data[:place] + bytes([data[place] ^ 1 << seed.randrange(8)]) + data[place + 1 :])
            with pytest.raises(SkarbError) as error:
                add(spoilt / "lake", spoilt / "feed")
            assert path.name in str(error.value) or path.name.startswith("manifest"), (path, place)
        path.write_bytes(data)
    assert contents(spoilt / "lake") == before
    assert add(spoilt / "lake", spoilt / "feed")[0].new


def test_a_truncated_or_missing_file_is_refused_by_name(spoilt: Path) -> None:
    path = next((spoilt / "feed").rglob("rows-*.parquet"))
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    assert path.name in refused(spoilt, "SHA-256")
    path.unlink()
    assert path.name in refused(spoilt, "cannot be read")


def test_swapped_files_are_refused(spoilt: Path) -> None:
    one, other = sorted((spoilt / "feed").rglob("transfers-*.parquet"))[:2]
    data = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(data)
    refused(spoilt, "SHA-256")


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        ("rows", "value", 1),
        ("rows", "party", "somebody else"),
        ("rows", "amount", 1),
        ("rows", "answer", "refused"),
        ("rows", "duties", 1),
        ("rows", "wallet", "BTC:1"),
        ("rows", "id", "another"),
        ("cases", "actor_identified", None),
        ("transfers", "amount", 1),
        ("transfers", "credit", "00" * 16),
        ("accounts", "address", "client/x"),
        ("batches", "recorded_at", 1),
        ("batches", "body", b"\x96"),
        ("batches", "head", bytes(32)),
        ("batches", "previous", bytes(31)),
    ],
)
def test_columns_that_the_bodies_do_not_give_are_refused_though_signed(spoilt: Path, table: str, column: str, value: Any) -> None:
    path = next(iter(sorted((spoilt / "feed").rglob(f"{table}-*.parquet"))))

    def edit(rows: list[dict[str, Any]]) -> None:
        changed = next(row for row in reversed(rows) if row[column] != value)
        changed[column] = value

    change(path, table, edit)
    sign_again(spoilt)
    assert path.name in refused(spoilt)


def test_rows_left_out_or_doubled_are_refused_though_signed(spoilt: Path) -> None:
    path = sorted((spoilt / "feed").rglob("rows-*.parquet"))[-1]
    data = path.read_bytes()
    change(path, "rows", lambda rows: rows.pop())
    sign_again(spoilt)
    assert path.name in refused(spoilt, "the bodies give")
    path.write_bytes(data)
    change(path, "rows", lambda rows: rows.append(rows[-1]))
    sign_again(spoilt)
    assert path.name in refused(spoilt, "the bodies give")


def test_wrong_control_sums_and_statements_are_refused_though_signed(spoilt: Path) -> None:
    path, manifest = manifest_of(spoilt)
    data = path.read_bytes()
    wrong: dict[str, Callable[[Manifest], Manifest]] = {
        "control sums": lambda one: replace(one, sums=replace(one.sums, value="1")),
        "signature of the head": lambda one: replace(one, head=replace(one.head, signature="00" * 64)),
        "signed head is of": lambda one: replace(one, end="00" * 32),
        "a fork": lambda one: replace(one, previous="11" * 32),
        "as .* says": lambda one: replace(one, zone="Europe/Minsk"),
        "the segments end": lambda one: replace(one, last=one.last + 1),
        "which the manifest does not name": lambda one: replace(one, editions=[]),
        "decimals": lambda one: replace(one, assets={**one.assets, "BYN": 3}),
        "files were swapped": lambda one: replace(one, book="another"),
        "cannot be read": lambda one: replace(one, assets={}),
    }
    for match, edit in wrong.items():
        sign_again(spoilt, edit)
        refused(spoilt, match)
        path.write_bytes(data)
    assert manifest_of(spoilt)[1] == manifest


def test_another_decision_in_the_body_is_the_institutions_own_and_breaks_the_chain(spoilt: Path) -> None:
    """A body may be changed with its head, but then the head that was signed is another one."""
    path = sorted((spoilt / "feed").rglob("batches-*.parquet"))[-1]

    def edit(rows: list[dict[str, Any]]) -> None:
        from skarb.journal.chain import decode

        batch = decode(rows[-1]["body"])
        rows[-1]["body"] = encode(replace(batch, values=bytes(len(batch.values))))
        rows[-1]["head"] = head_of(rows[-1]["previous"], rows[-1]["body"])

    change(path, "batches", edit)
    sign_again(spoilt)
    refused(spoilt, "bodies give")


def test_only_a_trusted_key_opens_the_lake(made: Path, tmp_path: Path) -> None:
    make_key(tmp_path / "other.key")
    with pytest.raises(NotAllowed, match="no key of it is known"):
        add(tmp_path / "lake", made / "feed")
    trust(tmp_path / "lake", NAME, public_path(tmp_path / "other.key"))
    with pytest.raises(NotAllowed, match="expected one of"):
        add(tmp_path / "lake", made / "feed")
    with pytest.raises(NotAllowed):  # a book that has a key gets no other one by being added
        add(tmp_path / "lake", made / "feed", key=public_path(made / "bank.key"))
    assert add(tmp_path / "pinned", made / "feed", key=public_path(made / "bank.key"))[0].new
    public, private = read_public(public_path(tmp_path / "other.key")).public_bytes_raw(), read_private(tmp_path / "other.key")
    assert made_by(public, b"x", private.sign(b"x"))
    assert not made_by(public, b"y", private.sign(b"x"))


def test_a_missing_stretch_an_overlap_and_a_fork_are_told_apart(made: Path, tmp_path: Path) -> None:
    key = public_path(made / "bank.key")
    shutil.copytree(made, tmp_path / "a")
    folder = tmp_path / "a"
    hand_in(folder / "bank.book", (40,), sum(SIZES))
    feed(folder, tmp_path / "late", first=7)
    with pytest.raises(Refused, match=r"batches 1 to 6 are missing"):
        add(tmp_path / "empty", tmp_path / "late", key=key)
    feed(folder, tmp_path / "overlap", first=3)
    with pytest.raises(Refused, match="overlap"):
        add(folder / "lake", tmp_path / "overlap")
    before = contents(folder / "lake")
    other = tmp_path / "b"
    other.mkdir()
    hand_in(other / "bank.book", (*SIZES, 41), seed="x")
    shutil.copy(made / "bank.key", other / "bank.key")
    feed(other, other / "feed")
    with pytest.raises(Refused, match="fork"):
        add(folder / "lake", other / "feed")
    feed(other, tmp_path / "next", first=7)
    with pytest.raises(Refused, match="fork"):
        add(folder / "lake", tmp_path / "next")
    assert contents(folder / "lake") == before
    with pytest.raises(Conflict, match="rewritten"):
        shutil.copytree(made / "feed", tmp_path / "mixed")
        feed(other, tmp_path / "mixed")
    add(folder / "lake", tmp_path / "late")
    assert [one.new for one in add(folder / "lake", made / "feed")] == [False], (
        "an older manifest of the same past changes nothing"
    )


def test_kernels_and_the_interpreter_make_the_same_columns(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from skarb.journal.feed.columns import columns_of

    with open_book(made / "bank.book") as book:
        envelopes, laws = (
            [open_envelope(encode(batch)) for batch in book.batches()],
            {one: book.edition(one) for one in book.editions},
        )
    found = []
    for kind in ("numba", "python"):
        monkeypatch.setenv("SKARB_KERNEL", kind)
        found.append([table.to_pydict() for table in columns_of(envelopes, laws.__getitem__, {"ZZD": 2}.get)])
    monkeypatch.setattr("skarb.journal.feed.columns.Sheet.read", lambda *_: None)
    found.append([table.to_pydict() for table in columns_of(envelopes, laws.__getitem__, {"ZZD": 2}.get)])
    assert found[0] == found[1] == found[2]

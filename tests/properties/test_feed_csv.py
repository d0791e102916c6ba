"""A feed filed as CSV is the feed that the same columns make as Parquet; what is wrong in it is named with line and column, and never gets in."""

import random
import shutil
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from skarb.app.keys import key_id, make_key, public_path, read_private
from skarb.app.lake import add, trust
from skarb.bench import fill
from skarb.bench.drawn import ASSETS, Market
from skarb.bench.fill import BOOK, write_feed
from skarb.core.errors import NotAllowed, SkarbError
from skarb.journal.feed.csv import csv_bytes, read_csv
from skarb.journal.feed.files import SCHEMAS, read_table, write_table
from skarb.journal.feed.manifest import SignedManifest, declared_end, manifest_bytes, read_manifest, signed_bytes
from skarb.journal.feed.write import Signer, file_of, write_declared
from skarb.lake.errors import Refused
from skarb.lake.open import open_lake
from skarb.store import Damaged

DECLARED = ("rows", "cases", "transfers", "accounts")
TEXTS = (
    "",
    " ",
    "a",
    "a,b",
    'say "yes"',
    "'",
    ";",
    "null",
    "NaN",
    "007",
    "-1",
    "true",
    "доўг",
    "漢字",
    "\t",
    "x" * 300,
    "#",
    "=1+1",
)
_ENDS = {pa.int32(): 31, pa.int64(): 63, pa.decimal128(38, 0): 126}


def value(kind: pa.DataType, rng: random.Random) -> Any:
    if rng.random() < 0.2:
        return None
    if pa.types.is_boolean(kind):
        return rng.random() < 0.5
    if pa.types.is_string(kind):
        return rng.choice(TEXTS)
    bits = _ENDS[kind]
    found = rng.choice((0, 1, -1, (1 << bits) - 1, -(1 << bits) + 1, rng.randrange(1 << rng.randrange(bits))))
    return found if bits < 100 else max(min(found, 10**38 - 1), 1 - 10**38)


def table(name: str, rng: random.Random) -> pa.Table:
    rows = rng.choice((0, 1, 2, 50))
    return pa.table({column: pa.array([value(kind, rng) for _ in range(rows)], kind) for column, kind in SCHEMAS[name].items()})


@pytest.mark.parametrize("seed", range(25))
@pytest.mark.parametrize("name", DECLARED)
def test_what_is_read_is_what_was_written_in_either_form(name: str, seed: int, tmp_path: Path) -> None:
    given = table(name, random.Random(f"{name} {seed}"))
    read = {}
    for form in ("csv", "parquet"):
        path = tmp_path / f"{name}.{form}"
        read[form] = read_table(path, name, write_table(path, given, name))
        assert read[form].to_pylist() == given.to_pylist()
    assert read["csv"].schema.types == read["parquet"].schema.types


def lines_of(given: pa.Table) -> list[bytes]:
    return csv_bytes(given).splitlines()


@pytest.mark.parametrize("seed", range(60))
def test_a_value_that_does_not_fit_is_named_with_line_and_column(seed: int) -> None:
    rng = random.Random(seed)
    kinds = {"whole": pa.int32(), "long": pa.int64(), "amount": pa.decimal128(38, 0), "flag": pa.bool_(), "text": pa.string()}
    rows = rng.randrange(1, 40)
    given = pa.table({name: pa.array([value(kind, rng) for _ in range(rows)], kind) for name, kind in kinds.items()})
    texts = [
        ["" if one is None else str(one).lower() for one in row.values()] for row in given.drop_columns(["text"]).to_pylist()
    ]
    row, column = rng.randrange(rows), rng.randrange(4)
    wrong = {
        "whole": ("2147483648", "-2147483649", "1.0", "+1", "01", " 1", "1 ", "1e3", "-0", "x", "٣"),
        "long": ("9223372036854775808", "0x10", "1_000", "--1"),
        "amount": ("1" + "0" * 38, "1.5", "1,5", "-"),
        "flag": ("True", "1", "yes", "TRUE"),
    }
    name = list(kinds)[column]
    bad = rng.choice(wrong[name])
    texts[row][column] = f'"{bad}"'
    data = "\n".join([",".join(kinds), *(",".join([*one, "a"]) for one in texts)]).encode() + b"\n"
    with pytest.raises(Damaged, match=f"^line {row + 2}, column {name}: given '") as error:
        read_csv(data, kinds)
    assert bad in str(error.value)


def test_lines_that_are_not_whole_are_named() -> None:
    kinds = {"a": pa.int64(), "b": pa.string()}
    assert read_csv(b"a,b\r\n1,x\r\n", kinds).to_pylist() == [{"a": 1, "b": "x"}]
    assert read_csv(b"a,b\n", kinds).to_pylist() == []
    for data, expected in (
        (b"", "line 1: given the columns"),
        (b"b,a\n1,x\n", "line 1: given the columns b,a, expected a,b"),
        (b"\xef\xbb\xbfa,b\n", "line 1: given the columns"),
        (b"a,b\n1,x\n2\n", "line 3: given 1 values, expected 2"),
        (b"a,b\n1,x\n2,y,z\n", "line 3: given 3 values, expected 2"),
        (b"a,b\n1,x\n\n2,y\n", "line 3: given nothing, expected a row"),
        (b"a,b\r\n1,x\r\n\r\n2,y\r\n", "line 3: given nothing, expected a row"),
        (b"a,b\n1,x\n2,\xff\n", "line 3: given bytes that are not UTF-8"),
        (b'a,b\n1,"x\n', "line 2: a text is opened"),
        (b'a,b\n1,"x', "line 2: a text is opened"),
        (b'a,b\n1,y\n1,"x\ny"\n', "line 3: a text is opened"),
        (b'a,b\n1,x"y"z\n', "line 2: a quotation mark stands within"),
        (b'a,b\n1,"x"y\n', "line 2: a quotation mark stands within"),
        (b'a,b\n1,"x\ry"\n', "line 2: given a carriage return"),
        (b"a,b\n1,x\r", "line 2: given a carriage return"),
    ):
        with pytest.raises(Damaged, match=expected):
            read_csv(data, kinds)


def test_the_last_line_may_lack_its_end() -> None:
    kinds = {"a": pa.int32(), "b": pa.string()}
    for data in (b'"a","b"\n1,"x"', b'"a","b"\n1,x', b'a,b\n1,"x"', b'"a","b"\r\n1,"x"\r\n'):
        assert read_csv(data, kinds).to_pylist() == [{"a": 1, "b": "x"}]
    assert read_csv(b'a,b\n1,""', kinds).to_pylist() == [{"a": 1, "b": ""}]


@pytest.fixture(scope="module")
def feeds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One key, and the same rows as a feed in either form."""
    folder = tmp_path_factory.mktemp("feeds")
    make_key(folder / "key")
    private = read_private(folder / "key")
    part, fill.PART = fill.PART, 700
    try:
        for form in ("csv", "parquet"):
            (folder / form).mkdir()
            signer = Signer(key_id(private.public_key()), private.sign, None)
            write_feed(folder / form, 2000, signer, clients=60, form=form)  # type: ignore[arg-type]
    finally:
        fill.PART = part
    return folder


def contents(lake: Path) -> dict[str, list[Any]]:
    """What a lake holds, in words: numbers follow the order in which names lie in files, and the hashes of files say how they were written."""
    asked = {
        "decisions": "* EXCLUDE (case_no)",
        "cases": "* EXCLUDE (case_no)",
        "names": "name",
        "accounts": "book, address, asset, id",
        "transfers": "count(*)",
        "batches": "* EXCLUDE (head)",
        "feeds": "* EXCLUDE (head, manifest, added_at)",
        **dict.fromkeys(("books", "assets", "editions", "outcomes", "duties", "levies", "provisions"), "*"),
    }
    with open_lake(lake) as connection:
        return {name: connection.execute(f"SELECT {what} FROM {name} ORDER BY ALL").fetchall() for name, what in asked.items()}


def test_both_forms_make_the_same_lake(feeds: Path, tmp_path: Path) -> None:
    found = {}
    for form in ("csv", "parquet"):
        (one,) = add(tmp_path / form, feeds / form, key=public_path(feeds / "key"), by="somebody")
        assert (one.rows, one.proven, one.new) == (2000, False, True)
        found[form] = contents(tmp_path / form)
    assert found["csv"] == found["parquet"]
    assert len(found["csv"]["decisions"]) == 2000


def test_a_file_of_a_feed_leads_to_its_book(feeds: Path, tmp_path: Path) -> None:
    file = next(feeds.joinpath("csv").rglob("rows-*.csv"))
    assert [one.new for one in add(tmp_path / "lake", file, key=public_path(feeds / "key"))] == [True]
    manifest = next(feeds.joinpath("csv").rglob("manifest-*.json"))
    assert [one.new for one in add(tmp_path / "lake", manifest)] == [False]
    alone = tmp_path / file.name
    alone.write_bytes(file.read_bytes())
    with pytest.raises(Refused, match="no manifest"):
        add(tmp_path / "lake", alone)


def filed_again(feeds: Path, to: Path, table: str, old: bytes, new: bytes) -> Path:
    """File a feed anew, with something else in one of its tables, stated and signed as it is."""
    private = read_private(feeds / "key")
    path = next(feeds.joinpath("csv").rglob("manifest-*.json"))
    manifest = read_manifest(path.read_bytes()).statement
    folder = to / path.parent.name
    segments = []
    for number, segment in enumerate(manifest.segments):
        files = {}
        for name, file in segment.files.items():
            data = (path.parent / segment.path(name)).read_bytes()
            if name == table and number == 1:
                assert old in data
                data = data.replace(old, new, 1)
            target = folder / segment.path(name)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
            files[name] = file_of(target, file.rows)
        segments.append(type(segment)(recorded=segment.recorded, first=segment.first, last=segment.last, files=files, form="csv"))
    said = {name: getattr(manifest, name) for name in manifest.__struct_fields__}
    said |= {"segments": segments, "end": declared_end(manifest.previous, segments)}
    changed = type(manifest)(**said)
    (folder / "editions").mkdir()
    for one in path.parent.joinpath("editions").iterdir():
        (folder / "editions" / one.name).write_bytes(one.read_bytes())
    signed = SignedManifest(statement=changed, signature=private.sign(signed_bytes(changed)).hex())
    (folder / path.name).write_bytes(manifest_bytes(signed))
    return to


def counts(lake: Path) -> list[tuple[int, ...]]:
    with open_lake(lake) as connection:
        tables = ("rows", "cases", "names", "assets", "editions", "books", "batches", "feeds")
        return connection.execute(f"SELECT {', '.join(f'(SELECT count(*) FROM {one})' for one in tables)}").fetchall()


def test_bad_files_are_refused_by_name_and_nothing_gets_in(feeds: Path, tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    trust(lake, BOOK, public_path(feeds / "key"), "somebody")
    before = counts(lake)
    for number, (table, old, new, expected) in enumerate(
        (
            ("rows", b"2,1,", b"2,one,", r"rows-0000000002-0000000002.csv: line 3, column row_no: given 'one', expected a whole"),
            ("rows", b"2,1,", b"2,", r"rows-0000000002.*: line 3: given 21 values, expected 22"),
            ("rows", b"2,5,", b"2,4,", r"rows-0000000002.*: given batches and rows out of order"),
            ("rows", b'"posted"', b'"maybe"', "column answer: given 'maybe'"),
            ("rows", b'"BTC"', b'"DOGE"', "column asset: given 'DOGE'"),
            ("rows", b'"client-', b',"client-', r"line [0-9]+: given 23 values"),
            (
                "cases",
                b"true",
                b"perhaps",
                r"cases-0000000002.*: line 2, column [a-z_]+: given 'perhaps', expected true or false",
            ),
            ("cases", b"true", b"false", r"cases-0000000002.*: row 0: given the case_id"),
        )
    ):
        again = filed_again(feeds, tmp_path / str(number), table, old, new)
        with pytest.raises(Refused, match=expected):
            add(lake, again)
        assert counts(lake) == before
    again = filed_again(feeds, tmp_path / "whole", "rows", b"2,1,", b"2,1,")
    next(again.rglob("rows-0000000002-*.csv")).unlink()
    with pytest.raises(Refused, match=r"rows-0000000002-0000000002.csv: the manifest names this file"):
        add(lake, again)
    assert counts(lake) == before


def test_a_flipped_byte_and_a_foreign_key_are_refused(feeds: Path, tmp_path: Path) -> None:
    shutil.copytree(feeds / "csv", tmp_path / "feed")
    make_key(tmp_path / "foreign")
    with pytest.raises(NotAllowed, match="signed with key"):
        add(tmp_path / "lake", tmp_path / "feed", key=public_path(tmp_path / "foreign"))
    with pytest.raises(Refused, match=r"rows-0000000003-0000000003\.csv: given [0-9,]+ bytes with the SHA-256"):
        file = next(tmp_path.joinpath("feed").rglob("rows-0000000003-*.csv"))
        data = bytearray(file.read_bytes())
        data[len(data) // 2] ^= 1
        file.write_bytes(data)
        add(tmp_path / "lake", tmp_path / "feed", key=public_path(feeds / "key"))
    assert counts(tmp_path / "lake") == [(0,) * 8]


@pytest.mark.parametrize(
    ("column", "wrong", "expected"),
    [
        ("amount", -1, "column amount: given -1, expected none below zero"),
        ("outcome", 1 << 16, "column outcome: given 65536"),
        ("levy", -3, "column levy: given -3"),
        ("duties", -1, "column duties: given -1"),
        ("day", (1 << 31) - 1, "column day: given 2147483647, expected days since 1970-01-01 from -719162 to 2932896"),
        ("value", -1 << 63, "column value: given -9223372036854775808, expected a number above it"),
        ("row_no", None, "column row_no is empty in 1 rows"),
        ("id", None, "column id is empty in 1 rows"),
        ("end_to_end_id", "", "column end_to_end_id: given '', expected nothing, or 1 to 140 characters"),
        ("end_to_end_id", "e" * 141, "column end_to_end_id: given 'eee"),
        ("end_to_end_id", "a\tb", "column end_to_end_id: given .*without control characters"),
    ],
)
def test_numbers_that_mean_nothing_are_refused(
    feeds: Path, tmp_path: Path, column: str, wrong: int | str | None, expected: str
) -> None:
    private = read_private(feeds / "key")
    market = Market(seed=1, clients=10)
    (drawn,) = market.draw(50, 50)
    columns = fill._columns(market, drawn, fill._cases(market), 1)
    values = columns.rows[column].to_pylist()
    values[7] = wrong
    place = columns.rows.column_names.index(column)
    rows = columns.rows.set_column(place, column, pa.array(values, SCHEMAS["rows"][column]))
    parts = [("2026-03-01", columns._replace(rows=rows))]
    signer = Signer(key_id(private.public_key()), private.sign, None)
    write_declared(BOOK, tmp_path, signer, market.rulebook.country, parts, ASSETS, market.editions, "csv")
    with pytest.raises(SkarbError, match=expected):
        add(tmp_path / "lake", tmp_path, key=public_path(feeds / "key"))

"""Tables of an institution become a feed that a lake takes: every figure to the unit, every fault named where it stands."""

import gzip
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq
import pytest

from skarb.app.declaring import Declaring, declare
from skarb.app.keys import make_key, public_path
from skarb.app.lake import add, trust
from skarb.core.errors import Conflict, InputError, NotFound, SkarbError, Unavailable
from skarb.core.facts import Facts
from skarb.core.time import to_day
from skarb.journal.chart import account_id
from skarb.journal.feed.cases import case_id
from skarb.lake.open import open_lake

HEAD = "id,at,activity,party,counterparty,asset,amount,answer,provision,actor_kind,operator_licence,screening"
ROWS = (
    HEAD,
    "p1,2026-06-01T10:00:00+03:00,fiat_pay,anna,shop,BYN,100.00,posted,BY-BC-2000/transfer,natural_person,bank,clear",
    "p2,2026-06-01 23:30:00,fiat_pay,shop,boris,BYN,80.5,posted,,legal_entity,bank,clear",
    "p3,2026-06-02T22:30:00Z,fiat_pay,boris,shop,USD,9000,refused,,natural_person,bank,clear",
    "p4,2026-06-03T09:00:00+03:00,fiat_pay,anna,shop,BYN,7,posted,BY-BC-2000/transfer,natural_person,bank,clear",
)
MOVES = (
    "instruction,debit,credit,amount,asset",
    "p1,client/anna,client/shop,100.00,",
    "p2,client/shop,client/boris,80.50,BYN",
    "p2,client/shop,own/bank,0.01,USD",
    "p4,client/anna,client/shop,7.00,BYN",
)


@pytest.fixture
def desk(tmp_path: Path) -> Any:
    make_key(tmp_path / "bank.key")
    (tmp_path / "tables").mkdir()

    def file(rows: tuple[str, ...] = ROWS, moves: tuple[str, ...] | None = MOVES, **more: Any) -> Any:
        write(tmp_path / "tables" / "rows.csv", rows)
        if moves is not None:
            write(tmp_path / "tables" / "transfers.csv", moves)
        given = {"filed": date(2026, 6, 5)} | more
        return declare(Declaring(tmp_path / "tables", tmp_path / "feed", "bank", tmp_path / "bank.key", **given))

    file.folder = tmp_path  # type: ignore[attr-defined]
    return file


def write(path: Path, lines: tuple[str, ...]) -> None:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def asked(folder: Path, query: str) -> list[tuple[Any, ...]]:
    with open_lake(folder / "lake") as connection:
        return connection.execute(query).fetchall()


def into_lake(folder: Path) -> None:
    add(folder / "lake", folder / "feed", key=public_path(folder / "bank.key"))


@pytest.mark.parametrize("form", ["parquet", "csv"])
@pytest.mark.parametrize("segment", [1, 2, 100])
def test_every_row_arrives_as_it_was_written(desk: Any, form: str, segment: int) -> None:
    manifest = desk(form=form, segment=segment)
    into_lake(desk.folder)
    assert not manifest.bodies
    assert manifest.assets == {"BYN": 2, "USD": 2}
    assert manifest.last == -(-4 // segment)
    found = asked(
        desk.folder,
        "SELECT r.id, r.instant, r.day, r.value, a.code, r.amount::BIGINT, p.name, c.name, r.answer::VARCHAR, e.hash IS NULL, o.provision, k.case_id "
        "FROM rows r JOIN assets a ON a.number = r.asset JOIN names p ON p.number = r.party "
        "JOIN names c ON c.number = r.counterparty JOIN cases k USING (case_no) "
        "LEFT JOIN editions e ON e.number = r.edition LEFT JOIN outcomes o ON o.edition = r.edition AND o.outcome = r.outcome ORDER BY r.rowid",
    )
    case = {
        kind: case_id(Facts(activity="fiat_pay", day=0, actor_kind=kind, operator_licence="bank", screening="clear"))  # type: ignore[arg-type]
        for kind in ("natural_person", "legal_entity")
    }
    day = to_day(date(2026, 6, 1))
    nano = 10**9
    assert found == [
        (
            "p1",
            1780297200 * nano,
            day,
            10000,
            "BYN",
            10000,
            "anna",
            "shop",
            "posted",
            False,
            "BY-BC-2000/transfer",
            case["natural_person"],
        ),
        ("p2", 1780345800 * nano, day, 8050, "BYN", 8050, "shop", "boris", "posted", True, None, case["legal_entity"]),
        ("p3", 1780439400 * nano, day + 2, None, "USD", 900000, "boris", "shop", "refused", True, None, case["natural_person"]),
        (
            "p4",
            1780466400 * nano,
            day + 2,
            700,
            "BYN",
            700,
            "anna",
            "shop",
            "posted",
            False,
            "BY-BC-2000/transfer",
            case["natural_person"],
        ),
    ]
    moved = asked(
        desk.folder,
        "SELECT r.id, d.address, c.address, s.code, t.amount::BIGINT, d.id FROM transfers t JOIN rows r USING (book, sequence, row_no) "
        "JOIN accounts d ON d.number = t.debit JOIN accounts c ON c.number = t.credit JOIN assets s ON s.number = t.asset ORDER BY t.rowid",
    )
    assert [one[:5] for one in moved] == [
        ("p1", "client/anna", "client/shop", "BYN", 10000),
        ("p2", "client/shop", "client/boris", "BYN", 8050),
        ("p2", "client/shop", "own/bank", "USD", 1),
        ("p4", "client/anna", "client/shop", "BYN", 700),
    ]
    assert moved[0][5] == account_id("client/anna", "BYN").hex()


def test_the_same_tables_give_the_same_bytes(desk: Any, tmp_path: Path) -> None:
    first = desk()
    other = declare(Declaring(tmp_path / "tables", tmp_path / "other", "bank", tmp_path / "bank.key", filed=date(2026, 6, 5)))
    assert first == other


def test_the_next_call_continues_the_feed(desk: Any) -> None:
    first = desk()
    into_lake(desk.folder)
    later = tuple(line.replace("2026-06-", "2026-07-") for line in ROWS)
    renamed = (HEAD, *(f"n{line}" for line in later[1:]))
    second = desk(renamed, (MOVES[0], *(f"n{line}" for line in MOVES[1:])))
    assert (second.first, second.previous) == (first.last + 1, first.end)
    into_lake(desk.folder)
    assert asked(desk.folder, "SELECT count(*), count(DISTINCT id) FROM rows") == [(8, 8)]
    assert asked(desk.folder, "SELECT count(*) FROM accounts") == [(5,)]  # the accounts of the first export were not opened again
    assert asked(desk.folder, "SELECT count(DISTINCT (asset, t.debit)) FROM transfers t") == [(3,)]


def test_an_instruction_is_filed_once(desk: Any) -> None:
    desk()
    before = contents(desk.folder / "feed")
    with pytest.raises(InputError, match=r"rows\.csv: line 5, column id: given 'p4'.* was filed in an earlier export"):
        desk((HEAD, *(line.replace("p", "q", 1) for line in ROWS[1:4]), ROWS[4]), MOVES[:1])
    assert contents(desk.folder / "feed") == before


def test_an_export_goes_on_in_time(desk: Any) -> None:
    desk()
    before = contents(desk.folder / "feed")
    with pytest.raises(InputError, match=r"line 2, column at: given '2026-06-03T08:59:59\+03:00'.* 2026-06-03T09:00:00\+03:00"):
        desk((HEAD, ROWS[4].replace("p4", "q").replace("09:00:00", "08:59:59")), MOVES[:1])
    assert contents(desk.folder / "feed") == before
    desk((HEAD, ROWS[4].replace("p4", "q")), MOVES[:1])


def test_an_id_stands_once_across_segments(desk: Any) -> None:
    with pytest.raises(InputError, match=r"line 5, column id: given 'p1'.* stands in rows\.csv: line 2, too"):
        desk((*ROWS[:4], ROWS[4].replace("p4", "p1")), None, segment=2)
    assert not (desk.folder / "feed").exists()


def test_what_a_killed_call_left_is_no_part_of_the_next(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its tables may have been other ones: what stood in its third segment now stands in the first, and nowhere else."""
    with monkeypatch.context() as killed:
        killed.setattr("skarb.journal.feed.write.shutil.rmtree", lambda *_, **__: None)
        with pytest.raises(InputError, match="line 5, column amount"):
            desk(changed(4, "BYN,7", "BYN,x"), None, segment=1)
    assert list((desk.folder / "feed").rglob("rows-0000000003-*"))
    assert desk((HEAD, ROWS[3], ROWS[4]), None, segment=1).last == 2
    assert len(list((desk.folder / "feed").rglob("rows-*"))) == 2


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_parquet_says_the_same(desk: Any, tmp_path: Path) -> None:
    manifest = desk()
    for name in ("rows", "transfers"):
        source = tmp_path / "tables" / f"{name}.csv"
        table = pc.read_csv(source, convert_options=pc.ConvertOptions(column_types={"amount": pa.decimal128(20, 2)}))
        pq.write_table(table, tmp_path / "tables" / f"{name}.parquet")
        source.unlink()
    same = declare(Declaring(tmp_path / "tables", tmp_path / "other", "bank", tmp_path / "bank.key", filed=date(2026, 6, 5)))
    assert same.sums == manifest.sums
    assert [one.files["rows"].rows for one in same.segments] == [4]


def test_what_other_programs_write(desk: Any, tmp_path: Path) -> None:
    """Semicolons, a byte order mark, CR LF, quotes and gzip."""
    plain = desk()
    text = "\ufeff" + "\r\n".join(";".join(f'"{cell}"' for cell in line.split(",")) for line in ROWS)
    (tmp_path / "tables" / "rows.csv").unlink()
    (tmp_path / "tables" / "rows.csv.gz").write_bytes(gzip.compress(text.encode()))
    same = declare(Declaring(tmp_path / "tables", tmp_path / "other", "bank", tmp_path / "bank.key", filed=date(2026, 6, 5)))
    assert same == plain


def test_cases_may_have_names_of_their_own(desk: Any, tmp_path: Path) -> None:
    plain = desk()
    write(
        tmp_path / "tables" / "cases.csv",
        ("case,activity,actor_kind,screening", "person,fiat_pay,natural_person,clear", "firm,fiat_pay,legal_entity,clear"),
    )
    rows = ["id,at,case,party,counterparty,asset,amount,answer,provision,operator_licence"]
    for line in ROWS[1:]:
        id_, at, _, party, other, asset, amount, answer, provision, kind, licence, _ = line.split(",")
        case = "person" if kind == "natural_person" else "firm"
        rows.append(",".join((id_, at, case, party, other, asset, amount, answer, provision, licence)))
    write(tmp_path / "tables" / "rows.csv", tuple(rows))
    same = declare(Declaring(tmp_path / "tables", tmp_path / "other", "bank", tmp_path / "bank.key", filed=date(2026, 6, 5)))
    assert same == plain


def test_assets_that_no_register_knows(desk: Any, tmp_path: Path) -> None:
    rows = (HEAD, ROWS[1].replace("BYN,100.00", "WOOL,1.000000000000000001"))
    with pytest.raises(InputError, match=r"rows\.csv: line 2, column asset: asset 'WOOL': nobody knows how many decimals"):
        desk(rows, None)
    write(tmp_path / "tables" / "assets.csv", ("code,decimals", "WOOL,18"))
    assert desk(rows, None).sums.amounts == {"WOOL": "1000000000000000001"}
    later = (HEAD, ROWS[4].replace("BYN,7", "WOOL,1.5"))
    (tmp_path / "tables" / "assets.csv").unlink()
    assert desk(later, None).sums.amounts == {"WOOL": "1500000000000000000"}  # the feed remembers
    write(tmp_path / "tables" / "assets.csv", ("code,decimals", "WOOL,8"))
    with pytest.raises(InputError, match=r"assets\.csv: line 2, column decimals: given '8', expected 18 for WOOL"):
        desk((HEAD, later[1].replace("p4", "p5")), None)


def test_an_asset_is_remembered_though_an_export_does_not_use_it(desk: Any, tmp_path: Path) -> None:
    write(tmp_path / "tables" / "assets.csv", ("code,decimals", f"WOOL,{'3' * 5000}"))
    with pytest.raises(InputError, match=r"assets\.csv: line 2, column decimals: .*expected a whole number from 0 to 38"):
        desk(moves=None)
    write(tmp_path / "tables" / "assets.csv", ("code,decimals", "WOOL,3"))
    desk((HEAD, ROWS[1].replace("BYN,100.00", "WOOL,1.005")), None)
    (tmp_path / "tables" / "assets.csv").unlink()
    desk((HEAD, ROWS[2]), None)
    write(tmp_path / "tables" / "assets.csv", ("code,decimals", "WOOL,8"))
    third = (HEAD, ROWS[4].replace("BYN,7", "WOOL,1.5"))
    with pytest.raises(InputError, match=r"assets\.csv: line 2, column decimals: given '8', expected 3 for WOOL"):
        desk(third, None)
    (tmp_path / "tables" / "assets.csv").unlink()
    assert desk(third, None).sums.amounts == {"WOOL": "1500"}
    into_lake(tmp_path)


def changed(line: int, old: str, new: str) -> tuple[str, ...]:
    assert old in ROWS[line]
    return (*ROWS[:line], ROWS[line].replace(old, new, 1), *ROWS[line + 1 :])


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (changed(2, "80.5", "80.555"), r"line 3, column amount: amount '80.555' has 3 decimals"),
        (changed(2, "80.5", "-80.5"), r"line 3, column amount: amount '-80.5' is not a plain decimal"),
        (changed(2, "80.5", "1" * 45), r"line 3, column amount: "),
        (changed(2, "80.5", "99999999999999.00"), r"line 3, column amount: given '?9999999999999900'?, expected a value of at most"),
        (changed(2, "2026-06-01 23:30:00", "yesterday"), r"line 3, column at: given 'yesterday', expected an instant"),
        (changed(2, "2026-06-01 23:30:00", "2026-05-01"), r"line 3, column at"),
        (changed(2, "2026-06-01 23:30:00", "2026-05-01 10:00:00"), r"line 3, column at: .* no earlier instant than in the row before"),
        (changed(4, "2026-06-03T09:00:00+03:00", "9999-12-31T23:59:59Z"), r"line 5, column at: .* an instant from 1901 to 2168"),
        ((f"{HEAD},day", *(f"{line},1066-10-14" for line in ROWS[1:])), r"line 2, column day: given '1066-10-14', expected a day from"),
        (changed(2, "fiat_pay", "fiat_paid"), r"line 3, column activity: given 'fiat_paid'.*did you mean 'fiat_pay'"),
        (changed(2, "fiat_pay", ""), r"line 3, column activity: given '', expected what was done"),
        (changed(2, "shop,boris", ",boris"), r"line 3, column party: given '', expected a value"),
        (changed(2, "posted", "paid"), r"line 3, column answer: given 'paid', expected one of posted"),
        (changed(2, "p2", "p1"), r"line 3, column id: given 'p1', expected an id of its own, this one stands in rows\.csv: line 2"),
        (changed(2, "legal_entity", "firm"), r"line 3, column actor_kind: given 'firm', expected one of"),
        (changed(2, "posted,", "posted,BY-BC-2000/transfers"), r"line 3, column provision: .*did you mean 'BY-BC-2000/transfer'"),
        (changed(2, "posted,", "refused,BY-BC-2000/transfer"), r"line 3, column provision: .* that can refuse on 2026-06-01"),
        (changed(2, "BYN", "byn"), r"line 3, column asset: asset 'byn'"),
        (changed(2, "BYN", ""), r"line 3, column asset: given '', expected a value"),
        (changed(2, "p2,", "p2,,"), r"line 3: given 13 values, expected 12"),
        (changed(2, "p2", '"p2'), r"line 3: a text is opened"),
        (changed(2, "p2", "p" * 65), r"line 3, column id: .* at most 64 characters"),
        ((*ROWS[:2], "", *ROWS[2:]), r"line 3: given nothing, expected a row"),
        ((HEAD,), r"rows\.csv: given no row"),
        ((HEAD.replace("actor_kind", "actor_kinds"), *ROWS[1:]), r"line 1: given the column 'actor_kinds'.* did you mean 'actor_kind'"),
        ((HEAD.replace("party", "actor_kind"), *ROWS[1:]), r"'actor_kind' twice"),
        ((HEAD.replace("answer", "reason"), *ROWS[1:]), r"line 1: given no column 'answer'"),
        ((f"{HEAD},value", f"{ROWS[1]},100.00", f"{ROWS[2]},80.51"), r"line 3, column value: given '80.51', expected nothing, or the amount"),
        (("",), r"rows\.csv"),
        (("", *ROWS), r"rows\.csv: line 1: given nothing"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_rows_is_named(desk: Any, rows: tuple[str, ...], said: str) -> None:
    with pytest.raises(InputError, match=said):
        desk(rows, None)
    assert not (desk.folder / "feed").exists()


@pytest.mark.parametrize(
    ("place", "line", "said"),
    [
        (2, "p9,client/shop,client/boris,80.50,BYN", r"transfers\.csv: line 3, column instruction: given 'p9', expected the id of a row"),
        (4, "p1,client/shop,client/boris,80.50,BYN", "" ),
        (2, "p2,client/shop,client/shop,80.50,BYN", r"line 3, column credit: given 'client/shop', expected another account"),
        (2, "p2,client/shop,client/boris,0.00,BYN", r"line 3, column amount: given '0.00', expected an amount above nought"),
        (2, "p2,client/shop,client/boris,,BYN", r"line 3, column amount: given '', expected a value in every row"),
        (2, "p2,client/shop,client/boris,0.001,BYN", r"line 3, column amount: amount '0.001' has 3 decimals"),
        (2, "p2,,client/boris,1,BYN", r"line 3, column debit: given '', expected a value in every row"),
        (2, "p2,client/shop,client/boris,1,QQQ", r"line 3, column asset: asset 'QQQ'"),
        (2, ",client/shop,client/boris,1,BYN", r"line 3, column instruction: given '', expected the id"),
        (4, "p3,client/boris,client/shop,1.00,USD", r"line 5, column instruction: given 'p3', expected the id of a posted row.* refused"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_moves_is_named(desk: Any, place: int, line: str, said: str) -> None:
    moves = (*MOVES[:place], line, *MOVES[place + 1 :])
    if not said:  # within a segment moves may come in any order; those of a row end side by side
        desk(ROWS, moves)
        into_lake(desk.folder)
        assert asked(desk.folder, "SELECT row_no FROM transfers ORDER BY rowid") == [(0,), (0,), (1,), (1,)]
        return
    with pytest.raises(InputError, match=said):
        desk(ROWS, moves)
    assert not (desk.folder / "feed").exists()


def test_moves_follow_the_segments_of_their_rows(desk: Any) -> None:
    with pytest.raises(InputError, match=r"transfers\.csv: line 5, column instruction: given 'p1'"):
        desk(ROWS, (*MOVES[:4], MOVES[1]), segment=1)


def test_facts_are_told_once(desk: Any, tmp_path: Path) -> None:
    write(tmp_path / "tables" / "cases.csv", ("case,activity", "a,fiat_pay", "a,mine"))
    with pytest.raises(InputError, match=r"cases\.csv: line 3, column case: given 'a', expected a name that no other case has"):
        desk()
    write(tmp_path / "tables" / "cases.csv", ("case,activity", "a,fiat_pay"))
    rows = (HEAD + ",case", *(line + ",a" for line in ROWS[1:]))
    with pytest.raises(InputError, match=r"rows\.csv: line 2, column activity: given 'fiat_pay', expected nothing"):
        desk(rows)
    with pytest.raises(
        InputError, match=r"rows\.csv: line 2, column case: given 'b', expected a case that the table of cases names"
    ):
        desk((HEAD + ",case", *(line + ",b" for line in ROWS[1:])))


def test_what_lies_in_the_folder_is_known(desk: Any, tmp_path: Path) -> None:
    (tmp_path / "tables" / "row.csv").write_text("id\n")
    with pytest.raises(InputError, match=r"given row\.csv, expected only tables called rows"):
        desk()
    (tmp_path / "tables" / "row.csv").rename(tmp_path / "tables" / "rows.parquet")
    with pytest.raises(InputError, match=r"rows\.csv and rows\.parquet, expected one file of rows"):
        desk()
    with pytest.raises(NotFound):
        declare(Declaring(tmp_path / "none", tmp_path / "feed", "bank", tmp_path / "bank.key"))
    (tmp_path / "empty").mkdir()
    with pytest.raises(NotFound, match=r"no table of rows"):
        declare(Declaring(tmp_path / "empty", tmp_path / "feed", "bank", tmp_path / "bank.key"))
    assert not (tmp_path / "feed").exists()


def test_floats_and_damaged_files(desk: Any, tmp_path: Path) -> None:
    desk()
    rows = tmp_path / "tables" / "rows.csv"
    table = pc.read_csv(rows)
    rows.unlink()
    pq.write_table(table, rows.with_suffix(".parquet"))
    with pytest.raises(InputError, match=r"column amount: given double, expected a text"):
        declare(Declaring(tmp_path / "tables", tmp_path / "other", "bank", tmp_path / "bank.key"))
    data = rows.with_suffix(".parquet").read_bytes()
    rows.with_suffix(".parquet").write_bytes(data[: len(data) // 2])
    with pytest.raises(InputError, match=r"not a whole Parquet file"):
        declare(Declaring(tmp_path / "tables", tmp_path / "other", "bank", tmp_path / "bank.key"))
    rows.with_suffix(".parquet").rename(rows)
    rows.write_bytes("\n".join(ROWS).encode("utf-16"))
    with pytest.raises(InputError, match=r"UTF-16"):
        declare(Declaring(tmp_path / "tables", tmp_path / "other", "bank", tmp_path / "bank.key"))
    assert not (tmp_path / "other").exists()


def test_texts_of_parquet_are_utf_8(desk: Any, tmp_path: Path) -> None:
    (tmp_path / "tables" / "transfers.csv").unlink(missing_ok=True)
    columns = {name: [text] for name, text in zip(HEAD.split(","), ROWS[1].split(","), strict=True)}
    strange = pa.table(columns).set_column(3, "party", pa.array([b"\xffanna"]).view(pa.string()))
    pq.write_table(strange, tmp_path / "tables" / "rows.parquet")
    with pytest.raises(InputError, match=r"rows\.parquet: not a whole Parquet file .*UTF8"):
        declare(Declaring(tmp_path / "tables", tmp_path / "feed", "bank", tmp_path / "bank.key"))


def test_a_feed_of_another_kind_is_not_continued(desk: Any, tmp_path: Path) -> None:
    desk()
    rows = (HEAD, ROWS[1].replace("p1", "q1").replace("BY-BC-2000/transfer", ""))
    write(tmp_path / "tables" / "rows.csv", rows)
    write(tmp_path / "tables" / "transfers.csv", MOVES[:1])
    with pytest.raises(Conflict, match=r"filed under the law of \('BY'"):
        declare(Declaring(tmp_path / "tables", tmp_path / "feed", "bank", tmp_path / "bank.key", law="zz"))


def test_long_tables_are_read_in_parts(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines are counted right across parts of a file, whatever their size."""
    monkeypatch.setattr("skarb.app.declaring.sheets._PART", 1)
    monkeypatch.setattr("skarb.intake.container.BLOCK", 300)
    rows = [HEAD, *(ROWS[1].replace("p1", f"x{number}") for number in range(200))]
    manifest = desk(tuple(rows), None, segment=70)
    assert [one.files["rows"].rows for one in manifest.segments] == [70, 70, 60]
    rows[150] = rows[150].replace("100.00", "1,5")
    with pytest.raises(SkarbError, match=r"rows\.csv: line 151: given 13 values, expected 12"):
        desk(tuple(rows), None)
    rows[150] = rows[150].replace("1,5", "x")
    with pytest.raises(SkarbError, match=r"rows\.csv: line 151, column amount"):
        desk(tuple(rows), None)


def test_one_call_at_a_time_writes_a_feed(desk: Any) -> None:
    """The second comes while the first is drawing its parts, and when a feed is there already."""
    later = tuple(line.replace("p", "q", 1).replace("2026-06", "2026-07") for line in ROWS[1:])
    tried = []

    def meanwhile(*_: object) -> None:
        with pytest.raises(Unavailable, match="is being written by another call"):
            declare(Declaring(desk.folder / "tables", desk.folder / "feed", "bank", desk.folder / "bank.key"))
        tried.append(True)

    desk(progress=meanwhile)
    manifest = desk((HEAD, *later), ("instruction,debit,credit,amount",), progress=meanwhile)
    assert (len(tried), manifest.first, manifest.last) == (2, 2, 2)
    into_lake(desk.folder)
    assert asked(desk.folder, "SELECT count(*) FROM rows") == [(8,)]


def test_a_call_that_is_turned_away_leaves_nothing(desk: Any) -> None:
    with pytest.raises(InputError):
        desk((HEAD,))
    assert not (desk.folder / "feed").exists()


def test_another_key_is_refused_unless_it_is_meant(desk: Any) -> None:
    desk()
    before = {path: path.read_bytes() for path in (desk.folder / "feed").rglob("*") if path.is_file()}
    make_key(desk.folder / "other.key")
    (desk.folder / "bank.key").rename(desk.folder / "old.key")
    (desk.folder / "other.key").rename(desk.folder / "bank.key")
    later = (HEAD, ROWS[1].replace("p1", "q1").replace("2026-06", "2026-07"))
    with pytest.raises(Conflict, match=r"was signed with the key .*--new-key.*skarb lake trust"):
        desk(later, ("instruction,debit,credit,amount",))
    assert before == {path: path.read_bytes() for path in (desk.folder / "feed").rglob("*") if path.is_file()}
    assert desk(later, ("instruction,debit,credit,amount",), new_key=True).first == 2
    lake = desk.folder / "lake"
    trust(lake, "bank", desk.folder / "bank.key.pub", "the supervisor")  # of the key that is called old now
    with pytest.raises(SkarbError):
        add(lake, desk.folder / "feed")
    trust(lake, "bank", desk.folder / "other.key.pub", "the supervisor")
    add(lake, desk.folder / "feed")
    assert asked(desk.folder, "SELECT count(*) FROM rows") == [(5,)]

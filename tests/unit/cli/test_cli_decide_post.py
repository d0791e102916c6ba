"""`skarb decide` and `skarb post`: every row answered, results in every form, one clear error for what cannot be done."""

import csv
import json
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from skarb.journal import open_book, verify

LAW = ("--law", "zz", "--assume", "natural_person")


def as_jsonl(path: Path) -> Path:
    rows = list(csv.DictReader(path.open(encoding="utf-8")))
    made = path.with_suffix(".jsonl")
    made.write_bytes(b"\n".join(msgspec.json.encode({k: v for k, v in row.items() if v}) for row in rows) + b"\n")
    return made


def as_parquet(path: Path) -> Path:
    made = path.with_suffix(".parquet")
    rows = list(csv.DictReader(path.open(encoding="utf-8")))
    pq.write_table(pa.table({name: [row[name] for row in rows] for name in rows[0]}), made)
    return made


FORMS = {"csv": lambda path: path, "jsonl": as_jsonl, "parquet": as_parquet}


@pytest.mark.parametrize("form", FORMS)
def test_decide_accounts_for_every_row(form: str, skarb, payments: Path) -> None:
    result = skarb("decide", FORMS[form](payments), *LAW)
    assert result.code == 0
    assert "10 rows in = 7 answered + 3 malformed" in result.out
    assert "ZZ-D2-2026/pay" in result.out
    assert "taken as identified residents: natural person" in result.out
    for row, given in (("row 4", "'1.005'"), ("row 6", "'QQQ'"), ("row 9", "'2026-02-30T10:00:00+03:00'")):
        assert any(row in line and given in line and "expected" in line for line in result.err.splitlines()), row


@pytest.mark.parametrize("form", FORMS)
def test_post_accounts_for_every_row_and_can_be_repeated(form: str, skarb, payments: Path, tmp_path: Path) -> None:
    file = FORMS[form](payments)
    first = skarb("post", file, *LAW, "--book", "my.book", "--format", "csv")
    assert first.code == 0
    assert [row["outcome"] for row in first.rows] == ["posted"] * 7
    assert {row["repeated"] for row in first.rows} == {"False"}
    assert [row["row"] for row in first.rows] == ["1", "2", "3", "5", "7", "8", "10"]
    again = skarb("post", file, *LAW, "--book", "my.book", "--format", "csv")
    assert again.code == 0
    assert {row["repeated"] for row in again.rows} == {"True"}
    assert [{**row, "repeated": ""} for row in again.rows] == [{**row, "repeated": ""} for row in first.rows]
    assert "7 answered, 7 of them repeated" in again.err
    assert skarb("verify", "my.book").code == 0
    with open_book(tmp_path / "my.book") as book:
        assert book.instructions == 7


def test_all_forms_of_input_mean_the_same(skarb, payments: Path) -> None:
    skarb("post", payments, *LAW, "--book", "my.book")
    for form in FORMS.values():
        result = skarb("post", form(payments), *LAW, "--book", "my.book", "--format", "csv")
        assert (result.code, {row["repeated"] for row in result.rows}) == (0, {"True"})


def test_a_changed_row_under_the_same_id_is_a_conflict(skarb, payments: Path, tmp_path: Path) -> None:
    skarb("post", payments, *LAW, "--book", "my.book")
    payments.write_text(payments.read_text().replace(",3.50,", ",3.51,"), encoding="utf-8")
    result = skarb("post", payments, *LAW, "--book", "my.book", "--format", "csv")
    assert result.code == 5
    assert [(row["id"], row["codes"]) for row in result.rows if row["outcome"] == "conflict"] == [("r2", "")]
    with open_book(tmp_path / "my.book") as book:
        assert book.instructions == 7
    assert skarb("verify", "my.book").code == 0


READERS = {
    "csv": lambda path: list(csv.DictReader(path.open(encoding="utf-8"))),
    "json": lambda path: json.loads(path.read_text()),
    "jsonl": lambda path: [json.loads(line) for line in path.read_text().splitlines()],
    "parquet": lambda path: pq.read_table(path).to_pylist(),
}


@pytest.mark.parametrize("command", ["decide", "post"])
def test_results_in_every_form_say_the_same(command: str, skarb, payments: Path, tmp_path: Path) -> None:
    book = ("--book", "my.book") if command == "post" else ()
    if book:
        skarb("post", payments, *LAW, *book)
    found = {}
    for ending, reader in READERS.items():
        file = tmp_path / f"answers.{ending}"
        result = skarb(command, payments, *LAW, *book, "--output", file)
        assert result.code == 0
        assert "10 rows in" in result.out
        found[ending] = [{name: str(value) for name, value in row.items()} for row in reader(file)]
    assert len(found["csv"]) == 7
    assert found["csv"] == found["json"] == found["jsonl"] == found["parquet"]
    for form in ("csv", "json"):
        printed = skarb(command, payments, *LAW, *book, "--format", form)
        rows = printed.rows if form == "csv" else json.loads(printed.out)
        assert [{name: str(value) for name, value in row.items()} for row in rows] == found["csv"]
        assert "10 rows in" in printed.err
    table = skarb(command, payments, *LAW, *book, "--format", "table")
    assert all(row["id"] in table.out for row in found["csv"])


def test_every_malformed_row_can_be_written_to_a_file(skarb, payments: Path, tmp_path: Path) -> None:
    for ending, reader in READERS.items():
        file = tmp_path / f"problems.{ending}"
        assert skarb("decide", payments, *LAW, "--problems", file).code == 0
        rows = reader(file)
        assert sorted(int(row["row"]) for row in rows) == [4, 6, 9]
        assert {row["field"] for row in rows} == {"amount", "asset", "at"}


def test_a_file_in_which_nothing_can_be_read(skarb, payments: Path, tmp_path: Path) -> None:
    text = payments.read_text().splitlines()
    bad = tmp_path / "bad.csv"
    bad.write_text("\n".join([text[0], text[4], text[6]]) + "\n", encoding="utf-8")
    for ending in READERS:
        assert skarb("decide", bad, *LAW, "--output", f"none.{ending}").code == 0
    result = skarb("post", bad, *LAW, "--book", "my.book")
    assert (result.code, "2 rows in = 0 answered + 2 malformed" in result.out) == (0, True)
    assert skarb("verify", "my.book").code == 0


def test_an_explanation_names_the_leaves(skarb, payments: Path) -> None:
    one = skarb("decide", payments, *LAW, "--explain", "r2")
    assert "\nr2\n" in one.out, "whoever pipes or saves what is printed has it, too"
    assert "actor_identified" in one.out
    assert one.out.count("PERMIT") == 1
    every = skarb("decide", payments, *LAW, "--explain", "all")
    assert every.out.count("PERMIT") == 1
    rows = skarb("decide", payments, *LAW, "--explain", "r2", "--format", "json")
    assert len(json.loads(rows.out)) == 7 and "actor_identified" in rows.err
    saved = skarb("decide", payments, *LAW, "--explain", "r2", "--output", "rows.json")
    assert "actor_identified" in saved.out and "actor_identified" not in saved.err
    none = skarb("decide", payments, *LAW, "--explain", "r99")
    assert "no instruction 'r99' was decided" in none.err


def test_markup_in_names_and_ids_is_only_text(skarb, tmp_path: Path) -> None:
    from_file = tmp_path / "[bold]x[red].csv"
    from_file.write_text(
        "id,at,activity,party,asset,amount\n[/x],2026-08-01T10:00:00+03:00,mine,[red]p\\[,BTC,1\n", encoding="utf-8"
    )
    for form in ("table", "csv", "json"):
        result = skarb("decide", from_file, *LAW, "--explain", "all", "--format", form)
        assert result.code == 0
        assert "[/x]" in result.out and "[/x]" in result.err
        if form == "csv":
            assert [row["party"] for row in result.rows] == ["[red]p\\["]
    assert skarb("post", from_file, *LAW, "--book", "[b].book").code == 0
    assert "[b].book" in skarb("verify", "[b].book").out


def test_nothing_is_posted_when_results_have_nowhere_to_go(skarb, payments: Path, tmp_path: Path) -> None:
    kept = payments.read_bytes()
    cases = [
        (("--output", "no/such/x.parquet"), 4),
        (("--problems", "no/such/x.csv"), 4),
        (("--output", "x.txt"), 3),
        (("--problems", "x.txt"), 3),
        (("--format", "parquet"), 3),
        (("--output", payments), 3),
        (("--output", "my.book", "--format", "csv"), 3),
        (("--output", "x.csv", "--problems", "x.csv"), 3),
        (("--output", tmp_path, "--format", "csv"), 3),
        (("--batch", "0"), 3),
        (("--as", "pirate"), 2),
        (("--law", "nowhere"), 4),
        (("--mapping", "nowhere"), 7),
        (("--mapping", "amlsim"), 3),
        (("--at", "2026-08-01"), 3),
    ]
    for words, code in cases:
        result = skarb("post", payments, "--book", "my.book", *words)
        assert (words, result.code) == (words, code)
        assert result.err.strip()
        assert not (tmp_path / "my.book").exists() or verify(tmp_path / "my.book").instructions == 0, words
        assert payments.read_bytes() == kept


def test_files_that_cannot_be_opened(skarb, tmp_path: Path) -> None:
    (tmp_path / "empty.csv").touch()
    (tmp_path / "header.csv").write_text("id,at,activity,party,asset,amount\n")
    (tmp_path / "strange.csv").write_text("one,two\n1,2\n")
    (tmp_path / "broken.csv.gz").write_bytes(b"\x1f\x8b\x08\x00nothing")
    for name, code in (("none.csv", 4), (".", 3), ("empty.csv", 3), ("strange.csv", 3), ("broken.csv.gz", 3)):
        for words in (("decide", name), ("post", name, "--book", "my.book")):
            result = skarb(*words)
            assert (name, result.code) == (name, code)
            assert len(result.err.strip().splitlines()) <= 5
            if name != ".":
                assert name in result.err
    assert not (tmp_path / "my.book").exists()
    assert "0 rows in = 0 answered + 0 malformed" in skarb("decide", "header.csv").out
    for words in (("decide",), ("post", "--book", "my.book"), ("verify",), ("register", "import", "--to", "registers")):
        assert skarb(*words).code == 2
    assert list(tmp_path.glob("registers*")) == []


def test_books_that_cannot_be_written(skarb, payments: Path, tmp_path: Path) -> None:
    (tmp_path / "other.txt").write_text("not a book at all\n" * 2000)
    for book, named, code in (("no/such/my.book", "no/such", 4), ("other.txt", "other.txt", 3), (tmp_path, tmp_path.name, 3)):
        result = skarb("post", payments, *LAW, "--book", book)
        assert (str(book), result.code) == (str(book), code)
        assert named in result.err.replace("\n", "")
    assert (tmp_path / "other.txt").read_text() == "not a book at all\n" * 2000
    result = skarb("post", payments)
    assert result.code == 2
    assert "--book" in result.err


def test_one_book_has_one_writer(skarb, payments: Path, tmp_path: Path) -> None:
    from skarb.app.files import now

    skarb("post", payments, *LAW, "--book", "my.book")
    with open_book(tmp_path / "my.book", clock=now):
        result = skarb("post", payments, *LAW, "--book", "my.book")
        assert result.code == 6
        assert "my.book" in result.err
        assert skarb("verify", "my.book").code == 0
    assert skarb("post", payments, *LAW, "--book", "my.book").code == 0


def test_a_book_may_be_moved(skarb, payments: Path, tmp_path: Path) -> None:
    skarb("post", payments, *LAW, "--book", "my.book")
    (tmp_path / "my.book").rename(tmp_path / "archive.book")
    (tmp_path / "my.book.seal").rename(tmp_path / "archive.book.seal")
    result = skarb("post", payments, *LAW, "--book", "archive.book", "--format", "csv")
    assert (result.code, {row["book"] for row in result.rows}) == (0, {"my"})
    assert skarb("verify", "archive.book").code == 0


def test_several_files_in_one_run(skarb, payments: Path) -> None:
    result = skarb("post", payments, as_jsonl(payments), *LAW, "--book", "my.book", "--format", "csv")
    assert [row["repeated"] for row in result.rows] == ["False"] * 7 + ["True"] * 7
    assert {row["file"] for row in result.rows} == {"payments.csv", "payments.jsonl"}
    assert "20 rows in = 14 answered, 7 of them repeated + 6 malformed" in result.err


def test_a_mapping_of_ones_own(skarb, tmp_path: Path) -> None:
    (tmp_path / "bank.csv").write_text(
        "no,when,from,to,sum\n1,2026-08-01T10:00:00+03:00,a,b,10.00\n2,2026-08-01T10:00:00+03:00,a,b,x\n"
    )
    mapping = {
        "name": "bank", "title": "A bank's own export", "ignore": [],
        "fields": {
            "id": {"template": "bank-{no}"}, "at": {"column": "when", "format": "iso", "zone": "UTC"}, "activity": {"constant": "fiat_pay"},
            "party": {"column": "from"}, "counterparty": {"column": "to"}, "asset": {"constant": "ZZD"}, "amount": {"column": "sum"},
        },
        "assumptions": {
            "party": {"kind": "natural_person", "country": "ZZ", "resident": True, "identified": True}, "observed": True,
            "notes": ["the bank knows its clients"],
        },
    }  # fmt: skip
    (tmp_path / "bank.yaml").write_text(json.dumps(mapping))
    result = skarb("post", "bank.csv", "--law", "zz", "--mapping", "bank.yaml", "--book", "my.book")
    assert result.code == 0
    assert "2 rows in = 1 answered + 1 malformed" in result.out
    assert "the bank knows its clients" in result.out
    with open_book(tmp_path / "my.book") as book:
        assert book.batch(1).assumptions.notes == ("the bank knows its clients",)
        assert [opening.address for opening in book.batch(1).openings] == ["observed/a", "observed/b"]
    for more in (
        "licence: crypto_bank",
        "regime_resident: true",
        "registered: true",
        "screening: clear",
        "covers: [mine]",
        "blocked: false",
    ):
        name, _, value = more.partition(": ")
        mapping["assumptions"]["party"] = {"kind": "natural_person", "country": "ZZ", name: value}
        (tmp_path / "bold.yaml").write_text(json.dumps(mapping))
        result = skarb("decide", "bank.csv", "--law", "zz", "--mapping", "bold.yaml")
        assert result.code == 7
        assert name in result.err

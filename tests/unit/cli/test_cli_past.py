"""`skarb balance`, `statement`, `supply` and `rebuild`: the past of a book on the command line."""

import json
from pathlib import Path

import pytest

from skarb.app.files import now
from skarb.app.looks import Looks
from skarb.app.past import is_personal
from skarb.core.errors import NotAllowed

HEADER = "id,at,activity,party,asset,amount,counterparty\n"
LAW = ("--law", "zz")
LOOK = (*LAW, "--purpose", "a test")
MAY = "2026-05-10T10:00:00+00:00"


@pytest.fixture
def book(skarb, tmp_path: Path) -> Path:
    """A book with five payments, of which the last one to be recorded takes effect first."""
    first = "".join(f"r{n},2026-08-0{n + 1}T10:00:00+00:00,fiat_pay,p1,ZZD,{n + 1}.50,p2\n" for n in range(4))
    for number, text in enumerate((first, f"r4,{MAY},fiat_pay,p2,ZZD,5.50,p1\n")):
        file = tmp_path / f"{number}.csv"
        file.write_text(HEADER + text)
        assert skarb("post", file, *LAW, "--assume", "natural_person", "--book", "my.book").code == 0
    return tmp_path / "my.book"


def test_a_back_dated_payment_keeps_both_dates(skarb, book: Path) -> None:
    def balance(*words: str) -> str:
        (row,) = skarb("balance", book, "outside/p1", *LOOK, "--format", "csv", *words).rows
        return row["balance"]

    assert balance() == "-6.50"
    assert balance("--at", "2026-05-09") == "0.00"
    assert balance("--at", "2026-05-10") == "5.50"
    assert balance("--at", "2026-08-02") == "1.50"
    assert balance("--at", "2026-08-02T09:59:59+00:00") == "4.00"
    assert balance("--recorded", "2000-01-01") == "0.00"


def test_a_statement_by_record_and_by_effect(skarb, book: Path) -> None:
    def statement(*words: object) -> list[tuple[str, ...]]:
        rows = skarb("statement", book, "outside/p1", "--asset", "ZZD", *LOOK, "--format", "csv", *words).rows
        return [(row["change"], row["amount"], row["balance"], row["instruction"]) for row in rows]

    recorded = statement()
    assert [row[3] for row in recorded] == ["", "r0", "r1", "r2", "r3", "r4", ""]
    assert [row[2] for row in recorded] == ["0.00", "-1.50", "-4.00", "-7.50", "-12.00", "-6.50", "-6.50"]
    effective = statement("--effective")
    assert [row[3] for row in effective] == ["", "r4", "r0", "r1", "r2", "r3", ""]
    assert [row[2] for row in effective] == ["0.00", "5.50", "4.00", "1.50", "-2.00", "-6.50", "-6.50"]
    august = statement("--effective", "--from", "2026-08-02", "--to", "2026-08-03")
    assert august == [
        ("opening", "", "4.00", ""),
        ("created", "-2.50", "1.50", "r1"),
        ("created", "-3.50", "-2.00", "r2"),
        ("closing", "", "-2.00", ""),
    ]
    second = statement("--effective", "--page", 2, "--size", 2)
    assert second == [
        ("carried forward", "", "4.00", ""),
        ("created", "-2.50", "1.50", "r1"),
        ("created", "-3.50", "-2.00", "r2"),
        ("to be carried", "", "-2.00", ""),
    ]
    first_known = statement("--effective", "--recorded", "2000-01-01")
    assert first_known == [("opening", "", "0.00", ""), ("closing", "", "0.00", "")]


def test_accounts_below_an_address_add_up(skarb, book: Path) -> None:
    result = skarb("balance", book, "outside", "--prefix", *LAW, "--format", "json")
    (row,) = json.loads(result.out)
    assert (row["accounts"], row["debits"], row["credits"], row["balance"]) == (2, "17.50", "17.50", "0.00")
    assert skarb("balance", book, "outside", *LAW).code == 4
    assert skarb("balance", book, "out", "--prefix", *LAW).code == 4, "an address is cut at its parts"


def test_the_supply_after_any_batch(skarb, book: Path) -> None:
    for height, total in ((0, "0.00"), (1, "12.00"), (2, "17.50")):
        result = skarb("supply", book, *LAW, "--height", height, "--format", "csv")
        assert result.code == 0
        (row,) = result.rows
        assert (row["debits"], row["credits"], row["difference"]) == (total, total, "0.00")
    assert skarb("supply", book, *LAW, "--height", 3).code == 4


def test_rebuild_and_check(skarb, book: Path) -> None:
    assert skarb("rebuild", book, "--check").code == 4
    assert "0 files removed" in skarb("rebuild", book).out
    assert skarb("rebuild", book, "--check").code == 0
    part = next((book.parent / "my.book.past").glob("*.part"))
    part.write_bytes(part.read_bytes()[:-1] + b"!")
    result = skarb("rebuild", book, "--check")
    assert result.code == 9
    assert part.name in result.out
    answer = skarb("balance", book, "outside/p1", *LOOK)
    assert answer.code == 0
    assert "made again" in answer.err
    assert skarb("rebuild", book, "--check").code == 0
    assert "3 files removed" in skarb("rebuild", book).out


def test_what_cannot_be_asked(skarb, book: Path) -> None:
    statement = ("statement", book, "outside/p1", "--asset", "ZZD", *LOOK)
    for words, code, part in (
        (("balance", "no.book", "x"), 4, "no book"),
        (("balance", book, "outside/p9", *LAW), 4, "below outside"),
        (("balance", book, "outside/p1", "--at", "yesterday", *LAW), 3, "such as"),
        (("balance", book, "outside/p1", "--at", "2026-02-30", *LAW), 3, "calendar date"),
        (("balance", book, "outside/p1", "--at", "9999-12-31", *LAW), 3, "2261-12-31"),
        ((*statement, "--page", 3), 2, "1 pages"),
        ((*statement, "--size", 0), 3, "at least 1"),
        ((*statement, "--from", "2026-08-02", "--to", "2026-08-01"), 2, "before the first"),
        (("rebuild",), 2, "no book"),
    ):
        result = skarb(*words)
        assert result.code == code, words
        assert part in result.err, words


def test_in_a_market_who_looks_says_why(skarb, book: Path, tmp_path: Path) -> None:
    market = tmp_path / "market"
    (market / "books").mkdir(parents=True)
    numbers = {"law": "zz", "seed": 1, "start": "2026-01-01", "days": 1, "people": 10, "companies": 2, "per_day": 5}
    (market / "market.yaml").write_text(json.dumps(numbers))
    book = book.rename(market / "books" / "my.book")
    refused = skarb("balance", book, "outside/p1")
    assert refused.code == 8
    assert "--purpose" in refused.err
    assert "-6.50" not in refused.out
    assert not (market / "looks.jsonl").exists()
    assert skarb("balance", book, "outside", "--prefix").code == 0, "sums over many show nobody"
    shown = skarb("statement", book, "outside/p1", "--asset", "ZZD", "--purpose", "a complaint")
    assert "-6.50" in shown.out
    (line,) = (market / "looks.jsonl").read_text().splitlines()
    assert (json.loads(line)["purpose"], json.loads(line)["subject"]) == ("a complaint", "my/outside/p1")


WALLET = "chain/BTC:1BoatSLRHtKNngkdXEeobR76b53LETtpyT"


@pytest.mark.parametrize(
    ("address", "personal"),
    [
        (WALLET, True), (f"{WALLET}/", True), ("client/anna", True), ("quarantine/anna/BTC:1", True), ("outside/p1", True), ("member/1", True),
        ("chain/BTC", False), ("chain/BTC/created", False), ("chain", False), ("own/bank", False), ("own", False), ("client", False),
    ],
)  # fmt: skip
def test_which_address_is_somebodys(address: str, personal: bool) -> None:
    assert is_personal(address) is personal


@pytest.mark.parametrize("words", [("balance",), ("statement", "--asset", "ZZD")])
def test_a_book_outside_a_market_keeps_a_log_of_looks_beside_it(skarb, book: Path, words: tuple[str, ...]) -> None:
    asked = [words[0], book, "outside/p1", *words[1:]]
    log = book.with_name("my.book.looks.jsonl")
    for purpose in ((), ("--purpose", " ")):
        refused = skarb(*asked, *purpose)
        assert refused.code == 8 and "--purpose" in refused.err and "6.50" not in refused.out
        assert not log.exists()
    shown = skarb(*asked, "--purpose", "a complaint", "--law", "zz")
    assert shown.code == 0 and "6.50" in shown.out
    (line,) = log.read_text().splitlines()
    assert json.loads(line)["purpose"] == "a complaint" and json.loads(line)["subject"].startswith("my/")


def test_nothing_is_shown_where_a_look_cannot_be_recorded(skarb, book: Path) -> None:
    book.with_name("my.book.looks.jsonl").mkdir()
    refused = skarb("balance", book, "outside/p1", *LOOK)
    assert refused.code in (3, 6) and "-6.50" not in refused.out and "Traceback" not in refused.err


def test_no_log_takes_a_look_without_a_purpose(tmp_path: Path) -> None:
    log = Looks(tmp_path / "looks.jsonl", now)
    with pytest.raises(NotAllowed, match="why you look"):
        log.record("  ", "anna")
    assert not log.path.exists()

"""An order book on the command line."""

from pathlib import Path

import pytest

HEADER = "op,id,side,price,qty\n"


def test_trades_and_the_book_after_any_message(skarb, tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text(HEADER + "0,1,1,10,5\n0,2,1,11,5\n1,3,0,11,7\n0,4,0,9,1\n")
    trades = skarb("venue", "match", "orders.csv", "--format", "csv")
    assert [tuple(one.values()) for one in trades.rows] == [("1", "3", "10", "5"), ("2", "3", "11", "2")]
    assert "4 messages, 2 trades of 7 lots, 2 orders left" in trades.err
    before = skarb("venue", "match", "orders.csv", "--at", "2", "--depth", "1", "--format", "csv")
    assert [tuple(one.values()) for one in before.rows] == [("sell", "10", "5", "1")]
    assert "The last of 2 trades" in skarb("venue", "match", "orders.csv").out


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (HEADER + "0,1,1,10,5\n0,1,1,10,5\n", "message 2, id: given 1 of an order that rests"),
        (HEADER + "6,1,1,10,5\n", "orders.csv row 2, op: given 6, expected one of 0 limit"),
        (HEADER + "0,1,2,10,5\n", "row 2, side: given 2"),
        (HEADER + "0,1,1,10,0\n", "row 2, qty: given 0"),
        (HEADER + "0,1,1,-10,5\n", "5 whole numbers from 0 on"),
        (HEADER + "0,1,1,10\n", "5 whole numbers from 0 on"),
        (HEADER + "0,1,1,9999999999999999,5\n", "expected numbers below"),
        (HEADER + "0,1,1," + "1" * 200_000 + ",5\n", "2: given"),
        (HEADER + "0,1,1,10,5", "seems to be cut"),
        ("op,id\n", "expected op,id,side,price,qty"),
        ("\x1f\x8b\x00", "expected CSV in UTF-8"),
    ],
)
def test_bad_messages_are_named(skarb, tmp_path: Path, content: str, says: str) -> None:
    (tmp_path / "orders.csv").write_bytes(content.encode("latin-1"))
    result = skarb("venue", "match", "orders.csv")
    assert result.code == 3 and says in " ".join(result.err.split())
    assert skarb("venue", "match", "none.csv").code == 4 and skarb("venue", "match", "orders.csv", "--at", "-1").code == 2

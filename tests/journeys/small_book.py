"""A small market of a made-up country, and a driver that posts to its book; the parent process kills it.

Run as a script it opens the book, hands in numbered instructions and prints every receipt once it may be given.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import numpy as np

from skarb.core.amount import parse_amount
from skarb.core.columns import content_of
from skarb.core.decision import Receipt
from skarb.core.facts import Facts
from skarb.core.instruction import Instruction
from skarb.core.time import legal_day
from skarb.core.transfer import ACCOUNT, TRANSFER, AccountFlag, key_128
from skarb.journal import Batch, Book, Opening, Ruling, fold, open_book
from skarb.rulebook import Edition, load
from skarb.store import Location, location_of

ASSETS = {"ZZD": 1, "BTC": 2}
PARTIES = tuple(f"p{number}" for number in range(20))
LAW = {
    "country.yaml": """
code: ZZ
name: Made-up land
currency: ZZD
decimals: 2
zone: Etc/UTC
ranks: [law]
""",
    "acts/a1.yaml": """
- id: ZZ-A1
  title: Act on tokens
  rank: law
  signed: 2020-01-01
  articles: ["1", "2", "3"]
""",
    "provisions/tokens.yaml": """
- id: ZZ-A1/transfer
  title: Anybody may send tokens
  cites: {act: ZZ-A1, article: "1"}
  in_force: {from: 2020-01-01}
  activity: [token_transfer_out]
  effect: permit
  authority: [central_bank]
  certainty: primary_text
  grade: A
  says: Tokens may be sent.
  cases:
    - {at: 2019-12-31, facts: {}, then: silent}
    - {at: 2020-01-01, facts: {}, then: permit}
- id: ZZ-A1/large
  title: Large transfers need a person
  cites: {act: ZZ-A1, article: "2"}
  in_force: {from: 2020-01-01}
  activity: [token_transfer_out]
  when: value is not missing and value >= large
  effect: refer
  authority: [central_bank]
  certainty: primary_text
  grade: A
  says: A person looks at large transfers.
  cases:
    - {at: 2020-01-01, facts: {value: "899.99 ZZD"}, then: silent}
    - {at: 2020-01-01, facts: {value: "900.00 ZZD"}, then: refer}
- id: ZZ-A1/unknown
  title: Unknown persons send nothing
  cites: {act: ZZ-A1, article: "3"}
  in_force: {from: 2020-01-01}
  activity: [token_transfer_out]
  when: not actor_identified
  effect: refuse
  authority: [central_bank]
  certainty: primary_text
  grade: A
  says: Who is not identified may not send tokens.
  cases:
    - {at: 2020-01-01, facts: {actor_identified: true}, then: silent}
    - {at: 2020-01-01, facts: {actor_identified: false}, then: refuse}
""",
    "parameters/large.yaml": """
- name: large
  unit: ZZD
  values:
    - {from: 2020-01-01, value: "900.00", cites: ZZ-A1/large}
""",
    "conditions.yaml": "[]\n",
    "lists.yaml": "[]\n",
}


@cache
def edition() -> Edition:
    """Return the made-up law."""
    with TemporaryDirectory() as folder:
        for name, text in LAW.items():
            path = Path(folder, name)
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return load(Path(folder)).edition(legal_day(datetime(2026, 6, 1, tzinfo=UTC), "Etc/UTC"))


def clock() -> datetime:
    return datetime.now(UTC)


def instruction(number: int) -> Instruction:
    """Return the instruction with a number: the same one again, always."""
    party, other = PARTIES[number % 7 % len(PARTIES)], PARTIES[(number * 3 + 1) % len(PARTIES)]
    other = other if other != party else PARTIES[-1]
    amount = f"{number * 37 % 1000}.{number % 100:02d}"
    return send(f"i-{number:06d}", party, other, amount, number)


def send(name: str, party: str, other: str, amount: str, seconds: int) -> Instruction:
    at = datetime.fromtimestamp(1_780_000_000 + seconds, UTC)
    return Instruction(id=name, at=at, activity="token_transfer_out", party=party, counterparty=other, asset="ZZD", amount=amount)


def account_id(party: str) -> bytes:
    return key_128(f"client/{party}/money")


def create(path: Location, now: Callable[[], datetime] = clock, name: str = "small") -> Book:
    """Open the book; a new one gets its law, its accounts and some money."""
    book = open_book(path, clock=now, name=name)
    book.keep_edition(edition().normal)
    if book.sequence == 0:
        addresses = ["issuer", *PARTIES]
        accounts = np.zeros(len(addresses), ACCOUNT)
        for row, address in enumerate(addresses):
            accounts[row]["id_lo"], accounts[row]["id_hi"] = np.frombuffer(account_id(address), "<u8")
        accounts["ledger"], accounts["code"] = ASSETS["ZZD"], 1
        accounts["flags"][1:] = AccountFlag.debits_must_not_exceed_credits
        funding = [send(f"fund-{number}", "issuer", PARTIES[number % 4], "899.00", 0) for number in range(20)]
        at = book.instant()
        opened = book.ledger.open_accounts(accounts, at)
        book.append(
            msgspec.structs.replace(
                post(book, funding, at),
                openings=[Opening(f"client/{address}/money", "ZZD") for address in addresses],
                accounts=accounts.tobytes(),
                account_results=opened.tobytes(),
            )
        )
    return book


def journalled(instructions: list[Instruction]) -> dict[str, object]:
    """Return the columns of a batch that follow from instructions and the law."""
    law, contents = edition(), [content_of(one) for one in instructions]
    facts = [facts_of(one) for one in instructions]
    folded = fold(facts)
    return {
        "editions": (law.hash,),
        "instructions": [msgspec.Raw(content) for content in contents],
        "facts": folded.facts,
        "rulings": [Ruling(0, law.decide(one), law.levy(one), law.duties(one)) for one in facts],
        "keys": b"".join(key_128(one.id) for one in instructions),
        "cases": folded.cases,
        "values": folded.values,
        "dollars": folded.dollars,
    }


def facts_of(one: Instruction) -> Facts:
    day, value = legal_day(one.at, "Etc/UTC"), parse_amount(one.amount, 2)
    return Facts(activity=one.activity, day=day, actor_identified=one.party != "p6", value=value, screening="clear")


def transfers(rows: list[tuple[str, str, str, int]]) -> np.ndarray:
    records = np.zeros(len(rows), TRANSFER)
    for record, (name, debit, credit, amount) in zip(records, rows, strict=True):
        record["id_lo"], record["id_hi"] = np.frombuffer(key_128(name), "<u8")
        record["debit_lo"], record["debit_hi"] = np.frombuffer(account_id(debit), "<u8")
        record["credit_lo"], record["credit_hi"] = np.frombuffer(account_id(credit), "<u8")
        record["amount_lo"] = amount
    records["ledger"], records["code"] = ASSETS["ZZD"], 1
    return records


def hand_in(book: Book, instructions: list[Instruction]) -> list[Receipt]:
    """Take a batch down the road: recall, decide, post, journal, answer."""
    columns = journalled(instructions)
    positions = book.recall(columns["keys"])
    first = dict(zip(positions[positions >= 0].tolist(), book.answers(positions[positions >= 0].tolist()), strict=True))
    new = [one for one, position in zip(instructions, positions, strict=True) if position == -1]
    written = iter(_post(book, new) if new else [])
    answers = []
    for position, one in zip(positions.tolist(), instructions, strict=True):
        if position == -1:
            answers.append(next(written))
        else:
            receipt, content = first[position]
            outcome = receipt.outcome if content == content_of(one) else "conflict"
            answers.append(msgspec.structs.replace(receipt, repeated=True, outcome=outcome))
    return answers


def _post(book: Book, instructions: list[Instruction]) -> list[Receipt]:
    book.append(post(book, instructions))
    return [one.receipt for one in book.answers(range(book.instructions - len(instructions), book.instructions))]


def post(book: Book, instructions: list[Instruction], at: int | None = None) -> Batch:
    """Decide and post; return the batch to be journalled."""
    columns = journalled(instructions)
    permitted = [row for row, ruling in enumerate(columns["rulings"]) if edition().outcomes[ruling.outcome].verdict == "permit"]
    plan = [instructions[row] for row in permitted]
    records = transfers([(one.id, one.party, one.counterparty or "", parse_amount(one.amount, 2)) for one in plan])
    at = at or book.instant()
    results = book.ledger.post(records, at)
    return Batch(
        book="",
        sequence=0,
        recorded_at=at,
        registers=bytes(32),
        **columns,
        transfers=records.tobytes(),
        owners=np.array(permitted, "<u4").tobytes(),
        results=results.tobytes(),
    )


def main() -> None:
    """Hand in batches of the sizes that a seed gives and print each receipt, flushed; never end by itself."""
    path, start, size, closing = location_of(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:] == ["closing"]
    book = create(path)
    print("ready", flush=True)
    while True:
        for receipt in hand_in(book, [instruction(start + row) for row in range(size)]):
            print(msgspec.json.encode(receipt).decode())
        sys.stdout.flush()
        start += size
        if closing:
            book.close()
            book = create(path)


if __name__ == "__main__":
    main()

"""The tables of a lake, and what each column means.

Facts are folded, as in the journal: `cases` holds each distinct set of facts once, for the whole lake, and a row of `rows` says which case it is
and adds the day and the two values, in which alone most instructions differ. So a hundred million rows are a few small integers each, and the
law looks at some thousands of cases. Codes of the facts are ENUM columns whose order is that of `rulebook.coding.codes_of`: the position of a code
is its number. Codes may be appended later, never reordered.

Nothing is ever deleted or updated. Within a book, rows lie in the order of its journal, so `(book, sequence, row_no)` goes up; zone maps make
reading one book or one stretch of time cheap.

    rows          one per decided instruction
      book          number in `books`
      sequence      batch of the journal, from 1
      row_no        row in the batch, from 0; (book, sequence, row_no) is the key
      instant       of the instruction, nanoseconds since 1970 (UTC)
      day           legal day, days since 1970-01-01
      case_no       number in `cases`: everything else that the law looks at
      value         in minor units of the legal currency, NULL where there is none
      value_usd     in cents, likewise
      asset         number in `assets`
      amount        smallest units of the asset; NULL if it has more than 38 digits, which the journal allows and columns do not
      paid_asset    what is given in return, number in `assets`, NULL where nothing is
      paid_amount   its smallest units
      party         number in `names`: for whom it is done, as the instruction names him
      counterparty  number in `names`, NULL where there is none; likewise venue and wallet
      edition       number in `editions`: the law that decided; NULL in a declared feed that does not say
      outcome       number in `outcomes` of that edition; 0 is silence
      duties        bit mask over `duties` of that edition
      levy          number in `levies` of that edition; 0 is none
      answer        what became of it
      approves      id of the referral that a second person approves with this instruction
      id            of the instruction
      end_to_end_id what both sides of a payment call it, as the instruction says (an UETR, an EndToEndId, a transaction of a chain); NULL where
                    it says nothing. A lake made before there was this column gets it with the next addition, NULL in older rows
    transfers     one per transfer that the ledger made, in the order of the journal
      book, sequence
      row_no        of the instruction, NULL in a ledger without instructions
      debit, credit numbers in `accounts`
      asset         number in `assets`
      amount        smallest units as the record says; NULL if it has more than 38 digits
      code, flags   as the record says (`core.transfer.TransferFlag`)
      instant       when it takes effect, nanoseconds since 1970
      day           the legal day of its instruction; without one the day of `instant` in UTC
    cases         one per distinct facts: `case_no`, each fact of `core.facts.Facts` but day, value and value_usd, and `case_id`, which is
                  BLAKE2b, in hex, over the facts that are not at their usual value
    books         number, name; `currency`, `decimals` and `zone` of the law that decided
    names         number, name: parties, venues and wallets as instructions name them
    assets        number, code, decimals
    accounts      number, book, address, asset (number in `assets`), id (128 bits, hex)
    editions      number, hash, law, currency, decimals, normal (the text whose SHA-256 the hash is)
    outcomes, duties, levies, provisions
                  what the numbers of an edition mean, in words
    batches       one per batch of a book: recorded_at, previous head, head, counts, the feed that brought it
    feeds         one per addition: what was added, when, by whom, proven or declared
    keys          the public keys that a book's feeds may be signed with

`decisions` is a view that joins all of it into words and decimals, for people who ask with plain SQL.

Totals of named features can be computed again from `rows`; a table that keeps them goes beside these, under the same key.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

from skarb.core.decision import Outcome
from skarb.rulebook.coding import codes_of
from skarb.rulebook.schema import Field, schema

FORMAT = 1
STORAGE = "v1.4.0"  # the oldest DuckDB that can read a new lake, the oldest that Skarb runs with
PER_ROW = ("day", "value", "value_usd")  # facts that stand in `rows`, as they differ from row to row
AMOUNT = "DECIMAL(38,0)"
AMOUNT_MAX = 10**38 - 1

# Of texts that are all different; to try every other way would cost as much as all other columns. Numbers are mostly packed in any case.
SIMILAR = "USING COMPRESSION zstd"
_PACKED = "USING COMPRESSION bitpacking"

ROWS = {
    "book": "USMALLINT",
    "sequence": "INTEGER",
    "row_no": "INTEGER",
    "instant": "BIGINT",
    "day": "INTEGER",
    "case_no": "INTEGER",
    "value": "BIGINT",
    "value_usd": "BIGINT",
    "asset": "USMALLINT",
    "amount": AMOUNT,
    "paid_asset": "USMALLINT",
    "paid_amount": AMOUNT,
    "party": "INTEGER",
    "counterparty": "INTEGER",
    "venue": "INTEGER",
    "wallet": "INTEGER",
    "edition": "USMALLINT",
    "outcome": "USMALLINT",
    "duties": "BIGINT",
    "levy": "USMALLINT",
    "answer": f"ENUM{get_args(Outcome)!r}",
    "approves": "VARCHAR",
    "id": f"VARCHAR {SIMILAR}",
    "end_to_end_id": "VARCHAR",
}
TRANSFERS = {
    "book": "USMALLINT",
    "sequence": "INTEGER",
    "row_no": "INTEGER",
    "debit": "INTEGER",
    "credit": "INTEGER",
    "asset": "USMALLINT",
    "amount": AMOUNT,
    "code": "USMALLINT",
    "flags": "USMALLINT",
    "instant": "BIGINT",
    "day": "INTEGER",
}
_SMALL = {
    "books": {"number": "USMALLINT", "name": "VARCHAR", "currency": "VARCHAR", "decimals": "UTINYINT", "zone": "VARCHAR"},
    "names": {"number": "INTEGER", "name": "VARCHAR"},
    "assets": {"number": "USMALLINT", "code": "VARCHAR", "decimals": "UTINYINT"},
    "accounts": {"number": "INTEGER", "book": "USMALLINT", "address": "VARCHAR", "asset": "USMALLINT", "id": "VARCHAR"},
    "editions": {
        "number": "USMALLINT",
        "hash": "VARCHAR",
        "law": "VARCHAR",
        "currency": "VARCHAR",
        "decimals": "UTINYINT",
        "normal": "BLOB",
    },
    "outcomes": {
        "edition": "USMALLINT",
        "outcome": "USMALLINT",
        "verdict": "VARCHAR",
        "provision": "VARCHAR",
        "measure": "VARCHAR",
        "assumed": "BOOLEAN",
    },
    "duties": {"edition": "USMALLINT", "bit": "UTINYINT", "provision": "VARCHAR"},
    "levies": {"edition": "USMALLINT", "levy": "USMALLINT", "provision": "VARCHAR"},
    "provisions": {
        "edition": "USMALLINT",
        "provision": "VARCHAR",
        "title": "VARCHAR",
        "act": "VARCHAR",
        "article": "VARCHAR",
    },
    "batches": {
        "book": "USMALLINT",
        "sequence": "INTEGER",
        "recorded_at": "BIGINT",
        "previous": "BLOB",
        "head": "BLOB",
        "rows": "INTEGER",
        "transfers": "INTEGER",
        "feed": "INTEGER",
    },
    "feeds": {
        "number": "INTEGER",
        "book": "USMALLINT",
        "proven": "BOOLEAN",
        "from_sequence": "INTEGER",
        "to_sequence": "INTEGER",
        "head": "BLOB",
        "rows": "BIGINT",
        "transfers": "BIGINT",
        "manifest": "VARCHAR",
        "key": "VARCHAR",
        "added_at": "TIMESTAMP",
        "added_by": "VARCHAR",
    },
    "keys": {"book": "VARCHAR", "key": "VARCHAR", "public": "BLOB", "trusted_at": "TIMESTAMP", "trusted_by": "VARCHAR"},
    "lake": {"format": "INTEGER"},
}

DECISIONS = """
CREATE VIEW decisions AS
SELECT b.name AS book, r.sequence, r.row_no, r.id, make_timestamp(r.instant // 1000) AS instant, DATE '1970-01-01' + r.day AS day,
  c.activity, p.name AS party, o.name AS counterparty, v.name AS venue, w.name AS wallet,
  a.code AS asset, units_text(r.amount, a.decimals) AS amount, q.code AS paid_asset, units_text(r.paid_amount, q.decimals) AS paid_amount,
  money(r.value, b.decimals) AS value, b.currency, money(r.value_usd, 2) AS value_usd,
  r.end_to_end_id, r.answer, x.verdict, x.provision, t.title, t.act, t.article, x.assumed, l.provision AS levy,
  names_of(r.duties, d.provisions) AS duties, e.hash AS edition, r.approves,
  c.* EXCLUDE (activity, case_id)
FROM rows r
JOIN cases c USING (case_no)
JOIN books b ON b.number = r.book
JOIN assets a ON a.number = r.asset
JOIN names p ON p.number = r.party
LEFT JOIN names o ON o.number = r.counterparty
LEFT JOIN names v ON v.number = r.venue
LEFT JOIN names w ON w.number = r.wallet
LEFT JOIN assets q ON q.number = r.paid_asset
LEFT JOIN editions e ON e.number = r.edition
LEFT JOIN outcomes x ON x.edition = r.edition AND x.outcome = r.outcome
LEFT JOIN provisions t ON t.edition = r.edition AND t.provision = x.provision
LEFT JOIN levies l ON l.edition = r.edition AND l.levy = r.levy AND r.levy > 0
LEFT JOIN (SELECT edition, list(provision ORDER BY bit) AS provisions FROM duties GROUP BY edition) d ON d.edition = r.edition
"""
# A quotient of decimals would become a float, so minor units are multiplied by 0.01 and the like, which is exact.
_MACROS = (
    "CREATE MACRO money(minor, decimals) AS CAST(minor AS DECIMAL(20,0)) * CAST(CASE decimals WHEN 0 THEN 1 WHEN 1 THEN 0.1 WHEN 2 THEN 0.01 "
    "WHEN 3 THEN 0.001 WHEN 4 THEN 0.0001 END AS DECIMAL(5,4))",
    "CREATE MACRO digits_of(units, decimals) AS "
    "lpad(CAST(units AS VARCHAR), CAST(greatest(length(CAST(units AS VARCHAR)), decimals + 1) AS INTEGER), '0')",
    "CREATE MACRO units_text(units, decimals) AS CASE WHEN decimals = 0 THEN CAST(units AS VARCHAR) ELSE "
    "left(digits_of(units, decimals), -CAST(decimals AS INTEGER)) || '.' || right(digits_of(units, decimals), CAST(decimals AS INTEGER)) END",
    "CREATE MACRO names_of(mask, names) AS [names[bit + 1] FOR bit IN range(63) IF (mask >> bit) & 1 = 1]",
)


def fact_fields() -> tuple[Field, ...]:
    """Return the facts that stand in `cases`, in their order."""
    return tuple(field for name, field in schema("legal").items() if name not in PER_ROW)


def sql_type(field: Field) -> str:
    """Return the type of the column of a fact."""
    match field.type.base:
        case "flag":
            return "BOOLEAN"
        case "code":
            return f"ENUM({', '.join(map(repr, codes_of(field)))})"
        case "day":
            return "INTEGER"
    return "BIGINT"


def tables() -> dict[str, dict[str, str]]:
    """Return every table with its columns and their types."""
    facts = {field.name: sql_type(field) for field in fact_fields()}
    return {"rows": ROWS, "transfers": TRANSFERS, "cases": {"case_no": "INTEGER", **facts, "case_id": "VARCHAR"}, **_SMALL}


def statements() -> Iterator[str]:
    """Yield the statements that make the tables and views of a new lake."""
    for table, columns in tables().items():
        packed = ("USMALLINT", "INTEGER", "BIGINT") if table in ("rows", "transfers") else ()
        kinds = {name: f"{kind} {_PACKED}" if kind in packed else kind for name, kind in columns.items()}
        yield f"CREATE TABLE {table} ({', '.join(f'{name} {kind}' for name, kind in kinds.items())})"
    yield from _MACROS
    yield DECISIONS
    yield f"INSERT INTO lake VALUES ({FORMAT})"

"""Moves: what was paid for each row, as the transfers and accounts of a feed.

A move names its instruction, who was debited and who was credited by addresses in words, and how much. It follows its row: moves stand in
the order of the rows. An account is opened when a move first names it, and has the number that every ledger of ours would give it.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from skarb.app.declaring import cells
from skarb.app.declaring.rows import Decimals, Numbers, amount_column
from skarb.app.declaring.sheets import Places, Sheet, joined
from skarb.journal.chart import CODE, account_id
from skarb.journal.feed.files import SCHEMAS

NEEDED = ("instruction", "debit", "credit", "amount")
KNOWN = (*NEEDED, "asset")
_ID, _ADDRESS = 64, 255  # characters


class Accounts:
    """The accounts that a feed has opened so far, and the number of each asset in the book."""

    def __init__(self) -> None:
        self.known: set[bytes] = set()
        self.ledgers: dict[str, int] = {}

    def learn(self, accounts: pa.Table) -> None:
        """Know the accounts that were opened before."""
        self.known.update(map(bytes.fromhex, accounts["id"].to_pylist()))
        pairs = accounts.group_by(["asset", "ledger"]).aggregate([])
        self.ledgers |= dict(zip(pairs["asset"].to_pylist(), pairs["ledger"].to_pylist(), strict=True))

    def ledger(self, asset: str) -> int:
        """Return the number of an asset."""
        return self.ledgers.setdefault(asset, max(self.ledgers.values(), default=0) + 1)

    def opened(self, found: dict[tuple[str, str], bytes], sequence: int) -> pa.Table:
        """Open those of some accounts that are new."""
        new = [(key, one) for key, one in found.items() if one not in self.known]
        self.known.update(one for _, one in new)
        columns = {
            "sequence": [sequence] * len(new),
            "id": [one.hex() for _, one in new],
            "address": [address for (address, _), _ in new],
            "asset": [asset for (_, asset), _ in new],
            "ledger": [self.ledger(asset) for (_, asset), _ in new],
        }
        return pa.table({name: pa.array(columns[name], kind) for name, kind in SCHEMAS["accounts"].items()})


class Moves:
    """Hands out the moves of each batch of rows, which follow each other."""

    def __init__(self, parts: Iterator[Sheet], accounts: Accounts, decimals: Decimals) -> None:
        """Begin with nothing read."""
        self._parts, self._accounts, self._decimals = parts, accounts, decimals
        self._left: Sheet | None = None  # read, and not of any row so far

    def make(self, rows: pa.Table, sequence: int) -> tuple[pa.Table, pa.Table]:
        """Return the transfers of a batch and the accounts that they open.

        Raises: InputError
        """
        sheet, owners = self._of(rows["id"])
        if sheet is None:
            return _nothing("transfers"), _nothing("accounts")
        order = np.argsort(owners, kind="stable")  # the moves of one row side by side
        owners = owners[order]
        self._paid(sheet, order, rows["answer"].combine_chunks().dictionary_decode().take(pa.array(owners)))
        codes = rows["asset"].combine_chunks().dictionary_decode().take(pa.array(owners)).to_pylist()
        sides = {name: sheet.needed(name, cells.words(_ADDRESS)) for name in ("debit", "credit")}
        assets, amounts = self._amounts(sheet, order, codes)
        found: dict[tuple[str, str], bytes] = {}
        ids = {name: self._ids(read, order, assets, found) for name, read in sides.items()}
        self._check(sheet, order, ids, amounts)
        columns = {
            "sequence": pa.array(np.full(len(order), sequence, np.int32)),
            "row_no": pa.array(owners.astype(np.int32)),
            **{name: pa.array([one.hex() for one in own], pa.string()) for name, own in ids.items()},
            "ledger": pa.array([self._accounts.ledger(code) for code in assets], pa.int64()),
            "amount": amount_column(amounts),
            "code": pa.array(np.full(len(order), CODE, np.int32)),
            "flags": pa.array(np.zeros(len(order), np.int32)),
            "instant": rows["instant"].take(pa.array(owners)),
            "day": rows["day"].take(pa.array(owners)),
        }
        return pa.table({name: columns[name] for name in SCHEMAS["transfers"]}), self._accounts.opened(found, sequence)

    def finish(self) -> None:
        """Check that no move is left.

        Raises: InputError naming the first that belongs to no row.
        """
        left = self._left or next(self._parts, None)
        if left is not None:
            given = left.table["instruction"][0].as_py()
            raise left.error(
                0,
                "instruction",
                given or "",
                "the id of a row that is not before that of the move above; moves stand in the order of rows",
            )

    def _of(self, ids: pa.ChunkedArray) -> tuple[Sheet | None, Numbers]:
        """Take the moves of some rows, and say of each which row it belongs to."""
        taken: list[Sheet] = []
        owners: list[Numbers] = []
        while (sheet := self._left or next(self._parts, None)) is not None:
            self._left = None
            own = pc.index_in(sheet.table["instruction"], ids)
            strange = pc.index(own.is_null(), True).as_py()
            count = len(sheet) if strange < 0 else strange
            if count:
                taken.append(sheet.slice(0, count))
                owners.append(own.slice(0, count).to_numpy().astype(np.int64))
            if count < len(sheet):
                self._left = sheet.slice(count)
                break
        return (joined(taken), np.concatenate(owners)) if taken else (None, np.zeros(0, np.int64))

    def _amounts(self, sheet: Sheet, order: Numbers, codes: list[str]) -> tuple[list[str], list[int | None]]:
        """Return asset and amount of each move; it is of its row's asset where it does not say another."""
        said = sheet.read("asset", lambda code: (self._decimals(code), code)[1])
        assets = [said.values[own] if own >= 0 else code for own, code in zip(said.places[order].tolist(), codes, strict=True)]
        amounts: list[int | None] = [None] * len(order)
        sheet.needed("amount", str)
        rows_of: dict[str, list[int]] = {}
        for place, code in enumerate(assets):
            rows_of.setdefault(code, []).append(place)
        for code, places in rows_of.items():
            read = sheet.read("amount", cells.units(self._decimals(code)), order[places])
            for place, own in zip(places, read.places.tolist(), strict=True):
                amounts[place] = read.values[own]
        return assets, amounts

    @staticmethod
    def _ids(read: Places[str], order: Numbers, assets: list[str], found: dict[tuple[str, str], bytes]) -> list[bytes]:
        """Return the number of the account of each move, and note it."""
        ids = []
        for place, asset in zip(read.places[order].tolist(), assets, strict=True):
            key = read.values[place], asset
            if key not in found:
                found[key] = account_id(*key)
            ids.append(found[key])
        return ids

    @staticmethod
    def _paid(sheet: Sheet, order: Numbers, answers: pa.Array) -> None:
        """Check that each move is of a row that came to pass."""
        unpaid = pc.index(pc.equal(answers, "posted"), False).as_py()
        if unpaid >= 0:
            row, answer = int(order[unpaid]), answers[unpaid].as_py()
            given = sheet.table["instruction"][row].as_py()
            raise sheet.error(row, "instruction", given, f"the id of a posted row, this one is {answer}: nothing was paid for it")

    @staticmethod
    def _check(sheet: Sheet, order: Numbers, ids: dict[str, list[bytes]], amounts: list[int | None]) -> None:
        for place, (debit, credit, amount) in enumerate(zip(ids["debit"], ids["credit"], amounts, strict=True)):
            row = int(order[place])
            if debit == credit:
                raise sheet.error(
                    row, "credit", sheet.table["credit"][row].as_py(), "another account than the one that is debited"
                )
            if not amount:
                raise sheet.error(row, "amount", sheet.table["amount"][row].as_py(), "an amount above nought")


def _nothing(name: str) -> pa.Table:
    return pa.table({column: pa.array([], kind) for column, kind in SCHEMAS[name].items()})

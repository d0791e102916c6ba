"""Rows: a flat table of instructions as the rows and cases of a feed.

A row says in plain words who did what, when, for how much, what the facts were and what was answered. A fact that has no column, or nothing in it, is
at its usual value. Rows with the same facts share a case, which is named by what it holds; an institution that keeps cases of its own may
file them as a table beside and name them. Where a row says which provision decided, the edition of its day and its outcome follow; where it
does not, nobody knows, and the feed says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from skarb.app.declaring import cells
from skarb.app.declaring.cells import Value
from skarb.app.declaring.sheets import Places, Sheet, texts_of
from skarb.core.amount import LEGAL_VALUE_MAX
from skarb.core.errors import FieldError, InputError
from skarb.core.facts import Facts
from skarb.core.instruction import END_TO_END_ID_MAX
from skarb.core.time import from_day, legal_day
from skarb.journal.feed.cases import FACTS, case_id
from skarb.journal.feed.columns import AMOUNT_MAX, decimal_column
from skarb.journal.feed.files import SCHEMAS
from skarb.rulebook import Edition, Rulebook
from skarb.rulebook.schema import schema, suggest

NEEDED = ("id", "at", "party", "asset", "answer")
WHO = ("party", "counterparty", "venue", "wallet")
OPTIONAL = (
    "day",
    "amount",
    "value",
    "value_usd",
    "paid_asset",
    "paid_amount",
    *WHO[1:],
    "approves",
    "end_to_end_id",
    "provision",
    "case",
)
KNOWN = (*NEEDED, *OPTIONAL, *FACTS)
CASES = ("case", *FACTS)
VERDICTS = {"posted": "permit", "not_posted": "permit", "refused": "refuse", "referred": "refer"}
"""What an answer says of the law: the ledger turned down what is permitted and not posted."""

_ID, _NAME = 64, 140  # characters, as in instructions
_USD = 2  # decimals
_HALF = (1 << 64) - 1
Numbers = NDArray[np.int64]
Flags = NDArray[np.bool_]
Decimals = Callable[[str], int]  # of an asset; raises InputError for one that nobody knows


class Flat:
    """Makes rows and cases of sheets, one after the other."""

    def __init__(self, law: Rulebook, decimals: Decimals, cases: Iterable[Sheet] = ()) -> None:
        """Begin with the law under which everything was decided, and with cases that are named."""
        self._law, self._decimals, self._country = law, decimals, law.country
        self._fields = schema(law.country.currency)
        self.editions: dict[str, Edition] = {}  # those that some row names
        self._latest = -(1 << 63)
        self._at = cache(cells.instant(law.country.zone))
        self._named: dict[str, dict[str, Value]] = {}
        for sheet in cases:
            self._learn(sheet)

    def make(self, sheet: Sheet, sequence: int) -> tuple[pa.Table, pa.Table]:
        """Return the rows and the cases of a sheet as those of a batch.

        Raises: InputError
        """
        at, day = self._times(sheet)
        case_ids, cases = self._cases(sheet)
        asset, amount, amounts = self._amounts(sheet, "asset", "amount")
        paid, _, paid_amounts = self._amounts(sheet, "paid_asset", "paid_amount")
        answer = sheet.needed("answer", cells.one_of(tuple(VERDICTS)))
        edition, outcome = self._decided(sheet, day, answer)
        count = len(sheet)
        ids = sheet.needed("id", cells.words(_ID))
        self._once(sheet, ids)
        columns = {
            "sequence": pa.array(np.full(count, sequence, np.int32)),
            "row_no": pa.array(np.arange(count, dtype=np.int32)),
            "instant": pa.array(at),
            "day": pa.array(day.astype(np.int32)),
            "case_id": texts_of(case_ids),
            "value": self._value(sheet, asset, amount),
            "value_usd": _whole(sheet.read("value_usd", cells.worth(_USD))),
            "asset": texts_of(asset),
            "amount": amounts,
            "paid_asset": texts_of(paid),
            "paid_amount": paid_amounts,
            **{name: texts_of(self._who(sheet, name)) for name in WHO},
            "edition": texts_of(edition),
            "outcome": outcome,
            "answer": texts_of(answer),
            "approves": texts_of(sheet.read("approves", cells.words(_ID))).dictionary_decode(),
            "id": texts_of(ids).dictionary_decode(),
            "end_to_end_id": texts_of(sheet.read("end_to_end_id", cells.words(END_TO_END_ID_MAX))).dictionary_decode(),
        }
        nothing = pa.nulls(count)
        kinds = SCHEMAS["rows"]
        return pa.table({name: columns[name] if name in columns else nothing.cast(kind) for name, kind in kinds.items()}), cases

    # -- when and who ----------------------------------------------------------------------------------------------------------

    def _times(self, sheet: Sheet) -> tuple[Numbers, Numbers]:
        """Return instant and legal day of each row; rows stand in the order in which they happened."""
        read = sheet.needed("at", self._at)
        at = np.array([cells.nanoseconds(one) for one in read.values], np.int64)[read.places]
        back = np.flatnonzero(at < np.append(self._latest, at[:-1]))
        if len(back):
            given = sheet.table["at"][int(back[0])].as_py()
            raise sheet.error(int(back[0]), "at", given, "no earlier instant than in the row before; sort the table by at")
        self._latest = int(at[-1])
        day = np.array([legal_day(one, self._country.zone) for one in read.values], np.int64)[read.places]
        own = sheet.read("day", cells.day)
        said = ~own.missing()
        day[said] = np.array(own.values, np.int64)[own.places[said]]
        return at, day

    def _who(self, sheet: Sheet, name: str) -> Places[str]:
        read = sheet.needed if name in NEEDED else sheet.read
        return read(name, cells.words(_NAME))

    @staticmethod
    def _once(sheet: Sheet, ids: Places[str]) -> None:
        if len(ids.values) < len(sheet):
            firsts = np.unique(ids.places, return_index=True)[1]
            again = np.ones(len(sheet), np.bool_)
            again[firsts] = False
            row = int(again.argmax())
            first = sheet.where(int(firsts[ids.places[row]]))
            raise sheet.error(row, "id", ids.values[ids.places[row]], f"an id of its own, this one stands in {first}, too")

    # -- how much --------------------------------------------------------------------------------------------------------------

    def _amounts(self, sheet: Sheet, asset: str, amount: str) -> tuple[Places[str], list[int | None], pa.Array]:
        """Return the asset of each row, its amount in smallest units, and these as a column."""

        def known(code: str) -> str:
            self._decimals(code)
            return code

        codes = (sheet.needed if asset in NEEDED else sheet.read)(asset, known)
        found: list[int | None] = [None] * len(sheet)
        for place, code in enumerate(codes.values):
            rows = np.flatnonzero(codes.places == place)
            read = sheet.read(amount, cells.units(self._decimals(code)), rows)
            for row, own in zip(rows.tolist(), read.places.tolist(), strict=True):
                found[row] = None if own < 0 else read.values[own]
        if codes.missing().any() and sheet.has(amount):
            alone = np.flatnonzero(codes.missing() & sheet.table[amount].is_valid().to_numpy(zero_copy_only=False))
            if len(alone):
                raise sheet.error(int(alone[0]), asset, "", f"the asset that {amount} is counted in")
        return codes, found, amount_column(found)

    def _value(self, sheet: Sheet, asset: Places[str], amounts: list[int | None]) -> pa.Array:
        """Return what each row is worth; an amount of the law's own currency is its value."""
        read = sheet.read("value", cells.worth(self._country.decimals))
        own = self._country.currency
        found = [None if place < 0 else read.values[place] for place in read.places.tolist()]
        for row, place in enumerate(asset.places.tolist()):
            if found[row] is None and asset.values[place] == own:
                found[row] = amounts[row]
        most = max((one for one in found if one is not None), default=0)
        if most > LEGAL_VALUE_MAX:
            raise sheet.error(found.index(most), "amount", most, f"a value of at most {LEGAL_VALUE_MAX:,} minor units")
        return pa.array(found, pa.int64())

    # -- facts -----------------------------------------------------------------------------------------------------------------

    def _learn(self, sheet: Sheet) -> None:
        """Learn cases that have names of the institution's own."""
        names = sheet.needed("case", cells.words(_NAME))
        self._once_named(sheet, names)
        facts = self._facts(sheet)
        for row, place in enumerate(names.places.tolist()):
            self._named[names.values[place]] = _said(facts, row)

    def _once_named(self, sheet: Sheet, names: Places[str]) -> None:
        seen: set[str] = set(self._named)
        for row, place in enumerate(names.places.tolist()):
            if names.values[place] in seen:
                raise sheet.error(row, "case", names.values[place], "a name that no other case has")
            seen.add(names.values[place])

    def _facts(self, sheet: Sheet) -> dict[str, Places[Value]]:
        """Return the facts that a sheet has columns for."""
        decimals = self._country.decimals
        return {name: sheet.read(name, cells.fact(self._fields[name], decimals)) for name in FACTS if sheet.has(name)}

    def _cases(self, sheet: Sheet) -> tuple[Places[str], pa.Table]:
        """Return the case of each row, and the cases."""
        facts = self._facts(sheet)
        named = sheet.read("case", self._case)
        parts = [*(one.places for one in facts.values()), named.places]
        firsts, places = _alike(parts)
        ids: dict[str, int] = {}
        cases: list[Facts] = []
        numbers = np.zeros(len(firsts), np.int64)
        for number, row in enumerate(firsts.tolist()):
            told = named.values[named.places[row]] if named.places[row] >= 0 else {}
            own = _said(facts, row)
            both = told.keys() & own.keys()
            if both:
                raise sheet.error(row, min(both), own[min(both)], "nothing, as the case that the row names says it")
            if "activity" not in told and "activity" not in own:
                raise sheet.error(row, "activity", "", "what was done, here or in the case that the row names")
            one = Facts(day=0, **told, **own)  # type: ignore[arg-type]
            numbers[number] = ids.setdefault(case_id(one), len(ids))
            if len(ids) > len(cases):
                cases.append(one)
        columns = {"case_id": pa.array(list(ids), pa.string())}
        columns |= {name: pa.array([getattr(one, name) for one in cases], kind) for name, kind in FACTS.items()}
        return Places(list(ids), numbers[places]), pa.table(columns)

    def _case(self, name: str) -> Mapping[str, Value]:
        if name not in self._named:
            advice = suggest(name, self._named, "there is no table of cases" if not self._named else "")
            raise FieldError("case", name, "a case that the table of cases names" + (f" ({advice})" if advice else ""))
        return self._named[name]

    # -- what decided ----------------------------------------------------------------------------------------------------------

    def _decided(self, sheet: Sheet, day: Numbers, answer: Places[str]) -> tuple[Places[str], pa.Array]:
        """Return edition and outcome of each row whose provision is known."""
        provisions = sheet.read("provision", cells.words(_NAME))
        firsts, places = _alike([provisions.places, answer.places, day])
        editions: dict[str, int] = {}
        edition, outcome = np.full(len(firsts), -1, np.int64), np.full(len(firsts), -1, np.int64)
        for number, row in enumerate(firsts.tolist()):
            if provisions.places[row] < 0:
                continue
            name, verdict = provisions.values[provisions.places[row]], VERDICTS[answer.values[answer.places[row]]]
            law, outcome[number] = self._outcome(sheet, row, int(day[row]), name, verdict)
            self.editions.setdefault(law.hash, law)
            edition[number] = editions.setdefault(law.hash, len(editions))
        return Places(list(editions), edition[places]), _column(outcome[places], pa.int32())

    def _outcome(self, sheet: Sheet, row: int, day: int, provision: str, verdict: str) -> tuple[Edition, int]:
        """Return the law of a day, and which of its answers a provision gives."""
        try:
            law = self._law.edition(day)
        except InputError as error:
            raise InputError(f"{sheet.where(row, 'day')}: {error}; nothing was written") from None
        for place, one in enumerate(law.outcomes):
            if (one.provision, one.verdict) == (provision, verdict):
                return law, place
        advice = suggest(provision, {one.provision for one in law.outcomes if one.verdict == verdict})
        expected = f"a provision of {law.country.code} that can {verdict} on {from_day(day)}, or nothing where it is not known"
        raise sheet.error(row, "provision", provision, expected + (f" ({advice})" if advice else ""))


def amount_column(amounts: list[int | None]) -> pa.Array:
    """Return amounts as decimals of 38 digits."""
    low = np.array([(one or 0) & _HALF for one in amounts], np.uint64)
    high = np.array([(one or 0) >> 64 for one in amounts], np.uint64)
    return decimal_column(low, high, np.array([one is not None and one <= AMOUNT_MAX for one in amounts], np.bool_))


def _said(facts: Mapping[str, Places[Value]], row: int) -> dict[str, Value]:
    """Return the facts that a row says something about."""
    return {name: read.values[read.places[row]] for name, read in facts.items() if read.places[row] >= 0}


def _alike(columns: Iterable[Numbers]) -> tuple[Numbers, Numbers]:
    """Return the first row of each group that is alike in all columns, in their order, and the group of each row."""
    keys = np.zeros(1, np.int64)
    for column in columns:
        own = np.unique(column, return_inverse=True)[1].reshape(-1)
        keys = np.unique(keys * (int(own.max()) + 1) + own, return_inverse=True)[1].reshape(-1)
    _, firsts = np.unique(keys, return_index=True)
    order = np.argsort(firsts)
    ranks = np.empty(len(order), np.int64)
    ranks[order] = np.arange(len(order))
    return firsts[order], ranks[keys]


def _whole(read: Places[int]) -> pa.Array:
    values = np.array([*read.values, 0], np.int64)
    return pa.array(values[read.places], mask=read.missing())


def _column(numbers: Numbers, kind: pa.DataType) -> pa.Array:
    return pa.array(numbers, mask=numbers < 0).cast(kind)

"""What a market keeps of its miners' bills and of its reserve; every file is one that a command takes, so that anybody can make the figures again.

```
market/
  reserve.book                 the book of the reserve
  mining/
    entries.yaml               the miners, where the market's registers are older than they
    months/2026-10/            a month that is over: meters.csv, schedule.csv, payouts.csv, network.csv, prices.csv, rates.csv
      bills/2026-10_SITE.json  the bills; audit.json, refused.json; inflow.csv
    reserve/                   as of the last morning: closes.csv, rates.csv, holdings.csv, policy.json, owed.csv, owed.json, stand.json
```
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from datetime import date, time
from io import StringIO
from pathlib import Path

import msgspec

from skarb.app.miningfiles import FOLDER
from skarb.custody.liabilities import SignedLiabilities
from skarb.metering import Bill, Day, Finding, Refused, Remark, read_bill

BOOK = "reserve.book"
GIVEN = ("meters.csv", "schedule.csv", "payouts.csv", "network.csv", "prices.csv")
CLOSES, RATES, HOLDINGS, OWED = "closes.csv", "rates.csv", "holdings.csv", "owed.json"
MORNING = time(10)  # on the clocks of the law's zone: everything is kept up to it, and on the first of a month bills are given
_STAND, _AUDIT, _REFUSED = "stand.json", "audit.json", "refused.json"


class Stand(msgspec.Struct, frozen=True, kw_only=True):
    """How far a market's bills and reserve are kept."""

    day: date  # the legal day whose morning it is
    since: date
    months: tuple[str, ...]  # that are over, oldest first


class Audited(msgspec.Struct, frozen=True, kw_only=True):
    """The audit of a month."""

    month: str
    findings: tuple[Finding, ...]
    days: tuple[Day, ...]
    notes: tuple[Remark, ...]


def month_folder(market: Path, month: str) -> Path:
    """Return where the files of a month are."""
    return market / FOLDER / "months" / month


def reserve_folder(market: Path) -> Path:
    """Return where the figures are that value the reserve."""
    return market / FOLDER / "reserve"


def entries_file(market: Path) -> Path:
    """Return the file of miners that a market's registers do not know."""
    return market / FOLDER / "entries.yaml"


def book_of(market: Path) -> Path:
    """Return the book of the reserve."""
    return market / BOOK


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a table, whole or not at all."""
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    write_whole(path, text.getvalue().encode())


def write_whole(path: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    draft = path.with_name(f"{path.name}.new")
    draft.write_bytes(content)
    draft.replace(path)


def write_stand(market: Path, stand: Stand) -> None:
    """Say how far everything is kept; the last thing to be written."""
    write_whole(reserve_folder(market) / _STAND, msgspec.json.encode(stand))


def read_stand(market: Path) -> Stand | None:
    """Return how far everything is kept, or None if nothing is yet."""
    try:
        return msgspec.json.decode((reserve_folder(market) / _STAND).read_bytes(), type=Stand)
    except (FileNotFoundError, msgspec.MsgspecError):
        return None


def write_audit(market: Path, audited: Audited, refused: Sequence[Refused]) -> None:
    """Keep the audit of a month and why sites have no bill; with it the month is done."""
    folder = month_folder(market, audited.month)
    write_whole(folder / _REFUSED, msgspec.json.encode(refused))
    write_whole(folder / _AUDIT, msgspec.json.format(msgspec.json.encode(audited), indent=1))


def is_done(market: Path, month: str) -> bool:
    """Say whether a month was billed and audited."""
    return (month_folder(market, month) / _AUDIT).is_file()


def read_proof(market: Path) -> SignedLiabilities | None:
    """Return the last publication of what the reserve owes, or None."""
    try:
        return msgspec.json.decode((reserve_folder(market) / OWED).read_bytes(), type=SignedLiabilities)
    except FileNotFoundError:
        return None


def read_audit(market: Path, month: str) -> Audited:
    """Return the audit of a month that is done."""
    return msgspec.json.decode((month_folder(market, month) / _AUDIT).read_bytes(), type=Audited)


def read_refused(market: Path, month: str) -> tuple[Refused, ...]:
    """Return the sites of a month that have no bill, and why."""
    return msgspec.json.decode((month_folder(market, month) / _REFUSED).read_bytes(), type=tuple[Refused, ...])


def read_bills(market: Path, month: str) -> tuple[Bill, ...]:
    """Return the bills of a month, by site; every byte is as it was given.

    Raises: InputError
    """
    folder = month_folder(market, month) / "bills"
    return tuple(read_bill(one.read_bytes(), one.name) for one in sorted(folder.glob("*.json")))

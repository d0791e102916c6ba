"""Persons to whom the United States deny export privileges: one tab-separated row for each name and address of an order.

The publisher numbers nothing. Rows with the same name and the same first day are one entry with several addresses. Orders that
have expired stay as they were published; their last day is in the remarks.

Source: US Department of Commerce, Bureau of Industry and Security, Denied Persons List.
"""

from __future__ import annotations

from datetime import date, datetime

from skarb.core.country import codes
from skarb.core.screening_list import Listed, Name, ScreeningList
from skarb.screening.lists.files import check_end, header_of, old_text_of, published_of, rows_of, without_end_mark
from skarb.screening.lists.model import Edition, Findings, Source

HEADER = (
    "Name",
    "Street_Address",
    "City",
    "State",
    "Country",
    "Postal_Code",
    "Effective_Date",
    "Expiration_Date",
    "Standard_Order",
    "Last_Update",
    "Action",
    "FR_Citation",
)
_PLACE = HEADER[1:6]
_TOLD = ("Effective_Date", "Expiration_Date", "Standard_Order", "Action", "FR_Citation")


def read_dpl(sources: list[Source], edition: Edition, found: Findings) -> ScreeningList | None:
    """Return the list, or None after saying what is wrong."""
    (source,) = sources
    published = published_of(sources, edition, found)
    text = without_end_mark(old_text_of(source))
    check_end(text, source.name, found)
    header = header_of(text, "\t")
    orders: dict[str, list[dict[str, str]]] = {}
    for number, cells in rows_of(text, len(HEADER), source.name, found, delimiter="\t"):
        if number == 1:
            continue
        row = dict(zip(header, cells, strict=True))
        where = f"{source.name} row {number}"
        begun, _ = (_day(row[column], where, column, found) for column in ("Effective_Date", "Expiration_Date"))
        if not row["Name"]:
            found.wrong(where, "Name", "", "a name", row=number)
        orders.setdefault(f"{' '.join(row['Name'].split())} {begun or ''}".strip(), []).append(row)
    if not orders:
        found.wrong(source.name, "", "no rows", "at least one order", "the file is not whole; fetch it again")
    if found.problems or published is None:
        return None
    return ScreeningList(
        list=edition.list or "us-dpl",
        regime="us",
        publisher=edition.publisher or "US Department of Commerce, Bureau of Industry and Security",
        version=published.isoformat(),
        published=published,
        entries=tuple(_entry(number, rows) for number, rows in orders.items()),
    )


def _entry(number: str, rows: list[dict[str, str]]) -> Listed:
    name = " ".join(rows[0]["Name"].split())
    said = [f"{column}: {row[column]}" for row in rows for column in _TOLD if row[column]]
    places = [", ".join(row[column] for column in _PLACE if row[column]) for row in rows]
    return Listed(
        entry=number,
        name=name,
        programme="Denied Persons",
        names=(Name(text=name),),
        countries=tuple(dict.fromkeys(row["Country"] for row in rows if row["Country"] in codes())),
        addresses=tuple(dict.fromkeys(place for place in places if place)),
        remarks="; ".join(dict.fromkeys(said)),
    )


def _day(text: str, where: str, column: str, found: Findings) -> date | None:
    if not text:
        return None
    try:
        return datetime.strptime(text, "%m/%d/%Y").date()  # noqa: DTZ007
    except ValueError:
        found.wrong(where, column, text, "a day such as 10/16/2017")
        return None

"""Whatever list it is: what a file holds is told by its content, and files that make one list together are put together."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date

from skarb.core.errors import InputError, Problem
from skarb.core.screening_list import ScreeningList
from skarb.screening.lists.dpl import HEADER, read_dpl
from skarb.screening.lists.eu import NEEDED, read_eu
from skarb.screening.lists.files import unpacked
from skarb.screening.lists.model import Adapter, Edition, Findings, Reading, Source
from skarb.screening.lists.ofac import MAIN, is_consolidated, read_ofac, read_ofac_main, width_of
from skarb.screening.lists.own import COLUMNS, read_own
from skarb.screening.lists.un import ROOT, read_un

_FORMS = "the files of the OFAC lists, the UN consolidated list (XML), a table of an EU regulation, the US Denied Persons List, or an own list (CSV)"
_DAY = re.compile(r"\d{4}-\d{2}(-\d{2})?")
_MOST_PROBLEMS = 100
_AMENDMENT = b"amendmentCelex"  # a table of what one act changed in another
_ADAPTERS: dict[str, Adapter] = {"ofac": read_ofac, "un": read_un, "eu": read_eu, "dpl": read_dpl, "own": read_own}


def form_of(source: Source) -> str | None:
    """Return which adapter reads a file (ofac, un, eu, dpl or own), None if none does."""
    head = source.raw[:8192].decode("utf-8-sig", "replace").lstrip()
    if head.startswith("<"):
        return "un" if f"<{ROOT}" in head else None
    if head.startswith(("{", "[")):
        return None
    first = head.partition("\n")[0].strip()
    tabbed = [cell.strip().strip('"') for cell in first.split("\t")]
    cells = [cell.strip().strip('"') for cell in first.split(",")]
    if sorted(tabbed) == sorted(HEADER):
        return "dpl"
    if set(NEEDED) <= set(cells):
        return "eu"
    if "entry" in cells and len(set(cells) & set(COLUMNS)) > 1:
        return "own"
    return "ofac" if width_of(source) else None


def read_lists(sources: Iterable[Source], edition: Edition, today: date) -> Reading:
    """Return the lists that some files make, whole, or every problem they have and then none of them."""
    found = Findings()
    groups: dict[tuple[str, str], list[Source]] = {}
    for source in sources:
        try:
            plain = Source(source.name, unpacked(source))
        except InputError as error:
            found.wrong(source.name, "", str(error), "a file that is whole", "fetch it again")
            continue
        form = form_of(plain)
        if form is None:
            todo = "the table of the act itself lists everybody" if _AMENDMENT in plain.raw[:8192] else ""
            found.wrong(source.name, "", plain.raw[:40].decode("utf-8", "replace"), _FORMS, todo)
        else:
            groups.setdefault((form, _set_of(plain) if form == "ofac" else plain.name), []).append(plain)
    lists = [_read(form, group, edition, today, found) for (form, _), group in groups.items()]
    if found.problems:
        return Reading(problems=tuple(found.problems[:_MOST_PROBLEMS]), notes=tuple(found.notes))
    return Reading(lists=tuple(whole for whole in lists if whole is not None), notes=tuple(found.notes))


def read_to_compare(source: Source) -> ScreeningList | tuple[Problem, ...]:
    """Return one file as far as it goes: of a list that consists of several files the entries of the main one.

    To see what changed between two versions, never to screen with.
    """
    found = Findings()
    plain = Source(source.name, unpacked(source))
    form, edition = form_of(plain), Edition(list="compared", published=date.min)
    if form is None:
        found.wrong(source.name, "", plain.raw[:40].decode("utf-8", "replace"), _FORMS)
        return tuple(found.problems)
    read = read_ofac_main(plain, edition, found) if form == "ofac" else _ADAPTERS[form]([plain], edition, found)
    return read if read is not None else tuple(found.problems)


def _read(form: str, group: list[Source], edition: Edition, today: date, found: Findings) -> ScreeningList | None:
    own = Findings(notes=found.notes)
    if form == "ofac" and not any(width_of(source) == MAIN for source in group):
        name = "cons_prim.csv" if is_consolidated(group) else "sdn.csv"
        found.wrong(
            group[0].name,
            "",
            "no file with the entries",
            f"{name} of the same day beside it",
            "give all files of the list together",
        )
        return None
    try:
        whole = _ADAPTERS[form](group, edition, own)
    except InputError as error:
        own.wrong(group[0].name, "", str(error), "a file that can be read", "fetch it again")
        whole = None
    if whole is not None and whole.published > today:
        own.wrong(
            group[0].name,
            "published",
            whole.published,
            f"a day not after today, {today}",
            "correct the date, or the clock of this machine",
        )
    found.problems += own.problems
    return None if own.problems else whole


def _set_of(source: Source) -> str:
    """Return to which list of which day a file belongs, by its name."""
    day = _DAY.search(source.name)
    return f"{'cons' if is_consolidated([source]) else 'sdn'} {day[0] if day else ''}"

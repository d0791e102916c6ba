"""Screening lists brought in, compared, and the decisions about them: the work behind `skarb screen`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import msgspec

from skarb.core.errors import InputError, NotFound, Problem
from skarb.core.list_change import EntryChanges, compare
from skarb.core.screening_list import Listed, ScreeningList
from skarb.core.time import from_day
from skarb.registers import ListPolicy, Registers, Summary, Whitelisting, check_number, read_screening_list
from skarb.screening import Delta, Screen
from skarb.screening.lists import Edition, Reading, Source, read_lists, read_to_compare

YEAR = timedelta(days=365)


def read_list_files(files: Iterable[Path], edition: Edition, registers: Registers, *, fewer: bool = False) -> Reading:
    """Return the lists that some files make, in the publishers' forms or in our own; with one problem none of them.

    A list that has lost more than half of its entries is a problem unless `fewer` are expected: a whole file of little would end screening unseen.
    Raises: NotFound, InputError
    """
    sources = [_source(file) for file in files]
    ours = [source for source in sources if _is_ours(source)]
    found = [read_screening_list(source.raw, source.name, numbering=registers.country.numbering) for source in ours]
    problems = [problem for one in found if isinstance(one, tuple) for problem in one]
    today = from_day(registers.today)
    lists = [one for one in found if isinstance(one, ScreeningList)]
    for one, source in zip(found, ours, strict=True):
        if isinstance(one, ScreeningList) and one.published > today:
            problems.append(Problem(source.name, "published", str(one.published), f"a day not after today, {today}"))
    reading = read_lists([source for source in sources if not _is_ours(source)], edition, today)
    problems += reading.problems
    whole = [*lists, *(_in_normal_form(one, registers) for one in reading.lists)]
    names = [one.list for one in whole]
    problems += [
        Problem(name, "list", name, "every list once") for name in sorted({name for name in names if names.count(name) > 1})
    ]
    problems += [problem for one in whole for problem in registers.list_problems(one, f"{one.list} {one.version}")]
    problems += [] if fewer else [problem for one in whole for problem in _lost(one, registers)]
    return Reading(problems=tuple(problems), notes=reading.notes) if problems else replace(reading, lists=tuple(whole))


def _lost(found: ScreeningList, registers: Registers) -> list[Problem]:
    """Return what is wrong with a list that has less than half of the entries of its version in force."""
    before = [one.stamp.count for one in registers.list_versions() if one.stamp.list == found.list]
    if not before or 2 * len(found.entries) >= before[-1]:
        return []
    expected = (
        f"about the {before[-1]:,} of the version in force; where so many were really taken off, skarb screen import --fewer"
    )
    return [Problem(f"{found.list} {found.version}", "entries", f"{len(found.entries):,}", expected)]


def record_lists(registers: Registers, lists: Iterable[ScreeningList], screen: Screen) -> tuple[list[Summary], Screen, Delta]:
    """Write lists into the registers, and say what that changes for the parties known there."""
    summaries = [registers.record_list(found, f"{found.list} {found.version}") for found in lists]
    newer, delta = screen.refresh(registers.lists())
    registers.screened_by(newer.party, newer.learn)
    return summaries, newer, delta


def version_to_compare(named: str, registers: Registers | None) -> ScreeningList:
    """Return a version named by a file, or by list@version of those that the registers keep.

    Raises: NotFound, InputError with every problem.
    """
    path = Path(named)
    name, at, version = named.rpartition("@")
    if at and not path.exists():
        if registers is None:
            raise NotFound(f"there is no file {named}; for a version of the registers name their folder with --of")
        return registers.list_at(name, version)
    source = _source(path)
    read = read_screening_list(source.raw, source.name) if _is_ours(source) else read_to_compare(source)
    if isinstance(read, tuple):
        raise InputError("\n".join(map(str, read)))
    return read


def compare_versions(old: str, new: str, registers: Registers | None) -> tuple[EntryChanges, dict[str, Listed]]:
    """Return what changed between two versions, and the entries of both by number, as they were last."""
    before, after = version_to_compare(old, registers), version_to_compare(new, registers)
    return compare(before, after), {one.entry: one for one in (*before.entries, *after.entries)}


def set_policy(registers: Registers, name: str, measure: str, reason: str, by: str, since: date | None) -> Summary:
    """Write down what is done about hits on a list or on the lists of a regime."""
    if measure not in ("block", "reject", "report"):
        expected = (
            "block, reject or report; a list that is loaded is never without one of them, since screening cannot be switched off"
        )
        return Summary(
            source="policy", problems=(Problem("policy", f"measure of {name}", measure, expected),), version=registers.version
        )
    policy = ListPolicy(
        list=name,
        measure=measure,  # type: ignore[arg-type]
        reason=reason,
        by=by,
        valid_from=since or from_day(registers.today),
    )
    return registers.record([policy], f"policy of {name}")


def whitelist(
    registers: Registers,
    screen: Screen,
    party: str,
    name: str,
    entry: str,
    reason: str,
    by: str,
    approved_by: str,
    until: date | None,
) -> Summary:
    """Write down that a party is not whom an entry means; refused where such a decision would not count."""
    known = next((one for one in registers.everybody() if one.party == party), None)
    listed = find_entry(registers, name, entry)
    exact = [hit for hit in screen.hits(known) if hit.list == name and hit.listed.entry == entry and hit.exact] if known else []
    if exact and screen.measure(name) == "block":
        expected = f"a hit that may mean somebody else: this one is by {exact[0].by}, on a list that blocks"
        todo = "ask the publisher or the authority; when they change the entry, the hit ends by itself"
        problem = Problem("whitelist", f"{name}/{entry}", party, expected, todo)
        return Summary(source="whitelist", problems=(problem,), version=registers.version)
    first = from_day(registers.today)
    decision = Whitelisting(
        party=party,
        list=name,
        entry=entry,
        entry_sha256=listed.sha256,
        reason=reason,
        by=by,
        approved_by=approved_by,
        valid_from=first,
        valid_to=until or first + YEAR,
    )
    return registers.record([decision], f"whitelisting of {party}")


def find_entry(registers: Registers, name: str, entry: str) -> Listed:
    """Return an entry of a list in force.

    Raises: NotFound
    """
    found = next((one for one in registers.lists() if one.list == name), None)
    if found is None:
        loaded = ", ".join(one.list for one in registers.lists()) or "none"
        raise NotFound(f"list {name!r} is not loaded; loaded are {loaded}")
    listed = next((one for one in found.entries if one.entry == entry), None)
    if listed is None:
        raise NotFound(f"list {name} of {found.published} has no entry {entry!r}")
    return listed


def _in_normal_form(found: ScreeningList, registers: Registers) -> ScreeningList:
    """Return a list of the institution's own with taxpayer numbers as the country writes them, so that a prefix hides nobody."""
    numbering = registers.country.numbering
    if numbering is None or not any(listed.taxpayer_numbers for listed in found.entries):
        return found

    def normal(number: str) -> str:
        checked = check_number(numbering, number)
        return checked if isinstance(checked, str) else number

    entries = (
        msgspec.structs.replace(listed, taxpayer_numbers=tuple(map(normal, listed.taxpayer_numbers))) for listed in found.entries
    )
    return msgspec.structs.replace(found, entries=tuple(entries))


def _source(file: Path) -> Source:
    try:
        return Source(file.name, file.read_bytes())
    except FileNotFoundError:
        raise NotFound(f"there is no file {file}") from None
    except IsADirectoryError:
        raise InputError(f"{file}: a folder was given, expected a file") from None


def _is_ours(source: Source) -> bool:
    return source.raw[:4096].lstrip(b"\xef\xbb\xbf \r\n\t")[:1] == b"{"

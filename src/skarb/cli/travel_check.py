"""`skarb travel check`: what is wrong with payloads and messages."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter

from skarb.app.files import now
from skarb.app.law import law_folder, rulebook_of
from skarb.app.travel.setting import read_authorities
from skarb.cli.output import Format, Usage, write_rows
from skarb.cli.travel_shown import read_bytes
from skarb.core.errors import EXIT_CODES, FieldError
from skarb.core.time import legal_day, to_day
from skarb.travelrule.constraints import Role, Rules, Tree
from skarb.travelrule.findings import Finding, fault
from skarb.travelrule.messages import Inquiry, kind_of, read_tree
from skarb.travelrule.payload import Part, check_tree, part_of
from skarb.travelrule.reading import parse
from skarb.travelrule.required import lacking, load_requirements, required_on

_FINDINGS = ("file", "what", "verdict", "weight", "rule", "path", "given", "expected", "todo")
_NOTHING: list[Finding | None] = [None]


def add_commands(app: App) -> None:
    """Give the check to `skarb travel`."""
    app.command(check)


def check(
    *files: Path,
    law: str | None = None,
    day: date | None = None,
    part: Part | None = None,
    role: Annotated[Role, Parameter(name="--as")] = "originator",
    authorities: Path | None = None,
    format: Format = "table",  # noqa: A002
    output: Path | None = None,
) -> int:
    """Check payloads (IVMS 101, the form of 2023 and older ones) and messages (Travel Rule Protocol 3), and say everything that is wrong.

    Leaves with 0 if all keep their standard, else with 9. With --law, what the law wants to travel and a payload lacks is named as well.

    Example: `skarb travel check payload.json inquiry.json --law by`

    Parameters
    ----------
    files
        JSON files: a whole payload, a part of one, or a message.
    law
        A shipped country (by, zz) or the folder of a law, for what must travel.
    day
        The legal day of the check; by default today.
    part
        Which part of a payload the files are, where that cannot be told from their elements.
    role
        Whose a person is that stands alone.
    authorities
        A file with the codes of registration authorities: GLEIF's list as JSON or CSV, gzip too, or one code a line.
    format
        table, json, csv or parquet.
    output
        Write one row per finding to a file.
    """
    if not files:
        raise Usage("no file was named, expected at least one")
    zone = rulebook_of(law or "by").country.zone
    on = to_day(day) if day is not None else legal_day(now(), zone)
    rules = Rules(on, read_authorities(authorities) if authorities is not None else ())
    required = required_on(load_requirements(law_folder(law)), on) if law is not None else ()
    found = [_check_one(file, rules, part, role, required) for file in files]
    rows = [
        (file.name, what, verdict, *(getattr(one, name, "") for name in _FINDINGS[3:]))
        for file, (what, verdict, findings) in zip(files, found, strict=True)
        for one in findings or _NOTHING
    ]
    write_rows(_FINDINGS, rows, format, output)
    return EXIT_CODES["ok"] if all(verdict != "invalid" for _, verdict, _ in found) else EXIT_CODES["verification"]


def _check_one(
    file: Path, rules: Rules, part: Part | None, role: Role, required: Iterable[str]
) -> tuple[str, Literal["valid", "invalid", "incomplete"], list[Finding]]:
    try:
        tree = parse(read_bytes(file))
    except FieldError as error:
        return "nothing", "invalid", [fault("structure", error.field, error.given, error.expected, error.todo)]
    kind = None if part is not None or part_of(tree) not in ("payload", "legalPerson") or _is_person(tree) else kind_of(tree)
    if kind is not None and not (isinstance(tree, dict) and "originator" in tree):
        read = read_tree(tree, rules, kind)
        what, findings = f"message: {kind}", list(read.findings)
        payload = read.message.ivms101 if isinstance(read.message, Inquiry) else None
    else:
        checked = check_tree(tree, rules, part or part_of(tree), role)
        what, findings = checked.part, list(checked.findings)
        payload = checked.value if checked.part == "payload" else None
    if any(one.weight == "fault" for one in findings):
        return what, "invalid", findings
    lacks = lacking(payload, findings, required) if payload is not None else ()  # type: ignore[arg-type]
    findings += [
        Finding("doubt", "law", one, "nothing", "it to travel", "complete the payload") for one in lacks if "(" not in one
    ]
    return what, "incomplete" if lacks else "valid", findings


def _is_person(tree: Tree) -> bool:
    """Tell whether a name stands as IVMS 101 has it, in parts; the message in which a provider names itself has a text there."""
    return isinstance(tree, dict) and any(key.lower() == "name" and not isinstance(name, str) for key, name in tree.items())

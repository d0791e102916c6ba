"""Writes the reference pages from the code itself: commands, facts, activities, result codes. `make docs` runs it."""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec

from skarb.core.activity import ACTIVITIES
from skarb.core.errors import EXIT_CODES
from skarb.core.facts import Facts
from skarb.core.instruction import DECLARABLE, TRAVEL_PAYLOAD, Instruction
from skarb.ledger import Result
from skarb.rulebook.schema import schema


def write_reference(folder: Path) -> list[Path]:
    """Write every reference page into a folder and return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    pages = {"commands.md": commands(), "instructions.md": instructions(), "facts.md": facts(), "results.md": results()}
    for name, text in pages.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / name for name in pages]


def commands() -> str:
    """Return the page of all commands."""
    from skarb.cli import make_app

    codes = "\n".join(f"| {number} | {name.replace('_', ' ')} |" for name, number in EXIT_CODES.items())
    text = make_app().generate_docs(output_format="markdown", recursive=True)
    return f"{text.rstrip()}\n\n## Exit codes\n\n| code | meaning |\n|---|---|\n{codes}\n"


def instructions() -> str:
    """Return the page of the fields of an instruction."""
    lines = ["# Instructions", "", _doc(Instruction), "", "| field | type | required |", "|---|---|---|"]
    for field in msgspec.structs.fields(Instruction):
        lines.append(f"| `{field.name}` | {_type(field.type)} | {'yes' if field.required else ''} |")
    declared = ", ".join(f"`{name}`" for name in DECLARABLE)
    lines += ["", f"Facts that the parties may declare (`declared`): {declared}."]
    lines += [
        "",
        f"Beside them `{TRAVEL_PAYLOAD}`: the reference of a payload of the travel rule (docs/travel-rule.md).",
        "",
        "## Activities",
        "",
    ]
    return "\n".join([*lines, ", ".join(f"`{name}`" for name in ACTIVITIES), ""])


def facts() -> str:
    """Return the page of the facts that conditions may look at."""
    lines = ["# Facts", "", _doc(Facts), "", "| fact | type | may be missing | codes |", "|---|---|---|---|"]
    for name, field in schema("legal", Facts).items():
        kind = field.type.base + (f" ({field.type.currency})" if field.type.base == "money" else "")
        codes = "see activities" if name == "activity" else ", ".join(field.type.codes)
        lines.append(f"| `{name}` | {kind} | {'yes' if field.optional else ''} | {codes} |")
    return "\n".join([*lines, ""])


def results() -> str:
    """Return the page of the ledger's result codes."""
    lines = ["# Result codes of the ledger", "", _doc(Result), "", "| number | code |", "|---|---|"]
    return "\n".join([*lines, *(f"| {one.value} | `{one.name}` |" for one in Result), ""])


def _doc(what: type) -> str:
    return " ".join((what.__doc__ or "").split())


def _type(hint: object) -> str:
    info = msgspec.inspect.type_info(hint)
    return type(info).__name__.removesuffix("Type").lower() if not hasattr(info, "types") else "text, or nothing"


if __name__ == "__main__":
    sys.argv[0] = "skarb"  # groups of commands are called like the running program, which is not this module
    for path in write_reference(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/reference")):
        sys.stdout.write(f"{path}\n")

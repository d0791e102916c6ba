"""How the check of a law is told in a terminal: what is open in full, what is accepted in a line, what is proven in a table."""

from __future__ import annotations

from collections.abc import Iterator

from skarb.app.lawcheck import LawCheck
from skarb.cli.output import out, table
from skarb.core.counted import counted
from skarb.core.time import from_day
from skarb.rulebook.analysis import MEANING, Finding
from skarb.rulebook.model import LAST_DAY


def print_check(checked: LawCheck) -> None:
    """Print problems; where there are none, findings and proofs."""
    for problem in checked.problems:
        _say(str(problem))
    if checked.analysis is None:
        return
    size, found = checked.size(), checked.analysis.findings
    out.print(
        f"[green]✓[/] {checked.subject}: {counted(size['provisions'], 'provision')} ({size['decide']} decide, "
        f"{size['decide and are marked assumed']} decide and are marked assumed, {size['stand ready']} stand ready), "
        f"{counted(size['cases'], 'case')} and {size['cases of whole editions']} of whole editions hold, "
        f"{counted(size['parameters'], 'parameter')}, {counted(size['days on which the law changes'], 'day')} on which the law changes"
    )
    for finding in checked.analysis.open:
        for line in lines_of(finding):
            _say(line)
    accepted = [one for one in found if one.accepted]
    if accepted:
        rows = (
            (one.kind, " × ".join(one.about), from_day(one.accepted.until), one.accepted.reason)
            for one in accepted
            if one.accepted
        )
        out.print(table(("accepted", "about", "until", "reason"), rows))
    told = [(kind, [one for one in found if one.kind == kind and not one.matters]) for kind in MEANING]
    for kind, ones in told:
        if ones:
            what = ", ".join(dict.fromkeys(one.about[0] for one in ones))
            _say(f"information: {len(ones)} × {kind}: {MEANING[kind]} ({what})")
    out.print(table(("proven", "count"), checked.analysis.proven.items()))
    _say(
        f"{len(checked.analysis.open)} open, {len(accepted)} accepted on {from_day(checked.day)}, {checked.seconds:.1f} s of analysis"
    )


def lines_of(finding: Finding) -> Iterator[str]:
    """Yield a finding as text."""
    yield f"✗ {finding.kind}: {' × '.join(finding.about)}"
    yield f"    {finding.says} ({MEANING[finding.kind]})"
    if finding.days:
        yield f"    {', '.join(map(days, finding.days))}" + (
            f", for {', '.join(finding.activities)}" if finding.activities else ""
        )
    for reason in finding.reasons:
        yield f"    because: {reason}"
    if finding.witness is not None:
        facts = ", ".join(f"{name} = {value}" for name, value in finding.witness.shown.items()) or "all facts at their defaults"
        yield f"    for example: {facts}"
        for line in finding.witness.explanation.text().splitlines():
            yield f"      {line}"


def days(span: tuple[int, int]) -> str:
    """Return first and last day as text."""
    return f"{from_day(span[0])} …" if span[1] == LAST_DAY else f"{from_day(span[0])} … {from_day(span[1])}"


def _say(line: str) -> None:
    out.print(line, markup=False, highlight=False)

"""One parameter of a draft tried with many values: what each of them would change."""

from __future__ import annotations

import re
from collections import UserDict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from fractions import Fraction
from hashlib import sha256
from pathlib import Path
from time import monotonic_ns

import msgspec

from skarb import __version__
from skarb.app.replay import Asked, Progress, Put, Say, keep_in, make_room, opened, peak_bytes, state_of, subject, told
from skarb.core.amount import format_amount, parse_amount
from skarb.core.errors import InputError, NotFound
from skarb.oversight import replay as replays
from skarb.oversight.changes import Changes
from skarb.oversight.replay import Comparison
from skarb.oversight.replay.keep import settle
from skarb.oversight.replay.spans import editions_between
from skarb.reporting.replay import Cost, Report, Swept, Tried, record, sweep_page, turned
from skarb.rulebook.model import ParameterSeries

STEPS_MAX = 1000
ANSWERED = ".answered"  # a file in the folder for the results while a sweep is not done
FILES = ("sweep.html", "sweep.json")
_SPEC = re.compile(
    r"(?P<name>[a-z][a-z0-9_.]*)=(?P<first>[^.=]+(?:\.[0-9]+)?)\.\.(?P<last>[^=]+)/(?P<steps>[0-9]{1,4})", re.ASCII
)


def values_of(spec: str) -> tuple[str, list[str]]:
    """Return the parameter and the values that `PARAMETER=FROM..TO/STEPS` asks for, first and last included, rounded down to the decimals given.

    Values are decimals (`200..400/5`, `45.00..90.00/4`) or ratios (`1/4..3/4/5`).
    Raises: InputError
    """
    match = _SPEC.fullmatch(spec)
    steps = int(match["steps"]) if match else 0
    if match is None or not 2 <= steps <= STEPS_MAX:
        raise InputError(
            f"sweep {spec!r}: expected PARAMETER=FROM..TO/STEPS with 2 to {STEPS_MAX} steps, such as abroad.transfer_max=50..500/10"
        )
    first, last = match["first"], match["last"]
    try:
        found = _ratios(first, last, steps) if "/" in first + last else _decimals(first, last, steps)
    except (InputError, ValueError, ZeroDivisionError):
        raise InputError(
            f"sweep {spec!r}: given {first!r} to {last!r}, expected two decimals such as 45.00, or two ratios"
        ) from None
    return match["name"], list(dict.fromkeys(found))


def _ratios(first: str, last: str, steps: int) -> list[str]:
    low, high = Fraction(first), Fraction(last)
    places = (low + (high - low) * place / (steps - 1) for place in range(steps))
    return [f"{one.numerator}/{one.denominator}" for one in places]


def _decimals(first: str, last: str, steps: int) -> list[str]:
    decimals = max(len(text.partition(".")[2]) for text in (first, last))
    low, high = parse_amount(first, decimals), parse_amount(last, decimals)
    return [format_amount(low + (high - low) * place // (steps - 1), decimals) for place in range(steps)]


def sweep(asked: Asked, spec: str, progress: Progress | None = None, say: Say | None = None) -> tuple[Report, Swept, list[Tried]]:
    """Try values of a parameter, write what was asked for, and return a report on the first, the parameter, and all that was tried.

    One that was stopped before goes on where it was, and `say` is told so.
    Raises: NotFound, InputError, RulebookError, ConfigurationError, Unavailable
    """
    name, values = values_of(spec)
    asked = replace(asked, by=())
    with opened(asked) as put:
        drafts = [put.question.draft.with_parameter(name, _fit(put, name, value), put.begun) for value in values]
        if asked.out is not None:
            make_room(asked.out, FILES[-1])
        started = monotonic_ns()
        question = put.question
        keep = None if asked.out is None else keep_in(asked.out, put, Changes(put.connection), say)
        answered = None if asked.out is None else _Answered(asked.out / ANSWERED, _named(put, name, values), say)
        found = replays.sweep(
            put.connection,
            question.law,
            drafts,
            question.first_day,
            question.last_day,
            asked.mode,
            told(put.connection, progress),
            keep,
            answered,
        )
        tried = [Tried(value, comparison) for value, comparison in zip(values, found, strict=True)]
        rows = found[0].rows * len(found)
        cost = Cost((monotonic_ns() - started) // 10**6, peak_bytes(), rows)
        report = Report(**subject(put), comparison=found[0], cost=cost)
        parameter = _parameter(put, name)
    if asked.out is not None:
        (asked.out / FILES[0]).write_text(sweep_page(report, parameter, tried, asked.language), encoding="utf-8")
        told_ = {**_shared(report), **_about(parameter), "values": [_figures(one) for one in tried]}
        (asked.out / FILES[1]).write_bytes(msgspec.json.format(msgspec.json.encode(told_)) + b"\n")
    if keep is not None and answered is not None:
        keep.clear()
        answered.clear()
    return report, parameter, tried


class _Kept(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was answered, of which sweep, and the SHA-256 of the answers."""

    sweep: str
    digest: str
    answers: msgspec.Raw


class _Answered(UserDict[int, Comparison]):
    """What each value changes, by its place; each is written down as soon as it is known, and is there again after an interruption."""

    def __init__(self, path: Path, sweep: str, say: Say | None) -> None:
        super().__init__()
        self._path, self._sweep = path, sweep
        try:
            kept = msgspec.json.decode(path.read_bytes(), type=_Kept)
            if (kept.sweep, kept.digest) != (sweep, sha256(kept.answers).hexdigest()):
                raise ValueError
            self.data = msgspec.json.decode(kept.answers, type=dict[int, Comparison])
        except FileNotFoundError:
            return
        except (OSError, ValueError, msgspec.MsgspecError):
            if say:
                say(f"{path} is damaged, or of another sweep or another lake; it is passed over")
            self.clear()
        else:
            if say:
                say(f"{path}: values answered before: {len(self)}")

    def __setitem__(self, place: int, found: Comparison) -> None:
        super().__setitem__(place, found)
        answers = msgspec.json.encode(self.data)
        kept = _Kept(self._sweep, sha256(answers).hexdigest(), msgspec.Raw(answers))
        draft = self._path.with_name(self._path.name + ".new")
        with suppress(OSError):  # a disk that takes nothing does not stop a sweep
            draft.write_bytes(msgspec.json.encode(kept))
            settle(draft, self._path)

    def clear(self) -> None:
        """Forget everything, on the disk too."""
        self.data = {}
        with suppress(OSError):
            self._path.unlink(missing_ok=True)


def _named(put: Put, name: str, values: Sequence[str]) -> str:
    """Return what is another text for another sweep, and for another state of the lake."""
    question, asked = put.question, put.asked
    law = [one.hash for one in editions_between(question.law, question.first_day, question.last_day)]
    what = (__version__, law, put.draft.hash, put.begun, question.first_day, question.last_day, asked.mode, name, list(values))
    return sha256(f"{what} {state_of(put)}".encode()).hexdigest()


def _fit(put: Put, name: str, value: str) -> str:
    """Return a value as its unit is written: money with its decimals."""
    series = put.question.draft.pack.parameters.get(name)
    if series is None:
        raise NotFound(f"parameter {name!r}: neither the law {put.asked.law} nor the draft has one; see skarb law show")
    decimals = len(series.values[-1].value.partition(".")[2])
    return format_amount(parse_amount(value, decimals), decimals) if "/" not in value and decimals else value


def _parameter(put: Put, name: str) -> Swept:
    """Return what the draft and the law say of a parameter that was found in the draft."""
    drafted = put.question.draft.pack.parameters[name]
    known = put.question.law.pack.parameters.get(name)
    today = None if known is None else _on(known, put.question.last_day)
    return Swept(name, drafted.unit, _fit(put, name, _on(drafted, put.begun) or drafted.values[-1].value), today)


def _on(series: ParameterSeries, day: int) -> str | None:
    """Return the value of a day, None if there is none."""
    return next((one.value for one in reversed(series.values) if (one.start or day) <= day <= (one.end or day)), None)


def _about(parameter: Swept) -> dict[str, object]:
    return {"parameter": parameter.name, "unit": parameter.unit, "drafted": parameter.drafted, "today": parameter.today}


def _shared(report: Report) -> dict[str, object]:
    """Return what a record says about a report whatever was tried."""
    names = (
        "law",
        "draft",
        "from",
        "to",
        "mode",
        "engine",
        "leaves_out",
        "currency",
        "decimals",
        "rows",
        "snapshot",
        "cost",
        "made_at",
    )
    whole = record(report)
    return {name: whole[name] for name in names}


def _figures(one: Tried) -> dict[str, object]:
    found = turned(one.comparison.transitions)
    sums = {
        "newly_refused": found.refused,
        "newly_referred": found.referred,
        "freed": found.freed,
        "otherwise": found.otherwise,
        "unfunded": one.comparison.unfunded,
    }
    return {"value": one.value, **{name: {"rows": sum_.rows, "money_minor": sum_.money} for name, sum_ in sums.items()}}

"""Measures of a watch on data whose truth is known: labels of other people's files, recall with and without a view of all institutions, folds.

Settings for samples were chosen by cross-validation: the schemes are dealt into five parts by a digest of their names; five times a setting is chosen
on four of them, with the whole background, and judged on the fifth. What is reported is the judgement, never the choice.
"""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import TextIO, cast

import numpy as np

from skarb.app.alerts import watched
from skarb.oversight.typologies import Flow, Settings, Watch
from skarb.oversight.typologies.model import Numbers
from skarb.oversight.typologies.recall import Recall, recall_of, recall_of_rows
from skarb.oversight.typologies.views import apart

FOLDS = 5
BACKGROUND_MAX = 0.05
# What is tried: how small shapes may be.
GRID: tuple[dict[str, int], ...] = tuple(
    {"fan_in": fan_in, "fan_out": fan_out, "gather_in": gather_in, "chain": chain}
    for fan_in, fan_out in ((2, 2), (3, 4), (5, 5))
    for gather_in in (1, 2)
    for chain in (2, 3)
)


@dataclass(frozen=True)
class Fold:
    """One part that was held out: what was chosen on the others, and what that found."""

    chosen: dict[str, int]
    recall: Recall


def files_below(folder: Path) -> tuple[list[Path], list[Path]]:
    """Return the files of AMLworld's schemes, and those of ordinary transfers, below a folder; their columns tell."""
    found: tuple[list[Path], list[Path]] = ([], [])
    for path in sorted(folder.rglob("*.csv*")):
        with cast(
            "TextIO", (gzip.open if path.suffix == ".gz" else open)(path, "rt", encoding="utf-8-sig", errors="replace")
        ) as file:
            columns = set(next(csv.reader(file), []))
        if {"pattern_id", "pattern_family", "amount_paid"} <= columns:
            found[0].append(path)
        elif {"from_account_key", "amount_paid", "is_laundering"} <= columns:
            found[1].append(path)
    return found


def labelled(paths: Iterable[Path], references: Sequence[str]) -> tuple[Numbers, list[str]]:
    """Return the scheme of each transfer, or -1, and the family of each scheme, as AMLworld's and AMLSim's files tell them."""
    numbers: dict[str, int] = {}
    families: list[str] = []
    of: dict[str, int] = {}
    for path in paths:
        with cast("TextIO", (gzip.open if path.suffix == ".gz" else open)(path, "rt", encoding="utf-8-sig")) as file:
            for row in csv.DictReader(file):
                if "pattern_id" in row:
                    name, family, reference = (
                        row["pattern_id"],
                        row["pattern_family"],
                        f"amlworld-{row['pattern_id']}-{row['step']}",
                    )
                elif row["is_sar"].lower() == "true" and row["alert_id"] not in ("", "-1"):
                    name, family, reference = row["alert_id"], "alert", f"amlsim-{row['tran_id']}"
                else:
                    continue
                if name not in numbers:
                    numbers[name] = len(numbers)
                    families.append(family)
                of[reference] = numbers[name]
    return np.array([of.get(one, -1) for one in references], np.int64), families


def recall_apart(flow: Flow, scheme: Numbers, families: Sequence[str], settings: Settings, begin: int = 0) -> Recall:
    """Return what institutions find when each sees only transfers in which it takes part."""
    views, rows, accounts = apart(flow.transfers)
    watch = Watch(settings, expected=len(views))
    watch.license(np.flatnonzero(np.isin(accounts, flow.licensed)))
    watch.feed(views)
    alerts = [rows[list(alert.rows)] for alert in watch.alerts()]
    return recall_of_rows(flow.transfers, scheme, families, [one for one in alerts if one[-1] >= begin], begin=begin)


def cross_validated(flow: Flow, scheme: Numbers, families: Sequence[str], settings: Settings) -> list[Fold]:
    """Return what settings chosen on four parts of the schemes find in the fifth, for each of five parts."""
    part = np.array([sha256(f"fold/{number}/{name}".encode()).digest()[0] % FOLDS for number, name in enumerate(families)])
    folds = []
    for fold in range(FOLDS):
        inside = np.flatnonzero(part == fold)
        train, test = (_only(flow, scheme, families, keep) for keep in (np.flatnonzero(part != fold), inside))
        chosen = max(GRID, key=lambda one: _worth(*train, _with(settings, one)))
        folds.append(Fold(chosen, _recall(*test, _with(settings, chosen))))
    return folds


def _with(settings: Settings, changes: dict[str, int]) -> Settings:
    return replace(settings, limits=settings.limits._replace(**changes))


def _worth(flow: Flow, scheme: Numbers, families: Sequence[str], settings: Settings) -> tuple[bool, float, float]:
    """Return how good settings are: first of all they keep to the background's bar, then they find much, then they disturb little."""
    found = _recall(flow, scheme, families, settings)
    return found.strict_rate <= BACKGROUND_MAX, found.recall, -found.strict_rate


def _recall(flow: Flow, scheme: Numbers, families: Sequence[str], settings: Settings) -> Recall:
    return recall_of(flow.transfers, scheme, families, watched(flow, settings).alerts())


def _only(flow: Flow, scheme: Numbers, families: Sequence[str], keep: Numbers) -> tuple[Flow, Numbers, list[str]]:
    """Return a flow with the background and only some of its schemes."""
    rows = np.flatnonzero((scheme < 0) | np.isin(scheme, keep))
    number = np.full(len(families), -1)
    number[keep] = np.arange(len(keep))
    labels = np.where(scheme[rows] >= 0, number[scheme[rows]], -1)
    references = [flow.references[row] for row in rows.tolist()]
    part = Flow(flow.transfers.part(rows), flow.accounts, flow.institutions, references, (), flow.licensed)
    return part, labels, [families[one] for one in keep.tolist()]

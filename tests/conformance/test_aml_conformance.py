"""Schemes of other people's worlds, found by the project's own watch through its own intake.

Read are all files of the formats below the data folder: AMLworld's schemes (`*_patterns*.csv*`) with the ordinary transfers beside them
(`*background*.csv*`), and AMLSim's transactions with their truth. Found, covered and background are as `oversight.typologies.recall` defines them: a
scheme is found when at least half of its transfers lie in alerts; the background's rate is the share of its transfers that lie in any.
"""

from __future__ import annotations

import csv
import gzip
import os
from pathlib import Path

import numpy as np
import pytest

from skarb.app.alertmeasures import FOLDS, cross_validated, labelled
from skarb.app.alerts import flow_from_all, settings_of, watched
from skarb.oversight.typologies.recall import Recall, recall_of

DATA = Path(os.environ.get("SKARB_DATA", Path(__file__).parents[2].parent / "shared" / "data"))
RECALL, BACKGROUND = 0.80, 0.05
FEWEST = 20  # schemes, of which a share says something


def columns_of(path: Path) -> set[str]:
    with (gzip.open if path.suffix == ".gz" else open)(path, "rt", encoding="utf-8-sig", errors="replace") as file:
        return set(next(csv.reader(file), []))


def tables(needed: set[str]) -> list[Path]:
    return [path for path in sorted(DATA.rglob("*.csv*")) if needed <= columns_of(path)] if DATA.is_dir() else []


PATTERNS = tables({"pattern_id", "pattern_family", "amount_paid"})
BACKGROUNDS = tables({"from_account_key", "amount_paid", "is_laundering"})
AMLSIM = tables({"tran_id", "orig_acct", "bene_acct", "is_sar", "alert_id", "tran_timestamp"})
AMLSIM = [
    path for path in AMLSIM if "alert_type" not in columns_of(path)
]  # the list of alerts alone has the same columns and a type


def beside(patterns: Path) -> list[Path]:
    near = [path for path in BACKGROUNDS if path.parent == patterns.parent]
    return near or BACKGROUNDS


def lines(recall: Recall) -> str:
    rows = [f"{name:15} {one.found:3}/{one.schemes:<3} covered {one.covered:3}" for name, one in recall.families.items()]
    rates = f"background {recall.background_rate:.4f}, without transfers to oneself {recall.strict_rate:.4f}, accounts {recall.account_rate:.4f}"
    return "\n".join([*rows, f"recall {recall.recall:.3f}, {rates}"])


@pytest.mark.skipif(not PATTERNS or not BACKGROUNDS, reason=f"no schemes with a background below {DATA} (set SKARB_DATA)")
@pytest.mark.parametrize("path", PATTERNS, ids=[path.name for path in PATTERNS])
def test_schemes_of_amlworld(path: Path) -> None:
    flow = flow_from_all([path, *beside(path)], "zz")
    scheme, families = labelled([path], flow.references)
    assert len(families) > 0
    alerts = watched(flow, settings_of("zz", "sample")).alerts()
    found = recall_of(flow.transfers, scheme, families, alerts)
    print(lines(found))
    assert found.background_rate <= BACKGROUND, lines(found)
    if len(families) < FEWEST:
        pytest.skip(f"{len(families)} schemes are too few for a share: {lines(found)}")
    assert found.recall >= RECALL, lines(found)


@pytest.mark.skipif(not PATTERNS or not BACKGROUNDS, reason=f"no schemes with a background below {DATA} (set SKARB_DATA)")
def test_settings_chosen_on_other_schemes_hold() -> None:
    """Five times, settings are chosen on four fifths of the schemes and tried on the fifth that nobody looked at."""
    flow = flow_from_all([*PATTERNS, *BACKGROUNDS], "zz")
    scheme, families = labelled(PATTERNS, flow.references)
    folds = cross_validated(flow, scheme, families, settings_of("zz", "sample"))
    assert len(folds) == FOLDS
    held_out = sum(one.recall.total.found for one in folds) / sum(one.recall.total.schemes for one in folds)
    assert held_out >= RECALL, [(one.chosen, one.recall.recall) for one in folds]
    assert max(one.recall.background_rate for one in folds) <= BACKGROUND


@pytest.mark.skipif(not AMLSIM, reason=f"no transactions of AMLSim with their truth below {DATA} (set SKARB_DATA)")
@pytest.mark.parametrize("path", AMLSIM, ids=[f"{path.parent.name}/{path.name}" for path in AMLSIM])
def test_alerts_of_amlsim(path: Path) -> None:
    flow = flow_from_all([path], "zz")
    scheme, families = labelled([path], flow.references)
    alerts = watched(flow, settings_of("zz")).alerts()
    found = recall_of(flow.transfers, scheme, families, alerts)
    print(lines(found))
    assert found.recall >= RECALL, lines(found)
    assert found.background_rate <= BACKGROUND, lines(found)
    assert np.count_nonzero(scheme >= 0) > 0

"""Learning a ranker: made-up worlds whose schemes are known, alerts of a watch over them, a model, and the card that says what it is.

Worlds that judge are others than worlds that teach. The card stands beside the model; a model without one should not be used.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import as_file, files
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from skarb.app.alerts import watched
from skarb.oversight.typologies import Alert, Settings
from skarb.oversight.typologies.ranker import NAMES, Model, learn, ranked, read_model, write_model
from skarb.simulate.transfers import world

TEACHING, JUDGING = 4, 2  # worlds
ACCOUNTS = 3_000
SHIPPED = "ranker.json"


def shipped_ranker() -> tuple[Model | None, str]:
    """Return the ranker that comes with Skarb and what to say of it; without the extra `ranking` there is none."""
    if find_spec("sklearn") is None:
        return None, "score; the extra `ranking` is not installed (pip install 'skarb[ranking]')"
    with as_file(files("skarb.oversight.typologies").joinpath(SHIPPED)) as path:
        if not Path(path).is_file():
            return None, "score; no ranker was given"
        model = read_model(Path(path))
    return model, f"ranker {model.name}; it orders the queue and decides nothing"


def learn_ranker(path: Path, settings: Settings, law: str, seed: int = 1) -> str:
    """Learn a ranker, write it and its card, and return the card.

    Raises: Unavailable without the extra
    """
    taught, truth = _judged(range(seed, seed + TEACHING), settings)
    model = learn(taught, truth, f"{law}-worlds-{seed}", seed)
    held, known = _judged(range(seed + 100, seed + 100 + JUDGING), settings)
    write_model(model, path)
    card = card_of(model, law, seed, (len(taught), sum(truth)), (len(held), sum(known)), _figures(held, known, model))
    path.with_suffix(".md").write_text(card, encoding="utf-8")
    return card


def _judged(seeds: Sequence[int], settings: Settings, accounts: int = ACCOUNTS) -> tuple[list[Alert], list[bool]]:
    """Return the alerts of worlds, and of each whether most of its transfers belong to a scheme."""
    alerts, truth = [], []
    for seed in seeds:
        made = world(seed, accounts=accounts)
        for alert in watched(made.flow, settings).alerts(0):
            if alert.rows[-1] >= made.begin:
                alerts.append(alert)
                truth.append(2 * int((made.scheme[list(alert.rows)] >= 0).sum()) > len(alert.rows))
    return alerts, truth


def _figures(alerts: Sequence[Alert], truth: Sequence[bool], model: Model) -> dict[str, tuple[float, float]]:
    """Return figures on worlds that did not teach: of the ranker and of the score."""
    true = {id(alert): fact for alert, fact in zip(alerts, truth, strict=True)}
    by_rank = [true[id(alert)] for alert, _, _ in ranked(alerts, model)]
    by_score = [true[id(alert)] for alert in sorted(alerts, key=lambda one: (-one.score, one.rows[0]))]
    first = sum(truth)
    return {
        "pairs of a true and a false alert in the right order (AUC)": (_auc(by_rank), _auc(by_score)),
        f"true among the first {first} (as many as there are true)": (
            sum(by_rank[:first]) / first,
            sum(by_score[:first]) / first,
        ),
    }


def _auc(queue: Sequence[bool]) -> float:
    truth = np.array(queue)
    below = np.cumsum(~truth[::-1])[::-1]  # false alerts from here to the end
    pairs = int(truth.sum()) * int((~truth).sum())
    return float(below[truth].sum()) / pairs if pairs else 1.0


def card_of(
    model: Model, law: str, seed: int, taught: tuple[int, int], held: tuple[int, int], figures: dict[str, tuple[float, float]]
) -> str:
    """Return what a ranker is, in words."""
    weights = sorted(zip(model.names, model.weights, strict=True), key=lambda one: -abs(one[1]))[:8]
    rows = "\n".join(f"| {what} | {one:.3f} | {other:.3f} |" for what, (one, other) in figures.items())
    return f"""# Ranker {model.name}

Orders a queue of alerts, so that an officer reads first what is most likely a scheme. It has **no decision power**: no desk, rulebook or
ledger reads it, it closes no alert and raises none, and without it the same alerts stand in the queue, ordered by score.

**Data.** Alerts of the watch with the settings of `{law}` over {TEACHING} made-up worlds of {ACCOUNTS:,} accounts (seeds {seed} to
{seed + TEACHING - 1}): {taught[0]} alerts, {taught[1]} of them true. Nobody in them exists. Judged on {JUDGING} other worlds (seeds {seed + 100} to
{seed + 100 + JUDGING - 1}): {held[0]} alerts, {held[1]} true.

**Form.** Logistic regression over {len(NAMES)} signs of an alert: {", ".join(NAMES)}.
Counts are taken by their logarithm. No name, account, institution, sex, age, nationality or place is a sign. The file holds means,
spreads and coefficients as JSON and nothing that could run.

| on worlds that did not teach | ranker | score |
|---|---|---|
{rows}

**Heaviest signs.** {"; ".join(f"{name} {weight:+.2f}" for name, weight in weights)} (per spread of the sign).

**Limits.** Made-up worlds are simpler than life, and their schemes were planted by the same people who wrote the detectors; on real
alerts the figures will be lower. It knows no family that it was not taught. Learn it again from alerts that officers have judged before
relying on its order, and compare the order with the score's each time. An alert far down the queue is not thereby innocent.
"""

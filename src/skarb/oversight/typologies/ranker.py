"""Ranker: which alerts to read first, learned from alerts whose truth was known.

A logistic model over the signs of an alert. Its file is JSON: means, spreads and coefficients, nothing that can run; a file from a stranger can
order a queue badly and do nothing else. What a sign contributes is its coefficient times its distance from the mean, so contributions add up to the
model's answer exactly and are shown with it. Nothing that decides imports this room.

Learning needs the extra `ranking` (scikit-learn); using a model needs numpy only.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np

from skarb.core.errors import InputError, NotFound, Unavailable
from skarb.oversight.typologies.model import FAMILIES, Alert

FORMAT = 1
SIGNS = ("transfers", "accounts", "institutions", "families", "hours", "width", "depth", "inside", "strangers", "kept", "even")
_SMALLEST, _LARGEST = 1e-6, 1e9  # of a spread; of any number: then no sum can pass what a float holds
_COUNTED = ("transfers", "accounts", "hours", "width")  # taken by their logarithm, as twice as many means as much anywhere
NAMES = (*SIGNS, *(f"is_{family}" for family in FAMILIES))


class Model(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A ranker. Shape: `means`, `spreads` and `weights` have one number for each of `names`."""

    format: int = FORMAT
    name: str
    names: tuple[str, ...]
    means: tuple[float, ...]
    spreads: tuple[float, ...]
    weights: tuple[float, ...]
    bias: float


def signs_of(alert: Alert) -> list[float]:
    """Return the signs of an alert as numbers, in the order of `NAMES`."""
    features = alert.features
    values = [math.log2(1 + features[name]) if name in _COUNTED else float(features[name]) for name in SIGNS]
    return [*values, *(float(family in alert.families) for family in FAMILIES)]


def ranked(alerts: Sequence[Alert], model: Model | None) -> list[tuple[Alert, float | None, dict[str, float]]]:
    """Return alerts in the order of the queue, each with its rank and what contributes to it; without a model the order is that of the score."""
    if model is None:
        return [(alert, None, {}) for alert in alerts]
    found = sorted(((alert, *_rank(alert, model)) for alert in alerts), key=lambda one: (-one[1], -one[0].score, one[0].rows[0]))
    return [(alert, rank, shares) for alert, rank, shares in found]


def _rank(alert: Alert, model: Model) -> tuple[float, dict[str, float]]:
    shares = {
        name: weight * (value - mean) / spread
        for name, value, mean, spread, weight in zip(
            model.names, signs_of(alert), model.means, model.spreads, model.weights, strict=True
        )
        if weight
    }
    answer = model.bias + math.fsum(shares.values())
    rank = 1 / (1 + math.exp(-max(-60.0, min(60.0, answer))))
    return rank, dict(sorted(shares.items(), key=lambda one: -abs(one[1])))


def learn(alerts: Sequence[Alert], truth: Sequence[bool], name: str, seed: int = 0) -> Model:
    """Return a ranker learned from alerts and whether each was true.

    Raises: Unavailable without the extra, InputError where there is nothing to tell apart.
    """
    if len(set(truth)) < 2:
        raise InputError(f"a ranker learns from true and false alerts; given {len(truth)} of one kind")
    try:
        from sklearn.linear_model import LogisticRegression
    except ImportError:
        raise Unavailable("learning a ranker needs scikit-learn: pip install 'skarb[ranking]'") from None
    table = np.array([signs_of(alert) for alert in alerts])
    means, spreads = table.mean(axis=0), table.std(axis=0)
    spreads[spreads < _SMALLEST] = 1.0  # a sign that never varies says nothing, whatever it is divided by
    fitted = LogisticRegression(C=0.5, class_weight="balanced", max_iter=2000, random_state=seed).fit(
        (table - means) / spreads, np.array(truth)
    )
    return Model(
        name=name,
        names=NAMES,
        means=_rounded(means),
        spreads=_rounded(spreads),
        weights=_rounded(fitted.coef_[0]),
        bias=round(float(fitted.intercept_[0]), 9),
    )


def write_model(model: Model, path: Path) -> None:
    """Write a ranker as JSON."""
    path.write_bytes(msgspec.json.format(msgspec.json.encode(model), indent=1) + b"\n")


def read_model(path: Path) -> Model:
    """Return a ranker from its file.

    Raises: NotFound, InputError if the file is not a ranker over these signs.
    """
    try:
        model = msgspec.json.decode(path.read_bytes(), type=Model)
    except FileNotFoundError:
        raise NotFound(f"there is no ranker at {path}; skarb alerts learn makes one") from None
    except msgspec.DecodeError as error:
        raise InputError(f"{path} is not a ranker: {error}") from None
    numbers = (*model.means, *model.spreads, *model.weights, model.bias)
    lengths = {len(model.names), len(model.means), len(model.spreads), len(model.weights)}
    if (
        model.format != FORMAT
        or model.names != NAMES
        or len(lengths) > 1
        or not all(abs(one) <= _LARGEST for one in numbers)  # neither is what is no number
        or min(model.spreads) < _SMALLEST
    ):
        raise InputError(
            f"{path}: given a ranker over other signs or with numbers that are none, expected format {FORMAT} over {', '.join(NAMES)}"
        )
    return model


def _rounded(values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> tuple[float, ...]:
    return tuple(round(float(value), 9) for value in values)

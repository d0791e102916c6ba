"""The ranker orders a queue, says why, and can do nothing else."""

import sys
from pathlib import Path

import msgspec
import pytest

from skarb.app.alertlearning import SHIPPED, shipped_ranker
from skarb.core.errors import InputError, NotFound, Unavailable
from skarb.oversight.typologies import Alert
from skarb.oversight.typologies.ranker import NAMES, learn, ranked, read_model, write_model

FEATURES = {
    "transfers": 6, "accounts": 5, "institutions": 2, "families": 1, "hours": 40, "width": 5, "depth": 2, "inside": 900,
    "strangers": 1000, "kept": 0, "even": 0,
}  # fmt: skip


def alert(row: int, **features: int) -> Alert:
    return Alert("fan_in", ("fan_in",), 500, {}, {**FEATURES, **features}, (row,), 0, (0,), 0, 1, 0, False)


TRUE = [alert(n, strangers=900 + n, inside=900 - n) for n in range(12)]
FALSE = [alert(20 + n, strangers=100 + n, inside=300 + 5 * n) for n in range(12)]


def test_learning_puts_true_alerts_first_and_says_why() -> None:
    pytest.importorskip("sklearn", reason="the extra ranking is not installed")
    model = learn([*TRUE, *FALSE], [True] * 12 + [False] * 12, "test")
    queue = ranked([*FALSE, *TRUE], model)
    assert {one.rows for one, _, _ in queue[:12]} == {one.rows for one in TRUE}
    first, rank, shares = queue[0]
    assert rank is not None and rank > 0.5
    assert next(iter(shares)) in ("strangers", "inside")
    assert model == learn([*TRUE, *FALSE], [True] * 12 + [False] * 12, "test")
    assert first in TRUE


def test_contributions_add_up_to_the_rank() -> None:
    import math

    model, _ = shipped_ranker()
    if model is None:
        pytest.skip("the extra ranking is not installed")
    for _, rank, shares in ranked([*TRUE, *FALSE], model):
        assert rank == pytest.approx(1 / (1 + math.exp(-(model.bias + sum(shares.values())))), abs=1e-12)


def test_a_queue_without_a_ranker_keeps_the_order_of_scores() -> None:
    assert [(one.rows, rank) for one, rank, _ in ranked(TRUE, None)] == [(one.rows, None) for one in TRUE]


def test_without_the_extra_the_score_orders_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("skarb.app.alertlearning.find_spec", lambda name: None)
    model, said = shipped_ranker()
    assert model is None
    assert "score" in said and "ranking" in said
    monkeypatch.setitem(sys.modules, "sklearn.linear_model", None)
    with pytest.raises(Unavailable, match="ranking"):
        learn([*TRUE, *FALSE], [True] * 12 + [False] * 12, "test")


def test_a_ranker_from_a_file_is_numbers_only(tmp_path: Path) -> None:
    folder = Path(sys.modules["skarb.oversight.typologies"].__file__ or "").parent
    shipped = read_model(folder / SHIPPED)
    path = tmp_path / "ranker.json"
    write_model(shipped, path)
    assert read_model(path) == shipped
    assert "no decision power" in (folder / SHIPPED).with_suffix(".md").read_text().replace("\n", " ").replace("**", "")
    for spoilt in (
        msgspec.structs.replace(shipped, names=NAMES[:-1]),
        msgspec.structs.replace(shipped, weights=shipped.weights[:-1]),
        msgspec.structs.replace(shipped, spreads=(0.0, *shipped.spreads[1:])),
        msgspec.structs.replace(shipped, spreads=(1e-320, *shipped.spreads[1:])),
        msgspec.structs.replace(shipped, weights=(1e300, *shipped.weights[1:])),
        msgspec.structs.replace(shipped, format=2),
    ):
        write_model(spoilt, path)
        with pytest.raises(InputError, match="other signs"):
            read_model(path)
    path.write_bytes(b"\x80\x04cos\nsystem\n")
    with pytest.raises(InputError, match="not a ranker"):
        read_model(path)
    with pytest.raises(NotFound):
        read_model(tmp_path / "none.json")


def test_one_kind_of_alert_teaches_nothing() -> None:
    with pytest.raises(InputError, match="one kind"):
        learn(TRUE, [True] * 12, "test")

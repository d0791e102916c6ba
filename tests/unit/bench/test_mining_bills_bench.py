"""What the bench of bills times is the work itself."""

from pathlib import Path

from skarb.bench.mining_bills import _window, _write, bill_month


def test_a_month_of_made_up_meters_is_billed(tmp_path: Path) -> None:
    window = _window(2)
    path = tmp_path / "meters.csv"
    rows = _write(path, window, 5, 2)
    assert 0.99 * 5 * 28 * 96 < rows < 5 * 28 * 96
    total = bill_month(path, window, 5)
    energy = 5 * 28 * (240 * 96 - 0)  # kWh, before curtailment on some evenings
    assert 0.9 * energy * 25 * 1.2 < total < 1.3 * energy * 25 * 1.2

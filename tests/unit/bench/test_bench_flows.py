"""What the bench of flows promises: figures under their keys, sums that add up, and the same answer as plain Python."""

from skarb.bench.flows import bench


def test_figures_are_told_with_what_they_rest_on():
    told = bench(20_000)
    assert told["fifo_per_s"] > 0 and told["haircut_per_s"] > 0
    sums = told["conservation"]
    assert sums["invested"] > 0
    for rule in ("fifo", "haircut"):
        assert sums[rule]["difference"] == 0 and sums["invested"] == sums[rule]["returned"] + sums[rule]["still_out"]
    assert told["reference_equal"] is True and told["reference_rows"] == 20_000
    assert set(told["peers"]) == {"plain_python_haircut_per_s", "duckdb_net_position_per_s"}

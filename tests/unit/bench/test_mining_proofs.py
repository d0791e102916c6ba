"""What is measured of proofs is done, on a small tree here."""

from skarb.bench.mining_proofs import plain_case, publish_case, tree_case


def test_small_trees_give_figures() -> None:
    found = tree_case(3000, 1)
    assert found["seconds"] > 0 and found["proof_us"] > 0 and found["proof_bytes"] == 12 * 48
    assert plain_case(500)["seconds"] > 0
    assert publish_case(500)["seconds"] > 0

"""Other ledgers under the load of our own benchmark, one file each; `skarb.bench.ledger_peers` measures them in turn."""

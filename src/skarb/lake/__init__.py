"""The supervisor's lake: what institutions feed in, verified, as columns.

A lake is a folder with one DuckDB file. Whoever wants to ask questions opens it with `open_lake`, or with DuckDB alone; what its tables hold
is said in `schema`. Rows get in through `add`, which verifies a feed before anything of it can be seen.
"""

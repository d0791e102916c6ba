"""The supervisor's lake: what institutions feed in, verified, as columns.

A lake is a folder with one DuckDB file. Whoever wants to ask questions opens it with `open_lake`, or with DuckDB alone; what its tables hold
is said in `schema`. Rows get in through `add`, which verifies a feed before anything of it can be seen.
"""

from skarb.lake.open import create_lake, open_lake
from skarb.lake.schema import PER_ROW, fact_fields, tables
from skarb.lake.strips import Strips, strips_of

__all__ = ["PER_ROW", "Strips", "create_lake", "fact_fields", "open_lake", "strips_of", "tables"]

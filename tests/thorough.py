"""Whether tests run in their full form: `make thorough`. The short form tries less of the same."""

from __future__ import annotations

import os

THOROUGH = os.environ.get("SKARB_THOROUGH") == "1"

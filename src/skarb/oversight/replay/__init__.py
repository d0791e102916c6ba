"""Replay: what another law would have made of everything that happened."""

from skarb.oversight.replay.ask import replay
from skarb.oversight.replay.engines import Engine, with_duckdb, with_spark
from skarb.oversight.replay.happened import Counted, Happened, as_happened
from skarb.oversight.replay.keep import Keep
from skarb.oversight.replay.lived import Lived, looks_at_totals
from skarb.oversight.replay.model import Answer, Comparison, Dimension, Mode, Question, Sum, Transition, merged
from skarb.oversight.replay.sweep import sweep

__all__ = [
    "Answer",
    "Comparison",
    "Counted",
    "Dimension",
    "Engine",
    "Happened",
    "Keep",
    "Lived",
    "Mode",
    "Question",
    "Sum",
    "Transition",
    "as_happened",
    "looks_at_totals",
    "merged",
    "replay",
    "sweep",
    "with_duckdb",
    "with_spark",
]

"""Replay: what another law would have made of everything that happened."""

from skarb.oversight.replay.happened import Happened, as_happened
from skarb.oversight.replay.model import Answer, Comparison, Dimension, Mode, Question, Sum, Transition, merged

__all__ = ["Answer", "Comparison", "Dimension", "Happened", "Mode", "Question", "Sum", "Transition", "as_happened", "merged"]

"""Intake: files of instructions, ours and other people's, with every row accounted for."""

from skarb.intake.mapping import Layout, Mapping
from skarb.intake.mapping_file import find_mapping, parse_mapping, shipped
from skarb.intake.model import Decimals, Reading
from skarb.intake.read import BATCH, read

__all__ = ["BATCH", "Decimals", "Layout", "Mapping", "Reading", "find_mapping", "parse_mapping", "read", "shipped"]

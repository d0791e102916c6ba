"""ISO 20022 customer credit transfers (pain.001, pacs.008) as instructions, whatever they are wrapped in."""

from skarb.intake.iso20022.read import read_messages

__all__ = ["read_messages"]

"""The state reserve: what flows in, the lots it is made of, the accounts of its book; what it is worth, at what risk, under which rule."""

from skarb.reserve.inflow import Inflow, Worth, read_inflows, worth_of
from skarb.reserve.lots import Disposal, Lot, Lots, Taken

__all__ = ["Disposal", "Inflow", "Lot", "Lots", "Taken", "Worth", "read_inflows", "worth_of"]

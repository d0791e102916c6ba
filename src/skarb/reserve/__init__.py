"""The state reserve: what flows in, the lots that it is made of, and the accounts of its book."""

from skarb.reserve.inflow import Inflow, Worth, read_inflows, worth_of
from skarb.reserve.lots import Disposal, Lot, Lots, Taken

__all__ = ["Disposal", "Inflow", "Lot", "Lots", "Taken", "Worth", "read_inflows", "worth_of"]

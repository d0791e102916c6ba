"""What chains write down: blocks read exactly from their bytes."""

from skarb.chain.address import Network, address_of
from skarb.chain.bitcoin import looks_like_block, parse_block
from skarb.chain.model import Block, Input, Output, Transaction, merkle_root, network_of, target_of

__all__ = [
    "Block",
    "Input",
    "Network",
    "Output",
    "Transaction",
    "address_of",
    "looks_like_block",
    "merkle_root",
    "network_of",
    "parse_block",
    "target_of",
]

"""What chains write down: blocks read exactly from their bytes, and what difficulty, subsidy, fees and price were day by day."""

from skarb.chain.address import Network, address_of
from skarb.chain.bitcoin import looks_like_block, parse_block
from skarb.chain.days import ChainDay, chain_day, chain_days
from skarb.chain.difficulty import EPOCH_BLOCKS, difficulty_of, next_target, span_between
from skarb.chain.epochs import Anchor, Checkpoints, Epoch, Epochs, date_epochs, published_anchors, read_checkpoints
from skarb.chain.model import Block, Input, Output, Transaction, merkle_root, network_of, target_of
from skarb.chain.quality import Quality, worst
from skarb.chain.series import Point, Series
from skarb.chain.subsidy import HALVING_BLOCKS, halving_heights, subsidy_sat

__all__ = [
    "EPOCH_BLOCKS",
    "HALVING_BLOCKS",
    "Anchor",
    "Block",
    "ChainDay",
    "Checkpoints",
    "Epoch",
    "Epochs",
    "Input",
    "Network",
    "Output",
    "Point",
    "Quality",
    "Series",
    "Transaction",
    "address_of",
    "chain_day",
    "chain_days",
    "date_epochs",
    "difficulty_of",
    "halving_heights",
    "looks_like_block",
    "merkle_root",
    "network_of",
    "next_target",
    "parse_block",
    "published_anchors",
    "read_checkpoints",
    "span_between",
    "subsidy_sat",
    "target_of",
    "worst",
]

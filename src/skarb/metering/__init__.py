"""Meters of miners: intervals judged and filled, tariffs and levies by date, bills whose every line can be followed, and their audit.

The room knows no grid and no economics of machines; what it needs of them is handed in.
"""

from skarb.metering.bill import (
    Bill,
    Corrects,
    Inputs,
    Line,
    Refused,
    RuleUsed,
    Standing,
    bill_bytes,
    bill_hash,
    correction,
    exact_text,
    mean_price,
    read_bill,
    rounded,
    totals_of,
)
from skarb.metering.collect import collect
from skarb.metering.estimate import estimate, refusals, share_estimated
from skarb.metering.make import Case, levy_rate, lines_of
from skarb.metering.model import Fault, Metered, Method, State, empty
from skarb.metering.payouts import (
    NetworkDay,
    Payout,
    Sample,
    read_network,
    read_payouts,
    read_posted,
    read_prices,
    read_samples,
    read_schedule,
)
from skarb.metering.read import file_hash, read_pieces
from skarb.metering.tariff import Rate, Stretch, bands_of, stretches
from skarb.metering.terms import Due, Levy, LevyRule, Looked, Terms, read_terms
from skarb.metering.usage import Usage, usage
from skarb.metering.validate import Limits, validate
from skarb.metering.window import Longs, Window, month_of

__all__ = [
    "Bill",
    "Case",
    "Corrects",
    "Due",
    "Fault",
    "Inputs",
    "Levy",
    "LevyRule",
    "Limits",
    "Line",
    "Longs",
    "Looked",
    "Metered",
    "Method",
    "NetworkDay",
    "Payout",
    "Rate",
    "Refused",
    "RuleUsed",
    "Sample",
    "Standing",
    "State",
    "Stretch",
    "Terms",
    "Usage",
    "Window",
    "bands_of",
    "bill_bytes",
    "bill_hash",
    "collect",
    "correction",
    "empty",
    "estimate",
    "exact_text",
    "file_hash",
    "levy_rate",
    "lines_of",
    "mean_price",
    "month_of",
    "read_bill",
    "read_network",
    "read_payouts",
    "read_pieces",
    "read_posted",
    "read_prices",
    "read_samples",
    "read_schedule",
    "read_terms",
    "refusals",
    "rounded",
    "share_estimated",
    "stretches",
    "totals_of",
    "usage",
    "validate",
]

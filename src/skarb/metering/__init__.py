"""Meters of miners: intervals judged and filled, tariffs and levies by date, bills whose every line can be followed, and their audit.

The room knows no grid and no economics of machines; what it needs of them is handed in.
"""

from skarb.metering.audit import Day, Finding, Reported, Sources, compared, days_of
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
from skarb.metering.expected import (
    Fleet,
    found_blocks,
    hashes_th,
    paid_for,
    poisson_at_least,
    poisson_at_most,
    sat_per_th,
    z_score,
)
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
from skarb.metering.remark import Remark, remark
from skarb.metering.signs import Sign, above_fleet, follows, hourly, unregistered
from skarb.metering.tariff import Rate, Stretch, bands_of, stretches
from skarb.metering.terms import AuditTerms, Due, Levy, LevyRule, Looked, Terms, read_terms
from skarb.metering.usage import Usage, usage
from skarb.metering.validate import Limits, validate
from skarb.metering.window import Longs, Window, month_of

__all__ = [
    "AuditTerms",
    "Bill",
    "Case",
    "Corrects",
    "Day",
    "Due",
    "Fault",
    "Finding",
    "Fleet",
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
    "Remark",
    "Reported",
    "RuleUsed",
    "Sample",
    "Sign",
    "Sources",
    "Standing",
    "State",
    "Stretch",
    "Terms",
    "Usage",
    "Window",
    "above_fleet",
    "bands_of",
    "bill_bytes",
    "bill_hash",
    "collect",
    "compared",
    "correction",
    "days_of",
    "empty",
    "estimate",
    "exact_text",
    "file_hash",
    "follows",
    "found_blocks",
    "hashes_th",
    "hourly",
    "levy_rate",
    "lines_of",
    "mean_price",
    "month_of",
    "paid_for",
    "poisson_at_least",
    "poisson_at_most",
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
    "remark",
    "rounded",
    "sat_per_th",
    "share_estimated",
    "stretches",
    "totals_of",
    "unregistered",
    "usage",
    "validate",
    "z_score",
]

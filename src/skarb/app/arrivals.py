"""Arrivals of an institution: its wallets out of the registers, its senders weighed by lists, register and traced exposure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from skarb.app.chainscreen import made_coins, read_chain
from skarb.app.files import Source
from skarb.app.setting import Setting
from skarb.chain.payments import account_payments, coin_payments, coin_transactions
from skarb.core.asset import Asset
from skarb.core.errors import NotFound
from skarb.core.time import legal_day
from skarb.intake.arrivals import read_arrivals

_STATUS = {"listed": 3, "possible": 2, "unavailable": 1, "clear": 0}


def open_arrivals(files: Sequence[Path], setting: Setting) -> Source:
    """Return what the blocks and answers in files, taken together, bring to the institution's clients.

    Raises: NotFound, InputError
    """
    blocks, answers, _ = read_chain(files)
    transactions = [one for block in blocks for one in coin_transactions(block)]
    payments = [*coin_payments(transactions, made_coins(transactions)), *account_payments(answers)]
    last = max((one.time for one in payments), default=0)
    day = legal_day(datetime.fromtimestamp(last, UTC), setting.rulebook.country.zone)
    registers = setting.registers

    def asset_of(name: str) -> Asset | None:
        code = registers.token_of(name) if ":" in name else name
        try:
            return None if code is None else registers.asset(code)
        except NotFound:
            return None

    def weight(wallet: str) -> tuple[int, ...]:
        if ":script:" in wallet:
            return (0, 0, 0, 0)
        known = registers.wallet(wallet, day)
        found = setting.screen.wallet_result(wallet)
        return int(known.listed), _STATUS[found.status], int(found.measure == "block"), known.exposure or 0

    kept = registers.kept_wallets(setting.operator, day)
    name = files[0].name if len(files) == 1 else f"{len(files)} files"
    reading = read_arrivals(payments, name, kept=kept, asset_of=asset_of, weight=weight)
    return Source(files[0], reading, iter(()))

"""`skarb mine forgone`: paid to be off."""

from __future__ import annotations

from skarb.cli.mine_answer import USUAL, Files, Given, answer, as_inputs, form_for
from skarb.cli.mine_moment import NOW, Asked


def forgone(mwh: str, credit: str, files: Files | None = None, /, *, asked: Asked = NOW, given: Given = USUAL) -> None:
    """Set what machines that stood still would have mined against what was paid for it.

    Example: `skarb mine forgone 1000 40000 chain/ --machine s19 --usd-kwh 0.03`

    What standing still left is the credit and the electricity that was not bought, less the coins; below nought it would have been better to run.
    Coins are whole satoshi, money whole cents, both cut down.

    Parameters
    ----------
    mwh
        Energy that was not taken, in MWh at the meter.
    credit
        What was paid for it, in USD.
    """
    from skarb.app.mining_cases import number
    from skarb.mining.forgone import forgone as reckon
    from skarb.mining.formulas import significant

    form = form_for(given, files or ())
    energy_wh, credit_cents = int(number("mwh", mwh) * 10**6), int(number("credit", credit) * 100)
    moment, inputs = asked.moment(files or (), given)
    found, left_cents = reckon(energy_wh, moment.usd_kwh, credit_cents, moment.network, moment.efficiency_j_th, moment.terms)
    rows = [
        ("coins_sat", str(found.coins_sat), "satoshi that the energy would have brought"),
        ("coins_cents", str(found.coins_cents), "cents of USD that they are worth"),
        ("credit_cents", str(found.credit_cents), "cents of USD that were paid"),
        ("credit_sat", str(found.credit_sat), "satoshi that the credit would buy"),
        ("times", str(significant(found.times, 6)) if found.coins_cents else "", "how many times the coins the credit is worth"),
        ("left_cents", str(left_cents), "cents of USD that standing still left"),
    ]
    answer(("figure", "value", "unit"), rows, [*as_inputs({"mwh": mwh, "credit_usd": credit}), *inputs], form, given.output)

"""Every product's cases: what is asked, what the law of Zedland answers, and the transfers that come of it.

A case is asked of a crypto bank with the clients anna, boris and cora, who have money and tokens; `approved: true` has a referral
approved by a second person first. An amount is written with its asset.
"""

from importlib import import_module
from importlib.resources import files
from typing import Any

import msgspec
import numpy as np
import pytest
import yaml

from skarb.core.activity import ACTIVITIES
from skarb.core.amount import format_amount, parse_amount
from skarb.core.decision import Verdict
from skarb.core.transfer import TRANSFER
from skarb.desk import Desk
from skarb.journal import verify
from skarb.products import products


class Transfer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    debit: str
    credit: str
    amount: str


class Case(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    case: str
    at: str
    when: dict[str, dict[str, Any]]
    then: Verdict
    approved: bool = False
    transfers: tuple[Transfer, ...] = ()


def cases_of(product: str) -> list[Case]:
    folder = files(f"skarb.products.{product}") / "cases"
    found = []
    for path in sorted(folder.iterdir(), key=lambda path: path.name):
        found += msgspec.convert(yaml.load(path.read_text(encoding="utf-8"), yaml.BaseLoader), list[Case], strict=False)
    return found


CODES = [product.code for product in products()]
CASES = [(code, case) for code in CODES for case in cases_of(code)]


def asked(town, case: Case):
    ((activity, given),) = case.when.items()
    given = dict(given)
    amount, _, asset = given.pop("amount").partition(" ")
    if "consideration" in given:
        given["consideration"], _, given["consideration_asset"] = given["consideration"].partition(" ")
    given = {"counterparty": None, **given}
    return town.instruction("asked", activity, amount=amount, asset=asset, at=f"{case.at}T09:00:00Z", entered_by="olga", **given)


def transfers_of(town, desk: Desk, sequence: int) -> tuple[Transfer, ...]:
    made = []
    for record in np.frombuffer(desk.book.batch(sequence).transfers, TRANSFER):
        debit, credit = (desk.chart.opening(int(record[f"{side}_lo"]), int(record[f"{side}_hi"])) for side in ("debit", "credit"))
        assert debit.asset == credit.asset
        units = int(record["amount_lo"]) | int(record["amount_hi"]) << 64
        made.append(Transfer(debit.address, credit.address, f"{format_amount(units, decimals(town, debit.asset))} {debit.asset}"))
    return tuple(made)


def decimals(town, asset: str) -> int:
    return town.registers.asset(asset).decimals


def written(town, transfer: Transfer) -> Transfer:
    amount, _, asset = transfer.amount.partition(" ")
    places = decimals(town, asset)
    return msgspec.structs.replace(transfer, amount=f"{format_amount(parse_amount(amount, places), places)} {asset}")


@pytest.mark.parametrize(("code", "case"), CASES, ids=[f"{code}: {case.case}" for code, case in CASES])
def test_case(code: str, case: Case, town, zedland) -> None:
    with town.open_funded() as desk:
        instruction = asked(town, case)
        receipt = zedland.only(desk.submit([instruction]))
        if case.approved:
            assert receipt.outcome == "referred"
            yes = msgspec.structs.replace(instruction, id="yes", approves="asked", entered_by="petra")
            receipt = zedland.only(desk.submit([yes]))
        assert receipt.decision.verdict == case.then
        assert receipt.outcome == {"permit": "posted", "refuse": "refused", "refer": "referred"}[case.then]
        assert transfers_of(town, desk, receipt.sequence) == tuple(written(town, transfer) for transfer in case.transfers)
        assert set(receipt.codes) <= {"created"}
    assert verify(town.book).ok


@pytest.mark.parametrize("code", CODES)
def test_a_product_is_a_folder_that_explains_itself(code: str) -> None:
    folder = files(f"skarb.products.{code}")
    product = import_module(f"skarb.products.{code}").product
    assert product.code == code
    assert product.title
    assert set(product.plans) <= set(ACTIVITIES)
    readme = (folder / "README.md").read_text(encoding="utf-8")
    assert readme.startswith(f"# {product.title}\n")
    assert all(f"`{activity}`" in readme for activity in product.plans)
    moved = {activity for case in cases_of(code) if case.transfers for activity in case.when}
    assert moved
    assert moved <= set(product.plans)


def test_activities_belong_to_one_product_each() -> None:
    planned = [activity for product in products() for activity in product.plans]
    assert len(planned) == len(set(planned))
    assert sorted(CODES) == CODES

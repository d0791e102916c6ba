"""Every raw block and every wallet file runs through address screening and tracing, and every unit is accounted for.

Nothing is known of these addresses, so some of their own are put on a list first: what must be found then follows from the files alone.
"""

from __future__ import annotations

import gzip
import json
import os
from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from skarb.app.chainscreen import watch
from skarb.app.setting import Setting, example_institution, open_registers, setting_of
from skarb.app.work import Account, decide
from skarb.chain import parse_block
from skarb.chain.exposure import trace_accounts
from skarb.chain.payments import Payment
from skarb.chain.spending import address_spent
from skarb.core.errors import InputError
from skarb.core.screening_list import Listed, ScreeningList
from skarb.intake import read
from skarb.registers import WalletListing

DATA = Path(os.environ.get("SKARB_DATA", Path(__file__).parents[2].parent / "shared" / "data"))


def raw_blocks() -> list[Path]:
    found = []
    for path in sorted(DATA.rglob("*.raw")) if DATA.is_dir() else ():
        try:
            parse_block(path.read_bytes(), path.name)
        except InputError:
            continue
        found.append(path)
    return found


def wallets() -> list[Path]:
    found = []
    for path in sorted(DATA.rglob("*wallet*.json*")) if DATA.is_dir() else ():
        raw = path.read_bytes()
        try:
            rows = json.loads(gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw)
        except ValueError:
            continue
        if isinstance(rows, list) and rows and isinstance(rows[0], dict) and {"value", "rate"} <= set(rows[0]):
            found.append(path)
    return found


BLOCKS, WALLETS = raw_blocks(), wallets()
blocks_only = pytest.mark.skipif(not BLOCKS, reason=f"no raw blocks below {DATA} (set SKARB_DATA)")
wallets_only = pytest.mark.skipif(not WALLETS, reason=f"no wallet files below {DATA} (set SKARB_DATA)")


def setting_with(listed: list[str], registered: list[str], parties: tuple[str, ...] = ()) -> Setting:
    registers = open_registers("zz", None, lambda: datetime(2026, 10, 1, tzinfo=UTC))
    registers.record(example_institution("ZZ", "platform"), "test")
    entries = [WalletListing(wallet=one, status="included", body="test", valid_from=date(2000, 1, 1)) for one in registered]
    assert not registers.record(entries, "test").problems
    entry = Listed(entry="1", wallets=tuple(listed), parties=parties)
    registers.record_list(
        ScreeningList(list="t", regime="own", publisher="t", version="1", published=date(2026, 1, 1), entries=(entry,)), "test"
    )
    return setting_of("zz", registers, "example-institution")


@blocks_only
@pytest.mark.parametrize("path", BLOCKS, ids=[path.name for path in BLOCKS])
def test_every_payment_to_a_listed_address_is_found(path: Path) -> None:
    block = parse_block(path.read_bytes(), path.name)
    paid: Counter[str] = Counter()
    for tx in block.transactions:
        paid.update(address for output in tx.outputs if output.value and (address := output.address(block.network)))
    addresses = sorted(paid)[:: max(1, len(paid) // 20)]
    listed, registered = [f"BTC:{one}" for one in addresses[::2]], [f"BTC:{one}" for one in addresses[1::2]]
    found = watch([path], setting_with(listed, registered))
    received = Counter(one.address for one in found.touched if one.side == "receiver")
    assert received == Counter({f"BTC:{one}": paid[one] for one in addresses})
    assert {one.address for one in found.touched if one.register} <= set(registered)
    for rule in (found.coins.fifo, found.coins.haircut):
        assert all(sums.conserved for sums in rule.values())
    clean = watch([path], setting_with([], []))
    assert not clean.touched and not clean.exposed


@blocks_only
@pytest.mark.parametrize("path", BLOCKS, ids=[path.name for path in BLOCKS])
def test_who_spends_is_read_off_the_input_as_the_spent_output_says(path: Path) -> None:
    block = parse_block(path.read_bytes(), path.name)
    outputs = {(tx.txid, n): output for tx in block.transactions for n, output in enumerate(tx.outputs)}
    inside = [
        given for tx in block.transactions[1:] for given in tx.inputs if (given.previous_txid, given.previous_index) in outputs
    ]
    for given in inside:
        spent = outputs[given.previous_txid, given.previous_index]
        shown = address_spent(given, block.network)
        assert shown in (None, spent.address(block.network))
        if len(spent.script) in (22, 25) and spent.script[:2] in (b"\x00\x14", b"\x76\xa9"):
            assert shown is not None  # whoever spends what went to the hash of a key must show the key


@wallets_only
@pytest.mark.parametrize("path", WALLETS, ids=[path.name for path in WALLETS])
def test_a_wallet_file_is_screened_row_by_row(path: Path) -> None:
    clean, listed = setting_with([], []), setting_with([], [], parties=("hot-wallet:outside",))
    accounts = []
    for setting in (clean, listed):
        account = Account()
        decisions = [one.decision for one in decide(read(path, at=datetime(2026, 10, 1, tzinfo=UTC)), setting, account)]
        assert account.balanced and not account.problems and len(decisions) == account.rows
        accounts.append(decisions)
    assert not any(one.provision.endswith("/listed") for one in accounts[0])
    assert all(one.verdict == "refuse" and one.provision == "ZZ-R3-2026/listed" for one in accounts[1])


@wallets_only
@pytest.mark.parametrize("path", WALLETS, ids=[path.name for path in WALLETS])
def test_a_wallet_file_is_traced_to_the_unit(path: Path) -> None:
    payments = []
    for reading in read(path):
        for one in reading.instructions:
            units, incoming = int(one.amount.replace(".", "")), one.activity == "token_transfer_in"
            sender, receiver = ("outside", "wallet") if incoming else ("wallet", "elsewhere")
            payments.append(Payment("BTC", (sender,), receiver, units, one.id, 0, "", 0))
    deposits = sum(one.value for one in payments if one.receiver == "wallet")
    found = trace_accounts(payments, {"outside"}.__contains__)
    for sums in (found.fifo["BTC"], found.haircut["BTC"]):
        assert sums.conserved and sums.entered == deposits and sums.held == deposits

"""Transactions are what was approved, to the satoshi, or they are not let go. Keys are the tests' own."""

from __future__ import annotations

import pytest

pytest.importorskip("embit")
from embit import bip32, psbt, script, transaction

from skarb.core.errors import InputError
from skarb.custody.psbt import Coin, build, combine, finish, problems_of, read_coins

ROOTS = [bip32.HDKey.from_seed(bytes([number]) * 32) for number in (1, 2, 3, 4)]
PATH = "m/48h/0h/0h/2h"


def wallet_of(roots, private: bool = False) -> str:
    keys = []
    for root in roots:
        account = root.derive(PATH)
        shown = account if private else account.to_public()
        keys.append(f"[{root.my_fingerprint.hex()}/48h/0h/0h/2h]{shown.to_base58()}/{{0,1}}/*")
    return f"wsh(sortedmulti(2,{','.join(keys)}))"


WALLET = wallet_of(ROOTS[:3])
COINS = [Coin(f"{number:064x}", number, 100_000 * number, number % 2, number) for number in range(1, 6)]


@pytest.fixture
def request_(reserve):
    return reserve.request(units=700_000, fee_units=2_000)


def signed(text: str, *roots) -> list[str]:
    made = []
    for root in roots:
        one = psbt.PSBT.from_string(text)
        one.sign_with(root)
        made.append(one.to_string())
    return made


def test_two_of_three_sign_what_was_approved(request_) -> None:
    made = build(request_, WALLET, COINS, 9, 1_500)
    assert (made.fee_units, made.change_units) == (1_500, 900_000 - 700_000 - 1_500)
    assert problems_of(combine([made.psbt]), request_, WALLET) == []
    for pair in ((0, 1), (1, 2), (0, 2)):
        raw, txid, fee = finish(signed(made.psbt, *(ROOTS[one] for one in pair)), request_, WALLET)
        final = transaction.Transaction.parse(bytes.fromhex(raw))
        assert final.txid().hex() == txid and fee == 1_500
        assert [one.value for one in final.vout] == [700_000, 198_500]
        assert bytes.fromhex(COINS[-1].txid)[::-1].hex() in raw, "ids are written backwards on the wire"
        assert all(len(one.witness.items) == 4 for one in final.vin)


def test_one_signature_or_that_of_a_stranger_is_not_enough(request_) -> None:
    made = build(request_, WALLET, COINS, 0, 0)
    for texts in (
        [made.psbt],
        signed(made.psbt, ROOTS[0]),
        signed(made.psbt, ROOTS[0], ROOTS[3]),
        signed(made.psbt, ROOTS[0], ROOTS[0]),
    ):
        with pytest.raises(InputError, match="valid signatures of 2"):
            finish(texts, request_, WALLET)


def test_a_signature_that_was_changed_or_covers_less_does_not_count(request_) -> None:
    made = build(request_, WALLET, COINS, 0, 0)
    first, second = signed(made.psbt, ROOTS[0], ROOTS[1])
    for change in (lambda one: one[:-1] + b"\x83", lambda one: one[:10] + bytes([one[10] ^ 1]) + one[11:], lambda one: b"\1"):
        forged = psbt.PSBT.from_string(second)
        for scope in forged.inputs:
            scope.partial_sigs = {key: change(value) for key, value in scope.partial_sigs.items()}
        with pytest.raises(InputError, match="1 valid signatures of 2"):
            finish([first, forged.to_string()], request_, WALLET)


@pytest.mark.parametrize("what", ["more", "less", "elsewhere", "change", "fee", "twice"])
def test_outputs_are_those_of_the_request_to_the_satoshi(request_, what) -> None:
    made = psbt.PSBT.from_string(build(request_, WALLET, COINS, 9, 1_500).psbt)
    tx = transaction.Transaction.parse(made.tx.serialize())
    stranger = script.Script(b"\0\x14" + bytes(20))
    if what == "more":
        tx.vout[0].value += 1
    elif what == "less":
        tx.vout[0].value -= 1
    elif what == "elsewhere":
        tx.vout[0].script_pubkey = stranger
    elif what == "change":
        tx.vout[1].script_pubkey = stranger
    elif what == "fee":
        tx.vout[1].value -= 501
    else:
        tx.vout.append(transaction.TransactionOutput(0, tx.vout[0].script_pubkey))
    forged = psbt.PSBT(tx)
    for mine, other in zip(forged.inputs, made.inputs, strict=True):
        mine.update(other)
    for mine, other in zip(forged.outputs, made.outputs, strict=False):
        mine.bip32_derivations.update(other.bip32_derivations)
    text = forged.to_string()
    assert problems_of(combine([text]), request_, WALLET)
    with pytest.raises(InputError, match="not what was approved"):
        finish(signed(text, ROOTS[0], ROOTS[1]), request_, WALLET)


def test_coins_of_another_wallet_are_not_spent(request_) -> None:
    other = wallet_of(ROOTS[1:])
    made = build(request_, other, COINS, 0, 0)
    assert any("input 0" in one for one in problems_of(combine([made.psbt]), request_, WALLET))


def test_change_that_is_dust_becomes_fee_or_is_refused(reserve) -> None:
    coins = [Coin("a" * 64, 0, 10_300, 0, 0)]
    made = build(reserve.request(units=10_000, fee_units=300), WALLET, coins, 0, 200)
    assert (made.fee_units, made.change_units) == (300, 0)
    with pytest.raises(InputError, match="too few for an output"):
        build(reserve.request(units=10_000, fee_units=250), WALLET, coins, 0, 200)


@pytest.mark.parametrize(
    "wallet",
    [
        "",
        "wsh(",
        "garbage",
        wallet_of(ROOTS[:3], private=True),
        WALLET.replace("wsh(", "sh(wsh(") + ")",
        WALLET.replace("/{0,1}/*", "/0/*"),
    ],
)
def test_a_descriptor_is_a_public_multisig_with_change(request_, wallet) -> None:
    with pytest.raises(InputError, match="descriptor"):
        build(request_, wallet, COINS, 0, 0)


def test_bad_input_is_one_clear_error(request_, reserve) -> None:
    with pytest.raises(InputError, match="needed with the fee"):
        build(reserve.request(units=10**9), WALLET, COINS, 0, 0)
    with pytest.raises(InputError, match="at most 2000"):
        build(request_, WALLET, COINS, 0, 2_001)
    with pytest.raises(InputError, match="address of Bitcoin"):
        build(reserve.request(address=""), WALLET, COINS, 0, 0)
    for text in ("", "cHNidP8=", "x" * 50):
        with pytest.raises(InputError, match="expected a PSBT"):
            combine([text])
    one, other = build(request_, WALLET, COINS, 0, 0).psbt, build(request_, WALLET, COINS, 1, 0).psbt
    with pytest.raises(InputError, match="another transaction"):
        combine([one, other])


@pytest.mark.parametrize(
    "row",
    [
        "x,0,1,0,0",
        f"{'a' * 64},0,-1,0,0",
        f"{'a' * 64},0,0,0,0",
        f"{'a' * 64},0,5,2,0",
        f"{'a' * 64},0,5,0",
        "1" * 200_000,
        f"{'a' * 64},0,5,0,0\n{'a' * 64},0,6,0,0",
    ],
)
def test_coins_are_read_strictly(row: str) -> None:
    with pytest.raises(InputError):
        read_coins(f"txid,vout,units,branch,index\n{row}\n", "coins.csv")
    assert read_coins(f"txid,vout,units,branch,index\n{'b' * 64},1,5,1,7\n", "c") == [Coin("b" * 64, 1, 5, 1, 7)]

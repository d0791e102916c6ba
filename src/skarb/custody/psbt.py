"""Bitcoin transactions for approved requests, as PSBTs: built without keys, signed elsewhere, and checked before they are let go.

A place's wallet is a descriptor in the policy, `wsh(sortedmulti(2,…))` with public keys only. What is built pays the request's address exactly what
was approved; what is left goes back to the same descriptor; the fee stays below what was approved. What comes back signed is checked against the
request again, to the satoshi, and every signature against its key, before the transaction is put together. Needs the extra `custody` (embit).

Source: BIP 174 (PSBT), BIP 380 and 383 (descriptors), BIP 143 (what a witness signs).
"""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from io import StringIO
from typing import Any, NamedTuple

from skarb.chain.address import script_of
from skarb.core.errors import InputError, Unavailable, shorten
from skarb.custody.model import Request

COLUMNS = ("txid", "vout", "units", "branch", "index")
_DUST = 330  # satoshi; nodes do not pass on a smaller output to a witness script
_ALL = 1  # the signature covers everything
_FINAL = 0xFFFFFFFD  # may be replaced by one with a higher fee
_TXID = re.compile("[0-9a-f]{64}")


class Coin(NamedTuple):
    """An unspent output of the wallet. Units: satoshi."""

    txid: str
    vout: int
    units: int
    branch: int  # 0 where others pay, 1 for change
    place: int  # on the branch


class Built(NamedTuple):
    """A transaction that nobody signed yet."""

    psbt: str  # Base64
    fee_units: int
    change_units: int


def read_coins(text: str, where: str) -> list[Coin]:
    """Read unspent outputs: CSV with txid,vout,units,branch,index.

    Raises: InputError
    """
    try:
        rows = list(csv.reader(StringIO(text)))
    except csv.Error as error:
        raise InputError(f"{where}: given {error}, expected comma-separated values") from None
    if not rows or tuple(rows[0]) != COLUMNS:
        raise InputError(f"{where} row 1: expected {','.join(COLUMNS)}")
    coins: list[Coin] = []
    for number, row in enumerate(rows[1:], 2):
        if (
            len(row) != 5
            or _TXID.fullmatch(row[0]) is None
            or not all(one.isascii() and one.isdecimal() and len(one) < 17 for one in row[1:])
        ):
            raise InputError(
                f"{where} row {number}: given {shorten(','.join(row))!r}, expected a hash of 64 hex digits and four whole numbers"
            )
        coins.append(Coin(row[0], *map(int, row[1:])))
    if len({coin[:2] for coin in coins}) < len(coins):
        raise InputError(f"{where}: an output stands twice")
    if any(coin.branch > 1 or not coin.units or coin.vout >= 1 << 32 or coin.place >= 1 << 31 for coin in coins):
        raise InputError(f"{where}: expected something on every output, and branch 0 or 1")
    return coins


def build(request: Request, wallet: str, coins: Sequence[Coin], change_index: int, fee_units: int) -> Built:
    """Return the transaction of a request, spending the largest coins first.

    Raises: InputError if the coins do not suffice, the fee exceeds the approved one, or something cannot be paid; Unavailable without embit.
    """
    embit = _embit()
    owned, target = _wallet(wallet), _target(request)
    if not 0 <= fee_units <= request.fee_units:
        raise InputError(f"fee: given {fee_units}, expected at most {request.fee_units}, which was approved")
    chosen: list[Coin] = []
    for coin in sorted(coins, key=lambda one: (-one.units, one.txid, one.vout)):
        if sum(one.units for one in chosen) >= request.units + fee_units:
            break
        chosen.append(coin)
    change = sum(one.units for one in chosen) - request.units - fee_units
    if change < 0:
        raise InputError(
            f"coins: {sum(one.units for one in chosen)} satoshi in all, {request.units + fee_units} are needed with the fee"
        )
    if 0 < change < _DUST:
        if fee_units + change > request.fee_units:
            raise InputError(f"change: {change} satoshi are too few for an output and more than the approved fee leaves room for")
        fee_units, change = fee_units + change, 0
    outputs = [embit.transaction.TransactionOutput(request.units, embit.script.Script(target))]
    back = owned.derive(change_index, branch_index=1)
    if change:
        outputs.append(embit.transaction.TransactionOutput(change, back.script_pubkey()))
    inputs = [embit.transaction.TransactionInput(bytes.fromhex(coin.txid), coin.vout, sequence=_FINAL) for coin in chosen]
    made = embit.psbt.PSBT(embit.transaction.Transaction(version=2, vin=inputs, vout=outputs))
    for scope, coin in zip(made.inputs, chosen, strict=True):
        own = owned.derive(coin.place, branch_index=coin.branch)
        scope.witness_utxo = embit.transaction.TransactionOutput(coin.units, own.script_pubkey())
        _describe(scope, own)
    if change:
        _describe(made.outputs[1], back)
    return Built(made.to_string(), fee_units, change)


def combine(texts: Sequence[str]) -> Any:
    """Return one PSBT with the signatures of all, which must be of the same transaction.

    Raises: InputError
    """
    made: Any = None
    for number, text in enumerate(texts, 1):
        one = _read(text, f"PSBT {number}")
        if made is None:
            made = one
        elif made.tx.serialize() != one.tx.serialize():
            raise InputError(f"PSBT {number}: it is of another transaction than the first one")
        else:
            for mine, other in zip(made.inputs, one.inputs, strict=True):
                mine.partial_sigs.update(other.partial_sigs)
    if made is None:
        raise InputError("PSBT: none was given, expected at least one")
    return made


def problems_of(made: Any, request: Request, wallet: str) -> list[str]:
    """Return everything in a PSBT that is not what was approved."""
    owned, target = _wallet(wallet), _target(request)
    found: list[str] = []
    for number, scope in enumerate(made.inputs):
        if scope.witness_utxo is None or not owned.owns(scope):
            found.append(f"input {number} is not shown to be of the place's wallet")
    paid = [one for one in made.tx.vout if one.script_pubkey.data == target]
    if [one.value for one in paid] != [request.units]:
        found.append(
            f"{request.address} gets {sum(one.value for one in paid)} in {len(paid)} outputs, approved are {request.units} in one"
        )
    for number, scope in enumerate(made.outputs):
        if made.tx.vout[number].script_pubkey.data != target and not _is_change(owned, scope, made.tx.vout[number]):
            found.append(f"output {number} goes neither to the approved address nor back to the place")
    if not found and not 0 <= made.fee() <= request.fee_units:
        found.append(f"the fee is {made.fee()}, approved are at most {request.fee_units}")
    return found


def finish(texts: Sequence[str], request: Request, wallet: str) -> tuple[str, str, int]:
    """Return the signed transaction as hex, its id and its fee, after checking all of it against the request.

    Raises: InputError with everything that is wrong or missing.
    """
    embit = _embit()
    made = combine(texts)
    if wrong := problems_of(made, request, wallet):
        raise InputError("the transaction is not what was approved:\n" + "\n".join(wrong))
    final = embit.transaction.Transaction.parse(made.tx.serialize())
    threshold, keys = 0, 0
    for number, (scope, entry) in enumerate(zip(made.inputs, final.vin, strict=True)):
        owned = _own(_wallet(wallet), scope)
        script = owned.witness_script()
        threshold, pubs = embit.finalizer.parse_multisig(script)
        scope.witness_script, keys = script, len(pubs)
        signatures = [
            scope.partial_sigs[pub]
            for pub in pubs
            if pub in scope.partial_sigs and _holds(made, number, pub, scope.partial_sigs[pub])
        ]
        if len(signatures) < threshold:
            raise InputError(f"input {number}: {len(signatures)} valid signatures of {threshold} that are needed, of {keys} keys")
        entry.witness = embit.script.Witness([b"", *signatures[:threshold], script.data])
    return final.serialize().hex(), final.txid().hex(), made.fee()


def _holds(made: Any, number: int, pub: Any, signature: bytes) -> bool:
    """Say whether a signature over everything is that of its key."""
    embit = _embit()
    if signature[-1:] != bytes([_ALL]):
        return False
    try:
        return bool(pub.verify(embit.ec.Signature.parse(signature[:-1]), made.sighash(number)))
    except (ValueError, IndexError, embit.base.EmbitError):
        return False


def _describe(scope: Any, own: Any) -> None:
    """Say whose a script is, so that devices can see for themselves."""
    embit = _embit()
    scope.witness_script = own.witness_script()
    for key in own.keys:
        public = embit.ec.PublicKey.parse(key.sec())
        scope.bip32_derivations[public] = embit.psbt.DerivationPath(key.origin.fingerprint, key.origin.derivation)


def _is_change(owned: Any, scope: Any, output: Any) -> bool:
    derived = _own(owned, scope)
    return derived is not None and derived.script_pubkey() == output.script_pubkey


def _own(owned: Any, scope: Any) -> Any:
    """Return the wallet's script that an input or output says it is, or None."""
    for path in scope.bip32_derivations.values():
        for key in owned.keys:
            if key.is_extended and (place := key.check_derivation(path)):
                return owned.derive(place[0], branch_index=place[1])
    return None


def _wallet(text: str) -> Any:
    embit = _embit()
    if not text:
        raise InputError("the place has no descriptor in the policy; put the wallet's public one there")
    try:
        found = embit.descriptor.Descriptor.from_string(text)
        right = found.is_wildcard and found.num_branches == 2 and found.is_basic_multisig and found.wsh and not found.sh
        private = any(key.is_private for key in found.keys)
    except (embit.base.EmbitError, ValueError, AttributeError, IndexError) as error:
        raise InputError(f"descriptor: {error}; expected wsh(sortedmulti(2,[…]xpub…/{{0,1}}/*,…))") from None
    if private or not right:
        raise InputError("descriptor: expected wsh(sortedmulti(M,[…]xpub…/{0,1}/*,…)) with public keys only")
    return found


def _target(request: Request) -> bytes:
    chain, _, address = request.address.partition(":")
    script = script_of(address) if chain == "BTC" else None
    if script is None or request.asset != "BTC":
        raise InputError(
            f"request: given {request.asset} to {request.address or 'no address'}, expected BTC to an address of Bitcoin"
        )
    return script


def _read(text: str, where: str) -> Any:
    embit = _embit()
    try:
        return embit.psbt.PSBT.from_string(text.strip())
    except Exception as error:  # the library names no errors of its own for what it cannot read
        raise InputError(f"{where}: given {shorten(str(error) or type(error).__name__)}, expected a PSBT in Base64") from None


class _Parts(NamedTuple):
    """The parts of the library that are used."""

    base: Any
    descriptor: Any
    ec: Any
    finalizer: Any
    psbt: Any
    script: Any
    transaction: Any


def _embit() -> _Parts:
    try:
        from embit import base, descriptor, ec, finalizer, psbt, script, transaction
    except ImportError:
        raise Unavailable("transactions need the extra custody: pip install 'skarb[custody]'") from None
    return _Parts(base, descriptor, ec, finalizer, psbt, script, transaction)

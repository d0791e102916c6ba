"""A signer for tests: what wallets do with their keys, which the project itself never does."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256

from skarb.chain.keccak import keccak256
from skarb.chain.model import double_sha256
from skarb.chain.secp256k1 import _G, N, Point, _sum_of, write_key
from skarb.chain.signed import compact


def public(secret: int) -> Point:
    found = _sum_of(secret, _G, 0, _G)
    assert found is not None
    return found


def sign(digest: bytes, secret: int) -> tuple[int, int, int]:
    """Return r, s and the recovery number; s is the smaller of the two that fit."""
    drawn = int.from_bytes(sha256(digest + secret.to_bytes(32, "big")).digest(), "big") % N
    x, y = public(drawn)
    r = x % N
    s = pow(drawn, -1, N) * (int.from_bytes(digest, "big") + r * secret) % N
    recovery = (y & 1) | (2 if x >= N else 0)
    return (r, N - s, recovery ^ 1) if s > N // 2 else (r, s, recovery)


def sign_bitcoin(message: str, secret: int, header: int) -> str:
    """Return the 65 bytes of the first client in base64; `header` is the smallest of its kind: 27, 31, 35 or 39."""
    content = message.encode()
    r, s, recovery = sign(double_sha256(b"\x18Bitcoin Signed Message:\n" + compact(len(content)) + content), secret)
    return b64encode(bytes([header + recovery]) + r.to_bytes(32, "big") + s.to_bytes(32, "big")).decode()


def sign_ethereum(message: str, secret: int) -> str:
    content = message.encode()
    r, s, recovery = sign(keccak256(b"\x19Ethereum Signed Message:\n" + str(len(content)).encode() + content), secret)
    return "0x" + (r.to_bytes(32, "big") + s.to_bytes(32, "big") + bytes([27 + recovery])).hex()


def ethereum_address(secret: int) -> str:
    return "0x" + keccak256(write_key(public(secret), compressed=False)[1:])[-20:].hex()

"""The curve of Bitcoin and Ethereum, as far as checking signatures needs it.

There are no secrets here: everything that comes in is public, so plain whole numbers serve and how long they take tells nobody
anything. A library would bring a compiled part for a few checks a day; `cryptography` checks ECDSA but cannot recover the key that a
signed message leaves out, nor Schnorr signatures. The tests hold these functions against it and against published vectors.
Source: SEC 1 (4.1.6, recovery of a key) and SEC 2 (secp256k1); BIP 340 (Schnorr signatures, tagged hashes).
"""

from __future__ import annotations

from hashlib import sha256

P = 2**256 - 2**32 - 977  # of the field
N = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141  # how many points there are
_G = (
    0x79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798,
    0x483ADA7726A3C4655DA4FBFC0E1108A8FD17B448A68554199C47D08FFB10D4B8,
)
Point = tuple[int, int]
_Jacobian = tuple[int, int, int]  # x/z², y/z³; z = 0 is the point at infinity


def recover(digest: bytes, r: int, s: int, recovery: int) -> Point | None:
    """Return the public key that made a signature of a digest, None if none can have.

    `recovery` is 0 to 3: the parity of the point that the signer drew, and whether its x had been larger than the order.
    """
    if not (0 < r < N and 0 < s < N and 0 <= recovery <= 3):
        return None
    drawn = lift(r + N * (recovery >> 1), odd=bool(recovery & 1))
    if drawn is None:
        return None
    inverse, z = pow(r, -1, N), int.from_bytes(digest, "big")
    return _sum_of(-z * inverse % N, _G, s * inverse % N, drawn)


def verify_ecdsa(digest: bytes, r: int, s: int, key: Point) -> bool:
    """Tell whether a key signed a digest."""
    if not (0 < r < N and 0 < s < N):
        return False
    inverse = pow(s, -1, N)
    found = _sum_of(int.from_bytes(digest, "big") * inverse % N, _G, r * inverse % N, key)
    return found is not None and found[0] % N == r


def verify_schnorr(message: bytes, key: bytes, signature: bytes) -> bool:
    """Tell whether the key of an x-coordinate alone signed 32 bytes."""
    r, s, point = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big"), lift(int.from_bytes(key, "big"))
    if len(key) != 32 or len(signature) != 64 or point is None or r >= P or s >= N:
        return False
    challenge = int.from_bytes(tagged_hash("BIP0340/challenge", signature[:32] + key + message), "big") % N
    found = _sum_of(s, _G, N - challenge, point)
    return found is not None and not found[1] & 1 and found[0] == r


def tagged_hash(tag: str, data: bytes) -> bytes:
    """Return a hash that no other use of SHA-256 gives by chance."""
    prefix = sha256(tag.encode("ascii")).digest()
    return sha256(prefix + prefix + data).digest()


def lift(x: int, odd: bool = False) -> Point | None:
    """Return the point with an x-coordinate, None if there is none on the curve."""
    if x >= P:
        return None
    square = (pow(x, 3, P) + 7) % P
    y = pow(square, (P + 1) // 4, P)
    if y * y % P != square:
        return None
    return x, P - y if (y & 1) != odd else y


def read_key(data: bytes) -> Point | None:
    """Return the key written in 33 bytes, or in 65 with both coordinates; None if it is none."""
    if len(data) == 33 and data[0] in (2, 3):
        return lift(int.from_bytes(data[1:], "big"), odd=data[0] == 3)
    if len(data) == 65 and data[0] == 4:
        x, y = int.from_bytes(data[1:33], "big"), int.from_bytes(data[33:], "big")
        return (x, y) if x < P and lift(x, odd=bool(y & 1)) == (x, y) else None
    return None


def write_key(key: Point, compressed: bool = True) -> bytes:
    """Return a key in 33 bytes, or in 65 with both coordinates."""
    x, y = (number.to_bytes(32, "big") for number in key)
    return bytes([2 + (key[1] & 1)]) + x if compressed else b"\4" + x + y


def _sum_of(a: int, first: Point, b: int, second: Point) -> Point | None:
    """Return a times one point plus b times another; None at infinity."""
    one, two = (*first, 1), (*second, 1)
    both = _add(one, two)
    total: _Jacobian = (0, 1, 0)
    for bit in range(max(a.bit_length(), b.bit_length()) - 1, -1, -1):
        total = _double(total)
        chosen = (a >> bit & 1) | (b >> bit & 1) << 1
        if chosen:
            total = _add(total, (one, two, both)[chosen - 1])
    if total[2] == 0:
        return None
    inverse = pow(total[2], -1, P)
    return total[0] * inverse * inverse % P, total[1] * pow(inverse, 3, P) % P


def _double(point: _Jacobian) -> _Jacobian:
    x, y, z = point
    if z == 0 or y == 0:
        return 0, 1, 0
    yy = y * y % P
    s, m = 4 * x * yy % P, 3 * x * x % P
    nx = (m * m - 2 * s) % P
    return nx, (m * (s - nx) - 8 * yy * yy) % P, 2 * y * z % P


def _add(one: _Jacobian, two: _Jacobian) -> _Jacobian:
    x1, y1, z1 = one
    x2, y2, z2 = two
    if z1 == 0:
        return two
    if z2 == 0:
        return one
    zz1, zz2 = z1 * z1 % P, z2 * z2 % P
    u1, u2 = x1 * zz2 % P, x2 * zz1 % P
    s1, s2 = y1 * zz2 * z2 % P, y2 * zz1 * z1 % P
    if u1 == u2:
        return _double(one) if s1 == s2 else (0, 1, 0)
    h, r = u2 - u1, s2 - s1
    hh = h * h % P
    hhh, v = h * hh % P, u1 * hh % P
    nx = (r * r - hhh - 2 * v) % P
    return nx, (r * (v - nx) - s1 * hhh) % P, h * z1 * z2 % P

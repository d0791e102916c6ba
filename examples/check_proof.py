"""Check a proof from a Skarb book: python check_proof.py PROOF PUBLIC-KEY [PUBLIC-KEY ...]. Needs Python 3.11 and nothing else.
Leaves with code 0 if everything holds, 9 if anything does not. Follows RFC 8032 (Ed25519), RFC 6962 and RFC 9162 (Merkle trees).
"""

import base64
import hashlib
import json
import sys
from pathlib import Path

P = 2**255 - 19  # Ed25519: the field, the order of the group, the curve
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
canonical = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode  # one text for one value
REST = {
    "head": "",
    "inclusion": "words accounts index leaf path",
    "balance": "words index leaf path",
    "consistency": "earlier path",
}


def need(holds, promise):
    if not holds:
        raise ValueError(promise)


def sha(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def unhex(text, length=32):
    need(len(text) == 2 * length and set(text) <= set("0123456789abcdef"), f"{text!r} is {length} bytes in hex")
    return bytes.fromhex(text)


def add(a, b):
    """Add two points of the curve."""
    k = D * a[0] * b[0] * a[1] * b[1]
    return (a[0] * b[1] + b[0] * a[1]) * pow(1 + k, -1, P) % P, (a[1] * b[1] + a[0] * b[0]) * pow(1 - k, -1, P) % P


def times(number, point):
    half = times(number >> 1, add(point, point)) if number else (0, 1)
    return add(half, point) if number & 1 else half


def point(data):
    """Read a point: its y, and whether its x is odd."""
    y, odd = int.from_bytes(data, "little") & (1 << 255) - 1, data[31] >> 7
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x if x * x % P == square else x * pow(2, (P - 1) // 4, P) % P
    need(y < P and x * x % P == square and (x or not odd), "it is a point of the curve")
    return (x if x & 1 == odd else P - x), y


def signed(public, message, signature):
    """Say whether an Ed25519 signature is that of a message."""
    s, base = int.from_bytes(signature[32:], "little"), point((4 * pow(5, -1, P) % P).to_bytes(32, "little"))
    k = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % L
    return s < L and times(s, base) == add(point(signature[:32]), times(k, point(public)))


def read_key(path):
    """Read the 32 bytes of a public key in PEM (RFC 8410)."""
    data = base64.b64decode("".join(Path(path).read_text().split("\n")[1:2]), validate=True)
    need(data[:12].hex() == "302a300506032b6570032100" and len(data) == 44, f"{path} is an Ed25519 public key in PEM")
    return data[12:]


def walk(index, last, path):
    """Yield each hash on the way from a leaf to the root, and whether it stands to the left."""
    for node in path:
        need(last, "the path is no longer than the tree is high")
        left = index & 1 or index == last
        yield node, left
        while left and index and not index & 1:
            index, last = index >> 1, last >> 1
        index, last = index >> 1, last >> 1
    need(last == 0, "the path is as long as the tree is high")


def grew(old, old_root, new, new_root, path):
    if old in (0, new):
        return not path and old_root == (new_root if old == new else sha())
    need(path and 0 < old < new, "the later tree is larger, and there is a path")
    index, last = old - 1, new - 1
    while index & 1:
        index, last = index >> 1, last >> 1
    before = after = path.pop(0) if index else old_root
    for node, left in walk(index, last, path):
        before = sha(b"\1", node, before) if left else before
        after = sha(b"\1", node, after) if left else sha(b"\1", after, node)
    return (before, after) == (old_root, new_root)


def check_head(head, keys):
    said = head["statement"]
    known = list(head) == ["statement", "signature"] and said["format"] == "skarb head 1" and said["key"] in keys
    need(known, "it is a head, signed with a key that you trust")
    need(signed(keys[said["key"]], canonical(said).encode(), unhex(head["signature"], 64)), "the signature is that of the head")
    return said


def check_leaf(proof, size, root, expected):
    leaf, words, index = base64.b64decode(proof["leaf"], validate=True), proof["words"], proof["index"]
    need(base64.b64encode(leaf).decode() == proof["leaf"] and canonical(words) == leaf.decode(), "the words are the leaf's")
    need(type(index) is int and 0 <= index < size, "the leaf lies in the tree")
    found = sha(b"\0", leaf)
    for node, left in walk(index, size - 1, [unhex(one) for one in proof["path"]]):
        found = sha(b"\1", node, found) if left else sha(b"\1", found, node)
    fits = all(words[name] == value for name, value in expected.items())
    need(fits and found.hex() == root, "the leaf is of this book and kind, the path leads to the root that was signed")


def check(data, keys):
    """Check the bytes of a proof file; return what it says."""
    proof = json.loads(data)
    need((json.dumps(proof, indent=2, ensure_ascii=False) + "\n").encode() == data, "the file has its one form")
    kind, head = proof["proof"], check_head(proof["head"], keys)
    need(list(proof) == ["proof", "head", *REST[kind].split()], "the file has the fields of its kind")
    if kind == "inclusion":
        check_leaf(proof, head["size"], head["journal_root"], {"format": "skarb row 1", "book": head["book"]})
        need(1 <= proof["words"]["sequence"] <= head["height"], "the batch is not after the head")
        sides = {one["record"][at : at + 32] for one in proof["words"]["transfers"] for at in (32, 64)}
        for one in proof["accounts"]:
            name = hashlib.blake2b(f"{one['asset']} {one['address']}".encode(), digest_size=16, person=b"skarb-account")
            need(one["id"] == name.hexdigest() in sides and len(one) == 3, "the accounts are those of the transfers")
    elif kind == "balance":
        expected = {"format": "skarb balance 1", "book": head["book"], "height": head["height"]}
        check_leaf(proof, head["accounts"], head["balances_root"], expected)
    elif kind == "consistency":
        old = check_head(proof["earlier"], keys)
        need(old["book"] == head["book"] and old["height"] <= head["height"], "both are heads of one book, in this order")
        need(old["height"] < head["height"] or old["chain_head"] == head["chain_head"], "one batch has one chain head")
        roots, path = [unhex(one["journal_root"]) for one in (old, head)], [unhex(one) for one in proof["path"]]
        need(grew(old["size"], roots[0], head["size"], roots[1], path), "the book begins with the earlier one")
    return proof


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    try:
        said = check(Path(sys.argv[1]).read_bytes(), {sha(key).hex(): key for key in map(read_key, sys.argv[2:])})
    except Exception as error:  # whatever is wrong with a file, it proves nothing
        sys.exit(print(f"NOT PROVED. What does not hold: {error}") or 9)
    print(json.dumps({name: said[name] for name in said if name not in ("leaf", "path")}, indent=2, ensure_ascii=False))
    print(f"PROVED by the holder of the key: {said['proof']}, as shown above")

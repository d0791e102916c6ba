"""Check that you were counted: python check_liability.py PROOF PUBLIC-KEY. Needs Python 3.11, check_proof.py beside it, and nothing else.
PROOF is what `skarb reserve prove-liability` wrote for you. Leaves with code 0 if everything holds, 9 if anything does not.

    leaf = SHA-256(0x00 | index, 8 bytes | balance, 16 bytes | SHA-256(user id))
    node = SHA-256(0x01 | left hash | left sum, 16 bytes | right hash | right sum, 16 bytes)
"""

import json
import re
import sys
from pathlib import Path

from check_proof import canonical, check_head, need, read_key, sha, signed, unhex


def whole(text):
    """Read a number that is written as text: zero or more, and small enough for 16 bytes."""
    need(isinstance(text, str) and re.fullmatch("0|[1-9][0-9]{0,38}", text), f"{text!r} is a whole number")
    need(int(text) < 1 << 128, f"{text} fits into 16 bytes")
    return int(text)


def check(data, keys):
    """Check the bytes of a proof file; return what it says."""
    proof = json.loads(data)
    need((json.dumps(proof, indent=2, ensure_ascii=False) + "\n").encode() == data, "the file has its one form")
    need(proof["format"] == "skarb liability proof 1", "it is a proof of a liability")
    said = proof["liabilities"]["statement"]
    head = check_head(said["head"], keys)
    need(said["format"] == "skarb liabilities 1" and said["book"] == head["book"], "what is owed stands on a head of its book")
    signature = unhex(proof["liabilities"]["signature"], 64)
    need(signed(keys[head["key"]], canonical(said).encode(), signature), "what is owed is signed with the key of the head")
    totals = [one for one in said["totals"] if one["asset"] == proof["asset"]]
    need(len(totals) == 1, "this asset has one root and one total")
    total = totals[0]
    index, units, count = proof["index"], whole(proof["units"]), total["count"]
    need(type(index) is int and type(count) is int and 0 <= index < count, "the leaf lies in the tree")
    need(len(proof["path"]) == (count - 1).bit_length(), "the path is as long as the tree is high")
    node, place = sha(b"\0", index.to_bytes(8, "big"), units.to_bytes(16, "big"), sha(proof["user"].encode())), index
    for beside, text in proof["path"]:
        more = whole(text)
        need(units + more < 1 << 128, "no sum exceeds 16 bytes")
        mine, other = node + units.to_bytes(16, "big"), unhex(beside) + more.to_bytes(16, "big")
        node = sha(b"\1", other, mine) if place & 1 else sha(b"\1", mine, other)
        units, place = units + more, place >> 1
    need(
        node.hex() == total["root"] and units == whole(total["total"]),
        "the path leads to the root and the total that were signed",
    )
    return {**{name: proof[name] for name in ("user", "asset", "units")}, "book": said["book"], "at": said["at"], "of": total}


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    try:
        answer = check(Path(sys.argv[1]).read_bytes(), {sha(key).hex(): key for key in map(read_key, sys.argv[2:])})
    except Exception as error:  # whatever is wrong with a file, it proves nothing
        sys.exit(print(f"NOT PROVED. What does not hold: {error}") or 9)
    print(json.dumps(answer, indent=2, ensure_ascii=False))
    print("PROVED by the holder of the key: you are counted, as shown above")

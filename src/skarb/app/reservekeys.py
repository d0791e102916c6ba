"""The custody of a simulated market's reserve: made-up holders, whose keys follow from the market's seed and are therefore nobody's secret.

A reserve that is not simulated never has such keys: its holders make their own, and no machine has two of them (docs/custody.md).
"""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256
from random import Random

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from skarb.app.custody.keep import statement_of
from skarb.app.custody.signing import policy_key
from skarb.custody import Policy, Signed, statement_text
from skarb.simulate.numbers import address

BOOK = "reserve"
_HOLDERS = {"alina": "treasury", "barys": "treasury", "viera": "board", "hanna": "board", "dzmitry": "audit"}
_APPROVE = ("alina", "viera", "dzmitry")
_COIN, _RUBLE = 10**8, 100


def policy_for(seed: int, zone: str) -> Policy:
    """Return the custody policy of a simulated reserve: coins lie cold, three of five let anything large out, after a day."""
    random = Random(f"{seed}/custody")
    cold, warm = (f"BTC:{address(random, 'btc').partition(':')[2]}" for _ in range(2))
    both = ["treasury", "board"]
    small = {"asset": "BTC", "units_max": _COIN // 20, "day_units_max": _COIN // 10, "approvals": 1, "roles": both}
    large = {
        "asset": "BTC",
        "units_max": 5 * _COIN,
        "day_units_max": 10 * _COIN,
        "approvals": 3,
        "roles": [*both, "audit"],
        "each": {"board": 1},
    }
    money = {"asset": "BYN", "units_max": 10**6 * _RUBLE, "day_units_max": 2 * 10**6 * _RUBLE, "approvals": 2, "roles": both}
    return msgspec.convert(
        {
            "book": BOOK,
            "version": 1,
            "zone": zone,
            "holders": [
                {"name": name, "role": role, "key": policy_key(_key(seed, name).public_key())} for name, role in _HOLDERS.items()
            ],
            "places": [
                {"name": "cold", "kind": "cold", "receives": ["BTC"], "addresses": [cold], "to": ["warm"],
                 "rules": [{**large, "time_lock_minutes": 1440}]},
                {"name": "warm", "kind": "warm", "addresses": [warm], "to": ["cold"], "rules": [small, large]},
                {"name": "money", "kind": "account", "receives": ["BYN"], "to": ["budget"], "rules": [money]},
            ],
            "destinations": [{"name": "budget", "owner": "Republican budget", "assets": ["BYN"], "account": "SIMULATED"}],
            "governance": {"approvals": 3, "roles": [*both, "audit"], "each": {"board": 1}},
        },
        Policy,
    )  # fmt: skip


def approvals_of(seed: int, policy: Policy, at: datetime) -> list[Signed]:
    """Return the signatures under which the book of a simulated reserve begins."""
    stated = [statement_of(policy, name, "approves", at) for name in _APPROVE]
    return [Signed(statement=one, signature=_key(seed, one.by).sign(statement_text(one).encode()).hex()) for one in stated]


def publisher_of(seed: int) -> tuple[Ed25519PrivateKey, bytes]:
    """Return the key that signs what a simulated reserve publishes, and the secret that salts it."""
    return _key(seed, "publisher"), sha256(f"simulated market {seed}: salt".encode()).digest()


def _key(seed: int, name: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(sha256(f"simulated market {seed}: key of {name}".encode()).digest())

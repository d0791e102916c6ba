"""A reserve with five key holders, for the tests of custody: keys, a policy, requests, signatures."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from skarb.chain.address import address_of, hash160, key_script
from skarb.chain.secp256k1 import write_key
from skarb.core.screening_list import ScreeningResult
from skarb.custody import Circumstances, Policy, Request, Signed, Statement, destination_text, hash_of, statement_text
from skarb.custody.model import Destination

_spec = importlib.util.spec_from_file_location("signing", Path(__file__).parents[1] / "chain" / "signing.py")
assert _spec is not None and _spec.loader is not None
signing = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(signing)

NAMES = {"anna": "treasury", "boris": "treasury", "clara": "board", "dora": "board", "egor": "audit"}
KEYS = {name: Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32) for number, name in enumerate(NAMES, 1)}
WALLETS = {"egor": 77, "buyer": 99, "cold": 11, "warm": 12}  # secrets of Bitcoin wallets
MINUTE = 60 * 10**9


def address(secret: int) -> str:
    return f"BTC:{address_of(key_script(hash160(write_key(signing.public(secret)))), 'mainnet')}"


def bitcoin(text: str, secret: int) -> str:
    return str(signing.sign_bitcoin(text, secret, 31))


class Reserve:
    """Makes documents of one reserve."""

    def __init__(self) -> None:
        buyer = {"name": "buyer", "owner": "Exchange A", "assets": ["BTC"], "address": address(WALLETS["buyer"])}
        text = destination_text("reserve", msgspec.convert(buyer, Destination), "2026-01-05")
        buyer["proof"] = {"day": "2026-01-05", "signature": bitcoin(text, WALLETS["buyer"])}  # type: ignore[assignment]
        both = ["treasury", "board"]
        small = {"asset": "BTC", "units_max": 100, "day_units_max": 150, "approvals": 1, "roles": ["treasury"]}
        large = {"asset": "BTC", "units_max": 1000, "day_units_max": 2000, "approvals": 2, "roles": both, "each": {"board": 1}}
        self.data: dict[str, Any] = {
            "book": "reserve",
            "version": 1,
            "zone": "Europe/Minsk",
            "holders": [{"name": name, "role": role, "key": self.key(name)} for name, role in NAMES.items()],
            "places": [
                {
                    "name": "cold",
                    "kind": "cold",
                    "receives": ["BTC"],
                    "addresses": [address(WALLETS["cold"])],
                    "to": ["warm"],
                    "rules": [{**large, "time_lock_minutes": 60}],
                },
                {
                    "name": "warm",
                    "kind": "warm",
                    "addresses": [address(WALLETS["warm"])],
                    "to": ["cold", "buyer"],
                    "rules": [small, large],
                },
                {
                    "name": "money",
                    "kind": "account",
                    "receives": ["BYN"],
                    "to": ["budget"],
                    "rules": [{"asset": "BYN", "units_max": 10**9, "day_units_max": 10**9, "approvals": 1, "roles": ["board"]}],
                },
            ],
            "destinations": [buyer, {"name": "budget", "owner": "Republican budget", "assets": ["BYN"], "account": "BY13"}],
            "governance": {"approvals": 2, "roles": ["treasury", "board", "audit"]},
        }
        self.policy = self.changed()

    def key(self, name: str) -> str:
        if name == "egor":  # he signs with a wallet
            return address(WALLETS["egor"])
        return f"ed25519:{KEYS[name].public_key().public_bytes_raw().hex()}"

    def changed(self, **fields: object) -> Policy:
        return msgspec.convert({**self.data, **fields}, Policy)

    def request(self, kind: str = "move", **fields: object) -> Request:
        given = {
            "book": "reserve",
            "kind": kind,
            "policy": hash_of(self.policy),
            "nonce": "0" * 16,
            "asked_by": "anna",
            "until": "2026-01-31",
            "reason": "weekly",
            **(
                {"place": "cold", "to": "warm", "address": address(WALLETS["warm"]), "asset": "BTC", "units": 500}
                if kind == "move"
                else {}
            ),
            **(
                {
                    "place": "warm",
                    "to": "buyer",
                    "address": address(WALLETS["buyer"]),
                    "asset": "BTC",
                    "units": 50,
                    "value_byn": 999,
                    "value_source": "deal 1",
                    "proceeds_to": "money",
                }
                if kind == "sell"
                else {}
            ),
            **fields,
        }
        return msgspec.convert(given, Request)

    def sign(self, document: Policy | Request, name: str, says: str = "approves", at: str = "2026-01-10T09:00:00Z") -> Signed:
        statement = msgspec.convert(
            {"book": document.book, "document": hash_of(document), "by": name, "says": says, "at": at}, Statement
        )
        text = statement_text(statement)
        made = bitcoin(text, WALLETS["egor"]) if name == "egor" else KEYS[name].sign(text.encode()).hex()
        return Signed(statement=statement, signature=made)

    def signed(self, document: Request, approving: Sequence[str]) -> list[Signed]:
        return [self.sign(document, document.asked_by, "asks"), *(self.sign(document, name) for name in approving)]

    def here(self, *subjects: str, minutes: int = 90, **fields: object) -> Circumstances:
        """2026-01-10, 90 minutes after the request was lodged, lists loaded, everything clear."""
        now = 1_768_036_200 * 10**9
        clear = {
            one: ScreeningResult(status="clear")
            for one in (address(WALLETS["warm"]), address(WALLETS["buyer"]), "Exchange A", *subjects)
        }
        given = {"now": now, "day": 20463, "lodged_at": now - minutes * MINUTE, "held": 10_000, "screened": clear, **fields}
        return Circumstances(**given)  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def reserve() -> Reserve:
    return Reserve()

"""Addresses against the examples of the proposals that define them."""

from __future__ import annotations

import pytest

from skarb.chain import address_of

KEY_HASH = "751e76e8199196d454941c45d1b3a323f1433bd6"
SCRIPT_HASH = "1863143c14c5166804bd19203356da136c985678cd4d27a1b8c6329604903262"
POINT = "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"


@pytest.mark.parametrize(
    ("script", "network", "address"),
    [
        ("76a914" + KEY_HASH + "88ac", "mainnet", "1BgGZ9tcN4rm9KBzDn7KprQz87SZ26SAMH"),
        ("76a914" + KEY_HASH + "88ac", "testnet", "mrCDrCybB6J1vRfbwM5hemdJz73FwDBC8r"),
        ("76a914" + "00" * 20 + "88ac", "mainnet", "1111111111111111111114oLvT2"),
        ("a914f815b036d9bbbce5e9f2a00abd1bf3dc91e9551087", "mainnet", "3QJmV3qfvL9SuYo34YihAf3sRCW3qSinyC"),
        ("0014" + KEY_HASH, "mainnet", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"),  # BIP 173
        ("0014" + KEY_HASH, "testnet", "tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx"),
        ("0020" + SCRIPT_HASH, "mainnet", "bc1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3qccfmv3"),
        ("0020" + SCRIPT_HASH, "testnet", "tb1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3q0sl5k7"),
        ("5120" + POINT, "mainnet", "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0"),  # BIP 350
        ("5128751e76e8199196d454941c45d1b3a323f1433bd6751e76e8199196d454941c45d1b3a323f1433bd6", "mainnet",
         "bc1pw508d6qejxtdg4y5r3zarvary0c5xw7kw508d6qejxtdg4y5r3zarvary0c5xw7kt5nd6y"),
        ("6002751e", "mainnet", "bc1sw50qgdz25j"),
        ("5210751e76e8199196d454941c45d1b3a323", "mainnet", "bc1zw508d6qejxtdg4y5r3zarvaryvaxxpcs"),
    ],
)  # fmt: skip
def test_standard_scripts(script: str, network: str, address: str) -> None:
    assert address_of(bytes.fromhex(script), network) == address


@pytest.mark.parametrize(
    "script", ["", "6a0401020304", "41" + "04" * 65 + "ac", "0015" + "00" * 21, "51", "76a914" + KEY_HASH + "88ad"]
)
def test_other_scripts_have_no_address(script: str) -> None:
    assert address_of(bytes.fromhex(script), "mainnet") is None

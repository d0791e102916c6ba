"""Assets: currencies of ISO 4217 and tokens, each with its class and smallest unit.

The currency table is ISO 4217 (maintenance agency, list of 2026-01-01) as plain facts in `currencies.csv`; tokens
come from a register. Codes of currencies and tokens share one name space; a token may not take a currency's code.
"""

from __future__ import annotations

import csv
import re
from functools import cache
from importlib.resources import files

import msgspec

from skarb.core.errors import InputError, shorten
from skarb.core.facts import AssetClass

ASSET_CODE = re.compile(r"[A-Z][A-Z0-9]{1,11}", re.ASCII)


class Asset(msgspec.Struct, frozen=True):
    """Something that can be owned and moved in whole units of its smallest part."""

    code: str
    asset_class: AssetClass
    decimals: int  # the smallest unit is 10^-decimals of the major one; 0..38
    name: str = ""
    number: str = ""  # ISO 4217 numeric code of a currency
    anonymous: bool = False
    lawful: bool = True
    from_regime: bool = False


@cache
def currencies() -> dict[str, Asset]:
    """Return the currencies of ISO 4217 by alphabetic code.

    Source: ISO 4217 list one, published 2026-01-01; codes without minor unit (gold, test codes) are left out.
    """
    text = files("skarb.core").joinpath("currencies.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines())
    return {
        row["code"]: Asset(
            code=row["code"], asset_class="money", decimals=int(row["minor_units"]), name=row["name"], number=row["number"]
        )
        for row in rows
    }


def check_asset_code(code: str) -> str:
    """Return the code if it has the shape of an asset code.

    Raises: InputError
    """
    if not ASSET_CODE.fullmatch(code):
        raise InputError(f"asset code {shorten(code)!r} is not 2 to 12 capital letters and digits starting with a letter")
    return code

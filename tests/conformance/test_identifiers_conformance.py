"""Identifiers against files of values with verdicts, found by their columns.

`value,verdict,error_class`: the kind of identifier is the one whose check accepts most of the values marked valid.
`chain,address,verdict`: wallet addresses. `country_code,bban`: structures of account numbers.
"""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from skarb.core.identifiers import Address, Flaw, check_dti, check_iban, check_lei, classify, iban_structures
from skarb.registers import check_number, load_country_defaults
from skarb.registers.numbering import Numbering

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("SKARB_DATA", ROOT / "../shared/data"))
CLASSES = {"InvalidFormat": "format", "InvalidLength": "length", "InvalidChecksum": "checksum", "InvalidComponent": "component"}

Check = Callable[[str], str | Address | Flaw]


def header(path: Path) -> list[str]:
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        return next(csv.reader(file), [])


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def files(*columns: str) -> list[Path]:
    return [path for path in sorted(DATA.rglob("*.csv")) if set(columns) <= set(header(path))] if DATA.is_dir() else []


def parameters(*columns: str) -> list[object]:
    found: list[object] = [pytest.param(path, id=path.name) for path in files(*columns)]
    reason = f"no file with the columns {', '.join(columns)} below {DATA}; name the folder in SKARB_DATA"
    return found or [pytest.param(None, marks=pytest.mark.skip(reason=reason))]


def belarusian() -> Numbering:
    scheme = load_country_defaults(ROOT / "src/skarb/jurisdictions/by").numbering
    assert scheme is not None
    return scheme


def checks() -> dict[str, Check]:
    scheme = belarusian()
    return {
        "iban": check_iban,
        "lei": check_lei,
        "dti": check_dti,
        "unp": lambda text: check_number(scheme, text),
        "btc": lambda text: classify("BTC", text),
    }


def kind_of(table: list[dict[str, str]]) -> Check:
    valid = [row["value"] for row in table if row["verdict"] == "valid"]
    accepted = {name: sum(not isinstance(check(value), Flaw) for value in valid) for name, check in checks().items()}
    best = max(accepted, key=lambda name: accepted[name])
    assert accepted[best], f"no check accepts any of the values marked valid, the first is {valid[:1]}"
    return checks()[best]


def disagreement(row: dict[str, str], found: str | Address | Flaw) -> str | None:
    verdict = row["verdict"]
    if verdict == "valid":
        return None if not isinstance(found, Flaw) else f"{row}: refused, {found}"
    if verdict == "valid_no_checksum":
        return None if isinstance(found, Address) and not found.checked else f"{row}: {found}"
    if verdict == "valid_bip173_only":  # an earlier rule; today the checksum must be bech32m
        fits = isinstance(found, Flaw) and found.error_class == "checksum" and "BIP 350" in found.expected
        return None if fits else f"{row}: {found}"
    if verdict != "invalid":
        return f"{row}: verdict {verdict!r} is not known here"
    if not isinstance(found, Flaw):
        return f"{row}: accepted as {found}"
    named = CLASSES.get(row.get("error_class") or "", row.get("error_class") or found.error_class)
    return None if named == found.error_class else f"{row}: named {found.error_class}"


@pytest.mark.parametrize("path", parameters("value", "verdict", "error_class"))
def test_every_value_gets_the_verdict_and_the_error_class_of_its_file(path: Path) -> None:
    table = rows(path)
    check = kind_of(table)
    wrong = [text for row in table if (text := disagreement(row, check(row["value"])))]
    assert table
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("path", parameters("chain", "address", "verdict"))
def test_every_address_gets_the_verdict_of_its_file(path: Path) -> None:
    table = rows(path)
    wrong = [text for row in table if (text := disagreement(row, classify(row["chain"], row["address"])))]
    assert table
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("path", parameters("value", "verdict", "detail"))
def test_the_witness_version_is_read_as_stated(path: Path) -> None:
    valid = [row for row in rows(path) if row["verdict"] == "valid"]
    stated = {row["value"]: match[1] for row in valid if (match := re.search(r"witness_version=(\d+)", row["detail"]))}
    addresses = {value: classify("BTC", value) for value in stated}
    kinds = {value: found.kind for value, found in addresses.items() if isinstance(found, Address)}
    assert kinds == {value: f"segwit_v{version}" for value, version in stated.items()}


@pytest.mark.parametrize("path", parameters("country_code", "bban"))
def test_structures_of_account_numbers_agree_with_the_registry(path: Path) -> None:
    def spelled(structure: str) -> str:
        return "".join(letter * int(count) for count, letter in re.findall(r"(\d+)!?([nac])", structure))

    ours = {country: spelled(structure) for country, structure in iban_structures().items()}
    theirs = {row["country_code"]: spelled(row["bban"]) for row in rows(path)}
    assert {country: ours.get(country) for country in theirs} == theirs

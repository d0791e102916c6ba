"""The currencies of ISO 4217 against the table as its maintenance agency publishes it (XML, root ISO_4217)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from lxml import etree

from skarb.core.asset import currencies

OURS = "2026-01-01"  # the day of our table, see core.asset
DATA = Path(os.environ.get("SKARB_DATA", Path(__file__).parents[2] / "../shared/data"))


def tables() -> list[object]:
    found: list[object] = []
    for path in sorted(DATA.rglob("*.xml")) if DATA.is_dir() else []:
        if b"<ISO_4217" in path.read_bytes()[:2000]:
            found.append(pytest.param(path, id=path.name))
    return found or [
        pytest.param(None, marks=pytest.mark.skip(reason=f"no ISO 4217 table below {DATA}; name the folder in SKARB_DATA"))
    ]


@pytest.mark.parametrize("path", tables())
def test_codes_numbers_and_minor_units_agree_with_the_published_table(path: Path) -> None:
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    root = etree.parse(str(path), parser).getroot()
    ours = {code: (asset.number, asset.decimals) for code, asset in currencies().items()}
    for entry in root.iterfind(".//HstrcCcyNtry"):  # withdrawn for a country; some codes live on elsewhere, or under another name
        code, number = entry.findtext("Ccy"), entry.findtext("CcyNbr")
        assert code not in ours or number in (None, ours[code][0]), code
    published = {}
    for entry in root.iterfind(".//CcyNtry"):
        code, units = entry.findtext("Ccy"), entry.findtext("CcyMnrUnts")
        if code and units and units.isdigit():
            published[code] = (entry.findtext("CcyNbr"), int(units))
    both = ours.keys() & published.keys()  # codes come and go from list to list, but a code that stays means what it meant
    assert {code: ours[code] for code in both} == {code: published[code] for code in both}
    if published and root.get("Pblshd") == OURS:
        assert ours == published

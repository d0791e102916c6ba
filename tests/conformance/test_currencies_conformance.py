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
    published = {}
    root = etree.parse(str(path), parser).getroot()
    for entry in root.iterfind(".//CcyNtry"):
        code, units = entry.findtext("Ccy"), entry.findtext("CcyMnrUnts")
        if code and units and units.isdigit():
            published[code] = (entry.findtext("CcyNbr"), int(units))
    ours = {code: (asset.number, asset.decimals) for code, asset in currencies().items()}
    assert len(published) > 100
    both = ours.keys() & published.keys()
    assert {code: ours[code] for code in both} == {code: published[code] for code in both}
    apart = ours.keys() ^ published.keys()  # currencies come and go between two days
    assert not apart if root.get("Pblshd") == OURS else len(apart) < 20, apart

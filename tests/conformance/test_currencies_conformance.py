"""The currencies of ISO 4217 against the table as its maintenance agency publishes it (XML, root ISO_4217)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from lxml import etree

from skarb.core.asset import currencies

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
    for entry in etree.parse(str(path), parser).iterfind(".//CcyNtry"):
        code, units = entry.findtext("Ccy"), entry.findtext("CcyMnrUnts")
        if code and units and units.isdigit():
            published[code] = (entry.findtext("CcyNbr"), int(units))
    ours = {code: (asset.number, asset.decimals) for code, asset in currencies().items()}
    assert len(published) > 100
    assert {code: ours.get(code) for code in published} == published
    assert not ours.keys() - published.keys()

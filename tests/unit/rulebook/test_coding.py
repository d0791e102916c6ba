"""Facts as columns of small numbers, and back."""

from __future__ import annotations

from typing import Annotated

import msgspec
import pytest

from skarb.core.errors import ConfigurationError
from skarb.core.facts import Facts
from skarb.rulebook.coding import MISSING, codes_of, decode, dtype_of, encode
from skarb.rulebook.schema import Field, Type, schema

FIELDS = schema("ZZD")
ROWS = [
    Facts(activity="token_hold", day=-25567, actor_country="AA", value=None, actor_age=0, approved=True),
    Facts(activity="assess_tax", day=73049, actor_country="ZZ", value=-5, actor_age=10**9, screening="listed"),
    Facts(activity="mine", day=0, actor_country="BY", value=0, venue_country="US"),
]


@pytest.mark.parametrize("name", FIELDS)
def test_a_column_gives_back_the_values_it_was_made_of(name: str) -> None:
    given = [getattr(row, name) for row in ROWS]
    column = encode(FIELDS[name], given)
    assert column.dtype == dtype_of(FIELDS[name])
    assert decode(FIELDS[name], column) == given


def test_every_number_that_stands_for_missing_lies_outside_the_limits_of_its_field() -> None:
    assert all(one.low > MISSING for one in FIELDS.values())


@pytest.mark.parametrize(("low", "high"), [(-(1 << 63), 5), (0, 1 << 63), (5, 4)])
def test_limits_that_64_bits_do_not_hold_are_refused(low: int, high: int) -> None:
    wide = Annotated[int, msgspec.Meta(ge=low, le=high, extra={"type": "count"})]
    made = msgspec.defstruct("Wide", [("how_many", wide | None, None)])
    with pytest.raises(ConfigurationError, match="limits of 64 bits"):
        schema("ZZD", made)


def test_every_country_code_is_listed_once() -> None:
    codes = codes_of(FIELDS["actor_country"])
    assert len(set(codes)) == len(codes) == 676
    assert {"AA", "BY", "XX", "ZZ"} <= set(codes)


def test_every_code_of_every_field_fits_its_column() -> None:
    for one in FIELDS.values():
        if one.type.base == "code":
            assert len(codes_of(one)) <= 1 << (8 * dtype_of(one).itemsize)


def test_a_pattern_without_a_list_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="cannot be listed"):
        codes_of(Field("x", Type("code", pattern="^.*$")))


def test_whole_facts_go_through_columns() -> None:
    columns = {name: encode(one, [getattr(row, name) for row in ROWS]) for name, one in FIELDS.items()}
    rows = zip(*(decode(FIELDS[name], columns[name]) for name in FIELDS), strict=True)
    assert [msgspec.structs.asdict(row) for row in ROWS] == [dict(zip(FIELDS, row, strict=True)) | {"totals": ()} for row in rows]

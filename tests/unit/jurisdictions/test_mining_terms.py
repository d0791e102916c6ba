"""What countries say about mining can be read, names parameters and provisions that exist, and leaves no day out."""

from datetime import date

import pytest

from skarb.app.files import now
from skarb.app.law import law_folder, rulebook_of
from skarb.app.mining_basis import basis_of
from skarb.metering import read_terms, stretches

COUNTRIES = ("by", "zz")


@pytest.mark.parametrize("country", COUNTRIES)
def test_parameters_and_provisions_exist(country: str) -> None:
    terms = read_terms((law_folder(country) / "mining.yaml").read_text(encoding="utf-8"), country)
    pack = rulebook_of(country).pack
    named = [place.parameter for one in terms.tariffs for place in (*one.energy, *((one.capacity,) if one.capacity else ()))]
    named += [one.parameter for one in (*terms.vat, *terms.dues)]
    assert {name for name in named if name} <= set(pack.parameters)
    provisions = {name for one in terms.dues for name in (*one.where, one.cites) if name}
    assert provisions <= set(pack.provisions)
    assert all(one.source for one in (*terms.vat, *terms.dues, *terms.levies, *terms.tariffs))


@pytest.mark.parametrize("country", COUNTRIES)
def test_every_tariff_has_a_price_for_every_hour_of_two_years(country: str) -> None:
    basis = basis_of(country, None, (), None, now)
    assert basis.terms.tariffs
    for one in basis.terms.tariffs:
        parts = stretches(basis.tariffs(), one.tariff, one.zone, date(2026, 1, 1), date(2027, 12, 31), basis.lookup)
        assert parts[0].first == date(2026, 1, 1) and parts[-1].last == date(2027, 12, 31)


def test_a_levy_of_belarus_is_marked_as_assumed() -> None:
    terms = basis_of("by", None, (), None, now).terms
    assert {one.certainty for one in terms.levies} == {"assumed"}
    assert {one.certainty for one in terms.dues if one.name == "reserve_share"} == {"assumed"}


def test_the_price_of_june_2025_is_that_of_the_declaration() -> None:
    basis = basis_of("by", None, (), None, now)
    before, after = stretches(basis.tariffs(), "industry_two_part", "", date(2025, 5, 1), date(2025, 6, 30), basis.lookup)
    assert (before.last, after.first) == (date(2025, 5, 31), date(2025, 6, 1))
    assert [str(float(one.bands[0].value)) for one in (before, after)] == ["0.26584", "0.28711"]
    assert after.capacity is not None and after.capacity.rule == "BY-EN/tariff-2025" and before.bands[0].last == date(2025, 5, 31)

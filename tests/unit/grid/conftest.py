import pytest
from tests.unit.grid.calibrated_year import known_system, known_year

from skarb.grid import Hours, System


@pytest.fixture(scope="session")
def year() -> Hours:
    return known_year()


@pytest.fixture(scope="session")
def system() -> System:
    return known_system()

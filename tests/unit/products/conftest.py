import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="session")
def zedland() -> ModuleType:
    """The institution that the journeys use, too."""
    spec = spec_from_file_location("zedland", Path(__file__).parents[2] / "journeys" / "zedland.py")
    module = module_from_spec(spec)
    sys.modules["zedland"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def town(zedland: ModuleType, tmp_path: Path):
    """A crypto bank in Zedland."""
    return zedland.Town(tmp_path)

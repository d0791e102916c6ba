import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="session")
def small() -> ModuleType:
    """The small market that the journeys use, too."""
    spec = spec_from_file_location("small_book", Path(__file__).parents[2] / "journeys" / "small_book.py")
    module = module_from_spec(spec)
    sys.modules["small_book"] = module
    spec.loader.exec_module(module)
    return module

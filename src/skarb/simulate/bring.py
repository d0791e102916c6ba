"""The drafts of law that a simulated market is given to try: data of a town, made up like everything in it."""

from __future__ import annotations

import shutil
from importlib.resources import as_file, files
from pathlib import Path


def bring_drafts(town: str, to: Path) -> None:
    """Write the drafts of a town into a folder, which is made; a town without drafts leaves it empty."""
    to.mkdir(exist_ok=True)
    found = files("skarb.simulate").joinpath("drafts", town)
    if found.is_dir():
        with as_file(found) as folder:
            shutil.copytree(folder, to, dirs_exist_ok=True)

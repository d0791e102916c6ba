"""Find a country's law by its short name, or in a folder of one's own, and drafts that would change it."""

from __future__ import annotations

from functools import cache
from importlib.resources import as_file, files
from pathlib import Path

from skarb.core.errors import NotFound
from skarb.rulebook import Draft, Rulebook, load, load_draft


def shipped_laws() -> tuple[str, ...]:
    """Return the short names of the countries that come with Skarb."""
    return tuple(
        sorted(entry.name for entry in files("skarb.jurisdictions").iterdir() if entry.joinpath("country.yaml").is_file())
    )


@cache
def law_folder(law: str) -> Path:
    """Return the folder of a law: a shipped country by its short name, else a folder.

    Raises: NotFound naming what is shipped.
    """
    if law in shipped_laws():
        with as_file(files("skarb.jurisdictions").joinpath(law)) as folder:
            return Path(folder)
    if (Path(law) / "country.yaml").is_file():
        return Path(law)
    raise NotFound(f"law {law!r} is neither one of {', '.join(shipped_laws())} nor a folder with a country.yaml")


@cache
def rulebook_of(law: str) -> Rulebook:
    """Return a law's rulebook, read and checked once.

    Raises: NotFound, RulebookError
    """
    return load(law_folder(law))


@cache
def draft_of(law: str, folder: Path) -> Draft:
    """Return a draft, read and checked once against the law that it would change.

    Raises: NotFound, RulebookError
    """
    return load_draft(rulebook_of(law), folder)

"""What an institution hands to its supervisor: its book as a feed, under its own key."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

from skarb.app.keys import key_id, read_private
from skarb.app.past import glass_for
from skarb.app.proof import open_prover
from skarb.core.errors import InputError
from skarb.journal.feed.manifest import Manifest
from skarb.journal.feed.write import Signer, export
from skarb.journal.seal import Progress
from skarb.rulebook import Edition
from skarb.store import Damaged, Store, open_store


def feed(
    book: Path,
    to: Path,
    key: Path,
    *,
    first: int | None = None,
    law: str | None = None,
    new_key: bool = False,
    progress: Progress | None = None,
) -> Manifest | None:
    """Write what a book has gained since the last export; return the manifest, or None if there is nothing new.

    Raises: NotFound, InputError, ConfigurationError, Conflict, Unavailable, Damaged
    """
    private = read_private(key)
    glass = glass_for(book, law)
    store = open_store(book)
    try:
        name = store.meta("book")
        if name is None:
            raise InputError(f"{book} does not say which book it is; it was never finished, or its notes were changed")
        with open_prover(book, private, progress) as prover:
            signer = Signer(key_id(private.public_key()), private.sign, prover.head)
            laws = _editions(store)
            upto = prover.height
            return export(
                store, name, to, signer, laws, glass.decimals, first=first, upto=upto, new_key=new_key, progress=progress
            )
    finally:
        store.close()


def _editions(store: Store) -> Callable[[str], Edition]:
    """Return the function that gives the editions a book keeps, by their hash."""

    @cache
    def edition(name: str) -> Edition:
        text = store.text(name)
        if text is None:
            raise Damaged(f"{store.path} keeps no edition {name}; run skarb verify")
        return Edition.from_normal(text)

    return edition

"""Where a book lies: a file, a folder, or a schema of a PostgreSQL database."""

from __future__ import annotations

import re
from pathlib import Path

from skarb.core.errors import InputError

_SCHEMES = ("postgresql://", "postgres://")
_SCHEMA = re.compile(r"(?!pg_)[a-z][a-z0-9_]{0,62}")
_SECRETS = re.compile(r"(?<=://)([^:@/?]*):[^@/?]*(?=@)|(?<=[?&]password=)[^&]*")


class BookUrl:
    """A book in a PostgreSQL database: `postgresql://user@host/database#book`, each book in a schema of its own.

    As text, in whatever form, it keeps a password to itself; `~/.pgpass` and PGPASSWORD are better places for one.
    Source: PostgreSQL documentation, "Connection URIs".
    """

    __slots__ = ("database", "schema")

    def __init__(self, database: str, schema: str) -> None:
        self.database = database  # the URL without the book
        self.schema = schema

    @property
    def name(self) -> str:
        """The book's schema, as the last part of a path would be."""
        return self.schema

    @property
    def stem(self) -> str:
        """What a new book is called when nobody says otherwise."""
        return self.schema

    def __str__(self) -> str:
        shown = _SECRETS.sub(lambda found: f"{found[1]}:***" if found[1] is not None else "***", self.database)
        return f"{shown}#{self.schema}"

    def __repr__(self) -> str:
        return f"BookUrl({str(self)!r})"


Location = Path | BookUrl


def location_of(text: str) -> Location:
    """Return where a book lies from what somebody typed.

    Raises: InputError if the URL of a database does not name a book.
    """
    if not text.startswith(_SCHEMES):
        return Path(text)
    database, _, schema = text.partition("#")
    if not _SCHEMA.fullmatch(schema):
        raise InputError(
            f"{BookUrl(database, schema)}: given the book {schema!r}, expected after # a name of small letters, digits and _ that "
            f"begins with a letter and not with pg_, such as {BookUrl(database, 'bank')}"
        )
    return BookUrl(database, schema)

"""Schemas: the official one of a message where it can be found, else the reading profile.

Schemas of ISO 20022 are not part of Skarb. They are looked for where the caller says, where SKARB_ISO20022_SCHEMAS says, and
beside the file and above it, as `<message>.xsd` or inside `xsd.zip`. Without one the reading profile holds the message to
what is read of it; the answer says so.
"""

from __future__ import annotations

import os
import zipfile
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path, PurePosixPath
from typing import Any

from lxml import etree

from skarb.core.errors import ConfigurationError
from skarb.intake.iso20022.messages import ISO

VARIABLE = "SKARB_ISO20022_SCHEMAS"
_SCHEMA_BYTES_MAX = 8 << 20
_ARCHIVE = "xsd.zip"


@dataclass(frozen=True)
class Schema:
    """A compiled schema and where it came from."""

    compiled: Any
    full: bool  # the official schema, not the profile
    origin: str


class Schemas:
    """The places in which schemas are looked for, in order."""

    def __init__(self, file: Path, given: str | Path | None) -> None:
        self._places: list[Path] = []
        for place, said in ((given, "given as the place of schemas"), (os.environ.get(VARIABLE), f"set in {VARIABLE}")):
            if place:
                path = Path(place)
                if not path.exists():
                    raise ConfigurationError(f"{path}: {said}, but there is no such folder or zip")
                self._places.append(path)
        self._places += file.absolute().parents

    def official(self, name: str) -> Schema | None:
        """Return the official schema of a message, if it is found."""
        for place in self._places:
            for path in (place / f"{name}.xsd", place / _ARCHIVE) if place.is_dir() else (place,):
                if path.is_file():
                    state = path.stat()
                    found = _load(str(path), name, state.st_mtime_ns, state.st_size)
                    if found is not None:
                        return Schema(found, True, f"{name}.xsd" + (f" of {path.name}" if path.suffix == ".zip" else ""))
        return None

    def of_message(self, name: str) -> Schema:
        """Return the schema to hold a message to."""
        return self.official(name) or Schema(_profile(name), False, "Skarb's reading profile, not the full schema")


@lru_cache(maxsize=64)
def _load(path: str, name: str, changed: int, size: int) -> Any | None:
    """Return the compiled schema of a message from an .xsd file or a zip of them, None if the zip has none."""
    if not zipfile.is_zipfile(path):
        if not path.endswith(".xsd"):
            raise ConfigurationError(f"{path}: expected a folder, a zip or an .xsd file of ISO 20022 schemas")
        return _compile(Path(path).read_bytes(), name, path)
    try:
        with zipfile.ZipFile(path) as archive:
            member = next((info for info in archive.infolist() if PurePosixPath(info.filename).name == f"{name}.xsd"), None)
            if member is None:
                return None
            if member.file_size > _SCHEMA_BYTES_MAX:
                raise ConfigurationError(f"{path}: {member.filename} is larger than {_SCHEMA_BYTES_MAX} bytes, expected a schema")
            return _compile(archive.read(member), name, f"{path}: {member.filename}")
    except (zipfile.BadZipFile, OSError, RuntimeError) as error:
        raise ConfigurationError(f"{path}: the zip of schemas cannot be read ({error})") from None


def _compile(text: bytes, name: str, where: str) -> Any:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        root = etree.fromstring(text, parser)
        if root.get("targetNamespace") != ISO + name:
            raise ConfigurationError(
                f"{where}: given a schema for {root.get('targetNamespace')!r}, expected one for {ISO + name!r}"
            )
        return etree.XMLSchema(root)
    except (etree.XMLSyntaxError, etree.XMLSchemaParseError) as error:
        raise ConfigurationError(f"{where}: this is not a schema that compiles ({error})") from None


@lru_cache(maxsize=64)
def _profile(name: str) -> Any:
    text = files("skarb.intake.iso20022").joinpath("profile.xsd").read_text(encoding="utf-8")
    return _compile(text.replace("NAMESPACE", ISO + name).encode(), name, "profile.xsd")

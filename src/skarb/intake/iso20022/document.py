"""XML read safely: no document type, no entities, no network, no trees of monstrous size.

A document type declaration is where entity bombs and references to other files live. No message needs one, so a
file with one is refused before its content is looked at.
"""

from __future__ import annotations

import re
from typing import Any
from xml.parsers import expat

from lxml import etree

from skarb.core.errors import InputError, shorten
from skarb.intake.container import Container

XML_BYTES_MAX = 256 << 20
_ENCODING = re.compile(rb"""<\?xml[^>]*encoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")


class _Stop(Exception):  # the prologue is over
    pass


def parse_document(container: Container) -> Any:
    """Return the root element of an XML file.

    Raises: InputError with line and column, or the byte offset of a wrong encoding.
    """
    data = container.whole(XML_BYTES_MAX)
    _refuse_document_type(data, container.name)
    _check_utf8(data, container.name)
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        line, column = error.position
        raise InputError(
            f"{container.name}: line {line} column {column}: given XML that is not well formed ({shorten(str(error.msg), 120)}), "
            "expected a whole message; nothing of it was used"
        ) from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise _document_type(container.name, 1)
    return root


def _refuse_document_type(data: bytes, name: str) -> None:
    """Look at what stands before the root element, and at nothing else."""
    parser = expat.ParserCreate()

    def found(*_: object) -> None:
        raise _document_type(name, parser.CurrentLineNumber)

    def over(*_: object) -> None:
        raise _Stop

    parser.StartDoctypeDeclHandler = found
    parser.StartElementHandler = over
    try:
        parser.Parse(data, True)
    except (_Stop, expat.ExpatError):
        return  # what is not XML is told by the parser that reads it
    except (LookupError, ValueError) as error:
        raise InputError(
            f"{name}: line 1: given an encoding that is not read ({error}), expected UTF-8; save it as UTF-8"
        ) from None


def _document_type(name: str, line: int) -> InputError:
    return InputError(
        f"{name}: line {line}: given a document type declaration (<!DOCTYPE …>), expected none: entities are not read; remove it"
    )


def _check_utf8(data: bytes, name: str) -> None:
    declared = _ENCODING.match(data[:256].removeprefix(b"\xef\xbb\xbf"))
    if data.startswith((b"\xff\xfe", b"\xfe\xff", b"\0<", b"<\0")) or (
        declared and declared[1].lower() not in (b"utf-8", b"utf8")
    ):
        return
    try:
        data.decode()
    except UnicodeDecodeError as error:
        raise InputError(
            f"{name}: byte {error.start}: given 0x{data[error.start]:02x}, expected UTF-8 as declared; nothing of it was used"
        ) from None

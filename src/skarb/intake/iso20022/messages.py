"""Find the messages of a file: by their namespace, inside any envelope, under any name of the root.

Source: ISO 20022 part 4 (namespaces), part 1 (business application header).
"""

from __future__ import annotations

import re
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from lxml import etree

from skarb.core.errors import InputError

ISO = "urn:iso:std:iso:20022:tech:xsd:"
READ = ("pain.001", "pacs.008")
_MESSAGE = re.compile(r"(?P<kind>[a-z]{4}\.[0-9]{3})\.[0-9]{3}\.[0-9]{2}")
_SHOWN = 5


@dataclass(frozen=True)
class Message:
    """One message of a file."""

    name: str  # pacs.008.001.08
    namespace: str
    document: Any  # the Document element, cut out of its envelope
    body: Any  # FIToFICstmrCdtTrf or CstmrCdtTrfInitn
    header: Any | None  # AppHdr, when the envelope has one of the standard

    @property
    def kind(self) -> str:
        """Return the message without its version: pacs.008."""
        return self.name[:8]

    def tag(self, name: str) -> str:
        """Return the full name of an element of the message."""
        return f"{{{self.namespace}}}{name}"

    def transactions(self) -> list[Any]:
        """Return the transactions in order."""
        return list(self.document.iter(self.tag("CdtTrfTxInf")))

    def text(self, node: Any, path: str) -> str | None:
        """Return the text at a path below an element, None when it is not there or blank."""
        found = node.findtext("/".join(self.tag(step) for step in path.split("/")))
        return found.strip() or None if found else None

    def first(self, node: Any, *paths: str) -> str | None:
        """Return the first text that is there."""
        return next((text for path in paths if (text := self.text(node, path))), None)


def find_messages(root: Any, file: str) -> list[Message]:
    """Return the messages below an element.

    Raises: InputError if there are none, or some that are not read here.
    """
    found, others = [], []
    for element in root.iter(etree.Element):
        namespace = etree.QName(element).namespace or ""
        parent = element.getparent()
        if parent is not None and etree.QName(parent).namespace == namespace:
            continue
        message = _MESSAGE.fullmatch(namespace.removeprefix(ISO))
        if not namespace.startswith(ISO) or message is None:
            if etree.QName(element).localname == "Document":
                others.append(namespace or "a Document without a namespace")
        elif message["kind"] in READ:
            found.append(_message(element, namespace, message[0]))
        elif message["kind"] != "head.001":
            others.append(message[0])
    if others or not found:
        given = ", ".join(sorted(set(others))[:_SHOWN]) or f"the root element {etree.QName(root).localname!r}"
        raise InputError(f"{file}: given {given}, expected ISO 20022 messages {' or '.join(READ)} in the namespace {ISO}…")
    return found


def _message(element: Any, namespace: str, name: str) -> Message:
    header = _header_of(element)
    if etree.QName(element).localname == "Document":
        document = deepcopy(element)
    else:  # some rails keep the body in its namespace under a root of their own
        document = etree.Element(f"{{{namespace}}}Document")
        document.append(deepcopy(element))
    document.tail = None
    body = next(iter(document.iterchildren(etree.Element)), document)
    return Message(name, namespace, document, body, header)


def _header_of(element: Any) -> Any | None:
    """Return the application header that stands before a message or before what wraps it."""
    node = element
    while node is not None:
        for sibling in node.itersiblings(etree.Element, preceding=True):
            name = etree.QName(sibling)
            if name.localname == "AppHdr":
                return sibling if (name.namespace or "").startswith(f"{ISO}head.001.") else None
            if name.localname == "Document":
                return None
        node = node.getparent()
    return None

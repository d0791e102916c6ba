"""Read JSON strictly into the structs of a standard, and say everything that is wrong with it at once.

The structs say what is expected: the names of the elements, which are required, how long a text may be, which codes exist.
Names are compared without capitals and underscores, so the spellings that are in use (`geographicAddress`,
`geographic_address`, `GeographicAddress`) are one; older names stand in `older`. What comes out is a tree with the standard's
own names, and findings; a tree without a fault becomes a struct.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any, TypeAlias

import msgspec
from msgspec.inspect import (
    AnyType,
    DecimalType,
    DictType,
    Field,
    IntType,
    LiteralType,
    Metadata,
    NoneType,
    StrType,
    StructType,
    Type,
    UnionType,
    VarTupleType,
    type_info,
)  # fmt: skip

from skarb.core.errors import FieldError, shorten
from skarb.travelrule.findings import Finding, fault, note

Tree: TypeAlias = Any  # what JSON can say
DEEPEST = 40  # levels of nesting; the standard needs fourteen
LARGEST = 1 << 20  # bytes of one payload or message
_LATIN = re.compile(r"[ -~]*", re.ASCII)
_NO_LETTER = re.compile("[\x00-\x1f\ud800-\udfff]")  # control characters, halves of letters
_NO_LINE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")  # the same without tabs and ends of lines
_PREFIXED = re.compile(r"[A-Z_]*_([A-Za-z]+)")  # ADDRESS_TYPE_CODE_HOME, as protocol buffers spell it


def parse(data: bytes) -> Tree:
    """Parse JSON; every key once, numbers with all their digits.

    Raises: FieldError naming what is wrong.
    """
    if len(data) > LARGEST:
        raise FieldError("", f"{len(data)} bytes", f"at most {LARGEST} bytes")
    try:
        return json.loads(data.decode("utf-8-sig"), object_pairs_hook=_once, parse_float=_number, parse_constant=_no_number)
    except UnicodeDecodeError as error:
        raise FieldError("", f"byte {error.start}", "text in UTF-8") from None
    except json.JSONDecodeError as error:
        around = error.doc[max(0, error.pos - 20) : error.pos + 20]
        raise FieldError("", around, f"JSON ({error.msg.lower()} in line {error.lineno}, column {error.colno})") from None
    except (RecursionError, ValueError) as error:
        raise FieldError("", shorten(str(error)), "JSON that can be read: numbers of some digits, nested some levels") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise FieldError(twice, f"{names.count(twice)} times", "every key once")
    return found


def _number(text: str) -> Decimal:
    if len(text) > 80:
        raise FieldError("", text, "a number of at most 80 characters")
    return Decimal(text)


def _no_number(text: str) -> object:
    raise FieldError("", text, "a number (JSON has no such value)")


Before: TypeAlias = Callable[[Tree], Tree]  # an older shape into the present one


class Grammar:
    """How a family of structs is read."""

    def __init__(
        self,
        older: Mapping[type, Mapping[str, str]],
        before: Mapping[type, Before],
        checks: Mapping[str, Callable[[str, str], tuple[str, Finding | None]]],
    ) -> None:
        """Read with older names (new by old), older shapes, and checks of texts that are marked with one."""
        self.older, self.before, self.checks = older, before, checks
        self._names: dict[type, dict[str, Field]] = {}

    def read(self, kind: type, tree: Tree, path: str = "") -> tuple[Tree, list[Finding]]:
        """Return a tree in the standard's own names and all findings about its structure."""
        reader = _Reader(self)
        return reader.value(_type_of(kind), tree, path, 0), reader.findings

    def names(self, kind: type) -> dict[str, Field]:
        """Return the fields of a struct by every name they are known under, in plain letters."""
        known = self._names.get(kind)
        if known is None:
            fields = {field.encode_name: field for field in _fields(kind)}
            known = {_plain(name): field for name, field in fields.items()}
            known |= {_plain(old): fields[new] for old, new in self.older.get(kind, {}).items()}
            self._names[kind] = known
        return known


@lru_cache(maxsize=4096)
def _plain(name: str) -> str:
    return name.replace("_", "").lower()


@cache
def _type_of(kind: type) -> Type:
    return type_info(kind)


@cache
def _fields(kind: type) -> tuple[Field, ...]:
    info = _type_of(kind)
    assert isinstance(info, StructType)
    return info.fields


class _Reader:
    def __init__(self, grammar: Grammar) -> None:
        self.grammar = grammar
        self.findings: list[Finding] = []

    def say(self, finding: Finding | None) -> None:
        if finding is not None:
            self.findings.append(finding)

    def value(self, kind: Type, value: Tree, path: str, depth: int) -> Tree:
        """Read one value. What has the wrong shape is None afterwards; what has a wrong content stays, so that it can be talked about."""
        extra: dict[str, Any] = {}
        if isinstance(kind, Metadata):
            extra, kind = kind.extra or {}, kind.type
        if isinstance(kind, UnionType):
            kinds = [one for one in kind.types if not isinstance(one, NoneType)]
            return self.value(next((one for one in kinds if _suits(one, value)), kinds[0]), value, path, depth)
        if depth > DEEPEST:
            self.say(fault("structure", path, "more levels", f"at most {DEEPEST} levels of nesting"))
            return None
        match kind:
            case StructType():
                return self.struct(kind.cls, value, path, depth)
            case VarTupleType():
                return self.many(kind, value, path, depth)
            case LiteralType():
                return self.code([str(one) for one in kind.values], value, path)
            case StrType():
                return self.text(kind, extra, value, path)
            case IntType():
                return self.integer(kind, value, path)
            case DecimalType():
                return self.number(value, path)
            case DictType() if isinstance(value, dict):
                return value
            case AnyType():
                return value
        self.say(fault("structure", path, value, "an object"))
        return None

    def struct(self, kind: type, value: Tree, path: str, depth: int) -> Tree:
        before = self.grammar.before.get(kind)
        if before is not None:
            value = before(value)
        if not isinstance(value, dict):
            self.say(fault("structure", path, value, "an object"))
            return None
        names = self.grammar.names(kind)
        found: dict[str, Tree] = {}
        given: dict[str, str] = {}
        for key, inner in value.items():
            field = names.get(_plain(key))
            if field is None:
                todo = "leave it out, or use the name of the standard"
                expected = ", ".join(one.encode_name for one in _fields(kind))
                self.say(fault("structure", _join(path, key), inner, f"one of {expected}", todo))
            elif field.encode_name in given:
                self.say(
                    fault(
                        "once",
                        _join(path, key),
                        inner,
                        f"{field.encode_name} once; it stands there as {given[field.encode_name]}, too",
                    )
                )
            else:
                given[field.encode_name] = key
                if inner is None or (not field.required and _is_empty(field.type, inner)):
                    continue  # absent, as some write it
                found[field.encode_name] = self.value(field.type, inner, _join(path, field.encode_name), depth + 1)
        for field in _fields(kind):
            if field.required and field.encode_name not in found:
                self.say(fault("structure", _join(path, field.encode_name), None, _wanted(field.type)))
        return {name: inner for name, inner in found.items() if inner is not None}

    def many(self, kind: VarTupleType, value: Tree, path: str, depth: int) -> Tree:
        if not isinstance(value, list):
            self.say(fault("structure", path, value, "a list"))
            return None
        if kind.min_length is not None and len(value) < kind.min_length:
            self.say(fault("structure", path, "an empty list", f"at least {kind.min_length}"))
        if kind.max_length is not None and len(value) > kind.max_length:
            self.say(fault("length", path, f"{len(value)} items", f"at most {kind.max_length}"))
        items = [self.value(kind.item_type, one, f"{path}[{number}]", depth + 1) for number, one in enumerate(value)]
        return [one for one in items if one is not None]

    def code(self, codes: list[str], value: Tree, path: str) -> Tree:
        if not isinstance(value, str):
            self.say(fault("code", path, value, f"one of {', '.join(codes)}"))
            return None
        by_plain = {code.lower(): code for code in codes}
        tail = _PREFIXED.fullmatch(value)
        code = by_plain.get(value.strip().lower()) or (by_plain.get(tail[1].lower()) if tail else None)
        if code is None:
            self.say(fault("code", path, value, f"one of {', '.join(codes)}"))
        return code

    def text(self, kind: StrType, extra: Mapping[str, Any], value: Tree, path: str) -> Tree:
        if not isinstance(value, str):
            self.say(fault("structure", path, value, "a text"))
            return None
        if kind.min_length and not value.strip():
            self.say(fault("length", path, value, "a text that is not empty"))
        if kind.max_length is not None and len(value) > kind.max_length:
            self.say(fault("length", path, value, f"at most {kind.max_length} characters, not {len(value)}"))
        if (_NO_LINE if extra.get("lines") else _NO_LETTER).search(value):
            self.say(fault("format", path, ascii(value), "letters without control characters"))
        elif extra.get("script") == "latin" and not _LATIN.fullmatch(value):
            self.say(_other_script(value, path))
        check = self.grammar.checks.get(str(extra.get("check")))
        if check is not None:
            value, finding = check(value, path)
            self.say(finding)
        return value

    def integer(self, kind: IntType, value: Tree, path: str) -> Tree:
        if isinstance(value, Decimal) and value.is_finite() and value.adjusted() < 18 and value == int(value):
            value = int(value)
        fits = isinstance(value, int) and not isinstance(value, bool)
        if not fits or (kind.ge is not None and value < kind.ge) or (kind.lt is not None and value >= kind.lt):
            self.say(fault("structure", path, value, "a whole number from 0 on"))
            return None
        return value

    def number(self, value: Tree, path: str) -> Tree:
        if isinstance(value, int) and not isinstance(value, bool):
            return Decimal(value)
        if not isinstance(value, Decimal):
            self.say(fault("structure", path, value, "a number"))
            return None
        return value


def _suits(kind: Type, value: Tree) -> bool:
    plain = kind.type if isinstance(kind, Metadata) else kind
    if isinstance(plain, IntType):
        return isinstance(value, int | Decimal)
    return not isinstance(plain, StrType) or isinstance(value, str)


def _is_empty(kind: Type, value: Tree) -> bool:
    """Tell whether a value says nothing; a text that may be empty says something by being there."""
    kinds = kind.types if isinstance(kind, UnionType) else (kind,)
    plain = [one.type if isinstance(one, Metadata) else one for one in kinds]
    return value in ([], {}) or (value == "" and not any(isinstance(one, StrType) and not one.min_length for one in plain))


def _join(path: str, name: str) -> str:
    short = name if len(name) <= 40 else shorten(name, 40)
    return f"{path}.{short}" if path else short


def _wanted(kind: Type) -> str:
    plain = kind.type if isinstance(kind, Metadata) else kind
    if isinstance(plain, LiteralType):
        return f"one of {', '.join(map(str, plain.values))}"
    return {StructType: "an object", VarTupleType: "a list", IntType: "a whole number", DecimalType: "a number"}.get(
        type(plain), "a text"
    )


def _other_script(value: str, path: str) -> Finding:
    """Say that letters are not plain Latin ones. Latin letters with marks are read everywhere; another script is what local names are for."""
    import unicodedata

    foreign = [letter for letter in value if letter.isalpha() and not unicodedata.name(letter, "").startswith("LATIN")]
    if foreign:
        todo = "write it in Latin letters here, and in its own in localNameIdentifier"
        return fault("format", path, value, "Latin letters and digits", todo)
    return note("format", path, value, "Latin letters without marks, as the standard writes them")


def build(kind: type[Any], tree: Tree) -> Any:
    """Return a tree without faults as its struct."""
    return msgspec.convert(tree, kind)

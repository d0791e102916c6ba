"""Reading an expression: from Python's syntax to the tree, and no further than the tree has nodes.

`ast` does the parsing; nothing is ever evaluated. What has no node (division, floats, other calls, attributes of objects) is refused at its
exact place, and both sides of an `and` or `or` report their faults, so that one look shows them all.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from datetime import date
from typing import cast

from skarb.core.errors import shorten
from skarb.core.time import to_day
from skarb.rulebook.expression import (
    MODES,
    And,
    Codes,
    Compare,
    Count,
    Day,
    Greatest,
    Least,
    Minus,
    Missing,
    Mode,
    Name,
    Node,
    Not,
    Operator,
    Or,
    Plus,
    Share,
    Text,
    Within,
)
from skarb.rulebook.source import Located

LONGEST = 4000  # characters of one expression
DEEPEST = 40  # nested nodes of one expression

Report = Callable[[int, str, str, str], None]  # offset, given, expected, what to do


class Fault(Exception):
    """One thing wrong with an expression, on its way to the report."""

    def __init__(self, offset: int, given: str, expected: str, todo: str = "") -> None:
        super().__init__(expected)
        self.offset, self.given, self.expected, self.todo = offset, given, expected, todo


def parse(source: Located, report: Report) -> Node | None:
    """Read an expression; None, with everything wrong reported, when it is not one."""
    faults = 0

    def note(fault: Fault) -> None:
        nonlocal faults
        faults += 1
        report(fault.offset, fault.given, fault.expected, fault.todo)

    try:
        tree = _python(source.text)
        node = _Parse(source.text, note).condition(tree, 0)
    except Fault as fault:
        note(fault)
        return None
    return None if faults else node


def _python(text: str) -> ast.expr:
    if len(text) > LONGEST:
        raise Fault(0, f"{len(text)} characters", f"at most {LONGEST} characters", "split it with named conditions")
    lead = len(text) - len(text.lstrip())
    flat = text[lead:].replace("\n", " ").replace("\r", " ").replace("\t", " ")
    for offset, character in enumerate(flat):
        if not character.isprintable():
            raise Fault(offset + lead, repr(character), "printable characters")
    try:
        tree = ast.parse(flat, mode="eval").body
    except SyntaxError as error:
        spot = max(0, (error.offset or 1) - 1)
        raise Fault(min(spot, len(flat)) + lead, flat, f"an expression ({error.msg})") from None
    except (ValueError, RecursionError, MemoryError):
        raise Fault(lead, flat, "a simpler expression", "split it with named conditions") from None
    if lead:
        for node in ast.walk(tree):
            if isinstance(node, ast.expr):
                node.col_offset += lead
                node.end_col_offset = (node.end_col_offset or 0) + lead
    return tree


_COMPARES: dict[type[ast.cmpop], Operator] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
}
_HINTS: dict[type[ast.AST], str] = {
    ast.Div: "there is no division: write share(money, ratio)",
    ast.FloorDiv: "there is no division: write share(money, ratio)",
    ast.Mult: "there is no multiplication: write share(money, ratio), or a parameter in base_unit",
    ast.Mod: "there is no remainder",
    ast.IfExp: "write two provisions, or (a and b) or (not a and c)",
    ast.Subscript: "facts are plain fields",
    ast.Lambda: "use a named condition",
    ast.JoinedStr: "write the code out",
    ast.BitAnd: "write `and`",
    ast.BitOr: "write `or`",
    ast.Invert: "write `not`",
}


class _Parse:
    """From Python's tree to ours, refusing whatever has no node."""

    def __init__(self, text: str, note: Callable[[Fault], None]) -> None:
        self.text, self.note = text, note

    def offset(self, node: ast.expr) -> int:
        return len(self.text.encode()[: node.col_offset].decode(errors="ignore"))

    def segment(self, node: ast.expr) -> str:
        return self.text.encode()[node.col_offset : node.end_col_offset].decode(errors="ignore")

    def fault(self, node: ast.expr, expected: str, todo: str = "") -> Fault:
        return Fault(self.offset(node), shorten(self.segment(node)), expected, todo)

    def condition(self, node: ast.expr, depth: int) -> Node:
        """Read any node; parts of `and` and `or` report their faults each for itself."""
        if depth > DEEPEST:
            raise self.fault(node, f"at most {DEEPEST} nested parts", "split it with named conditions")
        at = self.offset(node)
        match node:
            case ast.BoolOp(op, values):
                parts: list[Node] = []
                for value in values:
                    try:
                        parts.append(self.condition(value, depth + 1))
                    except Fault as fault:
                        self.note(fault)
                return (And if isinstance(op, ast.And) else Or)(tuple(parts), offset=at)
            case ast.UnaryOp(ast.Not(), operand):
                return Not(self.condition(operand, depth + 1), offset=at)
            case ast.Compare(left, [op], [right]):
                return self.comparison(node, left, op, right, depth)
            case ast.Compare():
                raise self.fault(node, "two values compared", "join comparisons with `and`")
            case ast.BinOp(left, ast.Add(), right):
                return Plus(self.condition(left, depth + 1), self.condition(right, depth + 1), offset=at)
            case ast.BinOp(left, ast.Sub(), right):
                return Minus(self.condition(left, depth + 1), self.condition(right, depth + 1), offset=at)
            case ast.BinOp(_, op, _) | ast.UnaryOp(op, _):
                raise self.fault(node, "`+` or `-` between two values", _HINTS.get(type(op), ""))
            case ast.Call():
                return self.call(node, depth)
            case ast.Name() | ast.Attribute():
                return Name(self.dotted(node), offset=at)
            case ast.Constant(value):
                return self.constant(node, value)
            case ast.Tuple(elements) | ast.List(elements):
                return Codes(tuple(self.code(element) for element in elements), offset=at)
        raise self.fault(
            node,
            "a fact, a parameter, a named condition, a code, a number, date(), share(), min(), max(), and, or, not, a comparison",
            _HINTS.get(type(node), ""),
        )

    def comparison(self, node: ast.expr, left: ast.expr, op: ast.cmpop, right: ast.expr, depth: int) -> Node:
        at = self.offset(node)
        if isinstance(op, ast.Is | ast.IsNot):
            if not (isinstance(right, ast.Name) and right.id == "missing"):
                raise self.fault(right, "`missing` after `is`", "compare values with == and !=")
            return Missing(self.condition(left, depth + 1), isinstance(op, ast.IsNot), offset=at)
        first, second = self.condition(left, depth + 1), self.condition(right, depth + 1)
        if isinstance(op, ast.In | ast.NotIn):
            return Within(first, second, isinstance(op, ast.NotIn), offset=at)
        return Compare(_COMPARES[type(op)], first, second, offset=at)

    def call(self, node: ast.Call, depth: int) -> Node:
        at, name = self.offset(node), node.func.id if isinstance(node.func, ast.Name) else ""
        if name not in ("share", "min", "max", "date"):
            raise self.fault(node.func, "one of share(), min(), max(), date()", "there are no other functions")
        if node.keywords or any(isinstance(argument, ast.Starred) for argument in node.args):
            raise self.fault(node, f"{name}() with plain arguments")
        if name == "date":
            return self.date(node)
        parts = tuple(self.condition(argument, depth + 1) for argument in node.args)
        if name == "share":
            if len(parts) not in (2, 3):
                raise self.fault(node, 'share(money, ratio) or share(money, ratio, "down" or "up" or "half_up")')
            mode = parts[2].text if len(parts) == 3 and isinstance(parts[2], Text) else "down" if len(parts) == 2 else ""
            if mode not in MODES:
                raise self.fault(node.args[2], 'one of "down", "up", "half_up"')
            return Share(parts[0], parts[1], cast(Mode, mode), offset=at)
        if len(parts) < 2:
            raise self.fault(node, f"{name}() of at least two values")
        return (Least if name == "min" else Greatest)(parts, offset=at)

    def date(self, node: ast.Call) -> Node:
        numbers = [argument.value for argument in node.args if isinstance(argument, ast.Constant) and type(argument.value) is int]
        if len(numbers) != 3 or len(node.args) != 3:
            raise self.fault(node, "date(year, month, day), such as date(2024, 9, 20)")
        try:
            return Day(to_day(date(*numbers)), offset=self.offset(node))
        except (ValueError, OverflowError):
            raise self.fault(node, "a date that exists") from None

    def dotted(self, node: ast.expr) -> str:
        if isinstance(node, ast.Name):
            return node.id
        if isinstance(node, ast.Attribute):
            return f"{self.dotted(node.value)}.{node.attr}"
        raise self.fault(node, "a name with dots, such as report.special_np")

    def constant(self, node: ast.Constant, value: object) -> Node:
        at = self.offset(node)
        if type(value) is int:
            return Count(value, offset=at)
        if isinstance(value, str):
            return Text(value, offset=at)
        if isinstance(value, bool):
            raise self.fault(node, "a flag standing alone", "write `x` or `not x`")
        if value is None:
            raise self.fault(node, "`is missing`", "None is not in the language")
        raise self.fault(node, "a whole number", "amounts of money are parameters; there are no floats")

    def code(self, node: ast.expr) -> str:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return node.value
        raise self.fault(node, "a quoted code")

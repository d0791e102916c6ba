"""The benchmark's rulebook in the languages of the policy engines that PyPI has, written from the same checked tree.

Each peer is prepared as its documentation recommends for speed (compiled or parsed once) and answers with the number of the provision that
decides, 1 for the first, so that wrong answers can be counted.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from skarb.core.errors import ensure
from skarb.rulebook import Edition
from skarb.rulebook.expression import And, Code, Codes, Compare, Count, Day, Fact, Missing, Money, Named, Node, Not, Or, Within

Row = dict[str, Any]
Answer = Callable[[Any], int]


@dataclass(frozen=True)
class Peer:
    """A policy engine with the rulebook loaded."""

    name: str
    package: str
    prepare: Callable[[Row], Any]  # what the engine wants as input, made outside the timed part
    answer: Answer

    @property
    def version(self) -> str:
        """The installed version."""
        return version(self.package)


@dataclass(frozen=True)
class Language:
    """How a language writes the parts of a condition."""

    fact: str
    both: str
    either: str
    negation: str
    missing: str
    present: str
    within: str
    quoted: str = '"{}"'

    def write(self, node: Node) -> str:
        """Return a condition in this language."""
        match node:
            case Fact(name):
                return self.fact.format(name)
            case Code(code):
                return self.quoted.format(code)
            case Count(value) | Day(value) | Money(value):
                return str(value)
            case And(parts):
                return "(" + self.both.join(map(self.write, parts)) + ")"
            case Or(parts):
                return "(" + self.either.join(map(self.write, parts)) + ")"
            case Not(part):
                return self.negation.format(self.write(part))
            case Named(_, means):
                return self.write(means)
            case Compare(operator, left, right):
                return f"{self.write(left)} {operator} {self.write(right)}"
            case Within(item, Codes(codes), negated):
                text = self.within.format(self.write(item), ", ".join(map(self.quoted.format, codes)))
                return self.negation.format(text) if negated else text
            case Missing(Fact(name), negated):
                return (self.present if negated else self.missing).format(name)
        raise TypeError(f"the benchmark's rulebook does not use {type(node).__name__}")


ZEN = Language("{}", " and ", " or ", "not ({})", "{} == null", "{} != null", "{} in [{}]")
CEL = Language("t.{}", " && ", " || ", "!({})", "t.{} == null", "t.{} != null", "{} in [{}]")
CEDAR = Language("context.{}", " && ", " || ", "!({})", "!(context has {})", "context has {}", "[{1}].contains({0})")
REGO = Language("input.{}", "; ", "", "not {}", "input.{} == null", "input.{} != null", "{} in {{{}}}")


def conditions(edition: Edition) -> list[Node]:
    """Return the conditions in the order of decision; the last provision of the benchmark applies always."""
    found = [edition.provisions[name].when for name in edition.order]
    ensure(all(node is not None for node in found[:-1]) and found[-1] is None, "only the last provision has no condition")
    return [node for node in found if node is not None]


def peers(edition: Edition) -> Iterator[Peer]:
    """Yield the engines that are installed; an engine that is not is left out."""
    nodes = conditions(edition)
    for make in (_zen, _cel, _cedar, _rego):
        try:
            yield make(nodes)
        except ImportError:
            continue


def _choice(language: Language, nodes: list[Node]) -> str:
    text = str(len(nodes) + 1)
    for number, node in reversed(list(enumerate(nodes, 1))):
        text = f"({language.write(node)}) ? {number} : ({text})"
    return text


def _zen(nodes: list[Node]) -> Peer:
    import zen

    compiled = zen.compile_expression(_choice(ZEN, nodes))
    return Peer("zen-engine, compiled expression", "zen-engine", dict, lambda row: int(compiled.evaluate(row)))


def _cel(nodes: list[Node]) -> Peer:
    import cel

    program = cel.compile(_choice(CEL, nodes))
    return Peer("common-expression-language, compiled", "common-expression-language", lambda row: {"t": row}, program.execute)


def _cedar(nodes: list[Node]) -> Peer:
    import cedarpy

    text = ["permit(principal, action, resource);"]
    for number, node in enumerate(nodes, 1):
        text.append(f'@id("{number:02}")\nforbid(principal, action, resource) when {{ {CEDAR.write(node)} }};')
    policies = cedarpy.PolicySet.from_str("\n".join(text))

    def prepare(row: Row) -> Row:
        context = {name: value for name, value in row.items() if value is not None}
        return {"principal": 'U::"c"', "action": 'A::"go"', "resource": 'T::"t"', "context": context}

    def answer(request: Row) -> int:
        reasons = cedarpy.is_authorized(request, policies, []).diagnostics.reasons
        numbers = [int(name.removeprefix("policy")) for name in reasons]
        return min((number for number in numbers if number), default=len(nodes) + 1)

    return Peer("cedarpy, policies parsed once", "cedarpy", prepare, answer)


def _rego(nodes: list[Node]) -> Peer:
    import regopy

    text = ["package rulebook", ""]
    for number, node in enumerate(nodes, 1):
        text += [f"hit contains {number} if {{ {'; '.join(map(REGO.write, part))} }}" for part in _alternatives(node)]
    text += [f"default rule := {len(nodes) + 1}", "rule := min(hit) if count(hit) > 0"]
    interpreter = regopy.Interpreter()
    interpreter.add_module("rulebook", "\n".join(text))
    bundle = interpreter.build("data.rulebook.rule", [])

    def answer(row: Row) -> int:
        interpreter.set_input(row)
        return int(json.loads(str(interpreter.query_bundle(bundle)))["expressions"][0])

    return Peer("regopy, compiled bundle", "regopy", dict, answer)


def _alternatives(node: Node) -> list[list[Node]]:
    """Return a condition as alternatives of parts that all hold: Rego has no `or`."""
    match node:
        case And(parts):
            found: list[list[Node]] = [[]]
            for part in parts:
                found = [left + right for left in found for right in _alternatives(part)]
            return found
        case Or(parts):
            return [alternative for part in parts for alternative in _alternatives(part)]
        case Named(_, means):
            return _alternatives(means)
    return [[node]]

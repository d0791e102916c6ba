"""The checked tree as SQL over a table of facts: how a hundred million instructions are decided.

Expressions are built as sqlglot nodes, never as text, for DuckDB, SQLite and Spark. Columns are named as the facts; a missing fact is
NULL and is never compared, because the checker saw to it. Shares are lowered to whole-number division and remainder of 64 bits,
exact in every engine; nothing is rounded by an engine. Spark runs with `spark.sql.ansi.enabled` and the zone UTC, so that what cannot be is an error
there too and not a missing value.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Literal

from sqlglot import exp

from skarb.rulebook.expression import (
    And,
    Code,
    Codes,
    Compare,
    Count,
    Day,
    Fact,
    Greatest,
    Least,
    Minus,
    Missing,
    Mode,
    Money,
    Named,
    Node,
    Not,
    Or,
    Plus,
    Ratio,
    Share,
    Within,
    children,
    walk,
)
from skarb.rulebook.tree import Keys

if TYPE_CHECKING:
    from skarb.rulebook.edition import Edition, Guard

Dialect = Literal["duckdb", "sqlite", "spark"]

_COMPARE: dict[str, type[exp.Binary]] = {"==": exp.EQ, "!=": exp.NEQ, "<": exp.LT, "<=": exp.LTE, ">": exp.GT, ">=": exp.GTE}


def outcome_sql(edition: Edition, dialect: Dialect, table: str = "") -> exp.Expression:
    """Return the expression for the number of the deciding outcome: what `edition.decide` returns."""
    return _outcome(edition.guards(), _Lower(dialect, table))


def duties_sql(edition: Edition, dialect: Dialect, table: str = "") -> exp.Expression:
    """Return the expression for the bit mask of duties: what `edition.duties` returns."""
    return _Lower(dialect, table).mask(edition.duty_guards())


def levy_sql(edition: Edition, dialect: Dialect, table: str = "") -> exp.Expression:
    """Return the expression for the number of the governing levy: what `edition.levy` returns."""
    return _levy(edition.levy_guards(), _Lower(dialect, table))


def _outcome(guards: Sequence[Guard], lower: _Lower) -> exp.Expression:
    return lower.first(guards, lower.choice([(lower.column("approved"), lower.number(1))], lower.number(0)))


def _levy(guards: Sequence[Guard], lower: _Lower) -> exp.Expression:
    return lower.first(guards, lower.number(0))


def statement(edition: Edition, dialect: Dialect, table: str, columns: Mapping[str, str] | None = None) -> exp.Select:
    """Return a query that decides every row of a table of facts: outcome, duties and levy.

    `columns` are further columns of the table to keep, by their name in the result. What several conditions share is computed once, as columns of
    inner queries: planning and running are several times faster than with three expressions side by side.
    """
    tracks = [edition.guards(), edition.duty_guards(), edition.levy_guards()]
    shared = _Shared([guard.condition for guards in tracks for guard in guards])
    lower = _Lower(dialect, "", shared)
    source: exp.Expression = exp.table_(table, quoted=True)
    for number, layer in enumerate(shared.layers):
        made = [lower.condition(node, inside=True).as_(shared.names[shared.keys.of(node)], quoted=True) for node in layer]
        source = exp.select(exp.Star(), *made).from_(source).subquery(f"layer_{number}")
    kept = [exp.column(name, quoted=True).as_(alias, quoted=True) for alias, name in (columns or {}).items()]
    outcome, duties, levy = _outcome(tracks[0], lower), lower.mask(tracks[1]), _levy(tracks[2], lower)
    return exp.select(*kept, outcome.as_("outcome"), duties.as_("duties"), levy.as_("levy")).from_(source)


class _Shared:
    """Conditions that occur more than once, each after those it contains."""

    def __init__(self, conditions: Sequence[Node]) -> None:
        self.keys = Keys()
        self.counts: Counter[int] = Counter()
        self.nodes: dict[int, Node] = {}
        for condition in conditions:
            self._count(condition)
        self.names = {key: f"#{key}" for key in self.nodes if self.counts[key] > 1}
        self.layers: list[list[Node]] = []
        depths: dict[int, int] = {}
        for key in self.names:
            depth = self._depth(self.nodes[key], depths)
            self.layers += [[] for _ in range(depth + 1 - len(self.layers))]
            self.layers[depth].append(self.nodes[key])

    def _count(self, node: Node) -> None:
        if isinstance(node, And | Or | Within):
            key = self.keys.of(node)
            self.counts[key] += 1
            if self.counts[key] > 1:
                return
            self.nodes[key] = node
        for child in children(node):
            self._count(child)

    def _depth(self, node: Node, depths: dict[int, int]) -> int:
        """Return how many layers must be there before a shared condition can be computed."""
        key = self.keys.of(node)
        if key not in depths:
            depths[key] = max((1 + self._depth(one, depths) for one in self._within(node)), default=0)
        return depths[key]

    def _within(self, node: Node) -> Iterator[Node]:
        """Yield the shared conditions directly inside a node."""
        for child in children(node):
            if self.names.get(self.keys.of(child)):
                yield child
            else:
                yield from self._within(child)


def facts_used(edition: Edition) -> tuple[str, ...]:
    """Return the facts that an edition looks at: the columns that a table needs, in the order of the schema."""
    nodes = [node for one in edition.provisions.values() for node in (one.when, one.needs) if node is not None]
    names = {"activity", "approved"} | {part.name for node in nodes for part in walk(node) if isinstance(part, Fact)}
    return tuple(name for name in edition.fields if name in names)


class _Lower:
    """Lowers a tree to the nodes of one SQL dialect."""

    def __init__(self, dialect: Dialect, table: str, shared: _Shared | None = None) -> None:
        self.dialect, self.table, self.shared = dialect, table, shared

    # -- answers ---------------------------------------------------------------------------------------------------------------

    def first(self, guards: Sequence[Guard], otherwise: exp.Expression) -> exp.Expression:
        branches = []
        for guard in guards:
            answer: exp.Expression = self.number(guard.result)
            if guard.approved:
                answer = self.choice([(self.column("approved"), self.number(guard.approved))], answer)
            branches.append((self.condition(guard.condition), answer))
        return self.choice(branches, otherwise)

    def mask(self, guards: Sequence[Guard]) -> exp.Expression:
        total = self.wide(self.number(0))
        for guard in guards:
            bit = self.choice([(self.condition(guard.condition), self.number(1 << guard.result))], self.number(0))
            total = exp.Add(this=total, expression=self.wide(bit))
        return total

    def choice(self, branches: Sequence[tuple[exp.Expression, exp.Expression]], otherwise: exp.Expression) -> exp.Expression:
        if not branches:
            return otherwise.copy()
        ifs = [exp.If(this=condition, true=answer) for condition, answer in branches]
        return exp.Case(ifs=ifs, default=otherwise.copy())

    # -- leaves ----------------------------------------------------------------------------------------------------------------

    def column(self, name: str) -> exp.Expression:
        return exp.column(name, table=self.table or None, quoted=True)

    def number(self, value: int) -> exp.Expression:
        return exp.Literal.number(value) if value >= 0 else exp.paren(exp.Literal.number(value))

    def wide(self, value: exp.Expression) -> exp.Expression:
        """Return a value as 64 bits, whatever width its column has. SQLite has only this width."""
        return value if self.dialect == "sqlite" else exp.Cast(this=value, to=exp.DataType.build("BIGINT"))

    def among(self, value: exp.Expression, codes: Sequence[str]) -> exp.Expression:
        return exp.In(this=value, expressions=[exp.Literal.string(code) for code in codes])

    def quotient(self, value: exp.Expression, by: int) -> exp.Expression:
        if self.dialect == "sqlite":
            return exp.paren(exp.Div(this=value, expression=self.number(by), typed=True, safe=False))
        return exp.paren(exp.IntDiv(this=value, expression=self.number(by)))

    def remainder(self, value: exp.Expression, by: int) -> exp.Expression:
        return exp.paren(exp.Mod(this=value, expression=self.number(by)))

    def times(self, value: exp.Expression, by: int) -> exp.Expression:
        return exp.paren(exp.Mul(this=value, expression=self.number(by)))

    # -- conditions ------------------------------------------------------------------------------------------------------------

    def condition(self, node: Node, inside: bool = False) -> exp.Expression:
        """Return a condition; `inside` a layer that makes a shared one, which is not there as a column yet."""
        if self.shared and not inside:
            name = self.shared.names.get(self.shared.keys.of(node))
            if name:
                return self.column(name)
        match node:
            case And(parts):
                return self.joined(exp.And, parts) if parts else exp.true()
            case Or(parts):
                return self.joined(exp.Or, parts) if parts else exp.false()
            case Not(part):
                return exp.Not(this=exp.paren(self.condition(part)))
            case Named(_, means):
                return self.condition(means)
            case Compare(sign, left, right):
                return exp.paren(_COMPARE[sign](this=self.value(left), expression=self.value(right)))
            case Within(item, Codes(codes), negated):
                found = self.among(self.value(item), codes)
                return exp.Not(this=found) if negated else found
            case Missing(Fact(name), negated):
                null = exp.Is(this=self.column(name), expression=exp.null())
                return exp.Not(this=null) if negated else null
            case Fact(name):
                return self.column(name)
        raise TypeError(f"{type(node).__name__} is no condition; was it checked and filled?")

    def joined(self, kind: type[exp.And | exp.Or], parts: Sequence[Node]) -> exp.Expression:
        found = self.condition(parts[0])
        for part in parts[1:]:
            found = kind(this=found, expression=self.condition(part))
        return exp.paren(found)

    def value(self, node: Node) -> exp.Expression:
        match node:
            case Fact(name):
                return self.column(name)
            case Code(code):
                return exp.Literal.string(code)
            case Count(value) | Day(value) | Money(value):
                return self.number(value)
            case Plus(left, right):
                return exp.paren(exp.Add(this=self.wide(self.value(left)), expression=self.wide(self.value(right))))
            case Minus(left, right):
                return exp.paren(exp.Sub(this=self.wide(self.value(left)), expression=self.wide(self.value(right))))
            case Least(parts):
                return self.extreme(exp.Least, parts)
            case Greatest(parts):
                return self.extreme(exp.Greatest, parts)
            case Share(amount, Ratio(numerator, denominator), mode):
                return self.share(self.wide(self.value(amount)), numerator, denominator, mode)
        return exp.paren(self.condition(node))

    def extreme(self, kind: type[exp.Least | exp.Greatest], parts: Sequence[Node]) -> exp.Expression:
        first, *rest = [self.value(part) for part in parts]
        return kind(this=first, expressions=rest, ignore_nulls=self.dialect == "duckdb")

    def share(self, amount: exp.Expression, numerator: int, denominator: int, mode: Mode) -> exp.Expression:
        """Return the exact share: |x| = q·d + r, so |x|·n/d = q·n + r·n/d, and r·n is small."""
        size = exp.Abs(this=amount)
        rest = self.times(self.remainder(size.copy(), denominator), numerator)
        whole = exp.Add(
            this=self.times(self.quotient(size.copy(), denominator), numerator),
            expression=self.quotient(rest.copy(), denominator),
        )
        left = self.remainder(rest.copy(), denominator)
        if mode != "down":
            more = (
                exp.GT(this=left, expression=self.number(0))
                if mode == "up"
                else exp.GTE(this=self.times(left, 2), expression=self.number(denominator))
            )
            whole = exp.Add(this=whole, expression=self.choice([(more, self.number(1))], self.number(0)))
        whole_value = exp.paren(whole)
        negative = exp.LT(this=amount.copy(), expression=self.number(0))
        return self.choice([(negative, exp.Neg(this=whole_value))], whole_value)

"""What replays are measured beside: the same two editions by other means, each on as many rows as it does in seconds.

What each leaves out: the loop has its facts as objects already and adds nothing up; DuckDB reads a table of text columns that was made before;
OpenFisca reckons money in 32-bit floats, so some of its answers are wrong, and they are counted.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from importlib.util import find_spec
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
from msgspec.structs import replace
from sqlglot import exp

from skarb.core.facts import Facts
from skarb.oversight.replay.cases import read_cases
from skarb.rulebook import Edition, Rulebook
from skarb.rulebook.coding import MISSING, encode, numbers_of
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
    Money,
    Named,
    Node,
    Not,
    Or,
    Plus,
    Ratio,
    Share,
    Within,
)
from skarb.rulebook.sql import facts_used, outcome_sql
from skarb.rulebook.tables import create_table
from skarb.rulebook.tree import COMPARE

LOOPED, TABLED, FORMULAS = 50_000, 500_000, 200_000  # rows each is given

_SAMPLE = """
SELECT case_no, day, value, value_usd FROM rows USING SAMPLE reservoir({count} ROWS) REPEATABLE (1)
"""


def peers(connection: duckdb.DuckDBPyConnection, law: Rulebook, draft: Rulebook, days: tuple[int, int]) -> dict[str, Any]:
    """Return rows per second of each peer under the last editions of two laws."""
    editions = law.edition(days[1]), draft.edition(days[1])
    cases = read_cases(connection)
    figures: dict[str, Any] = {}
    facts = list(_facts(connection, cases, LOOPED))
    for one in facts:  # the functions of every activity that occurs are made before they are timed
        editions[0].decide(one), editions[1].decide(one)
    figures["peer_python_loop_rows_per_s"] = _rate(
        LOOPED, lambda: [(editions[0].decide(one), editions[1].decide(one)) for one in facts]
    )
    facts += list(_facts(connection, cases, TABLED))[LOOPED:]
    figures["peer_duckdb_text_rows_per_s"] = _text(editions, facts)
    if find_spec("openfisca_core"):
        figures |= _openfisca(editions, facts[:FORMULAS])
    else:
        figures["peer_openfisca"] = "not installed (pip install openfisca-core; AGPL, so it is in no extra)"
    return figures


def _facts(connection: duckdb.DuckDBPyConnection, cases: Sequence[Facts], count: int) -> Iterator[Facts]:
    for case, day, value, usd in connection.execute(_SAMPLE.format(count=count)).fetchall():
        yield replace(cases[case], day=day, value=value, value_usd=usd)


def _rate(rows: int, do: Callable[[], object]) -> float:
    started = time.perf_counter()
    do()
    return rows / (time.perf_counter() - started)


def _text(editions: tuple[Edition, Edition], facts: list[Facts]) -> float:
    """Return the rate of DuckDB over text columns: how many rows and how much money went from which outcome to which."""
    own = duckdb.connect()
    names = sorted({name for edition in editions for name in facts_used(edition)} | {"value"})
    own.execute(create_table(editions[0].fields, names, "duckdb", "facts", enumerated=False).sql("duckdb"))
    own.register("given", pa.table({name: [getattr(one, name) for one in facts] for name in names}))
    own.execute("INSERT INTO facts SELECT * FROM given")
    decided = exp.select(
        "value", *(outcome_sql(one, "duckdb").as_(name) for one, name in zip(editions, ("o", "d"), strict=True))
    ).from_("facts")
    asked = exp.select("o", "d", "count(*)", "sum(value)").from_(decided.subquery("decided")).group_by("o", "d").sql("duckdb")
    return _rate(len(facts), lambda: own.execute(asked).fetchall())


# -- OpenFisca -----------------------------------------------------------------------------------------------------------------


def _openfisca(editions: tuple[Edition, Edition], facts: list[Facts]) -> dict[str, Any]:
    """Return the rate of OpenFisca: a variable for every fact, one for every guard, and one for the outcome of each edition."""
    from openfisca_core.entities import build_entity
    from openfisca_core.periods import DateUnit
    from openfisca_core.simulation_builder import SimulationBuilder
    from openfisca_core.taxbenefitsystems import TaxBenefitSystem
    from openfisca_core.variables import Variable

    entity = build_entity(key="instruction", plural="instructions", label="An instruction", is_person=True)
    system = TaxBenefitSystem([entity])
    fields = editions[0].fields
    names = sorted({name for edition in editions for name in facts_used(edition)} | {"value"})

    def variable(name: str, kind: type, formula: Any = None) -> None:
        body = {"value_type": kind, "entity": entity, "definition_period": DateUnit.DAY, "label": name}
        system.add_variable(type(name, (Variable,), body | ({"formula": formula} if formula else {})))

    for name in names:
        variable(name, float if fields[name].type.base == "money" else int)
    for place, edition in enumerate(editions):
        guards = edition.guards()
        for number, guard in enumerate(guards):
            variable(f"guard_{place}_{number}", bool, _formula(edition, guard.condition))
        variable(f"outcome_{place}", int, _chosen(place, [(one.result, one.approved) for one in guards]))
    day = "2026-01-01"
    builder = SimulationBuilder()
    simulation = builder.build_default_simulation(system, count=len(facts))
    for name in names:
        column = encode(fields[name], [getattr(one, name) for one in facts]).astype(np.int64)
        simulation.set_input(name, day, np.where(column == MISSING, -1, column))
    started = time.perf_counter()
    found = [simulation.calculate(f"outcome_{place}", day) for place in range(2)]
    took = time.perf_counter() - started
    wrong = sum(
        int((answers != np.array([edition.decide(one) for one in facts])).sum())
        for answers, edition in zip(found, editions, strict=True)
    )
    return {"peer_openfisca_rows_per_s": len(facts) / took, "peer_openfisca_wrong": wrong, "peer_openfisca_of": 2 * len(facts)}


def _chosen(place: int, results: list[tuple[int, int]]) -> Any:
    def formula(instruction: Any, period: Any) -> Any:
        approved = instruction("approved", period) == 1
        conditions = [instruction(f"guard_{place}_{number}", period) for number in range(len(results))]
        answers = [np.where(approved, after or before, before) for before, after in results]
        return np.select(conditions, answers, default=np.where(approved, 1, 0))

    return formula


def _formula(edition: Edition, node: Node) -> Any:
    def formula(instruction: Any, period: Any) -> Any:
        found = _column(edition, node, lambda name: instruction(name, period))
        return np.broadcast_to(found, instruction("day", period).shape)

    return formula


def _column(edition: Edition, node: Node, fact: Callable[[str], npt.NDArray[Any]]) -> Any:
    def of(part: Node) -> Any:
        return _column(edition, part, fact)

    match node:
        case And(parts):
            return np.logical_and.reduce([np.asarray(of(part), bool) for part in parts]) if parts else np.True_
        case Or(parts):
            return np.logical_or.reduce([np.asarray(of(part), bool) for part in parts]) if parts else np.False_
        case Not(part):
            return np.logical_not(of(part))
        case Named(_, means):
            return of(means)
        case Fact(name):
            return fact(name) if edition.fields[name].type.base != "flag" else fact(name) == 1
        case Missing(Fact(name), negated):
            return (fact(name) < 0) != negated
        case Compare(sign, Fact(name), Code(code)) | Compare(sign, Code(code), Fact(name)):
            return COMPARE[sign](fact(name), numbers_of(edition.fields[name])[code])
        case Compare(sign, left, right):
            return COMPARE[sign](of(left), of(right))
        case Within(Fact(name), Codes(codes), negated):
            return np.isin(fact(name), [numbers_of(edition.fields[name])[code] for code in codes]) != negated
        case Count(value) | Day(value) | Money(value):
            return value
        case Plus(left, right):
            return of(left) + of(right)
        case Minus(left, right):
            return of(left) - of(right)
        case Least(parts):
            return np.minimum.reduce(np.broadcast_arrays(*map(of, parts)))
        case Greatest(parts):
            return np.maximum.reduce(np.broadcast_arrays(*map(of, parts)))
        case Share(amount, Ratio(numerator, denominator)):
            return np.trunc(np.asarray(of(amount)) * (numerator / denominator))
    raise TypeError(f"{type(node).__name__} has no formula")

"""A second slow reading of a law, over columns: Polars expressions written from the tests' own trees, not from the engine's.

It follows docs/rulebook.md as the slow reading does, and shares nothing with the compilers but the numbering of the answers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from operator import add, and_, eq, ge, gt, le, lt, ne, or_, sub
from typing import Any

import polars as pl

_SIGNS: dict[str, Callable[[Any, Any], Any]] = {"==": eq, "!=": ne, "<": lt, "<=": le, ">": gt, ">=": ge}
_TYPES = {"flag": pl.Boolean, "code": pl.String, "day": pl.Int64, "count": pl.Int64, "money": pl.Int64}


def expression(tree: Any, slow: Any, par: Any, listed: Any) -> pl.Expr:
    """A tree as an expression; a missing fact is a null, and Kleene's logic lets none through a guard."""

    def of(part: Any) -> pl.Expr:
        match part:
            case ("and", *parts):
                return reduce(and_, map(of, parts))
            case ("or", *parts):
                return reduce(or_, map(of, parts))
            case ("not", one):
                return ~of(one)
            case ("compare", sign, left, right):
                return _SIGNS[sign](of(left), of(right))
            case ("in" | "not in" as word, fact, codes):
                return negated(pl.col(fact).is_in(list(codes)), word)
            case ("in list" | "not in list" as word, fact, name):
                return negated(pl.col(fact).is_in(list(listed(name, slow.day))), word)
            case ("missing", fact):
                return pl.col(fact).is_null()
            case ("there", fact):
                return pl.col(fact).is_not_null()
            case ("fact", name):
                return pl.col(name)
            case ("named", name):
                return of(slow.conditions[name])
            case ("par", name):
                return pl.lit(par(name, slow.day), pl.Int64)
            case ("code", code):
                return pl.lit(code, pl.String)
            case ("number" | "date", number):
                return pl.lit(number, pl.Int64)
            case ("plus" | "minus" as word, left, right):
                return (add if word == "plus" else sub)(of(left), of(right))
            case ("min", *parts):
                return pl.min_horizontal(*map(of, parts))
            case ("max", *parts):
                return pl.max_horizontal(*map(of, parts))
            case ("share", amount, ratio, mode):
                return share(of(amount), *par(ratio, slow.day), mode)
        raise AssertionError(part)

    return of(tree)


def negated(found: pl.Expr, word: str) -> pl.Expr:
    return ~found if word.startswith("not") else found


def share(amount: pl.Expr, top: int, bottom: int, mode: str) -> pl.Expr:
    """Whole parts first, so that nothing leaves 64 bits: amounts here are below 10^15, ratios' numerators and denominators below 10^6."""
    size = amount.abs()
    rest = (size % bottom) * top
    whole = (size // bottom) * top + rest // bottom
    left = rest % bottom
    if mode == "up":
        whole = whole + (left > 0).cast(pl.Int64)
    if mode == "half_up":
        whole = whole + (left * 2 >= bottom).cast(pl.Int64)
    return pl.when(amount < 0).then(-whole).otherwise(whole)


def ask_polars(edition: Any, rows: Sequence[Any], slow: Any, par: Any, listed: Any) -> list[tuple[int, int, int]]:
    """Outcome, duties and levy of every row, in the edition's numbers."""
    types = {name: _TYPES[field.type.base] for name, field in edition.fields.items()}
    frame = pl.DataFrame({name: [getattr(row, name) for row in rows] for name in types}, schema=types)
    law = slow.in_force()
    done: dict[str, pl.Expr] = {}

    def of(tree: Any) -> pl.Expr:
        return expression(tree, slow, par, listed)

    def applies(one: dict[str, Any]) -> pl.Expr:
        if one["id"] not in done:
            found = pl.col("activity").is_in(list(one["activity"]))
            if one["when"] is not None:
                found = found & of(one["when"])
            for other in law:
                if one["id"] in other["exception_of"]:
                    found = found & ~applies(other)
            done[one["id"]] = found
        return done[one["id"]]

    ranked = sorted(law, key=slow.key)
    said: list[tuple[str, dict[str, Any], pl.Expr]] = []  # what a provision decides, in the order of its class
    for one in ranked:
        if one["effect"] == "require" and one["needs"] is not None:
            said.append((one["otherwise"], one, applies(one) & ~of(one["needs"])))
        else:
            said.append((one["effect"], one, applies(one)))

    numbers = {(one.verdict, one.provision): number for number, one in enumerate(edition.outcomes)}
    approved = pl.col("approved")
    outcome = pl.when(approved).then(pl.lit(numbers["permit", "silence"])).otherwise(pl.lit(numbers["refer", "silence"]))
    for verdict in ("permit", "refer", "refuse"):
        for word, one, holds in reversed(said):
            if word == verdict:
                answer = pl.lit(numbers[verdict, one["id"]])
                if verdict == "refer":
                    answer = pl.when(approved).then(pl.lit(numbers["permit", one["id"]])).otherwise(answer)
                outcome = pl.when(holds).then(answer).otherwise(outcome)

    duties = pl.lit(0, pl.Int64)
    for word, one, holds in said:
        if word in ("require", "report") and not one["standing"]:
            duties = duties + pl.when(holds).then(pl.lit(1 << edition.duty_ids.index(one["id"]), pl.Int64)).otherwise(0)

    levy = pl.lit(0)
    for effect in ("levy", "exempt"):
        for word, one, holds in reversed(said):
            if word == effect:
                levy = pl.when(holds).then(pl.lit(edition.levy_ids.index(one["id"]))).otherwise(levy)
    return frame.select(outcome.alias("outcome"), duties.alias("duties"), levy.alias("levy")).rows()

"""Why a decision came out as it did: recomputed from facts and edition, so it cannot drift from the decision.

Every leaf of the deciding condition is shown with its truth and the values it saw, amounts with their currency. Beside it stand all
provisions that apply, and those that would have applied had an exception not silenced them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from skarb.core.amount import format_amount
from skarb.core.asset import currencies
from skarb.core.decision import SILENCE, Decision
from skarb.core.time import from_day
from skarb.rulebook.cases import applies, holds, outcome_of
from skarb.rulebook.edition import Edition
from skarb.rulebook.expression import (
    And,
    Codes,
    Count,
    Day,
    Fact,
    Missing,
    Money,
    Named,
    Node,
    Not,
    Or,
    Ratio,
    children,
    walk,
    write,
)
from skarb.rulebook.model import Provision
from skarb.rulebook.schema import Type
from skarb.rulebook.tree import truth


@dataclass(frozen=True, slots=True)
class Leaf:
    """One comparison of a condition: what it says, whether it holds, what it looked at."""

    text: str
    holds: bool | None  # None: not looked at, because a fact in it is missing
    saw: dict[str, str]  # facts and named values by name, as people write them
    part: str  # "when" or "needs"
    within: str = ""  # the named condition it belongs to


@dataclass(frozen=True, slots=True)
class Mention:
    """A provision that plays a part in an explanation."""

    id: str
    title: str
    says: str
    citation: str
    outcome: str  # what it said: permit, refuse, met, report …
    assumed: bool
    silenced_by: tuple[str, ...] = ()  # the exceptions that kept it from applying


@dataclass(frozen=True, slots=True)
class Explanation:
    """The whole reason of one decision."""

    verdict: str
    provision: str
    title: str
    says: str
    citation: str
    certainty: str
    assumed: bool
    approved: bool  # a second person has approved the referral
    measure: str
    day: str
    activity: str
    leaves: tuple[Leaf, ...]
    applying: tuple[Mention, ...]  # every provision that applies, the deciding one included
    silenced: tuple[Mention, ...]
    duties: tuple[str, ...]
    levy: str
    rate: str  # of the levy: "tax.mining = 13/100", "" when none governs
    edition: str

    def data(self) -> dict[str, Any]:
        """Return the explanation as plain data for JSON."""
        return asdict(self)

    def text(self) -> str:
        """Return the explanation as plain text."""
        return "\n".join(_lines(self))


def explain(edition: Edition, facts: Any, decision: Decision | None = None) -> Explanation:
    """Explain what an edition decides about facts."""
    decision = decision or edition.decision(facts)
    facts = edition.seen(facts)
    deciding = edition.provisions.get(decision.provision)
    applying = tuple(_mention(edition, name, facts) for name in edition.provisions if applies(edition, name, facts))
    return Explanation(
        verdict=decision.verdict,
        provision=decision.provision,
        title=deciding.title if deciding else "No provision speaks about this",
        says=deciding.says if deciding else "Where the law is silent a person decides: silence is not consent.",
        citation=citation(edition, deciding) if deciding else "",
        certainty=deciding.certainty if deciding else "",
        assumed=decision.assumed,
        approved=facts.approved and decision.verdict == "permit" and (deciding is None or deciding.effect != "permit"),
        measure=decision.measure,
        day=from_day(facts.day).isoformat(),
        activity=facts.activity,
        leaves=tuple(leaves_of(edition, deciding, facts)) if deciding else (),
        applying=applying,
        silenced=tuple(_silenced(edition, facts)),
        duties=decision.duties,
        levy=decision.levy,
        rate=_rate(edition, decision.levy),
        edition=edition.hash,
    )


def citation(edition: Edition, provision: Provision) -> str:
    """Return where a provision stands, in words."""
    act = edition.acts[provision.cites.act]
    article = f", article {provision.cites.article}" if provision.cites.article != "?" else ""
    return f"{act.id} «{act.title}»{article}"


def _mention(edition: Edition, name: str, facts: Any, silenced_by: tuple[str, ...] = ()) -> Mention:
    one = edition.provisions[name]
    outcome = one.effect if silenced_by else outcome_of(edition, name, facts)
    return Mention(name, one.title, one.says, citation(edition, one), outcome, one.grade == "B", silenced_by)


def _silenced(edition: Edition, facts: Any) -> Iterator[Mention]:
    for name, one in edition.provisions.items():
        by = tuple(other for other in edition.exceptions[name] if applies(edition, other, facts))
        if by and holds(one, facts):
            yield _mention(edition, name, facts, by)


def _rate(edition: Edition, levy: str) -> str:
    rate = edition.provisions[levy].rate if levy else ""
    return f"{rate} = {show_constant(edition, edition.parameters[rate])}" if rate in edition.parameters else ""


# -- leaves --------------------------------------------------------------------------------------------------------------------


def leaves_of(edition: Edition, provision: Provision, facts: Any) -> Iterator[Leaf]:
    """Yield every leaf of a provision's condition and needs."""
    facts = edition.seen(facts)
    for part, node in (("when", provision.when), ("needs", provision.needs)):
        if node is not None:
            for leaf, within in split(node):
                yield _leaf(edition, leaf, facts, part, within)


def split(node: Node, within: str = "") -> Iterator[tuple[Node, str]]:
    """Yield the comparisons of a condition, each with the named condition it belongs to."""
    match node:
        case And() | Or():
            for child in children(node):
                yield from split(child, within)
        case Not(And() | Or() | Named() as part):
            yield from split(part, within)
        case Named(name, means):
            yield from split(means, name)
        case _:
            yield node, within


def _leaf(edition: Edition, node: Node, facts: Any, part: str, within: str) -> Leaf:
    saw: dict[str, str] = {}
    for one in walk(node):
        match one:
            case Fact(name):
                saw[name] = show(edition, getattr(facts, name), edition.fields[name].type)
            case Money(name=name) | Count(name=name) | Day(name=name) | Ratio(name=name) if name:
                saw[name] = show_constant(edition, one)
            case Codes(codes, name) if name:
                saw[name] = ", ".join(codes)
    return Leaf(write(node), None if lacks(node, facts) else truth(node, facts), saw, part, within)


def lacks(node: Node, facts: Any) -> bool:
    """Say whether a leaf compares something that is missing, so that the law never looked at it."""
    if isinstance(node, Missing):
        return False
    if isinstance(node, Fact):
        return getattr(facts, node.name) is None
    return any(lacks(child, facts) for child in children(node))


def show(edition: Edition, value: Any, type_: Type) -> str:
    """Return a fact's value as people write it."""
    if value is None:
        return "missing"
    match type_.base:
        case "money":
            return show_money(edition, value, type_.currency)
        case "day":
            return from_day(value).isoformat()
        case "flag":
            return "true" if value else "false"
    return str(value)


def show_constant(edition: Edition, node: Node) -> str:
    """Return a parameter's value as people write it."""
    match node:
        case Money(value, currency):
            return show_money(edition, value, currency)
        case Ratio(numerator, denominator):
            return f"{numerator}/{denominator}"
        case Day(value):
            return from_day(value).isoformat()
        case Count(value):
            return str(value)
    raise TypeError(f"{type(node).__name__} is not a value")


def show_money(edition: Edition, minor: int, currency: str) -> str:
    """Return minor units as an amount with its currency."""
    country = edition.country
    decimals = country.decimals if currency == country.currency else currencies()[currency].decimals
    return f"{format_amount(minor, decimals)} {currency}"


# -- text ----------------------------------------------------------------------------------------------------------------------

_HOLDS = {True: "yes", False: "no", None: "not looked at"}


def _lines(one: Explanation) -> Iterator[str]:
    measure = f" ({one.measure})" if one.measure != "none" else ""
    yield f"{one.verdict.upper()}{measure}: {one.activity} on {one.day}"
    if one.provision == SILENCE:
        yield f"  {one.title}. {one.says}"
    else:
        yield f"  {one.provision}: {one.title}"
        yield f"  {one.says}"
        yield f"  {one.citation}"
    if one.approved:
        yield "  A second person has approved it."
    if one.assumed:
        yield f"  Assumed: the text was not read at first hand ({one.certainty.replace('_', ' ')})."
    for part, title in (("when", "Condition"), ("needs", "What it requires")):
        found = [leaf for leaf in one.leaves if leaf.part == part]
        if found:
            yield f"  {title}:"
            width = max(len(leaf.text) for leaf in found)
            for leaf in found:
                saw = "; ".join(f"{name} = {value}" for name, value in leaf.saw.items())
                within = f" [{leaf.within}]" if leaf.within else ""
                yield f"    {leaf.text:<{min(width, 70)}}  {_HOLDS[leaf.holds]:<3}  {saw}{within}".rstrip()
    others = [mention for mention in one.applying if mention.id != one.provision]
    if others:
        yield "  Also applies:"
        for mention in others:
            yield f"    {mention.id}: {mention.outcome}, {mention.title}"
    if one.silenced:
        yield "  Would apply, but for an exception:"
        for mention in one.silenced:
            yield f"    {mention.id}: {mention.outcome}, silenced by {', '.join(mention.silenced_by)}"
    if one.duties:
        yield f"  Besides: {', '.join(one.duties)}"
    if one.levy:
        yield f"  Owed: {one.levy}" + (f" ({one.rate})" if one.rate else "")
    yield f"  Edition {one.edition}"

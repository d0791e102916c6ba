"""Editions: what is in force on one day, values filled in, compiled, and named by a hash of its normal form.

The normal form is canonical JSON. It holds everything that can change an answer or its explanation and nothing else: no cases, no
remarks, no ends of validity (they move when the law is changed later, and last year's edition stays what it was). An edition can
be loaded from its normal form alone, so a journal that keeps it can decide again without the country's folder.

Numbers of outcomes, duties and levies follow from the ids in alphabetical order, never from the order of decision.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from skarb.core.decision import SILENCE, Decision, Measure, Verdict
from skarb.core.errors import ConfigurationError
from skarb.core.facts import Facts
from skarb.rulebook import python
from skarb.rulebook.check import extent
from skarb.rulebook.exceptions import after_exceptions, circle_of
from skarb.rulebook.expression import Codes, Fact, Node, Within
from skarb.rulebook.feature import Seen, features_in, filled, with_features
from skarb.rulebook.model import FIRST_DAY, Act, Country, Feature, LawList, Provision
from skarb.rulebook.normal import read_edition, write_edition
from skarb.rulebook.schema import Schema, schema
from skarb.rulebook.tree import FALSE, TRUE, both, fill, names_of, narrow, opposite, settle_in_turn

if TYPE_CHECKING:
    from skarb.rulebook.explain import Explanation
    from skarb.rulebook.kernel import Kernel

PARTS_MAX, NESTED_MAX = 100_000, 150  # nodes of a condition with those of its exceptions and theirs, and how deep
OUTCOMES_MAX = 1 << 15  # and levies; their numbers must fit a signed 16-bit column
DUTIES_MAX = 63  # bits of the duty mask; it must fit a signed 64-bit column

_CLASSES = {"refuse": 0, "refer": 1, "permit": 2}


@dataclass(frozen=True, slots=True)
class Outcome:
    """One answer that an edition can give."""

    verdict: Verdict
    provision: str
    measure: Measure = "none"
    assumed: bool = False


@dataclass(frozen=True, slots=True)
class Guard:
    """When a provision decides, if nothing before it does: its condition without its exceptions."""

    provision: Provision
    condition: Node
    result: int  # number of the outcome, duty or levy
    approved: int = 0  # number of the outcome when a second person has approved; 0 = approval changes nothing


class Edition:
    """The law of one day, ready to decide."""

    def __init__(
        self,
        country: Country,
        acts: Mapping[str, Act],
        provisions: Mapping[str, Provision],
        parameters: Mapping[str, Node],
        lists: Mapping[str, LawList],
        conditions: Mapping[str, Node],
        facts: type = Facts,
        features: Mapping[str, Feature] | None = None,
        like: Edition | None = None,
    ) -> None:
        """Fill in the values of the day.

        Provisions, conditions and features are checked trees that still name parameters and lists. Of the features those are kept that a
        provision or a condition names. A provision that means the same in an edition `like` this one is the same object in both, so what
        looks at many editions looks at it once.
        Raises: ConfigurationError if a provision needs a value that the day does not have.
        """
        self.country, self.facts = country, facts
        self.parameters = dict(sorted(parameters.items()))
        self.lists = dict(sorted(lists.items()))
        self.acts = {name: acts[name] for name in sorted({one.cites.act for one in provisions.values()})}
        self.open_conditions = dict(sorted(conditions.items()))
        self.open_provisions = {name: provisions[name] for name in sorted(provisions)}
        codes = {name: one.codes for name, one in self.lists.items()}
        self.open_features = self._named_features(features or {})
        self.features = {name: filled(one, self.parameters, codes) for name, one in self.open_features.items()}
        self.fields: Schema = with_features(schema(country.currency, facts), self.features.values(), country.currency)
        self.conditions = {name: fill(node, self.parameters, codes) for name, node in self.open_conditions.items()}
        known = {} if like is None else self._alike(like)
        self.provisions = {name: known.get(name) or self._filled(one, codes) for name, one in self.open_provisions.items()}
        exceptions: dict[str, list[str]] = {name: [] for name in self.provisions}
        for other, one in self.provisions.items():
            for name in exceptions.keys() & set(one.exception_of):
                exceptions[name].append(other)
        self.exceptions = {name: tuple(others) for name, others in exceptions.items()}
        circle = circle_of(self.exceptions)
        if circle:
            raise ConfigurationError(f"provisions are exceptions of each other in a circle: {', '.join(circle)}")
        self._measure()
        self._tables()

    def _alike(self, other: Edition) -> dict[str, Provision]:
        """Return the provisions of another edition that mean the same in this one."""
        ours, theirs = self.parameters | self.lists, other.parameters | other.lists
        changed = {name for name in ours.keys() | theirs.keys() if ours.get(name) != theirs.get(name)}
        for name, node in self.open_conditions.items():
            if other.open_conditions.get(name) is not node or (changed and names_of(node) & changed):
                changed.add(name)

        def same(one: Provision) -> bool:
            nodes = [node for node in (one.when, one.needs) if node is not None]
            return not changed or not any(names_of(node) & changed for node in nodes)

        return {
            name: other.provisions[name]
            for name, one in self.open_provisions.items()
            if other.open_provisions.get(name) is one and same(one)
        }

    def _filled(self, provision: Provision, codes: Mapping[str, tuple[str, ...]]) -> Provision:
        try:
            return replace(
                provision,
                when=provision.when and fill(provision.when, self.parameters, codes, self.conditions),
                needs=provision.needs and fill(provision.needs, self.parameters, codes, self.conditions),
            )
        except ConfigurationError as error:
            raise ConfigurationError(f"{provision.id}: {error}") from None

    def _named_features(self, features: Mapping[str, Feature]) -> dict[str, Feature]:
        nodes = [node for one in self.open_provisions.values() for node in (one.when, one.needs)]
        named = {name for node in (*nodes, *self.open_conditions.values()) for name in features_in(node, features)}
        return {name: features[name] for name in sorted(named)}

    def _measure(self) -> None:
        """Refuse conditions that grow too large with the exceptions of their exceptions, which stand in them."""
        sizes: dict[str, tuple[int, int]] = {}
        for name in after_exceptions(self.exceptions):
            one = self.provisions[name]
            own = [extent(node) for node in (one.when, one.needs) if node is not None]
            below = [sizes[other] for other in self.exceptions[name]]
            parts = sum(count for count, _ in (*own, *below))
            nested = max(max((deep for _, deep in own), default=0), max((2 + deep for _, deep in below), default=0))
            sizes[name] = parts, nested
            if parts > PARTS_MAX or nested > NESTED_MAX:
                raise ConfigurationError(
                    f"{name}: its condition has {parts} parts, nested {nested} deep, with those of its exceptions and theirs, expected "
                    f"at most {PARTS_MAX}, nested {NESTED_MAX} deep; name fewer provisions in `exception_of`"
                )

    def _tables(self) -> None:
        """Number the outcomes, duties and levies."""
        outcomes = [Outcome("refer", SILENCE), Outcome("permit", SILENCE)]
        self._number: dict[str, int] = {}
        for name, one in self.provisions.items():
            verdict = verdict_of(one)
            if verdict is not None:
                self._number[name] = len(outcomes)
                outcomes.append(Outcome(verdict, name, one.measure, one.grade == "B"))
                if verdict == "refer":
                    outcomes.append(Outcome("permit", name, "none", one.grade == "B"))
        self.outcomes: tuple[Outcome, ...] = tuple(outcomes)
        self.duty_ids: tuple[str, ...] = tuple(name for name, one in self.provisions.items() if is_duty(one))
        self.levy_ids: tuple[str, ...] = (
            "",
            *(name for name, one in self.provisions.items() if one.effect in ("levy", "exempt")),
        )
        if max(len(self.outcomes), len(self.levy_ids)) > OUTCOMES_MAX:
            raise ConfigurationError(
                f"there are {len(self.outcomes)} outcomes and {len(self.levy_ids)} levies, expected at most {OUTCOMES_MAX}"
            )
        if len(self.duty_ids) > DUTIES_MAX:
            raise ConfigurationError(
                f"{len(self.duty_ids)} duties are in force at once, expected at most {DUTIES_MAX}; "
                "mark those that no single instruction can breach with `standing: true`"
            )

    # -- order -----------------------------------------------------------------------------------------------------------------

    @cached_property
    def depths(self) -> Mapping[str, int]:
        """How deep each provision is as an exception of an exception; 0 for a general rule."""
        found: dict[str, int] = {}

        def depth(name: str) -> int:
            if name not in found:
                found[name] = 0
                parents = [one for one in self.provisions[name].exception_of if one in self.provisions]
                found[name] = 1 + max(map(depth, parents)) if parents else 0
            return found[name]

        for name in self.provisions:
            depth(name)
        return found

    def rank(self, provision: Provision) -> int:
        """Return how high the act stands that a provision is cited from; 0 is the highest."""
        return self.country.ranks.index(self.acts[provision.cites.act].rank)

    def _key(self, provision: Provision, first: int) -> tuple[int, int, int, int, int, str]:
        start = FIRST_DAY if provision.start is None else provision.start
        return first, -provision.precedence, self.rank(provision), -self.depths[provision.id], -start, provision.id

    @cached_property
    def order(self) -> tuple[str, ...]:
        """Ids of the provisions that can decide, the one that prevails first."""
        deciding = [self.provisions[name] for name in self._number]
        ranked = sorted(deciding, key=lambda one: self._key(one, _CLASSES[verdict_of(one) or "permit"]))
        return tuple(one.id for one in ranked)

    @cached_property
    def levy_order(self) -> tuple[str, ...]:
        """Ids of levies and exemptions, the one that prevails first: an exemption beats a levy."""
        levies = [self.provisions[name] for name in self.levy_ids[1:]]
        return tuple(one.id for one in sorted(levies, key=lambda one: self._key(one, one.effect == "levy")))

    # -- guards ----------------------------------------------------------------------------------------------------------------

    def applies_when(self, name: str, activity: str, done: dict[str, Node], *, simple: bool = True) -> Node:
        """Return when a provision applies: its activity and condition fit, and none of its exceptions applies.

        `done` keeps what was found for the same activity. Unless it is to be `simple`, what the activity decides stays in it.
        """
        if name not in done:
            one = self.provisions[name]
            own = both(self._concerns(one, activity), one.when or TRUE)
            own = narrow(own, {"activity": frozenset({activity})}) if activity and simple else own
            done[name] = (
                both(own, *(opposite(self.applies_when(other, activity, done, simple=simple)) for other in self.exceptions[name]))
                if own != FALSE
                else FALSE
            )
        return done[name]

    def _concerns(self, one: Provision, activity: str) -> Node:
        if activity:
            return TRUE if activity in one.activities else FALSE
        return TRUE if set(one.activities) == set(self.activities) else Within(Fact("activity"), Codes(one.activities))

    def guards(self, activity: str = "", *, simple: bool = True) -> list[Guard]:
        """Return the guards of one activity, or of all, in the order of decision, to be tried one after the other.

        Simple ones are left without what the activity decides and the failing of those before has settled; others are sooner made.
        """
        done: dict[str, Node] = {}
        found = []
        for name in self.order:
            one = self.provisions[name]
            condition = self.applies_when(name, activity, done, simple=simple)
            if condition == FALSE:
                continue
            if one.needs is not None:
                # The condition comes first: it may be what makes looking at the needs safe.
                needs = narrow(one.needs, {"activity": frozenset({activity})}) if activity and simple else one.needs
                condition = both(condition, opposite(needs))
            number = self._number[name]
            found.append(Guard(one, condition, number, number + 1 if self.outcomes[number].verdict == "refer" else 0))
        return settled(found) if simple else found

    def duty_guards(self, activity: str = "") -> list[Guard]:
        """Return the guards of duties, of one activity or of all; every one that holds counts."""
        done: dict[str, Node] = {}
        found = [
            Guard(self.provisions[name], self.applies_when(name, activity, done), bit) for bit, name in enumerate(self.duty_ids)
        ]
        return [guard for guard in found if guard.condition != FALSE]

    def levy_guards(self, activity: str = "") -> list[Guard]:
        """Return the guards of levies, of one activity or of all, in the order of decision, to be tried one after the other."""
        done: dict[str, Node] = {}
        numbers = {name: number for number, name in enumerate(self.levy_ids)}
        return settled(
            [Guard(self.provisions[name], self.applies_when(name, activity, done), numbers[name]) for name in self.levy_order]
        )

    @property
    def activities(self) -> tuple[str, ...]:
        """Every activity there is."""
        return self.fields["activity"].type.codes

    # -- features --------------------------------------------------------------------------------------------------------------

    @cached_property
    def asked(self) -> Mapping[str, tuple[int, ...]]:
        """Which features the law of an activity looks at, by their places among `features`; activities without any are left out."""
        places = {name: place for place, name in enumerate(self.features)}
        found: dict[str, set[int]] = {}
        for one in self.provisions.values():
            named = features_in(one.when, self.features) | features_in(one.needs, self.features)
            for activity in one.activities if named else ():
                found.setdefault(activity, set()).update(map(places.__getitem__, named))
        return {activity: tuple(sorted(named)) for activity, named in found.items()}

    def seen(self, facts: Any) -> Any:
        """Return facts whose totals can be read by the names of this edition's features."""
        return facts if isinstance(facts, Seen) or not self.features else Seen(facts, self.features)

    # -- deciding --------------------------------------------------------------------------------------------------------------

    @cached_property
    def decide(self) -> Callable[[Any], int]:
        """The generated function from facts to the number of the outcome in `outcomes`."""
        return python.compile_choice(self, self.guards, silence=(0, 1))

    @cached_property
    def duties(self) -> Callable[[Any], int]:
        """The generated function from facts to a bit mask over `duty_ids`."""
        return python.compile_mask(self, self.duty_guards)

    @cached_property
    def levy(self) -> Callable[[Any], int]:
        """The generated function from facts to the number of the levy in `levy_ids`."""
        return python.compile_choice(self, self.levy_guards, silence=(0, 0))

    @cached_property
    def kernel(self) -> Kernel:
        """The edition over columns of small numbers: outcome, duties and levy of every row.

        Raises: ConfigurationError for facts that such columns cannot hold.
        """
        from skarb.rulebook.kernel import Kernel  # one instruction needs neither it nor numpy

        return Kernel(self)

    def decision(self, facts: Any) -> Decision:
        """Decide one set of facts and name what decided."""
        return self.ruling(self.decide(facts), self.duties(facts), self.levy(facts))

    def ruling(self, outcome: int, duties: int, levy: int) -> Decision:
        """Return the decision that three numbers of this edition stand for."""
        one = self.outcomes[outcome]
        names = tuple(name for bit, name in enumerate(self.duty_ids) if duties >> bit & 1)
        return Decision(one.verdict, one.provision, one.measure, names, self.levy_ids[levy], one.assumed)

    def explain(self, facts: Any) -> Explanation:
        """Say why this edition decides facts as it does."""
        from skarb.rulebook.explain import explain  # it reads editions, so it cannot be imported before them

        return explain(self, facts)

    # -- normal form -----------------------------------------------------------------------------------------------------------

    @cached_property
    def normal(self) -> bytes:
        """The edition as canonical JSON."""
        return write_edition(self)

    @cached_property
    def hash(self) -> str:
        """SHA-256 of the normal form, hexadecimal."""
        return hashlib.sha256(self.normal).hexdigest()

    @classmethod
    def from_normal(cls, normal: bytes, facts: type = Facts) -> Edition:
        """Load an edition from its normal form and check it again.

        Raises: InputError if the bytes are not the normal form of an edition.
        """
        return read_edition(normal, cls, facts)


def settled(guards: Iterable[Guard]) -> list[Guard]:
    """Return guards that are tried one after the other, each without what the failing of those before it has settled."""
    guards = list(guards)
    settled_conditions = settle_in_turn([guard.condition for guard in guards])
    return [replace(guard, condition=one) for guard, one in zip(guards, settled_conditions, strict=True) if one != FALSE]


def verdict_of(provision: Provision) -> Verdict | None:
    """Return what a provision decides when it does; None when it never decides."""
    if provision.effect == "permit" or provision.effect == "refuse" or provision.effect == "refer":  # noqa: PLR1714
        return provision.effect
    return provision.otherwise if provision.has_needs else None


def is_duty(provision: Provision) -> bool:
    """Say whether a provision adds a duty to decisions."""
    return not provision.standing and (
        provision.effect == "report" or (provision.effect == "require" and not provision.has_needs)
    )

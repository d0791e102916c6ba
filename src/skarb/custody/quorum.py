"""Whether what is asked for may be done now: a pure function of the policy, the request, the signatures and what the book says.

It answers with everything that is missing, not with the first thing. More valid signatures never turn a yes into a no, signatures that
are not valid count for nothing and are named. Screening is one of the conditions like all others: without a clear answer nothing leaves.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from skarb.core.screening_list import ScreeningResult
from skarb.core.time import from_day
from skarb.custody.model import SPENDS, Holder, Place, Policy, Quorum, Request, Rule, Signed, hash_of
from skarb.custody.policy import problems_of
from skarb.custody.signatures import is_signed, wallet_is_proven

Verdict = Literal["permit", "refuse", "refer"]
LEGAL = "BYN"
_MINUTE = 60 * 10**9
_GRAVITY: dict[Verdict, int] = {"permit": 0, "refer": 1, "refuse": 2}


class Finding(NamedTuple):
    """One condition that is not met."""

    verdict: Verdict
    code: str
    says: str


@dataclass(frozen=True, kw_only=True)
class Circumstances:
    """What the book and the lists say at the moment of the decision."""

    now: int  # nanoseconds since 1970
    day: int  # the legal day of that moment
    lodged_at: int | None  # nanoseconds since 1970; None: the request was never lodged
    done: bool = False  # the request was carried out before
    freezings: tuple[str, ...] = ()  # hashes of those in force
    left_today: int = 0  # units of the asset that left the place this day, fees included
    held: int = 0  # units of the asset in the place
    screened: Mapping[str, ScreeningResult] = field(default_factory=dict)  # by what was asked about


@dataclass(frozen=True)
class Ruling:
    """The answer to a request."""

    findings: tuple[Finding, ...]
    approved_by: tuple[str, ...]  # holders whose approval counts
    quorum: Quorum | None  # that had to be met
    ignored: tuple[str, ...]  # why signatures that were handed in count for nothing

    @property
    def verdict(self) -> Verdict:
        """The gravest of all findings; permit without any."""
        return max((one.verdict for one in self.findings), key=_GRAVITY.__getitem__, default="permit")


def judge(policy: Policy, request: Request, signatures: Sequence[Signed], here: Circumstances) -> Ruling:
    """Return whether a request may be carried out now, and all that is missing."""
    findings: list[Finding] = []

    def refuse(code: str, says: str) -> None:
        findings.append(Finding("refuse", code, says))

    if request.book != policy.book:
        refuse("other_book", f"the request is for book {request.book!r}, this is {policy.book!r}")
    if here.done:
        refuse("done", "it was carried out before; an approval serves once: ask again")
    if request.policy != hash_of(policy):
        refuse(
            "other_policy", f"it was asked under policy {request.policy[:16]}…, in force is {hash_of(policy)[:16]}…: ask again"
        )
    if request.until < from_day(here.day).isoformat():
        refuse("too_late", f"it could be done until {request.until}, today is {from_day(here.day)}: ask again")
    quorum = policy.governance if request.kind not in SPENDS else None
    if request.kind in SPENDS:
        findings += _spend(policy, request, here)
        quorum = _rule(policy, request, here)
    elif request.kind == "unfreeze" and request.lifts not in here.freezings:
        refuse("no_freezing", f"there is no freezing {request.lifts[:16] or '(none named)'} in force")
    elif request.kind == "policy":
        findings += _next(policy, request)
    if here.freezings and request.kind in SPENDS:  # whose key was stolen is replaced while the book is frozen
        refuse(
            "frozen",
            f"the book is frozen ({', '.join(one[:16] for one in here.freezings)}); nothing leaves until a quorum lifts it",
        )
    asked, approved, ignored = _sorted(policy, request, signatures)
    if not asked:
        refuse("not_asked", f"{request.asked_by} is named as the one who asks and has not signed")
    if quorum is not None and request.kind != "freeze":
        findings += _missing(quorum, policy, approved, here)
    return Ruling(tuple(findings), tuple(sorted(one.name for one in approved)), quorum, tuple(ignored))


def governing(policy: Policy, signatures: Sequence[Signed]) -> list[str]:
    """Return what is missing for a first policy to hold: it is approved by the quorum that it names itself."""
    approved, ignored = dict[str, Holder](), list[str]()
    for one in signatures:
        said, holder = one.statement, policy.holder(one.statement.by)
        about = (said.document, said.book, said.says) == (hash_of(policy), policy.book, "approves")
        if holder is not None and about and is_signed(holder, one):
            approved[said.by] = holder
        else:
            ignored.append(f"the signature of {said.by} is not his approval of this policy")
    missing = [one.says for one in _agreed(policy.governance, policy, list(approved.values()))]
    return [*(str(one) for one in problems_of(policy, "policy")), *missing, *(ignored if missing else ())]


def is_asked(policy: Policy, request: Request, signature: Signed) -> bool:
    """Say whether a request is asked for under this policy, by the holder whom it names."""
    said, holder = signature.statement, policy.holder(request.asked_by)
    about = (said.document, said.book, said.by, said.says) == (hash_of(request), policy.book, request.asked_by, "asks")
    return holder is not None and about and request.policy == hash_of(policy) and is_signed(holder, signature)


def to_screen(policy: Policy, request: Request) -> tuple[str, ...]:
    """Return what must be screened before a request is decided: every address, and the owner of a destination."""
    if request.kind not in SPENDS:
        return ()
    found = [request.address] if request.address else []
    destination = policy.destination(request.to)
    return tuple(dict.fromkeys(found if destination is None else [*found, destination.owner]))


def _sorted(policy: Policy, request: Request, signatures: Sequence[Signed]) -> tuple[bool, list[Holder], list[str]]:
    """Return whether the request is asked for by whoever it names, whose approvals count, and why others do not."""
    asked, approved, ignored = False, dict[str, Holder](), list[str]()
    name = hash_of(request)
    for one in signatures:
        said = one.statement
        holder = policy.holder(said.by)
        if said.document != name or said.book != policy.book:
            ignored.append(f"the signature of {said.by} is about another document or book")
        elif holder is None:
            ignored.append(f"{said.by} is no holder under this policy")
        elif not is_signed(holder, one):
            ignored.append(f"the signature in the name of {said.by} was not made with his key")
        elif said.says == "asks":
            asked = asked or said.by == request.asked_by
        elif said.by == request.asked_by:
            ignored.append(f"{said.by} asks for it and cannot approve it, too")
        else:
            approved[said.by] = holder
    return asked, list(approved.values()), ignored


def _missing(quorum: Quorum, policy: Policy, approved: Sequence[Holder], here: Circumstances) -> list[Finding]:
    findings = _agreed(quorum, policy, approved)
    if here.lodged_at is None:
        findings.append(Finding("refuse", "not_lodged", "it was not lodged in the book; skarb reserve lodge does that"))
    elif (left := here.lodged_at + quorum.time_lock_minutes * _MINUTE - here.now) > 0:
        says = f"{-(-left // _MINUTE)} of {quorum.time_lock_minutes} minutes are left since it was lodged"
        findings.append(Finding("refuse", "time_lock", says))
    return findings


def _agreed(quorum: Quorum, policy: Policy, approved: Sequence[Holder]) -> list[Finding]:
    findings = []
    counts = Counter(one.role for one in approved if one.role in quorum.roles)
    able = [one for one in policy.holders if one.role in quorum.roles]
    if (given := sum(counts.values())) < quorum.approvals:
        waiting = ", ".join(one.name for one in able if one not in approved)
        says = f"{given} of {quorum.approvals} approvals of {len(able)} holders ({', '.join(quorum.roles)}); can still approve: {waiting}"
        findings.append(Finding("refuse", "quorum", says))
    for role, least in quorum.each.items():
        if counts[role] < least:
            findings.append(Finding("refuse", "quorum_role", f"{counts[role]} of {least} approvals by {role}"))
    return findings


def _spend(policy: Policy, request: Request, here: Circumstances) -> list[Finding]:
    findings: list[Finding] = []

    def refuse(code: str, says: str) -> None:
        findings.append(Finding("refuse", code, says))

    place, total = policy.place(request.place), request.units + request.fee_units
    if place is None or not request.asset or not request.units:
        refuse("incomplete", f"given place {request.place!r}, asset {request.asset!r}, units {request.units}; each is needed")
        return findings
    if total > here.held:
        refuse("not_enough", f"{total} {request.asset} with the fee, {here.held} are in {place.name}")
    rules = [rule for rule in place.rules if rule.asset == request.asset]
    if not rules:
        refuse("no_rule", f"no rule lets {request.asset} leave {place.name}")
    elif _rule(policy, request, here) is None:
        most = rules[-1]
        says = (
            f"{total} now and {here.left_today + total} this day with the fee; at most {most.units_max} at once and "
            f"{most.day_units_max} a day leave {place.name}"
        )
        refuse("limit", says)
    if request.to not in place.to:
        refuse("destination", f"from {place.name} nothing goes to {request.to!r}; allowed: {', '.join(place.to) or 'nothing'}")
    findings += _arrival(policy, request)
    for subject in to_screen(policy, request):
        found = here.screened.get(subject)
        if found is None or found.status == "unavailable":
            findings.append(
                Finding("refer", "not_screened", f"{subject}: no list is loaded, or one is missing; nothing leaves unscreened")
            )
        elif found.status == "listed":
            refuse("listed", f"{subject} is on {found.list} ({found.entry})")
        elif found.status == "possible":
            findings.append(
                Finding("refer", "possible_hit", f"{subject} may be on {found.list} ({found.entry}); two people decide")
            )
    return findings


def _arrival(policy: Policy, request: Request) -> list[Finding]:
    """Check that what leaves arrives where the policy knows it arrives."""
    place, destination = policy.place(request.to), policy.destination(request.to)
    findings: list[Finding] = []

    def refuse(code: str, says: str) -> None:
        findings.append(Finding("refuse", code, says))

    if request.kind == "move":
        if place is None:
            refuse("not_ours", f"{request.to!r} is no place of ours; what leaves the reserve is sold or paid")
        elif request.address not in place.addresses and not (
            request.asset == LEGAL and not place.addresses and not request.address
        ):
            refuse("address", f"{request.address or 'no address'} is none of {place.name}")
        return findings
    if destination is None:
        refuse("not_outside", f"{request.to!r} is no destination outside; between places assets are moved")
    else:
        if request.asset not in destination.assets:
            refuse("asset", f"{request.asset} is not sent to {destination.name}; allowed: {', '.join(destination.assets)}")
        if request.address != destination.address:
            refuse("address", f"{request.address or 'no address'} is not that of {destination.name}")
        if (destination.address or request.asset != LEGAL) and not wallet_is_proven(policy.book, destination):
            refuse("wallet", f"nobody proved that he has the key of {destination.address or 'a wallet'}")
    if not request.value_byn or not request.value_source:
        refuse("value", "what it brings or is worth in kopecks, with its source, is needed")
    if request.asset == LEGAL and request.value_byn != request.units:
        refuse("value", f"{request.units} kopecks are worth {request.units} and not {request.value_byn}")
    if request.kind == "sell" and (policy.place(request.proceeds_to) is None or request.asset == LEGAL):
        refuse(
            "proceeds",
            f"proceeds arrive in {request.proceeds_to!r}, expected a place of ours, and something else than {LEGAL} to sell",
        )
    return findings


def _next(policy: Policy, request: Request) -> list[Finding]:
    following = request.next
    if following is None:
        return [Finding("refuse", "no_policy", "the policy that shall hold is missing")]
    if (following.book, following.version) != (policy.book, policy.version + 1):
        says = f"version {following.version} of {following.book!r}, expected version {policy.version + 1} of {policy.book!r}"
        return [Finding("refuse", "policy_version", says)]
    return [Finding("refuse", "policy_flaw", str(one)) for one in problems_of(following, "next policy")]


def _rule(policy: Policy, request: Request, here: Circumstances) -> Rule | None:
    """Return the rule that applies: the first that suffices for what leaves now, and for all that leaves this day.

    So nobody gets by with fewer approvals by asking for small amounts one after the other.
    """
    place: Place | None = policy.place(request.place)
    total = request.units + request.fee_units
    for rule in place.rules if place is not None else ():
        if rule.asset == request.asset and total <= rule.units_max and here.left_today + total <= rule.day_units_max:
            return rule
    return None

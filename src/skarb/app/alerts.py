"""Alerts: transfers from files or a lake watched for schemes, and what an officer reads about each.

Nothing here decides about anybody: an alert names transfers and the provision that asks for attention to them. A look at an alert of a lake is a look
at people and is recorded with its purpose before it is shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from hashlib import blake2b
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import msgspec

from skarb.app.files import now
from skarb.app.law import law_folder, rulebook_of
from skarb.app.words import citation_of
from skarb.core.amount import parse_amount
from skarb.core.asset import currencies
from skarb.core.compiled import Kind
from skarb.core.errors import InputError, NotFound
from skarb.core.instruction import Instruction
from skarb.core.time import legal_day
from skarb.intake import read
from skarb.lake.open import database_path, open_lake
from skarb.oversight.typologies import Alert, Flow, Settings, Watch, read_settings
from skarb.oversight.typologies import read_lake as lake_reading
from skarb.oversight.typologies.legs import Deed, flow_of
from skarb.oversight.typologies.ranker import Model, ranked
from skarb.rulebook import Rulebook

SETTINGS = "typologies.yaml"
_TOKEN_DECIMALS = 8  # of a token that nobody has described; sizes are compared within it only


class Moved(msgspec.Struct, frozen=True, kw_only=True):
    """One transfer of an alert."""

    at: datetime
    sender: str
    receiver: str
    amount: str
    reference: str  # book/batch/row of a journal, or the id in a file


class Serves(msgspec.Struct, frozen=True, kw_only=True):
    """The provision that an alert serves."""

    provision: str
    title: str
    says: str
    citation: str
    certainty: str
    title_in: dict[str, str] = {}
    says_in: dict[str, str] = {}


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """An alert in full."""

    id: str
    family: str
    families: tuple[str, ...]
    score: int
    points: dict[str, int]
    features: dict[str, int]
    rank: float | None  # what the learned ranker makes of it; None where the queue is ordered by score
    contributions: dict[str, float]
    centre: str
    first: datetime
    last: datetime
    delay_hours: int
    institutions: tuple[str, ...]
    bounded: bool
    serves: Serves
    transfers: tuple[Moved, ...]


class Findings(msgspec.Struct, frozen=True, kw_only=True):
    """What a watch found."""

    settings: str
    transfers: int
    disturbed: int  # transfers that lie in alerts
    order: str  # what the queue is ordered by, in words
    bounds_met: dict[str, int]
    too_busy: dict[str, int]  # accounts that could not be followed to the end, and how often
    alerts: tuple[Told, ...]


def settings_of(law: str, over: str | None = None, at: datetime | None = None) -> Settings:
    """Return the settings of a law, with the changes of a file; "sample" is the one that comes with Skarb.

    Raises: NotFound, ConfigurationError
    """
    rulebook = rulebook_of(law)
    edition = rulebook.edition(legal_day(at or now(), rulebook.country.zone))

    def parameter(name: str) -> int:
        found = edition.parameters.get(name)
        value = getattr(found, "value", None)
        if not isinstance(value, int):
            raise NotFound(f"{SETTINGS} of {law}: the law has no amount {name!r} on that day")
        return value

    path = law_folder(law) / SETTINGS
    if over == "sample":
        with as_file(files("skarb.oversight.typologies").joinpath("sample.yaml")) as sample:
            return read_settings(path, parameter, Path(sample))
    return read_settings(path, parameter, None if over is None else Path(over))


def flow_from(source: Path, law: str) -> Flow:
    """Return the transfers of a lake, or of a file that the project's intake reads.

    Raises: NotFound, InputError
    """
    if database_path(source).is_file():
        with open_lake(source) as connection:
            return flow_of(lake_reading.deeds(connection), lake_reading.currency(connection), lake_reading.licensed(connection))
    if source.is_dir():
        raise NotFound(f"{source} is neither a lake nor a file of transfers")
    return flow_of(deeds_of_file(source), rulebook_of(law).country.currency)


def flow_from_all(sources: Sequence[Path], law: str) -> Flow:
    """Return the transfers of several files together, or of one lake."""
    if len(sources) == 1:
        return flow_from(sources[0], law)
    if any(database_path(one).is_file() for one in sources):
        raise InputError("given a lake and something else, expected one lake, or files")
    return flow_of((deed for one in sources for deed in deeds_of_file(one)), rulebook_of(law).country.currency)


def deeds_of_file(path: Path) -> Iterator[Deed]:
    """Yield what a file says was done; an account that names its institution before a colon is served by it.

    Raises: InputError naming the first row that cannot be read: of a file with holes nobody can say that nothing was found in it.
    """
    for reading in read(path):
        if reading.problems:
            raise InputError(
                f"{reading.source}: {reading.problems[0]}; {len(reading.problems)} rows of this batch cannot be read"
            )
        for row, instruction in zip(reading.rows, reading.instructions, strict=True):
            try:
                yield _deed(instruction)
            except InputError as error:
                raise InputError(f"{reading.source} row {row}: {error}") from None


def _deed(i: Instruction) -> Deed:
    other = i.counterparty or i.venue or i.wallet or "outside"
    return Deed(
        moment=int(i.at.timestamp()),
        activity=i.activity,
        party=i.party,
        other=other,
        asset=i.asset,
        units=_units(i.amount, i.asset),
        text=i.amount,
        paid_asset=i.consideration_asset or "",
        paid_units=_units(i.consideration, i.consideration_asset) if i.consideration and i.consideration_asset else -1,
        paid_text=i.consideration or "",
        value=-1,
        of_party=_institution(i.party),
        of_other=_institution(other),
        reference=i.id,
    )


def _units(text: str, asset: str) -> int:
    """Return an amount in smallest units; what is finer than that is cut off, as sizes are only compared here."""
    known = currencies().get(asset)
    decimals = known.decimals if known is not None else _TOKEN_DECIMALS
    whole, _, fraction = text.partition(".")
    kept = fraction[:decimals]
    return parse_amount(f"{whole}.{kept}" if kept else whole, decimals)


def _institution(account: str) -> str:
    return account.partition(":")[0] if ":" in account else "file"


def watched(flow: Flow, settings: Settings, kind: Kind | None = None) -> Watch:
    """Return a watch that has seen all of a flow; where no kind of kernel is named, one that is worth it."""
    watch = Watch(settings, expected=len(flow.transfers), kind=kind)
    watch.license(flow.licensed)
    watch.feed(flow.transfers)
    return watch


def find(
    flow: Flow,
    settings: Settings,
    law: str,
    model: Model | None = None,
    order: str = "score; no ranker was given",
    kind: Kind | None = None,
) -> Findings:
    """Return the alerts of a flow, in the order in which an officer should read them."""
    watch = watched(flow, settings, kind)
    alerts = watch.alerts()
    queue = ranked(alerts, model)
    return Findings(
        settings=settings.name,
        transfers=len(flow.transfers),
        disturbed=len({row for alert in alerts for row in alert.rows}),
        order=order,
        bounds_met=watch.bounds_met(),
        too_busy={flow.accounts[account]: times for account, times in watch.busy_accounts()},
        alerts=tuple(told(flow, alert, settings, rulebook_of(law), rank, shares) for alert, rank, shares in queue),
    )


def told(
    flow: Flow,
    alert: Alert,
    settings: Settings,
    rulebook: Rulebook,
    rank: float | None = None,
    shares: dict[str, float] | None = None,
) -> Told:
    """Return an alert with the names behind its numbers."""
    one = flow.transfers
    return Told(
        id=_name(flow, alert.rows[0]),
        family=alert.family,
        families=alert.families,
        score=alert.score,
        points=alert.points,
        features=alert.features,
        rank=rank,
        contributions=shares or {},
        centre=flow.accounts[alert.centre],
        first=_instant(alert.first),
        last=_instant(alert.last),
        delay_hours=alert.delay // 3600,
        institutions=tuple(flow.institutions[number] for number in alert.institutions),
        bounded=alert.bounded,
        serves=serves_of(rulebook, settings.families[alert.family].provision),
        transfers=tuple(
            Moved(
                at=_instant(int(one.moment[row])),
                sender=flow.accounts[int(one.sender[row])],
                receiver=flow.accounts[int(one.receiver[row])],
                amount=flow.amounts[row] if flow.amounts else str(int(one.size[row])),
                reference=flow.references[row],
            )
            for row in alert.rows
        ),
    )


def _name(flow: Flow, row: int) -> str:
    """Return the name of a scheme: a digest of where its first transfer stands, so it stays the same while scheme and stream grow."""
    words = (flow.references[row], int(flow.transfers.moment[row]), flow.amounts[row] if flow.amounts else "")
    return blake2b(repr(words).encode(), digest_size=6).hexdigest()


def serves_of(rulebook: Rulebook, provision: str) -> Serves:
    """Return a provision as an alert shows it.

    Raises: NotFound if the law has none of that name.
    """
    found = rulebook.pack.provisions.get(provision)
    if found is None:
        raise NotFound(f"{SETTINGS}: the law of {rulebook.country.name} has no provision {provision!r}")
    return Serves(
        provision=found.id,
        title=found.title,
        says=found.says,
        citation=citation_of(rulebook, provision),
        certainty=found.certainty,
        title_in=dict(found.title_in),
        says_in=dict(found.says_in),
    )


def rows_of(alerts: Iterable[Told]) -> Iterator[tuple[Any, ...]]:
    """Yield a line for each alert, in the columns of `COLUMNS`."""
    for one in alerts:
        yield (
            one.id,
            one.family,
            one.score,
            "" if one.rank is None else f"{one.rank:.3f}",
            len(one.transfers),
            one.features["accounts"],
            len(one.institutions),
            f"{one.first:%Y-%m-%d %H:%M}",
            f"{one.last:%Y-%m-%d %H:%M}",
            one.delay_hours,
            one.serves.provision,
        )


COLUMNS = ("id", "family", "score", "rank", "transfers", "accounts", "institutions", "first", "last", "delay_hours", "provision")


def _instant(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)

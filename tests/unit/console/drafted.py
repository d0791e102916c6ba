"""Drafts that never were, in every state that the console can show."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from skarb.app import draftmodel as d
from skarb.app import model as m
from skarb.rulebook.words import LANGUAGES

LIMIT, SMALL = "BY-M1-2027/limit", "BY-M1-2027/small-deals"


def turns(refused: int = 0, referred: int = 0, freed: int = 0, otherwise: int = 0) -> d.Turns:
    made = (d.Total(rows=rows, money=rows * 123_456) for rows in (refused, referred, freed, otherwise))
    return d.Turns(**dict(zip(("refused", "referred", "freed", "otherwise"), made, strict=True)))


def provision(name: str, effect: str) -> m.ProvisionView:
    return m.ProvisionView(
        id=name, title="At most the limit", act="Ukaz (made up)", citation="Ukaz (made up), 1", says="Only up to the limit.", effect=effect,
        measure="reject", activities=("token_transfer_out",), when="value > abroad.max", needs="", in_force_from=date(2027, 1, 1),
        in_force_to=None, status="in_force", authority=("NBRB",), certainty="primary_text", grade="A", exception_of=(), exceptions=(),
        parameters=(m.ParameterView(name="abroad.max", unit="base_unit", value="1800.00 BYN"),), sources=(), note="", counts=(),
        title_in={"be": "Не больш за ліміт", "ru": "Не больше лимита"}, says_in={"be": "Толькі ў межах ліміту.", "ru": "Только в пределах лимита."},
    )  # fmt: skip


def answer(name: str = "abroad") -> d.DraftAnswer:
    first = date(2026, 9, 14)
    days = tuple(
        d.Part(label=(first + timedelta(days=n)).isoformat(), turns=turns(n % 5, n % 3, n % 2, n == 3)) for n in range(30)
    )
    permit, refuse, free = (
        d.Step(verdict="permit", provision="BY-D8-2017/2.1"),
        d.Step(verdict="refuse", provision=LIMIT),
        d.Step(verdict="permit", provision=SMALL),
    )
    return d.DraftAnswer(
        id=name, title=dict.fromkeys(LANGUAGES, "Limits <b>abroad</b>"), act="Ukaz (made up)", note=dict.fromkeys(LANGUAGES, "Made up."),
        digest="0" * 64, heights={"burshtyn": 31},
        drafted_from=date(2027, 1, 1), begun=first, first=first, last=first + timedelta(days=29),
        made_at=datetime(2026, 10, 14, tzinfo=UTC), currency="BYN", decimals=2, rows=67_981, differing=0, turns=turns(60, 30, 15, 1),
        days=days, months=(d.Part(label="2026-09-01", turns=turns(34, 17, 8, 1)), d.Part(label="2026-10-01", turns=turns(26, 13, 7))),
        venues=(d.Part(label="none", turns=turns(60, 30)), d.Part(label="Levant Coins", turns=turns(freed=15, otherwise=1))),
        activities=(d.Part(label="token_transfer_out", turns=turns(60, 30)),),
        matrix=d.Matrix(
            before=(permit, d.Step(verdict="refer", provision="silence")), after=(refuse, free),
            cells=((d.Cell(total=d.Total(rows=60, money=1), shade=8), d.Cell(total=d.Total(), shade=0)),) * 2, same=(9, 0),
        ),
        provisions=(provision(LIMIT, "require"), provision(SMALL, "permit")), titles={LIMIT: dict.fromkeys(("be", "ru", "en"), "Limit")},
        people=17,
        largest=(
            d.Changed(
                place=m.Place(book="burshtyn", sequence=31, row=7), day=date(2026, 10, 14), activity="token_transfer_out", party="#17",
                venue="Levant Coins", asset="BTC", amount="0.5", value=11_712_345, before=permit, after=refuse,
            ),
            d.Changed(
                place=m.Place(book="burshtyn", sequence=31, row=3), day=date(2026, 10, 13), activity="token_buy_fiat", party="#3",
                venue=None, asset="BTC", amount=None, value=None, before=permit, after=free,
            ),
        ),
        unfunded=d.Total(rows=4, money=98_765),
        short=(
            d.Short(
                place=m.Place(book="burshtyn", sequence=30, row=2), day=date(2026, 10, 12), activity="fiat_pay", party="#8", venue=None,
                asset="BYN", amount="987.65", value=98_765,
            ),
        ),
    )  # fmt: skip


DONE = d.DraftsView(
    progress=d.Progress(stage="done"),
    drafts=(d.DraftLine(id="abroad", answer=answer()), d.DraftLine(id="broken", problem="draft.yaml: <oops> no title")),
)
EMPTY = d.DraftsView(progress=d.Progress(stage="past"))


def waiting(stage: d.Stage, subject: str = "") -> d.DraftsView:
    return d.DraftsView(progress=d.Progress(stage=stage, subject=subject), drafts=(d.DraftLine(id="abroad"),))

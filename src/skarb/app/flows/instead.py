"""What a draft of law would have kept from going abroad: its replay over a lake, laid on the money that was followed."""

from __future__ import annotations

from dataclasses import replace

import duckdb

from skarb.app.flows.asked import Asked
from skarb.app.law import draft_of, rulebook_of
from skarb.core.errors import InputError
from skarb.core.time import from_day
from skarb.oversight.changes import Changes
from skarb.oversight.flows.follow import Followed, follow
from skarb.oversight.flows.instead import Kept, kept_by_draft, kept_lines
from skarb.oversight.flows.model import Crossing
from skarb.oversight.replay import Question, replay
from skarb.reporting.flows import Instead
from skarb.rulebook.backdate import backdated


def instead_of(asked: Asked, connection: duckdb.DuckDBPyConnection | None, crossing: Crossing, found: Followed) -> Instead:
    """Replay a draft over the lake and pick out what it would have kept from going abroad."""
    if connection is None or asked.draft is None:
        raise InputError(f"{asked.source}: a draft is tried on what was decided; name the folder of a lake")
    if found.choices.conversion != "asset":
        found = follow(crossing.rows, replace(found.choices, conversion="asset"), asked.rule)
    law, draft = rulebook_of(asked.law), draft_of(asked.law, asked.draft)
    changes = Changes(connection)
    question = Question(law, backdated(draft, crossing.first), crossing.first, crossing.last)
    replay(connection, question, "as-would-have", None, changes.tell)
    changes.finish()
    kept = kept_by_draft(connection, found)
    places = kept_lines(found, kept, "place")
    sums = [sum(getattr(one, name) for one in places) for name in ("lots", "invested", "returned", "still")]
    return Instead(
        draft.id, draft.title_in.get(asked.language, draft.title), draft.hash, from_day(crossing.first), Kept("", *sums), places,
        tuple(sorted(kept_lines(found, kept, "month"), key=lambda one: one.label)),
    )  # fmt: skip

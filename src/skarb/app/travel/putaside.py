"""An officer's decision that somebody in a payload is not whom an entry of a list means.

It is the whitelisting that counts everywhere (`app.lists`): two people, a reason, a year at most, about the entry as it is now. Here it begins at the
request that is held, so nobody copies pseudonyms. What cannot mean anybody else is not put aside, and nothing is that does not hold the request.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from skarb.app.lists import whitelist
from skarb.app.setting import screen_of
from skarb.app.travel.persons import Obstacle
from skarb.core.errors import NotAllowed, NotFound
from skarb.registers import Registers, Summary


def put_aside(
    registers: Registers,
    obstacles: Sequence[Obstacle],
    hit: str,
    reason: str,
    by: str,
    approved_by: str,
    until: date | None,
) -> Summary:
    """Write down that the person of a request who meets an entry is somebody else.

    Raises: NotFound if the entry does not hold the request; NotAllowed if it cannot mean anybody else
    """
    met = [one for one in obstacles if one.hit == hit]
    if not met:
        held = ", ".join(dict.fromkeys(one.hit for one in obstacles)) or "nothing"
        raise NotFound(f"hit {hit!r}: it does not hold the request; what does is {held}")
    sure = next((one for one in met if one.status == "listed"), None)
    if sure is not None:
        raise NotAllowed(
            f"{hit} met by {sure.by} cannot be put aside: it means nobody else; ask the publisher or the authority, and reject the request"
        )
    subjects = list(dict.fromkeys(one.subject for one in met))
    if len(subjects) > 1:
        raise NotAllowed(
            f"{hit} is met by {len(subjects)} persons ({', '.join(subjects)}); decide about each: skarb screen whitelist add SUBJECT LIST ENTRY"
        )
    first = met[0]
    return whitelist(registers, screen_of(registers), first.subject, first.list, first.entry, reason, by, approved_by, until)

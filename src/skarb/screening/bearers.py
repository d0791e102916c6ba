"""Who bears a name like one on a list: known parties compared by name, each when somebody first asks about him.

What was found for a party is kept until more becomes known of him, so the road only looks it up. When lists change, the new and changed
entries are looked for among everybody known, not everybody among the lists.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from functools import cached_property
from typing import TYPE_CHECKING

from skarb.core.screening_list import Described, Identifiers, Listed, ScreeningList
from skarb.screening.model import Hit

if TYPE_CHECKING:
    from skarb.screening.names import Clients, NameScreen


class Bearers:
    """The parties of an institution beside the names on its lists."""

    def __init__(
        self,
        names: NameScreen | Callable[[], NameScreen],
        look: Callable[[str], Identifiers | None],
        everybody: Callable[[], Iterable[Identifiers]],
        clients: Clients | None = None,
    ) -> None:
        """Compare by `names`, which may be made when the first name is met.

        `look` tells what is known of a party now, `everybody` of all; `clients` are everybody's names, once spelled out.
        """
        self._given, self._look, self._everybody, self._clients = names, look, everybody, clients
        self._found: dict[str, tuple[Hit, ...]] = {}
        self._unread: dict[str, tuple[str, ...]] = {}

    @cached_property
    def _names(self) -> NameScreen:
        return self._given() if callable(self._given) else self._given

    @cached_property
    def _listed(self) -> dict[tuple[str, str], Listed]:
        return {(kept.list, kept.listed.entry): kept.listed for kept in self._names.names}

    @property
    def method(self) -> str:
        """By what means names are compared; printed on answers."""
        return self._names.method

    def hits(self, party: str) -> tuple[Hit, ...]:
        """Return the entries that a known party may be, by his names and all else that is known of him."""
        found = self._found.get(party)
        if found is None:
            known = self._look(party)
            found = self._found[party] = () if known is None else self.of(known)
        return found

    def unread(self, party: str) -> tuple[str, ...]:
        """Return why names of a known party could not be compared, if so: then he is not clear."""
        missed = self._unread.get(party)
        if missed is None:
            known = self._look(party)
            missed = self._unread[party] = () if known is None else self.unread_of(known)
        return missed

    def unread_of(self, known: Described) -> tuple[str, ...]:
        """Return why names of somebody could not be compared, if so."""
        if not known.names:
            return ()
        from skarb.screening.names.fold import unread  # loaded when there is something to compare

        return tuple([why for name in known.names if (why := unread(name.text))])

    def of(self, known: Described) -> tuple[Hit, ...]:
        """Return the entries that somebody may be."""
        if not known.names:
            return ()
        answer = self._names.search(known, most=None)  # all: when decisions put some aside, the others still stand
        return tuple(
            Hit(one.list, one.regime, self._listed[one.list, one.entry], False, "name") for one in answer.hits if one.stands
        )

    def learn(self, known: Identifiers) -> None:
        """Take in what became known of a party."""
        self._found.pop(known.party, None)
        self._unread.pop(known.party, None)
        if self._clients is not None:
            self._clients.add(known.party, [name.text for name in known.names], known.kind)

    def over(self, lists: Iterable[ScreeningList]) -> Bearers:
        """Return the same parties beside a newer set of lists."""
        newer = tuple(lists)
        return Bearers(lambda: self._names.over(newer), self._look, self._everybody, self._clients)

    def touched(self, entries: Collection[tuple[ScreeningList, Listed]]) -> set[str]:
        """Return the parties that some entries may be, whether they are on the lists now or were."""
        if not entries:
            return set()
        if self._clients is None:
            from skarb.screening.names import Clients  # what compares names is loaded when there is something to compare

            self._clients = Clients()
            for known in self._everybody():
                self._clients.add(known.party, [name.text for name in known.names], known.kind)
        few = [_only(found, listed) for found, listed in entries]
        return {one.party for one in self._clients.rescreen(self._names.over(few), self._look)}


def _only(found: ScreeningList, listed: Listed) -> ScreeningList:
    return ScreeningList(
        list=found.list,
        regime=found.regime,
        publisher=found.publisher,
        version=found.version,
        published=found.published,
        entries=(listed,),
    )

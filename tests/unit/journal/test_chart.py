"""The chart of accounts, while a page asks and the writer works."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from threading import Thread
from typing import overload

from skarb.journal.chart import Chart
from skarb.journal.model import Opening


class _Slow(Sequence[Opening]):
    """Openings that let another thread ask when the first of them is being entered."""

    def __init__(self, openings: Sequence[Opening], other: Thread) -> None:
        self._openings, self._other = openings, other

    @overload
    def __getitem__(self, index: int) -> Opening: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Opening]: ...
    def __getitem__(self, index: int | slice) -> Opening | Sequence[Opening]:
        return self._openings[index]

    def __len__(self) -> int:
        return len(self._openings)

    def __iter__(self) -> Iterator[Opening]:
        self._other.start()
        self._other.join(0.1)
        return iter(self._openings)


def test_who_asks_while_another_enters_what_was_told_waits_for_the_whole_of_it() -> None:
    chart, seen = Chart(), []
    asking = Thread(target=lambda: seen.append([one.address for one in chart.openings]))
    chart.learn(_Slow([Opening("client/anna", "ZZD"), Opening("client/boris", "ZZD")], asking), [b"a" * 16, b"b" * 16])
    assert set(chart.ids["ZZD"]) == {"client/anna", "client/boris"}
    asking.join()
    assert seen == [["client/anna", "client/boris"]]

"""A command to machines: told to all at once, then looked at.

A driver's "yes" is not believed alone, since some say yes when nobody answered them at all. So whoever acknowledged is polled, again and again for
some seconds; one that then still says of itself that it draws, or says nothing, is *unclear*. One that says it sleeps has acknowledged; that
is still no proof.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from skarb.fleet.courier import Courier
from skarb.fleet.model import Answer, Device, Request, Seen, Task

SETTLE_S = 10.0
_AGAIN_S = 1.0
Heard = Callable[[Device, Answer], None]


def poll(courier: Courier, devices: Sequence[Device], wait_s: float, heard: Heard | None = None) -> tuple[Answer, ...]:
    """Return what machines say of themselves."""
    return _asked(courier, "poll", devices, wait_s, heard)


def command(
    courier: Courier, task: Task, devices: Sequence[Device], wait_s: float, heard: Heard, settle_s: float = SETTLE_S
) -> tuple[Answer, ...]:
    """Tell machines to sleep or to wake, in the order given, and return how each of them answered; `heard` is called once for each."""

    def early(device: Device, answer: Answer) -> None:
        if answer.word != "ok":
            heard(device, answer)

    told = list(_asked(courier, task, devices, wait_s, early))
    open_ = [place for place, answer in enumerate(told) if answer.word == "ok"]
    until = time.monotonic() + settle_s
    while open_:
        seen = poll(courier, [devices[place] for place in open_], wait_s)
        last = time.monotonic() >= until
        left = []
        for place, answer in zip(open_, seen, strict=True):
            judged = _judged(task, devices[place], answer)
            if judged.word == "unclear" and not last:
                left.append(place)
            else:
                told[place] = replace(judged, id=place)
                heard(devices[place], told[place])
        open_ = left
        if open_:
            time.sleep(min(_AGAIN_S, max(0.0, until - time.monotonic())))
    return tuple(told)


def _asked(courier: Courier, task: Task, devices: Sequence[Device], wait_s: float, heard: Heard | None) -> tuple[Answer, ...]:
    requests = [Request(place, task, device.host, wait_s) for place, device in enumerate(devices)]
    return courier.ask(requests, None if heard is None else lambda request, answer: heard(devices[request.id], answer))


def _judged(task: Task, device: Device, answer: Answer) -> Answer:
    if answer.word != "ok" or answer.seen is None:
        return replace(answer, word="unclear", reason=f"acknowledged {task}, and then: {answer.reason}"[:120])
    if task == "sleep" and draws(answer.seen, device.rated_w):
        says = "hashing" if answer.seen.said_w is None else f"{answer.seen.said_w} W"
        return replace(answer, word="unclear", reason=f"acknowledged sleep, and still says of itself: {says}")
    return answer  # waking takes minutes; any word is enough


def draws(seen: Seen, rated_w: int) -> bool:
    """Return whether a machine says of itself that it draws; hash rates are means that fall slowly, so its watts go first."""
    return bool(seen.hashrate_gh_s) if seen.said_w is None else 2 * seen.said_w > rated_w

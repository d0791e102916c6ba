"""What a machine says beside what the register says of it. A difference is a question to its owner, and no finding about the machine."""

from __future__ import annotations

from skarb.fleet.model import Answer, Device

_SLOW_PERCENT, _MORE_PERCENT = 90, 110


def differences(device: Device, answer: Answer) -> tuple[str, ...]:
    """Return in words what differs from the register."""
    if answer.word == "unreachable":
        return ("missing: registered, and does not answer",)
    seen = answer.seen
    if seen is None:
        return ()
    found = []
    if not seen.model:
        found.append(f"model: registered {device.model}, and what it says is not known")
    elif _plain(device.model) not in (_plain(seen.model), _plain(seen.make + seen.model)):
        found.append(f"model: registered {device.model}, says {f'{seen.make} {seen.model}'.strip()}")
    if seen.hashrate_gh_s and seen.hashrate_gh_s * 100 < device.expected_gh_s * _SLOW_PERCENT:
        found.append(f"slow: expected {_th(device.expected_gh_s)} TH/s, says {_th(seen.hashrate_gh_s)}")
    if seen.hashrate_gh_s and seen.hashrate_gh_s * 100 > device.expected_gh_s * _MORE_PERCENT:
        found.append(f"fast: expected {_th(device.expected_gh_s)} TH/s, says {_th(seen.hashrate_gh_s)}")
    if seen.said_w and seen.said_w * 100 > device.rated_w * _MORE_PERCENT:
        found.append(f"power: registered {device.rated_w} W, says {seen.said_w} W")
    return tuple(found)


def _plain(text: str) -> str:
    return "".join(one for one in text.casefold() if one.isalnum() or one == "+")


def _th(giga: int) -> str:
    return f"{giga / 1000:g}"

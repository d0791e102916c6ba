"""The nouns of the fleet: a registered device, what is asked of it, what it says of itself, how it answered.

Requests and answers are also the lines between Skarb and the process of the drivers: one JSON object a line. Every answer is checked against these
types before anybody looks at it, for it comes from machines that nobody trusts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias

import msgspec

Task = Literal["poll", "sleep", "wake"]
Word = Literal["ok", "unreachable", "refused", "unclear"]
"""Answered or acknowledged; nobody there, or no word from it; it said no; it cannot be told what it did."""

TEXT_MOST = 120
Text: TypeAlias = Annotated[str, msgspec.Meta(max_length=TEXT_MOST)]
Whole: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=10**9)]
ERRORS_MOST = 8


@dataclass(frozen=True)
class Device:
    """A registered machine. Units: watts and GH/s by its name plate; priority 1 is cut last."""

    site: str
    id: str
    host: str
    port: int
    model: str
    priority: int
    rated_w: int
    expected_gh_s: int


@dataclass(frozen=True)
class Request:
    """One thing asked of one machine. Units: seconds."""

    id: int
    task: Task
    host: str
    wait_s: float = 8.0


@dataclass(frozen=True)
class Seen:
    """What a machine says of itself; None where it says nothing. Units: GH/s, watts, degrees Celsius, seconds."""

    make: Text = ""
    model: Text = ""
    firmware: Text = ""
    hashrate_gh_s: Whole | None = None
    said_w: Whole | None = None
    temperature_c: Annotated[int, msgspec.Meta(ge=-100, le=1000)] | None = None
    uptime_s: Whole | None = None
    errors: Annotated[tuple[Text, ...], msgspec.Meta(max_length=ERRORS_MOST)] = ()

    @property
    def says_something(self) -> bool:
        """True if there is any figure at all."""
        return (self.hashrate_gh_s, self.said_w, self.temperature_c) != (None, None, None)

    @property
    def state(self) -> str:
        """Hashing, idle or unknown, by its own word."""
        if self.hashrate_gh_s is None:
            return "unknown"
        return "hashing" if self.hashrate_gh_s else "idle"


@dataclass(frozen=True)
class Answer:
    """How one request ended. An answer that is not `ok` has a reason."""

    id: int
    word: Word
    reason: Text = ""
    seen: Seen | None = None


MAKERS = {
    "antminer": "default_antminer_web_password",
    "auradine": "default_auradine_web_password",
    "braiins": "default_bosminer_web_password",
    "elphapex": "default_elphapex_web_password",
    "epic": "default_epic_web_password",
    "fluminer": "default_fluminer_web_password",
    "goldshell": "default_goldshell_web_password",
    "hammer": "default_hammer_web_password",
    "hive": "default_hive_web_password",
    "iceriver": "default_iceriver_web_password",
    "innosilicon": "default_innosilicon_web_password",
    "mskminer": "default_mskminer_web_password",
    "vnish": "default_vnish_web_password",
    "volcminer": "default_volcminer_web_password",
    "whatsminer": "default_whatsminer_rpc_password",
}
"""Makers and firmwares that ask for a password, and what the drivers call it; others ask for none."""


@dataclass(frozen=True)
class Setup:
    """The first line to the process of the drivers: passwords by maker, where they are not the makers' own."""

    passwords: dict[str, str]


@dataclass(frozen=True)
class Greeting:
    """The first line from the process of the drivers: their version, or why they are not there."""

    drivers: Text = ""
    missing: Text = ""

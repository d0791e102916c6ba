"""One simulated machine: what it draws, and what it says that it draws. With a fault the two differ.

The clock is passed in. A machine keeps every change between awake and asleep with the second from which it holds, so what a meter would have
counted between two moments can be asked afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

FAULTS = {
    "silent": "takes the connection and never answers",
    "garbage": "answers with bytes that mean nothing",
    "drops": "breaks off in the middle of its answers",
    "floods": "answers without an end",
    "refuses": "says no to every command",
    "keeps": "acknowledges sleep, goes on, and says so when it is asked",
    "cheats": "acknowledges sleep, says that it sleeps, and draws as before; only a meter can tell",
    "late": "wakes half a minute after it was told to",
}
LATE_S = 30


@dataclass(frozen=True)
class Kind:
    """A model of machines. Units: watts, TH/s."""

    dialect: str
    model: str
    rated_w: int
    hashrate_th_s: int
    asleep_w: int = 60
    boards: int = 3
    chips: int = 108


S21 = Kind("luxos", "Antminer S21", 3500, 200)
S19 = Kind("luxos", "Antminer S19", 3250, 95, chips=76)
AVALON = Kind("avalon", "Avalon 1246", 3420, 90, chips=120)
M50S = Kind("whatsminer", "Whatsminer M50S VH30", 3276, 126, chips=105)


@dataclass
class Machine:
    """One machine at one address, asleep or awake since certain moments."""

    id: str
    site: str
    host: str
    kind: Kind
    fault: str = ""
    password: str = "admin"
    since: float = 0.0
    changes: list[tuple[float, bool]] = field(default_factory=list)  # from when, asleep

    def tell(self, asleep: bool, at: float) -> bool:
        """Take a command that holds from a moment on; returns whether the machine acknowledges it."""
        if self.fault == "refuses":
            return False
        if self.fault == "late" and not asleep:
            at += LATE_S
        self.changes.append((at, asleep))
        return True

    def asleep(self, now: float) -> bool:
        """Return whether the machine was last told to sleep."""
        return next((asleep for at, asleep in reversed(self.changes) if at <= now), False)

    def says_asleep(self, now: float) -> bool:
        """Return what it says of itself."""
        return self.asleep(now) and self.fault != "keeps"

    def says_w(self, now: float) -> int:
        """Return what it says that it draws."""
        return self.kind.asleep_w if self.says_asleep(now) else self.kind.rated_w

    def says_gh_s(self, now: float) -> int:
        """Return how fast it says that it hashes."""
        return 0 if self.says_asleep(now) else self.kind.hashrate_th_s * 1000

    def draws_w(self, now: float) -> int:
        """Return what it draws."""
        return self.kind.asleep_w if self.asleep(now) and self.fault not in ("keeps", "cheats") else self.kind.rated_w

    def energy_ws(self, first: float, last: float) -> float:
        """Return what it draws between two moments. Units: watt-seconds."""
        edges = sorted({first, last, *(at for at, _ in self.changes if first < at < last)})
        return sum(self.draws_w(begin) * (end - begin) for begin, end in pairwise(edges))

"""Who another provider is: its entry in the registers, its certificate, and how tokens are called between providers.

A connection is believed because of two things: a certificate authority that we trust signed the certificate, and the register
names its fingerprint under a provider with a licence. A name inside a certificate is believed by nobody.
"""

from __future__ import annotations

from collections.abc import Callable

from skarb.core.errors import NotAllowed, NotFound
from skarb.registers import Party, Registers, Token
from skarb.travelrule.exchange import Exchange
from skarb.travelrule.messages import Asset


class Directory:
    """The registers, as the travel rule asks them. Holds a cache per version and day, and no other state."""

    def __init__(self, registers: Callable[[], Registers]) -> None:
        """Ask the registers as they are now: whose certificate was withdrawn a minute ago is a stranger."""
        self._registers = registers
        self._made: tuple[bytes, int] | None = None
        self._parties: dict[str, Party] = {}
        self._owners: dict[str, list[str]] = {}
        self._codes: set[str] = set()
        self._by_dti: dict[str, str] = {}

    @property
    def version(self) -> bytes:
        """The version of the registers."""
        return self._registers().version

    def provider(self, name: str, day: int) -> Party:
        """Return the entry of a provider.

        Raises: NotFound; NotAllowed if it has no licence or no certificate on that day
        """
        self._learn(day)
        party = self._parties.get(name)
        if party is None:
            raise NotFound(f"provider {name!r} is not in the register of parties; skarb register import adds it")
        if not party.certificates:
            raise NotAllowed(
                f"the register names no certificate of {name!r}; record the fingerprint that it gave you by a way you trust"
            )
        return self._licensed(party, day)

    def owner(self, fingerprint: str, day: int) -> Party:
        """Return the provider whose certificate this is.

        Raises: NotAllowed if it is nobody's, several ones', or of somebody without a licence
        """
        self._learn(day)
        owners = self._owners.get(fingerprint, [])
        if len(owners) != 1:
            said = f"{' and '.join(owners)} share it" if owners else "the register knows nobody who has it"
            raise NotAllowed(f"certificate {fingerprint}: {said}")
        return self._licensed(self._parties[owners[0]], day)

    def asset(self, code: str, day: int) -> Asset:
        """Return how a token is called between providers: by its identifier of ISO 24165 where the register has it, else by its symbol."""
        self._learn(day)
        dti = next((dti for dti, known in self._by_dti.items() if known == code), None)
        return Asset(dti=dti) if dti is not None else Asset(slip0044=code)

    def code(self, exchange: Exchange, day: int) -> str:
        """Return our code of an exchange's token, empty if we do not know it."""
        self._learn(day)
        kind, _, value = exchange.asset.partition(":")
        if kind == "dti":
            return self._by_dti.get(value.upper(), "")
        return value.upper() if kind == "slip0044" and value.upper() in self._codes else ""

    def _licensed(self, party: Party, day: int) -> Party:
        profile = self._registers().profile(party.party, day)
        if profile is None or profile.licence == "none":
            raise NotAllowed(f"{party.party!r} is no provider with a licence on that day")
        return party

    def _learn(self, day: int) -> None:
        registers = self._registers()
        made = (registers.version, day)
        if made == self._made:
            return
        parties = [one for one in registers.states("parties", day) if isinstance(one, Party)]
        self._parties = {one.party: one for one in parties}
        self._owners = {}
        for one in parties:
            for fingerprint in one.certificates:
                self._owners.setdefault(fingerprint, []).append(one.party)
        tokens = [one for one in registers.states("tokens", day) if isinstance(one, Token)]
        self._codes = {one.code for one in tokens}
        self._by_dti = {one.dti: one.code for one in tokens if one.dti}
        self._made = made

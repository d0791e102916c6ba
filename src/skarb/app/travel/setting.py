"""An office on disk: who we are, where we listen, whose word we take.

```yaml
# office.yaml; paths are seen from its folder
party: alpha                     # our name in the registers
law: by
registers: ../market             # the folder with registers.jsonl
url: https://travel.alpha.example:8443
listen: 0.0.0.0:8443
certificate: alpha.pem           # what we show to others
key: alpha.key
trust: authorities.pem           # certificate authorities that we believe
answer: person                   # or: automatic — approve what is complete, reject what is not
pay_to: {}                       # automatic answers: where clients are paid, by account number in the payload; "*" for all
terms: {answer_hours: 72, confirm_hours: 72}
rescreen_days: 30                # whose payloads are compared again when lists change, besides those of open exchanges
registration_authorities: ""     # GLEIF's list (JSON, CSV, or one code a line); without it only the pattern of codes is checked
```
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import sleep
from typing import Annotated, Literal

import msgspec
import yaml

from skarb.app.files import now
from skarb.app.law import law_folder, rulebook_of
from skarb.app.looks import Looks
from skarb.app.setting import open_registers, screen_of
from skarb.app.travel.directory import Directory
from skarb.app.travel.keys import add_key, read_keys
from skarb.app.travel.office import RECENT_DAYS, Office, Send
from skarb.app.travel.persons import Persons
from skarb.app.travel.ruling import asking
from skarb.app.travel.shelf import Shelf
from skarb.app.travel.wire import Credentials, post
from skarb.core.errors import ConfigurationError, Conflict, InputError, NotFound
from skarb.core.time import Clock
from skarb.registers import Registers
from skarb.registers.read import text_of
from skarb.screening import Screen
from skarb.store.sealed import SealedStore
from skarb.travelrule.exchange import Terms
from skarb.travelrule.required import load_requirements

_AUTHORITY = re.compile(r"\bRA\d{6}\b")


class OfficeFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What `office.yaml` says."""

    party: str
    law: str
    registers: str
    url: str
    listen: str
    certificate: str
    key: str
    trust: str
    answer: Literal["person", "automatic"] = "person"
    pay_to: dict[str, str] = {}
    terms: Terms = Terms()
    rescreen_days: Annotated[int, msgspec.Meta(ge=1)] = RECENT_DAYS
    registration_authorities: str = ""


def read_office_file(folder: Path) -> OfficeFile:
    """Read what an office says about itself.

    Raises: NotFound, ConfigurationError
    """
    path = folder / "office.yaml"
    try:
        found = msgspec.convert(yaml.safe_load(path.read_text(encoding="utf-8")), OfficeFile)
    except FileNotFoundError:
        raise NotFound(f"{folder} is no office: it has no office.yaml; skarb travel init {folder} makes one") from None
    except (yaml.YAMLError, msgspec.ValidationError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}: {error}") from None
    if not found.url.startswith("https://"):
        raise ConfigurationError(f"{path}: url: given {found.url!r}, expected https://…; nothing travels unprotected")
    return found


def make_office(folder: Path, file: OfficeFile) -> None:
    """Make the folder of a new office, with a first sealing key.

    Raises: Conflict if there is an office already
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "office.yaml"
    if path.exists():
        raise Conflict(f"{folder} is an office already; name another folder")
    path.write_text(yaml.safe_dump(msgspec.to_builtins(file), sort_keys=False), encoding="utf-8")
    if not (folder / "sealing.keys").exists():
        add_key(folder / "sealing.keys", now().strftime("%Y-%m-%d"))


@contextmanager
def open_shelf(folder: Path, clock: Clock = now) -> Iterator[Shelf]:
    """Open the sealed payloads of an office."""
    with SealedStore(folder / "payloads.db") as store:
        yield Shelf(store, read_keys(folder / "sealing.keys"), Looks(folder / "looks.jsonl", clock))


@contextmanager
def open_office(folder: Path, clock: Clock = now) -> Iterator[Office]:
    """Open an office.

    Raises: NotFound, ConfigurationError, NotAllowed, Unavailable
    """
    file = read_office_file(folder)
    registers = folder / file.registers
    if not (registers / "registers.jsonl").is_file():
        raise NotFound(f"{folder}/office.yaml: registers: there is no registers.jsonl in {registers}")
    current = registers_now(file.law, registers, clock)
    with open_shelf(folder, clock) as shelf:
        yield Office(
            shelf,
            Directory(current),
            party=file.party,
            url=file.url,
            requirements=load_requirements(law_folder(file.law)),
            clock=clock,
            zone=rulebook_of(file.law).country.zone,
            terms=file.terms,
            authorities=_authorities(folder, file),
            pay_to=None if file.answer == "person" else file.pay_to,
            persons=Persons(screen_now(current), clock, shelf, lambda party: current().described(party)),
            law=asking(rulebook_of(file.law), current, file.party),
        )


def registers_now(law: str, folder: Path, clock: Clock) -> Callable[[], Registers]:
    """Return what gives the registers of a folder, read again when somebody has recorded something."""
    path = folder / "registers.jsonl"
    kept: tuple[tuple[int, int], Registers] | None = None

    def current() -> Registers:
        nonlocal kept
        about = path.stat()
        seen = (about.st_mtime_ns, about.st_size)
        if kept is None or kept[0] != seen:
            kept = (seen, open_registers(law, folder, clock))
        return kept[1]

    return current


def screen_now(registers: Callable[[], Registers]) -> Callable[[], Screen]:
    """Return what gives the screen over the registers as they are; it is made anew when something was recorded."""
    kept: tuple[Registers, bytes, Screen] | None = None

    def current() -> Screen:
        nonlocal kept
        found = registers()
        if kept is None or kept[0] is not found or kept[1] != found.version:
            kept = (found, found.version, screen_of(found))
        return kept[2]

    return current


def credentials_of(folder: Path, file: OfficeFile) -> Credentials:
    """Return with what an office shows who it is."""
    return Credentials(folder / file.certificate, folder / file.key, folder / file.trust)


def sender_of(folder: Path, file: OfficeFile) -> Send:
    """Return the way to other providers."""
    credentials = credentials_of(folder, file)
    return lambda url, headers, body, expected: post(
        url, headers, body, credentials, expected, pause=lambda attempt: sleep(attempt / 2)
    )


def _authorities(folder: Path, file: OfficeFile) -> frozenset[str]:
    if not file.registration_authorities:
        return frozenset()
    path = folder / file.registration_authorities
    if not path.is_file():
        raise NotFound(f"{folder}/office.yaml: registration_authorities: there is no file {path}")
    return read_authorities(path)


def read_authorities(path: Path) -> frozenset[str]:
    """Return the codes of registration authorities that a file names: GLEIF's list as JSON or CSV, gzip too, or one code a line.

    Raises: NotFound, InputError
    """
    if not path.is_file():
        raise NotFound(f"there is no file {path}")
    codes = frozenset(_AUTHORITY.findall(text_of(path.read_bytes(), str(path))))
    if not codes:
        raise InputError(f"{path}: no code of a registration authority, expected some such as RA000628")
    return codes

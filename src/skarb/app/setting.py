"""The setting in which an institution works: its law, its registers, its lists, and who it is.

A market has all of them in a folder. Whoever only wants to try a file gets the country's own registers, a made-up institution with the licence
he names, and the country's example lists; everything that is made up is said so in `notes`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from skarb.app.law import law_folder, rulebook_of
from skarb.core.counted import counted
from skarb.core.errors import InputError, NotFound
from skarb.core.party import Licence
from skarb.core.screening_list import RequiredList, ScreeningList
from skarb.core.time import Clock
from skarb.registers import Admission, Entry, Party, RegisterFile, Registers, load_country_defaults, read_screening_list
from skarb.rulebook import Rulebook
from skarb.screening import Screen

if TYPE_CHECKING:
    from skarb.screening.names import NameScreen

MADE_UP: Final = "simulated-"  # how the lists of a simulated market begin
EXAMPLE_OPERATOR: Final = "example-institution"
_LONG_AGO = date(1991, 1, 1)


@dataclass(frozen=True)
class Setting:
    """Everything that a desk needs besides its book."""

    law: str
    rulebook: Rulebook
    registers: Registers
    screen: Screen
    operator: str
    notes: tuple[str, ...] = field(default=())  # what was made up or is missing, for whoever reads the answer


def open_registers(law: str, folder: Path | None, clock: Clock, *, required: tuple[RequiredList, ...] | None = None) -> Registers:
    """Return the registers kept in a folder, or new ones in memory, starting with what the country's folder says.

    The country names the lists without which nobody is clear, and no folder asks for less. In the folder of a market the list that the
    simulation made for a regime stands for the one that the law names, and every answer says so; `required` is for examples.
    """
    defaults = load_country_defaults(law_folder(law))
    if required is None and folder is not None and (folder / "market.yaml").is_file():
        required = tuple(msgspec.structs.replace(one, stand_in=f"{MADE_UP}{one.regime}") for one in defaults.required_lists)
    if required is not None:
        defaults = msgspec.structs.replace(defaults, required_lists=required)
    registers = Registers(defaults, clock=clock, file=None if folder is None else RegisterFile(folder))
    if not registers.recordings:
        registers.record_defaults()
    return registers


def screen_of(registers: Registers) -> Screen:
    """Return the screen over the lists, policies and decisions that the registers hold, and let profiles say what it finds.

    Names are compared where a list tells names; what does that is loaded when somebody who has a name is met.
    """
    lists, names = registers.lists(), None
    if any(listed.names or listed.name for found in lists for listed in found.entries):
        from skarb.screening.bearers import Bearers

        names = Bearers(lambda: _names_on(lists), registers.described, registers.everybody)
    screen = Screen(
        lists,
        registers.everybody(),
        registers.country.required_lists,
        measures=registers.measures(registers.today),
        whitelist=registers.whitelist(),
        today=lambda: registers.today,
        names=names,
    )
    registers.screened_by(screen.party, screen.learn)
    return screen


def _names_on(lists: Sequence[ScreeningList]) -> NameScreen:
    from skarb.screening.names import NameScreen

    return NameScreen(lists)


def setting_of(law: str, registers: Registers, operator: str, notes: Sequence[str] = ()) -> Setting:
    """Return the setting of an institution in the registers."""
    screen = screen_of(registers)
    said = list(notes)
    if screen.stamps:
        said.append(
            "screened against "
            + ", ".join(f"{s.list} of {s.published} ({counted(s.count, 'entry', 'entries')})" for s in screen.stamps)
        )
    said += screen.eased
    if screen.missing:
        said.append(f"every instruction is referred: {'; '.join(screen.missing)} (skarb screen import)")
    return Setting(law, rulebook_of(law), registers, screen, operator, tuple(said))


def folder_setting(law: str, folder: Path, operator: str | None, clock: Clock) -> Setting:
    """Return the setting of an institution whose registers lie in a folder.

    Raises: NotFound if there are no registers, or they do not know the institution.
    """
    if not (folder / "registers.jsonl").is_file():
        raise NotFound(f"{folder} holds no registers; skarb register import FILE --to {folder} makes some")
    registers = open_registers(law, folder, clock)
    if operator is None or not registers.history("parties", operator):
        raise NotFound(f"operator {operator!r}: expected an institution that the registers in {folder} know")
    return setting_of(law, registers, operator, (f"registers and lists are those in {folder}",))


def example_registers(law: str, clock: Clock) -> Registers:
    """Return the country's own registers and its example lists, in memory.

    Raises: NotFound, RulebookError, ConfigurationError, InputError
    """
    lists = []
    for path in sorted(law_folder(law).glob("screening/*.json")):
        found = read_screening_list(path.read_bytes(), path.name)
        if isinstance(found, tuple):
            raise InputError("\n".join(map(str, found)))
        lists.append((found, path.name))
    registers = open_registers(law, None, clock, required=tuple(RequiredList(list=found.list) for found, _ in lists))
    for found, name in lists:
        registers.record_list(found, name)
    return registers


def example_setting(law: str, registers: Registers, licence: Licence) -> Setting:
    """Return a setting to try a file in: example registers, and a made-up institution with a licence and all gates passed."""
    registers.record(example_institution(registers.country.home, licence), "example institution")
    notes = (
        f"the institution is made up: a {licence.replace('_', ' ')} that has passed every gate (--as chooses another)",
        "registers and lists are the examples that come with the law (--market names your own)",
    )
    return setting_of(law, registers, EXAMPLE_OPERATOR, notes)


def example_institution(home: str, licence: Licence) -> tuple[Entry, ...]:
    """Return the register entries of a made-up institution that has passed every gate."""
    party = Party(
        party=EXAMPLE_OPERATOR,
        kind="legal_entity",
        country=home,
        resident=True,
        identified=True,
        valid_from=_LONG_AGO,
        example=True,
    )
    gates = (
        ("regime", "central_bank") if licence == "crypto_bank" else (("central_bank",) if licence in _CENTRAL else ("regime",))
    )
    admissions = (
        Admission(party=EXAMPLE_OPERATOR, gate=gate, licence=licence, valid_from=_LONG_AGO, example=True)  # type: ignore[arg-type]
        for gate in gates
    )
    return (party, *admissions)


_CENTRAL = ("bank", "nonbank_credit", "payment_provider")

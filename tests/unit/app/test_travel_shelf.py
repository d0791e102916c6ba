"""Payloads at rest: sealed, opened only with a purpose, forgotten with their key; and what may be known without opening them."""

from __future__ import annotations

import os
import threading
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from skarb.app.looks import Looks
from skarb.app.setting import open_registers
from skarb.app.travel.directory import Directory
from skarb.app.travel.inline import carries_payloads
from skarb.app.travel.keys import VARIABLE, SealingKeys, add_key, read_keys
from skarb.app.travel.setting import registers_now
from skarb.app.travel.shelf import Shelf
from skarb.app.travel.standing import missing, settle, standing_of
from skarb.core.errors import ConfigurationError, Conflict, InputError, NotAllowed, NotFound, Unavailable
from skarb.core.instruction import Instruction
from skarb.core.time import parse_day
from skarb.registers import Admission, Party
from skarb.store.sealed import SealedStore

AT = datetime(2026, 10, 1, tzinfo=UTC)


def shelf(folder: Path, keys: SealingKeys | None = None) -> Shelf:
    if keys is None and not (folder / "keys").exists():
        add_key(folder / "keys", "first")
    return Shelf(
        SealedStore(folder / "payloads.db"), keys or read_keys(folder / "keys"), Looks(folder / "looks.jsonl", lambda: AT)
    )


def test_a_payload_comes_back_and_the_look_is_written_first(tmp_path: Path) -> None:
    here = shelf(tmp_path)
    kept = here.keep("instruction/1", b"secret", (), AT)
    assert b"secret" not in (tmp_path / "payloads.db").read_bytes()
    with pytest.raises(InputError, match="purpose"):
        here.open(kept.reference, "")
    assert not (tmp_path / "looks.jsonl").exists()
    assert here.open(kept.reference, "why") == b"secret"
    assert [(look.purpose, look.subject) for look in Looks(tmp_path / "looks.jsonl", lambda: AT).all()] == [
        ("why", f"travel/{kept.reference}")
    ]
    with pytest.raises(NotFound):
        here.open("0" * 64, "why")


def test_a_new_key_seals_and_the_old_one_opens_until_it_is_taken_away(tmp_path: Path) -> None:
    old = shelf(tmp_path).keep("instruction/1", b"one", (), AT)
    add_key(tmp_path / "keys", "second")
    after = shelf(tmp_path)
    new = after.keep("instruction/2", b"two", (), AT)
    assert (old.key, new.key) == ("first", "second")
    assert after.keep("instruction/1", b"one", (), AT) == old, "the same payload has the same reference under any key"
    assert [after.open(one.reference, "why") for one in (old, new)] == [b"one", b"two"]
    with pytest.raises(Conflict):
        add_key(tmp_path / "keys", "second")
    lines = (tmp_path / "keys").read_text().splitlines()
    (tmp_path / "keys").write_text(lines[1] + "\n")
    forgetful = shelf(tmp_path)
    assert forgetful.open(new.reference, "why") == b"two"
    with pytest.raises(Unavailable, match="first"):
        forgetful.open(old.reference, "why")
    assert forgetful.kept(old.reference) == old


def test_a_new_key_stands_on_a_line_of_its_own(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    add_key(file, "first")
    file.write_text(file.read_text().rstrip("\n"))  # as an editor leaves it
    add_key(file, "second")
    assert read_keys(file).current == "second"
    assert [line.split()[0] for line in file.read_text().splitlines()] == ["first", "second"]


def test_references_cannot_be_tried_without_the_key(tmp_path: Path) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    for folder in (first, second):
        folder.mkdir()
    kept = [shelf(folder).keep("instruction/1", b"same", (), AT).reference for folder in (first, second)]
    assert kept[0] != kept[1]


def test_another_payload_for_the_same_thing_is_a_conflict(tmp_path: Path) -> None:
    here = shelf(tmp_path)
    here.keep("instruction/1", b"one", (), AT)
    with pytest.raises(Conflict):
        here.keep("instruction/1", b"two", (), AT)


@pytest.mark.parametrize("place", [0, 5, 12, 30, -1])
def test_a_changed_seal_does_not_open(place: int) -> None:
    keys = SealingKeys({"k": os.urandom(32)})
    sealed = bytearray(keys.seal(b"secret", "a"))
    assert keys.open(bytes(sealed), "a") == b"secret"
    sealed[place] ^= 1
    with pytest.raises((NotAllowed, Unavailable)):
        keys.open(bytes(sealed), "a")
    with pytest.raises(NotAllowed):
        keys.open(keys.seal(b"secret", "a"), "b")


@pytest.mark.parametrize("text", ["", "# nothing", "a", "a AAAA", "a !!!!", "a b c"])
def test_keys_that_are_none_are_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "keys").write_text(text)
    (tmp_path / "keys").chmod(0o600)
    with pytest.raises(ConfigurationError):
        read_keys(tmp_path / "keys")


@pytest.mark.skipif(os.name != "posix", reason="rights of files are those of POSIX")
def test_keys_that_others_can_read_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    add_key(tmp_path / "keys", "k")
    (tmp_path / "keys").chmod(0o644)
    with pytest.raises(NotAllowed, match="chmod 600"):
        read_keys(tmp_path / "keys")
    monkeypatch.setenv(VARIABLE, (tmp_path / "keys").read_text())
    assert read_keys(tmp_path / "nowhere").current == "k"


def test_a_step_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    with SealedStore(tmp_path / "x.db") as store:
        store.write(records=[("k", "a", b"1", None)])
        with pytest.raises(Conflict):
            store.write(sealed=[("s", b"s")], records=[("k", "b", b"1", None), ("k", "a", b"2", None)], waiting=[("w", b"w")])
        assert (store.record("k", "a"), store.record("k", "b"), store.sealed("s"), store.waiting()) == (b"1", None, None, [])
        store.write(records=[("k", "a", b"2", b"1")], waiting=[("w", b"w")])
        (waits,) = store.waiting()
        store.write(sent=[waits.number])
        assert store.waiting() == []


def test_of_two_that_change_the_same_one_is_told(tmp_path: Path) -> None:
    with SealedStore(tmp_path / "x.db") as store:
        store.write(records=[("k", "a", b"0", None)])
        lost: list[int] = []

        def change(number: int) -> None:
            try:
                store.write(records=[("k", "a", str(number).encode(), b"0")])
            except Conflict:
                lost.append(number)

        threads = [threading.Thread(target=change, args=(number,)) for number in range(1, 9)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(lost) == 7 and store.record("k", "a") == str(({*range(1, 9)} - {*lost}).pop()).encode()


def transfer(name: str, reference: str | None, **more: Any) -> Instruction:
    declared = {"travel_payload": reference} if reference else {}
    given = {
        "id": name,
        "at": AT,
        "activity": "token_transfer_out",
        "party": "a",
        "asset": "BTC",
        "amount": "1",
        "declared": declared,
        **more,
    }
    return msgspec.convert(given, Instruction)


def test_a_payload_belongs_to_its_instruction(tmp_path: Path) -> None:
    here = shelf(tmp_path)
    full = here.keep("instruction/1", b"1", (), AT).reference
    thin = here.keep("instruction/2", b"2", ("beneficiary.account", "originator.name"), AT).reference
    lacks = standing_of(here)
    assert lacks(transfer("1", full)) == ()
    assert lacks(transfer("3", full)) == ("payload (it belongs to another instruction)",)
    assert lacks(transfer("1", None)) == ("payload",)
    assert lacks(transfer("1", "0" * 64)) == ("payload (not kept here)",)
    assert lacks(transfer("2", thin)) == ("beneficiary.account", "originator.name")
    assert lacks(transfer("2", thin, wallet="BTC:x")) == ("originator.name",), "the instruction names the account itself"
    assert missing(lacks, transfer("2", thin), "refer") == "beneficiary.account, originator.name"
    assert missing(lacks, transfer("2", thin), "permit") == missing(None, transfer("2", thin), "refer") == ""


def test_a_payload_is_used_once_and_given_back_when_nothing_came_of_it(tmp_path: Path) -> None:
    here = shelf(tmp_path)
    assert (here.used_by("r"), here.use("r", "1"), here.use("r", "2"), here.used_by("r")) == (None, "1", "1", "1")
    settle(here, transfer("2", "r"), "refused")  # it never had it
    settle(here, transfer("1", "r"), "referred")  # it still waits
    assert here.used_by("r") == "1"
    settle(here, transfer("1", "r"), "not_posted")
    assert (here.used_by("r"), here.use("r", "2")) == (None, "2")


def test_a_file_is_looked_through_across_blocks(tmp_path: Path) -> None:
    row = b'{"id":"1","travel_payload":{}}\n'
    for name, content, expected in (
        ("a.jsonl", row, True),
        ("b.jsonl", b'{"id":"' + b"x" * ((1 << 20) - 20) + b'"}\n' + row, True),
        ("c.jsonl", b'{"id":"1","declared":{"travel_payload":"' + b"0" * 64 + b'"}}\n', False),
        ("d.csv", row, False),
    ):
        (tmp_path / name).write_bytes(content)
        assert carries_payloads(tmp_path / name) == expected, name


def test_an_office_sees_what_is_recorded_while_it_is_open(tmp_path: Path) -> None:
    registers = open_registers("zz", tmp_path, lambda: AT)
    directory = Directory(registers_now("zz", tmp_path, lambda: AT))
    known = {"kind": "legal_entity", "country": "ZZ", "resident": True, "identified": True}
    admission = Admission(party="beta", gate="regime", licence="platform", valid_from=date(2020, 1, 1))
    party = Party(party="beta", certificates=("1" * 64,), valid_from=date(2020, 1, 1), **known)
    day = parse_day("2026-10-01")
    with pytest.raises(NotAllowed, match="knows nobody"):
        directory.owner("1" * 64, day)
    assert not registers.record([party, admission], "x").problems
    assert directory.owner("1" * 64, day).party == "beta"
    assert not registers.record(
        [msgspec.structs.replace(party, certificates=("2" * 64,), valid_from=date(2026, 10, 1))], "x"
    ).problems
    with pytest.raises(NotAllowed):
        directory.owner("1" * 64, day)
    assert directory.owner("2" * 64, day).party == "beta"
    twin = msgspec.structs.replace(party, party="gamma", certificates=("2" * 64,))
    assert not registers.record([twin], "x").problems
    with pytest.raises(NotAllowed, match="share"):
        directory.owner("2" * 64, day)

"""Both sides in public: what is owed, what is there, and what every user can check alone."""

from __future__ import annotations

import importlib.util
import json
import random
import sys
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

import msgspec
import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from skarb.app.custody.solvency import (
    check_paper,
    cover,
    must_be_of,
    owed_by_book,
    paper_bytes,
    plant_all,
    publish,
    read_owed,
    read_paper,
    read_signatures,
    read_snapshot,
)
from skarb.app.files import now
from skarb.app.keys import Keyring
from skarb.app.proof import open_prover
from skarb.core.errors import InputError, NotFound
from skarb.core.transfer import TRANSFER
from skarb.custody.assets import asset_text, is_true
from skarb.custody.liabilities import LiabilityProof, Owed, is_counted, liabilities_bytes, proof_at, prove
from skarb.journal import NewAccount, open_ledger
from skarb.store import Damaged

ROOT = Path(__file__).parents[3]
_spec = importlib.util.spec_from_file_location("custody_people", ROOT / "tests" / "unit" / "custody" / "conftest.py")
assert _spec is not None and _spec.loader is not None
people = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(people)

KEY, AT, SECRET = Ed25519PrivateKey.from_private_bytes(b"k" * 32), "2026-06-30T21:00:00Z", b"s" * 32
RING = Keyring([KEY.public_key()])
OWED = {"BTC": [Owed(f"user {number}", number * 7) for number in range(11)], "BYN": [Owed("Алена", 1 << 70), Owed("user 3", 5)]}


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("book") / "reserve.book"
    with open_ledger(path, clock=now, name="reserve") as ledger:
        ledger.open_accounts([NewAccount("client/anna", "BYN"), NewAccount("client/boris", "BYN"), NewAccount("own", "BYN")])
        one = bytearray(TRANSFER.itemsize)
        one[0:8] = (1).to_bytes(8, "little")
        record = np.frombuffer(one, TRANSFER)
        for name, account in (("debit", ledger.account("own", "BYN")), ("credit", ledger.account("client/anna", "BYN"))):
            record[f"{name}_lo"], record[f"{name}_hi"] = np.frombuffer(account, "<u8")
        record["amount_lo"], record["ledger"], record["code"] = 250, 1, 1
        assert ledger.post(record).tolist() == [0]
    return path


@pytest.fixture(scope="module")
def published(book: Path):
    with open_prover(book, KEY) as prover:
        return publish(plant_all(OWED, SECRET, AT), prover.head(), AT, KEY)


@pytest.fixture(scope="module")
def check_alone():
    """The verifier that stands alone."""
    sys.path.insert(0, str(ROOT / "examples"))
    spec = importlib.util.spec_from_file_location("check_liability", ROOT / "examples" / "check_liability.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    sys.path.pop(0)
    public = KEY.public_key().public_bytes_raw()
    return lambda data: module.check(data, {sha256(public).hexdigest(): public})


def holds(paper) -> bool:
    return all(step.holds for step in check_paper(paper, RING))


def test_every_user_can_check_alone_that_he_was_counted(published, check_alone) -> None:
    assert holds(published)
    for tree in plant_all(OWED, SECRET, AT):
        for user, units in OWED[tree.asset]:
            proof = prove(tree, user, published)
            data = paper_bytes(proof)
            assert read_paper(data, "f") == proof and holds(proof)
            assert check_alone(data)["units"] == str(units)
            assert proof.user.endswith(f":{user}")
        with pytest.raises(NotFound):
            prove(tree, "user 99", published)


def test_trees_follow_from_file_secret_and_instant_and_say_nothing_of_the_order(published) -> None:
    trees = plant_all(OWED, SECRET, AT)
    must_be_of(trees, published)
    shuffled = {asset: random.Random(1).sample(rows, len(rows)) for asset, rows in OWED.items()}
    must_be_of(plant_all(shuffled, SECRET, AT), published)
    for owed, secret, at in (
        (OWED, b"t" * 32, AT),
        (OWED, SECRET, "2026-07-01T21:00:00Z"),
        ({**OWED, "BYN": [Owed("user 3", 6)]}, SECRET, AT),
    ):
        with pytest.raises(InputError, match="roots are not those"):
            must_be_of(plant_all(owed, secret, at), published)
    salts = {user.partition(":")[0] for tree in trees for user in tree.users}
    assert len(salts) == 13, "one salt for each user and asset"
    assert [user[33:] for user in trees[0].users] != [one.user for one in OWED["BTC"]]


def test_any_byte_changed_proves_nothing(published, check_alone) -> None:
    data = paper_bytes(prove(plant_all(OWED, SECRET, AT)[0], "user 3", published))
    draw, letters = random.Random(5), [place for place, byte in enumerate(data) if chr(byte) in "abcdef"]
    places = [(draw.randrange(len(data)), 1 << draw.randrange(8)) for _ in range(30)]
    for place, bit in [
        *places,
        *((place, 0x20) for place in draw.sample(letters, 8)),
    ]:  # hashes in capital letters are another file
        changed = data[:place] + bytes([data[place] ^ bit]) + data[place + 1 :]
        with pytest.raises(Exception):  # noqa: B017  whatever it is, it is not accepted
            check_alone(changed)
        with suppress(Damaged):
            assert not holds(read_paper(changed, "f"))


def test_an_operator_who_lies_in_the_file_is_found_out(published) -> None:
    proof = prove(plant_all(OWED, SECRET, AT)[0], "user 3", published)
    path = proof.path
    for wrong in (
        {"units": "20"},
        {"units": "22"},
        {"index": proof.index ^ 1},
        {"user": "x" + proof.user[1:]},
        {"asset": "BYN"},
        {"asset": "ETH"},
        {"format": "skarb liability proof 2"},
        {"path": path[:-1]},
        {"path": ((path[0][0], str(int(path[0][1]) + 1)), *path[1:])},
        {"path": ((path[0][0], "9" * 39), *path[1:])},
    ):
        assert not is_counted(msgspec.structs.replace(proof, **wrong)), wrong
    padded = paper_bytes(msgspec.structs.replace(proof, path=((path[0][0] + "\n", path[0][1]), *path[1:])))
    with pytest.raises(Damaged):  # the same hash, written otherwise
        read_paper(padded, "f")
    totals = published.statement.totals
    less = msgspec.structs.replace(totals[0], total="1")
    forged = msgspec.structs.replace(published, statement=msgspec.structs.replace(published.statement, totals=(less, totals[1])))
    assert not holds(forged)
    stranger = Ed25519PrivateKey.from_private_bytes(b"x" * 32)
    assert not all(step.holds for step in check_paper(published, Keyring([stranger.public_key()])))


def test_an_asset_in_two_parts_that_the_same_coins_would_cover_is_found_out(published, check_alone) -> None:
    first, *others = published.statement.totals
    half = msgspec.structs.replace(first, total="0")
    statement = msgspec.structs.replace(published.statement, totals=(first, half, *others))
    split = msgspec.structs.replace(published, statement=statement, signature=KEY.sign(liabilities_bytes(statement)).hex())
    assert [step.says for step in check_paper(split, RING) if not step.holds] == ["each asset has one root and one total"]
    proof = prove(plant_all(OWED, SECRET, AT)[0], "user 3", split)
    assert not holds(proof)
    with pytest.raises(Exception, match="one root and one total"):
        check_alone(paper_bytes(proof))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "row 1"),
        ("user,asset,units\n", "no row"),
        ("user,asset,units\na,BTC,-1\n", "units"),
        ("user,asset,units\na,BTC,1.5\n", "units"),
        ("user,asset,units\na,BTC\n", "2 fields"),
        ("user,asset,units\n,BTC,1\n", "expected both"),
        ("user,asset,units\na,BTC,1", "cut"),
        ("user,asset,units\na,BTC,1\na,BTC,2\n", "stands twice"),
    ],
)
def test_what_is_owed_is_read_strictly(text: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        plant_all(read_owed(text.encode(), "owed.csv"), SECRET, AT)


def test_a_short_secret_and_an_odd_instant_are_refused() -> None:
    with pytest.raises(InputError, match="at least 16"):
        plant_all(OWED, b"short", AT)
    with pytest.raises(InputError, match="--at"):
        plant_all(OWED, SECRET, "yesterday")
    with pytest.raises(InputError, match="owed -1"):
        plant_all({"BTC": [Owed("a", 5), Owed("b", -1)]}, SECRET, AT)


def test_a_book_says_itself_what_it_owes(book: Path) -> None:
    assert owed_by_book(book, "client") == {"BYN": [Owed("anna", 250), Owed("boris", 0)]}
    with pytest.raises(NotFound):
        owed_by_book(book, "cli")


def snapshot(*rows: tuple[str, int], block: str = "a" * 64) -> bytes:
    return ("address,units,height,block\n" + "".join(f"{address},{units},900000,{block}\n" for address, units in rows)).encode()


def test_what_is_owed_is_covered_by_addresses_that_signed_for_it(published, book: Path) -> None:
    secrets = {people.address(number): number for number in (21, 22, 23)}
    rows = [(address, 200 * number) for number, address in enumerate(secrets, 1)]
    balances, moment = read_snapshot(snapshot(*rows), "snap.csv")
    signed = {address: people.bitcoin(asset_text(published.statement, address), secret) for address, secret in secrets.items()}
    first, second, third = secrets
    elsewhere = msgspec.structs.replace(published.statement, at="2026-06-29T21:00:00Z")
    signed[third] = people.bitcoin(asset_text(elsewhere, third), secrets[third])  # signed for yesterday's
    with open_prover(book, KEY) as prover:
        head = prover.head()
    made, left_out = cover(published, signed, balances, moment, {"BTC": 1}, head, AT, KEY)
    assert len(left_out) == 1 and third in left_out[0]
    btc, byn = made.statement.covers
    assert (btc.owed, btc.proven, btc.covered) == ("385", "600", True) and (byn.proven, byn.covered, byn.proven_root) == (
        "0",
        False,
        None,
    )
    data = paper_bytes(made)
    assert read_paper(data, "f") == made and holds(made)
    statement = made.statement
    one = statement.addresses[0]
    for wrong in (
        {"addresses": (msgspec.structs.replace(one, units="9999"), *statement.addresses[1:])},
        {"addresses": (one, one)},
        {"addresses": statement.addresses[:1]},
        {"addresses": (msgspec.structs.replace(one, signature="AAAA"), *statement.addresses[1:])},
        {"addresses": (msgspec.structs.replace(one, address="XRP:what"), *statement.addresses[1:])},
        {"covers": (btc, msgspec.structs.replace(byn, covered=True))},
        {"format": "other"},
    ):
        assert is_true(msgspec.structs.replace(statement, **wrong)), wrong
    less, _ = cover(published, {first: signed[first]}, balances, moment, {}, head, AT, KEY)
    with pytest.raises(InputError, match="expected an instant"):
        cover(published, signed, balances, moment, {}, head, "yesterday", KEY)
    assert not less.statement.covers[0].covered, "200 of 385"
    assert second in secrets


def test_balances_of_different_moments_do_not_add_up() -> None:
    one, other = people.address(21), people.address(22)
    mixed = snapshot((one, 1)) + f"{other},1,900001,{'b' * 64}\n".encode()
    for data, said in (
        (mixed, "one block"),
        (snapshot((one, 1), (one, 2)), "twice"),
        (snapshot(("BTC:x", 1)), "address"),
        (snapshot((one, 1), block="z"), "block"),
    ):
        with pytest.raises(InputError, match=said):
            read_snapshot(data, "snap.csv")
    with pytest.raises(InputError, match="twice"):
        read_signatures(f"address,signature\n{one},a\n{one},b\n".encode(), "s.csv")


def test_files_that_are_none_are_said_to_be_none(published) -> None:
    data = paper_bytes(published)
    for wrong in (
        b"",
        b"{}",
        b"[]",
        b"null",
        data + b" ",
        json.dumps(json.loads(data)).encode(),
        data[:100],
        b"\xff\xfe",
        b"[" * 50_000,
    ):
        with pytest.raises(Damaged):
            read_paper(wrong, "f")
    tree = plant_all(OWED, SECRET, AT)[0]
    assert isinstance(read_paper(paper_bytes(proof_at(tree, 0, published)), "f"), LiabilityProof)

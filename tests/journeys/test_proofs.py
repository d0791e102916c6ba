"""A client and a supervisor go home with proofs: they hold with nothing but the public key, and not after any change."""

import importlib.util
import json
import random
import subprocess
import sys
from base64 import b64encode
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from msgspec.structs import replace

from skarb.app.keys import Keyring, make_key, public_path, read_private, read_public, sign
from skarb.app.looks import Looks, beside
from skarb.app.proof import DoesNotHold, open_prover
from skarb.core.errors import NotFound
from skarb.journal import open_book
from skarb.journal.leaves import canonical
from skarb.journal.merkle import place
from skarb.journal.proofs import HeadFile, Proof, check, proof_bytes, read_proof
from skarb.journal.tree import tree_path
from skarb.store import Damaged

EXAMPLE = Path(__file__).parents[2] / "examples" / "check_proof.py"
SIZES = (1, 30, 300, 1, 5)
WHY = "a test"


def load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


small = load(Path(__file__).with_name("small_book.py"))
example = load(EXAMPLE)
example.signed = cache(example.signed)  # most changes leave the signature alone; it is slow without a library


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A book of six batches, and a key beside it."""
    folder = tmp_path_factory.mktemp("bank")
    start = 0
    for size in SIZES:
        with small.create(folder / "bank.book", name="the bank “é”") as book:
            small.hand_in(book, [small.instruction(number) for number in range(start, start + size)])
        start += size
    make_key(folder / "bank.key")
    return folder


@pytest.fixture(scope="module")
def ring(bank: Path) -> Keyring:
    return Keyring([read_public(bank / "bank.key.pub")])


@pytest.fixture(scope="module")
def keys(bank: Path) -> dict[str, bytes]:
    data = example.read_key(bank / "bank.key.pub")
    return {example.sha(data).hex(): data}


@pytest.fixture(scope="module")
def proofs(bank: Path) -> dict[str, Proof]:
    with open_prover(bank / "bank.book", read_private(bank / "bank.key")) as prover:
        return {
            "head": HeadFile(head=prover.head()),
            "inclusion": prover.include("i-000101", WHY),
            "balance": prover.balance("client/p1/money", "ZZD", WHY),
            "consistency": prover.consistent(prover.head(3)),
        }


def holds(data: bytes, ring: Keyring) -> bool:
    try:
        return all(step.holds for step in check(read_proof(data), ring.signed))
    except Damaged:
        return False


def holds_outside(data: bytes, keys: dict[str, bytes]) -> bool:
    try:
        return bool(example.check(data, keys))
    except Exception:
        return False


def form(document: Any) -> bytes:
    return (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode()


KINDS = ("head", "inclusion", "balance", "consistency")


@pytest.mark.parametrize("kind", KINDS)
def test_a_proof_holds_inside_and_outside(kind: str, proofs: dict[str, Proof], ring: Keyring, keys: dict[str, bytes]) -> None:
    data = proof_bytes(proofs[kind])
    assert holds(data, ring)
    assert holds_outside(data, keys)
    assert form(json.loads(data)) == data
    assert not holds(data, Keyring([]))
    assert not holds_outside(data, {})


@pytest.mark.parametrize("kind", KINDS)
def test_every_byte_is_guarded(kind: str, proofs: dict[str, Proof], ring: Keyring, keys: dict[str, bytes]) -> None:
    data, chance = proof_bytes(proofs[kind]), random.Random(kind)
    for at in range(len(data)):
        changed = bytearray(data)
        changed[at] ^= 0x20 if at % 2 else 1 << chance.randrange(8)
        assert not holds(bytes(changed), ring), at
        if at % 17 == 0:
            assert not holds_outside(bytes(changed), keys), at
    for at in range(0, len(data), 50):
        assert not holds(data[:at] + data[at + 1 :], ring)
        assert not holds(data[:at], ring)
        assert not holds_outside(data[:at] + b" " + data[at:], keys)


def changes(value: Any, put: Callable[[Any], None]) -> Iterator[None]:
    """Change one place of a document after the other; each change is taken back."""
    if isinstance(value, dict):
        for name in list(value):
            yield from changes(value[name], lambda new, name=name: value.__setitem__(name, new))
        value["more"] = 1
        yield
        del value["more"]
    elif isinstance(value, list):
        for place in range(len(value)):
            yield from changes(value[place], lambda new, place=place: value.__setitem__(place, new))
        for extra in value[:1] or ["00" * 32]:
            value.append(extra)
            yield
            value.pop()
    news = {
        bool: lambda: [not value, int(value)],
        int: lambda: [value + 1, value - 1, -value - 1, float(value), str(value), True],
        str: lambda: [value + "0", value[:-1] + chr(ord(value[-1]) ^ 1) if value else "x", value.upper() + " ", None, ""],
        type(None): lambda: [0, ""],
        dict: lambda: [{}],
        list: lambda: [],
    }
    for new in news[type(value)]():
        if new != value or type(new) is not type(value):
            put(new)
            yield
    put(value)


@pytest.mark.parametrize("kind", KINDS)
def test_every_field_is_guarded(kind: str, proofs: dict[str, Proof], ring: Keyring, keys: dict[str, bytes]) -> None:
    document = json.loads(proof_bytes(proofs[kind]))
    count = 0
    for _ in changes(document, lambda _: None):
        data = form(document)
        if data == proof_bytes(proofs[kind]):
            continue
        count += 1
        assert not holds(data, ring), data.decode()
        assert not holds_outside(data, keys), data.decode()
    assert count > 30
    assert holds(form(document), ring)


def test_words_and_leaf_changed_together_lose_the_path(proofs: dict[str, Proof], ring: Keyring, keys: dict[str, bytes]) -> None:
    for kind, change in (
        ("inclusion", lambda words: words["instruction"].update(amount="999.00")),
        ("inclusion", lambda words: words.update(outcome="refused")),
        ("balance", lambda words: words.update(credits_posted="99999999")),
    ):
        document = json.loads(proof_bytes(proofs[kind]))
        change(document["words"])
        document["leaf"] = b64encode(canonical(document["words"])).decode()
        assert not holds(form(document), ring)
        assert not holds_outside(form(document), keys)


def test_parts_of_two_proofs_do_not_make_one(bank: Path, proofs: dict[str, Proof], ring: Keyring, keys: dict[str, bytes]) -> None:
    with open_prover(bank / "bank.book", read_private(bank / "bank.key")) as prover:
        other = {"inclusion": prover.include("i-000102", WHY), "balance": prover.balance("client/p1/money", "ZZD", WHY, 4)}
    for kind, proof in other.items():
        one, two = (json.loads(proof_bytes(which)) for which in (proofs[kind], proof))
        for name in ("head", "leaf", "words", "index", "path"):
            mixed = deepcopy(one)
            mixed[name] = two[name]
            if mixed != one:
                assert not holds(form(mixed), ring), name
                assert not holds_outside(form(mixed), keys), name


def test_a_head_signed_by_somebody_else(bank: Path, tmp_path: Path, proofs: dict[str, Proof], ring: Keyring) -> None:
    make_key(tmp_path / "other.key")
    with open_prover(bank / "bank.book", read_private(tmp_path / "other.key")) as prover:
        foreign = prover.include("i-000101", WHY)
    assert not holds(proof_bytes(foreign), ring)
    other = read_public(tmp_path / "other.key.pub")
    assert holds(proof_bytes(foreign), Keyring([other, read_public(bank / "bank.key.pub")]))
    lying = json.loads(proof_bytes(foreign))
    lying["head"]["statement"]["key"] = proofs["head"].head.statement.key
    assert not holds(form(lying), ring)


def test_what_the_institution_itself_signs_must_fit_together(
    bank: Path, proofs: dict[str, Proof], ring: Keyring, keys: dict[str, bytes]
) -> None:
    """Everything is signed by the right key, but the head does not speak of this leaf, or of this book."""
    key = read_private(bank / "bank.key")
    for kind, which, changed in (
        ("inclusion", "head", {"book": "another"}),
        ("inclusion", "head", {"height": 3}),  # the leaf is of batch 4
        ("balance", "head", {"book": "another"}),
        ("balance", "head", {"height": 5}),
        ("consistency", "head", {"book": "another"}),
        ("consistency", "earlier", {"height": 7}),
        ("consistency", "earlier", {"height": 6}),  # one batch, two chain heads
        ("consistency", "earlier", {"size": 50}),
        ("head", "head", {"format": "skarb head 2"}),
    ):
        proof = proofs[kind]
        lying = sign(replace(getattr(proof, which).statement, **changed), key)
        data = proof_bytes(replace(proof, **{which: lying}))
        assert not holds(data, ring), (kind, changed)
        assert not holds_outside(data, keys), (kind, changed)


def test_a_head_of_other_balances_is_found_out(bank: Path, proofs: dict[str, Proof]) -> None:
    statement = proofs["head"].head.statement
    lying = sign(replace(statement, balances_root=statement.journal_root), read_private(bank / "bank.key"))
    with (
        open_prover(bank / "bank.book", lying) as prover,
        pytest.raises(DoesNotHold, match="balances_root of the head of batch 6"),
    ):
        prover.balance("client/p1/money", "ZZD", WHY)


def test_a_signature_has_one_form(proofs: dict[str, Proof], ring: Keyring, keys: dict[str, bytes]) -> None:
    """RFC 8032, section 5.1.7: the second half of a signature lies below the order of the group."""
    document = json.loads(proof_bytes(proofs["head"]))
    first, second = document["head"]["signature"][:64], document["head"]["signature"][64:]
    larger = int.from_bytes(bytes.fromhex(second), "little") + example.L
    document["head"]["signature"] = first + larger.to_bytes(32, "little").hex()
    assert not holds(form(document), ring)
    assert not holds_outside(form(document), keys)


def test_true_is_not_one(bank: Path, ring: Keyring, keys: dict[str, bytes]) -> None:
    with open_prover(bank / "bank.book", read_private(bank / "bank.key")) as prover:
        document = json.loads(proof_bytes(prover.include("fund-1", WHY)))
    assert document["index"] == 1
    assert holds_outside(form(document), keys)
    document["index"] = True
    assert not holds(form(document), ring)
    assert not holds_outside(form(document), keys)


def test_a_proof_shows_nobody_else(proofs: dict[str, Proof]) -> None:
    own = {"p3", "p4"}  # party and counterparty of i-000101
    assert proofs["inclusion"].words["instruction"]["party"] == "p3"
    text = proof_bytes(proofs["inclusion"]).decode()
    assert not [name for name in small.PARTIES if name not in own and f'"{name}"' in text]
    assert "facts" not in text and "screening" not in text


def test_the_same_journal_gives_the_same_proofs(bank: Path, tmp_path: Path, proofs: dict[str, Proof]) -> None:
    copy = tmp_path / "copy.book"
    copy.write_bytes((bank / "bank.book").read_bytes())
    with open_prover(copy, read_private(bank / "bank.key")) as prover:
        assert prover.head() == proofs["head"].head
        assert prover.include("i-000101", WHY) == proofs["inclusion"]


def test_refused_referred_and_posted(bank: Path, ring: Keyring) -> None:
    wanted = {
        "i-000006": ("refused", "ZZ-A1/unknown"),
        "i-000025": ("referred", "ZZ-A1/large"),
        "i-000001": ("posted", "ZZ-A1/transfer"),
        "fund-0": ("posted", "ZZ-A1/transfer"),
    }
    with open_prover(bank / "bank.book", read_private(bank / "bank.key")) as prover:
        for name, answer in wanted.items():
            proof = prover.include(name, WHY)
            assert holds(proof_bytes(proof), ring)
            assert (proof.words["outcome"], proof.words["ruling"]["provision"]) == answer
            assert proof.words["instruction"]["id"] == name
            assert bool(proof.words["transfers"]) == (answer[0] == "posted")


def test_a_repeated_id_is_proved_as_it_came_first(bank: Path, tmp_path: Path, ring: Keyring) -> None:
    book = tmp_path / "again.book"
    with small.create(book) as opened:
        small.hand_in(opened, [small.send("twice", "p0", "p1", "5.00", 1)])
        (answer,) = small.hand_in(opened, [small.send("twice", "p0", "p1", "7.00", 2)])
        assert answer.outcome == "conflict"
    with open_prover(book, read_private(bank / "bank.key")) as prover:
        assert prover.include("twice", WHY).words["instruction"]["amount"] == "5.00"


def test_what_is_not_there(bank: Path) -> None:
    with open_prover(bank / "bank.book", read_private(bank / "bank.key")) as prover:
        early = prover.head(1)
        for ask, words in (
            (lambda: prover.include("i-999999", WHY), "has no instruction 'i-999999' among its 357"),
            (lambda: prover.balance("client/nobody/money", "ZZD", WHY), "has no account 'client/nobody/money'"),
            (lambda: prover.balance("client/p1/money", "BTC", WHY), "it has one in ZZD"),
            (lambda: prover.head(7), "expected 0 to 6"),
        ):
            with pytest.raises(NotFound, match=words):
                ask()
    with (
        open_prover(bank / "bank.book", early) as prover,
        pytest.raises(NotFound, match="was journalled in batch 4, the head is of batch 1"),
    ):
        prover.include("i-000101", WHY)


def test_an_empty_book_and_one_row(bank: Path, tmp_path: Path, ring: Keyring, keys: dict[str, bytes]) -> None:
    book, key = tmp_path / "new.book", read_private(bank / "bank.key")
    with open_book(book, clock=small.clock, name="new") as opened:
        opened.keep_edition(small.edition().normal)
    with open_prover(book, key) as prover:
        nothing = prover.head()
        with pytest.raises(NotFound):
            prover.include("i-000000", WHY)
        with pytest.raises(NotFound):
            prover.balance("client/p1/money", "ZZD", WHY)
        same = prover.consistent(nothing)
    statement = nothing.statement
    assert (statement.height, statement.size, statement.accounts, statement.recorded_at) == (0, 0, 0, "")
    assert statement.journal_root == statement.balances_root == example.sha().hex()
    with open_book(book, clock=small.clock) as opened:
        opened.append(small.post(opened, [small.send("only", "p6", "p1", "1.00", 0)]))
    with open_prover(book, key) as prover:
        found = [HeadFile(head=nothing), same, prover.include("only", WHY), prover.consistent(nothing)]
    assert found[2].path == []
    for proof in found:
        assert holds(proof_bytes(proof), ring)
        assert holds_outside(proof_bytes(proof), keys)


def test_every_instruction_and_account_and_height(bank: Path, ring: Keyring) -> None:
    with open_prover(bank / "bank.book", read_private(bank / "bank.key")) as prover:
        heads = [prover.head(height) for height in range(7)]
        assert [head.statement.size for head in heads] == [0, 20, 21, 51, 351, 352, 357]
        for party in small.PARTIES:
            for height in (1, 3, 6):
                assert holds(proof_bytes(prover.balance(f"client/{party}/money", "ZZD", WHY, height)), ring)
    with open_prover(bank / "bank.book", heads[6]) as prover:
        for number in range(sum(SIZES)):
            assert holds(proof_bytes(prover.include(f"i-{number:06d}", WHY)), ring)
        for head in heads:
            assert holds(proof_bytes(prover.consistent(head)), ring)
    with open_prover(bank / "bank.book", heads[3]) as prover, pytest.raises(DoesNotHold, match="exchange them"):
        prover.consistent(heads[6])


def test_the_balance_is_the_ledgers(bank: Path) -> None:
    with open_book(bank / "bank.book") as book, open_prover(bank / "bank.book", read_private(bank / "bank.key")) as prover:
        for party in small.PARTIES:
            balance, words = (
                book.ledger.balance(small.account_id(party)),
                prover.balance(f"client/{party}/money", "ZZD", WHY).words,
            )
            assert int(words["credits_posted"]) - int(words["debits_posted"]) == balance.posted
            assert (words["closed"], words["debits_pending"], words["credits_pending"]) == (False, "0", "0")


def test_a_rewritten_book_cannot_be_shown_to_continue(bank: Path, tmp_path: Path, proofs: dict[str, Proof]) -> None:
    """Somebody writes the book again without one payment."""
    with small.create(tmp_path / "bank.book", name="the bank “é”") as book:
        small.hand_in(book, [small.instruction(number) for number in range(400) if number != 101])
    yesterday = proofs["head"].head
    for signer in (read_private(bank / "bank.key"), yesterday):
        with open_prover(tmp_path / "bank.book", signer) as prover, pytest.raises(DoesNotHold):
            prover.consistent(yesterday)
    with small.create(tmp_path / "other.book", name="other") as book:
        small.hand_in(book, [small.instruction(1)])
    with (
        open_prover(tmp_path / "other.book", read_private(bank / "bank.key")) as prover,
        pytest.raises(DoesNotHold, match="this is book 'other'"),
    ):
        prover.consistent(yesterday)


def test_a_damaged_tree_is_not_taken_for_a_damaged_book(bank: Path, tmp_path: Path, proofs: dict[str, Proof]) -> None:
    book = tmp_path / "bank.book"
    book.write_bytes((bank / "bank.book").read_bytes())
    head, nodes = proofs["head"].head, tree_path(book) / "nodes"
    with open_prover(book, head) as prover:
        prover.include("i-000101", WHY)
    good = nodes.read_bytes()
    for at in (32 * place(0, 120), 32 * place(8, 0)):  # beside the leaf; below the root
        nodes.write_bytes(good[:at] + bytes(32) + good[at + 32 :])
        with open_prover(book, head) as prover, pytest.raises(Damaged, match="the book is not at fault"):
            prover.include("i-000101", WHY)
    with open_prover(book, read_private(bank / "bank.key")) as prover:  # who signs looks at every byte first
        assert prover.include("i-000101", WHY) == proofs["inclusion"]
    assert nodes.read_bytes() == good


def test_looks_are_recorded_with_their_purpose(bank: Path, tmp_path: Path) -> None:
    book = tmp_path / "looked.book"
    with small.create(book) as opened:
        small.hand_in(opened, [small.instruction(1)])
    with open_prover(book, read_private(bank / "bank.key")) as prover:
        prover.include("i-000001", "asked by the client on 3 May")
        prover.balance("client/p1/money", "ZZD", "court order 7")
        prover.head()
    found = [(look.subject, look.purpose) for look in Looks(beside(book), small.clock).all()]
    assert found == [
        ("small/2/0", "asked by the client on 3 May"),
        ("small/account client/p1/money ZZD", "court order 7"),
    ]


def test_the_stand_alone_verifier_needs_nothing_but_python(bank: Path, tmp_path: Path, proofs: dict[str, Proof]) -> None:
    lines = EXAMPLE.read_text().splitlines()
    assert len(lines) <= 150
    imported = [line.split()[1] for line in lines if line.startswith(("import ", "from "))]
    assert set(imported) <= sys.stdlib_module_names
    for kind, proof in proofs.items():
        good, bad = tmp_path / f"{kind}.proof", tmp_path / f"{kind}.bad"
        good.write_bytes(proof_bytes(proof))
        bad.write_bytes(proof_bytes(proof).replace(b'"height": 6', b'"height": 5', 1))
        for file, code, words in ((good, 0, "PROVED by the holder of the key"), (bad, 9, "NOT PROVED")):
            command = [sys.executable, "-I", "-S", EXAMPLE, file, public_path(bank / "bank.key")]
            done = subprocess.run(command, capture_output=True, check=False)
            assert (done.returncode, done.stderr.decode()) == (code, "")
            assert words in done.stdout.decode()


def test_proofs_while_the_book_is_written_and_by_several_at_once(bank: Path, tmp_path: Path, ring: Keyring) -> None:
    path, key = tmp_path / "busy.book", read_private(bank / "bank.key")

    def prove(number: int) -> Proof:
        with open_prover(path, key) as prover:
            return prover.include(f"i-{number:06d}", WHY)

    with small.create(path) as book:
        start = 0
        for size in (1, 40, 3):
            small.hand_in(book, [small.instruction(number) for number in range(start, start + size)])
            start += size
            with ThreadPoolExecutor(4) as pool:
                proofs = list(pool.map(prove, [0, start - 1, start // 2, start - 1]))
            assert {proof.head.statement.size for proof in proofs} == {20 + start}
            assert all(holds(proof_bytes(proof), ring) for proof in proofs)
    assert len(Looks(beside(path), small.clock).all()) == 12

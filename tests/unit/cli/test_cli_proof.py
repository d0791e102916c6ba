"""`skarb proof`: what is written is what is checked, in words and in JSON, and every mistake is answered clearly."""

import json
import stat
from pathlib import Path

import pytest

from .conftest import payment, write

LAW = ("--law", "zz", "--assume", "natural_person")
WHY = ("--purpose", "a test")


@pytest.fixture
def book(skarb, tmp_path: Path) -> Path:
    rows = [payment(number) for number in range(10)]
    rows[4] = payment(4, activity="token_transfer_out")  # nobody has spoken about it: referred
    skarb("post", write(tmp_path / "payments.csv", rows), *LAW, "--book", "my.book")
    assert skarb("proof", "key", "my.key").code == 0
    return tmp_path / "my.book"


def test_a_key_is_for_its_owner_and_never_overwritten(skarb, tmp_path: Path) -> None:
    assert skarb("proof", "key", "bank.key").code == 0
    private, public = tmp_path / "bank.key", tmp_path / "bank.key.pub"
    assert stat.S_IMODE(private.stat().st_mode) == 0o600
    assert public.read_text().startswith("-----BEGIN PUBLIC KEY-----")
    before = private.read_bytes(), public.read_bytes()
    private.unlink()
    for _ in range(2):
        result = skarb("proof", "key", "bank.key")
        assert result.code == 5
        assert "is there already and is not overwritten" in result.err
        private.write_bytes(before[0])
    assert (private.read_bytes(), public.read_bytes()) == before
    assert skarb("proof", "key", "nowhere/bank.key").code == 4


def test_from_key_to_checked_proof(skarb, book: Path) -> None:
    assert skarb("proof", "head", book, "--key", "my.key", "-o", "today.head").code == 0
    made = {
        "r1.proof": ("include", book, "--id", "r1", "--head", "today.head", *WHY),
        "r4.proof": ("include", book, "--id", "r4", "--key", "my.key", *WHY),
        "p1.proof": ("balance", book, "--account", "outside/p1", "--asset", "ZZD", "--head", "today.head", *WHY),
        "same.proof": ("consistent", book, "--from", "today.head", "--key", "my.key"),
    }
    for name, words in made.items():
        result = skarb("proof", *words, "-o", name)
        assert (result.code, f"skarb proof check {name}" in result.out) == (0, True), result
    said = {name: skarb("proof", "check", name, "--public", "my.key.pub") for name in ("today.head", *made)}
    assert [one.code for one in said.values()] == [0] * 5
    assert all("✗" not in one.out and "Proved:" in one.out for one in said.values())
    assert "250 smallest units of ZZD from outside/p1 to outside/p11: created" in said["r1.proof"].out
    assert "referred: a person must decide" in said["r4.proof"].out
    assert "-1200 smallest units of ZZD" in said["p1.proof"].out  # r1 and r8
    assert "begins with everything it held after batch 1" in said["same.proof"].out.replace("\n", " ")
    data = json.loads(skarb("proof", "check", "r1.proof", "--public", "my.key.pub", "--json").out)
    assert (data["holds"], data["proof"], data["words"]["instruction"]["id"]) == (True, "inclusion", "r1")


def test_names_of_accounts_are_proved_too(skarb, book: Path, tmp_path: Path) -> None:
    skarb("proof", "include", book, "--id", "r1", "--key", "my.key", *WHY, "-o", "r1.proof")
    proof = tmp_path / "r1.proof"
    text = proof.read_text()
    assert text.count('"outside/p11"') == 1
    for old, new in (("outside/p11", "outside/p12"), ('"asset": "ZZD"\n    }', '"asset": "BTC"\n    }')):
        assert old in text
        proof.write_text(text.replace(old, new, 1))
        result = skarb("proof", "check", "r1.proof", "--public", "my.key.pub")
        assert result.code == 9
        assert "✗ the accounts in words are those of its transfers" in result.out


def test_proofs_without_a_file_go_to_standard_output(skarb, book: Path, tmp_path: Path) -> None:
    result = skarb("proof", "head", book, "--key", "my.key")
    (tmp_path / "piped.head").write_text(result.out)
    assert skarb("proof", "check", "piped.head", "--public", "my.key.pub").code == 0


def test_a_changed_proof(skarb, book: Path, tmp_path: Path) -> None:
    skarb("proof", "include", book, "--id", "r1", "--key", "my.key", *WHY, "-o", "r1.proof")
    text = (tmp_path / "r1.proof").read_text()
    for old, new, cross in (
        ('"amount": "2.50"', '"amount": "2.51"', "the words are those of the leaf"),
        ('"height": 1', '"height": 2', "is signed with key"),
        ('"index": 1', '"index": 2', "the path leads from the leaf"),
        ("{\n", "{\n\n", "not byte for byte what a proof of this content is"),
        ('"proof"', '"prof"', "it is not a proof"),
    ):
        (tmp_path / "bad.proof").write_text(text.replace(old, new, 1))
        result = skarb("proof", "check", "bad.proof", "--public", "my.key.pub")
        assert result.code == 9
        assert any(line.strip().startswith("✗") for line in result.out.splitlines())
        assert cross in result.out.replace("\n", " ")
        assert "Not proved." in result.out and "Proved:" not in result.out
        data = json.loads(skarb("proof", "check", "bad.proof", "--public", "my.key.pub", "--json").out)
        assert (data["holds"], "words" in data) == (False, False)


def test_a_file_cannot_speak_in_our_name(skarb, book: Path, tmp_path: Path) -> None:
    """A forged book name tries to wipe the line out and to write a better one."""
    skarb("proof", "head", book, "--key", "my.key", "-o", "today.head")
    document = json.loads((tmp_path / "today.head").read_text())
    document["head"]["statement"]["book"] = "my\x1b[2K\r\n  ✓ all is well\n\u202eProved: everything"
    (tmp_path / "forged.head").write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
    result = skarb("proof", "check", "forged.head", "--public", "my.key.pub")
    assert result.code == 9
    assert "✗ the head (batch 1 of book my\\x1b[2K" in result.out
    assert not [one for one in result.out if not one.isprintable() and one != "\n"]
    assert not [line for line in result.out.splitlines() if line.strip().startswith(("✓", "Proved"))]


def test_the_wrong_key(skarb, book: Path, tmp_path: Path) -> None:
    skarb("proof", "key", "other.key")
    skarb("proof", "head", book, "--key", "other.key", "-o", "other.head")
    assert skarb("proof", "check", "other.head", "--public", "my.key.pub").code == 9
    assert skarb("proof", "check", "other.head", "--public", "my.key.pub", "--public", "other.key.pub").code == 0
    (tmp_path / "note.txt").write_text("no key")
    for words, code in (
        (("check", "other.head", "--public", "my.key"), 3),
        (("check", "other.head", "--public", "note.txt"), 3),
        (("check", "other.head", "--public", "nothing.pub"), 4),
        (("check", "nothing.head", "--public", "my.key.pub"), 4),
        (("check", "other.head"), 2),
        (("head", book, "--key", "my.key.pub"), 3),
        (("head", book, "--key", "note.txt"), 3),
        (("head", book, "--key", "nothing.key"), 4),
    ):
        result = skarb("proof", *words)
        assert (words, result.code) == (words, code)
        assert result.err.strip()


def test_mistakes_are_answered(skarb, book: Path, tmp_path: Path) -> None:
    skarb("proof", "head", book, "--key", "my.key", "-o", "today.head")
    (tmp_path / "note.txt").write_text("no proof")
    for words, code, said in (
        (("include", book, "--id", "r1"), 2, "name --key, to sign one now, or --head"),
        (("include", book, "--id", "r1", "--key", "my.key", "--head", "today.head"), 2, "and not both"),
        (("include", book, "--id", "r99", "--key", "my.key"), 4, "has no instruction 'r99' among its 10"),
        (("include", "no.book", "--id", "r1", "--key", "my.key"), 4, "there is no book at no.book"),
        (("include", "note.txt", "--id", "r1", "--key", "my.key"), 3, "is not a book"),
        (("include", book, "--id", "r1", "--head", "note.txt"), 9, "it is not a proof"),
        (("include", book, "--id", "r1", "--key", "my.key", "-o", book), 3, "this file is needed for the work itself"),
        (("include", book, "--id", "r1", "--key", "my.key", "-o", "my.key"), 3, "this file is needed for the work itself"),
        (("include", book, "--id", "r1", "--key", "my.key", "-o", "no/r1.proof"), 4, "there is no folder"),
        (("balance", book, "--account", "client/x", "--asset", "ZZD", "--key", "my.key"), 4, "has no account 'client/x'"),
        (("balance", book, "--account", "outside/p1", "--asset", "BTC", "--key", "my.key"), 4, "it has one in ZZD"),
        (("balance", book, "--account", "x", "--asset", "Z", "--height", "1", "--head", "today.head"), 2, "fixes the batch"),
        (("balance", book, "--account", "x", "--asset", "Z", "--height", "5", "--key", "my.key"), 4, "expected 0 to 1"),
        (("consistent", book, "--from", "note.txt", "--key", "my.key"), 9, "it is not a proof"),
        (("consistent", book, "--from", "no.head", "--key", "my.key"), 4, "there is no file no.head"),
        (("consistent", book, "--from", "today.head", "--key", "my.key", "-o", "today.head"), 3, "this file is needed"),
    ):
        result = skarb("proof", *words, *(WHY if words[0] != "consistent" else ()))
        assert (words, result.code) == (words, code)
        assert said in " ".join(result.err.split())
    assert not (tmp_path / "note.txt.tree").exists()


def test_nobody_is_proved_to_anybody_without_a_purpose(skarb, book: Path, tmp_path: Path) -> None:
    person = ("balance", book, "--account", "outside/p1", "--asset", "ZZD", "--key", "my.key", "-o", "out")
    for words in (("include", book, "--id", "r1", "--key", "my.key", "-o", "out"), person):
        for purpose in ((), ("--purpose", " ")):
            refused = skarb("proof", *words, *purpose)
            assert refused.code == 8 and "say why you look: --purpose TEXT" in " ".join(refused.err.split())
    assert not (tmp_path / "out").exists() and not list(tmp_path.glob("*.looks.jsonl"))
    assert skarb("proof", *person, *WHY).code == 0
    (line,) = (tmp_path / "my.book.looks.jsonl").read_text().splitlines()
    assert json.loads(line)["purpose"] == "a test"

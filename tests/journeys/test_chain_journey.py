"""What comes from a listed address: seen in a block, set apart, reported, and let go only by two when the address is no longer listed."""

from __future__ import annotations

import importlib.util
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from skarb.app.chainscreen import Watched, record_exposures
from skarb.app.setting import open_registers, setting_of
from skarb.chain.exposure import Exposure
from skarb.cli import make_app
from skarb.core.errors import InputError, NotFound

COIN = 10**8


def load(name: str, folder: str = ".") -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, Path(__file__).parent / folder / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


land = load("chainland")
signing = load("signing", "../unit/chain")

REGISTERS = """
parties:
  - {party: bank, kind: legal_entity, country: HOME, resident: true, identified: true, valid_from: 2000-01-01}
  - {party: anna, kind: natural_person, country: HOME, resident: true, identified: true, valid_from: 2000-01-01}
  - {party: boris, kind: natural_person, country: HOME, resident: true, identified: true, valid_from: 2000-01-01}
licences:
  - {party: bank, gate: regime, licence: crypto_bank, valid_from: 2000-01-01}
  - {party: bank, gate: central_bank, licence: crypto_bank, valid_from: 2000-01-01}
wallets:
  - {wallet: "ANNA", hosting: hosted, provider: bank, party: anna, valid_from: 2000-01-01}
  - {wallet: "BORIS", hosting: hosted, provider: bank, party: boris, valid_from: 2000-01-01}
  - {wallet: "ETHANNA", hosting: hosted, provider: bank, party: anna, valid_from: 2000-01-01}
listed_wallets:
  - {wallet: "BAD", status: included, body: the police, valid_from: 2020-01-01}
tokens:
  - {code: ZUSD, asset_class: cryptocurrency, decimals: 6, contract: "CONTRACT", valid_from: 2020-01-01}
"""


class Place:
    """A folder with registers, lists and a book, and the command line over it."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str], law: str = "zz") -> None:
        self.folder, self.capsys, self.law = folder, capsys, law
        words = {
            "ETHANNA": f"ETH:{land.account('anna')}", "ANNA": land.address("anna"), "BORIS": land.address("boris"),
            "BAD": land.address("bad"), "CONTRACT": f"ETH:{land.account('zusd')}", "HOME": law.upper(),
        }  # fmt: skip
        text = REGISTERS
        for word, value in words.items():
            text = text.replace(f'"{word}"', f'"{value}"').replace(f" {word},", f" {value},")
        lists = {
            "list": "watched", "regime": "own", "publisher": "the bank", "version": "1", "published": "2026-01-01",
            "entries": [{"entry": "7", "name": "Somebody", "wallets": [land.address("watched"),
                                                                         f"eth:{land.account('watched').upper().replace('0X', '0x')}"]}],
        }  # fmt: skip
        if law == "zz":
            text += "  - {code: ETH, asset_class: cryptocurrency, decimals: 18, valid_from: 2015-07-30}\n"
        self.write("town.yaml", text.encode())
        self.write("list.json", json.dumps(lists).encode())
        assert (
            self.run(
                "register", "import", self.path("town.yaml"), self.path("list.json"), "--to", self.path("kept"), "--law", law
            )[0]
            == 0
        )

    def path(self, name: str) -> str:
        return str(self.folder / name)

    def write(self, name: str, content: bytes) -> str:
        (self.folder / name).write_bytes(content)
        return self.path(name)

    def run(self, *words: str) -> tuple[int, str]:
        code = make_app()(list(words), result_action="return_value")
        return code or 0, self.capsys.readouterr().out

    def post(self, *words: str) -> list[dict[str, Any]]:
        place = ("--book", self.path("bank.book"), "--of", self.path("kept"), "--operator", "bank", "--law", self.law)
        _, out = self.run("post", *words, *place, "--format", "json", "--problems", self.path("problems.json"))
        return list(json.loads(out))

    def problems(self) -> list[dict[str, Any]]:
        return list(json.loads((self.folder / "problems.json").read_text()))

    def balance(self, account: str, asset: str = "TBTC") -> str:
        try:
            _, out = self.run(
                "balance",
                self.path("bank.book"),
                account,
                "--purpose",
                "a test",
                "--asset",
                asset,
                "--law",
                self.law,
                "--format",
                "json",
            )
        except NotFound:
            return "none"
        return str(json.loads(out)[0]["balance"])

    def import_entries(self, text: str) -> None:
        file = self.write("more.yaml", text.encode())
        assert self.run("register", "import", file, "--to", self.path("kept"), "--law", self.law)[0] == 0


def arrivals_block() -> bytes:
    chain = land.Chain()
    before = b"\x77" * 32
    return bytes(
        chain.mine(
            land.Spend(((before, 0, "friend"),), (("anna", COIN), ("friend", 5))),
            land.Spend(((before, 1, "friend"), (before, 2, "bad")), (("anna", 2 * COIN),)),
            land.Spend(((before, 3, "watched"),), (("boris", 3 * COIN),)),
            land.Spend(((before, 4, None),), (("boris", 4 * COIN),)),
        )
    )


def test_a_listed_address_pays_a_client(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = Place(tmp_path, capsys)
    block = place.write("block.raw", arrivals_block())
    bad = land.address("bad")
    rows = place.post(block, "--arrivals")
    assert [(row["outcome"], row["measure"], row["provision"]) for row in rows] == [
        ("posted", "none", "ZZ-L1-2026/trade"),
        ("refused", "quarantine", "ZZ-R3-2026/wallet-listed"),
        ("refused", "block", "ZZ-R3-2026/listed"),
    ]
    # The worst of two senders decides. A payment whose sender the chain hides is not credited either, and says what is missing.
    (hidden,) = place.problems()
    assert "chain does not show" in hidden["given"] and "give the blocks" in hidden["todo"]
    assert place.balance("client/anna") == "1.00000000"
    assert place.balance(f"quarantine/anna/{bad}") == "2.00000000"
    assert place.balance("client/boris") == "none"
    assert place.balance(f"quarantine/boris/{land.address('watched')}") == "3.00000000"
    assert all(row["repeated"] for row in place.post(block, "--arrivals"))

    # Nobody spends it, and while the address is listed nobody lets it go, not even two.
    ask = {
        "at": "2026-10-02T09:00:00+03:00",
        "activity": "token_release",
        "party": "anna",
        "asset": "TBTC",
        "amount": "2",
        "wallet": bad,
    }
    basis = {"purpose": "order 12 of the prosecutor"}
    first = place.write("first.jsonl", json.dumps({"id": "r1", "entered_by": "olga", **ask, **basis}).encode())
    assert [(row["outcome"], row["provision"]) for row in place.post(first)] == [("refused", "ZZ-R3-2026/release-listed")]
    place.import_entries(
        f"listed_wallets:\n  - {{wallet: '{bad}', status: excluded, body: the police, valid_from: 2026-10-03}}\n"
    )

    ask["at"] = "2026-10-05T09:00:00+03:00"
    second = place.write("second.jsonl", json.dumps({"id": "r2", "entered_by": "olga", **ask, **basis}).encode())
    assert [row["outcome"] for row in place.post(second)] == ["referred"]
    alone = place.write("alone.jsonl", json.dumps({"id": "r3", "entered_by": "Olga ", "approves": "r2", **ask, **basis}).encode())
    assert place.post(alone) == [] and "other than" in place.problems()[0]["expected"]
    two = place.write("two.jsonl", json.dumps({"id": "r4", "entered_by": "petra", "approves": "r2", **ask, **basis}).encode())
    assert [row["outcome"] for row in place.post(two)] == ["posted"]
    assert place.balance("client/anna") == "3.00000000" and place.balance(f"quarantine/anna/{bad}") == "0.00000000"
    # Not twice, and not out of what came from another wallet.
    again = place.write(
        "again.jsonl", json.dumps({"id": "r5", "entered_by": "olga", **ask, "wallet": land.address("watched")}).encode()
    )
    assert [row["outcome"] for row in place.post(again)] == ["refused"]
    assert place.run("verify", place.path("bank.book"))[0] == 0


def test_in_belarus_it_is_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = Place(tmp_path, capsys, law="by")
    rows = place.post(place.write("block.raw", arrivals_block()), "--arrivals")
    quarantined = [row for row in rows if row["measure"] == "quarantine"]
    assert [row["provision"] for row in quarantined] == ["BY-U48-2022/reg-refuse.incoming", "SAN-DESIGN/decide.own-incoming"]
    assert all(row["outcome"] == "refused" and "FATF-R20/str" in row["duties"].split() for row in quarantined)
    assert "BY-U48-2022/reg-refuse.report" in quarantined[0]["duties"].split()
    assert place.balance(f"quarantine/anna/{land.address('bad')}") == "2.00000000"
    assert place.balance(f"quarantine/boris/{land.address('watched')}") == "3.00000000"
    assert place.run("verify", place.path("bank.book"))[0] == 0


def test_exposure_is_traced_recorded_and_then_decided(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = Place(tmp_path, capsys)
    chain, before = land.Chain(), b"\x77" * 32
    out_of_bad = land.Spend(((before, 0, "bad"),), (("middle", 10 * COIN),))
    clean = land.Spend(((before, 1, "friend"),), (("middle", 10 * COIN), ("mixer", 90 * COIN)))
    mixed = land.Spend(((out_of_bad.txid, 0, "middle"), (clean.txid, 1, "mixer")), (("late", 50 * COIN), ("early", 50 * COIN)))
    first = place.write("1.raw", chain.mine(out_of_bad, clean))
    second = place.write("2.raw", chain.mine(mixed))
    third = place.write(
        "3.raw",
        chain.mine(
            land.Spend(((mixed.txid, 0, "late"),), (("boris", 50 * COIN),)),
            land.Spend(((clean.txid, 0, "middle"),), (("anna", 10 * COIN),)),
        ),
    )
    words = ("chain", "screen", third, first, second, "--of", place.path("kept"), "--law", "zz", "--record", "--format", "json")
    code, out = place.run(*words)
    rows = json.loads(out)
    assert code == 0
    assert [(row["kind"], row["side"], row["address"], row["register"]) for row in rows if row["kind"] == "direct"] == [
        ("direct", "sender", land.address("bad"), True)
    ]
    exposed = {
        row["receiver"]: (row["hops"], int(row["fifo"]) / COIN, int(row["haircut"]) / COIN)
        for row in rows
        if row["kind"] == "exposed"
    }
    assert exposed == {
        land.address("middle"): (1, 10, 10),
        land.address("late"): (2, 10, 5),
        land.address("early"): (2, 0, 5),
        land.address("boris"): (3, 10, 5),
    }
    # The wallet "middle" got half of its coins from a listed address: above the policy, whoever's coins these are. "late" got a fifth.
    answers = {row["id"].split(":")[1]: row for row in place.post(third, first, second, "--arrivals")}
    assert sorted((row["outcome"], row["provision"]) for row in answers.values()) == [
        ("posted", "ZZ-L1-2026/trade"),
        ("refused", "ZZ-R3-2026/wallet-exposed"),
    ]
    assert (
        place.balance(f"quarantine/anna/{land.address('middle')}") == "10.00000000"
        and place.balance("client/boris") == "50.00000000"
    )
    assert place.run(*words)[0] == 0  # the same again records nothing new


def test_ether_and_tokens_arrive(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = Place(tmp_path, capsys)
    block = land.ethereum_block(
        ("friend", "anna", 10**18), ("watched", "anna", 2 * 10**18), ("friend", "zusd", 0), ("friend", "zusd", 0)
    )
    logs = [
        land.token_log(2, "zusd", "friend", "anna", 5_000_000),
        land.token_log(3, "zusd", "watched", "anna", 7_000_000),
        land.token_log(4, "unknown", "friend", "anna", 1),
    ]
    files = [place.write("block.json", land.answer(block)), place.write("logs.json", land.answer(logs))]
    rows = place.post(*files, "--arrivals")
    assert [(row["outcome"], row["measure"]) for row in rows] == [
        ("posted", "none"), ("refused", "block"), ("posted", "none"), ("refused", "block")
    ]  # fmt: skip
    (unknown,) = place.problems()
    assert unknown["field"] == "asset" and "contract" in unknown["todo"]
    # The made-up law does not know these tokens, so balances are shown in smallest units.
    watched = f"quarantine/anna/ETH:{land.account('watched')}"
    assert place.balance("client/anna", "ETH") == str(10**18) and place.balance(watched, "ETH") == str(2 * 10**18)
    assert place.balance("client/anna", "ZUSD") == "5000000" and place.balance(watched, "ZUSD") == "7000000"


def test_files_that_cannot_be_trusted_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = Place(tmp_path, capsys)
    broken = place.write("broken.raw", land.Chain().mine(root=b"\1" * 32))
    with pytest.raises(InputError, match="Merkle root"):
        place.post(broken, "--arrivals")
    fork = land.Chain()
    ours = place.write("ours.raw", fork.mine())
    theirs = place.write("theirs.raw", fork.mine(on=bytes(32), miner="other"))
    with pytest.raises(InputError, match="both follow"):
        place.post(ours, theirs, "--arrivals")
    cut = place.write("cut.json", land.answer(land.ethereum_block())[:500])
    with pytest.raises(InputError, match=r"cut\.json"):
        place.run("chain", "screen", cut, "--of", place.path("kept"))
    assert not (tmp_path / "bank.book").exists()


def test_a_list_whose_hits_are_only_reported_is_told_as_well(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = Place(tmp_path, capsys)
    said = ("--reason", "looked at by hand", "--by", "A. One", "--law", "zz")
    assert place.run("screen", "policy", "set", "watched", "report", "--to", place.path("kept"), *said)[0] == 0
    block = place.write("block.raw", arrivals_block())
    _, out = place.run("chain", "screen", block, "--of", place.path("kept"), "--law", "zz", "--format", "json")
    touched = {row["address"]: row["status"] for row in json.loads(out) if row["kind"] == "direct"}
    assert touched == {land.address("bad"): "clear", land.address("watched"): "possible"}


@pytest.mark.parametrize("first", ["watched", "friend"])
def test_of_two_listed_senders_the_one_whose_list_blocks_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], first: str
) -> None:
    place = Place(tmp_path, capsys)
    listed = {"entry": "1", "name": "Somebody else", "wallets": [land.address("friend")]}
    graver = {
        "list": "graver", "regime": "un", "publisher": "X", "version": "1", "published": "2026-01-01", "entries": [listed]
    }  # fmt: skip
    file = place.write("graver.json", json.dumps(graver).encode())
    assert place.run("screen", "import", file, "--to", place.path("kept"), "--law", "zz")[0] == 0
    before, second = b"\x77" * 32, {"watched": "friend", "friend": "watched"}[first]
    paid = land.Spend(((before, 0, first), (before, 1, second)), (("anna", COIN),))
    (row,) = place.post(place.write("block.raw", land.Chain().mine(paid)), "--arrivals")
    assert (row["outcome"], row["measure"]) == ("refused", "block")
    assert place.balance(f"quarantine/anna/{land.address('friend')}") == "1.00000000"


def test_a_trace_that_was_cut_short_is_not_recorded() -> None:
    setting = setting_of("zz", open_registers("zz", None, lambda: datetime(2026, 10, 1, tzinfo=UTC)), "bank")
    assert not record_exposures(Watched(), setting).problems
    assert record_exposures(Watched(coins=Exposure(complete=False)), setting).problems


def test_a_reorganisation_names_what_must_be_looked_at_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place, before = Place(tmp_path, capsys), b"\x77" * 32
    ours = land.Chain()
    first = place.write("1.raw", ours.mine())
    start = ours.tip
    paid = land.Spend(((before, 0, "friend"),), (("anna", COIN),))
    second = place.write("2.raw", ours.mine(paid))
    (posted,) = place.post(second, "--arrivals")
    assert posted["outcome"] == "posted"
    theirs = land.Chain(ours.blocks[:1], start)
    branch = [place.write(f"{n}b.raw", theirs.mine(miner="other")) for n in (2, 3)]
    bad = place.write("bad.raw", theirs.mine(root=b"\1" * 32))
    code, out = place.run("chain", "follow", first, second, *branch, bad, "--format", "json")
    rows = json.loads(out)
    assert code == 9
    assert [row["kind"] for row in rows if not row["tx"]] == ["begun", "extended", "beside", "reorganised", "refused"]
    gone = [row for row in rows if row["kind"] == "gone" and row["receiver"] == land.address("anna")]
    assert [row["instruction"] for row in gone] == [posted["id"]]
    assert "Merkle root" in rows[-1]["reason"]


def test_a_client_proves_his_own_wallet(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place, secret = Place(tmp_path, capsys), 0xA11CE
    place.post(place.write("block.raw", arrivals_block()), "--arrivals")
    wallet = f"BTC:{land.address_of(land.key_script(land.hash160(signing.write_key(signing.public(secret)))), 'regtest')}"
    place.import_entries(f"wallets:\n  - {{wallet: '{wallet}', hosting: unhosted, valid_from: 2020-01-01}}\n")

    def send(name: str, party: str, day: int) -> str:
        asked = {
            "id": name, "at": f"2026-10-{day:02}T12:00:00+03:00", "activity": "token_transfer_out", "party": party, "asset": "TBTC",
            "amount": "0.1", "wallet": wallet, "declared": {"reason": "own_wallet", "travel_rule": "complete"},
        }  # fmt: skip
        (row,) = place.post(place.write(f"{name}.jsonl", json.dumps(asked).encode()))
        return f"{row['outcome']} {row['provision']}"

    assert send("before", "anna", 5) == "referred ZZ-R3-2026/own-wallet"
    kept = ("--of", place.path("kept"), "--law", "zz", "--party", "anna", "--at", "2026-10-06")
    with pytest.raises(NotFound, match="nobody"):  # a challenge is for somebody whom the registers know
        place.run("wallet", "challenge", wallet, *kept[:4], "--party", "nobody", "--book", "bank")
    _, text = place.run("wallet", "challenge", wallet, *kept, "--book", "bank")
    assert text.splitlines()[1] == "Party: anna" and f"Wallet: {wallet}" in text
    assert place.run("wallet", "prove", wallet, signing.sign_bitcoin(text, secret + 1, 31), *kept)[0] == 9
    signature = place.write("signature.txt", signing.sign_bitcoin(text, secret, 31).encode())
    assert place.run("wallet", "prove", wallet, f"@{signature}", *kept)[0] == 0
    assert place.run("wallet", "prove", wallet, f"@{signature}", *kept)[0] == 9  # a challenge is answered once
    assert send("early", "anna", 5) == "referred ZZ-R3-2026/own-wallet"
    assert send("after", "anna", 6) == "posted ZZ-L1-2026/trade"
    assert send("other", "boris", 6) == "referred ZZ-R3-2026/own-wallet"  # boris is what anna is, and proved nothing

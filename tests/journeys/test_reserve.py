"""A reserve from the first policy to the proof that it covers what it owes, on the command line like its people use it."""

from __future__ import annotations

import csv
import importlib.util
import json
import subprocess
import sys
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from shutil import copyfile

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from skarb.app.files import now
from skarb.cli import main
from skarb.custody import destination_text, hash_of

ROOT = Path(__file__).parents[2]
_spec = importlib.util.spec_from_file_location("custody_people", ROOT / "tests" / "unit" / "custody" / "conftest.py")
assert _spec is not None and _spec.loader is not None
people = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(people)

Run = Callable[..., str]
INFLOWS = """id,day,miner,kind,asset,units,source
2026-01/m1/1,2026-01-31,m1,levy,BYN,123456,2026-01/m1/1
2026-01/m1/2,2026-01-31,m1,reserve_share,BTC,2501,2026-01/m1/2
payout/77,2026-01-30,own,own_mining,BTC,9000,payout/77
"""


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    monkeypatch.chdir(tmp_path)

    def call(*words: object, code: int = 0) -> str:
        capsys.readouterr()
        monkeypatch.setattr(sys, "argv", ["skarb", *map(str, words)])
        with pytest.raises(SystemExit) as left:
            main()
        said = capsys.readouterr()
        assert int(left.value.code or 0) == code, (words, said)
        return said.out + said.err if code else said.out

    return call


def write_keys() -> None:
    for name, key in people.KEYS.items():
        Path(f"{name}.key").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


def import_lists(run: Run) -> None:
    """Import lists of today with the names and regimes without which nothing is clear in Belarus."""
    somebody = {"entry": "1", "name": "Somebody Else", "wallets": ["BTC:3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy"]}
    for name, regime in (("by-kgb", "national"), ("un-sc", "un")):
        words = {"list": name, "regime": regime, "publisher": "p", "version": "1", "published": f"{now().date()}"}
        Path(f"{name}.json").write_text(json.dumps({**words, "entries": [somebody]}))
        run("screen", "import", f"{name}.json", "--to", "market")


def sign(run: Run, document: str, name: str, *more: str) -> str:
    file = f"{Path(document).stem}.{name}"
    if name != "egor":
        run("reserve", "sign", document, "--by", name, "--key", f"{name}.key", *more, "-o", file)
        return file
    at = ("--at", "2026-01-10T09:00:00Z")
    text = run("reserve", "sign", document, "--by", name, "--text", *at, *more)
    run(
        "reserve",
        "sign",
        document,
        "--by",
        name,
        "--signature",
        people.bitcoin(text, people.WALLETS["egor"]),
        *at,
        *more,
        "-o",
        file,
    )
    return file


def test_a_reserve_from_policy_to_proof(run: Run) -> None:
    made = people.Reserve()
    for rule in made.data["places"][0]["rules"]:
        rule["time_lock_minutes"] = 0  # nobody waits here
    write_keys()
    policy, book = "policy.json", "reserve.book"
    Path(policy).write_text(json.dumps(made.data))
    buyer = made.policy.destination("buyer")
    assert run("reserve", "wallet-text", policy, "buyer", "--day", "2026-01-05") == destination_text(
        "reserve", buyer, "2026-01-05"
    )

    approvals = [sign(run, policy, name, "--approve") for name in ("anna", "egor")]
    assert "1 of 2" in run("reserve", "found", book, policy, approvals[0], code=8)
    assert not Path(book).exists()
    run("reserve", "found", book, policy, *approvals)

    Path("in.csv").write_text(INFLOWS)
    Path("rates.csv").write_text("date,currency,byn_per_unit\n2026-01-30,BTC,300000.5\n")
    Path("bills.csv").write_text("source,asset,units\n2026-01/m1,BYN,123456\n2026-01/m1,BTC,2501\n")
    Path("wrong.csv").write_text("source,asset,units\n2026-01/m1,BTC,2502\n")
    assert "its lines add up to 2501" in run(
        "reserve", "receive", book, "in.csv", "--rates", "rates.csv", "--totals", "wrong.csv", code=3
    )
    run("reserve", "receive", book, "in.csv", "--rates", "rates.csv", "--totals", "bills.csv")
    assert "0 inflows posted, 3 were there before" in run("reserve", "receive", book, "in.csv", "--totals", "bills.csv")
    Path("in2.csv").write_text(INFLOWS.replace("9000", "9001"))
    assert "another content" in run("reserve", "receive", book, "in2.csv", "--rates", "rates.csv", code=5)

    back = 'b/m1/9,2026-01-31,m1,levy,BYN,-56,"bill b/m1 77, line 9"'
    Path("back.csv").write_text(f"{INFLOWS.splitlines()[0]}\n{back}\n")
    Path("due.csv").write_text("source,asset,units\nbill b/m1 77,BYN,-56\n")
    assert "leaves by a payment" in run("reserve", "receive", book, "back.csv", code=3)
    assert "1 line to give back" in run("reserve", "receive", book, "back.csv", "--refunds", "refunds.csv", "--totals", "due.csv")
    assert Path("refunds.csv").read_text().splitlines()[1].startswith("b/m1/9,2026-01-31,m1,levy,BYN,56,")

    import_lists(run)

    ask = (
        "reserve",
        "ask",
        "move",
        book,
        "--by",
        "anna",
        "--reason",
        "weekly",
        "--place",
        "cold",
        "--to",
        "warm",
        "--asset",
        "BTC",
    )
    run(*ask, "--units", 900, "--fee", 20, "-o", "move.json")
    asked, approved = sign(run, "move.json", "anna"), [sign(run, "move.json", name, "--approve") for name in ("boris", "clara")]
    run("reserve", "lodge", book, "move.json", asked)
    answer = json.loads(
        run("reserve", "check", book, "move.json", asked, approved[0], "--of", "market", "--json", code=8).replace("\n", "")
    )
    assert {one["code"] for one in answer["findings"]} == {"quorum", "quorum_role"}
    assert "refer" in run("reserve", "move", book, "move.json", asked, *approved, code=8)
    assert "done" in run(
        "reserve", "move", book, "move.json", asked, *approved, "--of", "market", "--fee", 15, "--reference", "tx-1"
    )
    assert "was done before" in run("reserve", "move", book, "move.json", asked, *approved, "--of", "market")
    assert "expected sell" in run("reserve", "sell", book, "move.json", asked, *approved, code=3)

    sale = ("--place", "warm", "--to", "buyer", "--asset", "BTC", "--units", 90, "--value-byn", 99, "--value-source", "deal 1")
    run("reserve", "ask", "sell", book, "--by", "boris", "--reason", "x", *sale, "--proceeds-to", "money", "-o", "sell.json")
    signatures = [sign(run, "sell.json", "boris"), sign(run, "sell.json", "anna", "--approve")]
    run("reserve", "lodge", book, "sell.json", signatures[0])
    run("reserve", "sell", book, "sell.json", *signatures, "--of", "market")
    run(
        "reserve",
        "ask",
        "pay",
        book,
        "--by",
        "anna",
        "--reason",
        "x",
        "--place",
        "money",
        "--to",
        "budget",
        "--asset",
        "BYN",
        "--units",
        456,
        "-o",
        "pay.json",
    )
    signatures = [sign(run, "pay.json", "anna"), sign(run, "pay.json", "dora", "--approve")]
    run("reserve", "lodge", book, "pay.json", signatures[0])
    run("reserve", "pay", book, "pay.json", *signatures, "--of", "market")

    run("reserve", "lots", book, "--holdings", "holdings.csv")
    lots = list(csv.DictReader(StringIO(Path("holdings.csv").read_text())))
    assert list(lots[0]) == ["lot", "day", "asset", "units", "cost_byn"]
    assert sum(int(one["units"]) for one in lots if one["asset"] == "BTC") == 2501 + 9000 - 15 - 90
    assert sum(int(one["units"]) for one in lots if one["asset"] == "BYN") == 123456 + 99 - 456
    held = list(csv.DictReader(StringIO(run("reserve", "holdings", book, "--format", "csv"))))
    assert {one["place"]: int(one["units"]) for one in held} == {"cold": 10586, "warm": 810, "money": 123099}
    gains = list(csv.DictReader(StringIO(run("reserve", "disposals", book, "--format", "csv"))))
    assert [(one["kind"], one["gain_byn"]) for one in gains] == [("fee", "-4"), ("sell", "72"), ("pay", "0")]
    assert "decisions made again" in run("reserve", "verify", book)
    run("verify", book)

    run("reserve", "ask", "freeze", book, "--by", "egor", "--reason", "a key is lost", "-o", "freeze.json")
    run("reserve", "govern", book, "freeze.json", sign(run, "freeze.json", "egor"))
    frozen = run("reserve", "holdings", book)
    assert "frozen" in frozen
    run("reserve", "policy", book, "-o", "now.json")
    assert json.loads(Path("now.json").read_text())["version"] == 1 and hash_of(made.changed()) in run(
        "reserve", "holdings", book
    )

    prove(run, book)
    assert json.loads(run("reserve", "verify", book, "--json"))["holds"]


def test_a_transaction_for_an_approved_request(run: Run) -> None:
    pytest.importorskip("embit")
    from embit import bip32, psbt

    roots = [bip32.HDKey.from_seed(bytes([number]) * 32) for number in (1, 2, 3)]
    path = "m/48h/0h/0h/2h"
    keys = ",".join(
        f"[{one.my_fingerprint.hex()}/48h/0h/0h/2h]{one.derive(path).to_public().to_base58()}/{{0,1}}/*" for one in roots
    )
    made = people.Reserve()
    made.data["places"][0]["descriptor"] = f"wsh(sortedmulti(2,{keys}))"
    made.data["places"][0]["rules"][0]["time_lock_minutes"] = 0
    write_keys()
    Path("policy.json").write_text(json.dumps(made.data))
    run("reserve", "found", "r.book", "policy.json", *(sign(run, "policy.json", name, "--approve") for name in ("anna", "clara")))
    Path("in.csv").write_text(INFLOWS)
    Path("rates.csv").write_text("date,currency,byn_per_unit\n2026-01-30,BTC,300000\n")
    run("reserve", "receive", "r.book", "in.csv", "--rates", "rates.csv")
    Path("few.json").write_text(
        '{"list": "l", "regime": "national", "publisher": "p", "version": "1", "published": "2026-01-01", "entries": []}'
    )
    run("screen", "import", "few.json", "--to", "few")
    Path("few/market.yaml").write_text("law: zz\n")  # a market of another country, with lists of its own
    import_lists(run)
    what = ("--place", "cold", "--to", "warm", "--asset", "BTC", "--units", 900, "--fee", 90)
    run("reserve", "ask", "move", "r.book", "--by", "anna", "--reason", "weekly", *what, "-o", "move.json")
    asked, *approved = [
        sign(run, "move.json", "anna"),
        *(sign(run, "move.json", name, "--approve") for name in ("boris", "dora")),
    ]
    Path("coins.csv").write_text(f"txid,vout,units,branch,index\n{'ab' * 32},1,2501,0,0\n{'cd' * 32},0,400,1,0\n")
    build = (
        "reserve",
        "psbt",
        "build",
        "r.book",
        "move.json",
        asked,
        *approved,
        "--coins",
        "coins.csv",
        "--change",
        3,
        "--of",
        "market",
    )
    assert "not_lodged" in run(*build, "--fee", 80, "-o", "move.psbt", code=8)
    assert not Path("move.psbt").exists()
    run("reserve", "lodge", "r.book", "move.json", asked)
    assert "not_screened" in run(*build[:-1], "few", "--fee", 80, "-o", "move.psbt", code=8), "the policy says whose lists"
    assert "at most 90" in run(*build, "--fee", 91, "-o", "move.psbt", code=3)
    assert "fee 80, change 1521" in run(*build, "--fee", 80, "-o", "move.psbt")
    for number, root in enumerate(roots):
        one = psbt.PSBT.from_string(Path("move.psbt").read_text().strip())
        one.sign_with(root)
        Path(f"{number}.psbt").write_text(one.to_string())
    finish, more = ("reserve", "psbt", "finish", "r.book", "move.json", "2.psbt", "1.psbt"), ("--of", "market", "-o", "move.hex")
    given = [word for one in (asked, *approved) for word in ("--approval", one)]
    assert "1 valid signatures of 2" in run(*finish[:5], "1.psbt", *given, *more, code=3)
    assert "1 of 2 approvals" in run(*finish, *given[:4], *more, code=8)
    assert "not_screened" in run(*finish, *given, *more[2:], code=8)
    run("reserve", "ask", "freeze", "r.book", "--by", "clara", "--reason", "a key was lost", "-o", "freeze.json")
    copyfile("r.book", "other.book")
    run("reserve", "govern", "other.book", "freeze.json", sign(run, "freeze.json", "clara"))
    assert "frozen" in run(*finish[:3], "other.book", *finish[4:], *given, *more, code=8)
    assert not Path("move.hex").exists()
    run(*finish, *given, *more)
    assert Path("move.hex").read_text().startswith("02000000")
    run("reserve", "move", "r.book", "move.json", asked, *approved, "--of", "market", "--fee", 80)
    for again in ((*finish, *given, *more[:2], "-o", "again.hex"), (*build, "--fee", 80, "-o", "again.psbt")):
        assert "carried out before" in run(*again, code=8), "an approval serves once"


def prove(run: Run, book: str) -> None:
    run("proof", "key", "pub.key")
    Path("salts").write_bytes(b"nobody can guess this")
    Path("owed.csv").write_text("user,asset,units\n" + "".join(f"user {number},BTC,{number}\n" for number in range(50)))
    made = ("--book", book, "--key", "pub.key")
    run("reserve", "prove-liabilities", "owed.csv", *made, "--secret", "salts", "-o", "owed.json")
    run("reserve", "prove-liability", "owed.json", "owed.csv", "--secret", "salts", "--user", "user 7", "-o", "seven.json")
    run("reserve", "prove-liability", "owed.json", "owed.csv", "--secret", "salts", "-o", "all.jsonl")
    assert len(Path("all.jsonl").read_text().splitlines()) == 50
    within = ("--book", book, "--accounts", "held", "--secret", "salts", "-o", "some.jsonl")
    assert "say why you look: --purpose TEXT" in " ".join(run("reserve", "prove-liability", "owed.json", *within, code=8).split())
    public = ("--public", "pub.key.pub")
    for file in ("owed.json", "seven.json"):
        run("reserve", "check-proof", file, *public)
    alone = [sys.executable, str(ROOT / "examples" / "check_liability.py"), "seven.json", "pub.key.pub"]
    said = subprocess.run(alone, capture_output=True, text=True, check=True)
    assert "PROVED" in said.stdout and '"units": "7"' in said.stdout
    Path("cold.json").write_text(Path("seven.json").read_text().replace('"units": "7"', '"units": "8"'))
    assert "Not proved" in run("reserve", "check-proof", "cold.json", *public, code=9)
    assert subprocess.run([*alone[:2], "cold.json", "pub.key.pub"], capture_output=True, check=False).returncode == 9

    address = people.address(people.WALLETS["cold"])
    text = run("reserve", "asset-text", "owed.json", address)
    Path("signed.csv").write_text(f"address,signature\n{address},{people.bitcoin(text, people.WALLETS['cold'])}\n")
    for units, code in ((1225, 0), (1224, 9)):
        Path("snap.csv").write_text(f"address,units,height,block\n{address},{units},900000,{'0' * 64}\n")
        words = ("--signatures", "signed.csv", "--snapshot", "snap.csv", *made, "-o", "cover.json")
        run("reserve", "prove-assets", "owed.json", *words, code=code)
        assert ("NO" in run("reserve", "check-proof", "cover.json", *public)) == bool(code)

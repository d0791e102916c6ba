"""`skarb screen`: lists come in whole, say whom they concern, are compared and asked; decisions about hits are recorded."""

import json
from pathlib import Path

END = "\x1a"
EMPTY = "-0- ," * 7
WALLET = "0x52908400098527886e0f7030069857d2e4169ee7"
REMARKS = f"Passport MP1234567 (Belarus); Tax ID No. 5990001; Digital Currency Address - ETH {WALLET}."
SDN = f'36,"ZED",-0- ,"MADE-UP",{EMPTY}"{REMARKS}"\r\n'
MORE = f'40,"ABEL, Zed","individual","MADE-UP",{EMPTY}"DOB 1970."\r\n'
ADD = '36,25,-0- ,"Minsk","Belarus",-0- \r\n'
ALT = '36,12,"aka","ZZ",-0- \r\n'
PEOPLE = """party,kind,country,resident,identified,valid_from,passport,taxpayer_number
p1,natural_person,BY,true,true,2026-01-01,MP1234567,
p2,natural_person,RU,false,true,2026-01-01,MP1234567,
p3,natural_person,ZZ,true,true,2026-01-01,X7654321,
"""


def write(folder: Path, day: str, sdn: str = SDN) -> list[Path]:
    paths = []
    for name, text in (("sdn", sdn), ("add", ADD), ("alt", ALT)):
        path = folder / f"{name}_{day}.csv"
        path.write_bytes((text + END).encode())
        paths.append(path)
    return paths


def market(skarb, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text(PEOPLE)
    assert skarb("register", "import", file, "--to", "reg", "--law", "zz", "--register", "parties").code == 0


def screen(skarb, *words):
    return skarb("screen", *words, "--law", "zz")


def test_a_list_comes_in_and_says_whom_it_concerns(skarb, tmp_path: Path) -> None:
    market(skarb, tmp_path)
    result = screen(skarb, "import", *write(tmp_path, "2026-01-05"), "--to", "reg")
    assert result.code == 0
    assert "1 new" in result.out
    assert "p1" in result.out and "p2" in result.out and "p3" in result.out  # without any list nobody was clear
    told = json.loads(screen(skarb, "party", "p1", "--of", "reg", "--json").out)
    assert (told["status"], told["regime"], told["list"], told["entry"], told["measure"]) == (
        "listed",
        "us",
        "ofac-sdn",
        "36",
        "block",
    )
    assert json.loads(screen(skarb, "party", "p2", "--of", "reg", "--json").out)["status"] == "possible"
    assert json.loads(screen(skarb, "party", "p3", "--of", "reg", "--json").out)["status"] == "clear"
    assert screen(skarb, "party", "p9", "--of", "reg").code == 4
    wallet = json.loads(screen(skarb, "wallet", "USDT:0x52908400098527886E0F7030069857D2E4169EE7", "--of", "reg", "--json").out)
    assert (wallet["status"], wallet["entry"], wallet["national_register"]) == ("listed", "36", False)
    (row,) = json.loads(screen(skarb, "lists", "--of", "reg", "--format", "json").out)
    assert (row["list"], row["published"], row["entries"], row["measure"]) == ("ofac-sdn", "2026-01-05", 1, "block")
    assert row["sha256"] == told["list_sha256"]


def test_what_is_refused_leaves_the_last_good_list_in_force(skarb, tmp_path: Path) -> None:
    market(skarb, tmp_path)
    screen(skarb, "import", *write(tmp_path, "2026-01-05"), "--to", "reg")
    main = write(tmp_path, "2026-01-06", SDN + MORE)[0]
    for words, why in (
        ([main], "no file with its addresses"),
        (write(tmp_path, "2025-12-31"), "never replaces"),
        (write(tmp_path, "2126-01-01"), "not after today"),
        (write(tmp_path, "2026-01-07", SDN + MORE[:-30]), "is cut"),
    ):
        result = screen(skarb, "import", *words, "--to", "reg")
        assert result.code == 3
        assert why in " ".join(result.err.split())
    (row,) = json.loads(screen(skarb, "lists", "--of", "reg", "--all", "--format", "json").out)
    assert row["published"] == "2026-01-05"
    assert json.loads(screen(skarb, "party", "p1", "--of", "reg", "--json").out)["status"] == "listed"
    refused = skarb("register", "import", main, "--to", "reg", "--law", "zz")
    assert refused.code == 3 and "skarb screen import" in refused.err


def test_one_list_that_cannot_follow_keeps_the_others_out(skarb, tmp_path: Path) -> None:
    market(skarb, tmp_path)
    screen(skarb, "import", *write(tmp_path, "2026-01-05"), "--to", "reg")
    own = tmp_path / "own.json"
    own.write_text(
        '{"list":"ours","regime":"own","publisher":"we","version":"1","published":"2026-01-01","entries":[{"entry":"1"}]}'
    )
    result = screen(skarb, "import", own, *write(tmp_path, "2025-12-31"), "--to", "reg")
    assert result.code == 3 and "never replaces" in " ".join(result.err.split())
    rows = json.loads(screen(skarb, "lists", "--of", "reg", "--all", "--format", "json").out)
    assert [row["list"] for row in rows] == ["ofac-sdn"]


def test_a_decision_that_could_not_be_read_again_is_not_written(skarb, tmp_path: Path) -> None:
    market(skarb, tmp_path)
    screen(skarb, "import", *write(tmp_path, "2026-01-05"), "--to", "reg")
    for words in (
        ("policy", "set", "us", "report", "--reason", "export controls", "--by", "A"),
        ("policy", "set", "us", "report", "--reason", "x", "--by", "A. One"),
        ("whitelist", "add", "p3", "ofac-sdn", "36", "--reason", "", "--by", "A. One", "--approved-by", "B. Two"),
    ):
        result = screen(skarb, *words, "--to", "reg")
        assert result.code == 3 and "length >= 3" in " ".join(result.err.split())
    assert json.loads(screen(skarb, "party", "p1", "--of", "reg", "--json").out)["status"] == "listed"


def test_versions_are_kept_and_compared(skarb, tmp_path: Path) -> None:
    market(skarb, tmp_path)
    first, second = write(tmp_path, "2026-01-05"), write(tmp_path, "2026-01-06", SDN.replace("5990001", "5990002") + MORE)
    for files in (first, second):
        assert screen(skarb, "import", *files, "--to", "reg").code == 0
    expected = {"added": ["40"], "removed": [], "changed": ["36"]}
    by_file = screen(skarb, "delta", first[0], second[0], "--json")
    assert json.loads(by_file.out) == expected
    kept = screen(skarb, "delta", "ofac-sdn@2026-01-05", "ofac-sdn@2026-01-06", "--of", "reg", "--json")
    assert json.loads(kept.out) == expected
    assert "ABEL, Zed" in screen(skarb, "delta", *first[:1], *second[:1]).out
    rows = json.loads(screen(skarb, "lists", "--of", "reg", "--all", "--format", "json").out)
    assert [(row["version"], row["entries"], row["written"]) for row in rows] == [("2026-01-05", 1, 1), ("2026-01-06", 2, 2)]
    assert screen(skarb, "delta", "nowhere.csv", second[0]).code == 4


def test_policy_and_whitelist(skarb, tmp_path: Path) -> None:
    market(skarb, tmp_path)
    screen(skarb, "import", *write(tmp_path, "2026-01-05"), "--to", "reg")
    said = ("--to", "reg", "--by", "A. One", "--reason", "looked at it")
    off = screen(skarb, "policy", "set", "ofac-sdn", "off", *said)
    assert off.code == 3 and "cannot be switched off" in " ".join(off.err.split())
    two = ("--approved-by", "B. Two")
    certain = screen(skarb, "whitelist", "add", "p1", "ofac-sdn", "36", *said, *two)
    assert certain.code == 3 and "on a list that blocks" in " ".join(certain.err.split())
    assert screen(skarb, "whitelist", "add", "p2", "ofac-sdn", "36", *said, "--approved-by", "A. One").code == 3
    assert screen(skarb, "whitelist", "add", "p2", "ofac-sdn", "37", *said, *two).code == 4
    assert screen(skarb, "whitelist", "add", "p2", "ofac-sdn", "36", *said, *two).code == 0
    told = json.loads(screen(skarb, "party", "p2", "--of", "reg", "--json").out)
    assert (told["status"], told["whitelisted"]) == ("clear", ["ofac-sdn/36"])
    (row,) = json.loads(screen(skarb, "whitelist", "--of", "reg", "--format", "json").out)
    assert (row["party"], row["state"]) == ("p2", "holds")
    assert screen(skarb, "policy", "set", "ofac-sdn", "report", *said).code == 0
    (row,) = json.loads(screen(skarb, "policy", "--of", "reg", "--format", "json").out)
    assert (row["measure"], row["by"], row["reason"]) == ("report", "A. One", "looked at it")
    assert json.loads(screen(skarb, "party", "p1", "--of", "reg", "--json").out)["status"] == "possible"
    screen(skarb, "import", *write(tmp_path, "2026-01-06", SDN.replace("5990001", "5990002")), "--to", "reg")
    assert json.loads(screen(skarb, "party", "p2", "--of", "reg", "--json").out)["status"] == "possible"
    (row,) = json.loads(screen(skarb, "whitelist", "--of", "reg", "--format", "json").out)
    assert row["state"] == "the entry has changed"


def test_what_is_no_address_is_never_clear(skarb, tmp_path: Path) -> None:
    market(skarb, tmp_path)
    assert screen(skarb, "import", *write(tmp_path, "2026-01-05"), "--to", "reg").code == 0
    whole = "BTC:12c6DSiU4Rq3P4ZxziKxzrL5LmMBrzjrJX"
    assert json.loads(screen(skarb, "wallet", whole, "--of", "reg", "--json").out)["status"] == "clear"
    for text in (
        "",
        "  ",
        "garbage",
        "BTC:",
        ":",
        "BTC:12c6DSiU4Rq3P4ZxziKxzrL5LmMBrzjrJY",
        "ETH:0x12",
        "NOCHAIN:x",
        WALLET[:-1],
    ):
        said = screen(skarb, "wallet", text, "--of", "reg")
        assert said.code == 3 and "is not an address" in said.err, text
        assert "clear" not in said.out, text


def test_lists_that_a_country_requires_are_named_where_they_lack(skarb, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text(PEOPLE)
    assert skarb("register", "import", file, "--to", "reg", "--law", "by", "--register", "parties").code == 0
    result = skarb("screen", "import", *write(tmp_path, "2026-01-05"), "--to", "reg", "--law", "by")
    assert result.code == 0
    for said in (result.err, skarb("screen", "lists", "--of", "reg", "--law", "by").err):
        said = " ".join(said.split())
        assert (
            "nobody is clear" in said and "un-sc is not loaded, required since 1999-10-15" in said and "a national list" in said
        )
    told = json.loads(skarb("screen", "party", "p3", "--of", "reg", "--law", "by", "--json").out)
    assert told["status"] == "unavailable" and len(told["missing"]) == 2
    assert json.loads(skarb("screen", "party", "p1", "--of", "reg", "--law", "by", "--json").out)["status"] == "listed"
    row = {
        "id": "1",
        "at": "2026-10-01T10:00:00Z",
        "activity": "fiat_pay",
        "party": "p3",
        "counterparty": "p2",
        "asset": "BYN",
        "amount": "1",
    }
    (tmp_path / "rows.jsonl").write_text(json.dumps(row) + "\n")
    decided = skarb("decide", "rows.jsonl", "--of", "reg", "--operator", "p3", "--law", "by", "--format", "json")
    assert json.loads(decided.out)[0]["verdict"] == "refer" and "un-sc is not loaded" in " ".join(decided.err.split())


def test_a_made_up_market_asks_for_lists_of_the_same_regimes(tmp_path: Path) -> None:
    from datetime import UTC, date, datetime

    from skarb.app.setting import open_registers, screen_of
    from skarb.core.screening_list import Listed, ScreeningList

    (tmp_path / "market.yaml").write_text("law: by\n")
    registers = open_registers("by", tmp_path, lambda: datetime(2026, 10, 1, tzinfo=UTC))
    assert screen_of(registers).missing[1:] == ("a national list is not loaded", "a un list is not loaded")
    for regime in ("national", "un"):
        entries = (Listed(entry="1", parties=("somebody",)),)
        about = {"publisher": "x", "version": "1", "published": date(2020, 1, 1)}
        made = ScreeningList(list=f"simulated-{regime}", regime=regime, entries=entries, **about)
        assert not registers.record_list(made, "x").problems
    assert screen_of(registers).available

"""`skarb screen`: lists come in whole, say whom they concern, are compared and asked; decisions about hits are recorded."""

import json
from pathlib import Path

import pytest

from skarb.registers import Registers

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
    told = json.loads(screen(skarb, "party", "p1", "--purpose", "a test", "--of", "reg", "--json").out)
    assert (told["status"], told["regime"], told["list"], told["entry"], told["measure"]) == (
        "listed",
        "us",
        "ofac-sdn",
        "36",
        "block",
    )
    assert json.loads(screen(skarb, "party", "p2", "--purpose", "a test", "--of", "reg", "--json").out)["status"] == "possible"
    assert json.loads(screen(skarb, "party", "p3", "--purpose", "a test", "--of", "reg", "--json").out)["status"] == "clear"
    assert screen(skarb, "party", "p9", "--purpose", "a test", "--of", "reg").code == 4
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
    assert json.loads(screen(skarb, "party", "p1", "--purpose", "a test", "--of", "reg", "--json").out)["status"] == "listed"
    refused = skarb("register", "import", main, "--to", "reg", "--law", "zz")
    assert refused.code == 3 and "skarb screen import" in refused.err


def test_a_list_that_has_lost_most_of_its_entries_is_taken_over_only_when_that_is_said(skarb, tmp_path: Path) -> None:
    market(skarb, tmp_path)
    own = tmp_path / "own.json"

    def written(day: int, entries: int) -> Path:
        some = [{"entry": str(number)} for number in range(entries)]
        told = {"list": "ours", "regime": "own", "publisher": "we", "version": str(day), "published": f"2026-01-0{day}"}
        own.write_text(json.dumps({**told, "entries": some}))
        return own

    assert screen(skarb, "import", written(1, 5), "--to", "reg").code == 0
    assert screen(skarb, "import", written(2, 3), "--to", "reg").code == 0
    for words in (("screen", "import"), ("register", "import")):
        result = skarb(*words, written(3, 1), "--to", "reg", "--law", "zz")
        assert result.code == 3 and "--fewer" in " ".join((result.out + result.err).split())
    (*_, last) = json.loads(screen(skarb, "lists", "--of", "reg", "--format", "json").out)
    assert (last["version"], last["entries"]) == ("2", 3)
    assert screen(skarb, "import", written(3, 1), "--to", "reg", "--fewer").code == 0
    assert screen(skarb, "import", written(4, 1), "--to", "reg").code == 0
    assert screen(skarb, "import", written(5, 0), "--to", "reg").code == 3


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
    assert json.loads(screen(skarb, "party", "p1", "--purpose", "a test", "--of", "reg", "--json").out)["status"] == "listed"


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
    told = json.loads(screen(skarb, "party", "p2", "--purpose", "a test", "--of", "reg", "--json").out)
    assert (told["status"], told["whitelisted"]) == ("clear", ["ofac-sdn/36"])
    (row,) = json.loads(screen(skarb, "whitelist", "--of", "reg", "--purpose", "a test", "--format", "json").out)
    assert (row["party"], row["state"]) == ("p2", "holds")
    assert screen(skarb, "policy", "set", "ofac-sdn", "report", *said).code == 0
    (row,) = json.loads(screen(skarb, "policy", "--of", "reg", "--format", "json").out)
    assert (row["measure"], row["by"], row["reason"]) == ("report", "A. One", "looked at it")
    assert json.loads(screen(skarb, "party", "p1", "--purpose", "a test", "--of", "reg", "--json").out)["status"] == "possible"
    screen(skarb, "import", *write(tmp_path, "2026-01-06", SDN.replace("5990001", "5990002")), "--to", "reg")
    assert json.loads(screen(skarb, "party", "p2", "--purpose", "a test", "--of", "reg", "--json").out)["status"] == "possible"
    (row,) = json.loads(screen(skarb, "whitelist", "--of", "reg", "--purpose", "a test", "--format", "json").out)
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
    told = json.loads(skarb("screen", "party", "p3", "--purpose", "a test", "--of", "reg", "--law", "by", "--json").out)
    assert told["status"] == "unavailable" and len(told["missing"]) == 2
    assert (
        json.loads(skarb("screen", "party", "p1", "--purpose", "a test", "--of", "reg", "--law", "by", "--json").out)["status"]
        == "listed"
    )
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


def test_what_a_simulation_made_stands_for_a_list_of_the_law_and_nothing_else_does(tmp_path: Path) -> None:
    """A folder's market.yaml beside registers asks for nothing less; and where something made up stands for a list, every answer says so."""
    from datetime import UTC, date, datetime

    from skarb.app.setting import open_registers, screen_of, setting_of
    from skarb.core.screening_list import Listed, ScreeningList

    def market() -> Registers:
        return open_registers("by", tmp_path, lambda: datetime(2026, 10, 1, tzinfo=UTC))

    def add(registers: Registers, name: str, regime: str, published: date) -> None:
        entries = (Listed(entry="1", parties=("somebody",)),)
        made = ScreeningList(list=name, regime=regime, publisher="x", version="1", published=published, entries=entries)  # type: ignore[arg-type]
        assert not registers.record_list(made, "x").problems

    (tmp_path / "market.yaml").write_text("law: by\n")
    registers = market()
    asked = screen_of(registers).missing
    assert "un-sc is not loaded, required since 1999-10-15" in asked, "a file beside the registers lifts nothing"
    for name, regime in (("old-national", "national"), ("another-un", "un")):
        add(registers, name, regime, date(2020, 1, 1))
    screen = screen_of(registers)
    assert not screen.available and not screen.eased, "lists of the same regimes are not enough, whatever their names"
    assert any("older than 184 days" in one for one in screen.missing)
    for regime in ("national", "un"):
        add(registers, f"simulated-{regime}", regime, date(2020, 1, 1))
    screen = screen_of(registers)
    assert screen.available
    assert [one.partition(" is a made-up list")[0] for one in screen.eased] == ["simulated-national", "simulated-un"]
    assert "it stands for un-sc, the real one that SAN-UN/list asks for" in screen.eased[1]
    assert set(screen.eased) <= set(setting_of("by", registers, "somebody").notes), "whoever decides by it is told"
    (tmp_path / "market.yaml").unlink()
    assert not screen_of(market()).available, "without a market nothing made up stands for anything"


def test_no_law_names_a_made_up_list(tmp_path: Path) -> None:
    from skarb.core.errors import ConfigurationError
    from skarb.registers.defaults import _required_lists

    (tmp_path / "required.yaml").write_text("- {list: un-sc, regime: un, stand_in: simulated-un}\n")
    with pytest.raises(ConfigurationError, match="nothing made up stands for a list by law"):
        _required_lists(tmp_path / "required.yaml")


def test_screening_commands_say_what_is_made_up(skarb, tmp_path: Path) -> None:
    made = {
        "list": "simulated-un",
        "regime": "un",
        "publisher": "x",
        "version": "1",
        "published": "2020-01-01",
        "entries": [{"entry": "1"}],
    }
    (tmp_path / "made.json").write_text(json.dumps(made))
    (tmp_path / "reg").mkdir()
    numbers = {"law": "by", "seed": 1, "start": "2026-01-01", "days": 1, "people": 10, "companies": 2, "per_day": 5}
    (tmp_path / "reg" / "market.yaml").write_text(json.dumps(numbers))
    assert skarb("screen", "import", "made.json", "--to", "reg").code == 0
    for words in (("lists",), ("wallet", "BTC:1BoatSLRHtKNngkdXEeobR76b53LETtpyT"), ("name", "Anna Kupala")):
        said = " ".join(skarb("screen", *words, "--of", "reg").err.split())
        assert (
            "made up: simulated-un is a made-up list of people under sanctions; in this simulated market it stands for un-sc"
            in said
        ), words
        assert "clear: simulated-un" not in said, "a list that is made up keeps nobody from being clear"
    answer = json.loads(skarb("screen", "name", "Anna Kupala", "--of", "reg", "--json").out)
    assert len(answer["missing"]) == len(answer["made_up"]) == 1 and "simulated-un" in answer["made_up"][0]

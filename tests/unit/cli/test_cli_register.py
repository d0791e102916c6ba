"""`skarb register`: each file whole or not at all; what is refused says why; looking changes nothing."""

import json
from datetime import date, timedelta
from pathlib import Path

import pytest

PARTIES = """party,kind,country,resident,identified,valid_from,name
p1,natural_person,ZZ,true,true,2026-01-01,Zed One
f1,legal_entity,QM,false,true,2026-01-01,Far Firm
"""
LIST = {
    "list": "watch", "regime": "un", "publisher": "a made-up council", "version": "7", "published": "2026-05-01",
    "entries": [{"entry": "W-1", "name": "Somebody", "parties": ["p1"]}],
}  # fmt: skip


def imported(skarb, file: Path, *words: str):
    return skarb("register", "import", file, "--to", "reg", "--law", "zz", *words)


def feed(path: Path, days: int, *, frozen: bool = False) -> Path:
    start = date(2026, 1, 5)
    lines = ["Date,USD"]
    for number in range(days):
        day = start + timedelta(days=number)
        if day.weekday() < 5:
            lines.append(f"{day},{'3.2500' if frozen else f'3.2{number:03}'}")
    path.write_text("\n".join(lines) + "\n")
    return path


def test_parties_come_in_and_can_be_looked_up(skarb, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text(PARTIES)
    first = imported(skarb, file, "--register", "parties")
    assert first.code == 0
    assert "2 new" in first.out
    assert "2 known already" in imported(skarb, file, "--register", "parties").out
    shown = skarb("register", "show", "p1", "--purpose", "a test", "--of", "reg", "--law", "zz", "--at", "2026-06-01")
    assert shown.code == 0
    assert "natural_person" in shown.out
    told = json.loads(skarb("register", "show", "p1", "--purpose", "a test", "--of", "reg", "--law", "zz", "--json").out)
    assert told["profile"]["identified"] is True
    before = json.loads(
        skarb("register", "show", "p1", "--purpose", "a test", "--of", "reg", "--law", "zz", "--at", "2025-12-31", "--json").out
    )
    assert before["profile"] is None
    assert skarb("register", "show", "p9", "--of", "reg", "--law", "zz").code == 4
    rows = json.loads(skarb("register", "recordings", "--of", "reg", "--law", "zz", "--format", "json").out)
    assert [row["source"] for row in rows] == ["ZZ registers.yaml", "people.csv"]
    assert "parties: 2" in rows[1]["holds"]


def test_one_wrong_row_refuses_the_file(skarb, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text(PARTIES + "p2,wizard,ZZ,true,true,2026-02-30,Nobody\n")
    result = imported(skarb, file, "--register", "parties")
    assert result.code == 3
    assert "people.csv row 3" in result.err and "nothing of it was recorded" in result.err
    assert skarb("register", "show", "p1", "--purpose", "a test", "--of", "reg", "--law", "zz").code == 4


def test_rates_come_in_unless_the_feed_stands_still(skarb, tmp_path: Path) -> None:
    good = feed(tmp_path / "rates.csv", 40)
    result = imported(skarb, good, "--kind", "rates")
    assert (result.code, "30 new" in result.out) == (0, True), result.err
    stale = feed(tmp_path / "stale.csv", 40, frozen=True)
    result = imported(skarb, stale, "--kind", "rates", "--publisher", "OTHER")
    assert result.code == 3
    said = " ".join(result.err.split())
    assert "stale.csv" in said and "3.2500 unchanged from 2026-01-05" in said and "the feed froze" in said
    changed = tmp_path / "changed.csv"
    changed.write_text(good.read_text().replace("3.2001", "3.9001"))
    assert imported(skarb, changed, "--kind", "rates").code == 3
    assert imported(skarb, changed, "--kind", "rates", "--correct").code == 0


def test_a_screening_list_comes_in(skarb, tmp_path: Path) -> None:
    file = tmp_path / "list.json"
    file.write_text(json.dumps(LIST))
    assert imported(skarb, file).code == 0
    rows = json.loads(skarb("register", "recordings", "--of", "reg", "--law", "zz", "--format", "json").out)
    assert "lists: 1" in rows[-1]["holds"]
    file.write_text(json.dumps({**LIST, "regime": "mars"}))
    assert imported(skarb, file).code == 3


def test_the_stale_feed_of_a_day_is_told_from_the_good_one(skarb, tmp_path: Path) -> None:
    """Whole files only: the good file before it in the same run is recorded, the stale one is not, and the exit code says so."""
    good, stale = feed(tmp_path / "good.csv", 30), feed(tmp_path / "bad.csv", 40, frozen=True)
    result = skarb("register", "import", good, stale, "--to", "reg", "--law", "zz", "--kind", "rates")
    assert result.code == 3
    assert "good.csv" in result.out and "bad.csv" in result.err


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("none.csv", None, 4),
        ("strange.bin", b"\x00\x01", 3),
        ("latin.csv", "party,kind\nż,x\n".encode("latin2"), 3),
        ("empty.csv", b"", 3),
    ],
)
def test_files_that_say_nothing(name: str, content: bytes | None, code: int, skarb, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    result = imported(skarb, Path(name), "--register", "parties")
    assert result.code == code
    assert name in result.err


def test_looking_makes_no_registers(skarb, tmp_path: Path) -> None:
    for words in (("show", "p1"), ("recordings",)):
        result = skarb("register", *words, "--of", "typo")
        assert result.code == 4
        assert "typo" in result.err
    assert not (tmp_path / "typo").exists()
    assert skarb("register", "import", tmp_path, "--to", "reg").code == 3


def test_who_looks_at_a_human_being_says_why(skarb, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text(PARTIES)
    assert imported(skarb, file, "--register", "parties").code == 0
    log = tmp_path / "reg" / "looks.jsonl"
    for words in (("register", "show", "p1"), ("screen", "party", "p1")):
        refused = skarb(*words, "--of", "reg", "--law", "zz")
        assert refused.code == 8 and "why you look" in " ".join(refused.err.split()) and "natural_person" not in refused.out
        assert not log.exists()
    assert skarb("register", "show", "p1", "--of", "reg", "--law", "zz", "--purpose", "case 17").code == 0
    assert skarb("screen", "party", "p1", "--of", "reg", "--law", "zz", "--purpose", "case 18").code == 0
    said = [json.loads(line) for line in log.read_text().splitlines()]
    assert [(one["subject"], one["purpose"]) for one in said] == [("registers/p1", "case 17"), ("registers/p1", "case 18")]
    company = tmp_path / "company.yaml"
    company.write_text(
        "- {party: acme, kind: legal_entity, country: ZZ, resident: true, identified: true, valid_from: 2026-01-01}\n"
    )
    assert imported(skarb, company, "--register", "parties").code == 0
    assert skarb("register", "show", "acme", "--of", "reg", "--law", "zz").code == 0, "organisations stand in public registers"
    assert len(log.read_text().splitlines()) == 2
    more = tmp_path / "more.yaml"
    more.write_text(
        "holds:\n- {party: zed, kind: arrest, body: court 7, valid_from: 2026-01-01}\n"
        "wallet_proofs:\n- {wallet: 'BTC:1BoatSLRHtKNngkdXEeobR76b53LETtpyT', nonce: 0123456789abcdef, party: p1, book: b, status: asked, "
        "valid_from: 2026-01-01}\n"
    )
    assert imported(skarb, more).code == 0
    for subject in ("zed", "BTC:1BoatSLRHtKNngkdXEeobR76b53LETtpyT"):
        refused = skarb("register", "show", subject, "--of", "reg", "--law", "zz")
        assert refused.code == 8 and not refused.out, f"{subject}: an entry that tells of somebody is a look at him, too"

"""Power on the command line: answers with their figures, plans, orders, proof by the meter."""

import json
from pathlib import Path

import pytest

SITES = """
- {name: bereza, miners: new, blocks: 8, block_mw: 50, priority: 1, meter: m-bereza}
- {name: krichev, miners: old, blocks: 6, block_mw: 50, priority: 2, meter: m-krichev}
"""
PENALTIES = """
- {name: excess, cites: "tariff 3.1", first: 2026-01-01, price_milli_per_mwh: 300000}
- {name: no proof, cites: "tariff 3.2", first: 2026-01-01, price_milli_per_mwh: 100000, proven: false}
"""


def test_surplus_comes_with_its_range_and_every_figure(skarb) -> None:
    answer = json.loads(skarb("mine", "surplus", "--boilers-first", "--draws", "5", "--format", "json").out)
    assert len(answer["table"]) == 8 and answer["boilers_first"] is True
    assert answer["figures_alone"][0]["figure"] == "gas_floor" and answer["figures_together"]["draws"] == 5
    floor = next(one for one in answer["figures"] if one["figure"] == "gas_floor")
    assert floor["value"] == "800 MW" and floor["highest"] == "1,200 MW" and floor["certainty"] == "low" and floor["source"]
    shown = skarb("mine", "surplus", "--draws", "5", "--set", "gas_floor=400").out
    assert "400 MW" in shown and "What one figure does alone" in shown and "published" in shown


def test_surplus_of_a_file_says_how_much_of_it_is_estimated(skarb, tmp_path: Path) -> None:
    rows = [f"2026-01-01T{hour:02}:00+03:00,{2000 + hour},2220,500,100" for hour in range(24)]
    rows[5] = rows[5].replace(",2005,", ",-1,")
    (tmp_path / "load.csv").write_text("at,load_mw,nuclear_1_mw,must_run_mw,heat_mw\n" + "\n".join(rows) + "\n")
    refused = skarb("mine", "surplus", "--hours", "load.csv")
    assert refused.code == 3 and "load.csv row 7, load_mw: given '-1'" in refused.err
    words = ("mine", "surplus", "--hours", "load.csv", "--estimate", "--report", "page.html")
    answer = json.loads(skarb(*words, "--format", "json").out)
    assert "load.csv, 24 hours, 1 of them estimated" in (tmp_path / "page.html").read_text()
    assert skarb("mine", "plan", "--hours", "load.csv", "--estimate", "--report", "plan.html").code == 0
    assert answer["source"] == "load.csv, 24 hours, 1 of them estimated" and answer["figures_together"] is None
    assert answer["table"][0]["energy_wh"] == sum(2720 - (2000 + hour) for hour in range(24)) * 1_000_000


def test_a_plan_gives_a_reason_per_hour_and_its_schedule_the_same_power(skarb, tmp_path: Path) -> None:
    (tmp_path / "sites.yaml").write_text(SITES)
    words = ("mine", "plan", "--from", "2026-04-21", "--days", "2", "--outage", "1@2026-04-20:35")
    answer = json.loads(skarb(*words, "--format", "json").out)
    assert len(answer["rows"]) == 48 and {one["reason"] for one in answer["rows"]} <= {"gas", "limits", "reserve", "peak"}
    assert "outage 1@2026-04-20:35" in answer["source"] and answer["mining_wh"] == sum(one["mining_w"] for one in answer["rows"])
    slots = skarb(*words, "--schedule", "--sites", "sites.yaml", "--format", "csv").rows
    assert sum(int(one["power_w"]) for one in slots) == answer["mining_wh"]
    shown = skarb(*words)
    assert "gas: another MWh is burnt gas" in shown.out and "boilers first costs cents" in shown.out


def test_mining_on_surplus_only_is_told_to_be_on_surplus(skarb) -> None:
    words = ("mine", "plan", "--from", "2026-01-15", "--days", "2", "--surplus-only", "--method", "fill", "--format", "json")
    rows = json.loads(skarb(*words).out)["rows"]
    assert any(one["mining_w"] for one in rows)
    assert all(one["on_surplus_w"] == one["mining_w"] for one in rows), (
        "the surplus above the gas that stays on, as --surplus-only means it"
    )
    assert any("of it left over above the gas that stays on" in one["says"] for one in rows)


def test_sizes_of_mining_are_tried_and_the_best_is_marked(skarb) -> None:
    rows = skarb("mine", "plan", "--try", "0..600/200", "--capital", "300000", "--surplus-only", "--format", "csv").rows
    assert [int(one["mining_w"]) // 1_000_000 for one in rows] == [0, 200, 400, 600]
    assert [one["best"] for one in rows] == ["True", "False", "False", "False"], "on surplus alone nothing pays for new machines"


def test_what_makes_no_sense_is_refused(skarb) -> None:
    for words, code, says in (
        (("plan", "--from", "2027-04-21", "--days", "2"), 3, "expected days between 2026-01-01"),
        (("plan", "--days", "1", "--outage", "first"), 3, "UNIT@DAY:DAYS"),
        (("plan", "--try", "5"), 2, "FROM..TO/STEP"),
        (("surplus", "--set", "gas_floor"), 2, "NAME=VALUE"),
        (("surplus", "--country", "zz"), 4, "power figures of 'zz'"),
        (("plan", "--days", "1", "--set", "reserve=9000", "--set", "mining_new_blocks=0"), 7, "reserve would have to be smaller"),
    ):
        result = skarb("mine", *words)
        assert result.code == code and says in " ".join(result.err.split()), words


@pytest.mark.parametrize("language", ["be", "ru", "en"])
def test_pages_have_everything_in_them(skarb, tmp_path: Path, language: str) -> None:
    skarb("mine", "surplus", "--draws", "3", "--report", "s.html", "--in", language, "--output", "s.csv")
    skarb("mine", "plan", "--method", "fill", "--report", "p.html", "--in", language, "--output", "p.csv")
    for name, marks in (
        ("s.html", ("k-left_over", 'class="bars tornado"', "k-floor1200")),
        ("p.html", ("k-mining", "k-marginal", "share")),
    ):
        text = (tmp_path / name).read_text(encoding="utf-8")
        assert f'<html lang="{language}">' in text and all(one in text for one in marks)
        assert "http" not in text.replace("http-equiv", ""), "nothing is fetched from anywhere"
        assert "gas_floor" in text and "{" not in text.partition("</style>")[2].partition("<script>")[0]


def test_an_order_is_written_verified_by_meters_and_charged(skarb, tmp_path: Path) -> None:
    (tmp_path / "sites.yaml").write_text(SITES)
    (tmp_path / "penalties.yaml").write_text(PENALTIES)
    (tmp_path / "now.csv").write_text("site,running_mw\nbereza,400\nkrichev,300\n")
    made = skarb(
        *("mine", "curtail", "order", "--sites", "sites.yaml", "--running", "now.csv", "--need", "320", "--reason", "peak"),
        *("--at", "2026-04-21T02:00+03:00", "--until", "2026-04-21T03:00+03:00", "--output", "order.json"),
    )
    assert made.code == 0 and "within 1 minute 700.0 MW" in made.err
    order = json.loads((tmp_path / "order.json").read_text())
    assert [(one["site"], one["most_w"]) for one in order["targets"]] == [("krichev", 0), ("bereza", 350_000_000)]
    ramp = skarb(
        "mine", "curtail", "ramp", "order.json", "--sites", "sites.yaml", "--headroom", "100,400", "--format", "csv"
    ).rows
    assert [(one["site"], one["way"]) for one in ramp[:4]] == [
        ("bereza", "off"),
        ("krichev", "off"),
        ("bereza", "back"),
        ("krichev", "back"),
    ]
    metered = (("m-krichev", 0), ("m-bereza", 100_000_000))
    rows = [f"{meter},2026-04-21T02:{minute}:00+03:00,15,{wh},no" for minute in (15, 30, 45) for meter, wh in metered]
    (tmp_path / "meters.csv").write_text("meter,at,minutes,energy_wh,estimated\n" + "\n".join(rows) + "\n")
    verdicts = skarb("mine", "curtail", "verify", "order.json", "meters.csv", "--format", "csv")
    assert verdicts.code == 9
    assert [(one["site"], one["complied"], one["excess_wh"]) for one in verdicts.rows] == [
        ("krichev", "True", "0"),
        ("bereza", "False", "37500000"),
    ]
    charges = skarb(
        "mine", "curtail", "verify", "order.json", "meters.csv", "--penalties", "penalties.yaml", "--format", "csv"
    ).rows
    assert [(one["site"], one["cites"], one["amount_minor"]) for one in charges] == [("bereza", "tariff 3.1", "1125000")]
    intervals = skarb("mine", "curtail", "verify", "order.json", "meters.csv", "--intervals", "--format", "csv").rows
    assert len(intervals) == 6
    (tmp_path / "meters.csv").write_text("meter,at,minutes,energy_wh,estimated\nm-krichev,2026-04-21T02:15:00+03:00,15,0,n")
    assert "seems to be cut" in skarb("mine", "curtail", "verify", "order.json", "meters.csv").err


AT = ("--reason", "test", "--at", "2026-04-21T02:00+03:00")
METERS = "meter,at,minutes,energy_wh,estimated\n"


@pytest.fixture
def cut(skarb, tmp_path: Path):
    """Write sites and what they draw, and an order to cut both until a minute of the hour."""
    (tmp_path / "sites.yaml").write_text(SITES)
    (tmp_path / "now.csv").write_text("site,running_mw\nbereza,400\nkrichev,300\n")

    def order(until: str) -> None:
        words = ("--sites", "sites.yaml", "--running", "now.csv", "--need", "600", "--until", until, "--output", "order.json")
        assert skarb("mine", "curtail", "order", *AT, *words).code == 0

    return order


def test_an_order_that_no_meter_can_prove_complies_nobody(skarb, cut, tmp_path: Path) -> None:
    cut("2026-04-21T02:15+03:00")  # the deadline is 02:01, so no quarter of an hour lies inside
    (tmp_path / "meters.csv").write_text(METERS + "m-bereza,2026-04-21T02:00+03:00,15,100000000,no\n")
    refused = skarb("mine", "curtail", "verify", "order.json", "meters.csv")
    assert refused.code == 3 and "no whole interval of 15 minutes" in refused.err
    assert skarb("mine", "curtail", "verify", "order.json", "meters.csv", "--minutes", "0").code == 3
    assert skarb("mine", "curtail", "verify", "order.json", "meters.csv", "--minutes", "-15").code == 3


@pytest.mark.parametrize("said", ["true", "YES", "1", "", "yes "])
def test_a_reading_says_yes_or_no_whether_it_is_estimated(skarb, cut, tmp_path: Path, said: str) -> None:
    cut("2026-04-21T03:00+03:00")
    (tmp_path / "meters.csv").write_text(f"{METERS}m-bereza,2026-04-21T02:15+03:00,15,0,{said}\n")
    refused = skarb("mine", "curtail", "verify", "order.json", "meters.csv")
    assert refused.code == 3 and "meters.csv row 2, estimated" in refused.err and "yes or no" in refused.err


def test_files_about_sites_are_refused_where_they_would_be_read_wrong(skarb, cut, tmp_path: Path) -> None:
    words = (*AT, "--sites", "bad.yaml", "--until", "2026-04-21T03:00+03:00")
    for wrong, told in {
        SITES.replace("krichev", "bereza"): "a second time",
        SITES.replace("m-krichev", "m-bereza"): "a second time",
        SITES.replace("block_mw: 50", "block_mw: 0"): "below what can be",
        SITES.replace("block_mw: 50", "block_mw: .inf"): "expected MW",
        SITES.replace("meter: m-krichev", "meter: m-krichev, off_minute: 30"): "off_minute is not known",
        "- {name: [": "expected YAML",
    }.items():
        (tmp_path / "bad.yaml").write_text(wrong)
        refused = skarb("mine", "curtail", "order", *words, "--running", "now.csv", "--need", "600")
        assert refused.code == 3 and told in refused.err, wrong
    (tmp_path / "bad.yaml").write_text(SITES)
    (tmp_path / "twice.csv").write_text("site,running_mw\nbereza,400\nbereza,100\n")
    refused = skarb("mine", "curtail", "order", *words, "--running", "twice.csv", "--need", "600")
    assert refused.code == 3 and "twice.csv row 3: given site 'bereza' a second time" in refused.err
    assert skarb("mine", "curtail", "order", *words, "--running", "now.csv", "--need", "inf").code == 3
    cut("2026-04-21T03:00+03:00")
    (tmp_path / "bad.yaml").write_text(SITES.replace("krichev", "other"))
    refused = skarb("mine", "curtail", "ramp", "order.json", "--sites", "bad.yaml", "--headroom", "100")
    assert refused.code == 3 and "site 'krichev' is not known" in refused.err
    (tmp_path / "meters.csv").write_text(METERS)
    (tmp_path / "rules.yaml").write_text(PENALTIES.replace("proven: false", "prooven: false"))
    refused = skarb("mine", "curtail", "verify", "order.json", "meters.csv", "--penalties", "rules.yaml")
    assert refused.code == 3 and "prooven is not known" in refused.err
    (tmp_path / "rules.yaml").write_text(PENALTIES.replace("300000", "-300000"))
    refused = skarb("mine", "curtail", "verify", "order.json", "meters.csv", "--penalties", "rules.yaml")
    assert refused.code == 3 and "below nought" in refused.err
    (tmp_path / "meters.csv").write_text(f"{METERS}m-bereza,2026-04-21T02:15+03:00,15,{10**24},no\n")
    refused = skarb("mine", "curtail", "verify", "order.json", "meters.csv")
    assert refused.code == 3 and "meters.csv row 2, energy_wh" in refused.err


def test_numbers_that_cannot_be_are_refused_and_values_beyond_their_range_are_not(skarb) -> None:
    for words, code, says in (
        (("surplus", "--draws", "-5"), 3, "draws: given -5"),
        (("surplus", "--seed", "-1"), 3, "a seed from 0"),
        (("surplus", "--year", "0"), 3, "a year of the calendar"),
        (("surplus", "--set", "gas_floor=-500"), 3, "expected MW from 0"),
        (("surplus", "--set", "gas_floor=1e9"), 3, "expected a number of MW"),
        (("plan", "--days", "1", "--outage", "1@2026-01-01:-5"), 3, "UNIT@DAY:DAYS"),
        (("plan", "--days", "1", "--outage", "1@2031-01-01:5"), 7, "outage: given 5 days from 2031-01-01"),
        (("plan", "--try=-100..100/50"), 2, "FROM..TO/STEP"),
        (("plan", "--try", "0..100/50", "--report", "page.html"), 2, "--try"),
    ):
        result = skarb("mine", *words)
        assert result.code == code and says in " ".join(result.err.split()), words
    answer = json.loads(skarb("mine", "surplus", "--set", "gas_floor=1500", "--draws", "3", "--format", "json").out)
    floor = next(one for one in answer["figures"] if one["figure"] == "gas_floor")
    assert (floor["value"], floor["highest"]) == ("1,500 MW", "1,500 MW")

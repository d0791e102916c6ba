"""Bills and audits on the command line: the published case to the kopeck, corrections, inflows, two miners who cheat."""

import csv
import hashlib
import json
import math
from datetime import date, datetime, timedelta, timezone
from fractions import Fraction
from pathlib import Path

import pytest

from skarb.app.law import law_folder

MINSK = timezone(timedelta(hours=3))
ENTRIES = """
parties:
  - {party: farm, kind: legal_entity, country: BY, resident: true, identified: true, valid_from: 2020-01-01}
  - {party: krichev, kind: legal_entity, country: BY, resident: true, identified: true, valid_from: 2020-01-01}
  - {party: brest, kind: legal_entity, country: BY, resident: true, identified: true, valid_from: 2020-01-01}
licences:
  - {party: farm, gate: regime, licence: miner, valid_from: 2020-01-01}
  - {party: krichev, gate: regime, licence: miner, valid_from: 2020-01-01}
  - {party: brest, gate: regime, licence: miner, valid_from: 2020-01-01, valid_to: 2026-04-20}
mining_sites:
  - {site: bereza, party: farm, capacity_w: 1200000, declared_kw: 1000, tariff: industry_two_part, pool_fee: 200, valid_from: 2025-01-01}
  - {site: krichev, party: krichev, capacity_w: 1200000, declared_kw: 1000, tariff: industry_two_part, pool_fee: 200, valid_from: 2025-01-01}
  - {site: brest, party: brest, capacity_w: 2500000, declared_kw: 2000, tariff: mining_surplus, scheme: pplns, valid_from: 2025-01-01}
mining_machines:
  - {site: bereza, model: s21, count: 271, valid_from: 2025-01-01}
  - {site: krichev, model: own, hashrate_gh_s: 200000, power_w: 3500, count: 271, valid_from: 2025-01-01}
  - {site: brest, model: S21, count: 200, valid_from: 2025-01-01, valid_to: 2026-04-10}
  - {site: brest, model: s21, count: 100, valid_from: 2026-04-11}
meters:
  - {meter: m1, site: bereza, minutes: 60, certified_to: 2030-01-01, valid_from: 2025-01-01}
  - {meter: m2, site: krichev, minutes: 60, certified_to: 2030-01-01, valid_from: 2025-01-01}
  - {meter: m3, site: brest, minutes: 60, certified_to: 2026-04-15, valid_from: 2025-01-01}
  - {meter: m4, site: shop, minutes: 60, certified_to: 2030-01-01, valid_from: 2025-01-01}
"""
DIFFICULTY, REWARD, FEE = 120_000_000_000_000, 314_500_000, Fraction(98, 100)


def hours_of(first: date, last: date) -> list[datetime]:
    start = datetime(first.year, first.month, first.day, tzinfo=MINSK)
    return [start + timedelta(hours=hour) for hour in range(24 * ((last - first).days + 1))]


def write_meters(path: Path, loads: dict[str, list[int]], hours: list[datetime]) -> Path:
    rows = [f"{name},{at.isoformat()},{wh}" for name, load in loads.items() for at, wh in zip(hours, load, strict=True)]
    path.write_text("\n".join(["meter,at,energy_wh", *rows]) + "\n")
    return path


def table(name: str) -> list[dict[str, str]]:
    with Path(f"{name}.csv").open() as file:
        return list(csv.DictReader(file))


@pytest.fixture
def case_11(tmp_path: Path) -> list[str]:
    """A month in which one megawatt ran for 95 % of 730 hours; the words of the command that bills it."""
    (tmp_path / "entries.yaml").write_text(ENTRIES)
    hours = hours_of(date(2025, 7, 1), date(2025, 7, 31))
    whole = 1_000_000 * 730 * 95 // 100
    load = [whole * (n + 1) // len(hours) - whole * n // len(hours) for n in range(len(hours))]
    write_meters(tmp_path / "meters.csv", {"m1": load}, hours)
    return ["mine", "bill", "2025-07", "meters.csv", "--entries", "entries.yaml", "--site", "bereza"]


def test_the_published_case_comes_out_exactly(skarb, case_11: list[str]) -> None:
    bill = json.loads(skarb(*case_11, "--format", "json").out)["bills"][0]
    assert bill["exact_net"] == "233061.285" and bill["energy_wh"] == 693_500_000
    assert bill["totals"] == {"net": 23_306_129, "vat": 4_661_226, "payable": 27_967_355}
    energy, capacity, _ = bill["lines"]
    assert (energy["exact"], energy["rule"]["parameter"]) == ("199110.785", "electricity.energy_byn_per_kwh")
    assert (capacity["exact"], capacity["rule"]["rule"], capacity["rule"]["first"]) == (
        "33950.5",
        "BY-EN/tariff-2025",
        "2025-06-01",
    )
    assert bill["standing"][0]["provision"] == "BY-MINE/le" and bill["standing"][0]["levy"] == "BY-TC/htp"
    told = dict(map(tuple, bill["files"]))
    assert told["meters.csv"] == hashlib.sha256(Path("meters.csv").read_bytes()).hexdigest() and "mining.yaml" in told
    shown = skarb(*case_11)
    assert (
        "exactly 233061.285 BYN, 0.336065 BYN/kWh" in shown.out
        and f"bill 2025-07/bereza {bill['sha256']}" in shown.err.replace("\n", "")
    )


def test_the_same_data_make_the_same_bytes_and_a_bill_is_never_changed(skarb, case_11: list[str], tmp_path: Path) -> None:
    assert skarb(*case_11, "--to", "bills").code == 0
    path = tmp_path / "bills" / "2025-07_bereza.json"
    first, page = path.read_bytes(), (tmp_path / "bills" / "2025-07_bereza.en.html").read_bytes()
    assert skarb(*case_11, "--to", "bills").code == 0
    assert path.read_bytes() == first and (tmp_path / "bills" / "2025-07_bereza.en.html").read_bytes() == page
    assert (
        hashlib.sha256(first).hexdigest() in skarb(*case_11).err.replace("\n", "")
        and hashlib.sha256(first).hexdigest().encode() in page
    )
    meters = tmp_path / "meters.csv"
    meters.write_text(meters.read_text().replace("932123", "932124", 1))
    refused = skarb(*case_11, "--to", "bills")
    assert refused.code == 5 and "a bill is never changed" in refused.err and path.read_bytes() == first


def test_better_data_make_a_bill_of_the_differences(skarb, case_11: list[str], tmp_path: Path) -> None:
    meters = tmp_path / "meters.csv"
    whole = meters.read_text().splitlines(keepends=True)
    meters.write_text("".join(whole[:100] + whole[106:]))  # six hours are missing and estimated
    assert skarb(*case_11, "--to", "bills").code == 0
    original = json.loads((tmp_path / "bills" / "2025-07_bereza.json").read_text())
    assert original["lines"][0]["inputs"]["estimated"] == 6 and any(
        one["code"] == "estimated_profile" for one in original["faults"]
    )
    nothing = skarb(*case_11, "--corrects", "bills/2025-07_bereza.json")
    assert nothing.code == 0 and "nothing differs" in nothing.err
    better = "".join(whole)
    better = better.replace(whole[101], whole[101].rsplit(",", 1)[0] + ",500000\n")
    meters.write_text(better)
    given = ["--corrects", "bills/2025-07_bereza.json"]
    assert skarb(*case_11, *given, "--to", "bills").code == 0
    made = json.loads((tmp_path / "bills" / "2025-07_bereza_c1.json").read_text())
    now = json.loads(skarb(*case_11, "--format", "json").out)["bills"][0]
    assert made["corrects"][0]["bill"] == original["id"] and {one["kind"] for one in made["lines"]} == {"energy", "vat"}
    assert made["totals"]["payable"] + original["totals"]["payable"] == now["totals"]["payable"]
    assert made["energy_wh"] + original["energy_wh"] == now["energy_wh"]
    again = skarb(*case_11, *given, "--corrects", "bills/2025-07_bereza_c1.json")
    assert "nothing differs" in again.err
    wrong = skarb(*case_11, "--corrects", "bills/2025-07_bereza_c1.json")
    assert wrong.code == 3 and "expected the bill of the month first" in wrong.err


@pytest.fixture
def april(tmp_path: Path) -> list[str]:
    """April with an honest miner, one who declares half of his coins, one with more machines than registered, and a shop that draws like a mine."""
    (tmp_path / "entries.yaml").write_text(ENTRIES)
    hours = hours_of(date(2026, 4, 1), date(2026, 4, 30))
    load = [990_000 + 1000 * (n % 5) for n in range(len(hours))]
    loads = {
        "m1": load,
        "m2": load,
        "m3": [2 * one for one in load],
        "m4": [300_000 + n % 50 for n in range(len(hours))],
        "m9": load,
    }
    write_meters(tmp_path / "meters.csv", loads, hours)
    days = [date(2026, 4, 1) + timedelta(days=n) for n in range(30)]
    with (tmp_path / "network.csv").open("w") as file:
        csv.writer(file, lineterminator="\n").writerows(
            [("day", "difficulty", "reward_sat"), *((day, DIFFICULTY, REWARD) for day in days)]
        )
    sat_per_th = Fraction(REWARD * 10**12, DIFFICULTY * 2**32)
    rows, devices, posted, scheduled = [("id", "day", "site", "scheme", "sat")], [], [("day", "sat")], []
    for number, day in enumerate(days):
        honest = int(sum(load[24 * number : 24 * number + 24]) * 3600 / Fraction("17.5") / Fraction("1.05") * sat_per_th * FEE)
        rows += [(f"a{day}", day, "bereza", "fpps", honest), (f"b{day}", day, "krichev", "fpps", honest // 2)]
        rows.append((f"c{day}", day, "brest", "pplns", honest // 6))
        posted.append((day, honest - (1 if number == 3 else 0)))
        midnight = datetime(day.year, day.month, day.day, tzinfo=MINSK)
        devices.append(("krichev", "all", midnight.isoformat(), 1440, 271 * 200_000, 271 * 3500))
        scheduled += [
            ((midnight + timedelta(hours=h)).isoformat(), "brest", 1, 1000000, "surplus" if h < 5 else "gas") for h in range(24)
        ]
    header = [("site", "device", "at", "minutes", "hashrate_gh_s", "power_w")]
    files = {
        "payouts": rows,
        "devices": header + devices,
        "posted": posted,
        "schedule": [("at", "site", "blocks", "power_w", "reason"), *scheduled],
    }
    files["prices"] = [("day", "btc_byn"), *((day, "190000.5") for day in days)]
    for name, content in files.items():
        with (tmp_path / f"{name}.csv").open("w") as file:
            csv.writer(file, lineterminator="\n").writerows(content)
    return ["2026-04", "meters.csv", "--entries", "entries.yaml"]


def test_bills_of_all_with_levy_taxes_and_inflows(skarb, april: list[str], tmp_path: Path) -> None:
    words = [*april, "--payouts", "payouts.csv", "--prices", "prices.csv", "--schedule", "schedule.csv", "--inflow", "inflow.csv"]
    answer = json.loads(skarb("mine", "bill", *words, "--format", "json").out)
    assert [one["site"] for one in answer["bills"]] == ["bereza", "brest", "krichev"] and not answer["refused"]
    bereza, brest, _ = answer["bills"]
    for bill in answer["bills"]:
        money = [line for line in bill["lines"] if line["asset"] == "BYN"]
        assert bill["totals"]["payable"] == sum(line["amount"] for line in money)
        assert all(line["rule"]["rule"] and line["rule"]["certainty"] and line["arithmetic"] for line in bill["lines"])
    taxed = {line["kind"]: line for line in bereza["lines"]}
    mined = sum(int(row["sat"]) for row in table("payouts") if row["site"] == "bereza")
    assert taxed["profit_tax"]["amount"] == 0 and taxed["profit_tax"]["rule"]["parameter"] == "tax.htp_profit"
    assert Fraction(taxed["contribution"]["exact"]) == Fraction(mined, 10**8) * Fraction("190000.5") / 100
    assert taxed["reserve_share"]["amount"] == mined // 10 and taxed["reserve_share"]["rule"]["certainty"] == "assumed"
    levies = [(line["what"], line["rate"]) for line in brest["lines"] if line["kind"] == "levy"]
    assert sorted(levies) == [("price from 0", "0.03"), ("price from 0.15", "0.01"), ("without a valid meter", "0.05")]
    discount = next(line for line in brest["lines"] if line["kind"] == "surplus_discount")
    assert discount["amount"] < 0 and discount["inputs"]["intervals"] == 150
    assert [(one["first"], one["verdict"], one["provision"]) for one in brest["standing"]] == [
        ("2026-04-01", "permit", "BY-MINE/le"),
        ("2026-04-21", "refuse", "BY-MINE/le.ordinary"),
    ]
    assert any(one["says"].endswith("the law says mining is refused, by BY-MINE/le.ordinary") for one in brest["notes"])
    taxes = [line for line in brest["lines"] if line["kind"] == "profit_tax"]
    assert [line["rule"]["parameter"] for line in taxes] == ["tax.htp_profit", "tax.profit"]
    inflow = table("inflow")
    assert list(inflow[0]) == ["id", "day", "miner", "kind", "asset", "units", "source"] and len(
        {one["id"] for one in inflow}
    ) == len(inflow)
    for bill in answer["bills"]:
        for kind in ("levy", "profit_tax", "reserve_share"):
            due = sum(line["amount"] for line in bill["lines"] if line["kind"] == kind)
            assert due == sum(int(one["units"]) for one in inflow if one["miner"] == bill["miner"] and one["kind"] == kind)
    again = json.loads(skarb("mine", "bill", *words, "--format", "json").out)
    assert again == answer and table("inflow") == inflow


def test_of_many_bills_the_sums_are_shown(skarb, april: list[str], tmp_path: Path) -> None:
    site = "  - {{site: x{n}, party: farm, capacity_w: 1200000, tariff: industry_single, valid_from: 2025-01-01}}\n"
    meter = "  - {{meter: x{n}, site: x{n}, minutes: 60, certified_to: 2030-01-01, valid_from: 2025-01-01}}\n"
    several = [made.format(n=n) for made in (site, meter) for n in range(3)]
    (tmp_path / "more.yaml").write_text("mining_sites:\n" + "".join(several[:3]) + "meters:\n" + "".join(several[3:]))
    hours = hours_of(date(2026, 4, 1), date(2026, 4, 30))
    write_meters(tmp_path / "more.csv", {f"x{n}": [1000] * 720 for n in range(3)}, hours)
    shown = skarb("mine", "bill", *april, "more.csv", "--entries", "more.yaml").out
    assert "6 bills" in shown and "2026-04/x2" in shown
    net = 720 * 36433 / 100_000
    assert f"{net:.2f}" in shown  # 720 kWh at 0.36433


def test_names_of_sites_may_be_anything_and_no_bill_takes_the_place_of_another(skarb, april: list[str], tmp_path: Path) -> None:
    sites = ['"x/n"', "x_n", '"x\\0n"', '"x%2Fn"']
    site = "  - {{site: {0}, party: farm, capacity_w: 1200000, tariff: industry_single, valid_from: 2025-01-01}}\n"
    meter = "  - {{meter: x{1}, site: {0}, minutes: 60, certified_to: 2030-01-01, valid_from: 2025-01-01}}\n"
    several = [made.format(name, n) for made in (site, meter) for n, name in enumerate(sites)]
    (tmp_path / "more.yaml").write_text("mining_sites:\n" + "".join(several[:4]) + "meters:\n" + "".join(several[4:]))
    hours = hours_of(date(2026, 4, 1), date(2026, 4, 30))
    write_meters(tmp_path / "more.csv", {f"x{n}": [1000 + n] * 720 for n in range(4)}, hours)
    assert skarb("mine", "bill", *april, "more.csv", "--entries", "more.yaml", "--to", "bills").code == 0
    written = [json.loads(path.read_text())["site"] for path in (tmp_path / "bills").glob("*.json")]
    assert sorted(written) == sorted(["bereza", "brest", "krichev", "x/n", "x_n", "x\0n", "x%2Fn"])


def test_without_payouts_nothing_is_said_of_taxes_and_without_prices_no_tax_is_nought(skarb, april: list[str]) -> None:
    plain = json.loads(skarb("mine", "bill", *april, "--format", "json").out)["bills"][1]
    assert not {"profit_tax", "reserve_share"} & set(plain["totals"]) and "no payouts were handed in" in plain["notes"][0]["says"]
    unpriced = json.loads(skarb("mine", "bill", *april, "--payouts", "payouts.csv", "--format", "json").out)["bills"][1]
    assert "contribution" not in unpriced["totals"] and "reserve_share_btc" in unpriced["totals"]
    assert any(one["figures"].items() >= {"price_day": "2026-04-01", "dues": "contribution"}.items() for one in unpriced["notes"])


def test_what_a_state_owned_site_mines_flows_in_whole(skarb, april: list[str], tmp_path: Path) -> None:
    (tmp_path / "entries.yaml").write_text(
        ENTRIES.replace("{site: bereza, party: farm,", "{site: bereza, party: farm, state_owned: true,")
    )
    skarb("mine", "bill", *april, "--payouts", "payouts.csv", "--site", "bereza", "--inflow", "inflow.csv")
    own = [one for one in table("inflow") if one["kind"] == "own_mining"]
    paid = [row for row in table("payouts") if row["site"] == "bereza"]
    assert [(one["id"], int(one["units"])) for one in own] == [(f"payout/{row['id']}", int(row["sat"])) for row in paid]
    assert not [one for one in table("inflow") if one["kind"] == "reserve_share"], "a share of it would flow in twice"
    skarb("mine", "bill", *april, "--payouts", "payouts.csv", "--site", "bereza", "--to", "bills")
    with (tmp_path / "payouts.csv").open("a") as file:
        file.write("late,2026-04-30,bereza,fpps,77\n")
    late = ["--corrects", "bills/2026-04_bereza.json", "--inflow", "inflow.csv"]
    assert "nothing differs" in skarb("mine", "bill", *april, "--payouts", "payouts.csv", *late).err
    assert table("inflow") == [*own, {**own[-1], "id": "payout/late", "units": "77", "source": "payout late, site bereza"}]


def test_a_correction_without_payouts_or_prices_takes_no_tax_back(skarb, april: list[str]) -> None:
    words = ["mine", "bill", *april, "--site", "bereza"]
    assert skarb(*words, "--payouts", "payouts.csv", "--prices", "prices.csv", "--to", "bills").code == 0
    for less in ([], ["--payouts", "payouts.csv"]):
        result = skarb(*words, *less, "--corrects", "bills/2026-04_bereza.json", "--inflow", "inflow.csv")
        assert (
            result.code == 3
            and "hand in --payouts and --prices" in " ".join(result.err.split())
            and not Path("inflow.csv").exists()
        )


def test_a_bill_does_not_tell_a_miner_that_a_list_may_name_him(skarb, tmp_path: Path) -> None:
    entries = """
parties:
  - {party: farm, kind: legal_entity, country: ZZ, resident: true, identified: true, valid_from: 2020-01-01}
mining_sites:
  - {site: a, party: farm, capacity_w: 1200000, tariff: flat, valid_from: 2026-01-01}
meters:
  - {meter: m1, site: a, minutes: 60, certified_to: 2030-01-01, valid_from: 2026-01-01}
"""
    (tmp_path / "plain.yaml").write_text(entries)
    (tmp_path / "listed.yaml").write_text(entries.replace("{party: farm, kind", "{party: farm, name: Zed Trading, kind"))
    hours = hours_of(date(2026, 4, 1), date(2026, 4, 30))
    write_meters(tmp_path / "meters.csv", {"m1": [1_000_000 + n for n in range(720)]}, hours)
    words = ["2026-04", "meters.csv", "--law", "zz", "--format", "json"]
    bills = [skarb("mine", "bill", *words, "--entries", f"{name}.yaml").out for name in ("plain", "listed")]
    assert bills[0] == bills[1] and json.loads(bills[1])["bills"][0]["standing"][0]["verdict"] == "permit"
    found = json.loads(skarb("mine", "audit", *words, "--entries", "listed.yaml").out)["findings"]
    assert ("licence", "ZZ-R3-2026/possible") in {(one["kind"], one["provision"]) for one in found}


def test_loads_are_looked_at_in_a_month_in_which_nobody_is_registered_to_mine(skarb, april: list[str], tmp_path: Path) -> None:
    sites, rest = ENTRIES.split("mining_machines:")
    (tmp_path / "entries.yaml").write_text(
        sites.replace("pool_fee: 200, valid_from: 2025-01-01", "pool_fee: 200, valid_from: 2026-05-01").replace(
            "scheme: pplns, valid_from: 2025-01-01", "scheme: pplns, valid_from: 2026-05-01"
        )
        + "mining_machines:"
        + rest
    )
    result = skarb("mine", "audit", *april, "--format", "json")
    assert result.code == 9
    assert {one["kind"] for one in json.loads(result.out)["findings"] if one["site"] == "shop"} == {"night_base", "flat_load"}


def test_what_is_counted_before_a_site_is_registered_is_nobodys_bill(skarb, april: list[str], tmp_path: Path) -> None:
    since = "tariff: industry_two_part, pool_fee: 200, valid_from: 2026-04-21}"
    here = "{site: bereza, party: farm, capacity_w: 1200000, declared_kw: 1000, "
    assert f"{here}tariff: industry_two_part, pool_fee: 200, valid_from: 2025-01-01}}" in ENTRIES
    (tmp_path / "entries.yaml").write_text(ENTRIES.replace(f"{here}{since.replace('2026-04-21', '2025-01-01')}", here + since))
    (bill,) = json.loads(skarb("mine", "bill", *april, "--site", "bereza", "--format", "json").out)["bills"]
    load = sum(990_000 + 1000 * (n % 5) for n in range(20 * 24, 30 * 24))
    assert bill["energy_wh"] == load and bill["lines"][0]["inputs"]["intervals"] == 240
    assert any("registered on 10 days of the month" in one["says"] for one in bill["notes"])


def test_a_new_edition_of_the_law_does_not_divide_a_profit(skarb, tmp_path: Path) -> None:
    (tmp_path / "entries.yaml").write_text(ENTRIES)
    hours = hours_of(date(2025, 6, 1), date(2025, 6, 30))
    write_meters(tmp_path / "meters.csv", {"m2": [1_000_000] * len(hours)}, hours)
    (tmp_path / "paid.csv").write_text("id,day,site,scheme,sat\na,2025-06-30,krichev,fpps,100000000\n")
    (tmp_path / "prices.csv").write_text("day,btc_byn\n2025-06-30,300000\n")
    words = ["2025-06", "meters.csv", "--entries", "entries.yaml", "--payouts", "paid.csv", "--prices", "prices.csv"]
    (bill,) = json.loads(skarb("mine", "bill", *words, "--site", "krichev", "--format", "json").out)["bills"]
    assert len({one["edition"] for one in bill["standing"]}) == 2
    (taxed,) = [one for one in bill["lines"] if one["kind"] == "profit_tax"]
    assert Fraction(taxed["quantity"]) == 300_000 - Fraction(bill["exact_net"])


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("vat:\n", 'vat:\n  - {valid_from: 2026-04-10, share: "10/100", source: new, certainty: assumed}\n', "VAT: changes"),
        (
            "limits:",
            '  - {name: reserve_share, of: coins, share: "5/100", valid_from: 2026-04-10, source: new, certainty: assumed}\nlimits:',
            "due 'reserve_share': changes",
        ),
    ],
)
def test_a_rate_that_changes_within_a_month_is_refused(
    skarb, april: list[str], tmp_path: Path, old: str, new: str, told: str
) -> None:
    text = (law_folder("by") / "mining.yaml").read_text()
    assert text.count(f"\n{old}") == 1
    (tmp_path / "terms.yaml").write_text(text.replace(f"\n{old}", f"\n{new}"))
    words = [*april, "--payouts", "payouts.csv", "--site", "bereza", "--terms", "terms.yaml"]
    result = skarb("mine", "bill", *words)
    assert result.code == 3 and f"{told} or has a gap between 2026-04-01 and 2026-04-30" in " ".join(result.err.split())


def test_an_audit_finds_those_who_cheat_and_leaves_the_honest_alone(skarb, april: list[str]) -> None:
    words = [
        "mine",
        "audit",
        *april,
        "--payouts",
        "payouts.csv",
        "--network",
        "network.csv",
        "--devices",
        "devices.csv",
        "--posted",
        "bereza=posted.csv",
    ]
    result = skarb(*words, "--format", "json", "--report", "audit.html")
    assert result.code == 9
    answer = json.loads(result.out)
    found = {(one["site"], one["kind"]): one for one in answer["findings"]}
    assert {kind for site, kind in found if site == "bereza"} == {"ledger"} and found["bereza", "ledger"]["amount"] == "-1"
    assert {kind for site, kind in found if site == "krichev"} == {"declared_low", "reported_low"}
    earned = int(Fraction(271 * 200 * 86400) * Fraction(REWARD * 10**12, DIFFICULTY * 2**32) * FEE)
    assert f"expected by devices {30 * earned:,} sat" in found["krichev", "reported_low"]["says"]
    assert {kind for site, kind in found if site == "brest"} == {"licence", "no_meter", "above_fleet", "declared_low"}
    assert found["brest", "licence"]["provision"] == "BY-MINE/le.ordinary" and found["brest", "licence"]["first"] == "2026-04-21"
    unmetered = 15 * 24 * 2 * 992_000
    assert found["brest", "no_meter"]["amount"] == str(Fraction(unmetered, 1000) * Fraction("0.05"))
    assert "standard deviations" in found["brest", "declared_low"]["says"]
    assert {kind for site, kind in found if site == "shop"} == {"night_base", "flat_load"}
    assert found["", "unknown_meter"]["says"].startswith("meter m9: 720 rows")
    assert [one["score"] for one in answer["findings"]] == sorted((one["score"] for one in answer["findings"]), reverse=True)
    day = next(one for one in answer["days"] if one["site"] == "bereza" and one["day"] == "2026-04-04")
    assert day["expected_low_sat"] <= day["paid_sat"] <= day["expected_high_sat"] and day["odd"] == "posted"
    assert "krichev" in Path("audit.html").read_text()
    rows = skarb(*words, "--days", "--format", "csv").rows
    assert len(rows) == 90 and rows[0]["metered_wh"] == str(24 * 992_000 - 2000)
    assert skarb(*words, "--output", "findings.parquet").code == 9


def test_an_audit_of_the_honest_alone_is_clean(skarb, april: list[str]) -> None:
    words = ["mine", "audit", *april, "--payouts", "payouts.csv", "--network", "network.csv", "--site", "bereza"]
    result = skarb(*words, "--format", "json")
    assert result.code == 0 and json.loads(result.out)["findings"] == []


def test_a_load_that_goes_when_mining_does_not_pay_is_told(skarb, april: list[str], tmp_path: Path) -> None:
    hours = hours_of(date(2026, 4, 1), date(2026, 4, 30))
    poor = {8, 9, 15, 16, 22}
    load = [(5_000 if n // 24 in poor else 300_000) + n % 7 for n in range(720)]
    write_meters(tmp_path / "shop.csv", {"m4": load}, hours)
    days = [date(2026, 4, 1) + timedelta(days=n) for n in range(30)]
    prices = [f"{day},{100000 if n in poor else 190000 + n}" for n, day in enumerate(days)]
    (tmp_path / "prices.csv").write_text("day,btc_byn\n" + "\n".join(prices) + "\n")
    words = ["mine", "audit", "2026-04", "shop.csv", "--entries", "entries.yaml", "--site", "shop", "--network", "network.csv"]
    found = json.loads(skarb(*words, "--prices", "prices.csv", "--format", "json").out)["findings"]
    assert "follows_hashprice" in {one["kind"] for one in found}
    told = next(one for one in found if one["kind"] == "follows_hashprice")
    assert "5 of 5 days switched down are among the quarter that paid least" in told["says"]
    even = json.loads(skarb(*words, "--format", "json").out)["findings"]
    assert "follows_hashprice" not in {one["kind"] for one in even}


def test_a_rate_of_the_levy_has_a_best_and_drives_machines_off(skarb, april: list[str]) -> None:
    words = [
        "mine",
        "levy",
        "2026-04-01",
        "--entries",
        "entries.yaml",
        "--hashprice",
        "50",
        "--price",
        "0.1",
        "--per-usd",
        "2.93",
    ]
    rows = skarb(*words, "--rates", "0..0.5/0.05", "--format", "csv").rows
    running = [int(one["running"]) for one in rows]
    assert running == sorted(running, reverse=True) and running[0] == 742 and running[-1] == 0
    even = 50 / 1000 / 24 * (1e6 / 17.5 / 1.05) * 0.98 / 1000 * 2.93
    assert [int(one["running"]) > 0 for one in rows] == [0.1 + float(one["rate"]) < even for one in rows]
    best = next(one for one in rows if one["best"])
    assert float(best["rate"]) == math.floor((even - 0.1) / 0.05) * 0.05 and int(best["levy_minor"]) == max(
        int(one["levy_minor"]) for one in rows
    )


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["bill", "2026-04"], 2, "no file of meters was named"),
        (["bill", "April", "meters.csv"], 3, "expected one such as 2026-04"),
        (["bill", "2999-01", "meters.csv"], 3, "month '2999-01'"),
        (["bill", "2169-01", "meters.csv", "--entries", "entries.yaml"], 3, "it ends after now"),
        (["bill", "2026-04", "none.csv", "--entries", "entries.yaml"], 4, "there is no such file"),
        (["bill", "2026-04", "meters.csv"], 4, "none is registered"),
        (
            ["bill", "2026-04", "meters.csv", "--entries", "entries.yaml", "--miner", "nobody"],
            4,
            "miner 'nobody': none is registered",
        ),
        (["bill", "2026-04", "meters.csv", "--entries", "entries.yaml", "--of", "nowhere"], 4, "holds no registers"),
        (
            ["bill", "2026-04", "meters.csv", "--entries", "entries.yaml", "--corrects", "meters.csv"],
            3,
            "expected a bill in JSON",
        ),
        (
            ["bill", "2026-04", "meters.csv", "--entries", "entries.yaml", "--payouts", "meters.csv"],
            3,
            "expected id, day, site, scheme, sat",
        ),
        (
            ["bill", "2026-04", "meters.csv", "--entries", "entries.yaml", "--schedule", "prices.csv"],
            3,
            "expected at, site, blocks, power_w, reason",
        ),
        (["bill", "2026-04", "meters.csv", "--entries", "meters.csv"], 3, "register"),
        (["bill", "2026-04", "meters.csv", "--entries", "entries.yaml", "--terms", "entries.yaml"], 7, "entries.yaml"),
        (
            ["bill", "2026-04", "meters.csv", "--entries", "entries.yaml", "--output", "meters.csv"],
            3,
            "needed for the work itself",
        ),
        (["audit", "2026-04", "meters.csv", "--entries", "entries.yaml", "--posted", "x"], 2, "expected SITE=FILE"),
        (["audit", "2026-04", "meters.csv", "--entries", "entries.yaml", "--posted", "x=posted.csv"], 3, "not a registered site"),
        (["audit", "2026-04", "meters.csv", "--entries", "entries.yaml", "--site", "moon"], 4, "neither registered nor metered"),
        (
            ["levy", "2026-04-01", "--rates", "1", "--hashprice", "1", "--price", "1", "--entries", "entries.yaml"],
            3,
            "expected FROM..TO/STEP",
        ),
        (
            ["levy", "2026-04-01", "--rates", "0..1/0.1", "--hashprice", "1e9", "--price", "1", "--entries", "entries.yaml"],
            3,
            "plain decimal",
        ),
        (
            ["levy", "1999-04-01", "--rates", "0..1/0.1", "--hashprice", "1", "--price", "1", "--entries", "entries.yaml"],
            4,
            "none is registered",
        ),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(skarb, april: list[str], words: list[str], code: int, message: str) -> None:
    result = skarb("mine", *words)
    assert (result.code, message in " ".join(result.err.replace("│", " ").split())) == (code, True), result.err


def test_a_bill_is_refused_with_its_reasons_and_the_others_are_made(skarb, april: list[str], tmp_path: Path) -> None:
    meters = tmp_path / "meters.csv"
    kept = [row for row in meters.read_text().splitlines(keepends=True) if not row.startswith("m2,2026-04-1")]
    meters.write_text("".join(kept))
    entries = (tmp_path / "entries.yaml").read_text().replace("tariff: mining_surplus", "tariff: unheard")
    (tmp_path / "entries.yaml").write_text(entries)
    result = skarb("mine", "bill", *april, "--format", "json")
    answer = json.loads(result.out)
    assert result.code == 3 and [one["site"] for one in answer["bills"]] == ["bereza"]
    reasons = {one["site"]: " ".join(reason["says"] for reason in one["reasons"]) for one in answer["refused"]}
    assert (
        "33.33\u00a0% of the intervals are estimated" in reasons["krichev"] and "tariff 'unheard': not known" in reasons["brest"]
    )


def test_registers_take_sites_meters_and_tariffs_and_a_bill_uses_them(skarb, april: list[str], tmp_path: Path) -> None:
    tariff = "tariffs:\n- {tariff: special, valid_from: 2026-01-01, energy: [{band: all, price: '0.11'}], source: contract, certainty: published}\n"
    (tmp_path / "entries.yaml").write_text(ENTRIES.replace("tariff: mining_surplus", "tariff: special") + tariff)
    (tmp_path / "market").mkdir()
    assert skarb("register", "import", "entries.yaml", "--to", "market", "--law", "by").code == 0
    answer = json.loads(
        skarb("mine", "bill", "2026-04", "meters.csv", "--of", "market", "--site", "brest", "--format", "json").out
    )
    line = answer["bills"][0]["lines"][0]
    assert (line["rate"], line["rule"]["rule"], line["rule"]["source"]) == ("0.11", "special", "contract")


def test_terms_that_change_within_a_month_are_refused(skarb, april: list[str], tmp_path: Path) -> None:
    text = "mining_sites:\n- {site: bereza, party: farm, capacity_w: 1200000, tariff: industry_single, valid_from: 2026-04-15}\n"
    (tmp_path / "more.yaml").write_text(
        text + "meters:\n- {meter: m2, site: shop, minutes: 60, certified_to: 2030-01-01, valid_from: 2026-04-20}\n"
    )
    answer = json.loads(skarb("mine", "bill", *april, "--entries", "more.yaml", "--format", "json").out)
    reasons = {one["site"]: " ".join(reason["says"] for reason in one["reasons"]) for one in answer["refused"]}
    assert "changes on 15\u00a0April\u00a02026; let it change with a month" in reasons["bereza"]
    assert (
        "meter m2: its site, interval, multiplier, digits or direction changes on 20\u00a0April\u00a02026" in reasons["krichev"]
    )


def test_a_payout_of_a_site_that_nobody_registered_is_told(skarb, april: list[str]) -> None:
    with Path("payouts.csv").open("a") as file:
        file.write("z1,2026-04-03,moon,fpps,5\n")
    assert "payouts of moon: no such site is registered" in skarb("mine", "bill", *april, "--payouts", "payouts.csv").err


def test_an_audit_tells_of_estimates_when_they_are_many(skarb, april: list[str], tmp_path: Path) -> None:
    meters = tmp_path / "meters.csv"
    rows = meters.read_text().splitlines(keepends=True)
    few, many = (f"m1,2026-04-1{day}T" for day in (1, 2))
    meters.write_text("".join(row for row in rows if not row.startswith(f"{few}0")))
    words = ["mine", "audit", *april, "--site", "bereza", "--format", "json"]
    assert json.loads(skarb(*words).out)["findings"] == []  # ten hours
    meters.write_text("".join(row for row in rows if not row.startswith((few, many))))
    (found,) = json.loads(skarb(*words).out)["findings"]
    assert (
        found["kind"] == "estimated"
        and "48 of 720 intervals are not measured; meter m1: no figure from 11\u00a0April\u00a02026, 00:00 (+03:00) on, 48 intervals"
        in found["says"]
    )


def test_a_site_with_a_meter_that_says_nothing_is_not_accused_by_the_other(skarb, april: list[str], tmp_path: Path) -> None:
    (tmp_path / "more.yaml").write_text(
        "meters:\n  - {meter: dark, site: krichev, minutes: 60, certified_to: 2030-01-01, valid_from: 2025-01-01}\n"
    )
    devices = tmp_path / "devices.csv"
    devices.write_text(devices.read_text().replace(",948500\n", ",1897000\n"))
    words = [
        "mine",
        "audit",
        *april,
        "--devices",
        "devices.csv",
        "--entries",
        "more.yaml",
        "--site",
        "krichev",
        "--format",
        "json",
    ]
    answer = json.loads(skarb(*words).out)
    assert {one["kind"] for one in answer["findings"]} == {"estimated"}
    assert all(one["metered_wh"] is None and one["reported_wh"] for one in answer["days"])


def test_a_gap_is_not_filled_by_devices_that_were_heard_for_a_part_of_it(skarb, april: list[str], tmp_path: Path) -> None:
    hours = hours_of(date(2026, 4, 1), date(2026, 4, 30))
    write_meters(tmp_path / "meters.csv", {"m2": [990_000] * len(hours)}, hours)
    whole = (tmp_path / "meters.csv").read_text().splitlines(keepends=True)
    (tmp_path / "meters.csv").write_text("".join(whole[:100] + whole[106:]))
    rows = [f"krichev,all,{at.isoformat()},{5 if 99 <= n < 102 else 60},1,800000\n" for n, at in enumerate(hours)]
    (tmp_path / "devices.csv").write_text("site,device,at,minutes,hashrate_gh_s,power_w\n" + "".join(rows))
    words = ["mine", "bill", *april, "--site", "krichev", "--devices", "devices.csv", "--format", "json"]
    (bill,) = json.loads(skarb(*words).out)["bills"]
    assert bill["energy_wh"] == 990_000 * len(hours)
    told = [one["code"] for one in bill["faults"] if one["code"].startswith("estimated") and one["figures"]["intervals"] == 3]
    assert sorted(told) == ["estimated_profile", "estimated_telemetry"]

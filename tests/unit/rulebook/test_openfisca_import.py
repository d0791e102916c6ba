"""Parameters of OpenFisca as ours: units, ends, sources, scales, and what is said about the rest."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from skarb.app.law_import import import_openfisca
from skarb.core.errors import Conflict, InputError, NotFound
from skarb.core.time import parse_day
from skarb.rulebook import Rulebook, load
from skarb.rulebook.openfisca import Imported, read_openfisca

RATE = """\
description: A rate
metadata: {unit: /1, reference: https://law.example/rate}
values:
  2012-01-01: {value: 0.16, metadata: {reference: {title: Act 7, href: "https://law.example/7"}}}
  2014-01-01: 1.5e-1
  2016-01-01: {value: null}
  2018-01-01: expected
"""


def values(found: Imported, name: str) -> list[tuple[int | None, int | None, str]]:
    (one,) = [one for one in found.series if one.name == name]
    return [(value.start, value.end, value.value) for value in one.values]


def reasons(found: Imported) -> dict[str, str]:
    return {one.path: one.reason for one in found.left}


def test_a_rate_with_an_end_sources_and_an_expected_change() -> None:
    found = read_openfisca({"taxes/rate.yaml": RATE})
    first, second, end = (parse_day(day) for day in ("2012-01-01", "2014-01-01", "2016-01-01"))
    assert values(found, "taxes.rate") == [(first, second - 1, "4/25"), (second, end - 1, "3/20")]
    assert found.sources == [("Act 7", "https://law.example/7"), ("https://law.example/rate", "https://law.example/rate")]
    assert [value.source for value in found.series[0].values] == [1, 2]
    assert reasons(found) == {"taxes/rate 2018-01-01": "a change that is expected and has no value yet"}


def test_numbers_are_taken_as_written() -> None:
    text = "metadata: {unit: currency-EUR}\nvalues: {2020-01-01: 100000001.1, 2021-01-01: 1_000, 2022-01-01: 0.10, 2023-01-01: .5, 2024-01-01: 7.}\n"
    found = read_openfisca({"a.yaml": text})
    assert [value for *_, value in values(found, "a")] == ["100000001.10", "1000.00", "0.10", "0.50", "7.00"]


def test_units() -> None:
    files = {
        "age.yaml": "metadata: {unit: year}\nvalues: {2020-01-01: 21.0}\n",
        "part_age.yaml": "unit: year\nvalues: {2020-01-01: 60.33}\n",
        "price.yaml": "metadata: {unit: currency-EUR/m2}\nvalues: {2020-01-01: 10}\n",
        "plain.yaml": "metadata: {unit: currency}\nvalues: {2020-01-01: 10}\n",
        "yen.yaml": "metadata: {unit: currency-JPY}\nvalues: {2020-01-01: 10}\n",
        "short.yaml": "2020-01-01: 3\n2021-01-01: 4\n",
    }
    found = read_openfisca(files, "EUR")
    units = {one.name: (one.unit, one.values[0].value) for one in found.series}
    assert units == {
        "age": ("count", "21"),
        "part_age": ("ratio", "6033/100"),
        "price": ("EUR", "10.00"),
        "plain": ("EUR", "10.00"),
        "yen": ("JPY", "10"),
        "short": ("count", "3"),
    }
    assert "for each m2" in next(one.note for one in found.series if one.name == "price")
    assert reasons(read_openfisca({"plain.yaml": files["plain.yaml"]})) == {
        "plain 2020-01-01": "10 currency is an amount in a currency that is not named; name it with --currency"
    }


def test_a_scale_becomes_a_series_for_each_part() -> None:
    text = """\
description: A scale
metadata: {threshold_unit: currency-EUR, rate_unit: /1}
brackets:
- {rate: {2013-01-01: {value: 0.03}}, threshold: {2013-01-01: {value: 0.0}}}
- {rate: {2013-01-01: 0.1, 2017-01-01: null}, threshold: {2013-01-01: 12000}, colour: {2013-01-01: 1}}
"""
    found = read_openfisca({"taxes/scale.yaml": text})
    day, end = parse_day("2013-01-01"), parse_day("2017-01-01")
    assert values(found, "taxes.scale.bracket_1.rate") == [(day, None, "3/100")]
    assert values(found, "taxes.scale.bracket_2.threshold") == [(day, None, "12000.00")]
    assert values(found, "taxes.scale.bracket_2.rate") == [(day, end - 1, "1/10")]
    assert reasons(found) == {
        "taxes/scale/bracket_2/colour": "a bracket has no 'colour' in this law, expected threshold, rate, amount, average_rate, base"
    }


def test_what_cannot_be_said_is_listed() -> None:
    text = """\
text: {values: {2020-01-01: {value: some words}}}
list: {values: {2020-01-01: {value: [1, 2]}}}
below: {values: {2020-01-01: -1, 2021-01-01: 1}}
fine: {values: {2020-01-01: 0.12345678901}}
large: {values: {2020-01-01: 1e30}}
long: {values: {2020-01-01: 0.%s1}}
endless: {metadata: {unit: currency-EUR}, values: {2020-01-01: .inf, 2021-01-01: 5}}
francs: {metadata: {unit: currency-FRF}, values: {1990-01-01: 100}}
day: {values: {2020-13-01: 1, 2020-03-01: 2, 2999-01-01: 3}}
odd: 12
""" % ("0" * 5000)
    found = read_openfisca({"x.yaml": text, "broken.yaml": "a: [", "empty.yaml": ""}, "EUR")
    told = reasons(found)
    assert told["x/text 2020-01-01"] == "'some words' is no number"
    assert told["x/list 2020-01-01"] == "a list is no number"
    assert told["x/below 2020-01-01"] == "-1 is no whole number from 0 to 999999999999999999"
    assert told["x/fine 2020-01-01"] == "0.12345678901 is no ratio of whole numbers up to 1000000000, such as 13/100"
    assert told["x/large 2020-01-01"] == "1e30 is no whole number from 0 to 999999999999999999"
    assert told["x/long 2020-01-01"].endswith("is no number")
    assert told["x/endless 2020-01-01"] == "'.inf' is no number"
    assert told["x/francs 1990-01-01"] == "100 currency-FRF is an amount in FRF, which is not in ISO 4217"
    assert told["x/day 2020-13-01"] == "no calendar date, expected one written 2017-01-15"
    assert told["x/day 2999-01-01"] == "a date after 2169"
    assert told["x/odd"] == "12, expected a parameter with values by date, a scale or a node"
    assert told["empty"] == "nothing, expected a parameter with values by date, a scale or a node"
    assert told["broken.yaml"].startswith("no readable YAML: line ")
    # A value that cannot be said leaves a gap, never the value before it.
    assert values(found, "x.below") == [(parse_day("2021-01-01"), None, "1")]


def test_flags_days_and_prices_finer_than_a_cent() -> None:
    files = {
        "flag.yaml": "values: {2020-01-01: true, 2021-01-01: {value: False}, 2022-01-01: yes}",
        "word.yaml": 'values: {2020-01-01: "true"}',
        "since.yaml": 'values: {2020-01-01: "1951-07-01", 2021-01-01: 1952-01-01}',
        "litre.yaml": "metadata: {unit: currency-EUR/litre}\nvalues: {2020-01-01: 0.0595, 2021-01-01: 1}",
    }
    found = read_openfisca(files)
    given = {one.name: (one.unit, [value.value for value in one.values], one.note) for one in found.series}
    assert given == {
        "flag": ("count", ["1", "0", "1"], "from flag, a flag: 1 is true"),
        "since": ("day", ["1951-07-01", "1952-01-01"], "from since"),
        "litre": (
            "ratio",
            ["119/2000", "1/1"],
            "from litre, unit currency-EUR/litre, for each litre, in EUR as a ratio: finer than its minor unit",
        ),
    }
    assert reasons(found) == {"word 2020-01-01": "'true' is no number"}


def test_one_odd_value_makes_no_ratios_of_a_series() -> None:
    text = "metadata: {unit: currency-EUR}\nvalues: {2000-01-01: 5, 2001-01-01: 141.3333333, 2002-01-01: 6.5}\n"
    found = read_openfisca({"x.yaml": text})
    assert [(one.unit, [value.value for value in one.values]) for one in found.series] == [("EUR", ["5.00", "6.50"])]
    assert reasons(found) == {
        "x 2001-01-01": "141.3333333 currency-EUR is no amount in EUR from 0 to 1000000000000000 of its minor units"
    }


def test_dates_are_compared_as_texts() -> None:
    text = "values: {0000-01-01: 1, '2006-01': 2, 2008: 3, 2010-02-30: 4, 2012-03-01: 5, 2012-02-31: 6}\n"
    found = read_openfisca({"x.yaml": text})
    firsts = [None, *(parse_day(day) for day in ("2006-01-01", "2008-01-01", "2010-03-01", "2012-03-01"))]
    assert [(start, value) for start, _, value in values(found, "x")] == list(zip(firsts, "12345", strict=True))
    assert reasons(found) == {"x 2012-02-31": "no day of its own, 2012-03-01 begins with it"}


def test_values_with_something_said_beside_them() -> None:
    text = """\
tax: {metadata: {unit: /1, reference: {href: "https://law.example/tax"}}, 2009-01-01: {value: 0.12}, 2013-01-01: 0.14}
zones: {description: By the code of a place, 2000: {value_land: {2016-01-01: 5}}, 3000: {value_land: {2016-01-01: 6}}}
"""
    found = read_openfisca({"x.yaml": text})
    assert [value for *_, value in values(found, "x.tax")] == ["3/25", "7/50"]
    assert values(found, "x.zones._2000.value_land") == [(parse_day("2016-01-01"), None, "5")]
    assert found.sources == [("https://law.example/tax", "https://law.example/tax")]
    assert not found.left


def test_units_by_date_and_by_value() -> None:
    text = """\
ceiling:
  metadata: {unit: {1985-01-01: currency-FRF, 2002-01-01: currency-EUR}}
  values: {1985-01-01: 15000, 1990-01-01: 20000, 2002-01-01: 3000, 2010-01-01: 3500}
own: {values: {1985-01-01: {value: 7, unit: currency-FRF}, 2002-01-01: {value: 1, unit: currency-EUR}}}
"""
    found = read_openfisca({"x.yaml": text})
    assert [value for *_, value in values(found, "x.ceiling")] == ["3000.00", "3500.00"]
    assert [value for *_, value in values(found, "x.own")] == ["1.00"]
    assert {one.unit for one in found.series} == {"EUR"}
    refused = "its unit is currency-FRF, and that of its parameter currency-EUR"
    assert reasons(found) == dict.fromkeys(("x/ceiling 1985-01-01", "x/ceiling 1990-01-01", "x/own 1985-01-01"), refused)


def test_one_value_broken_down_has_one_unit() -> None:
    text = """\
metadata: {unit: currency-USD, breakdown: [status], uprating: cpi.all}
SINGLE: {2018-01-01: 12_000}
JOINT: {values: {2018-01-01: 24_000}}
"""
    found = read_openfisca({"x.yaml": text})
    assert [(one.name, one.unit, one.values[0].value) for one in found.series] == [
        ("x.single", "USD", "12000.00"),
        ("x.joint", "USD", "24000.00"),
    ]
    assert found.series[0].note == "from x/SINGLE, unit currency-USD, indexed there by cpi.all"


def test_a_part_of_a_bracket_may_have_its_own_unit() -> None:
    text = (
        "metadata: {amount_unit: currency-EUR}\nbrackets:\n- amount: {metadata: {unit: currency-USD}, values: {2020-01-01: 5}}\n"
    )
    found = read_openfisca({"x.yaml": text})
    assert [(one.unit, one.values[0].value) for one in found.series] == [("USD", "5.00")]


def test_the_unit_of_a_scale_is_that_of_its_thresholds() -> None:
    text = "brackets:\n- {rate: {2007-01-01: 0}, threshold: {2007-01-01: 630}, amount: {2007-01-01: 2}}\nunit: currency\n"
    found = read_openfisca({"x.yaml": text}, "XOF")
    assert [(one.unit, one.values[0].value) for one in found.series] == [("ratio", "0/1"), ("XOF", "630"), ("count", "2")]


def test_aliases_and_merges_are_followed() -> None:
    text = """\
base: &base {2020-01-01: 5, 2021-01-01: 6}
same: *base
other: {<<: *base, 2021-01-01: 7}
"""
    found = read_openfisca({"x.yaml": text})
    assert {one.name: [value.value for value in one.values] for one in found.series} == {
        "x.base": ["5", "6"],
        "x.same": ["5", "6"],
        "x.other": ["5", "7"],
    }


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (
            "values:\n  2020-01-01: 1\n  2020-01-01: 2\n",
            "line 3: the key '2020-01-01' stands in line 2 already; keep one of them",
        ),
        ("a: &a {b: *a}\n", "line 1: the alias *a names nothing that ends before it"),
        ("a: 1\n---\nb: 2\n", "line 2: a second document, expected one in each file"),
        ("? [a]\n: 1\n", "line 1: a list or mapping as a key, expected a text"),
        ("<<: 5\n", "line 1: '<<' with '5', expected an alias to a mapping"),
        ("a: " + "[" * 5000, "line 1: nested deeper than 60 levels"),
        (
            "x0: &x0 {y: {2020-01-01: 1}}\n" + "".join(f"x{n}: &x{n} {{l: *x{n - 1}, r: *x{n - 1}}}\n" for n in range(1, 40)),
            "line 17: more than 1000000 keys and values, aliases written out",
        ),
    ],
)
def test_what_would_lose_a_value_or_never_end_is_refused_with_its_line(text: str, reason: str) -> None:
    assert reasons(read_openfisca({"x.yaml": text})) == {"x.yaml": f"no readable YAML: {reason}"}


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ("true", "'true' is no number"),
        ("[1]", "a list is no number"),
        ("010", "'010' is no number"),  # YAML's eight
        ("{value: 5, metadata: {unit: currency-FRF}}", "its unit is currency-FRF, and that of its parameter currency-EUR"),
    ],
)
def test_what_cannot_be_read_ends_the_value_before_it(given: str, reason: str) -> None:
    text = f"metadata: {{unit: currency-EUR}}\nvalues: {{2013-01-01: 4, 2014-01-01: {given}, 2015-01-01: 6}}\n"
    found = read_openfisca({"x.yaml": text})
    first, end, again = (parse_day(f"{year}-01-01") for year in (2013, 2014, 2015))
    assert values(found, "x") == [(first, end - 1, "4.00"), (again, None, "6.00")]
    assert reasons(found) == {"x 2014-01-01": reason}


def test_a_change_that_is_expected_with_a_number_ends_nothing() -> None:
    found = read_openfisca(
        {"x.yaml": "values: {2013-01-01: 4, 2014-01-01: {expected: 5}, 2015-01-01: {value: 6, expected: true}}"}
    )
    assert values(found, "x") == [(parse_day("2013-01-01"), None, "4")]
    assert len(found.left) == 2


@pytest.mark.parametrize("text", ["brackets: []", "brackets: 5", "brackets: [5]", "values: {2013-01-01: null}", "values: {}"])
def test_a_parameter_without_any_value_is_listed(text: str) -> None:
    found = read_openfisca({"x.yaml": text})
    assert found.series == []
    assert [one.path for one in found.left] == ["x"]


def test_values_from_before_1900_hold_since_ever() -> None:
    found = read_openfisca({"x.yaml": "values: {0001-01-01: 1, 1850-01-01: 2, 1950-01-01: 3}\n"})
    assert values(found, "x") == [(None, parse_day("1950-01-01") - 1, "2"), (parse_day("1950-01-01"), None, "3")]
    assert reasons(found) == {"x 0001-01-01": "a value that ended before 1900"}


def test_names_that_the_language_can_say_and_no_other_has() -> None:
    files = {
        "value.yaml": "2020-01-01: 1",
        "base_unit.yaml": "2020-01-01: 1",
        "Coût/is.yaml": "2020-01-01: 1",
        "a-b.yaml": "2020-01-01: 1",
        "a_b.yaml": "2020-01-01: 1",
        "tax/2020.yaml": "2020-01-01: 1",
        "9/x.yaml": "2020-01-01: 1",
    }
    names = {one.name for one in read_openfisca(files).series}
    assert names == {"value_2", "base_unit_2", "cout.is_", "a_b", "a_b_2", "tax._2020", "p9.x"}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    folder = tmp_path / "parameters"
    (folder / "taxes").mkdir(parents=True)
    (folder / "taxes" / "rate.yaml").write_text(RATE, encoding="utf-8")
    (folder / "taxes" / "index.yaml").write_text("description: Taxes\n", encoding="utf-8")
    (folder / "floor.yaml").write_text(
        'description: "A \\"floor\\""\nmetadata: {unit: currency-EUR}\nvalues: {2020-01-01: 5}\n', encoding="utf-8"
    )
    return folder


def test_a_file_that_is_no_text_is_listed(tree: Path, tmp_path: Path) -> None:
    (tree / "taxes" / "old.yaml").write_bytes("description: Größe\n".encode("latin-1"))
    found = import_openfisca(tree, tmp_path / "law", None, "")
    assert reasons(found)["taxes/old.yaml"] == "no text in UTF-8, from byte 15 on"
    assert "taxes/old.yaml" in (tmp_path / "law" / "left_out.csv").read_text(encoding="utf-8")


def test_the_folder_that_is_written_is_law(tree: Path, tmp_path: Path) -> None:
    import_openfisca(tree, tmp_path / "law", None, "")
    rulebook = load(tmp_path / "law")
    assert rulebook.country.currency == "EUR"
    assert rulebook.edition(parse_day("2015-01-01")).parameters.keys() == {"taxes.rate"}
    assert rulebook.edition(parse_day("2020-01-01")).parameters["floor"].value == 500  # type: ignore[attr-defined]
    with (tmp_path / "law" / "left_out.csv").open(encoding="utf-8") as file:
        assert [row["path"] for row in csv.DictReader(file)] == ["taxes/rate 2018-01-01"]
    with pytest.raises(Conflict):
        import_openfisca(tree, tmp_path / "law", None, "")


def test_for_a_law_that_is_known(tree: Path, tmp_path: Path) -> None:
    from importlib.resources import files

    law: Rulebook = load(files("skarb.jurisdictions") / "by")
    import_openfisca(tree, tmp_path / "part", law.country, "")
    assert not (tmp_path / "part" / "country.yaml").exists()
    assert "rank: product" in (tmp_path / "part" / "acts" / "openfisca.yaml").read_text(encoding="utf-8")


def test_nothing_to_read(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        import_openfisca(tmp_path / "none", tmp_path / "law", None, "")
    with pytest.raises(InputError):
        import_openfisca(tmp_path, tmp_path / "law", None, "")
    with pytest.raises(InputError):
        import_openfisca(tmp_path, tmp_path / "law", None, "EURO")

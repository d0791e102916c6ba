"""Every complaint of the reader and the checker names file, line, column, what was given and what was expected."""

from __future__ import annotations

import pytest

from skarb.rulebook.load import read_texts

COUNTRY = """\
code: ZZ
name: Zedland
currency: ZZD
decimals: 2
zone: Europe/Minsk
ranks: [law, rules]
"""
ACTS = """\
- id: ZZ-L1
  title: On tokens
  rank: law
  articles: ["1", "2"]
"""
PARAMETERS = """\
- name: base_unit
  unit: ZZD
  values:
    - {from: 2026-01-01, value: "40.00", cites: ZZ-L1}
- name: limit
  unit: base_unit
  values:
    - {from: 2026-01-01, to: 2026-06-30, value: "10", cites: ZZ-L1/1}
    - {from: 2026-07-01, value: "20", cites: ZZ-L1/1}
- name: limit_usd
  unit: USD
  values:
    - {from: 2026-01-01, value: "10.00", cites: ZZ-L1/a}
- name: half
  unit: ratio
  values:
    - {from: 2026-01-01, value: "1/2", cites: ZZ-L1/a}
- name: huge
  unit: ratio
  values:
    - {from: 2026-01-01, to: 2026-06-30, value: "1/1000000000", cites: ZZ-L1/a}
    - {from: 2026-07-01, value: "1000000000/1", cites: ZZ-L1/a}
"""
LISTS = """\
- name: licensed
  field: operator_licence
  codes: [bank, platform]
- name: trade
  field: activity
  codes: [token_buy_fiat, token_sell_fiat]
"""
CONDITIONS = """\
- name: known
  means: actor_identified
- name: valued
  means: value is not missing
"""
PROVISION = """\
- id: ZZ-L1/a
  title: A rule
  cites: {act: ZZ-L1, article: "1"}
  in_force: {from: 2026-01-01}
  activity: [trade]
  when: actor_kind == "natural_person"
  effect: refuse
  authority: [CB]
  certainty: primary_text
  grade: A
  says: No.
  cases:
    - {at: 2026-01-01, facts: {actor_kind: legal_entity}, then: silent}
    - {at: 2026-01-01, facts: {actor_kind: natural_person}, then: refuse}
"""
FILES = {
    "country.yaml": COUNTRY,
    "acts/acts.yaml": ACTS,
    "parameters/p.yaml": PARAMETERS,
    "lists.yaml": LISTS,
    "conditions.yaml": CONDITIONS,
    "provisions/a.yaml": PROVISION,
}


def problems_with(**changed: str) -> list[str]:
    """Problems of the small country with some files changed, named by their stem."""
    names = {name.rpartition("/")[2].removesuffix(".yaml"): name for name in FILES}
    files = {**FILES, **{names.get(stem, f"{stem}.yaml"): text for stem, text in changed.items()}}
    pack, problems = read_texts(files, "zz")
    assert (pack is None) == bool(problems)
    return [str(problem) for problem in problems]


def with_condition(text: str) -> str:
    return PROVISION.replace('actor_kind == "natural_person"', text)


def test_the_small_country_is_sound() -> None:
    assert problems_with() == []


CONDITION_FAULTS = [
    # the condition, its column within the text (counted from 0), what was given, what was expected
    (
        'actor_kin == "natural_person"',
        0,
        "actor_kin",
        "a fact, a parameter or a named condition; did you mean 'actor_kind' (a fact)?",
    ),
    ("qqqq", 0, "qqqq", "a fact, a parameter or a named condition; it is unknown"),
    ('actor_kind == "person"', 14, '"person"', "a code of actor_kind: one of natural_person, self_employed"),
    ('actor_kind == "natural_persn"', 14, '"natural_persn"', "did you mean 'natural_person'?"),
    ('"person" == actor_kind', 0, '"person"', "a code of actor_kind"),
    ('actor_country == "by"', 17, '"by"', "a code of actor_country: two capital letters"),
    ("actor_kind == 18", 0, "actor_kind == 18 (code and count)", "two values of one type"),
    ("actor_kind == operator_licence", 0, "(two lists of codes)", "two values of one type"),
    ('actor_kind < "natural_person"', 0, 'actor_kind < "natural_person"', "== or != for flags and codes"),
    ("hold < actor_resident", 0, "hold < actor_resident", "== or != for flags and codes"),
    ('"a" == "b"', 0, '"a" == "b"', "a fact on one side"),
    ('hired_persons == "1"', 17, '"1"', "a value that is a count, as hired_persons is"),
    ("actor_kind", 0, "actor_kind (code)", "something true or false"),
    ("hired_persons", 0, "hired_persons (count)", "something true or false"),
    ("hold == True", 8, "True", "a flag standing alone; write `x` or `not x`"),
    ("hold and true", 9, "true", "a flag stands alone"),
    ("value == None", 9, "None", "`is missing`"),
    ("value >= limit", 0, "value", "'value' only where it is known not to be missing; write `value is missing or …`"),
    ("value >= limit or value is missing", 0, "value", "'value' only where it is known not to be missing"),
    ("value is missing and value >= limit", 21, "value", "'value' only where it is known not to be missing"),
    ("(valued or hold) and value >= limit", 21, "value", "'value' only where it is known not to be missing"),
    ("not valued and value >= limit", 15, "value", "'value' only where it is known not to be missing"),
    ("hold is missing", 0, "hold", "a fact that can be missing; 'hold' always has a value"),
    ("limit is missing", 0, "limit", "a fact before `is missing`"),
    ("value is not missing and value >= limit_usd", 25, "(money in ZZD and money in USD)", "two values of one type"),
    ("value is not missing and value >= 1000", 25, "(money in ZZD and count)", "two values of one type"),
    ("value is not missing and value >= half", 25, "(money in ZZD and ratio)", "two values of one type"),
    ("half == half", 0, "half == half", "use a ratio in share(money, ratio)"),
    (
        "valued and value + hired_persons > limit",
        11,
        "(money in ZZD and count)",
        "counts, money of one currency, or a day and a count",
    ),
    ("day + day > day", 0, "day + day (day and day)", "counts, money of one currency, or a day and a count"),
    ("18 - day > day", 0, "18 - day (count and day)", "counts, money of one currency, or a day and a count"),
    ("valued and value > value * 2", 19, "value * 2", "there is no multiplication"),
    ("valued and value / 2 > limit", 11, "value / 2", "there is no division"),
    ("hired_persons % 2 == 0", 0, "hired_persons % 2", "there is no remainder"),
    ("hired_persons > 1.5", 16, "1.5", "a whole number; amounts of money are parameters; there are no floats"),
    ("hired_persons > -1", 16, "-1", "`+` or `-` between two values"),
    ("1 < hired_persons < 5", 0, "1 < hired_persons < 5", "two values compared; join comparisons with `and`"),
    ("hired_persons > 9223372036854775808", 16, "9223372036854775808", "a number that fits into 64 bits"),
    ("hired_persons + 9223372036854775807 > 0", 0, "hired_persons + 9223372036854775807 (between", "always fits into 64 bits"),
    ("hired_persons - 9223372036854775807 - 1 > 0", 0, "(between -9223372036854775808 and", "always fits into 64 bits"),
    ("day + 9223372036854775807 > day", 0, "day + 9223372036854775807 (between", "always fits into 64 bits"),
    ("max(day, day + 9223372036854775807) > day", 9, "day + 9223372036854775807 (between", "always fits into 64 bits"),
    ("valued and share(value + value, huge) > limit", 11, "(between -2000000000000000000000000 and", "always fits into 64 bits"),
    ("share(share(limit, huge), huge) > limit", 0, "share(share(limit, huge, ", "always fits into 64 bits"),
    ("valued and min(value, limit_usd) > limit", 11, "(money in ZZD and money in USD)", "two values of one type"),
    ("valued and value + limit_usd > limit", 11, "(money in ZZD and money in USD)", "money of one currency"),
    ("valued and share(value, half) > limit_usd", 11, "(money in ZZD and money in USD)", "two values of one type"),
    ("valued and share(value - limit_usd, half) > limit", 17, "(money in ZZD and money in USD)", "money of one currency"),
    ("valued and (max(value, hired_persons) > limit)", 12, "(money in ZZD and count)", "two values of one type"),
    ("half + half == half", 0, "half + half (ratio and ratio)", "counts, money of one currency, or a day and a count"),
    ("min(half, half) == half", 4, "half (ratio)", "counts, days or money"),
    ("share(limit, share(limit, half)) > limit", 13, "(money in ZZD)", "a parameter with `unit: ratio`"),
    ("day - date(2026, 1, 1) > 30", 0, "(day and day)", "counts, money of one currency, or a day and a count"),
    ("min(day, 30) == day", 0, "min(day, 30) (day and count)", "two values of one type"),
    ("(hold and 1) == hold", 10, "1 (count)", "something true or false"),
    ("(value is missing) == hold and value > limit", 31, "value", "'value' only where it is known not to be missing"),
    ("hold == (value is not missing and hold) and value > limit", 44, "value", "'value' only where it is known not"),
    ("valued and share(value, limit) > limit", 24, "limit (money in ZZD)", "a parameter with `unit: ratio`"),
    ("share(hired_persons, half) > 1", 6, "hired_persons (count)", "money as the first value of share()"),
    ('valued and share(value, half, "nearest") > limit', 30, '"nearest"', 'one of "down", "up", "half_up"'),
    ("valued and share(value) > limit", 11, "share(value)", "share(money, ratio)"),
    ("min(hired_persons) > 1", 0, "min(hired_persons)", "min() of at least two values"),
    ("min(hired_persons, day) > 1", 0, "min(hired_persons, day)", "two values of one type"),
    ("max(hold, hold) == hold", 4, "hold (flag (true or false))", "counts, days or money"),
    ("abs(hired_persons) > 1", 0, "abs", "one of share(), min(), max(), date()"),
    ("min(*hired_persons, 2) > 1", 0, "min(*hired_persons, 2)", "min() with plain arguments"),
    ("day > date(2026, 2, 30)", 6, "date(2026, 2, 30)", "a date that exists"),
    ('day > date("2026-02-03")', 6, 'date("2026-02-03")', "date(year, month, day)"),
    ("actor_kind in licensed", 14, "licensed", "a list of codes of actor_kind"),
    ("actor_kind in licence", 14, "licence", "a list of lists.yaml, or codes in brackets"),
    ('actor_kind in "natural_person"', 14, '"natural_person"', 'codes in brackets with a comma, ("natural_person",)'),
    ('actor_kind in ("nobody",)', 14, '"nobody"', "a code of actor_kind"),
    ("actor_kind in ()", 14, "()", "at least one code"),
    ("actor_kind in (actor_kind,)", 15, "actor_kind", "a quoted code"),
    ("actor_kind in hold + 1", 14, "hold + 1", "a list of lists.yaml, or codes in brackets"),
    ("hired_persons in (1,)", 18, "1", "a quoted code"),
    ("hired_persons in licensed", 0, "hired_persons (count)", "a fact that is a code before `in`"),
    ("licensed", 0, "licensed", "a list only after `in`"),
    ('"natural_person"', 0, '"natural_person"', "a code only beside a fact"),
    ('("natural_person",) == actor_kind', 0, '("natural_person",)', "codes in brackets only after `in`"),
    ("hold is hold", 8, "hold", "`missing` after `is`"),
    ("missing", 0, "missing", "write `fact is missing`"),
    ("hold if hold else hold", 0, "hold if hold else hold", "write two provisions"),
    ("value[0] == 1", 0, "value[0]", "facts are plain fields"),
    ("(lambda: hold)", 1, "lambda: hold", "use a named condition"),
    ("__import__('os').system('x')", 0, "__import__('os').system", "one of share(), min(), max(), date()"),
    ("actor_kind == f'{hold}'", 14, "f'{hold}'", "write the code out"),
    ("hold &amp; hold", 9, "hold &amp; hold", "an expression (invalid syntax)"),
    ("hold & hold", 0, "hold & hold", "write `and`"),
    ("(hold", 0, "(hold", "an expression ('(' was never closed)"),
    ("not " * 60 + "hold", 164, "not not", "at most 40 nested parts; split it with named conditions"),
    ("hold or " * 600 + "hold", 0, "4804 characters", "at most 4000 characters"),
]


@pytest.mark.parametrize(("text", "column", "given", "expected"), CONDITION_FAULTS, ids=[one[0][:60] for one in CONDITION_FAULTS])
def test_a_faulty_condition_is_placed_and_explained(text: str, column: int, given: str, expected: str) -> None:
    (problem,) = problems_with(a=PROVISION.replace('actor_kind == "natural_person"', f">-\n    {text}"))
    assert problem.startswith(f"zz/provisions/a.yaml:7:{column + 5}, when: given ")
    assert given in problem.replace("\\'", "'")
    assert expected in problem


def test_each_part_of_a_condition_is_reported() -> None:
    first, second = problems_with(a=with_condition("value >= limit and actor_kind == 3"))
    assert first.startswith("zz/provisions/a.yaml:6:9, when: given 'value'")
    assert second.startswith("zz/provisions/a.yaml:6:28, when: given 'actor_kind == 3")


def test_needs_may_rely_on_what_the_condition_excluded() -> None:
    text = with_condition("value is not missing").replace("effect: refuse", "effect: require\n  needs: value <= limit")
    assert problems_with(a=text.replace("then: refuse", "then: met")) == []
    (problem,) = problems_with(a=text.replace("when: value is not missing", "when: hold").replace("then: refuse", "then: met"))
    assert problem.startswith("zz/provisions/a.yaml:8:10, needs: given 'value'")


SOUND = [
    "value is missing or value >= limit",
    "value is not missing and value < limit",
    "not (value is missing or hold) and value < limit",
    "valued and value < limit",
    "not valued or value < limit",
    "value is not missing and (capital is missing or value < capital + limit - limit)",
    "(hold or value is missing) or value < limit",
    "valued and (hold and actor_resident) == (value > limit)",
    'valued and share(value, half, "half_up") <= max(limit, min(value, limit))',
    'operator_licence in licensed and venue_licence not in licensed and operator_licence in ("bank",)',
    "day - 30 >= date(2026, 1, 1) and 30 + day > day",
    'known and actor_country not in ("NO", "ZZ")',
    "hold != known",
    "min(hired_persons, 10) + 9223372036854775797 > 0",
    "hired_persons - 9223372036854775807 < 0",
    "valued and min(share(value, half), limit) > limit",
    "min(share(limit, huge), share(limit, huge)) > limit",
]


@pytest.mark.parametrize("text", SOUND)
def test_a_sound_condition_is_accepted(text: str) -> None:
    assert problems_with(a=PROVISION.replace('actor_kind == "natural_person"', f">-\n    {text}")) == []


@pytest.mark.parametrize(
    ("means", "given"),
    [
        ("{0} and (hold or not {0})", "parts, nested"),  # twice as large with every step
        ("not not not not not not not not {0} and not hold", "nested 1"),  # always deeper
    ],
)
def test_conditions_that_name_each_other_cannot_grow_beyond_what_engines_read(means: str, given: str) -> None:
    chain = ["hold", *(means.format(f"c{number}") for number in range(40))]
    written = "".join(f"- name: c{number}\n  means: {text}\n" for number, text in enumerate(chain))
    (problem,) = problems_with(conditions=CONDITIONS + written)
    assert given in problem
    assert "at most 10000 parts, nested 100 deep" in problem
    assert "name fewer conditions within each other" in problem
    assert problems_with(conditions=CONDITIONS + "".join(written.splitlines(keepends=True)[: 2 * 8])) == []


FILE_FAULTS = [
    # file, what is replaced in it, with what, where, given, expected
    ("country", "decimals: 2\n", "", "country.yaml:3:11, decimals", "nothing", "how many decimals ZZD has"),
    ("country", "decimals: 2", "decimals: 9", "country.yaml:4:11, decimals", "9", "0 to 6"),
    ("country", "currency: ZZD", "currency: EUR", "parameters/p.yaml:2:9, unit", "ZZD", "EUR or another currency"),
    ("country", "Europe/Minsk", "Europe/Zed", "country.yaml:5:7, zone", "Europe/Zed", "an IANA time zone"),
    ("country", "code: ZZ", "code: zz", "country.yaml:1:7, code", "zz", "two capital letters"),
    ("country", "name: Zedland", "name: NO", "country.yaml:2:7, name", "NO", "YAML reads this as a boolean: write it in quotes"),
    ("country", "ranks: [law, rules]", "ranks: law", "country.yaml:6:8, ranks", "law", "a list of kinds of act, written [a, b]"),
    ("acts", "rank: law", "rank: lore", "acts/acts.yaml:3:9, rank", "lore", "one of law, rules"),
    ("acts", '"2"]', "2]", "acts/acts.yaml:4:19, articles", "2", "YAML reads this as a number: write it in quotes"),
    ("acts", "  title: On tokens\n", "", "acts/acts.yaml:1:3, title", "nothing", "the key 'title' in an act"),
    (
        "acts",
        "title: On tokens",
        "title: On tokens\n  title: Again",
        "acts/acts.yaml:3:3",
        "title",
        "each key of an act only once",
    ),
    ("acts", "  rank: law", "  ranks: law\n  rank: law", "acts/acts.yaml:3:3", "ranks", "a key of an act: id, title, rank"),
    ("acts", "- id: ZZ-L1", "- id: ZZ L1", "acts/acts.yaml:1:7, id", "ZZ L1", "an id of letters, digits"),
    ("acts", "rank: law", "rank: law\n  signed: 2026-02-30", "acts/acts.yaml:4:11, signed", "2026-02-30", "a date that exists"),
    ("p", '"40.00"', "40.00", "parameters/p.yaml:4:33, value", "40.00", "YAML reads this as a float: write it in quotes"),
    ("p", '"40.00"', "'40.001'", "parameters/p.yaml:4:33, value", "40.001", "a value in ZZD, in quotes"),
    ("p", '"40.00"', "'40.00 USD'", "parameters/p.yaml:4:33, value", "40.00 USD", "a value in ZZD, in quotes"),
    ("p", '"40.00"', "'0.33'", "", "", ""),
    (
        "p",
        "unit: USD",
        "unit: UDS",
        "parameters/p.yaml:11:9, unit",
        "UDS",
        "ratio, count, day, base_unit, ZZD or another currency",
    ),
    ("p", '"1/2"', '"1/0"', "parameters/p.yaml:17:33, value", "1/0", 'a value in ratio, in quotes, such as "13/100"'),
    ("p", '"1/2"', '"1000000001/1"', "parameters/p.yaml:17:33, value", "1000000001/1", "a value in ratio"),
    ("p", '"1/2"', '"1/1000000001"', "parameters/p.yaml:17:33, value", "1/1000000001", "a value in ratio"),
    ("p", '"1/2"', '"3/2"', "", "", ""),
    ("p", '"1/2"', '"0.5"', "parameters/p.yaml:17:33, value", "0.5", "a value in ratio"),
    ("p", '"20"', '"0.00001"', "parameters/p.yaml:9:7, value", "0.00001", "whole minor units"),
    (
        "p",
        "to: 2026-06-30",
        "to: 2026-07-01",
        "parameters/p.yaml:9:14, from",
        "2026-07-01",
        "no overlap: limit already has a value until",
    ),
    ("p", "2026-07-01, value", "2025-07-01, value", "parameters/p.yaml:9:14, from", "2025-07-01", "values of limit in order"),
    (
        "p",
        "to: 2026-06-30",
        "to: 2025-06-30",
        "parameters/p.yaml:8:30, to",
        "2025-06-30",
        "a last day of limit that is not before the first",
    ),
    ("p", "- name: base_unit", "- name: hold", "parameters/p.yaml:1:9, name", "hold", "a name that is not a fact already"),
    ("p", "- name: half", "- name: limit", "parameters/p.yaml:14:9, name", "limit", "a name that is not the parameter at"),
    ("p", "- name: half", "- name: Half", "parameters/p.yaml:14:9, name", "Half", "a name in small letters"),
    (
        "p",
        "- name: half",
        "- name: min",
        "parameters/p.yaml:14:9, name",
        "min",
        "a name that is not a word of the language already",
    ),
    (
        "p",
        'value: "10.00", cites: ZZ-L1/a',
        'value: "10.00", cites: ZZ-L9/a',
        "parameters/p.yaml:13:7, cites",
        "ZZ-L9/a",
        "the id of a provision",
    ),
    ("lists", "[bank, platform]", "[bank, platfrom]", "lists.yaml:3:17, codes", "platfrom", "did you mean 'platform'?"),
    ("lists", "[bank, platform]", "[bank, bank]", "lists.yaml:3:17, codes", "bank", "each entry only once"),
    ("lists", "[bank, platform]", "[]", "lists.yaml:3:10, codes", "nothing", "at least one code"),
    (
        "lists",
        "field: operator_licence",
        "field: operator_licenc",
        "lists.yaml:2:10, field",
        "operator_licenc",
        "did you mean 'operator_licence'?",
    ),
    ("lists", "field: operator_licence", "field: hold", "lists.yaml:2:10, field", "hold", "a fact that is a code"),
    ("lists", "- name: trade", "- name: all", "lists.yaml:4:9, name", "all", "a word of the language"),
    ("conditions", "means: actor_identified", "means: valued", "", "", ""),
    (
        "conditions",
        "means: actor_identified",
        "means: known",
        "conditions.yaml:2:10, means",
        "known",
        "does not lead back to itself",
    ),
    (
        "conditions",
        "means: actor_identified",
        "means: 18 > actor_age",
        "conditions.yaml:2:15, means",
        "actor_age",
        "known not to be missing",
    ),
    ("a", "ZZ-L1, article", "ZZ-L2, article", "provisions/a.yaml:3:16, act", "ZZ-L2", "an act of acts/; did you mean 'ZZ-L1'?"),
    ("a", 'article: "1"', 'article: "3"', "provisions/a.yaml:3:32, article", "3", 'an article of ZZ-L1: 1, 2, or "?"'),
    ("a", 'article: "1"', "article: 1", "provisions/a.yaml:3:32, article", "1", "YAML reads this as a number"),
    ("a", "id: ZZ-L1/a", "id: ZZ-L1", "provisions/a.yaml:1:7, id", "ZZ-L1", "the act's id, a slash and a short name"),
    ("a", "2026-01-01}", "2026-13-01}", "provisions/a.yaml:4:20, from", "2026-13-01", "a date that exists, written YYYY-MM-DD"),
    (
        "a",
        "2026-01-01}",
        "2026-01-01, to: 2025-01-01}",
        "provisions/a.yaml:4:36, to",
        "2025-01-01",
        "a last day that is not before the first",
    ),
    ("a", "2026-01-01}", "2026-01-01, status: dead}", "provisions/a.yaml:4:40, status", "dead", "one of in_force, expired"),
    (
        "a",
        "[trade]",
        "[trade, token_by_fiat]",
        "provisions/a.yaml:5:13, activity",
        "token_by_fiat",
        "did you mean 'token_buy_fiat'?",
    ),
    ("a", "[trade]", "[licensed]", "provisions/a.yaml:5:13, activity", "licensed", "groups are all, trade"),
    ("a", "[trade]", "[]", "provisions/a.yaml:5:13, activity", "nothing", "at least one activity"),
    ("a", "effect: refuse", "effect: forbid", "provisions/a.yaml:7:11, effect", "forbid", "one of permit, refuse, refer"),
    (
        "a",
        "effect: refuse",
        "effect: refuse\n  needs: hold",
        "provisions/a.yaml:8:10, needs",
        "needs with effect refuse",
        "only with `effect: require`",
    ),
    ("a", "effect: refuse", "effect: refuse\n  rate: half", "provisions/a.yaml:8:9, rate", "rate with effect refuse", "levy"),
    (
        "a",
        "effect: refuse",
        "effect: refuse\n  otherwise: refer",
        "provisions/a.yaml:8:14, otherwise",
        "otherwise with",
        "`needs`",
    ),
    ("a", "effect: refuse", "effect: refuse\n  standing: true", "provisions/a.yaml:8:13, standing", "standing with", "report"),
    (
        "a",
        "effect: refuse",
        "effect: refuse\n  standing: yes",
        "provisions/a.yaml:8:13, standing",
        "yes",
        "true or false, without quotes",
    ),
    (
        "a",
        "effect: refuse",
        "effect: refuse\n  measure: jail",
        "provisions/a.yaml:8:12, measure",
        "jail",
        "one of reject, quarantine",
    ),
    (
        "a",
        "effect: refuse",
        "effect: refuse\n  precedence: 012",
        "provisions/a.yaml:8:15, precedence",
        "012",
        "without a leading zero",
    ),
    (
        "a",
        "effect: refuse",
        "effect: refuse\n  exception_of: [ZZ-L1/b]",
        "provisions/a.yaml:8:17, exception_of",
        "ZZ-L1/b",
        "the id of another",
    ),
    (
        "a",
        "effect: refuse",
        "effect: refuse\n  exception_of: [ZZ-L1/a]",
        "provisions/a.yaml:8:17, exception_of",
        "ZZ-L1/a",
        "the id of another",
    ),
    ("a", "grade: A", "grade: D", "provisions/a.yaml:10:10, grade", "D", "one of A, B, C"),
    ("a", "authority: [CB]", "authority: CB", "provisions/a.yaml:8:14, authority", "CB", "a list of authorities, written [a, b]"),
    ("a", "says: No.", "says: No", "provisions/a.yaml:11:9, says", "No", "YAML reads this as a boolean"),
    ("a", "says: No.", "says: ", "provisions/a.yaml:11:8, says", "nothing", "a text"),
    ("a", "then: silent", "then: permit", "provisions/a.yaml:13:65, then", "permit", "one of silent, refuse"),
    (
        "a",
        "actor_kind: legal_entity",
        "actor_kin: legal_entity",
        "provisions/a.yaml:13:32, facts",
        "actor_kin",
        "did you mean 'actor_kind'?",
    ),
    (
        "a",
        "actor_kind: legal_entity",
        "actor_kind: company",
        "provisions/a.yaml:13:44, actor_kind",
        "company",
        "one of natural_person",
    ),
    ("a", "actor_kind: legal_entity", "actor_country: NO", "provisions/a.yaml:13:47, actor_country", "NO", "write it in quotes"),
    ("a", "actor_kind: legal_entity", "hold: 'true'", "provisions/a.yaml:13:38, hold", "true", "true or false, without quotes"),
    ("a", "actor_kind: legal_entity", "hold: null", "provisions/a.yaml:13:38, hold", "nothing", "hold cannot be missing"),
    ("a", "actor_kind: legal_entity", "value: 500.00", "provisions/a.yaml:13:39, value", "500.00", "an amount such as"),
    (
        "a",
        "actor_kind: legal_entity",
        "value: 500.00 USD",
        "provisions/a.yaml:13:39, value",
        "500.00 USD",
        'an amount such as "500.00 ZZD"',
    ),
    ("a", "actor_kind: legal_entity", "value: 500.001 ZZD", "provisions/a.yaml:13:39, value", "500.001 ZZD", "an amount such as"),
    (
        "a",
        "actor_kind: legal_entity",
        "actor_age: -1",
        "provisions/a.yaml:13:43, actor_age",
        "-1",
        "a value within 0 … 1000000000",
    ),
    ("a", "actor_kind: legal_entity", "hold: true, hold: true", "provisions/a.yaml:13:44, facts", "hold", "each fact only once"),
    (
        "a",
        "{at: 2026-01-01, facts: {actor_kind: legal_entity}",
        "{at: [2026-1-1], facts: {}",
        "provisions/a.yaml:13:13, at",
        "2026-1-1",
        "a date",
    ),
    ("a", "title: A rule", "title: &t A rule", "", "", ""),
    ("a", "title: A rule", "title: &t A rule\n  note: *t", "provisions/a.yaml:3:9", "an alias to another value", "no aliases"),
    (
        "a",
        "title: A rule",
        "title: !!python/name:os.system x",
        "provisions/a.yaml:2:10",
        "tag:yaml.org,2002:python",
        "a value without a tag",
    ),
    ("a", "title: A rule", "title: !secret x", "provisions/a.yaml:2:10", "!secret", "a value without a tag"),
    ("a", "title: A rule", "title: A: rule", "provisions/a.yaml:2:11", "title: A: rule", "YAML (mapping values are not allowed"),
    ("a", "title: A rule", "title: \x07", "provisions/a.yaml:1:1", "", "readable YAML"),
    ("a", "- id: ZZ-L1/a", "-- id: ZZ-L1/a", "provisions/a.yaml:2:8", "title: A rule", "YAML"),
]


@pytest.mark.parametrize(
    ("stem", "old", "new", "where", "given", "expected"), FILE_FAULTS, ids=[f"{one[0]}: {one[2][:50]!r}" for one in FILE_FAULTS]
)
def test_a_faulty_file_is_placed_and_explained(stem: str, old: str, new: str, where: str, given: str, expected: str) -> None:
    name = next(name for name in FILES if name.endswith(f"{stem}.yaml"))
    assert old in FILES[name]
    problems = problems_with(**{stem: FILES[name].replace(old, new, 1)})
    if not where:
        assert problems == []
        return
    assert any(one.startswith(f"zz/{where}") and given in one and expected in one for one in problems), problems


def test_two_provisions_with_one_id_are_refused() -> None:
    (problem,) = problems_with(a=PROVISION + PROVISION)
    assert problem == (
        "zz/provisions/a.yaml:15:7, id: given 'ZZ-L1/a', expected an id that is not used yet; zz/provisions/a.yaml:1:7 has it"
    )


def test_an_id_must_begin_with_the_act_it_cites() -> None:
    text = PROVISION.replace("id: ZZ-L1/a", "id: ZZ-L2/a")
    assert any("expected an id that begins with the act that it cites: ZZ-L1/" in one for one in problems_with(a=text))


def test_base_units_need_a_base_unit() -> None:
    without = PARAMETERS.replace("- name: base_unit", "- name: other_unit")
    (problem,) = problems_with(p=without)
    assert problem.startswith("zz/parameters/p.yaml:6:9, unit: given 'base_unit', expected a parameter named base_unit")


def test_conditions_in_a_circle_are_refused_once_each_and_not_where_they_are_used() -> None:
    circle = CONDITIONS.replace("means: actor_identified", "means: valued").replace("means: value is not missing", "means: known")
    problems = problems_with(conditions=circle, a=with_condition("known"))
    assert [one.partition(", expected")[0] for one in problems] == [
        "zz/conditions.yaml:2:10, means: given 'known'",
        "zz/conditions.yaml:4:10, means: given 'valued'",
    ]


def test_a_levy_needs_a_rate_that_exists() -> None:
    levy = PROVISION.replace("effect: refuse", "effect: levy").replace("then: refuse", "then: levy")
    assert "zz/provisions/a.yaml:7:11, rate: given 'nothing', expected the parameter" in problems_with(a=levy)[0]
    wrong = levy.replace("effect: levy", "effect: levy\n  rate: halff")
    assert problems_with(a=wrong) == ["zz/provisions/a.yaml:8:9, rate: given 'halff', expected a parameter; did you mean 'half'?"]


def test_a_source_must_be_listed_where_sources_are() -> None:
    cited = PROVISION.replace('article: "1"}', 'article: "1", sources: [S1]}')
    assert problems_with(a=cited) == []
    assert problems_with(a=cited, sources="- {id: S1, title: A book}") == []
    (problem,) = problems_with(a=cited, sources="- {id: S2, title: A book}")
    assert problem == "zz/provisions/a.yaml:3:46, sources: given 'S1', expected a source of sources.yaml"


def test_edition_cases_name_provisions_that_exist() -> None:
    case = "- {name: x, at: 2026-01-01, facts: {activity: mine}, then: {verdict: refer, provision: ZZ-L1/z}}"
    (problem,) = problems_with(cases=case)
    assert problem == "zz/cases.yaml:1:60, then: given 'ZZ-L1/z', expected the id of a provision, or silence"
    (problem,) = problems_with(cases=case.replace("activity: mine", "hold: true").replace("ZZ-L1/z", "silence"))
    assert problem == "zz/cases.yaml:1:36, activity: given 'nothing', expected the activity of the case"


def test_a_country_needs_its_file() -> None:
    files = {name: text for name, text in FILES.items() if name != "country.yaml"}
    pack, (problem,) = read_texts(files, "zz")
    assert pack is None
    assert str(problem) == "zz/country.yaml: given 'nothing', expected code, name, currency, zone and ranks of the country"


def test_a_file_of_another_shape_is_refused() -> None:
    expected = "zz/lists.yaml:1:1: given 'a mapping', expected a list of lists, each starting with '- '"
    assert expected in problems_with(lists="name: licensed")


def test_bottomless_files_are_refused() -> None:
    for text in ("[" * 200 + "]" * 200, "[" * 100_000, "- " * 100_000, "? " * 100_000, "{a: " * 100_000):
        assert any(one.startswith("zz/lists.yaml:1:") for one in problems_with(lists=text))


def test_a_bomb_of_aliases_is_refused_quickly() -> None:
    bomb = "- &a [x, x]\n" + "".join(
        f"- &{chr(98 + number)} [*{chr(97 + number)}, *{chr(97 + number)}]\n" for number in range(20)
    )
    assert any("an alias" in one for one in problems_with(lists=bomb))

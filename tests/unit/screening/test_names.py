from __future__ import annotations

import itertools
import json
import re
from datetime import date

import msgspec
import pytest

from skarb.core.errors import ConfigurationError
from skarb.core.screening_list import Described, Document, Identifiers, Listed, Name, ScreeningList, Whitelisted
from skarb.screening import Screen
from skarb.screening.bearers import Bearers
from skarb.screening.names import Clients, NameScreen, Reader, default_policy, make_policy, show
from skarb.screening.names.fold import fold, icu_version
from skarb.screening.names.logic import logic_version
from skarb.screening.names.reader import Method

EXTRA = pytest.mark.skipif(
    not (logic_version() and icu_version()), reason="the extra screening is not installed: pip install 'skarb[screening]'"
)
METHODS = [pytest.param("rules"), pytest.param("best", marks=EXTRA)]


def entry(number: str, *names: str, **told: object) -> Listed:
    return Listed(entry=number, names=tuple(Name(text=name) for name in names), **{"kind": "person", **told})  # type: ignore[arg-type]


def made(*entries: Listed, name: str = "own") -> ScreeningList:
    return ScreeningList(list=name, regime="own", publisher="X", version="1", published=date(2026, 1, 1), entries=entries)


def somebody(*names: str, **told: object) -> Described:
    return Described(names=tuple(Name(text=name) for name in names), **{"kind": "person", **told})  # type: ignore[arg-type]


LISTED = made(
    entry("1", "Уладзімір Зялёнка", births=("1970-05-17",), countries=("BY",), gender="male"),
    entry("2", "Aliaksandra Marozava", births=("1981",), countries=("BY",), gender="female"),
    entry("3", "Крамбамбуля ООО", kind="entity", countries=("RU",)),
    entry("4", "Hassan bin Omar al-Rawi"),
    entry("5", "Vladimir Vladimirovich Stolyarov", births=("1955",), documents=(Document(kind="passport", number="MP 1234567"),)),
)


def like(method: Method, one: str, other: str, kind: str = "person") -> float:
    reader = Reader(method)
    return reader.compare(reader.form(one, kind), kind, reader.listed_form(other, kind), kind)[0]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("names", "folded"),
    [
        (["Рыгор Ўласаў"], "ryhor ulasau"),
        (["Григорий"], "grigorii"),
        (["Григорій Їжак"], "hryhorii izhak"),
        (["Ђоковић", "Đoković"], None),
        (["Нұрсұлтан"], "nursultan"),
        (["Γεώργιος Παπαδόπουλος"], "georgios papadopulos"),
        (["Łukasz Żółć", "Lukasz Zolc"], "lukasz zolc"),
        (["S.A.R.L. O'Neill & Søn A/S"], "sarl oneill and son as"),
    ],
)
def test_letters_are_folded_by_the_language_they_tell(names: list[str], folded: str | None) -> None:
    for name in names:
        found = " ".join(word.folded for word in fold(name, use_icu=False))
        assert found.isascii()
        assert folded is None or found == folded


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    "spellings",
    [
        (
            "Святлана Ціханоўская",
            "Светлана Тихановская",
            "Світлана Тихановська",
            "Sviatlana Tsikhanouskaya",
            "Svetlana Tikhanovskaya",
        ),
        ("Уладзімір Карвацкі", "Владимир Карвацкий", "Володимир Карвацький", "Uladzimir Karvatski", "Vladimir Karvatsky"),
        ("Аляксандр Рыгоравіч Паўлюкевіч", "Александр Григорьевич Павлюкевич", "Aliaksandr Ryhoravich Pauliukevich"),
    ],
)
def test_one_name_in_three_languages_is_one_name(method: Method, spellings: tuple[str, ...]) -> None:
    for one, other in itertools.permutations(spellings, 2):
        assert like(method, one, other) >= 0.5, (one, other)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("one", "other", "kind", "alike"),
    [
        ("Stolyarov Vladimir", "Vladimir Vladimirovich Stolyarov", "person", True),
        ("V. Stolyarov", "Vladimir Stolyarov", "person", True),
        ("Vladimr Stoliarov", "Vladimir Stolyarov", "person", True),
        ("VladimirStolyarov", "Vladimir Stolyarov", "person", True),
        ("Mr Vladimir Stolyarov", "Vladimir Stolyarov", "person", True),
        ("Крамбамбуля, общество с ограниченной ответственностью", "Krambambulia LLC", "entity", True),
        ("Vladimir Smirnov", "Vladimir Stolyarov", "person", False),
        ("Boris Stolyarov", "Vladimir Stolyarov", "person", False),
        ("Omar bin Hassan al-Rawi", "Hassan bin Omar al-Rawi", "person", False),
        ("Trading Company LLC", "Krambambulia Trading LLC", "entity", False),
    ],
)
def test_slips_orders_and_forms_are_alike_and_other_people_are_not(
    method: Method, one: str, other: str, kind: str, alike: bool
) -> None:
    found = default_policy().verdict(like(method, one, other, kind), 0.0).then
    assert (found != "clear") is alike


@EXTRA
@pytest.mark.parametrize(
    ("one", "other"),
    [("محمد علي", "Mohamed Ali"), ("习近平", "Xi Jinping"), ("김정은", "Kim Jong Un"), ("Ted Kowal", "Theodore Kowal")],
)
def test_the_extra_knows_other_scripts_and_short_forms(one: str, other: str) -> None:
    assert like("best", one, other) >= 0.6


@pytest.mark.parametrize("method", METHODS)
def test_the_same_name_without_more_is_possible_and_not_confirmed(method: Method) -> None:
    screen = NameScreen([LISTED], method=method)
    bare = screen.search(somebody("Зялёнка Уладзімір"))
    hit = bare.hits[0]
    assert (bare.verdict, hit.entry, hit.rule, hit.likeness) == ("possible", "1", "same_name", 1.0)
    assert hit.evidence < 0  # a name is no evidence for itself
    agreeing = screen.search(somebody("Зялёнка Уладзімір", births=("1970-05-17",), countries=("BY",), gender="male"))
    assert agreeing.hits[0].evidence > hit.evidence + 5
    other = screen.search(somebody("Зялёнка Уладзімір", births=("1999-01-01",), countries=("FR",), gender="female"))
    assert (other.verdict, other.hits[0].rule) == ("possible", "same_name")  # whatever speaks against it, a person decides
    assert other.hits[0].evidence < -6


def test_evidence_confirms_supports_and_contradicts_by_written_rules() -> None:
    entries = [entry(str(n), f"Aaa{n}ov Bbb{n}", births=(str(1900 + n),), countries=("RU",)) for n in range(60)]
    screen = NameScreen([made(*LISTED.entries, *entries)], method="rules")
    day = screen.search(somebody("Uladzimir Zialionka", births=("1970-05-17",), countries=("BY",)))
    assert (day.verdict, day.hits[0].rule) == ("confirmed", "confirmed")
    swapped = screen.search(somebody("Uladzimir Zialionka", births=("1970-17-05",))).hits[0]
    assert any("exchanged" in one.says for one in swapped.why)
    passport = screen.search(somebody("V Stolyarov", documents=(Document(kind="passport", number="mp1234567"),)))
    assert passport.hits[0].evidence > 15
    slip, against = somebody("Vladimir Stoliarev"), {"births": ("1999-01-01",), "countries": ("FR",)}
    assert screen.search(slip).verdict == "possible"
    cleared = screen.search(msgspec.structs.replace(slip, **against))
    assert (cleared.verdict, cleared.hits[0].rule) == ("clear", "contradicted")  # told all the same, with the rule
    firm = screen.search(msgspec.structs.replace(somebody("Uladzimir Zialionka"), kind="entity")).hits[0]
    assert any(one.kind == "kind" and one.bits < 0 for one in firm.why)


def test_no_policy_can_clear_the_same_name() -> None:
    policy = msgspec.to_builtins(default_policy())
    for verdicts in (
        [{"rule": "all", "then": "clear"}],
        [{"rule": "far", "evidence_max": -6.0, "then": "clear"}, *policy["verdicts"]],
        policy["verdicts"][:-1],
        [{"rule": "late", "likeness_min": 0.999, "then": "possible"}, {"rule": "rest", "then": "clear"}],
    ):
        with pytest.raises(ConfigurationError, match="verdicts"):
            make_policy(policy | {"verdicts": verdicts}, "mine.yaml")
    with pytest.raises(ConfigurationError, match=r"mine\.yaml"):
        make_policy(policy | {"surprise": 1}, "mine.yaml")
    assert make_policy(policy, "mine.yaml") == default_policy()


@pytest.mark.parametrize("method", METHODS)
def test_an_explanation_accounts_for_every_word(method: Method) -> None:
    reader = Reader(method)
    query, listed = (
        reader.form("Mr V. Stolyarow Smith", "person"),
        reader.listed_form("Vladimir Vladimirovich Stolyarov", "person"),
    )
    parts = reader.compare(query, "person", listed, "person")[1]
    told, said = " ".join(part.query for part in parts).lower(), " ".join(part.listed for part in parts).lower()
    assert all(word in told.split() for word in ("v", "stolyarow", "smith"))
    assert all(word in said.split() for word in ("vladimir", "vladimirovich", "stolyarov"))
    answer = NameScreen([LISTED], method=method).search(somebody("V. Stolyarow"))
    text = show(answer)
    assert re.search("stolyarow = stolyarov: (sounds alike|spelled otherwise)", text.lower())
    assert "initial" in text
    assert answer.method in text
    assert json.loads(msgspec.json.encode(answer))["hits"][0]["parts"]


def test_the_means_are_named_and_those_missing_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Reader("rules").method == "names by rules; letters by own tables for Cyrillic, Greek and accents"
    monkeypatch.setattr("skarb.screening.names.reader.logic_version", lambda: "")
    monkeypatch.setattr("skarb.screening.names.reader.icu_version", lambda: "")
    assert Reader("best").method == Reader("rules").method
    with pytest.raises(ConfigurationError, match="skarb\\[screening\\]"):
        Reader("logic-v2")


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("asked", "listed"),
    [
        ("Рыгор Паўлавіч Бародзіч", "Ryhor BARODZICH"),
        ("Бородич Григорий Павлович", "Grigory BORODICH"),
        ("Григорий Бородич", "Григорий Павлович Бородич"),
        ("Алена Мікалаеўна Зялёнка", "Alena Zialionka"),
        ("Olena Mykolaivna Zelenko", "Олена Зеленко"),
        ("Татьяна Ильинична Крупская", "Tatiana KRUPSKAYA"),
        ("Владимир Ильич Бородич", "Vladimir BORODICH"),
    ],
)
def test_a_patronymic_that_only_one_name_has_clears_nobody(method: Method, asked: str, listed: str) -> None:
    assert NameScreen([made(entry("1", listed))], method=method).search(somebody(asked)).verdict == "possible"
    assert like(method, asked, listed) < 0.95  # something is missing, so other evidence may still clear


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("asked", "listed"),
    [
        ("Рыгор Паўлавіч Бародзіч", "Ryhor Siarheevich BARODZICH"),  # two fathers
        ("Рыгор Паўлавіч Бародзіч", "Ryhor ZIALIONKA"),
        ("Бародзіч Рыгор", "Ryhor ZIALIONKA"),  # a family name that ends like a patronymic
        ("Бародзіч Рыгор Паўлавіч", "Ryhor Paulavich"),
    ],
)
def test_a_patronymic_makes_nobody_somebody_else(method: Method, asked: str, listed: str) -> None:
    assert NameScreen([made(entry("1", listed))], method=method).search(somebody(asked)).verdict == "clear"


def test_empty_and_odd_names_find_nobody() -> None:
    screen = NameScreen([LISTED, made(entry("x", "", "—", "  "), name="odd")], method="rules")
    for name in ("", " ", "的", "123"):
        assert screen.search(somebody(name)).verdict == "clear"
    for born in ("²²²²", "abc", ""):  # digits to some, numbers to nobody
        assert screen.search(somebody("Uladzimir Zialionka", births=(born,))).verdict == "possible"
    assert NameScreen([], method="rules").search(somebody("Anybody")).verdict == "clear"
    assert screen.search(somebody("ZIALIONKA ULADZIMIR")).verdict == "possible"
    assert screen.search(somebody("x" * 900)).verdict == "clear"


@pytest.mark.parametrize(
    "name", ["—", "...", "\u0301" * 5000, "\u200b\u202e", "x" * 5000, "x " * 5000, "a\u0301" * 4000, "Іван " * 3000]
)
def test_nobody_is_clear_whose_name_cannot_be_read(name: str) -> None:
    answer = NameScreen([LISTED], method="rules").search(somebody(name))
    assert (answer.verdict, len(answer.unread)) == ("possible", 1)
    assert answer.unread[0] in show(answer)
    parties = [Identifiers(party="p", kind="person", names=(Name(text=name),)), Identifiers(party="bare")]
    screen = Screen([LISTED], parties, names=beside([LISTED], parties))
    assert screen.party("p")[0] == screen.identifiers(parties[0]).status == "unavailable"
    assert screen.party_result("p").missing == answer.unread
    assert screen.party("bare")[0] == "clear"
    parties[0] = Identifiers(party="p", kind="person", names=(Name(text="Jan Kowalski"),))
    screen.learn(parties[0])
    assert screen.party("p")[0] == "clear"


@pytest.mark.parametrize(
    "name",
    [
        "Vlad\u200bimir \u202eStol\u00adyarov\u202c",
        "Vlаdimir Stоlуаrоv",  # Cyrillic letters that look Latin
        "VLАDIMIR SТОLYАRОV",
        "Cтоляpoв Bлaдимиp",  # Latin letters that look Cyrillic
    ],
)
def test_letters_that_look_alike_and_what_nobody_sees_hide_nobody(name: str) -> None:
    answer = NameScreen([LISTED], method="rules").search(somebody(name))
    assert (answer.verdict, answer.hits[0].entry) == ("possible", "5")
    assert answer.hits[0].likeness >= 0.9


def beside(lists: list[ScreeningList], parties: list[Identifiers]) -> Bearers:
    return Bearers(
        NameScreen(lists, method="rules"),
        lambda party: next((one for one in parties if one.party == party), None),
        lambda: parties,
    )


def test_a_name_makes_a_party_possible_and_an_identifier_listed() -> None:
    lists = [made(*LISTED.entries), made(entry("9", passports=("MP7",)), name="papers")]
    parties = [
        Identifiers(party="named", kind="person", names=(Name(text="Владимир Зелёнко"),)),
        Identifiers(party="both", kind="person", names=(Name(text="Uladzimir Zialionka"),), passports=("mp 7",)),
        Identifiers(party="other", kind="person", names=(Name(text="Jan Kowalski"),)),
        Identifiers(party="bare"),
    ]
    screen = Screen(lists, parties, names=beside(lists, parties))
    assert [screen.party(known.party) for known in parties] == [
        ("possible", "own"),
        ("listed", "own"),
        ("clear", "none"),
        ("clear", "none"),
    ]
    found = screen.party_result("named")
    assert (found.list, found.entry, found.list_sha256, found.by) == ("own", "1", screen.stamps[0].sha256, "name")
    new = Identifiers(party="new", kind="person", names=(Name(text="Marozava Aleksandra"),))
    assert screen.identifiers(new).status == "possible"
    assert screen.party("new") == ("clear", "none"), "nobody has told of him"
    parties.append(new)
    screen.learn(new)
    assert screen.party("new") == ("possible", "own")


def test_nobody_is_cleared_by_decisions_about_some_of_his_many_namesakes() -> None:
    crowd = made(*(entry(str(number), "Uladzimir Zialionka") for number in range(100)))
    parties = [Identifiers(party="p", kind="person", names=(Name(text="Uladzimir Zialionka"),))]
    aside = [
        Whitelisted(party="p", list="own", entry=one.entry, entry_sha256=one.sha256, first=0, last=9) for one in crowd.entries
    ]

    def left(of: int) -> str:
        screen = Screen([crowd], parties, whitelist=aside[:of], today=lambda: 1, names=beside([crowd], parties))
        return screen.party("p")[0]

    assert [left(of) for of in (0, 20, 40, 99, 100)] == ["possible"] * 4 + ["clear"]
    backwards = Screen([crowd], parties, whitelist=aside[40:], today=lambda: 1, names=beside([crowd], parties))
    assert backwards.party("p")[0] == "possible"


def test_a_name_that_leaves_a_list_changes_the_answer() -> None:
    before = [made(*LISTED.entries)]
    parties = [
        Identifiers(party="p", kind="person", names=(Name(text="Uladzimir Zialionka"),)),
        Identifiers(party="q", kind="person", names=(Name(text="Jan Kowalski"),)),
    ]
    screen = Screen(before, parties, names=beside(before, parties))
    newer, delta = screen.refresh([made(*LISTED.entries[1:])])
    assert (delta.removed, [change.subject for change in delta.hits], newer.party("p")) == (
        (("own", "1"),),
        ["p"],
        ("clear", "none"),
    )


@pytest.mark.parametrize("method", METHODS)
def test_rescreening_the_other_way_round_finds_who_screening_finds(
    method: Method, tmp_path_factory: pytest.TempPathFactory
) -> None:
    texts = [
        "Владимир Зелёнко",
        "Marozava Aleksandra",
        "V. Stolyarov",
        "Vladimir Smirnov",
        "Jan Kowalski",
        "Крамбамбуля ТАА",
        "Piotr Nowak",
    ] * 3
    known = {
        f"p{n}": Identifiers(party=f"p{n}", kind="entity" if "ТАА" in text else "person", names=(Name(text=text),))
        for n, text in enumerate(texts)
    }
    screen = NameScreen([LISTED], method=method)
    clients = Clients(use_icu=method != "rules")
    for party in known.values():
        clients.add(party.party, (name.text for name in party.names), party.kind)
    expected = {party for party, one in known.items() if screen.search(one).verdict != "clear"}
    assert len(expected) == 12 and len(expected) < len(known)
    found = clients.rescreen(screen, known.get)
    assert {one.party for one in found if one.answer.verdict != "clear"} == expected
    clients.add("late", ("Uladzimir Zialionka",), "person")
    late = Identifiers(party="late", kind="person", names=(Name(text="Uladzimir Zialionka"),))
    assert {
        one.party for one in clients.rescreen(screen, (known | {"late": late}).get) if one.answer.verdict != "clear"
    } == expected | {"late"}
    assert not Clients().rescreen(screen, known.get)


def test_names_of_many_long_words_are_looked_at_roughly() -> None:
    text = "Reinalda Hohrol Enker Aure Naberliastovich Ptushkinskaia-Sarakavaia " + "q" * 62
    screen = NameScreen([made(entry("1", text))], method="rules")
    assert screen.search(somebody(text.replace("Enker", "Enkar") + "q")).verdict == "possible"

"""Made-up names for measuring: people and firms of several cultures and scripts, from a seed, and the damage that typing does to them.

The parts are common ones; nobody in particular is meant.
"""

from __future__ import annotations

import random
from typing import Final

from skarb.core.screening_list import SubjectKind

_GIVEN: Final = {
    "ru": "Алексей Андрей Антон Виктор Владимир Григорий Денис Евгений Игорь Кирилл "
    "Максим Михаил Николай Олег Павел Пётр Роман Сергей Фёдор Юрий",
    "be": "Аляксей Андрэй Антось Віктар Уладзімір Рыгор Дзяніс Яўген Ігар Кірыла "
    "Максім Міхась Мікалай Алег Павел Пятро Раман Сяргей Фёдар Юры",
    "uk": "Олексій Андрій Антін Віктор Володимир Григорій Денис Євген Ігор Кирило "
    "Максим Михайло Микола Олег Павло Петро Роман Сергій Федір Юрій",
    "en": "James Robert John Michael David William Richard Joseph Thomas Charles "
    "Daniel Matthew Anthony Mark Steven Andrew Paul Joshua Kenneth Kevin",
    "pl": "Jan Andrzej Piotr Krzysztof Stanisław Tomasz Paweł Józef Marcin Marek "
    "Michał Grzegorz Jerzy Tadeusz Adam Łukasz Zbigniew Ryszard Dariusz Henryk",
    "tr": "Mehmet Mustafa Ahmet Ali Hüseyin Hasan İbrahim İsmail Osman Yusuf "
    "Murat Ömer Ramazan Halil Süleyman Abdullah Mahmut Recep Salih Fatih",
    "ar": "Mohammed Ahmed Mahmoud Ali Hassan Hussein Ibrahim Khaled Omar Youssef "
    "Abdullah Karim Tariq Walid Salim Nasser Rashid Jamal Faisal Samir",
    "es": "Antonio José Manuel Francisco Juan David Javier Daniel Carlos Jesús "
    "Alejandro Miguel Rafael Pedro Pablo Ángel Sergio Fernando Jorge Luis",
}
_FAMILY: Final = {  # beginnings, middles and ends of syllables, and endings of family names
    "ru": ("б в г д ж з к л м н п р с т ф х ч ш бр гр др кр пр ст тр", "а е и о у я", "л н р с т к м д", "ов ёв ин ский енко ук"),
    "be": (
        "б в г д ж з к л м н п р с т х ч ш бр гр др кр пр ст тр",
        "а е і о у я",
        "л н р с т к м д",
        "оўскі эвіч енка чык юк овіч",
    ),
    "uk": (
        "б в г д ж з к л м н п р с т х ч ш бр гр др кр пр ст тр",
        "а е и і о у",
        "л н р с т к м д",
        "енко чук ук ський ів ець",
    ),
    "en": (
        "b c d f g h l m n p r s t w br cl dr fl gr st th",
        "a e i o u ea oo",
        "l n r s t ck m d",
        "son ton ley ford man er worth",
    ),
    "pl": ("b c d g j k l m n p r s t w z br dr gr kr pr st", "a e i o u ó", "l n r s t k m d", "ski owski czyk ewicz ak ek"),
    "tr": ("b c ç d g h k l m n s ş t y", "a e ı i o ö u ü", "l n r s t k m z", "maz er oğlu ik in türk an taş"),
    "ar": ("b d f g h j k kh l m n q r s sh t z", "a i u aa ou", "b d f l m n r s", "i an awi iri adi eh"),
    "es": ("b c d f g j l m n p r s t v z br cr gr tr", "a e i o u ue", "l n r s", "ez uez ado ález arro oz"),
}
_SCRIPTS: Final = ("ru",) * 5 + ("be",) * 3 + ("uk",) * 2 + ("en",) * 4 + ("pl",) * 2 + ("tr",) * 2 + ("ar",) * 3 + ("es",) * 2
_FIRM: Final = {
    "ru": (
        "ООО «{}»",
        "Строй Энерго Агро Транс Мед Тех Пром Нефте Газ Металл Дерево Авто Хим Авиа Гео Инвест",
        "Сервис Торг Ресурс Групп Импекс Маш Проект Снаб Альянс Восток Запад Центр",
    ),
    "be": (
        "ТАА «{}»",
        "Буд Энерга Агра Транс Мед Тэх Прам Нафта Газ Метал Дрэва Аўта Хім Авія Геа Інвест",
        "Сэрвіс Гандаль Рэсурс Груп Імпэкс Маш Праект Снаб Альянс Усход Захад Цэнтр",
    ),
    "en": (
        "{} Ltd",
        "Nor Sun Blue Red Star Sea Sky Oak Gold Iron Silver River Stone Fox Wolf Hawk",
        "line gate port wave field works point bridge land shore peak crest dale mark trade ship",
    ),
    "pl": (
        "{} Sp. z o.o.",
        "Bud Energo Agro Trans Med Tech Prom Nafto Gaz Metal Drew Auto Chem Avia Geo Inwest",
        "pol mix bud export serwis handel system projekt plus max bit dom",
    ),
}  # fmt: skip
_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz"


def made_names(count: int, seed: int) -> list[tuple[str, SubjectKind]]:
    """Return so many different names; a quarter are firms."""
    rng = random.Random(seed)
    found: dict[str, SubjectKind] = {}
    while len(found) < count:
        if rng.random() < 0.25:
            found.setdefault(_firm(rng), "entity")
        else:
            found.setdefault(_person(rng), "person")
    return list(found.items())


def _person(rng: random.Random) -> str:
    script = rng.choice(_SCRIPTS)
    given = _GIVEN[script].split()
    begins, middles, ends, endings = (part.split() for part in _FAMILY[script])
    stem = "".join(rng.choice(begins) + rng.choice(middles) for _ in range(rng.choice((1, 2, 2)))) + rng.choice(ends)
    family = (stem + rng.choice(endings)).capitalize()
    middle = [rng.choice(given)] if rng.random() < 0.5 else []
    if script == "ar" and middle:
        middle = ["bin", *middle]
    return " ".join([rng.choice(given), *middle, family])


def _firm(rng: random.Random) -> str:
    script = rng.choice(tuple(_FIRM))
    form, first, second = _FIRM[script]
    begins, middles, ends, _ = (part.split() for part in _FAMILY[script])
    word = "".join(rng.choice(begins) + rng.choice(middles) for _ in range(2)) + rng.choice(ends)
    return form.format(f"{word.capitalize()}{rng.choice(first.split()).lower()} {rng.choice(second.split())}")


def damaged(name: str, rng: random.Random, in_latin: str) -> str:
    """Return a name as somebody else would write it: in Latin letters, with slips, in another order, shortened.

    `in_latin`: the same in Latin letters.
    """
    if rng.random() < 0.25:
        name = in_latin
    for _ in range(rng.choice((0, 0, 1, 1, 2))):
        at, kind = rng.randrange(len(name)), rng.random()
        if kind < 0.35:
            name = name[:at] + name[at + 1 :]
        elif kind < 0.6:
            name = name[:at] + rng.choice(_LETTERS) + name[at:]
        elif kind < 0.85:
            name = name[:at] + rng.choice(_LETTERS) + name[at + 1 :]
        else:
            name = name[:at] + name[at : at + 2][::-1] + name[at + 2 :]
    words = name.split()
    if len(words) > 1 and rng.random() < 0.3:
        rng.shuffle(words)
    if len(words) > 2 and rng.random() < 0.15:
        words.pop(rng.randrange(1, len(words) - 1))
    if len(words) > 2 and rng.random() < 0.1:
        words[1] = words[1][0]
    name = " ".join(words)
    return name.upper() if rng.random() < 0.3 else name

"""Lists that a country requires: missing or too old ones make nobody clear, and the answer says which and since when."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from skarb.core.errors import ConfigurationError
from skarb.core.screening_list import Identifiers, Listed, RequiredList, ScreeningList
from skarb.core.time import to_day
from skarb.registers import load_country_defaults
from skarb.screening import Screen

PUBLISHED = date(2026, 1, 1)
UN = RequiredList(list="un-sc", regime="un", max_age_days=30, since=date(1999, 10, 15))
ANY = RequiredList(regime="national")
SOMEBODY = Listed(entry="1", parties=("p9",))


def made(name: str, regime: str, *entries: Listed) -> ScreeningList:
    return ScreeningList(list=name, regime=regime, publisher="X", version="1", published=PUBLISHED, entries=entries)  # type: ignore[arg-type]


class Calendar:
    def __init__(self, day: date) -> None:
        self.day = day

    def __call__(self) -> int:
        return to_day(self.day)


def test_a_list_grows_too_old_while_the_screen_stands() -> None:
    calendar = Calendar(date(2026, 1, 31))
    lists = [made("un-sc", "un", Listed(entry="1", parties=("p1",)))]
    screen = Screen(lists, [Identifiers(party="p1"), Identifiers(party="p2")], [UN], today=calendar)
    wallet = "BTC:12c6DSiU4Rq3P4ZxziKxzrL5LmMBrzjrJX"
    assert (screen.party("p2")[0], screen.wallet(wallet)[0], screen.missing) == ("clear", "clear", ())
    calendar.day = date(2026, 2, 1)
    assert (screen.party("p2")[0], screen.wallet(wallet)[0]) == ("unavailable", "unavailable")
    assert screen.missing == ("un-sc of 2026-01-01 is older than 30 days since 2026-02-01",)
    assert screen.party("p1") == ("listed", "un"), "what an old list says is still said"


def test_what_is_missing_is_named_with_its_day() -> None:
    screen = Screen([made("other", "eu")], required=[UN, ANY], today=Calendar(PUBLISHED))
    assert screen.missing == ("un-sc is not loaded, required since 1999-10-15", "a national list is not loaded")
    assert Screen(
        [made("un-sc", "un", SOMEBODY), made("kgb", "national", SOMEBODY)], required=[UN, ANY], today=Calendar(PUBLISHED)
    ).available


def test_a_list_that_names_nobody_makes_nobody_clear() -> None:
    screen = Screen([made("un-sc", "un"), made("kgb", "national", SOMEBODY)], required=[UN, ANY], today=Calendar(PUBLISHED))
    assert screen.missing == ("un-sc holds no entry, required since 1999-10-15",) and not screen.available


def test_no_list_is_named_too() -> None:
    assert Screen([]).missing == ("no screening list is loaded",)


def test_news_of_lists_change_every_answer_once_all_are_there() -> None:
    screen = Screen([made("kgb", "national")], [Identifiers(party="p1")], [UN], today=Calendar(PUBLISHED))
    newer, delta = screen.refresh([made("kgb", "national"), made("un-sc", "un", SOMEBODY)])
    assert (screen.available, newer.available) == (False, True)
    assert [(one.subject, one.before.status, one.after.status) for one in delta.hits] == [("p1", "unavailable", "clear")]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- {max_age_days: 3}", "names a list or a regime"),
        ("- {list: a, max_age_days: 0}", "at least 1"),
        ("- {list: a, never: true}", "never"),
        ("{list: a}", "array"),
    ],
)
def test_what_a_country_says_wrongly_is_refused(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "screening").mkdir()
    (tmp_path / "country.yaml").write_text("code: ZZ\ncurrency: ZZD\n")
    (tmp_path / "registers.yaml").write_text("{}\n")
    (tmp_path / "screening" / "required.yaml").write_text(text)
    with pytest.raises(ConfigurationError, match=said):
        load_country_defaults(tmp_path)


def test_an_entry_that_has_only_a_name_is_compared_by_it() -> None:
    assert [name.text for name in Listed(entry="1", name="Пятрусь Прыкладны / Piatrus Prykladny").compared_names] == [
        "Пятрусь Прыкладны", "Piatrus Prykladny",
    ]  # fmt: skip
    assert Listed(entry="1").compared_names == ()

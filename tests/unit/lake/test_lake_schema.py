from pathlib import Path

import duckdb
import pytest

from skarb.core.errors import InputError, NotFound
from skarb.core.facts import Facts
from skarb.journal.feed.cases import FACTS, case_id
from skarb.lake.open import create_lake, database_path, open_lake
from skarb.lake.schema import PER_ROW, fact_fields, tables
from skarb.rulebook.coding import codes_of
from skarb.rulebook.schema import TOTALS


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    create_lake(tmp_path / "lake")
    return tmp_path / "lake"


def described(lake: Path, *, write: bool = False) -> dict[str, str]:
    with open_lake(lake, write=write) as connection:
        return {row[0]: row[1] for row in connection.execute("DESCRIBE cases").fetchall()}


def test_every_fact_has_its_column_and_codes_their_numbers(lake: Path) -> None:
    names = [name for name in Facts.__struct_fields__ if name not in (*PER_ROW, TOTALS)]
    assert [field.name for field in fact_fields()] == names == list(FACTS)
    kinds = described(lake)
    assert list(kinds) == ["case_no", *names, "case_id"] == list(tables()["cases"])
    with open_lake(lake) as connection:
        for field in fact_fields():
            if field.type.base == "code":
                (codes,) = connection.execute(f"SELECT enum_range(NULL::{kinds[field.name]})").fetchall()[0]
                assert tuple(codes) == codes_of(field)


def test_units_and_money_are_written_exactly(lake: Path) -> None:
    with open_lake(lake) as connection:
        query = f"""SELECT units_text(5::DECIMAL(38,0), 2), units_text({10**37}::DECIMAL(38,0), 18), units_text(7::DECIMAL(38,0), 0),
            units_text(NULL::DECIMAL(38,0), 2), CAST(money(-1000000000000000, 0) AS VARCHAR), CAST(money(101, 2) AS VARCHAR),
            names_of(5, ['a', 'b', 'c'])"""
        found = connection.execute(query).fetchall()
    assert found == [("0.05", f"{10**19}.{'0' * 18}", "7", None, f"-{10**15}.0000", "1.0100", ["a", "c"])]


def test_a_case_is_named_by_what_is_unusual_in_it() -> None:
    plain = Facts(activity="fiat_pay", day=1)
    assert case_id(plain) == case_id(Facts(activity="fiat_pay", day=2, value=5, value_usd=7, own_account=True))
    others = [
        Facts(activity="mine", day=1),
        Facts(activity="fiat_pay", day=1, hold=True),
        Facts(activity="fiat_pay", day=1, capital=0),
    ]
    assert len({case_id(one) for one in (plain, *others)}) == 4
    assert case_id(plain) == "3774796b3500e5f5e900e022650f4d34", "names of cases never change; lakes and feeds hold them"


def test_a_lake_learns_new_facts_and_codes_when_it_is_written(lake: Path) -> None:
    now = described(lake)
    with duckdb.connect(str(database_path(lake))) as connection:
        connection.execute("INSERT INTO cases (case_no, reason, hold) VALUES (0, 'gift', true)")
        connection.execute("ALTER TABLE cases DROP COLUMN unlawful")
        connection.execute("ALTER TABLE cases ALTER reason TYPE ENUM('none', 'gift')")
    assert described(lake) != now
    assert described(lake, write=True) == {**now}
    with open_lake(lake) as connection:
        assert connection.execute("SELECT reason, hold, unlawful FROM cases").fetchall() == [("gift", True, False)]
        assert connection.execute("SELECT count(*) FROM decisions").fetchall() == [(0,)]


def test_a_lake_is_written_for_the_oldest_duckdb_and_ids_are_pressed_together(lake: Path) -> None:
    with open_lake(lake, write=True) as connection:
        found = connection.execute("SELECT tags FROM duckdb_databases() WHERE database_name = 'lake'").fetchall()
        connection.execute("INSERT INTO rows (id) SELECT format('payment-{:06d}', range) FROM range(50_000)")
    assert found[0][0]["storage_version"].startswith("v1.4.0")
    with open_lake(lake) as connection:
        query = (
            "SELECT DISTINCT compression FROM pragma_storage_info('rows') WHERE column_name = 'id' AND segment_type = 'VARCHAR'"
        )
        assert connection.execute(query).fetchall() == [("ZSTD",)]
        assert connection.execute("SELECT min(id), max(id), count(DISTINCT id) FROM rows").fetchall() == [
            ("payment-000000", "payment-049999", 50_000)
        ]


def test_what_is_no_lake_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="skarb lake add"), open_lake(tmp_path / "none"):
        pass
    (tmp_path / "text").mkdir()
    database_path(tmp_path / "text").write_text("a text " * 1000)
    with pytest.raises(InputError, match="not a lake"), open_lake(tmp_path / "text"):
        pass
    (tmp_path / "other").mkdir()
    duckdb.connect(str(database_path(tmp_path / "other"))).close()
    with pytest.raises(InputError, match="not a lake"), open_lake(tmp_path / "other"):
        pass

"""The register of machines: read strictly, everything that is wrong at once."""

from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from skarb.core.errors import InputError
from skarb.fleet import read_fleet

HEAD = "site,id,host,port,model,priority,rated_w,expected_th_s\n"
GOOD = "north,m1,10.0.0.1,4028,Antminer S21,1,3500,200\n"


def test_a_machine_is_read_in_whole_units_in_any_order_of_columns() -> None:
    (one,) = read_fleet(HEAD + GOOD.replace(",200\n", ",95.125\n"), "fleet.csv")
    assert (one.site, one.host, one.rated_w, one.expected_gh_s) == ("north", "10.0.0.1", 3500, 95_125)
    names, values = HEAD.strip().split(",")[::-1], GOOD.strip().split(",")[::-1]
    (again,) = read_fleet(f"{','.join(names)}\n{','.join(values)}\n", "fleet.csv")
    assert again.id == "m1" and again.expected_gh_s == 200_000


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("10.0.0.1", "8.8.8.8", "not reachable from everywhere"),
        ("10.0.0.1", "miner-1.example", "IPv4 address"),
        ("10.0.0.1", "0.0.0.0", "IPv4 address"),
        ("4028", "4029", "4028; machines are recognised by their own ports"),
        ("3500", "0", "whole watts from 1"),
        ("3500", "3500.5", "whole watts"),
        ("3500", "٣٥٠٠", "whole watts"),
        (",200\n", ",NaN\n", "TH/s above nought"),
        (",200\n", ",200.0001\n", "at most three decimals"),
        (",200\n", ",1e999999999\n", "TH/s above nought"),
        (",1,3500", ",0,3500", "from 1, which is cut last"),
        ("m1", "\x1b[31mm1", "printable"),
        ("m1", " m1", "without a space"),
        ("north", "", "1 to 120 printable"),
    ],
)
def test_what_makes_no_sense_names_row_and_column(old: str, new: str, says: str) -> None:
    with pytest.raises(InputError, match=r"fleet.csv row 2, \w+: given ") as error:
        read_fleet(HEAD + GOOD.replace(old, new), "fleet.csv")
    assert says in str(error.value)


def test_all_problems_come_at_once() -> None:
    text = HEAD + GOOD + GOOD.replace("m1", "m2") + GOOD.replace("10.0.0.1", "10.0.0.2") + "a,b\n" + GOOD.replace("3500", "x")
    with pytest.raises(InputError) as error:
        read_fleet(text, "fleet.csv")
    said = str(error.value)
    assert "row 3, host: given '10.0.0.1', expected another one; row 2 has it already" in said
    assert "row 4, id: given 'm1'" in said and "row 5: given '2 fields'" in said and "row 6, rated_w: given 'x'" in said


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "expected site, id, host"),
        ("site,id\n", "given columns 'site, id'"),
        (HEAD, "no machine in it"),
        ((HEAD + GOOD)[:-1], "seems to be cut"),
        (HEAD + "\0" + GOOD, "printable"),
    ],
)
def test_what_is_no_register_is_refused(text: str, says: str) -> None:
    with pytest.raises(InputError, match=says):
        read_fleet(text, "fleet.csv")


@given(st.text(max_size=200))
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_text_breaks_the_reader(text: str) -> None:
    for given_text in (text, HEAD + text, HEAD + GOOD + text):
        with suppress(InputError):
            assert read_fleet(given_text, "fleet.csv")

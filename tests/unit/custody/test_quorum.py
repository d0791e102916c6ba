"""What it takes for something to leave: each condition alone keeps it where it is, and all that is missing is said."""

from __future__ import annotations

from itertools import combinations

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from skarb.core.screening_list import ScreeningResult
from skarb.core.time import from_day
from skarb.custody import governing, hash_of, judge, to_screen

HOLDERS = ("anna", "boris", "clara", "dora", "egor")


def codes(ruling) -> set[str]:
    return {one.code for one in ruling.findings}


def test_a_move_under_its_quorum_is_permitted(reserve) -> None:
    request = reserve.request()
    ruling = judge(reserve.policy, request, reserve.signed(request, ["boris", "clara"]), reserve.here())
    assert (ruling.verdict, ruling.findings, ruling.approved_by) == ("permit", (), ("boris", "clara"))
    assert str(from_day(20463)) == "2026-01-10"


def test_all_that_is_missing_is_said_at_once(reserve) -> None:
    request = reserve.request(units=20_000, until="2026-01-01", to="buyer", book="other")
    ruling = judge(reserve.policy, request, [], reserve.here(lodged_at=None, screened={}, freezings=("f" * 64,)))
    assert codes(ruling) >= {
        "other_book",
        "too_late",
        "not_enough",
        "limit",
        "destination",
        "not_ours",
        "not_screened",
        "frozen",
        "not_asked",
    }


@pytest.mark.parametrize("approving", [names for count in range(5) for names in combinations(HOLDERS[1:], count)])
def test_the_quorum_is_two_of_treasury_and_board_with_one_of_the_board(reserve, approving) -> None:
    request = reserve.request()
    ruling = judge(reserve.policy, request, reserve.signed(request, approving), reserve.here())
    counted = [name for name in approving if name != "egor"]  # audit has no say in moves
    enough = len(counted) >= 2 and any(name in counted for name in ("clara", "dora"))
    assert (ruling.verdict == "permit") == enough


@given(
    st.sets(st.sampled_from(HOLDERS)),
    st.sets(st.sampled_from(HOLDERS)),
    st.integers(0, 200),
    st.sampled_from(["move", "sell", "unfreeze"]),
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_more_signatures_never_hurt(reserve, few, more, minutes, kind) -> None:
    request = reserve.request(kind, **({"lifts": "a" * 64} if kind == "unfreeze" else {}))
    here = reserve.here(minutes=minutes, freezings=("a" * 64,) if kind == "unfreeze" else ())
    some = judge(reserve.policy, request, reserve.signed(request, sorted(few)), here)
    all_of_them = judge(reserve.policy, request, reserve.signed(request, sorted(few | more)), here)
    assert codes(all_of_them) <= codes(some)
    assert set(some.approved_by) <= set(all_of_them.approved_by)


def test_whoever_asks_does_not_approve_and_nobody_counts_twice(reserve) -> None:
    request = reserve.request()
    ruling = judge(reserve.policy, request, reserve.signed(request, ["anna", "clara", "clara"]), reserve.here())
    assert codes(ruling) == {"quorum"} and ruling.approved_by == ("clara",)
    assert any("anna asks" in one for one in ruling.ignored)


def test_a_request_in_the_name_of_somebody_else_is_not_asked(reserve) -> None:
    request = reserve.request(asked_by="egor")
    signatures = [reserve.sign(request, "anna", "asks"), *(reserve.sign(request, name) for name in ("boris", "clara"))]
    assert codes(judge(reserve.policy, request, signatures, reserve.here())) == {"not_asked"}


def test_signatures_of_others_or_for_others_count_for_nothing(reserve) -> None:
    request, other = reserve.request(), reserve.request(nonce="1" * 16)
    good = reserve.signed(request, ["boris"])
    stolen = msgspec.structs.replace(reserve.sign(other, "clara"), statement=reserve.sign(request, "clara").statement)
    lent = msgspec.structs.replace(reserve.sign(request, "dora"), statement=reserve.sign(request, "clara").statement)
    garbage = msgspec.structs.replace(reserve.sign(request, "clara"), signature="not a signature")
    stranger = msgspec.structs.replace(
        reserve.sign(request, "clara"), statement=msgspec.structs.replace(reserve.sign(request, "clara").statement, by="zina")
    )
    for wrong in (stolen, lent, garbage, stranger, reserve.sign(other, "clara")):
        ruling = judge(reserve.policy, request, [*good, wrong], reserve.here())
        assert ruling.verdict == "refuse" and ruling.approved_by == ("boris",) and len(ruling.ignored) == 1


def test_a_word_changed_after_signing_is_another_request(reserve) -> None:
    request = reserve.request()
    signatures = reserve.signed(request, ["boris", "clara"])
    for field, value in {
        "units": 501,
        "to": "cold",
        "fee_units": 1,
        "reason": "x",
        "nonce": "2" * 16,
        "until": "2026-02-01",
    }.items():
        changed = msgspec.structs.replace(request, **{field: value})
        assert judge(reserve.policy, changed, signatures, reserve.here()).approved_by == ()


def test_under_another_policy_it_is_asked_again(reserve) -> None:
    request = reserve.request()
    later = reserve.changed(version=2)
    assert "other_policy" in codes(judge(later, request, reserve.signed(request, ["boris", "clara"]), reserve.here()))


@pytest.mark.parametrize(("minutes", "held"), [(59, True), (60, False)])
def test_the_time_lock_runs_from_the_lodging(reserve, minutes, held) -> None:
    request = reserve.request()
    ruling = judge(reserve.policy, request, reserve.signed(request, ["boris", "clara"]), reserve.here(minutes=minutes))
    assert codes(ruling) == ({"time_lock"} if held else set())


@pytest.mark.parametrize(
    ("units", "fee", "left", "approving", "found"),
    [
        (100, 0, 0, ["boris"], set()),
        (100, 1, 0, ["boris"], {"quorum", "quorum_role"}),  # the fee counts: the larger rule applies
        (50, 0, 100, ["boris"], set()),
        (51, 0, 100, ["boris"], {"quorum", "quorum_role"}),  # small amounts, one after the other, are one large amount
        (51, 0, 100, ["boris", "clara"], set()),
        (1000, 0, 1000, ["boris", "clara"], set()),
        (1000, 0, 1001, ["boris", "clara"], {"limit"}),
        (1001, 0, 0, ["boris", "clara"], {"limit"}),
    ],
)
def test_limits_by_amount_and_day_choose_the_quorum(reserve, units, fee, left, approving, found) -> None:
    request = reserve.request("sell", units=units, fee_units=fee)
    assert codes(judge(reserve.policy, request, reserve.signed(request, approving), reserve.here(left_today=left))) == found


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ({"to": "budget", "address": ""}, {"destination", "asset", "not_screened"}),
        ({"address": "BTC:1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"}, {"address", "not_screened"}),
        ({"address": ""}, {"address"}),
        ({"value_byn": 0}, {"value"}),
        ({"value_source": ""}, {"value"}),
        ({"proceeds_to": "buyer"}, {"proceeds"}),
        ({"place": "nowhere"}, {"incomplete", "limit"}),
        ({"units": 0}, {"incomplete"}),
        ({"place": "money", "asset": "BTC"}, {"no_rule", "destination"}),
    ],
)
def test_what_leaves_goes_only_where_the_policy_says(reserve, fields, found) -> None:
    request = reserve.request("sell", **fields)
    ruling = judge(reserve.policy, request, reserve.signed(request, ["boris", "clara"]), reserve.here())
    assert ruling.verdict == "refuse" and codes(ruling) & found


def test_a_wallet_that_nobody_proved_receives_nothing(reserve) -> None:
    destinations = [{**reserve.data["destinations"][0], "proof": None}, reserve.data["destinations"][1]]
    policy = reserve.changed(destinations=destinations)
    request = reserve.request("sell", policy=hash_of(policy))
    assert codes(judge(policy, request, reserve.signed(request, ["boris", "clara"]), reserve.here())) == {"wallet"}


@pytest.mark.parametrize(
    ("status", "verdict"), [("listed", "refuse"), ("possible", "refer"), ("unavailable", "refer"), ("clear", "permit")]
)
def test_screening_is_one_of_the_conditions(reserve, status, verdict) -> None:
    request = reserve.request("sell")
    assert to_screen(reserve.policy, request) == (request.address, "Exchange A")
    for subject in to_screen(reserve.policy, request):
        here = reserve.here()
        screened = {**here.screened, subject: ScreeningResult(status=status, list="l", entry="1")}
        ruling = judge(reserve.policy, request, reserve.signed(request, ["boris"]), reserve.here(screened=screened))
        assert ruling.verdict == verdict
    assert judge(reserve.policy, request, reserve.signed(request, ["boris"]), reserve.here(screened={})).verdict == "refer"


def test_coins_go_to_an_address_that_can_be_screened(reserve) -> None:
    reserve = type(reserve)()
    places, destinations = ([dict(one) for one in reserve.data[name]] for name in ("places", "destinations"))
    places[0]["to"], places[1]["to"], destinations[1]["assets"] = ["warm", "money"], ["buyer", "budget"], ["BYN", "BTC"]
    reserve.policy = reserve.changed(places=places, destinations=destinations)
    move = reserve.request(to="money", address="")
    found = judge(reserve.policy, move, reserve.signed(move, ["boris", "clara"]), reserve.here(screened={}))
    assert codes(found) == {"address"}, "nothing to screen is no answer"
    sale = reserve.request("sell", to="budget", address="")
    assert codes(judge(reserve.policy, sale, reserve.signed(sale, ["boris"]), reserve.here())) >= {"wallet"}


def test_one_freezes_and_a_quorum_unfreezes(reserve) -> None:
    freeze = reserve.request("freeze", asked_by="egor")
    assert judge(reserve.policy, freeze, reserve.signed(freeze, []), reserve.here(lodged_at=None)).verdict == "permit"
    assert judge(reserve.policy, freeze, [], reserve.here(lodged_at=None)).verdict == "refuse"
    name = hash_of(freeze)
    move = reserve.request()
    assert codes(judge(reserve.policy, move, reserve.signed(move, ["boris", "clara"]), reserve.here(freezings=(name,)))) == {
        "frozen"
    }
    lift = reserve.request("unfreeze", lifts=name)
    frozen = reserve.here(freezings=(name,))
    assert codes(judge(reserve.policy, lift, reserve.signed(lift, ["egor"]), frozen)) == {"quorum"}
    assert judge(reserve.policy, lift, reserve.signed(lift, ["egor", "clara"]), frozen).verdict == "permit"
    assert codes(judge(reserve.policy, lift, reserve.signed(lift, ["egor", "clara"]), reserve.here())) == {"no_freezing"}


def test_a_holder_is_replaced_by_the_others_also_while_the_book_is_frozen(reserve) -> None:
    holders = [{**one, "key": "ed25519:" + "5" * 64} if one["name"] == "dora" else one for one in reserve.data["holders"]]
    request = reserve.request("policy", next=reserve.changed(version=2, holders=holders))
    here = reserve.here(freezings=("f" * 64,))
    assert judge(reserve.policy, request, reserve.signed(request, ["boris", "clara"]), here).verdict == "permit"
    for wrong in (reserve.changed(version=3, holders=holders), reserve.changed(version=2, holders=holders[:1]), None):
        request = reserve.request("policy", next=wrong)
        assert judge(reserve.policy, request, reserve.signed(request, ["boris", "clara"]), here).verdict == "refuse"


def test_a_first_policy_needs_the_quorum_it_names(reserve) -> None:
    policy = reserve.policy
    assert governing(policy, [reserve.sign(policy, "anna"), reserve.sign(policy, "egor")]) == []
    assert governing(policy, [reserve.sign(policy, "anna"), reserve.sign(policy, "anna")]) != []
    assert governing(policy, [reserve.sign(policy, "anna"), reserve.sign(policy, "boris", "asks")]) != []

"""The retarget rule, forwards and backwards; lists of checkpoints that were cut, shuffled or changed; dates."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from fractions import Fraction
from itertools import pairwise

import pytest
from tests.unit.mining.small_chain import BEGIN, GAP, SmallChain, chain

from skarb.chain import Anchor, date_epochs, difficulty_of, halving_heights, next_target, span_between, subsidy_sat
from skarb.chain.days import chain_day
from skarb.chain.difficulty import EPOCH_BLOCKS, TWO_WEEKS
from skarb.chain.epochs import Epochs, read_checkpoints
from skarb.chain.model import EASIEST_TARGET, target_of
from skarb.core.errors import InputError


def read(pairs: object) -> object:
    return read_checkpoints(json.dumps(pairs).encode(), "list.json")


def epochs_of(small: SmallChain, *anchors: Anchor) -> Epochs:
    return date_epochs(read(small.checkpoints), [Anchor(0, BEGIN, "first block"), *anchors])


def test_the_first_adjustment_that_ever_was() -> None:
    # Epoch 15 of mainnet began at 1261130161 and ended at 1262152739; block 32256 has the target 1d00d86a.
    assert next_target(EASIEST_TARGET, 1262152739 - 1261130161) == target_of(0x1D00D86A)


def test_a_faster_or_slower_epoch_counts_at_most_fourfold() -> None:
    target = target_of(0x1B0404CB)
    assert next_target(target, 1) == next_target(target, TWO_WEEKS // 4)
    assert next_target(target, 10 * TWO_WEEKS) == next_target(target, 4 * TWO_WEEKS)
    assert next_target(EASIEST_TARGET, 3 * TWO_WEEKS) == EASIEST_TARGET


def test_the_time_an_epoch_took_lies_in_what_two_targets_tell() -> None:
    small = chain()
    for target, after, took in zip(small.targets, small.targets[1:], small.spans, strict=False):
        span = span_between(target, after)
        assert span.least <= took <= (span.most or took)
        assert span.most is None or span.most - span.least < 200


def test_no_adjustment_is_more_than_fourfold() -> None:
    target = target_of(0x1B0404CB)
    with pytest.raises(InputError, match="at most 4-fold"):
        span_between(target, target // 5)


def test_difficulty_is_exact() -> None:
    assert difficulty_of(EASIEST_TARGET) == 1
    assert difficulty_of(EASIEST_TARGET // 4) == Fraction(EASIEST_TARGET, EASIEST_TARGET // 4)


def test_subsidies_and_halvings() -> None:
    assert [subsidy_sat(height) for height in (0, 209_999, 210_000, 420_000, 630_000, 840_000)] == [
        5_000_000_000, 5_000_000_000, 2_500_000_000, 1_250_000_000, 625_000_000, 312_500_000,
    ]  # fmt: skip
    assert subsidy_sat(64 * 210_000) == 0
    assert subsidy_sat(33 * 210_000) == 0 and subsidy_sat(33 * 210_000 - 1) == 1
    assert halving_heights(840_000) == (210_000, 420_000, 630_000, 840_000)
    # Everything that will ever be made.
    assert sum(210_000 * subsidy_sat(210_000 * number) for number in range(34)) == 2_099_999_997_690_000


def test_epochs_are_made_again_from_the_list() -> None:
    small = chain()
    found = epochs_of(small)
    assert [epoch.target for epoch in found.epochs] == small.targets
    assert [epoch.first_height for epoch in found.epochs][:3] == [0, 2016, 4032]
    for epoch, start in zip(found.epochs, small.starts, strict=True):
        assert abs(epoch.start - start) < 200 * len(small.spans)
    assert found.epochs[0].dated == "exact" and found.epochs[5].dated == "assumed"


def test_a_known_block_places_the_epochs_around_it_exactly() -> None:
    small = chain()
    found = epochs_of(small, Anchor(50 * EPOCH_BLOCKS, small.starts[50], "known"))
    assert found.epochs[50].start == small.starts[50]
    assert found.epochs[50].dated == "exact" and found.epochs[49].dated == "interpolated" and found.epochs[51].dated == "assumed"
    assert abs(found.epochs[25].start - small.starts[25]) < 600


def test_heights_and_dates_are_each_others_reverse() -> None:
    found = epochs_of(chain())
    for height in (0, 1, 2015, 2016, 100_000, 150_123):
        assert found.height_at(found.time_of(height)) in (height - 1, height)


@pytest.mark.parametrize(
    ("damage", "expected"),
    [
        (lambda pairs: pairs[3:], "must begin with the first epoch"),
        (lambda pairs: pairs[:10] + pairs[40:], "an entry is missing|out of order"),
        (lambda pairs: [*pairs[:20], pairs[60], *pairs[20:60], *pairs[61:]], "out of order|at most 4-fold|is missing"),
        (lambda pairs: [*pairs[:5], [pairs[5][0], 0], *pairs[6:]], "entry 6: given target 0"),
        (lambda pairs: [*pairs[:5], [pairs[5][0], 1.5], *pairs[6:]], "entry 6: given target 1.5"),
        (lambda pairs: [*pairs[:5], ["xyz", pairs[5][1]], *pairs[6:]], "entry 6: given hash"),
        (lambda pairs: [*pairs[:5], ["f" * 64, pairs[5][1]], *pairs[6:]], "above the target"),
        (lambda pairs: [], "empty list"),
    ],
)
def test_a_list_with_damage_is_refused_with_its_place(damage, expected: str) -> None:
    steep = SmallChain([EASIEST_TARGET], [BEGIN], [])
    for _ in range(70):  # every epoch takes ten days, so that targets thirty epochs apart are far apart
        steep.spans.append(864_000)
        steep.targets.append(next_target(steep.targets[-1], 864_000))
        steep.starts.append(steep.starts[-1] + 864_000 + GAP)
    with pytest.raises(InputError, match=expected):
        read(damage(steep.checkpoints))


def test_a_file_that_was_cut_in_the_middle_of_a_number_is_refused() -> None:
    text = json.dumps(chain().checkpoints).encode()
    with pytest.raises(InputError, match="expected a JSON list"):
        read_checkpoints(text[: len(text) // 2], "cut.json")


@pytest.mark.parametrize("place", [10, 45, 80])
def test_one_missing_entry_gives_a_known_block_another_difficulty(place: int) -> None:
    # Its dates would hardly betray it: each epoch takes about two weeks, so one more or less is not seen.
    small = chain()
    pairs = small.checkpoints
    known = Anchor(90 * EPOCH_BLOCKS, small.starts[90], "known", difficulty_of(small.targets[90]))
    first = Anchor(0, BEGIN, "first block", Fraction(1))
    assert date_epochs(read(pairs), [first, known])
    for damaged in (pairs[:place] + pairs[place + 1 :], [*pairs[:place], pairs[place], *pairs[place:]]):
        with pytest.raises(InputError, match="an entry before it is missing, stands there twice"):
            date_epochs(read(damaged), [first, known])


def test_a_block_of_another_time_does_not_fit() -> None:
    small = chain()
    for known in (
        Anchor(90 * EPOCH_BLOCKS, small.starts[90] + 10**6, "known"),
        Anchor(90 * EPOCH_BLOCKS + 5, small.starts[90] - 10**6, "known"),
    ):
        with pytest.raises(InputError, match="of another chain"):
            epochs_of(small, known)


def test_without_a_known_block_there_are_no_dates() -> None:
    with pytest.raises(InputError, match="no block with a known time"):
        date_epochs(read(chain().checkpoints), [])


def test_days_outside_the_list_are_refused_with_its_ends() -> None:
    found = epochs_of(chain(10))
    with pytest.raises(InputError, match=r"expected a day from 2009-01-03 to 2009-0\d-\d\d, where the list ends"):
        found.at_time(int(datetime(2012, 1, 1, tzinfo=UTC).timestamp()))
    with pytest.raises(InputError, match="height 999999, expected 0 to"):
        found.at_height(999_999)


def test_a_day_with_an_adjustment_weighs_targets_by_their_seconds() -> None:
    small = chain()
    found = epochs_of(small, Anchor(50 * EPOCH_BLOCKS, small.starts[50], "known"))
    day, inside = divmod(small.starts[50], 86_400)
    known = chain_day(found, day)
    assert known.target == Fraction(small.targets[49] * inside + small.targets[50] * (86_400 - inside), 86_400)
    assert known.dated == "exact"
    assert chain_day(found, day + 3).difficulty == difficulty_of(small.targets[50])
    assert known.subsidy_sat == 50 * 10**8


def test_the_subsidy_of_the_day_of_a_halving_is_in_between() -> None:
    small = chain(110)
    found = epochs_of(small)
    day = found.time_of(210_000) // 86_400
    assert chain_day(found, day - 1).subsidy_sat == 50 * 10**8
    assert 25 * 10**8 < chain_day(found, day).subsidy_sat < 50 * 10**8
    assert chain_day(found, day + 1).subsidy_sat == 25 * 10**8
    assert date(2012, 1, 1) < date.fromordinal(date(1970, 1, 1).toordinal() + day) < date(2013, 12, 1)


def test_the_first_years_may_come_at_any_pace() -> None:
    # In 2009 the difficulty could not fall any more, so how long an epoch took is not known; a block inside one is no contradiction.
    slow = SmallChain([EASIEST_TARGET] * 5, [BEGIN + number * 1_600_000 for number in range(5)], [1_600_000 - GAP] * 4)
    for took in (900_000, 1_000_000, 1_100_000):
        slow.spans.append(took)
        slow.starts.append(slow.starts[-1] + slow.spans[-1] + GAP)
        slow.targets.append(next_target(slow.targets[-1], took))
    odd = Anchor(EPOCH_BLOCKS + 100, slow.starts[1] + 1_400_000, "a long pause")
    found = epochs_of(slow, odd, Anchor(6 * EPOCH_BLOCKS, slow.starts[6], "known"))
    assert found.epochs[6].start == slow.starts[6] and found.epochs[0].start == BEGIN
    assert all(before.start < after.start for before, after in pairwise(found.epochs))
    assert abs(found.epochs[5].start - slow.starts[5]) < 3600

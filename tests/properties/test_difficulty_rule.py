"""Whatever an epoch took, two targets tell a span that holds it, and nothing else leads from one to the other."""

from hypothesis import given
from hypothesis import strategies as st

from skarb.chain.difficulty import TWO_WEEKS, cut, next_target, span_between
from skarb.chain.model import EASIEST_TARGET

targets = st.integers(1 << 40, EASIEST_TARGET).map(cut)
seconds = st.integers(1, 6 * TWO_WEEKS)


@given(targets, seconds)
def test_the_span_holds_what_it_took(target: int, took: int) -> None:
    after = next_target(target, took)
    span = span_between(target, after)
    followed = min(max(took, TWO_WEEKS // 4), 4 * TWO_WEEKS)
    assert span.least <= followed
    assert span.most is None or took <= max(span.most, TWO_WEEKS // 4)
    assert next_target(target, max(span.least, 1)) == after
    if span.most is not None:
        assert next_target(target, span.most) == after
        assert next_target(target, span.most + 1) != after or span.most + 1 <= TWO_WEEKS // 4


@given(targets)
def test_cutting_twice_is_cutting_once(target: int) -> None:
    assert cut(target) == target
    assert cut(target + 1) in (target, target + 1)

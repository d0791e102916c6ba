"""Who may be awake: by class, along one line, within the limit; and what differs from the register."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.fleet.made import device

from skarb.fleet import Answer, Beside, Seen, awake, differences

NOTHING = Beside(0, 0)
FLEETS = st.lists(st.tuples(st.integers(1, 3), st.integers(1, 5000)), min_size=1, max_size=30).map(
    lambda rows: tuple(device(number, priority=priority, rated_w=rated) for number, (priority, rated) in enumerate(rows, 1))
)


def test_the_first_class_stays_awake_and_what_is_beside_counts() -> None:
    site = tuple(device(number, priority=1 + number % 2, rated_w=1000) for number in range(1, 7))
    assert [one.id for one in awake(site, 4000, NOTHING)] == ["m002", "m004", "m006", "m001"]
    assert len(awake(site, 4000, Beside(5, 0))) == 3, "three and their cooling draw 3,150 W, four draw 4,200 W"
    assert len(awake(site, 3400, Beside(5, 100))) == 2, "three that run and three that sleep would draw 3,450 W"
    assert awake(site, 0, NOTHING) == () and len(awake(site, 6000, NOTHING)) == 6


def test_no_later_class_runs_in_the_place_of_an_earlier_one() -> None:
    site = (device(1, priority=1, rated_w=5000), device(2, priority=2, rated_w=100))
    assert awake(site, 4000, NOTHING) == ()


@given(FLEETS, st.integers(0, 150_000), st.integers(0, 150_000), st.integers(0, 50), st.integers(0, 200))
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_what_is_awake_fits_and_only_grows_with_the_limit(site, low, high, percent, asleep_w) -> None:
    beside = Beside(percent, asleep_w)
    less, more = sorted((low, high))
    few, many = awake(site, less, beside), awake(site, more, beside)
    if few:
        running = sum(one.rated_w for one in few)
        assert running * (100 + percent) + 100 * asleep_w * (len(site) - len(few)) <= 100 * less
    assert many[: len(few)] == few
    assert awake(tuple(reversed(site)), less, beside) == few


def test_differences_are_told_in_words() -> None:
    one = device(1)

    def said(**changes: object) -> tuple[str, ...]:
        return differences(
            one, Answer(0, "ok", "", Seen(**{"make": "AntMiner", "model": "S21", "hashrate_gh_s": 198_000, **changes}))
        )  # type: ignore[arg-type]

    assert said() == said(said_w=3600) == said(hashrate_gh_s=0, said_w=60) == said(hashrate_gh_s=None) == ()
    assert said(model="") == ("model: registered Antminer S21, and what it says is not known",)
    assert said(model="S21 Pro") == ("model: registered Antminer S21, says AntMiner S21 Pro",)
    assert said(hashrate_gh_s=95_000) == ("slow: expected 200 TH/s, says 95",)
    assert said(hashrate_gh_s=250_000, said_w=4500) == (
        "fast: expected 200 TH/s, says 250",
        "power: registered 3500 W, says 4500 W",
    )
    assert differences(one, Answer(0, "unreachable", "nobody")) == ("missing: registered, and does not answer",)
    assert differences(one, Answer(0, "unclear", "odd")) == ()

"""Whatever happens to the process of the drivers, every machine gets an answer and nobody waits for ever."""

import sys
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from skarb.core.errors import Unavailable
from skarb.fleet import Courier, Request

# A process that breaks in one way when it is asked about 10.0.0.66, and answers everybody else.
BREAKING = """
import json, os, sys, time
json.loads(sys.stdin.readline())["passwords"]
print(json.dumps({"drivers": "made 1"}), flush=True)
for line in sys.stdin:
    asked = json.loads(line)
    if asked["host"] == "10.0.0.66":
        BREAK
    print(json.dumps({"id": asked["id"], "word": "ok", "seen": {"said_w": 7}}), flush=True)
"""
WAYS = {
    "ends": ("os._exit(3)", "nothing was said"),
    "raises": ("raise RuntimeError('a driver is broken')", "a driver is broken"),
    "garbage": ("print('Traceback: <<<', flush=True)", "what they wrote is no answer"),
    "bytes": ("sys.stdout.buffer.write(bytes([255, 254, 10])); sys.stdout.flush()", "what they wrote is no answer"),
    "no end": ("sys.stdout.write('x' * 300_000); sys.stdout.flush(); time.sleep(60)", "what they wrote is no answer"),
    "wrong id": ("asked['id'] = 10**6", "answered what nobody asked"),
    "nonsense": ("print(json.dumps({'id': asked['id'], 'word': 'ok', 'seen': {'said_w': -5}}), flush=True)", "is no answer"),
    "hangs": ("time.sleep(60)", "they hung"),
}


def breaking(way: str) -> tuple[str, ...]:
    return (sys.executable, "-c", BREAKING.replace("BREAK", way))


def requests(count: int, bad: tuple[int, ...], wait_s: float = 30.0) -> list[Request]:
    return [Request(number, "poll", "10.0.0.66" if number in bad else "10.0.0.1", wait_s) for number in range(count)]


@pytest.mark.parametrize("name", WAYS)
def test_a_machine_that_breaks_the_drivers_breaks_them_alone(name: str) -> None:
    way, says = WAYS[name]
    heard = []
    with Courier(breaking(way), at_once=8, grace_s=0.5) as courier:
        patience = 1.5 if name == "hangs" else 30.0  # nothing but a process that hangs is found by waiting
        answers = courier.ask(requests(30, (5,), patience), lambda request, answer: heard.append(request.id))
        assert [one.id for one in answers] == list(range(30)) and sorted(heard) == list(range(30))
        assert [one.id for one in answers if one.word != "ok"] == [5]
        assert answers[5].word == "unclear" and says in answers[5].reason
        assert courier.breaks == 2, "once with others in flight, once alone"
        assert all(one.word == "ok" for one in courier.ask(requests(5, ()))), "it goes on afterwards"


def test_when_every_machine_breaks_the_drivers_it_ends_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("skarb.fleet.courier._BREAKS_MOST", 5)
    with Courier(breaking("os._exit(3)"), at_once=4) as courier:
        answers = courier.ask(requests(40, tuple(range(40))))
    assert {one.word for one in answers} == {"unclear"} and "not spoken to" in answers[-1].reason


def test_a_process_that_does_not_begin_again_is_told(tmp_path: Path) -> None:
    once = "import os, sys; p = sys.argv[1]\nif os.path.exists(p): sys.exit('gone for good')\nopen(p, 'w')\n"
    script = once + BREAKING.replace("BREAK", "os._exit(3)")
    with Courier((sys.executable, "-c", script, str(tmp_path / "mark")), at_once=4) as courier:
        answers = courier.ask(requests(12, (2,)))
    assert answers[0].word == "ok" and answers[-1].word == "unclear"
    assert any("gone for good" in one.reason for one in answers)


def test_a_process_that_fails_once_to_begin_is_tried_again(tmp_path: Path) -> None:
    """It breaks at the third machine, then cannot begin once, then goes on."""
    script = (
        "import os, sys; p = sys.argv[1]; n = len(os.listdir(p)); open(f'{p}/{n}', 'w')\nif n == 1: sys.exit('not now')\n"
        + BREAKING
    )
    with Courier((sys.executable, "-c", script.replace("BREAK", "os._exit(3)"), str(tmp_path)), at_once=4) as courier:
        answers = courier.ask(requests(12, (2,)))
    assert [one.id for one in answers if one.word != "ok"] == [2]


def test_without_the_extra_it_is_said_which_one_is_missing() -> None:
    lacking = "import sys; sys.modules['pyasic'] = None\nfrom skarb.fleet.worker import main\nmain()"
    with (
        pytest.raises(Unavailable, match=r"the extra `fleet`: pip install 'skarb\[fleet\]'"),
        Courier((sys.executable, "-c", lacking)),
    ):
        pass


@pytest.mark.parametrize("script", ["pass", "print('{}{}')", "print(7)"])
def test_a_process_that_does_not_greet_is_refused(script: str) -> None:
    with pytest.raises(Unavailable, match="did not begin"), Courier((sys.executable, "-c", script)):
        pass


def test_a_process_ends_with_its_block() -> None:
    with Courier(breaking("pass")) as courier:
        process = courier._process
        assert process is not None and process.poll() is None
    deadline = time.monotonic() + 10
    while process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    assert process.poll() is not None


@given(st.integers(1, 40), st.sets(st.integers(0, 39), max_size=3), st.sampled_from([1, 4, 64]))
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whoever_breaks_the_drivers_is_found_whoever_else_is_there(count: int, bad: set[int], at_once: int) -> None:
    with Courier(breaking("os._exit(3)"), at_once) as courier:
        answers = courier.ask(requests(count, tuple(bad)))
    assert {one.id for one in answers if one.word != "ok"} == {one for one in bad if one < count}
    assert [one.id for one in answers] == list(range(count))

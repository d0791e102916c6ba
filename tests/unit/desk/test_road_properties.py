"""Whatever is handed in: every asset sums to zero, every instruction gets one receipt or one problem, and a replay gives the same bytes."""

import hashlib
import sys
import tempfile
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.thorough import THOROUGH

from skarb.core.instruction import Instruction
from skarb.journal import open_book, verify

spec = spec_from_file_location("zedland", Path(__file__).parents[2] / "journeys" / "zedland.py")
zedland = module_from_spec(spec)
sys.modules["zedland"] = zedland
spec.loader.exec_module(zedland)

people = st.sampled_from(
    ["anna", "boris", "cora", "held", "listed", "stranger", "nobody", "far-firm", "other-bank", zedland.OPERATOR]
)
amounts = st.one_of(
    st.sampled_from(["0", "0.01", "1", "100000.00", "100000.01", "1e5", "0.001", "-1", "", "9" * 39]),
    st.decimals(0, 200_000, places=2).map(str),
)
assets = st.sampled_from(["ZZD", "BTC", "ZED", "USD", "QQQ"])
sides = st.fixed_dictionaries(
    {},
    optional={
        "counterparty": people,
        "venue": st.sampled_from(["far-venue", "listed", "new-venue"]),
        "wallet": st.sampled_from([zedland.NEAR, zedland.FAR, zedland.TAINTED, "ETH:0x00", "nowhere"]),
        "declared": st.sampled_from(
            [{"travel_rule": "complete"}, {"settlement": "cash"}, {"approved": True}, {"hired_persons": 3}]
        ),
        "entered_by": st.sampled_from(["olga", "petra"]),
        "approves": st.integers(0, 12).map(lambda n: f"i{n}"),
    },
)
deals = st.one_of(st.just({}), st.fixed_dictionaries({"consideration_asset": assets, "consideration": amounts}))
ACTIVITIES = [
    "fiat_pay", "token_buy_fiat", "token_sell_fiat", "token_swap", "token_transfer_in", "token_transfer_out", "mine", "token_deposit",
    "onboard",
]  # fmt: skip


@st.composite
def instructions(draw: st.DrawFn) -> Instruction:
    text = draw(amounts) or "0"
    return Instruction(
        id=f"i{draw(st.integers(0, 12))}",
        at=zedland.DAY,
        activity=draw(st.sampled_from(ACTIVITIES)),
        party=draw(people),
        asset=draw(assets),
        amount=text,
        **{**draw(sides), **draw(deals)},
    )


streams = st.lists(st.lists(instructions(), max_size=8), max_size=5)


def run(folder: Path, batches: list[list[Instruction]], *, streamed: bool) -> tuple[list[object], str]:
    """Hand everything in at a town whose clock moves a second a batch; return answers and the head."""
    town = zedland.Town(folder)
    with town.open_funded() as desk:
        if streamed:
            answers = list(desk.stream((batch, None) for batch in batches))
        else:
            answers = [desk.submit(batch) for batch in batches]
        for batch, answer in zip(batches, answers, strict=True):
            problems = {problem.row for problem in answer.problems}
            assert len(answer.receipts) == len(batch)
            for row, receipt in enumerate(answer.receipts):
                assert (receipt is None) == (row in problems)
                assert receipt is None or receipt.id == batch[row].id
        sums: dict[str, int] = {}
        for opening, balance in desk.positions():
            sums[opening.asset] = sums.get(opening.asset, 0) + balance
            assert balance >= 0 or not opening.address.startswith(("client/", "deposit/", "quarantine/"))
        assert not any(sums.values())
        positions = zedland.balances(desk)
        return [answers, positions], desk.book.head.hex()


@settings(
    max_examples=2000 if THOROUGH else 25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(streams)
def test_any_stream_of_instructions(batches: list[list[Instruction]]) -> None:
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
        first, second = run(Path(one), batches, streamed=False), run(Path(two), batches, streamed=True)
        assert first == second
        assert bodies(Path(one)) == bodies(Path(two))
        report = verify(Path(one) / "town.book")
        assert report.ok, report.findings
        assert all(debit == credit for debit, credit in report.supply.values())


def bodies(folder: Path) -> list[str]:
    with open_book(folder / "town.book") as book:
        return [hashlib.sha256(msgspec.msgpack.encode(batch)).hexdigest() for batch in book.batches()]


def test_the_same_inputs_and_clock_give_the_same_bytes(tmp_path: Path) -> None:
    heads = set()
    for name in ("a", "b"):
        folder = tmp_path / name
        folder.mkdir()
        town = zedland.Town(folder)
        with town.open_funded() as desk:
            desk.submit([town.instruction(f"x{n}", amount=f"{n}.00") for n in range(1, 200)])
            heads.add(desk.book.head)
    assert len(heads) == 1
    from skarb.store import open_store

    entries = []
    for name in ("a", "b"):
        store = open_store(tmp_path / name / "town.book")
        entries.append([(entry.sequence, entry.previous, entry.body, entry.head) for entry in store.read()])
        store.close()
    assert entries[0] == entries[1]

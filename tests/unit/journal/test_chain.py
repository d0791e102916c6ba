"""A batch has one form as bytes, and the head after it depends on every byte before."""

from hashlib import sha256

import msgspec
import numpy as np
import pytest

from skarb.core.columns import content_of
from skarb.core.facts import Facts
from skarb.core.instruction import Assumptions, Instruction
from skarb.core.party import Profile
from skarb.journal import FORMAT, GENESIS, Batch, Envelope, Opening, decode, encode, head_of, open_envelope
from skarb.journal.chain import distinct_of, facts_of, instructions_of, openings_of, rulings_of
from skarb.journal.folding import unfold
from skarb.journal.locate import rows_at
from skarb.store import Damaged

COLUMNS = (
    *("keys", "cases", "values", "dollars"),
    *("accounts", "account_results", "transfers", "owners", "results"),
)


@pytest.fixture(scope="module")
def batch(small) -> Batch:
    columns = small.journalled([small.instruction(number) for number in range(30)])
    return Batch(
        book="small",
        sequence=3,
        recorded_at=5,
        registers=bytes(32),
        **columns,
        openings=[Opening("client/p1/money", "ZZD")],
        accounts=bytes(96),
        account_results=b"\0",
        transfers=bytes(128 * 4),
        owners=bytes(16),
        results=bytes(4),
    )


def whole_facts(small) -> list[Facts]:
    return [small.facts_of(small.instruction(number)) for number in range(30)]


def test_the_head_is_the_hash_of_the_previous_head_and_the_body() -> None:
    assert head_of(GENESIS, b"body") == sha256(bytes(32) + b"body").digest()


def test_a_batch_comes_back_and_gives_the_same_bytes(batch: Batch, small) -> None:
    body = encode(batch)
    again = decode(body)
    assert encode(again) == body
    assert list(again.instructions) == [small.instruction(number) for number in range(30)]
    assert list(again.facts) == list(batch.facts)
    assert unfold(again.facts, again.cases, again.values, again.dollars) == whole_facts(small)
    assert (again.keys, again.transfers, again.format) == (batch.keys, batch.transfers, FORMAT)


def test_sets_and_maps_are_written_in_one_order(batch: Batch) -> None:
    names = [f"activity-{number}" for number in range(40)]
    bodies = set()
    for order in (names, names[::-1]):
        profile = Profile(covers=frozenset(order))
        assumptions = Assumptions(source="file", party=profile)
        declared = dict.fromkeys(order, True)
        one = Instruction(**(msgspec.structs.asdict(instruction_of(batch)) | {"declared": declared}))
        bodies.add((encode(msgspec.structs.replace(batch, assumptions=assumptions)), content_of(one)))
    assert len(bodies) == 1


def instruction_of(batch: Batch) -> Instruction:
    return instructions_of(open_envelope(encode(batch)), [0])[0]


def test_an_envelope_reads_the_same_as_the_whole_batch(batch: Batch, small) -> None:
    assert Envelope.__struct_fields__ == Batch.__struct_fields__
    envelope, whole = open_envelope(encode(batch)), decode(encode(batch))
    assert envelope.rows == 30
    assert instructions_of(envelope) == list(whole.instructions)
    assert distinct_of(envelope) == list(whole.facts)
    assert facts_of(envelope) == whole_facts(small)
    assert facts_of(envelope, [29, 0]) == [whole_facts(small)[29], whole_facts(small)[0]]
    assert rulings_of(envelope) == list(whole.rulings)
    assert openings_of(envelope) == list(whole.openings)
    for name in COLUMNS:
        assert bytes(getattr(envelope, name)) == getattr(whole, name)


@pytest.mark.parametrize("body", [b"", b"\xc1", b"\x80", b"\x93\x01\x02\x03", b"\xdd\xff\xff\xff\xff", b"\x91" * 5000], ids=len)
def test_bytes_that_are_no_batch_are_damaged(body: bytes) -> None:
    for read in (open_envelope, decode):
        with pytest.raises(Damaged, match="not a batch"):
            read(body)


def test_another_format_is_refused_by_name(batch: Batch) -> None:
    body = encode(msgspec.structs.replace(batch, format=FORMAT + 1))
    for read in (open_envelope, decode):
        with pytest.raises(Damaged, match=f"format {FORMAT + 1}, this Skarb reads format {FORMAT}"):
            read(body)


@pytest.mark.parametrize("name", COLUMNS)
def test_columns_of_unequal_length_are_damaged(batch: Batch, name: str) -> None:
    body = encode(msgspec.structs.replace(batch, **{name: getattr(batch, name)[:-1]}))
    with pytest.raises(Damaged, match="bytes, expected"):
        open_envelope(body)


def test_frames_save_looking_and_are_not_believed_by_a_strict_reader(batch: Batch) -> None:
    body = encode(batch)
    quick, strict = open_envelope(body), open_envelope(body, strict=True)
    for name in Envelope.__struct_fields__:
        left, right = getattr(quick, name), getattr(strict, name)
        assert (bytes(left) == bytes(right)) if isinstance(left, msgspec.Raw | memoryview) else (left == right)
    assert len(quick.frames) == 16
    shifted = body[:-16] + (int.from_bytes(body[-16:-12], "little") + 1).to_bytes(4, "little") + body[-12:]
    with pytest.raises(Damaged, match="frames say that rows end at"):
        open_envelope(shifted, strict=True)
    for frames in (bytes(16), b"\xff" * 16, body[-16:-4] + bytes(4)):
        with pytest.raises(Damaged):
            open_envelope(body[:-16] + frames)


def test_a_batch_without_frames_is_read_all_the_same(batch: Batch, small) -> None:
    plain = msgspec.msgpack.encode(batch)
    with_none = open_envelope(plain)
    assert (with_none.frames, with_none.rows) == (b"", 30)
    assert facts_of(with_none) == whole_facts(small)


def test_only_the_facts_that_are_asked_for_must_be_whole(batch: Batch, small) -> None:
    """Damage to some facts leaves the rows that have others alone."""
    assert set(np.frombuffer(batch.cases, "<u4").tolist()) == {0, 1}
    refused = np.frombuffer(batch.cases, "<u4").tolist().index(1)
    valued = msgspec.structs.replace(batch.facts[1], value=5)
    damages = [msgspec.Raw(b"\x05"), valued, msgspec.structs.replace(valued, value=None, value_usd=5)]
    for damage, said in zip(damages, ["the bytes are not", "a value of their own", "a value of their own"], strict=True):
        envelope = open_envelope(encode(msgspec.structs.replace(batch, facts=[batch.facts[0], damage])))
        assert facts_of(envelope, [0]) == [whole_facts(small)[0]]
        for rows in (None, [0, refused]):
            with pytest.raises(Damaged, match=said):
                facts_of(envelope, rows)
    shorter = open_envelope(encode(msgspec.structs.replace(batch, facts=batch.facts[:1])))
    assert facts_of(shorter, [0]) == [whole_facts(small)[0]]
    with pytest.raises(Damaged, match=f"row {refused} has the facts 1, expected one of the 1 of its batch"):
        facts_of(shorter, [0, refused])


def test_bytes_are_found_in_the_rows_they_belong_to(batch: Batch) -> None:
    body = encode(batch)
    for row in (0, 13, 29):
        at = body.index(b"i-%06d" % row)
        assert rows_at(body, at, at + 1) == {"instructions": (row, row)}
        value = body.index(batch.values) + 8 * row
        assert rows_at(body, value, value + 1) == rows_at(body, value + 7, value + 8) == {"values": (row, row)}
        case = body.index(batch.cases) + 4 * row
        assert rows_at(body, case + 3, case + 4) == {"cases": (row, row)}
        key = body.index(batch.keys[16 * row : 16 * row + 16])
        assert rows_at(body, key + 15, key + 16) == {"keys": (row, row)}
    for case in (0, 1):
        facts = body.index(msgspec.msgpack.encode(batch.facts[case]))
        assert rows_at(body, facts, facts + 3) == {"facts": (case, case)}
    dollars = body.index(batch.dollars)
    assert rows_at(body, dollars + 15, dollars + 17) == {"dollars": (1, 2)}
    everything = rows_at(body, 0, len(body))
    assert everything["instructions"] == everything["rulings"] == everything["dollars"] == (0, 29)
    assert everything["facts"] == (0, 1)
    assert everything["transfers"] == (0, 3)


def with_totals(batch: Batch) -> Batch:
    facts = [msgspec.structs.replace(one, totals=(None, None)) for one in batch.facts]
    return msgspec.structs.replace(batch, facts=facts, totals=np.arange(2 * batch.rows, dtype="<i8").tobytes())


def test_a_batch_without_totals_is_the_bytes_it_was_before_there_were_any(batch: Batch) -> None:
    body = encode(batch)
    assert body[:3] == b"\xdc\x00\x16"  # 22 fields
    assert body[-18:-16] == b"\xc4\x10"
    assert encode(with_totals(batch))[:3] == b"\xdc\x00\x18"


def test_totals_come_back_with_their_rows(batch: Batch) -> None:
    body = encode(with_totals(batch))
    quick, strict = open_envelope(body), open_envelope(body, strict=True)
    assert quick.frames == b"" and len(quick.ending) == 16 and quick.ending == strict.ending
    for envelope in (quick, strict):
        assert [one.totals for one in facts_of(envelope)] == [(2 * row, 2 * row + 1) for row in range(30)]
        assert [one.totals for one in facts_of(envelope, [29, 3])] == [(58, 59), (6, 7)]
    whole = decode(body)
    assert encode(whole) == body
    shifted = body[:-16] + (int.from_bytes(body[-16:-12], "little") + 1).to_bytes(4, "little") + body[-12:]
    with pytest.raises(Damaged, match="frames say that rows end at"):
        open_envelope(shifted, strict=True)
    with pytest.raises(Damaged, match="field totals has 1 bytes"):
        open_envelope(encode(msgspec.structs.replace(batch, totals=b"1")))
    with pytest.raises(Damaged, match="totals of their own"):
        facts_of(open_envelope(encode(msgspec.structs.replace(batch, facts=[one_with_totals(batch)]))))


def one_with_totals(batch: Batch) -> Facts:
    return msgspec.structs.replace(batch.facts[0], totals=(1,))


def test_facts_written_before_there_were_totals_have_none() -> None:
    now = Facts(activity="fiat_pay", day=20_000, value=None)
    before = msgspec.msgpack.decode(msgspec.msgpack.encode(now))[:-1]
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(before), type=Facts) == now

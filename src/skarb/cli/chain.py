"""`skarb chain`: screening of blocks and token transfers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cyclopts import App

from skarb.app.chainfollow import follow_files
from skarb.app.chainscreen import Watched, record_exposures, watch
from skarb.app.files import now
from skarb.app.setting import EXAMPLE_OPERATOR, Setting, example_registers, open_registers, setting_of
from skarb.cli.output import Format, check_outputs, err, format_of, need, write_rows
from skarb.cli.register import law_of
from skarb.core.counted import counted
from skarb.core.errors import EXIT_CODES, InputError

app = App(name="chain", help="What chains write down: blocks and token transfers, screened and traced.")

COLUMNS = (
    "kind", "block", "time", "tx", "index", "asset", "units", "senders", "receiver", "side", "address", "register", "status", "regime",
    "list", "entry", "hops", "fifo", "haircut", "path",
    "unverified",
)  # fmt: skip


FOLLOWED = ("file", "kind", "block", "tx", "receiver", "units", "instruction", "reason")


@app.command
def screen(
    *files: Path,
    of: Path | None = None,
    law: str | None = None,
    hops: int = 6,
    record: bool = False,
    output: Path | None = None,
    format: Format | None = None,  # noqa: A002
) -> int:
    """Screen raw Bitcoin blocks and recorded answers of Ethereum nodes against the lists and the register of wallets.

    Rows of kind `direct` are payments with a listed address on one side; rows of kind `exposed` are payments of which something came from a
    listed address, with the amount by FIFO and by haircut and the way it took. Give all blocks of a stretch together: coins and balances
    from before are not known. Blocks, receipts, logs and traces of Ethereum are told apart by their content and held to the roots of their
    block; `unverified` says why where that could not be done, because the node told too little.

    Examples: `skarb chain screen block.raw --of market` · `skarb chain screen answers/*.json --of market --output found.csv`

    Parameters
    ----------
    files
        Raw blocks, and answers of nodes as JSON (also one answer a line, also gzipped).
    of
        The folder of the registers and lists; by default the examples that come with the law.
    law
        The country whose registers these are; by default the market's own, else by.
    hops
        How many payments away from a listed address to look.
    record
        Write the exposure of every wallet into the register of wallets, where the law can look at it. Needs --of.
    output
        Write the rows to a file: .json, .jsonl, .csv or .parquet.
    format
        Write the rows in this form: table, json, csv or parquet.
    """
    need(files, "file")
    if hops < 1:
        raise InputError(f"--hops: given {hops}, expected at least 1")
    if record and of is None:
        raise InputError("--record: given no registers to write into, expected --of FOLDER")
    form = format_of(format, output)
    check_outputs((output,), files)
    found, setting = _watched(files, of, law, hops)
    write_rows(COLUMNS, _rows(found), form, output)
    _say(found)
    for note in (*setting.notes, *found.notes):
        err.print(f"note: {note}", markup=False, highlight=False)
    if record:
        summary = record_exposures(found, setting)
        for problem in summary.problems:
            err.print(str(problem), markup=False, highlight=False)
        if summary.problems:
            return EXIT_CODES["input"]
        err.print(
            f"recorded the exposure of {counted(summary.added + summary.replaced, 'wallet')}; known already: {summary.repeated}"
        )
    return EXIT_CODES["ok"]


@app.command
def follow(
    *files: Path,
    settled: int = 100,
    output: Path | None = None,
    format: Format | None = None,  # noqa: A002
) -> int:
    """Follow blocks in the order in which they became known, and say what a change of branch undoes; exit code 9 when one is refused.

    A block counts when it follows a known one and its own content holds: work, Merkle roots and witnesses of Bitcoin, the hash over the header of
    Ethereum. Rows of kind `gone` are payments of blocks that left and that no new block holds; rows of kind `fresh` came with the new branch.
    `instruction` is the id under which such a payment was, or will be, handed in as an arrival: look at those that were posted again.

    Example: `skarb chain follow 1.raw 2.raw 2b.raw 3b.raw`

    Parameters
    ----------
    files
        One block each, of one chain: raw Bitcoin blocks, or answers to eth_getBlockByNumber.
    settled
        Blocks below the tip from which on a change of branch is left to a person.
    output
        Write the rows to a file: .json, .jsonl, .csv or .parquet.
    format
        Write the rows in this form: table, json, csv or parquet.
    """
    need(files, "file")
    form = format_of(format, output)
    check_outputs((output,), files)
    found = follow_files(files, settled)
    write_rows(
        FOLLOWED,
        [(row.file, row.kind, row.block, row.tx, row.receiver, row.units, row.instruction, row.reason) for row in found],
        form,
        output,
    )
    return EXIT_CODES["verification"] if any(row.kind == "refused" for row in found) else EXIT_CODES["ok"]


def _watched(files: tuple[Path, ...], of: Path | None, law: str | None, hops: int) -> tuple[Watched, Setting]:
    name = law or "by" if of is None else law_of(of, law)
    registers = example_registers(name, now) if of is None else open_registers(name, of, now)
    setting = setting_of(name, registers, EXAMPLE_OPERATOR)
    return watch(files, setting, hops_max=hops), setting


def _rows(found: Watched) -> Iterator[tuple[Any, ...]]:
    for one in found.touched:
        p = one.payment
        yield (
            "direct", p.block, _time(p.time), p.tx, p.index, p.asset, str(p.value), " ".join(p.senders), p.receiver, one.side, one.address,
            one.register, one.status, one.regime, one.list, one.entry, 0, "", "", "",
            p.unverified,
        )  # fmt: skip
    by_place = {(p.tx, p.index, p.asset): p for p in found.payments}
    for row in found.exposed:
        p = by_place[row.tx, row.index, row.asset]
        yield (
            "exposed", p.block, _time(p.time), row.tx, row.index, row.asset, str(row.value), " ".join(p.senders), row.receiver, "", "",
            False, "", "", "", "", row.trail.hops, str(row.fifo), str(row.haircut), str(row.trail),
            p.unverified,
        )  # fmt: skip


def _say(found: Watched) -> None:
    what = f"{counted(len(found.blocks), 'block')} of Bitcoin, {len(found.answers.blocks)} of Ethereum, {counted(len(found.payments), 'payment')}"
    err.print(
        f"{what}, {counted(found.addresses, 'address', 'addresses')} screened: {len(found.touched):,} direct, {len(found.exposed):,} exposed"
    )
    for exposure in (found.coins, found.accounts):
        for rule, sums in (("FIFO", exposure.fifo), ("haircut", exposure.haircut)):
            for asset, sum_ in sums.items():
                if not sum_.entered:
                    continue
                err.print(
                    f"{asset} by {rule}: {sum_.entered} left listed addresses = {sum_.held} with others + {sum_.returned} came back + "
                    f"{sum_.fees} fees + {sum_.beyond} beyond the hops followed",
                    markup=False, highlight=False,
                )  # fmt: skip


def _time(time: int) -> str:
    return datetime.fromtimestamp(time, UTC).isoformat() if time else ""

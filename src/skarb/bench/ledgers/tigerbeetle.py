"""TigerBeetle: one replica on this machine, driven through its Python client, and by its own benchmark.

The server's program is found in the environment variable TIGERBEETLE or on the path; the client is `tigerbeetle` on PyPI. With
`--addresses=0` the server picks a free port, prints it, and ends when its standard input is closed.
Source: docs.tigerbeetle.com, single-node cluster and Python client.
"""

from __future__ import annotations

import os
import re
import shutil
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from skarb.bench.ledgers.load import Load, Measured, Run, Runs, Transfer, library, measure, version_of
from skarb.bench.ledgers.server import Started, run, running, wait_for, within
from skarb.bench.machine import hash_us
from skarb.core.errors import Unavailable, ensure

BATCH = 8189  # the most that one request takes
_LEDGER, _CODE = 1, 1


def through_python(folder: Path, load: Load) -> Measured:
    """Measure the server through its Python client: objects made beforehand, one request at a time."""
    tb = library("tigerbeetle", "pip install 'skarb[bench]'")
    program = _program()
    data = folder / "0_0.tigerbeetle"
    run([program, "format", "--cluster=0", "--replica=0", "--replica-count=1", str(data)], folder, load.patience)
    with running([program, "start", "--addresses=0", str(data)], folder) as server:
        port = wait_for(server, lambda: _port(server), load.patience)
        client = tb.ClientSync(cluster_id=0, replica_addresses=f"127.0.0.1:{port}")

        def close() -> None:
            with suppress(Exception):  # a client that is cut off in the middle of a request complains
                client.close()

        try:
            runs = within(load.runs * load.seconds * 3 + load.patience, lambda: _drive(tb, client, load), close)
        except Unavailable:
            raise
        except BaseException:
            close()
            raise
        close()
    return Measured(runs.runs, f"server {_version(program, folder)}, client {version_of('tigerbeetle')}")


def own_benchmark(folder: Path, load: Load) -> Measured:
    """Measure the server with the benchmark that it brings along, whose client is written in Zig."""
    program = _program()
    command = [program, "benchmark", f"--account-count={load.accounts}", f"--transfer-count={load.native}"]
    runs = []
    for _ in range(load.runs):
        before = hash_us()
        said = run(command, folder, load.patience * 3)
        found = re.search(r"load accepted = ([\d_,]+) tx/s", said)
        if found is None:
            raise Unavailable(f"its benchmark printed no line `load accepted = … tx/s`, but {said[-200:]!r}")
        runs.append(Run(float(re.sub(r"\D", "", found[1])), round((before + hash_us()) / 2, 2)))
    return Measured(runs, _version(program, folder))


def _program() -> str:
    given = os.environ.get("TIGERBEETLE")
    found = shutil.which(given or "tigerbeetle")
    if found is None:
        raise Unavailable(
            f"TIGERBEETLE={given} is no program that can be run"
            if given
            else "no server program `tigerbeetle` on the path; to measure it, put its release there or name it in TIGERBEETLE"
        )
    return str(Path(found).absolute())


def _port(server: Started) -> int | None:
    said = server.stdout.read_bytes()
    return int(said) if said.endswith(b"\n") else None


def _version(program: str, folder: Path) -> str:
    return run([program, "version"], folder, 20).strip().removeprefix("TigerBeetle version ")


def _drive(tb: Any, client: Any, load: Load) -> Runs:
    accounts = [tb.Account(id=number + 1, ledger=_LEDGER, code=_CODE) for number in range(load.accounts)]
    for start in range(0, len(accounts), BATCH):
        answers = client.create_accounts(accounts[start : start + BATCH])
        ensure(_all(answers, tb.CreateAccountStatus.CREATED), "every account of the benchmark is created")

    def prepare(batch: list[Transfer]) -> list[Any]:
        return [
            tb.Transfer(
                id=one.id,
                debit_account_id=one.debit + 1,
                credit_account_id=one.credit + 1,
                amount=one.amount,
                ledger=_LEDGER,
                code=_CODE,
            )
            for one in batch
        ]

    def post(transfers: list[Any]) -> None:
        ensure(_all(client.create_transfers(transfers), tb.CreateTransferStatus.CREATED), "every transfer is created")

    runs = measure(replace(load, batch=min(load.batch, BATCH)), prepare, post)
    debits = sum(
        one.debits_posted
        for start in range(0, len(accounts), BATCH)
        for one in client.lookup_accounts([account.id for account in accounts[start : start + BATCH]])
    )
    ensure(debits == runs.amount, "the balances hold every transfer")
    return runs


def _all(answers: list[Any], expected: Any) -> bool:
    return bool(answers) and all(answer.status == expected for answer in answers)

"""Other ledgers under our load: what is here is really run, what is missing is left out with a reason."""

import importlib.util
import json
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest

from skarb.bench.ledger_peers import LEAVES_OUT, PEERS, peers
from skarb.bench.ledgers.load import Load, Measured, Run, measure
from skarb.core.errors import Unavailable

SMALL = Load(accounts=50, batch=64, seconds=0.01, runs=2, file=100, native=100, patience=30)

SERVER = """#!{python}
import socket, sys
match sys.argv[1]:
    case "format":
        assert sys.argv[2:5] == ["--cluster=0", "--replica=0", "--replica-count=1"], sys.argv
        open(sys.argv[5], "w").close()
    case "start":
        assert sys.argv[2] == "--addresses=0", sys.argv
        open(sys.argv[3]).close()
        door = socket.create_server(("127.0.0.1", 0))
        print(door.getsockname()[1], flush=True)
        sys.stdin.read()
    case "version":
        print("TigerBeetle version 0.17.9+abc")
    case "benchmark":
        print("49 batches in 1.14 s\\nload accepted = 351234 tx/s")
"""


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program that starts like TigerBeetle's and then listens without ever answering."""
    program = tmp_path / "tigerbeetle"
    program.write_text(SERVER.format(python=sys.executable))
    program.chmod(0o755)
    monkeypatch.setenv("TIGERBEETLE", str(program))
    return program


def only(*names: str) -> dict[str, object]:
    return {name: PEERS[name] for name in names}


def reasons(figures: dict[str, object]) -> dict[str, str]:
    return dict(figures["peers_left_out"])


def test_the_load_is_the_same_every_time_and_its_ids_are_unique():
    one, other = SMALL.transfers(), SMALL.transfers()
    first = next(one) + next(one)
    assert first == next(other) + next(other)
    assert len({transfer.id for transfer in first}) == 128
    assert all(transfer.debit != transfer.credit and transfer.amount > 0 for transfer in first)
    assert {transfer.debit for transfer in first} <= set(range(50))


def test_what_is_measured_is_what_was_posted():
    kept = []
    runs = measure(replace(SMALL, seconds=1e-7), list, kept.extend)
    assert (runs.posted, runs.amount) == (len(kept), sum(one.amount for one in kept))
    assert len(runs.runs) == 2 and all(run.per_s > 0 for run in runs.runs)


def test_plain_sqlite_is_always_there(tmp_path):
    figures = peers(tmp_path, SMALL, only("sqlite_rows"))
    assert figures["peer_sqlite_rows_per_s"] > 0
    assert figures["peers_left_out"] == []
    assert len(figures["peers_runs"]["sqlite_rows"]) == 2
    assert list(tmp_path.iterdir()) == []  # nothing is left behind


@pytest.mark.parametrize(
    ("name", "module"),
    [("beancount", "beancount"), ("python_accounting", "python_accounting"), ("postgresql_copy", "psycopg")],
)
def test_what_is_installed_is_run_and_what_is_not_is_left_out(tmp_path, name, module):
    figures = peers(tmp_path, SMALL, only(name))
    reason = reasons(figures).get(name)
    if importlib.util.find_spec(module) is None:
        assert "to measure it: pip install" in reason
    elif name == "postgresql_copy" and reason is not None:
        assert "no PostgreSQL server is installed here" in reason or "does not run as root" in reason
    else:
        assert figures[f"peer_{name}_per_s"] > 0, reason


def test_all_of_them_give_figures_or_reasons_in_json(tmp_path, monkeypatch):
    monkeypatch.delenv("TIGERBEETLE", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    figures = peers(tmp_path / "new", SMALL, only("tigerbeetle_native", "tigerbeetle_python", "sqlite_rows"))
    assert "on the path" in reasons(figures)["tigerbeetle_native"]
    assert set(reasons(figures)) == {"tigerbeetle_native", "tigerbeetle_python"}
    assert set(figures["peers_leave_out"]) == {"all", "sqlite_rows"}
    assert json.loads(msgspec.json.encode(figures))["peer_sqlite_rows_per_s"] > 0


def test_each_comparison_says_what_it_leaves_out():
    assert set(LEAVES_OUT) == {"all", *PEERS}


def test_a_peer_that_fails_in_its_own_way_does_not_stop_the_others(tmp_path):
    def broken(folder: Path, load: Load) -> Measured:
        raise KeyError("its own trouble")

    figures = peers(tmp_path, SMALL, {"broken": broken, "other": lambda folder, load: Measured([Run(3.0, 1.0)], "1")})
    assert reasons(figures) == {"broken": "KeyError: 'its own trouble'"}
    assert figures["peer_other_per_s"] == 3.0


def test_a_server_program_that_does_not_exist_is_told(tmp_path, monkeypatch):
    monkeypatch.setenv("TIGERBEETLE", str(tmp_path / "nothing"))
    assert "is no program" in reasons(peers(tmp_path, SMALL, only("tigerbeetle_native")))["tigerbeetle_native"]


def test_a_server_that_ends_at_once_is_told_with_its_last_words(tmp_path, server, monkeypatch):
    monkeypatch.setitem(sys.modules, "tigerbeetle", fake_client())
    server.write_text(f"#!{sys.executable}\nimport sys\nif sys.argv[1] == 'start': sys.exit('no direct io here')\n")
    reason = reasons(peers(tmp_path, SMALL, only("tigerbeetle_python")))["tigerbeetle_python"]
    assert reason == "the server did not start: no direct io here"


def test_its_own_benchmark_is_read(tmp_path, server):
    figures = peers(tmp_path, SMALL, only("tigerbeetle_native"))
    assert figures["peer_tigerbeetle_native_per_s"] == 351234, reasons(figures)
    assert figures["peers_versions"] == {"tigerbeetle_native": "0.17.9+abc"}


def test_a_relative_folder_and_program_are_found(tmp_path, server, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TIGERBEETLE", "./tigerbeetle")
    monkeypatch.setitem(sys.modules, "tigerbeetle", fake_client())
    assert peers(Path("here"), SMALL, only("tigerbeetle_native", "tigerbeetle_python"))["peers_left_out"] == []


def test_its_own_benchmark_may_change_its_words(tmp_path, server):
    server.write_text(server.read_text().replace("load accepted", "throughput"))
    assert "printed no line" in reasons(peers(tmp_path, SMALL, only("tigerbeetle_native")))["tigerbeetle_native"]


def fake_client(refused: int = 0) -> SimpleNamespace:
    """A module with those parts of the client's interface that its documentation shows."""

    @dataclass
    class Account:
        id: int = 0
        ledger: int = 0
        code: int = 0
        debits_posted: int = 0
        credits_posted: int = 0

    @dataclass
    class Transfer:
        id: int = 0
        debit_account_id: int = 0
        credit_account_id: int = 0
        amount: int = 0
        ledger: int = 0
        code: int = 0

    class ClientSync:
        def __init__(self, cluster_id: int, replica_addresses: str) -> None:
            assert cluster_id == 0 and replica_addresses.startswith("127.0.0.1:")
            self.accounts: dict[int, Account] = {}
            self.ids: set[int] = set()

        def create_accounts(self, accounts):
            self.accounts |= {one.id: one for one in accounts}
            return [SimpleNamespace(status="created", timestamp=1) for _ in accounts]

        def create_transfers(self, transfers):
            assert len(transfers) <= 8189
            found = []
            for one in transfers:
                good = one.id not in self.ids and one.ledger and one.code and one.id != refused
                self.ids.add(one.id)
                self.accounts[one.debit_account_id].debits_posted += one.amount
                self.accounts[one.credit_account_id].credits_posted += one.amount
                found.append(SimpleNamespace(status="CREATED" if good else "exists", timestamp=1))
            return found

        def lookup_accounts(self, ids):
            return [self.accounts[one] for one in ids]

        def close(self):
            pass

    return SimpleNamespace(
        Account=Account,
        Transfer=Transfer,
        ClientSync=ClientSync,
        CreateAccountStatus=SimpleNamespace(CREATED="created"),
        CreateTransferStatus=SimpleNamespace(CREATED="CREATED"),
    )


def test_the_python_client_is_driven(tmp_path, server, monkeypatch):
    monkeypatch.setitem(sys.modules, "tigerbeetle", fake_client())
    figures = peers(tmp_path, SMALL, only("tigerbeetle_python"))
    assert figures.get("peer_tigerbeetle_python_per_s", 0) > 0, reasons(figures)
    assert figures["peers_versions"]["tigerbeetle_python"].startswith("server 0.17.9+abc, client ")


def test_a_refused_transfer_is_no_figure(tmp_path, server, monkeypatch):
    monkeypatch.setitem(sys.modules, "tigerbeetle", fake_client(refused=70))
    reason = reasons(peers(tmp_path, SMALL, only("tigerbeetle_python")))["tigerbeetle_python"]
    assert "every transfer is created" in reason


def test_the_real_client_takes_what_we_hand_it(tmp_path, server, monkeypatch):
    tb = pytest.importorskip("tigerbeetle", reason="the extra bench is not installed")
    fake = fake_client()

    class Checked(fake.ClientSync):
        def create_accounts(self, accounts):
            assert all(type(one) is tb.Account and tb.bindings.CAccount.from_param(one) for one in accounts)
            super().create_accounts(accounts)
            return [tb.CreateAccountResult(timestamp=1, status=tb.CreateAccountStatus.CREATED) for _ in accounts]

        def create_transfers(self, transfers):
            assert all(type(one) is tb.Transfer and tb.bindings.CTransfer.from_param(one) for one in transfers)
            super().create_transfers(transfers)
            return [tb.CreateTransferResult(timestamp=1, status=tb.CreateTransferStatus.CREATED) for _ in transfers]

    monkeypatch.setattr(tb, "ClientSync", Checked)
    figures = peers(tmp_path, SMALL, only("tigerbeetle_python"))
    assert figures.get("peer_tigerbeetle_python_per_s", 0) > 0, reasons(figures)


def test_the_real_client_is_given_up_when_the_server_is_deaf(tmp_path, server):
    pytest.importorskip("tigerbeetle", reason="the extra bench is not installed")
    deaf = Load(accounts=50, batch=64, seconds=0.01, runs=1, patience=3)
    assert "no answer within 3 s" in reasons(peers(tmp_path, deaf, only("tigerbeetle_python")))["tigerbeetle_python"]


def test_a_missing_library_says_how_to_get_it(tmp_path, monkeypatch, server):
    monkeypatch.setitem(sys.modules, "tigerbeetle", None)
    with pytest.raises(Unavailable, match="pip install"):
        PEERS["tigerbeetle_python"](tmp_path, SMALL)

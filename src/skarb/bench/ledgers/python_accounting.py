"""python-accounting: double entry over SQLAlchemy, here on SQLite, one journal entry for each transfer.

Its package asks for the drivers of MySQL and PostgreSQL to be compiled; `pip install --no-deps python-accounting sqlalchemy
python-dateutil` is enough for SQLite.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from skarb.bench.ledgers.load import Load, Measured, Transfer, library, measure, version_of
from skarb.core.errors import ensure

ACCOUNTS = 500  # opening ten thousand would take longer than the measurement
_INSTALL = "pip install python-accounting (without MySQL's headers: --no-deps, with sqlalchemy and python-dateutil)"


def journal_entries(folder: Path, load: Load) -> Measured:
    """Measure journal entries posted one by one, each committed before the next."""
    models = library("python_accounting.models", _INSTALL)
    sessions = library("python_accounting.database.session", _INSTALL)
    journal_entry = library("python_accounting.transactions", _INSTALL).JournalEntry
    engine = library("sqlalchemy", _INSTALL).create_engine(f"sqlite:///{folder / 'python_accounting.sqlite'}")
    try:
        models.Base.metadata.create_all(engine)
        with sessions.get_session(engine) as session:
            entity, accounts = _open(models, session, min(load.accounts, ACCOUNTS))

            def post(batch: list[Transfer]) -> None:
                for one in batch:
                    words = {"narration": str(one.id), "entity_id": entity}
                    entry = journal_entry(transaction_date=datetime.now(UTC), account_id=accounts[one.credit], **words)
                    session.add(entry)
                    session.flush()
                    line = models.LineItem(account_id=accounts[one.debit], amount=one.amount, **words)
                    session.add(line)
                    session.flush()
                    entry.line_items.add(line)
                    session.add(entry)
                    entry.post(session)

            runs = measure(replace(load, batch=1, accounts=len(accounts)), list, post)
            ensure(session.query(models.Ledger).count() == 2 * runs.posted, "the ledger holds both sides of every transfer")
    finally:
        engine.dispose()
    return Measured(runs.runs, version_of("python-accounting"))


def _open(models: Any, session: Any, count: int) -> tuple[int, list[int]]:
    """Return the id of an entity, and those of its accounts."""
    entity = models.Entity(name="benchmark")
    session.add(entity)
    session.commit()
    currency = models.Currency(name="Benchmark", code="BYN", entity_id=entity.id)
    session.add(currency)
    session.commit()
    kind = models.Account.AccountType.BANK
    accounts = [
        models.Account(name=f"client {number}", account_type=kind, currency_id=currency.id, entity_id=entity.id)
        for number in range(count)
    ]
    session.add_all(accounts)
    session.commit()
    return entity.id, [account.id for account in accounts]

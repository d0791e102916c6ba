"""People in flows: told by their number, unless there is a purpose to see names; institutions and providers are everybody's."""

from __future__ import annotations

from dataclasses import replace

import duckdb

from skarb.oversight.flows.follow import Followed
from skarb.oversight.flows.lake import masked_wallet, wallet_numbers
from skarb.oversight.flows.paths import Origins, Way, paths_of

WAYS = 5


def with_names(found: Followed, connection: duckdb.DuckDBPyConnection) -> Followed:
    """Return the same flows with the names of people and wallets in place of their numbers."""
    names = dict(connection.execute("SELECT number, name FROM names").fetchall())
    called = tuple(names.get(int(one[1:]), one) for one in found.rows.names["person"])
    wallets = {masked_wallet(names[number], number): names[number] for number in wallet_numbers(connection)}
    places = tuple(wallets.get(one, one) for one in found.rows.names["place"])
    rows = replace(found.rows, names={**found.rows.names, "person": called, "place": places})
    return replace(found, rows=rows)


def ways_of(origins: Origins, position: int, known: dict[str, int] | None) -> tuple[Way, ...]:
    """Return the ways that money took before it left; people and wallets in them by number, unless names were asked for."""
    ways = paths_of(origins, position)[:WAYS]
    if known is None:
        return tuple(ways)
    open_names = set(origins.book_names.values())

    def masked(address: str) -> str:
        kind, _, party = address.partition("/")
        if kind == "chain" and ":" in party:  # a wallet; the chain itself is everybody's
            return f"chain/{masked_wallet(party, known.get(party, 0))}"
        return address if kind in ("own", "chain") or party in open_names or party not in known else f"{kind}/#{known[party]}"

    return tuple(
        replace(way, hops=tuple(replace(hop, source=masked(hop.source), target=masked(hop.target)) for hop in way.hops))
        for way in ways
    )


def numbers_of(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Return the numbers of everybody who is no provider abroad and no institution: their names are not shown."""
    places = (
        "SELECT counterparty FROM rows r JOIN cases c USING (case_no) WHERE counterparty_licence <> 'none' AND counterparty IS NOT NULL "
        "UNION SELECT party FROM rows r JOIN cases c USING (case_no) WHERE actor_licence <> 'none' "
        "UNION SELECT venue FROM rows WHERE venue IS NOT NULL"
    )
    return dict(connection.execute(f"SELECT name, number FROM names WHERE number NOT IN ({places})").fetchall())

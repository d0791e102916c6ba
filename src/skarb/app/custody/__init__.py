"""The state reserve at work: a book in which inflows are posted and from which nothing leaves but under an approved request.

The book is a ledger without instructions (`skarb.journal.ledger_book`). Everything that happens is one transaction, and beside it, as
metadata in the same batch, stands why: the line of an inflow with its rate, the request with all signatures and what screening found. So the
journal alone is enough to make lots, holdings and every decision again; see `story`.
"""

"""The command line: `skarb --help` teaches it.

Answers go to standard output, notes and progress to standard error. Exit codes: 0 done (a refusal under the law is an answer, not a failure),
2 usage, 3 unreadable input, 4 not found, 5 conflict, 6 unavailable, 7 configuration, 8 not allowed, 9 verification found something,
10 a ledger without law rejected something, 70 a broken promise of our own, 1 anything else.
"""

from __future__ import annotations

import os
import sys

from cyclopts import App, Parameter

from skarb import __version__
from skarb.core.errors import EXIT_CODES, SkarbError

# Commands are imported when they are used. Their first sentences stand here, so that the list of all is quick, too.
COMMANDS = {
    "up": "Start a living market: institutions, clients, a supervisor's console in the browser.",
    "decide": "Decide the instructions in files under the law of their dates; nothing is posted.",
    "post": "Decide instructions, post what is permitted, write it into a book that anyone can verify.",
    "verify": "Check a book completely: bytes, chain, every decision, every posting, every sum.",
    "proof": "Prove to people outside that an instruction or a balance is in a book, and that the book only grew.",
    "balance": "Say what an account had at any moment, as it is known now or was known at any other.",
    "statement": "Show the changes of one account with what it had before, after each, and at the end.",
    "supply": "Add up the debits and the credits of all accounts of each asset, after any batch; nothing may be left.",
    "feed": "Write a book, or tables of your own, out for the supervisor: columns, signed.",
    "lake": "The supervisor's lake: feeds verified before a row can be seen, as columns.",
    "ledger": "Keep a ledger without law: open accounts, post transfers and transactions, reverse, look at them.",
    "alerts": "Watch transfers for schemes, show one, order the queue; nothing is decided about anybody.",
    "replay": "Decide everything in a lake twice, by the law and by a draft, and tell what the draft would change.",
    "flows": "Follow the money that leaves: what came back, what is still out, through whom; return curves, paths, reconciliation.",
    "rebuild": "Remove the index of the past beside books and make it again from their journals.",
    "law": "Check, show, compare, explain and import the law as it is written down.",
    "register": "The registers: parties, licences, tokens, venues, wallets, holds, lists, rates.",
    "wallet": "Ask a client to prove by a signed message that a wallet is his own, and check the proof.",
    "chain": "Screen blocks and token transfers against lists and registers, and trace what came from listed addresses.",
    "travel": "The travel rule: check payloads and messages, keep them sealed, exchange them with other providers.",
    "mine": "Mining on surplus power: what is left over, plans with a reason per hour, curtailment proven by the meter.",
    "reserve": "The state reserve: inflow and lots, custody under a quorum, proofs; what it is worth, what it risks, when to sell.",
    "venue": "A venue's order book, made again from its messages: trades, and what rested after any of them.",
    "screen": "Screening lists: bring them in, see what changed, ask about a party or a wallet, decide about hits.",
    "bench": "Measure Skarb on this machine, and others beside it.",
}
# Commands with commands of their own.
_GROUPS = (
    "proof",
    "ledger",
    "feed",
    "lake",
    "law",
    "register",
    "wallet",
    "chain",
    "travel",
    "mine",
    "reserve",
    "venue",
    "flows",
    "screen",
    "alerts",
)


def make_app(listing: bool = False) -> App:
    """Return the command line; for the listing of all commands without importing any of them."""
    about = f"Run and supervise a digital-asset market under written law.\n\n{(__doc__ or '').split(chr(10) * 2, 1)[1]}"
    plain = Parameter(json_list=False, json_dict=False)  # a file named [1].csv is a file, not a list
    app = App(name="skarb", version=__version__, help=about, help_format="markdown", default_parameter=plain)
    for number, (name, sentence) in enumerate(COMMANDS.items()):
        door = "app" if name in _GROUPS else name
        app.command(f"skarb.cli.{name}:{door}", name=name, help=sentence if listing else None, sort_key=number)
    return app


def main() -> None:
    """Run the command line and leave with its exit code."""
    words = sys.argv[1:]
    try:
        result = make_app(listing=not words or words[0].startswith("-"))(words, result_action="return_value")
    except SkarbError as error:
        _complain(error.code, str(error))
        sys.exit(EXIT_CODES.get(error.code, 1))
    except BrokenPipeError:
        # Whoever read our answers has seen enough. The rest goes nowhere, so that leaving does not complain about it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except OSError as error:
        what = f"{error.filename}: " if error.filename else ""
        _complain("unavailable", f"{what}{error.strerror or error}")
        sys.exit(EXIT_CODES["unavailable"])
    except KeyboardInterrupt:
        sys.exit(130)
    sys.exit(result if isinstance(result, int) else 0)


def _complain(code: str, what: str) -> None:
    """Say what went wrong, on standard error."""
    from rich.text import Text

    from skarb.cli.output import err

    err.print(Text.assemble((f"{code.replace('_', ' ')}: ", "bold red"), what), highlight=False)

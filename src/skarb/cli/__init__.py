"""The command line: `skarb --help` teaches it.

Answers go to standard output, notes and progress to standard error. Exit codes: 0 done (a refusal under the law is an answer, not a failure),
2 usage, 3 unreadable input, 4 not found, 5 conflict, 6 unavailable, 7 configuration, 8 not allowed, 9 verification found something,
70 a broken promise of our own, 1 anything else.
"""

from __future__ import annotations

import sys

from cyclopts import App

from skarb import __version__
from skarb.core.errors import EXIT_CODES, SkarbError

app = App(
    name="skarb",
    version=__version__,
    help=f"Run and supervise a digital-asset market under written law.\n\n{(__doc__ or '').split(chr(10) * 2, 1)[1]}",
    help_format="markdown",
)
app.command("skarb.cli.up:up")
app.command("skarb.cli.decide:decide")
app.command("skarb.cli.post:post")
app.command("skarb.cli.verify:verify")
app.command("skarb.cli.law:app", name="law")
app.command("skarb.cli.register:app", name="register")
app.command("skarb.cli.bench:bench")


def main() -> None:
    """Run the command line and leave with its exit code."""
    try:
        result = app(sys.argv[1:], result_action="return_value")
    except SkarbError as error:
        from skarb.cli.output import err

        err.print(f"[bold red]{error.code.replace('_', ' ')}:[/] ", end="")
        err.print(str(error), markup=False, highlight=False)
        sys.exit(EXIT_CODES.get(error.code, 1))
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
    except KeyboardInterrupt:
        sys.exit(130)
    sys.exit(result if isinstance(result, int) else 0)

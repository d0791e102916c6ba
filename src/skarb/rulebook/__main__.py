"""`python -m skarb.rulebook check FOLDER`: the first half of `skarb law check`, text, dates and cases, without the rest of the house."""

from __future__ import annotations

import sys
from pathlib import Path

from skarb.core.errors import EXIT_CODES, SkarbError
from skarb.rulebook import problems_in


def main(arguments: list[str]) -> int:
    """Check the folders named and return the exit code."""
    if len(arguments) < 2 or arguments[0] != "check":
        print("usage: python -m skarb.rulebook check FOLDER …", file=sys.stderr)
        return EXIT_CODES["usage"]
    code = EXIT_CODES["ok"]
    for folder in arguments[1:]:
        try:
            problems = problems_in(Path(folder))
        except SkarbError as error:
            print(error, file=sys.stderr)
            return EXIT_CODES[error.code]
        for problem in problems:
            print(problem)
        print(f"{folder}: {len(problems)} problem{'s' if len(problems) != 1 else ''}")
        code = EXIT_CODES["verification"] if problems else code
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""`python -m skarb.cli`."""

from skarb.cli import main

main()

"""`python -m skarb.cli`."""

from skarb.cli import main

if __name__ == "__main__":  # work beside a market imports this again in a process of its own
    main()

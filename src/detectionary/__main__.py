"""`python -m detectionary` is the command `detectionary`."""

import sys

from detectionary.cli import main

if __name__ == "__main__":
    sys.exit(main())

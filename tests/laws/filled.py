"""Run the command on a disk that fills up right before the Nth time the ledger is written to.

`python -m tests.laws.filled N DISK WORDS…`.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path

from elreconcile.cli.main import main
from elreconcile.ledger.store import LedgerWriter
from tests.laws.killed import STEPS, Count

FILLER = "filler"


def fill(disk: Path) -> None:
    """To the last byte."""
    with (disk / FILLER).open("ab", buffering=0) as file:
        for size in (65_536, 4_096, 1):
            with suppress(OSError):
                while True:
                    file.write(bytes(size))


if __name__ == "__main__":
    time, disk = int(sys.argv[1]), Path(sys.argv[2])
    Count(2 * time - 1, lambda: fill(disk)).watch({LedgerWriter: STEPS[LedgerWriter]})
    sys.argv[1:] = sys.argv[3:]
    main()

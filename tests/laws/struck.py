"""Run the command and strike it before or after the Nth time it does one of the things it does to the world.

`python -m tests.laws.struck HOW N STEP WORDS…`: HOW is a signal, or several such as SIGINT+SIGTERM, or `unlock`, which
takes its locks away; STEP is one of the steps of `killed`, such as Loader.load; odd N strikes before one, even N after.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
from pathlib import Path

from elreconcile.cli.main import main
from tests.laws.killed import STEPS, Count


def strike_us(how: str) -> None:
    if how == "unlock":
        shutil.rmtree(Path(os.environ["ELRECONCILE_CONFIG"]).parent / "ledger.sqlite.locks")
    else:
        for name in how.split("+"):
            os.kill(os.getpid(), signal.Signals[name])


if __name__ == "__main__":
    how, at, step = sys.argv[1:4]
    owner, name = step.split(".")
    Count(int(at), lambda: strike_us(how)).watch({each: (name,) for each in STEPS if each.__name__ == owner})
    sys.argv[1:] = sys.argv[4:]
    main()

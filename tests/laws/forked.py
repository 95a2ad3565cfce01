"""The command in processes forked from one that has imported all of it: as real as any other, and quick to start."""

from __future__ import annotations

import multiprocessing
import os
import sys
from pathlib import Path
from typing import Any

import elreconcile.applying.applier
import elreconcile.cli.session
import elreconcile.cli.terminal
import elreconcile.reports.as_json
import elreconcile.reports.drift_report
import elreconcile.reports.outcome_text
import elreconcile.systems.kafka  # noqa: F401  imported by verbs only when they run
from elreconcile.cli.main import main
from tests.laws.killed import STEPS, Count, kill_us
from tests.operator import Operator, Ran

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload([__name__])


class Forking(Operator):
    """An operator whose commands start in no time. `kill_at`: the point at which one is killed, as `killed` counts."""

    def run(self, *words: str, seconds: float = 90, kill_at: int = 0, **_: Any) -> Ran:
        out, err = self.home / "stdout", self.home / "stderr"
        process = FORKS.Process(target=_carry_out, args=(words, str(self.config), out, err, kill_at))
        process.start()
        process.join(seconds)
        code = process.exitcode
        if code is None:
            process.kill()
        assert code is not None, f"{words} not done in {seconds} s"
        said = err.read_text()
        assert "Traceback" not in said, said
        return Ran(code, out.read_text(), said)


def _carry_out(words: tuple[str, ...], config: str, out: Path, err: Path, kill_at: int) -> None:
    for number, file in ((1, out), (2, err)):
        os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
    os.environ["ELRECONCILE_CONFIG"] = config
    if kill_at:
        Count(kill_at, kill_us).watch(STEPS)
    sys.argv = ["elreconcile", *words]
    main()

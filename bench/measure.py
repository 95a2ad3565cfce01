"""One command measured from process start to exit: how long, and how much memory at most."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

LIMIT = 180.0
"""Seconds after which a measured command is killed."""


class BenchFailed(Exception):
    """A command that did not do what was to be measured."""


@dataclass(frozen=True, slots=True)
class Measured:
    """`megabytes`: the peak of resident memory, 1,000,000 bytes each; 0 for what is only a part of a process."""

    seconds: float
    megabytes: float = 0


def measure(words: Sequence[str], output: Path, env: Mapping[str, str] | None = None) -> Measured:
    """Run it with stdout in the file `output` and stderr beside it. Raises BenchFailed unless it exits with 0."""
    errors = output.with_suffix(".err")
    with output.open("wb") as out, errors.open("wb") as err:
        began = time.perf_counter()
        child = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=env)
        in_time = _gone_within(child.pid, LIMIT)
        seconds = time.perf_counter() - began
    if not in_time:
        child.send_signal(signal.SIGKILL)
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise BenchFailed(f"{' '.join(words)}: exit code {child.returncode}\n{errors.read_text()[-2000:]}")
    return Measured(seconds, used.ru_maxrss * 1024 / 1e6)


def _gone_within(pid: int, seconds: float) -> bool:
    handle = os.pidfd_open(pid)
    try:
        gone = select.poll()
        gone.register(handle, select.POLLIN)
        return bool(gone.poll(seconds * 1000))
    finally:
        os.close(handle)


@dataclass(frozen=True, slots=True)
class Figure:
    """The runs of one command; `seconds` is their median, `megabytes` the highest peak."""

    runs: tuple[Measured, ...]

    @property
    def seconds(self) -> float:
        return median(run.seconds for run in self.runs)

    @property
    def megabytes(self) -> float:
        return max(run.megabytes for run in self.runs)

    @property
    def spread(self) -> str:
        return f"{min(run.seconds for run in self.runs):.2f} to {max(run.seconds for run in self.runs):.2f}"

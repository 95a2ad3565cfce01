"""Entries, runs and owners to work with, and actors: processes of their own."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from elreconcile.ledger.entry import Entry, Run, State
from elreconcile.ledger.lock import Owner

AT = datetime(2018, 3, 13, 6, 48, 0, 123456, UTC)


def entry(group: str = "g", request_id: str = "2018-03-13-db-down", **fields: Any) -> Entry:
    defaults: dict[str, Any] = {
        "fingerprint": "f" * 64,
        "meaning": {"to": {"shift": -169}},
        "state": State.STARTED,
        "pins": {"eventlogging-valid-mixed": {"0": 831}},
        "before": {"eventlogging-valid-mixed": {"0": 1000}},
        "evidence": None,
        "run": "r1",
        "at": AT,
    }
    return Entry(f"ConsumerGroup/analytics/{group}", request_id, **(defaults | fields))


def run(id_: str = "r1") -> Run:
    return Run(id_, AT, "alice", "db1107", None, "d" * 64, {"changes": []})


def owner(user: str = "alice") -> Owner:
    return Owner(user, "db1107", os.getpid(), AT, "r1")


class Actor:
    """A running tests.ledger.actor."""

    def __init__(self, config: Path) -> None:
        root = Path(__file__).resolve().parents[2]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.ledger.actor", str(config)],
            cwd=root,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def tell(self, *words: str) -> None:
        assert self.process.stdin
        self.process.stdin.write(shlex.join(words) + "\n")
        self.process.stdin.flush()

    def answer(self) -> str:
        assert self.process.stdout
        return self.process.stdout.readline().strip()

    def ask(self, *words: str) -> str:
        self.tell(*words)
        return self.answer()

    def kill(self) -> None:
        """As kill -9 does."""
        self.process.kill()
        self.process.wait()

    def end(self) -> None:
        self.kill()
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.close()
        self.process.stdout.close()


@contextmanager
def actors(config: Path, count: int) -> Iterator[list[Actor]]:
    """So many of them, ended with the context."""
    with ExitStack() as stack:
        started = [Actor(config) for _ in range(count)]
        for actor in started:
            stack.callback(actor.end)
        yield started

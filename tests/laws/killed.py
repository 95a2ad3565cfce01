"""Run the command and kill it, as kill -9 does, before or after the Nth of the things it does to the world.

`python -m tests.laws.killed N WORDS…`: odd N kills before a step, even N after it. Every step is carried out by the
real code on the real servers; this only counts. Ends as the command does when it has fewer steps.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from elreconcile.cli.main import main
from elreconcile.ledger.store import LedgerWriter
from elreconcile.systems import eventlogging_config
from elreconcile.systems.burrow import BurrowWriter
from elreconcile.systems.event_loading import Loader
from elreconcile.systems.eventlogging_config import EventLoggingWriter
from elreconcile.systems.kafka_writer import KafkaWriter
from elreconcile.systems.mysql_tables import MySqlWriter

STEPS: dict[Any, tuple[str, ...]] = {
    LedgerWriter: ("start_run", "record", "end_run"),
    KafkaWriter: ("alter", "forget"),
    BurrowWriter: ("forget_group", "forget_topic"),
    Loader: ("load",),
    MySqlWriter: ("execute", "in_transaction"),
    EventLoggingWriter: ("set_blacklist",),
    eventlogging_config: ("_write", "_keep"),  # between which the new file takes the place of the old one
}


class Count:
    """Calls `strike` at the point of this number, of those before and after each step."""

    def __init__(self, at: int, strike: Callable[[], None]) -> None:
        self.at = at
        self.strike = strike
        self.passed = 0

    def watch(self, steps: Mapping[Any, Iterable[str]]) -> None:
        for owner, names in steps.items():
            for name in names:
                setattr(owner, name, self._around(getattr(owner, name)))

    def _point(self) -> None:
        self.passed += 1
        if self.passed == self.at:
            self.strike()

    def _around(self, step: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*args: Any, **kwargs: Any) -> Any:
            self._point()
            answer = step(*args, **kwargs)
            self._point()
            return answer

        return counted


def kill_us() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    Count(int(sys.argv[1]), kill_us).watch(STEPS)
    sys.argv[1:] = sys.argv[2:]
    main()

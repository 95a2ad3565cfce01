"""Ctrl-C and SIGTERM while a plan is carried out: nothing more is begun, and the run ends with its report."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Stopping:
    """`told` is called, within a signal handler, when the first of them comes; the second ends the process at once."""

    def __init__(self, told: Callable[[], None] = lambda: None) -> None:
        self._told = told
        self.asked = False
        self.watched = False
        """Whether that time was ever entered: before it no run is recorded, and nothing changed."""

    @contextmanager
    def watching(self) -> Iterator[None]:
        """The time in which they ask for an end, and do not interrupt: a write is never cut in two."""
        self.watched = True
        before = {number: signal.signal(number, self._ask) for number in SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _ask(self, *_: object) -> None:
        self.asked = True
        for number in SIGNALS:
            signal.signal(number, signal.default_int_handler)
        self._told()

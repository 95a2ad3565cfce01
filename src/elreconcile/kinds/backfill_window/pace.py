"""How gently a window is filled: what makes it wait, and for how long."""

from __future__ import annotations

import time
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from elreconcile.kinds.backfill_window.spec import BackfillWindow
from elreconcile.systems import ReadingSystems
from elreconcile.systems.mysql import MySqlConnection

LOOK_EVERY = 0.5
"""Seconds between two looks at the servers."""


class Pacer:
    """Asks no more often than every `LOOK_EVERY` seconds. `reason`: why it waits now, None while it does not."""

    def __init__(self, spec: BackfillWindow, systems: ReadingSystems, mysql: MySqlConnection) -> None:
        self._pace = spec.pace
        self._mysql = mysql
        self._closing = ExitStack()
        self._due = time.monotonic()
        self._looked = 0.0
        self.reason: str | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.close()

    def wait(self, rows: int) -> None:
        """Returns when so many rows may be put in."""
        while (reason := self._why_not()) is not None:
            self.reason = reason
            time.sleep(LOOK_EVERY)
        self.reason = None
        if self._pace.rows_per_second is not None:
            now = time.monotonic()
            time.sleep(max(0.0, self._due - now))
            self._due = max(self._due, now) + rows / self._pace.rows_per_second

    def _why_not(self) -> str | None:
        """The first reason to wait."""
        if self._pace.stop_file is not None and Path(self._pace.stop_file).exists():
            return f"{self._pace.stop_file} exists"
        if time.monotonic() - self._looked < LOOK_EVERY:
            return None
        self._looked = time.monotonic()
        return self._threads()

    def _threads(self) -> str | None:
        limit = self._pace.max_threads_running
        if limit is None:
            return None
        rows = self._mysql.execute("SHOW GLOBAL STATUS LIKE 'Threads_running'")
        running = int(rows[0][1])
        return f"{running} threads are running, {limit} are allowed" if running > limit else None

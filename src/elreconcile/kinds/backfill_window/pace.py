"""How gently a window is filled: what makes it wait, and for how long."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from pathlib import Path

from elreconcile.kinds.backfill_window.spec import Pace
from elreconcile.systems.event_tables import EventTable
from elreconcile.systems.mysql import MySqlConnection
from elreconcile.systems.mysql_replica import Stopped, lag

LOOK_EVERY = 0.5
"""Seconds between two looks at the servers."""


class Pacer:
    """Asks the servers no more often than every `LOOK_EVERY` seconds. `tell` hears why it waits, and None after it."""

    def __init__(
        self,
        pace: Pace,
        tables: Iterable[EventTable],
        primary: MySqlConnection,
        replica: MySqlConnection | None,
        tell: Callable[[str | None], None],
    ) -> None:
        self._pace = pace
        self._tables = tuple(tables)
        self._primary = primary
        self._replica = replica
        self._tell = tell
        self._due = self._looked = time.monotonic() - LOOK_EVERY

    def wait(self, rows: int) -> None:
        """Returns when so many rows may be put in."""
        waited = False
        while (reason := self._why_not(anew=waited)) is not None:
            self._tell(reason)
            waited = True
            time.sleep(LOOK_EVERY)
        if waited:
            self._tell(None)
        if self._pace.rows_per_second is not None:
            now = time.monotonic()
            time.sleep(max(0.0, self._due - now))
            self._due = max(self._due, now) + rows / self._pace.rows_per_second

    def _why_not(self, anew: bool) -> str | None:
        """The first reason to wait."""
        stop = self._pace.stop_file
        if stop is not None and Path(stop).exists():
            return f"{stop} exists"
        if not anew and time.monotonic() - self._looked < LOOK_EVERY:
            return None
        self._looked = time.monotonic()
        return self._threads() or self._lag()

    def _threads(self) -> str | None:
        limit = self._pace.max_threads_running
        if limit is None:
            return None
        running = int(self._primary.execute("SHOW GLOBAL STATUS LIKE 'Threads_running'")[0][1])
        return f"{running} threads run on the server, {limit} are allowed" if running > limit else None

    def _lag(self) -> str | None:
        limit = self._pace.max_replica_lag
        if limit is None or self._replica is None:
            return None
        try:
            behind = lag(self._primary, self._replica, self._tables)
        except Stopped as error:
            return f"replication has stopped ({error})"
        most = limit.total_seconds()
        return f"the replica is {behind:.0f} s behind, {most:.0f} s are allowed" if behind > most else None

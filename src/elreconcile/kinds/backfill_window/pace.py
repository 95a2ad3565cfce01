"""How gently a window is read and filled: what makes it wait, and for how long."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import TypeVar

from elreconcile.kinds.backfill_window.spec import BackfillWindow, Pace
from elreconcile.systems.event_tables import EventTable
from elreconcile.systems.mysql import MySqlConnection
from elreconcile.systems.mysql_replica import Replica, Unknown

T = TypeVar("T")

LOOK_EVERY = 0.5
"""Seconds between two looks at the servers."""

Tell = Callable[[str | None], None]
"""Hears why it waits, and None after it."""


class Rate:
    """So many a second, at most; None: any number."""

    def __init__(self, a_second: int | None) -> None:
        self._a_second = a_second
        self._due = time.monotonic()

    def wait(self, number: int) -> None:
        if self._a_second is not None:
            now = time.monotonic()
            time.sleep(max(0.0, self._due - now))
            self._due = max(self._due, now) + number / self._a_second


class Interrupted(Exception):
    """A thread need not go on."""


class Pacer:
    """Asks the servers no more often than every `LOOK_EVERY` seconds."""

    def __init__(self, pace: Pace, primary: MySqlConnection | None, replica: Replica | None, tell: Tell) -> None:
        self._pace = pace
        self._primary = primary
        self._replica = replica
        self._tell = tell
        self._reading, self._writing = Rate(pace.events_per_second), Rate(pace.rows_per_second)
        self._ended = threading.Event()
        self._looking = threading.Lock()
        self._looked = time.monotonic() - LOOK_EVERY
        self._reason: str | None = None

    def before_reading(self, events: int = 0) -> None:
        """Returns when so many events may be read, or a question be asked about many rows."""
        self._wait()
        self._reading.wait(events)

    def before_writing(self, rows: int) -> None:
        self._wait()
        self._writing.wait(rows)

    def beside(self) -> None:
        """As `before_reading`, for a thread of `others`. Raises Interrupted once nobody wants its answer."""
        while not self._ended.is_set() and self._why_not() is not None:
            self._ended.wait(LOOK_EVERY)
        if self._ended.is_set():
            raise Interrupted

    @contextmanager
    def others(self) -> Iterator[None]:
        """The time in which other threads work at this pace. They do not tell."""
        self._ended.clear()
        try:
            yield
        finally:
            self._ended.set()

    def result(self, future: Future[T]) -> T:
        """Of what another thread does at this pace, telling why it stands still."""
        while not future.done():
            self._wait()
            try:
                return future.result(LOOK_EVERY)
            except TimeoutError:
                continue
        return future.result()

    def _wait(self) -> None:
        waited = False
        while (reason := self._why_not()) is not None:
            self._tell(reason)
            waited = True
            time.sleep(LOOK_EVERY)
        if waited:
            self._tell(None)

    def _why_not(self) -> str | None:
        """The first reason to wait."""
        stop = self._pace.stop_file
        if stop is not None and Path(stop).exists():
            return f"{stop} exists"
        with self._looking:
            if time.monotonic() - self._looked >= LOOK_EVERY:
                self._reason = self._threads() or self._lag()
                self._looked = time.monotonic()
            return self._reason

    def _threads(self) -> str | None:
        limit = self._pace.max_threads_running
        if limit is None or self._primary is None:
            return None
        running = int(self._primary.execute("SHOW GLOBAL STATUS LIKE 'Threads_running'")[0][1])
        return f"{running} threads run on the server, {limit} are allowed" if running > limit else None

    def _lag(self) -> str | None:
        limit = self._pace.max_replica_lag
        if limit is None or self._replica is None:
            return None
        try:
            behind = self._replica.lag()
        except Unknown as error:
            return f"how far the replica is behind is not known: {error}"
        most = limit.total_seconds()
        return f"the replica is {behind:.0f} s behind, {most:.0f} s are allowed" if behind > most else None


@contextmanager
def paced(
    spec: BackfillWindow,
    connect: Callable[[str | None], MySqlConnection],
    tables: Callable[[MySqlConnection], Mapping[str, EventTable]],
    tell: Tell,
) -> Iterator[Pacer]:
    """With connections of its own, where the pace asks the servers for anything. `connect` None: to the primary."""
    pace = spec.pace
    with ExitStack() as closed:

        def opened(name: str | None) -> MySqlConnection:
            return closed.enter_context(closing(connect(name)))

        lag = spec.sink.replica if pace.max_replica_lag is not None else None
        primary = opened(None) if lag or pace.max_threads_running is not None else None
        replica = Replica(primary, opened(lag), tables(primary).values()) if primary and lag else None
        yield Pacer(pace, primary, replica, tell)

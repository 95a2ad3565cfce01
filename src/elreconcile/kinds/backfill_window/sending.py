"""Rows on their way into tables: one transaction for each load, and the next one ready when the server is done."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from operator import attrgetter

from elreconcile.kinds.backfill_window.rows import Row
from elreconcile.systems.event_loading import Loaded, Loader
from elreconcile.systems.event_tables import EventTable

COMMIT = 1000
"""Rows a transaction. With 20,000 a live writer's inserts took ten times longer, and some ended in a deadlock."""

AHEAD = 2
"""Loads under way at most. The server never waits for rows, and a reason to wait holds back all but these."""

SAMPLE_EVERY = 200
"""Of so many rows put in, one is read back and compared value by value."""

SAMPLES = 500
"""Rows compared at most, over the whole window."""


@dataclass(slots=True)
class Filled:
    """What was put in, by table. `changed`: values the server says it altered, by table and column.

    `undecodable`: the ids of events that cannot be read in full; `places`: where the first of them are.
    """

    inserted: Counter[str] = field(default_factory=Counter)
    changed: Counter[str] = field(default_factory=Counter)
    undecodable: dict[str, set[bytes]] = field(default_factory=dict)
    places: list[str] = field(default_factory=list)
    samples: list[tuple[str, Row]] = field(default_factory=list)

    def count(self, name: str, done: Loaded) -> None:
        self.inserted[name] += done.inserted
        self.changed.update({f"{name}.{column}": number for column, number in done.changed.items()})


class Sender:
    """Sends what is added, in order. `before` is told the rows of each load, and returns when they may go.

    Its methods raise what became of an earlier load.
    """

    def __init__(
        self, tables: Mapping[str, EventTable], loader: Loader, filled: Filled, before: Callable[[int], None]
    ) -> None:
        self._tables = tables
        self._loader = loader
        self._filled = filled
        self._before = before
        self._beside = ThreadPoolExecutor(1)
        self._waiting: deque[tuple[str, Sequence[Row]]] = deque()
        self._under_way: deque[tuple[str, Future[Loaded]]] = deque()
        self._seen = 0

    def add(self, name: str, rows: Sequence[Row]) -> None:
        """Sorted by id: each load then touches one corner of the index on it."""
        ready = sorted(rows, key=attrgetter("id"))
        self._waiting += [(name, ready[start : start + COMMIT]) for start in range(0, len(ready), COMMIT)]

    def go_on(self) -> None:
        """Send what may go without waiting for the server."""
        while self._under_way and self._under_way[0][1].done():
            self._settle()
        while self._waiting and len(self._under_way) < AHEAD:
            self._send()

    def send_all(self) -> None:
        """Returns when all that was added is in."""
        while self._waiting:
            if len(self._under_way) == AHEAD:
                self._settle()
            self._send()
        self.finish()

    def finish(self) -> None:
        """Returns when all that is under way is in."""
        while self._under_way:
            self._settle()

    def close(self) -> None:
        """Waits for what is under way, and counts of it what went in."""
        self._beside.shutdown()
        for name, loading in self._under_way:
            if loading.exception() is None:
                self._filled.count(name, loading.result())

    def _settle(self) -> None:
        name, loading = self._under_way.popleft()
        self._filled.count(name, loading.result())

    def _send(self) -> None:
        name, rows = self._waiting.popleft()
        self._before(len(rows))
        ready = self._loader.ready(self._tables[name], [row.values for row in rows])
        self._under_way.append((name, self._beside.submit(self._loader.load, ready)))
        self._sample(name, rows)

    def _sample(self, name: str, rows: Sequence[Row]) -> None:
        first = -self._seen % SAMPLE_EVERY
        self._seen += len(rows)
        room = SAMPLES - len(self._filled.samples)
        self._filled.samples += [(name, row) for row in rows[first::SAMPLE_EVERY][:room]]

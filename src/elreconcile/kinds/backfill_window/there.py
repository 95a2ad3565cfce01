"""Which events have a row already, while a window is filled: the ids of whole minutes, some of them kept."""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Iterable

from elreconcile.kinds.backfill_window import clock
from elreconcile.kinds.backfill_window.envelope import Event
from elreconcile.kinds.backfill_window.spill import ID
from elreconcile.systems.event_tables import EventTable, ids_between, prepare_session, times_of
from elreconcile.systems.mysql import MySqlConnection

KEPT = 150_000
"""Ids kept at most, beside those of the minute asked for last."""

FEW = 50
"""Of fewer events in a minute only their own ids are asked for."""


class There:
    """What it keeps may be out of date: IGNORE passes over rows that a writer has put in meanwhile."""

    def __init__(self, mysql: MySqlConnection) -> None:
        prepare_session(mysql)
        self._mysql = mysql
        self._kept: OrderedDict[tuple[str, str], frozenset[bytes]] = OrderedDict()

    def absent(self, table: EventTable, events: Iterable[Event]) -> set[bytes]:
        """The ids of those that have no row in their minute; some of these may have one under another hour."""
        minutes: defaultdict[str, set[bytes]] = defaultdict(set)
        for event in events:
            minutes[event.time[:12]].add(event.id)
        absent: set[bytes] = set()
        few: set[bytes] = set()
        for minute, ids in sorted(minutes.items()):
            if len(ids) < FEW and (table.name, minute) not in self._kept:
                few |= ids
            else:
                absent |= ids - self._of_minute(table, minute)
        return absent | (few - times_of(self._mysql, table, sorted(few)).keys())

    def _of_minute(self, table: EventTable, minute: str) -> frozenset[bytes]:
        key = table.name, minute
        found = self._kept.get(key)
        if found is None:
            packed = ids_between(self._mysql, table, clock.first_second(minute), clock.after(minute))
            found = self._kept[key] = frozenset(packed[at : at + ID] for at in range(0, len(packed), ID))
            while len(self._kept) > 1 and sum(map(len, self._kept.values())) > KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return found

"""Which events have a row already, while a window is filled: the ids of whole minutes, kept on disk.

A source may be read partition by partition, each of which passes through all the minutes; a table is asked once for
each of them.
"""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Iterable

from elreconcile.kinds.backfill_window import clock
from elreconcile.kinds.backfill_window.envelope import Event
from elreconcile.kinds.backfill_window.spill import each_id
from elreconcile.systems.event_tables import EventTable, ids_between, prepare_session, times_of
from elreconcile.systems.mysql import MySqlConnection

FEW = 50
"""Of fewer events in a minute only their own ids are asked for."""


class There:
    """What it keeps may be out of date: IGNORE passes over rows that a writer has put in meanwhile."""

    def __init__(self, mysql: MySqlConnection) -> None:
        prepare_session(mysql)
        self._mysql = mysql
        self._file = tempfile.TemporaryFile(prefix="elreconcile-")  # noqa: SIM115  closed in close()
        self._kept: dict[tuple[str, str], tuple[int, int]] = {}

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
                absent |= ids.difference(each_id(self._of_minute(table, minute)))
        return absent | (few - times_of(self._mysql, table, sorted(few)).keys())

    def _of_minute(self, table: EventTable, minute: str) -> bytes:
        kept = self._kept.get((table.name, minute))
        if kept is not None:
            offset, length = kept
            self._file.seek(offset)
            return self._file.read(length)
        found = ids_between(self._mysql, table, clock.first_second(minute), clock.after(minute))
        offset = self._file.seek(0, 2)
        self._file.write(found)  # a full disk ends it here
        self._kept[table.name, minute] = offset, len(found)
        return found

    def close(self) -> None:
        self._file.close()

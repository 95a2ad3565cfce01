"""Rows put into a table of events: LOAD DATA LOCAL … IGNORE where server and client allow it, else INSERT IGNORE.

Each call is one transaction. What is there already stays; what the server changes on the way in is told by its
warnings, by column.
"""

from __future__ import annotations

import re
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from elreconcile.systems.event_tables import EventTable, quote
from elreconcile.systems.mysql import Changed, MySqlConnection

DUPLICATE = 1062
WARNINGS_KEPT = 65_535
ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\0": "\\0"})
COLUMN = re.compile(r"column .*?[`'.]([^`'.]+)[`'](?= at row|$)")

Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Loaded:
    """`inserted`: rows the server added. `changed`: what it says it altered, by column."""

    inserted: int
    changed: Mapping[str, int]


class Loader:
    """Loads on a connection of its own."""

    def __init__(self, mysql: MySqlConnection) -> None:
        self._mysql = mysql
        mysql.execute(f"SET SESSION max_error_count = {WARNINGS_KEPT}")
        self.by_file = bool(mysql.execute("SELECT @@local_infile")[0][0])

    def load(self, table: EventTable, rows: Sequence[Values]) -> Loaded:
        """Raises Unreachable, StatementRefused. A deadlock is tried again."""
        columns = sorted({name for row in rows for name in row})
        load = self._by_file if self.by_file else self._by_insert
        return self._mysql.in_transaction(lambda: self._told(load(table, columns, rows)))

    def _by_file(self, table: EventTable, columns: Sequence[str], rows: Sequence[Values]) -> Changed:
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", newline="", prefix="elreconcile-") as file:
            file.writelines(_line(columns, row) for row in rows)
            file.flush()
            names = ", ".join(map(quote, columns))
            return self._mysql.change(
                f"LOAD DATA LOCAL INFILE %s IGNORE INTO TABLE {table.quoted} CHARACTER SET utf8mb4 ({names})",
                (file.name,),
            )

    def _by_insert(self, table: EventTable, columns: Sequence[str], rows: Sequence[Values]) -> Changed:
        names, marks = ", ".join(map(quote, columns)), ", ".join(["%s"] * len(columns))
        return self._mysql.change_many(
            f"INSERT IGNORE INTO {table.quoted} ({names}) VALUES ({marks})",  # noqa: S608  quoted
            [[row.get(name) for name in columns] for row in rows],
        )

    def _told(self, changed: Changed) -> Loaded:
        """Asked within the transaction: the next statement forgets them."""
        altered: Counter[str] = Counter()
        if changed.warnings:
            for _, code, text in self._mysql.execute("SHOW WARNINGS"):
                if code != DUPLICATE:
                    found = COLUMN.search(text)
                    altered[found[1] if found else text] += 1
        return Loaded(changed.rows, altered)


def _line(columns: Sequence[str], row: Values) -> str:
    return "\t".join([_cell(row.get(name)) for name in columns]) + "\n"


def _cell(value: Any) -> str:
    if value is None:
        return "\\N"
    if value.__class__ is str:
        return str(value).translate(ESCAPES)
    return str(int(value)) if isinstance(value, bool) else repr(value)

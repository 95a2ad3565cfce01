"""Rows put into a table of events: LOAD DATA LOCAL … IGNORE where server and client allow it, else INSERT IGNORE.

Each load is one transaction. What is there already stays; what the server changes on the way in is told by its
warnings, by column.
"""

from __future__ import annotations

import re
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, nullcontext
from typing import IO, Any

import msgspec

from elreconcile.systems.event_tables import EventTable, quote
from elreconcile.systems.mysql import Changed, MySqlConnection

DUPLICATE = 1062
WARNINGS_KEPT = 65_535
STATEMENT = 500_000
"""Characters of values in an INSERT, or one row: servers take 1 MB at least, and keep the warnings of one statement."""

NULL = "\\N"
PLAIN: Mapping[type, Callable[[Any], str]] = {
    int: str,
    float: repr,
    bool: lambda cell: "1" if cell else "0",
    type(None): lambda cell: NULL,
}
"""How what is no text is written."""
ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\0": "\\0"})
COLUMN = re.compile(r"column .*?[`'.]([^`'.]+)[`'](?= at row|$)")

Values = Mapping[str, Any]


class Loaded(msgspec.Struct, frozen=True):
    """`inserted`: rows the server added. `changed`: what it says it altered, by column."""

    inserted: int
    changed: Mapping[str, int]


class Ready(msgspec.Struct, frozen=True):
    """Rows that only have to be sent. `file`: they are written there, for LOAD DATA."""

    table: EventTable
    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]
    file: IO[str] | None


class Loader:
    """Loads on a connection of its own."""

    def __init__(self, mysql: MySqlConnection) -> None:
        self._mysql = mysql
        mysql.execute(f"SET SESSION max_error_count = {WARNINGS_KEPT}")
        self.by_file = bool(mysql.execute("SELECT @@local_infile")[0][0])

    def ready(self, table: EventTable, rows: Sequence[Values]) -> Ready:
        """Touches no server: it may be done while other rows are on their way."""
        columns = sorted({name for row in rows for name in row})
        cells = [[row.get(name) for name in columns] for row in rows]
        if not self.by_file:
            return Ready(table, columns, cells, None)
        with ExitStack() as unwritten:
            file = unwritten.enter_context(
                tempfile.NamedTemporaryFile("w", encoding="utf-8", newline="", prefix="elreconcile-")
            )
            file.write(lines(cells))
            file.flush()
            unwritten.pop_all()
        return Ready(table, columns, (), file)

    def load(self, ready: Ready) -> Loaded:
        """Once. Raises Unreachable, StatementRefused. A deadlock is tried again."""
        with ready.file or nullcontext():
            return self._mysql.in_transaction(lambda: self._put_in(ready))

    def _put_in(self, ready: Ready) -> Loaded:
        names = f"({', '.join(map(quote, ready.columns))})"
        if ready.file is not None:
            load = f"LOAD DATA LOCAL INFILE %s IGNORE INTO TABLE {ready.table.quoted} CHARACTER SET utf8mb4 {names}"
            return self._told(self._mysql.change(load, (ready.file.name,)))
        marks = f"({', '.join(['%s'] * len(ready.columns))})"
        inserted, changed = 0, Counter[str]()
        for some in _statements(ready.rows):
            values = ", ".join([marks] * len(some))
            insert = f"INSERT IGNORE INTO {ready.table.quoted} {names} VALUES {values}"  # noqa: S608  quoted
            done = self._told(self._mysql.change(insert, [cell for row in some for cell in row]))
            inserted += done.inserted
            changed.update(done.changed)
        return Loaded(inserted, changed)

    def _told(self, changed: Changed) -> Loaded:
        """Asked at once: the next statement forgets them."""
        altered: Counter[str] = Counter()
        if changed.warnings:
            for _, code, text in self._mysql.execute("SHOW WARNINGS"):
                if code != DUPLICATE:
                    found = COLUMN.search(text)
                    altered[found[1] if found else text] += 1
        return Loaded(changed.rows, altered)


def _statements(rows: Sequence[Sequence[Any]]) -> Iterator[Sequence[Sequence[Any]]]:
    """As many rows at a time as fit into one statement."""
    some: list[Sequence[Any]] = []
    size = 0
    for row in rows:
        length = sum(len(cell) if isinstance(cell, str) else 8 for cell in row)
        if some and size + length > STATEMENT:
            yield some
            some, size = [], 0
        some.append(row)
        size += length
    if some:
        yield some


def lines(rows: Sequence[Sequence[Any]]) -> str:
    """The rows as LOAD DATA takes them by default."""
    if not rows:
        return ""
    texts = [[cell if cell.__class__ is str else PLAIN[cell.__class__](cell) for cell in row] for row in rows]
    plain = "\n".join(map("\t".join, texts)) + "\n"
    written = len(rows) * len(rows[0]) + sum([row.count(None) for row in rows])  # separators, and \ of NULLs
    if sum(map(plain.count, map(chr, ESCAPES))) == written:
        return plain
    return "".join(["\t".join(map(_cell, row)) + "\n" for row in rows])


def _cell(cell: Any) -> str:
    return cell.translate(ESCAPES) if isinstance(cell, str) else PLAIN[cell.__class__](cell)

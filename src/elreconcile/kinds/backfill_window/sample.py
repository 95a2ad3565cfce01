"""Rows read back and held against what was sent: what the server changed on the way in without a word."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

from elreconcile.kinds.backfill_window.rows import Row, Value
from elreconcile.systems.event_tables import Column, EventTable, row_with
from elreconcile.systems.mysql import MySqlConnection

FLOAT_DIGITS = 1e-5
"""A FLOAT column keeps six digits or so; that is EventLogging's choice, no damage."""


def altered(
    mysql: MySqlConnection, tables: Mapping[str, EventTable], samples: Iterable[tuple[str, Row]]
) -> Counter[str]:
    """How many of the rows hold another value than was sent, by column."""
    found: Counter[str] = Counter()
    for name, row in samples:
        table, columns = tables[name], list(row.values)
        stored = row_with(mysql, table, row.id, columns)
        if stored is None:
            continue  # told as missing, by its uuid
        for column, value in zip(columns, stored, strict=True):
            if not same(row.values[column], value, table.columns[column]):
                found[f"{name}.{column}"] += 1
    return found


def same(sent: Value, stored: Any, column: Column) -> bool:
    """Whether a value means what was sent, in the column's own type."""
    if sent is None or stored is None:
        return sent is None and stored is None
    if isinstance(stored, bytes):
        stored = (stored.rstrip(b"\0") if column.family == "binary" else stored).decode("utf-8", "replace")
    if isinstance(stored, date | timedelta):
        return str(stored) == sent
    if isinstance(stored, str):
        return stored == (str(int(sent)) if isinstance(sent, bool) else str(sent))
    try:
        number = float(sent)
    except ValueError:
        return False
    return math.isclose(number, float(stored), rel_tol=FLOAT_DIGITS if column.family == "float" else 1e-12)

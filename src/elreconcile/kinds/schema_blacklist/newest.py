"""The newest event of a schema, over all the tables of its revisions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from elreconcile.kinds.schema_blacklist.live import Newest
from elreconcile.systems.event_tables import table_prefix
from elreconcile.systems.mysql_tables import MySqlReader

TIMES = ("timestamp", "dt", "meta_dt")
"""Where tables keep the time of an event, the usual place first: `dt` is empty where there is a `timestamp`."""

_MEDIAWIKI = "%Y%m%d%H%M%S"


def newest_events(mysql: MySqlReader, schemas: Iterable[str], now: datetime) -> Mapping[str, Newest]:
    """Schemas without a table, or without an event up to now, are left out. A time yet to come is a wrong one."""
    wanted = sorted(schemas)
    if not wanted:
        return {}
    tables = mysql.columns()
    found: dict[str, Newest] = {}
    for schema in wanted:
        each = max(_of_schema(mysql, schema, tables, now), key=lambda newest: newest.at, default=None)
        if each is not None:
            found[schema] = each
    return found


def is_table_of(table: str, schema: str) -> bool:
    return re.fullmatch(re.escape(table_prefix(schema)) + r"_\d+", table) is not None


def _of_schema(
    mysql: MySqlReader, schema: str, tables: Mapping[str, Mapping[str, str]], now: datetime
) -> Iterator[Newest]:
    for table, columns in tables.items():
        column = next((name for name in TIMES if name in columns), None)
        if column is not None and is_table_of(table, schema):
            moment = _newest(mysql, table, column, columns[column], now)
            if moment is not None:
                yield Newest(table, moment)


def _newest(mysql: MySqlReader, table: str, column: str, kind: str, now: datetime) -> datetime | None:
    bound: Any = now.replace(tzinfo=None) if kind.startswith(("datetime", "timestamp")) else now.strftime(_MEDIAWIKI)
    sql = f"SELECT MAX(`{column}`) FROM `{table}` WHERE `{column}` <= %s"  # noqa: S608  names the server told us
    return _moment(mysql.query(sql, (bound,))[0][0])


def _moment(value: Any) -> datetime | None:
    """A datetime, or MediaWiki's 20180313064800 as text or bytes; None for what is neither."""
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC)
    text = value.decode(errors="replace") if isinstance(value, bytes) else str(value)
    try:
        return datetime.strptime(text.rstrip("\0 "), _MEDIAWIKI).replace(tzinfo=UTC)
    except ValueError:
        return None

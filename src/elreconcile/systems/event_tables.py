"""Tables of events in MySQL: what they look like, what they hold, and rows put into them.

A table is taken as it is found. Times are EventLogging's `timestamp` (YYYYMMDDHHMMSS, in a char, varchar or binary
column) or the datetime `meta_dt` of EventBus's tables; both are compared as texts of digits, in UTC.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from elreconcile.systems.mysql import MySqlConnection, NoSuchTable

KEYS = (("uuid", "timestamp"), ("meta_id", "meta_dt"))
"""An event's own id and its time: EventLogging's columns, then EventBus's."""

LOOKUPS = 900
"""Ids asked for at once: from 1,000 on MariaDB turns such a list into a table of its own."""

GROUP_CONCAT_LIMIT = 1 << 30


class Column(msgspec.Struct, frozen=True):
    """`type` as information_schema tells it, e.g. `varchar(1024)`; `length` of texts and binaries, else None."""

    name: str
    type: str
    length: int | None

    @property
    def family(self) -> str:
        return self.type.partition("(")[0].partition(" ")[0]

    @property
    def is_datetime(self) -> bool:
        return self.family in ("datetime", "timestamp")


class EventTable(msgspec.Struct, frozen=True):
    """`key` is the column of the event's id, `time` the one of its time; `unique`: the key alone is unique.
    `datetimes` are the columns of that type."""

    name: str
    columns: Mapping[str, Column]
    key: str
    time: str
    unique: bool
    datetimes: frozenset[str]

    @property
    def quoted(self) -> str:
        return quote(self.name)

    @property
    def may_have_dashes(self) -> bool:
        length = self.columns[self.key].length
        return length is None or length > 32

    @property
    def holds_whole_ids(self) -> bool:
        length = self.columns[self.key].length
        return length is None or length >= 32

    @property
    def id_text(self) -> str:
        """An expression for the id as 32 hexadecimal digits."""
        key = quote(self.key)
        text = f"trim(trailing '\\0' from {key})" if self.columns[self.key].family == "binary" else key
        return f"replace({text}, '-', '')" if self.may_have_dashes else text

    @property
    def time_text(self) -> str:
        """An expression for the time as 14 digits."""
        time = quote(self.time)
        return f"date_format({time}, '%%Y%%m%%d%%H%%i%%s')" if self.is_datetime else time

    @property
    def is_datetime(self) -> bool:
        return self.time in self.datetimes


class Checksum(msgspec.Struct, frozen=True):
    """How many rows have an id, and the XOR of the first 64 bits of their ids."""

    count: int
    xor: int


class NotAnEventTable(Exception):
    """Why a table cannot be one of events."""


def quote(name: str) -> str:
    return "`" + name.replace("`", "``").replace("%", "%%") + "`"


def describe(mysql: MySqlConnection, name: str) -> EventTable | None:
    """The table as found; None where there is none. Raises NotAnEventTable."""
    try:
        mysql.execute(f"SELECT 1 FROM {quote(name)} LIMIT 0", ())  # noqa: S608  quoted
    except NoSuchTable:
        return None
    rows = mysql.execute(
        "SELECT column_name, column_type, character_maximum_length FROM information_schema.columns "
        "WHERE table_schema = DATABASE() AND table_name = %s ORDER BY ordinal_position",
        (name,),
    )
    columns = {row[0]: Column(row[0], _text(row[1]), row[2]) for row in rows}
    for key, time in KEYS:
        if key in columns and time in columns:
            times = frozenset(each.name for each in columns.values() if each.is_datetime)
            return EventTable(name, columns, key, time, _is_unique(mysql, name, key), times)
    wanted = " or ".join(" and ".join(pair) for pair in KEYS)
    raise NotAnEventTable(f"it has no columns {wanted}")


def table_prefix(schema: str) -> str:
    """What the tables of all its revisions begin with: EventLogging's own naming."""
    return re.sub("[^A-Za-z0-9]+", "_", schema)


def table_names(mysql: MySqlConnection, prefix: str) -> Sequence[str]:
    """The tables called `prefix` and a revision."""
    pattern = prefix.replace("\\", "\\\\").replace("_", "\\_").replace("%", "\\%") + "\\_%"
    rows = mysql.execute(
        "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name LIKE %s",
        (pattern,),
    )
    return sorted(name for (name,) in rows if name[len(prefix) + 1 :].isdigit())


def checksum(mysql: MySqlConnection, table: EventTable, since: str, until: str) -> Checksum:
    """Of the rows whose time lies in `since` <= time < `until`, both YYYYMMDDHHMMSS."""
    prefix = f"cast(conv(left({table.id_text}, 16), 16, 10) AS unsigned)"
    rows = mysql.execute(
        f"SELECT count({quote(table.key)}), bit_xor({prefix}) FROM {table.quoted} "  # noqa: S608  quoted
        f"WHERE {_between(table)}",
        (since, until),
    )
    return Checksum(int(rows[0][0]), int(rows[0][1]))


def ids_between(mysql: MySqlConnection, table: EventTable, since: str, until: str) -> bytes:
    """The ids of these rows as 16 bytes each, one after another; what is no id is left out.

    All of them travel as one value, which PyMySQL takes ten times faster than as many rows.
    """
    where = f"{_between(table)} AND length({table.id_text}) = 32"
    rows = mysql.execute(
        f"SELECT group_concat({table.id_text} SEPARATOR '') FROM {table.quoted} WHERE {where}",  # noqa: S608
        (since, until),
    )
    return _packed(rows[0][0] or b"")


def times_of(mysql: MySqlConnection, table: EventTable, ids: Sequence[bytes]) -> Mapping[bytes, str]:
    """Those of the ids (16 bytes each) that the table holds, whenever they happened, and their time's 14 digits."""
    found: dict[bytes, str] = {}
    for start in range(0, len(ids), LOOKUPS):
        # Hexadecimal digits and dashes need no escaping, which would take longer than all the rest.
        texts = [f"'{text}'" for each in ids[start : start + LOOKUPS] for text in _spellings(table, each)]
        rows = mysql.execute(
            f"SELECT {table.id_text}, {table.time_text} FROM {table.quoted} "  # noqa: S608  quoted
            f"WHERE {quote(table.key)} IN ({', '.join(texts)})".replace("\0", "\\0"),
            (),
        )
        found.update({bytes.fromhex(_text(key)): _text(time or "") for key, time in rows})
    return found


def row_with(mysql: MySqlConnection, table: EventTable, id_: bytes, columns: Sequence[str]) -> Sequence[Any] | None:
    """The values of these columns in the row of an id (16 bytes); None where there is no such row."""
    texts = _spellings(table, id_)
    rows = mysql.execute(
        f"SELECT {', '.join(map(quote, columns))} FROM {table.quoted} "  # noqa: S608  quoted
        f"WHERE {quote(table.key)} IN ({', '.join(['%s'] * len(texts))})",
        texts,
    )
    return rows[0] if rows else None


def prepare_session(mysql: MySqlConnection) -> None:
    """What bulk reading needs."""
    mysql.execute(f"SET SESSION group_concat_max_len = {GROUP_CONCAT_LIMIT}")


def _between(table: EventTable) -> str:
    time = quote(table.time)
    return f"{time} >= %s AND {time} < %s"


def _spellings(table: EventTable, each: bytes) -> Sequence[str]:
    """How the id may stand in the table."""
    plain = each.hex()
    if not table.may_have_dashes:
        return [plain]
    dashed = f"{plain[:8]}-{plain[8:12]}-{plain[12:16]}-{plain[16:20]}-{plain[20:]}"
    column = table.columns[table.key]
    if column.family == "binary" and column.length:
        return [plain.ljust(column.length, "\0"), dashed.ljust(column.length, "\0")]
    return [plain, dashed]


def _packed(text: str | bytes) -> bytes:
    try:
        return bytes.fromhex(_text(text))
    except ValueError:
        whole = _text(text)
        each = (whole[start : start + 32] for start in range(0, len(whole), 32))
        return b"".join(bytes.fromhex(one) for one in each if _is_hex(one))


def _is_hex(text: str) -> bool:
    return len(text) == 32 and all(character in "0123456789abcdefABCDEF" for character in text)


def _text(value: object) -> str:
    """Columns may be binary on one host and texts on the next."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _is_unique(mysql: MySqlConnection, table: str, key: str) -> bool:
    """Whether an index on the whole key column alone forbids duplicates."""
    rows = mysql.execute(
        "SELECT index_name, column_name, sub_part FROM information_schema.statistics "
        "WHERE table_schema = DATABASE() AND table_name = %s AND non_unique = 0",
        (table,),
    )
    indexes: dict[str, list[tuple[str, int | None]]] = {}
    for index, column, part in rows:
        indexes.setdefault(index, []).append((column, part))
    return [(key, None)] in indexes.values()

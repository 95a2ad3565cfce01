"""What the document wants of the table, and what has to change for that. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

import msgspec

from elreconcile.desired.spec import format_instant, parse_instant
from elreconcile.kinds.schema_blacklist.spec import SchemaBlacklist
from elreconcile.model.json import Json
from elreconcile.systems.mysql_blacklist import BlacklistEntry, Listed


class RowChanges(msgspec.Struct, frozen=True):
    """`add` and `update` are told apart for people only; both are written the same way."""

    add: tuple[Listed, ...]
    update: tuple[Listed, ...]
    remove: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.add or self.update or self.remove)


def wanted_rows(spec: SchemaBlacklist, now: datetime) -> Mapping[str, Listed]:
    """By schema; what has expired counts as not listed."""
    return {
        each.schema_name: Listed(each.schema_name, each.reason, each.expires)
        for each in spec.schemas
        if each.expires is None or now < each.expires
    }


def row_changes(wanted: Mapping[str, Listed], entries: Iterable[BlacklistEntry]) -> RowChanges:
    """Only rows this tool added are counted: one that somebody else added neither helps nor hinders."""
    ours = {row.schema: Listed(row.schema, row.reason, row.expires) for row in entries if row.managed}
    return RowChanges(
        tuple(wanted[schema] for schema in sorted(wanted.keys() - ours.keys())),
        tuple(wanted[schema] for schema in sorted(wanted.keys() & ours.keys()) if wanted[schema] != ours[schema]),
        tuple(sorted(ours.keys() - wanted.keys())),
    )


def write_row(row: Listed) -> dict[str, Json]:
    expires = None if row.expires is None else format_instant(row.expires)
    return {"schema": row.schema, "reason": row.reason, "expires": expires}


def read_row(stored: Mapping[str, str | None]) -> Listed:
    """The inverse of `write_row`."""
    expires = stored["expires"]
    return Listed(str(stored["schema"]), str(stored["reason"]), None if expires is None else parse_instant(expires))

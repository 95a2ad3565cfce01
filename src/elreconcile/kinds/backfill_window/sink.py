"""The tables a window's events belong to: found, or to be made."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec

from elreconcile.kinds.backfill_window.ddl import NewTable, NoSchema, create_table
from elreconcile.kinds.backfill_window.spec import BackfillWindow, schema_of
from elreconcile.systems.event_tables import EventTable, NotAnEventTable, describe, table_names, table_prefix
from elreconcile.systems.mysql import MySqlConnection


class Described(msgspec.Struct, frozen=True):
    """`table` None: it does not exist, or `problem` says why rows cannot be put there."""

    name: str
    table: EventTable | None
    problem: str | None = None
    new: NewTable | None = None

    @property
    def columns(self) -> frozenset[str]:
        """Those it has or will have; empty where rows cannot be put there."""
        if self.new is not None:
            return self.new.columns
        return frozenset(self.table.columns) if self.table is not None else frozenset()


def of_schemas(mysql: MySqlConnection, spec: BackfillWindow) -> Mapping[str, Described]:
    """The tables there are for the schemas of the document, of every revision."""
    names: set[str] = set()
    for name in spec.schemas:
        names.update(table_names(mysql, table_prefix(schema_of(name))))
    return {name: look(mysql, name) for name in sorted(names)}


def look(mysql: MySqlConnection, name: str) -> Described:
    try:
        table = describe(mysql, name)
    except NotAnEventTable as error:
        return Described(name, None, f"it is no table of events: {error}")
    if table is not None and not table.unique:
        return Described(name, table, f"no unique key on its {table.key}: filling it could store events twice")
    if table is not None and not table.holds_whole_ids:
        return Described(name, table, f"its {table.key} is too short for an id of 32 digits: the server would cut it")
    return Described(name, table)


def to_be_made(described: Described, schema: tuple[str, int], spec: BackfillWindow) -> Described:
    """A table that is missing, with the statement that makes it or the reason why it cannot be made."""
    if described.table is not None or described.problem is not None:
        return described
    if spec.event_schemas is None:
        return Described(described.name, None, "there is no such table, and no `event_schemas` to make it from")
    try:
        new = create_table(described.name, *schema, Path(spec.event_schemas))
    except NoSchema as error:
        return Described(described.name, None, f"there is no such table, and it cannot be made: {error}")
    return Described(described.name, None, new=new)

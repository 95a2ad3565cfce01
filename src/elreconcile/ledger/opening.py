"""Making a ledger, once, and finding the one the configuration names: by its place, and by its id."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from elreconcile.desired.config import Config
from elreconcile.errors import LedgerError
from elreconcile.ledger import sql
from elreconcile.ledger.connection import Connection
from elreconcile.ledger.lock import Locks
from elreconcile.ledger.place import Place, place_of
from elreconcile.ledger.store import LedgerReader, LedgerWriter


@dataclass(frozen=True, slots=True)
class Initialized:
    """`id` goes into elreconcile.yaml. `made` is False when the ledger was there before: nothing was done."""

    id: str
    made: bool


def open_reader(config: Config) -> LedgerReader:
    """The ledger the config names. Raises LedgerError (never made, another id), Unreachable."""
    return LedgerReader(*opened(config, read_only=True))


def open_writer(config: Config) -> LedgerWriter:
    """Raises as `open_reader` does."""
    return LedgerWriter(*opened(config, read_only=False))


def open_locks(config: Config) -> Locks:
    """The locks of the ledger the config names. Contacts nothing. Raises LedgerError when it names no id."""
    if config.ledger.id is None:
        raise LedgerError("elreconcile.yaml does not say which ledger: write its `id:` under `ledger:`")
    return place_of(config).locks(config.ledger.id)


def init_ledger(config: Config) -> Initialized:
    """Makes the ledger unless it is there. One that is there is never altered.

    Raises Unreachable, and LedgerError when the config already names an id: that ledger was lost or is
    elsewhere, and an empty one in its place would have forgotten what was carried out.
    """
    place = place_of(config)
    found = _found_id(place)
    if found is not None:
        must_be_same(place, found, config.ledger.id or found)
        return Initialized(found, made=False)
    if config.ledger.id is not None:
        raise _missing(place, config.ledger.id)
    ours = str(uuid.uuid4())
    kept = _make(place, ours)
    return Initialized(kept, made=kept == ours)


def opened(config: Config, *, read_only: bool) -> tuple[Connection, sql.Dialect, str]:
    """A connection to the ledger the config names, and its id. Raises as `open_reader` does."""
    place = place_of(config)
    connection = place.connect(read_only=read_only)
    if connection is None:
        raise _missing(place, config.ledger.id)
    try:
        return connection, place.dialect, _verified_id(connection, place, config.ledger.id)
    except BaseException:
        connection.close()
        raise


def _verified_id(connection: Connection, place: Place, wanted: str | None) -> str:
    found = _id_in(connection)
    if found is None:
        raise _missing(place, wanted)
    if wanted is None:
        raise LedgerError(
            f"elreconcile.yaml does not say which ledger, so that one lost and made anew would pass for it. "
            f"{place} has the id {found}: if that is the right one, write `id: {found}` under `ledger:`"
        )
    must_be_same(place, found, wanted)
    return found


def must_be_same(place: Place | Path, found: str, wanted: str) -> None:
    """Raises LedgerError showing both ids."""
    if found != wanted:
        raise LedgerError(f"not the same ledger: elreconcile.yaml names {wanted}, {place} has {found}")


def _missing(place: Place, wanted: str | None) -> LedgerError:
    if wanted is None:
        return LedgerError(f"there is no ledger in {place}: make it once with `elreconcile ledger init`")
    return LedgerError(
        f"there is no ledger in {place}, and elreconcile.yaml names {wanted}: it was lost or is elsewhere. "
        "Without it nobody knows what was carried out. "
        "To begin anew, remove `id:` and run `elreconcile ledger init`"
    )


def _found_id(place: Place) -> str | None:
    connection = place.connect(read_only=True)
    if connection is None:
        return None
    try:
        return _id_in(connection)
    finally:
        connection.close()


def _id_in(connection: Connection) -> str | None:
    if not connection.has_table(sql.LEDGER_TABLE):
        return None
    rows = connection.execute(sql.IDENTITY)
    return str(rows[0][0]) if rows else None


def make_tables(connection: Connection, dialect: sql.Dialect) -> None:
    """Those that are there stay as they are."""
    for table in dialect.tables():
        connection.execute(table)


def _make(place: Place, identity: str) -> str:
    """The id it has afterwards: another one when somebody else made it at the same moment."""
    connection = place.create()
    try:
        make_tables(connection, place.dialect)
        # Last, because it is what makes a ledger: one cut short before this is made again.
        connection.execute(place.dialect.first_row(), (identity, datetime.now(UTC).isoformat()))
        return str(_id_in(connection))
    finally:
        connection.close()

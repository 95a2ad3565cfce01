"""Making a ledger, once, and finding the one the configuration names: by its place, its id and its environment."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from elreconcile.desired.config import Config
from elreconcile.errors import LedgerError
from elreconcile.ledger import sql
from elreconcile.ledger.connection import Connection
from elreconcile.ledger.lock import Locks
from elreconcile.ledger.place import Place, place_of
from elreconcile.ledger.store import LedgerReader, LedgerWriter
from elreconcile.ledger.way_out import PUT_BACK


class Identity(msgspec.Struct, frozen=True):
    """Which ledger it is. It remembers what one environment did: the names of another's systems mean other systems."""

    id: str
    environment: str


class Initialized(msgspec.Struct, frozen=True):
    """`id` goes into elreconcile.yaml. `made` is False when the ledger was there before: nothing was done."""

    id: str
    made: bool


def open_reader(config: Config) -> LedgerReader:
    """The ledger the config names. Raises LedgerError (never made, of another id or environment), Unreachable."""
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

    Raises Unreachable, and LedgerError for one of another environment, or when the config already names an id: that
    ledger was lost or is elsewhere, and an empty one in its place would have forgotten what was carried out.
    """
    place = place_of(config)
    found = _found(place)
    if found is None and config.ledger.id is not None:
        raise _missing(place, config.ledger.id)
    ours = Identity(str(uuid.uuid4()), config.environment)
    kept = found or _make(place, ours)
    must_be_same(place, kept, config)
    return Initialized(kept.id, made=kept == ours)


def opened(config: Config, *, read_only: bool) -> tuple[Connection, sql.Dialect, str]:
    """A connection to the ledger the config names, and its id. Raises as `open_reader` does."""
    place = place_of(config)
    connection = place.connect(read_only=read_only)
    if connection is None:
        raise _missing(place, config.ledger.id)
    try:
        return connection, place.dialect, _verified_id(connection, place, config)
    except BaseException:
        connection.close()
        raise


def _verified_id(connection: Connection, place: Place, config: Config) -> str:
    found = _identity_in(connection)
    if found is None:
        raise _missing(place, config.ledger.id)
    must_be_same(place, found, config)
    if config.ledger.id is None:
        raise LedgerError(
            f"elreconcile.yaml does not say which ledger, so that one lost and made anew would pass for it. "
            f"{place} has the id {found.id}: if that is the right one, write `id: {found.id}` under `ledger:`"
        )
    return found.id


def must_be_same(place: Place | Path, found: Identity, config: Config) -> None:
    """Where the config names no id, any will do. Raises LedgerError showing both ids, or both environments."""
    wanted = config.ledger.id or found.id
    if found.id != wanted:
        raise LedgerError(f"not the same ledger: elreconcile.yaml names {wanted}, {place} has {found.id}")
    if found.environment != config.environment:
        raise LedgerError(
            f"not the ledger of this environment: elreconcile.yaml is of {config.environment}, {place} of "
            f"{found.environment}, and what was done there was not done here: each environment has a ledger of its own"
        )


def _missing(place: Place, wanted: str | None) -> LedgerError:
    if wanted is None:
        return LedgerError(f"there is no ledger in {place}: make it once with `elreconcile ledger init`")
    return LedgerError(
        f"there is no ledger in {place}, and elreconcile.yaml names {wanted}: it was lost or is elsewhere. "
        f"Without it nobody knows what was carried out. If it was lost, {PUT_BACK}. "
        "To begin anew, remove `id:` and run `elreconcile ledger init`"
    )


def _found(place: Place) -> Identity | None:
    connection = place.connect(read_only=True)
    if connection is None:
        return None
    try:
        return _identity_in(connection)
    finally:
        connection.close()


def _identity_in(connection: Connection) -> Identity | None:
    if not connection.has_table(sql.LEDGER_TABLE):
        return None
    rows = connection.execute(sql.IDENTITY)
    return Identity(*map(str, rows[0])) if rows else None


def make_tables(connection: Connection, dialect: sql.Dialect) -> None:
    """Those that are there stay as they are."""
    for table in dialect.tables():
        connection.execute(table)


def _make(place: Place, ours: Identity) -> Identity:
    """What it is afterwards: another one when somebody else made it at the same moment."""
    connection = place.create()
    try:
        make_tables(connection, place.dialect)
        # Last, because it is what makes a ledger: one cut short before this is made again.
        connection.execute(place.dialect.first_row(), (ours.id, ours.environment, datetime.now(UTC).isoformat()))
        kept = _identity_in(connection)
        if kept is None:
            raise LedgerError(f"{place} did not keep the ledger that was made there")
        return kept
    finally:
        connection.close()

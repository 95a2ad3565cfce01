"""Taking a ledger elsewhere: all of it with its id and its run counter, or nothing."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import TextIO

from elreconcile.desired.config import Config
from elreconcile.errors import LedgerError, Refused
from elreconcile.ledger import sql
from elreconcile.ledger.connection import Connection, Row
from elreconcile.ledger.opening import Identity, make_tables, must_be_same, opened
from elreconcile.ledger.place import Place, place_of
from elreconcile.ledger.text_form import Head, Record, read, read_head, written

ROWS_AT_ONCE = 50
"""Held in memory while they are put in; a run's plan may be a megabyte."""

_READ = {"run": sql.RUNS_BY_NUMBER, "word": sql.HISTORY, "entry": sql.ENTRIES_BY_KEY}
_PUT = {"run": sql.COPY_RUN, "word": sql.ADD_HISTORY, "entry": sql.PUT_ENTRY}


def export_ledger(config: Config, out: TextIO) -> Head:
    """Write the ledger the config names, as it is at one moment. `out` must be quick: writers of SQLite wait for it.

    Raises LedgerError (never made, another id, damaged), Unreachable.
    """
    connection, _, _ = opened(config, read_only=True)
    with closing(connection):
        return connection.in_transaction(lambda: _export(connection, out))


def _export(connection: Connection, out: TextIO) -> Head:
    head = Head(*connection.execute(sql.LEDGER)[0])
    with closing(_records(connection)) as records:  # where one is damaged, none may be left half read
        out.writelines(written(head, records))
    return head


def _records(connection: Connection) -> Generator[Record, None, None]:
    for what, statement in _READ.items():
        for row in connection.stream(statement):
            yield what, row


def import_ledger(config: Config, file: Path) -> Head:
    """Put what was exported into a ledger that is not there yet, or was just made and is empty. It keeps its old id
    and its environment.

    Raises Refused (the file is not as it was written), LedgerError (another id or environment than the config names, a
    ledger that holds anything), Unreachable, OSError.
    """
    head = _verified(file)
    must_be_same(file, Identity(head.id, head.environment), config)
    place = place_of(config)
    with closing(place.create()) as connection:
        make_tables(connection, place.dialect)
        connection.in_transaction(lambda: _fill(connection, place, file, head))
    return head


def _verified(file: Path) -> Head:
    """Before anything is made."""
    try:
        with _open(file) as lines:
            head = read_head(lines, str(file))
        with _open(file) as lines:
            for what, row in read(lines, str(file)):
                if what == "run" and row[0] > head.run_number:
                    raise Refused(f"{file} holds run {row[0]}, and counts {head.run_number}: it is of two moments")
    except UnicodeDecodeError:
        raise Refused(f"{file} is not what `elreconcile ledger export` wrote: it is not UTF-8") from None
    return head


def _open(file: Path) -> TextIO:
    return file.open(encoding="utf-8", newline="\n")


def _fill(connection: Connection, place: Place, file: Path, head: Head) -> None:
    dialect = place.dialect
    named = (head.id, head.environment, head.made_at)
    connection.execute(dialect.first_row(), named)
    connection.execute(dialect.sql(sql.NAME), named)  # from here on nobody else writes to this ledger
    _must_be_empty(connection, place)
    with _open(file) as lines:
        for what, rows in _batches(read(lines, str(file))):
            connection.execute_many(dialect.sql(_PUT[what]), rows)
    connection.execute(dialect.sql(sql.SET_RUN_NUMBER), (head.run_number,))


def _must_be_empty(connection: Connection, place: Place) -> None:
    (counted,) = connection.execute(sql.HELD)
    if any(counted):
        runs, words, entries, number = counted
        raise LedgerError(
            f"nothing was imported: {place} holds a ledger already, with {runs} runs (counted: {number}), {words} "
            f"words and {entries} entries; a ledger is imported only where none is"
        )


def _batches(records: Iterable[Record]) -> Iterator[tuple[str, Sequence[Row]]]:
    """Rows of one sort, a few at a time."""
    rest = iter(records)
    while batch := list(islice(rest, ROWS_AT_ONCE)):
        for what in dict.fromkeys(what for what, _ in batch):
            yield what, [row for each, row in batch if each == what]

"""What the ledger asks of a database, be it a file or a server."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol, TypeVar

T = TypeVar("T")
Row = Sequence[Any]


class Connection(Protocol):
    """One connection, each statement its own transaction unless inside `in_transaction`.

    Every method raises Unreachable when the database cannot be asked, or does not let us.
    """

    def execute(self, sql: str, values: Row = ()) -> Sequence[Row]:
        """The rows it answers with, if any."""

    def stream(self, sql: str) -> Iterator[Row]:
        """The same, row by row: for more than fits the memory. Nothing else may be asked until it is exhausted."""

    def execute_many(self, sql: str, rows: Sequence[Row]) -> None:
        """The statement once for each row."""

    def in_transaction(self, work: Callable[[], T]) -> T:
        """All that `work` writes or nothing, durable when this returns; all that it reads is of one moment.

        A deadlock calls `work` again.
        """

    def has_table(self, name: str) -> bool: ...

    def close(self) -> None: ...

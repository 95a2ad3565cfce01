"""Locks of a MySQL ledger: the server's named locks, on one connection that does nothing else.

The server frees them with the connection: at once when the owner dies, after `lease` seconds when it is cut
off or stopped. A lost connection is never made again: a new one would live on without the locks.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import msgspec

from elreconcile.errors import ElreconcileError, LockLost, Unreachable
from elreconcile.ledger.connection import Connection
from elreconcile.ledger.lock import Owner, held_by, patience
from elreconcile.ledger.sql import MYSQL, SIGN, SIGNATURE

LEASE = 60
_NAMES_A_QUERY = 500


class ServerLocks(msgspec.Struct, frozen=True):
    """`connect` makes a connection that the server ends once it was idle for the given number of seconds."""

    connect: Callable[[int], Connection]
    identity: str
    lease: int = LEASE

    @contextmanager
    def hold(self, addresses: Sequence[str], owner: Owner, wait: float = 0.0) -> Iterator[ServerHold]:
        names = {address: self._name(address) for address in sorted(set(addresses))}
        connection = self.connect(self.lease)
        try:
            hold = ServerHold(connection, names)
            patience(wait)(hold.take, owner)
            with _kept_alive(hold, self.lease / 4):
                try:
                    yield hold
                finally:
                    hold.give_back()
        finally:
            connection.close()

    def _name(self, address: str) -> str:
        """One server may hold several ledgers, and MySQL takes 64 characters at most."""
        return f"elreconcile.{hashlib.sha256(f'{self.identity} {address}'.encode()).hexdigest()[:40]}"


class ServerHold:
    """The names of our locks by address, and the connection they live and die with."""

    def __init__(self, connection: Connection, names: Mapping[str, str]) -> None:
        self._connection = connection
        self._names = names
        self._one_at_a_time = threading.Lock()

    def take(self, owner: Owner) -> None:
        """All or none. Raises LockHeld."""
        with self._one_at_a_time:
            answers = self._ask("GET_LOCK(%s, 0)", list(self._names.values()))
            for address, answer in zip(self._names, answers, strict=True):
                if answer != 1:
                    self._connection.execute("DO RELEASE_ALL_LOCKS()")
                    raise held_by(address, self._owner_of(address))
            self._sign(owner)

    def check(self, *addresses: str) -> None:
        for address in addresses:
            if address not in self._names:
                raise LockLost(f"{address} is not locked by this run")
        asked = addresses or tuple(self._names)
        try:
            with self._one_at_a_time:
                answers = self._ask("IS_USED_LOCK(%s) = CONNECTION_ID()", [self._names[address] for address in asked])
        except Unreachable as error:
            raise LockLost(f"the lock on {asked[0]} is lost: {error}") from error
        for address, answer in zip(asked, answers, strict=True):
            if answer != 1:
                raise LockLost(f"the lock on {address} is lost: the server has freed it")

    def ping(self) -> None:
        with self._one_at_a_time:
            self._connection.execute("DO 1")

    def give_back(self) -> None:
        """Before the connection is closed, because the server may see that a moment later. Never raises."""
        with self._one_at_a_time, suppress(ElreconcileError):
            self._connection.execute("DO RELEASE_ALL_LOCKS()")

    def _ask(self, question: str, names: Sequence[str]) -> list[Any]:
        """The question about each name, in few round trips."""
        answers: list[Any] = []
        for start in range(0, len(names), _NAMES_A_QUERY):
            some = names[start : start + _NAMES_A_QUERY]
            answers += self._connection.execute(f"SELECT {', '.join([question] * len(some))}", some)[0]
        return answers

    def _sign(self, owner: Owner) -> None:
        signature, ours = owner.to_json(), self._connection.execute("SELECT CONNECTION_ID()")[0][0]
        rows = [(name, address, signature, ours) for address, name in self._names.items()]
        self._connection.in_transaction(lambda: self._connection.execute_many(MYSQL.sql(SIGN), rows))

    def _owner_of(self, address: str) -> str | None:
        """What the holder signed with; what somebody signed who held it before does not count."""
        rows = self._connection.execute(MYSQL.sql(SIGNATURE), (self._names[address],))
        return str(rows[0][0]) if rows else None


@contextmanager
def _kept_alive(hold: ServerHold, every: float) -> Iterator[None]:
    """Pings now and then. When that fails the thread ends; the next check tells the caller."""
    over = threading.Event()

    def ping() -> None:
        with suppress(ElreconcileError):
            while not over.wait(every):
                hold.ping()

    thread = threading.Thread(target=ping, name="lock keeper", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()

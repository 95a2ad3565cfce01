"""Addresses where no server answers, and an operator whose configuration names them."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from elreconcile.desired.config import load_config
from elreconcile.ledger.opening import init_ledger
from sandbox.addresses import Addresses, BurrowAddress, MySqlAddress
from sandbox.ports import free_port
from tests.operator import Operator

QUICK = "timing: {deadline: 10s, grace: 0s, quiet: 0s}\n"


class Silent:
    """Takes connections and never says a word. Counts them."""

    def __init__(self, listening: socket.socket) -> None:
        self.port: int = listening.getsockname()[1]
        self.taken: list[socket.socket] = []
        self.first = threading.Event()

    def take(self, listening: socket.socket) -> None:
        while True:
            try:
                self.taken.append(listening.accept()[0])
            except OSError:  # closed: the test is over
                return
            self.first.set()


@contextmanager
def silent() -> Iterator[Silent]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = Silent(listening)
        thread = threading.Thread(target=server.take, args=(listening,))
        thread.start()
        try:
            yield server
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            thread.join()
            for connection in server.taken:
                connection.close()


def nowhere(kafka: int, burrow: int = 9, mysql: int = 9) -> Addresses:
    """Servers at these ports of this machine. The password is one that must never be seen."""
    return Addresses(
        f"127.0.0.1:{kafka}",
        BurrowAddress(f"http://127.0.0.1:{burrow}", "local"),
        MySqlAddress("127.0.0.1", mysql, "user", "hunter2", "ops"),
    )


def at_work(home: Path, servers: Addresses, timing: str = QUICK) -> Operator:
    """As `Operator.at`, with the ledger made by this process: half a second sooner."""
    (home / "state").mkdir(parents=True)
    operator = Operator(home)
    operator.configure(servers.elreconcile_yaml() + timing)
    ledger = init_ledger(load_config(operator.config)).id
    operator.configure(operator.config.read_text().replace("id: null", f"id: {ledger}"))
    return operator


def offline(home: Path, kafka: int | None = None, timing: str = QUICK) -> Operator:
    """With a ledger in a file, and a document that asks about a group."""
    operator = at_work(home / "operator", nowhere(free_port() if kafka is None else kafka), timing)
    operator.write(WATCHED)
    return operator


WATCHED = "{kind: ConsumerGroup, name: watched, cluster: analytics, expect: {max_lag: 1}}\n"

"""The four servers together, in one folder."""

from __future__ import annotations

import fcntl
import shutil
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

from sandbox.addresses import Addresses, BurrowAddress, MySqlAddress
from sandbox.burrow import CLUSTER, Burrow
from sandbox.install import Say, install
from sandbox.kafka import Kafka, ZooKeeper
from sandbox.mariadb import EVENTS, MariaDb
from sandbox.ports import Ports
from sandbox.server import Server

DEFAULT_FOLDER = Path(__file__).resolve().parent.parent / ".sandbox"


def silent(_: str) -> None:
    """For callers that do not want to be told."""


class Sandbox:
    """Kafka, ZooKeeper, Burrow and MariaDB. As a context manager: up on entry, down on exit.

    A second object on the same folder, also in another process, sees and ends the same servers.
    """

    def __init__(self, folder: Path = DEFAULT_FOLDER) -> None:
        self.folder = folder.resolve()
        self.ports = ports = Ports(self.folder / "ports.json")
        self.kafka = Kafka(self.folder, ports)
        self.zookeeper = ZooKeeper(self.folder, ports)
        self.burrow = Burrow(self.folder, ports, self.kafka, self.zookeeper)
        self.mariadb = MariaDb(self.folder, ports)

    @property
    def servers(self) -> tuple[Server, ...]:
        """In the order in which they are stopped."""
        return self.burrow, self.kafka, self.zookeeper, self.mariadb

    @property
    def addresses(self) -> Addresses:
        return Addresses(
            kafka=self.kafka.bootstrap,
            burrow=BurrowAddress(self.burrow.url, CLUSTER),
            mysql=MySqlAddress("127.0.0.1", self.mariadb.port, "root", "", EVENTS),
        )

    def up(self, say: Say = silent) -> None:
        """Start what does not run; when one fails, end again what this call started."""
        install(say)
        with locked(self.folder):
            ours = [server for server in self.servers if not server.process.is_running()]
            if len(ours) == len(self.servers):  # else those that run know the others by their ports
                self.choose_ports()
            try:
                self._start(say)
            except BaseException:
                _stop(ours)
                raise
            (self.folder / "elreconcile.yaml").write_text(elreconcile_yaml(self))

    def choose_ports(self) -> None:
        """Needed once before a single server is started by itself."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.ports.choose(*(name for server in self.servers for name in server.port_names))

    def down(self) -> None:
        """End whatever of this folder runs, whoever started it. Data stays."""
        if self.folder.exists():
            with locked(self.folder):
                _stop(self.servers)

    def delete(self) -> None:
        """Down, and the folder with all data removed."""
        self.down()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> Sandbox:
        self.up()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.down()

    def _start(self, say: Say) -> None:
        def start(server: Server) -> None:
            began = time.monotonic()
            server.start()
            say(f"{server.name:10} answers on 127.0.0.1:{server.port} after {time.monotonic() - began:.1f} s")

        with ThreadPoolExecutor() as at_once:
            others = [at_once.submit(start, server) for server in (self.kafka, self.zookeeper, self.mariadb)]
            for other in others[:2]:
                other.result()
            start(self.burrow)
            others[2].result()


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """One at a time in a folder; made when it does not exist."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _stop(servers: Iterable[Server]) -> None:
    with ThreadPoolExecutor() as at_once:
        list(at_once.map(lambda server: server.stop(), servers))


def elreconcile_yaml(stack: Sandbox) -> str:
    """The `elreconcile.yaml` that names the servers of this sandbox."""
    return stack.addresses.elreconcile_yaml()

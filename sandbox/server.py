"""What the four servers have in common: start, wait until they answer in their own protocol, stop."""

from __future__ import annotations

import signal
import socket
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path

from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_fixed

from sandbox.errors import ServerFailed
from sandbox.ports import Ports
from sandbox.process import Process
from sandbox.waiting import until


class NotReady(Exception):
    """It does not answer yet."""


class Server(ABC):
    """One server in its own folder, on ports it keeps over restarts."""

    name: str
    port_names: tuple[str, ...]
    ready_within: float = 60  # seconds; Kafka has been seen to need 14 after a kill

    def __init__(self, folder: Path, ports: Ports) -> None:
        self.folder = folder / self.name
        self.ports = ports
        self.process = Process(self.name, folder)
        self.setup = Process(f"{self.name}-setup", folder)  # known by a pid file too: `up` may be killed meanwhile

    @property
    def port(self) -> int:
        return self.ports[self.port_names[0]]

    @abstractmethod
    def prepare(self) -> None:
        """Write its configuration, and its data folder the first time."""

    @abstractmethod
    def command(self) -> list[str]:
        """The command line that runs it in the foreground."""

    @abstractmethod
    def probe(self) -> None:
        """Raise NotReady unless it answers as its clients need it to."""

    def start(self) -> None:
        """Start it unless it runs, and return when it answers. Raises ServerFailed with its log's end."""
        if not self.process.is_running():
            self.launch()
        self.wait_ready()

    def launch(self) -> None:
        """Start it without waiting."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.prepare()
        self.process.spawn(self.command())

    def wait_ready(self) -> None:
        patience = Retrying(
            stop=stop_after_delay(self.ready_within),
            wait=wait_fixed(0.1),
            retry=retry_if_exception_type(NotReady),
            reraise=True,
        )
        try:
            patience(self._probe_while_running)
        except NotReady as error:
            why = f"did not answer on port {self.port} within {self.ready_within:.0f} s ({error})"
            raise self._failed(why) from error

    def stop(self) -> None:
        self.setup.kill_group()
        self.process.stop()

    def kill(self) -> None:
        """As a crash: SIGKILL."""
        self.process.stop(signal.SIGKILL)

    def restart(self) -> None:
        self.stop()
        self.start()

    def pause(self) -> None:
        """It accepts connections and answers nothing, until `resume`. Returns when it has stopped."""
        self.process.send(signal.SIGSTOP)
        until(f"{self.name} is stopped", self.process.is_stopped)

    def resume(self) -> None:
        self.process.send(signal.SIGCONT)

    def set_up(self, argv: Sequence[str], seconds: float = 60) -> None:
        """Run a command that must succeed before the server can start."""
        self.setup.spawn(argv)
        ended = self.setup.wait(seconds)
        code = self.setup.exit_code()
        self.setup.kill_group()
        if not ended or code != 0:
            why = f"ended with exit code {code}" if ended else f"took longer than {seconds:.0f} s"
            raise ServerFailed(self.setup.name, why, self.setup.log_end())

    def _probe_while_running(self) -> None:
        if not self.process.is_running():
            raise self._failed(f"ended while starting (exit code {self.process.exit_code()})")
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        except OSError as error:
            raise NotReady(str(error)) from error
        self.probe()

    def _failed(self, why: str) -> ServerFailed:
        failure = ServerFailed(self.name, why, self.process.log_end())
        self.process.stop(grace=2)
        return failure

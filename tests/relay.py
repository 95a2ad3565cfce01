"""A network between us and a server, that fails as networks do."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import StrEnum

from sandbox.kafka import Kafka

AT_ONCE = struct.pack("ii", 1, 0)
"""For SO_LINGER: a close is a reset."""


class Fault(StrEnum):
    """Of every connection there is, and of each new one, until it is healed."""

    CUT = "cut"  # reset; what was on its way is lost
    SILENT = "silent"  # bytes vanish both ways, and nothing is closed
    HALF_CLOSED = "half-closed"  # requests arrive, answers do not
    DELAYED = "delayed"  # requests arrive, `delay` seconds later


class Relay:
    """Carries connections from `port` to `target`, both on loopback."""

    def __init__(self, target: int, port: int = 0, delay: float = 0) -> None:
        self._target = target
        self._delay = delay
        self._fault: Fault | None = None
        self._late = 0
        self._counting = threading.Lock()
        self._awaited: tuple[Fault, int, bytes] | None = None
        self._sockets: list[socket.socket] = []
        self._entrance = socket.create_server(("127.0.0.1", port))
        self.port = int(self._entrance.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def failed(self) -> bool:
        return self._fault is not None

    @property
    def connections(self) -> int:
        """How many were ever made."""
        return len(self._sockets) // 2

    @property
    def has_late_requests(self) -> bool:
        return self._late > 0

    def fail(self, fault: Fault) -> None:
        self._fault = fault
        if fault is Fault.CUT:
            for end in self._sockets:
                _reset(end)

    def fail_at(self, fault: Fault, word: bytes = b"", after: int = 0) -> None:
        """With the request that has the word in it, once so many bytes of requests have passed; it is the first hit."""
        self._awaited = (fault, after, word)

    def heal(self) -> None:
        """New connections are carried; what is late still arrives."""
        self._fault = self._awaited = None

    def close(self) -> None:
        for end in (self._entrance, *self._sockets):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._entrance.accept()
                far = socket.create_connection(("127.0.0.1", self._target))
                self._sockets += [near, far]
                if self._fault is Fault.CUT:
                    _reset(near)
                threading.Thread(target=self._carry_requests, args=(near, far), daemon=True).start()
                threading.Thread(target=self._carry_answers, args=(far, near), daemon=True).start()

    def _carry_requests(self, near: socket.socket, far: socket.socket) -> None:
        before = b""
        with suppress(OSError):
            while data := near.recv(65536):
                before = self._look_at(data, before)
                if self._fault is Fault.CUT:
                    return
                if self._fault is Fault.DELAYED:
                    self._wait()
                if self._fault is not Fault.SILENT:
                    far.sendall(data)
            if self._fault is not Fault.SILENT:
                far.shutdown(socket.SHUT_WR)

    def _wait(self) -> None:
        with self._counting:
            self._late += 1
        time.sleep(self._delay)
        with self._counting:
            self._late -= 1

    def _carry_answers(self, far: socket.socket, near: socket.socket) -> None:
        with suppress(OSError):
            while data := far.recv(65536):
                if self._fault not in (Fault.SILENT, Fault.HALF_CLOSED):
                    near.sendall(data)
            if self._fault not in (Fault.SILENT, Fault.HALF_CLOSED):
                near.shutdown(socket.SHUT_WR)

    def _look_at(self, data: bytes, before: bytes) -> bytes:
        """Fails if this is the moment. Gives back what the next look needs: a word may come in two pieces."""
        if self._awaited is None:
            return b""
        fault, after, word = self._awaited
        seen = before + data
        self._awaited = (fault, max(0, after - len(data)), word)
        if after <= len(data) and word in seen:
            self._awaited = None
            self.fail(fault)
        return seen[len(seen) - len(word) + 1 :]


def _reset(end: socket.socket) -> None:
    with suppress(OSError):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
        end.shutdown(socket.SHUT_RDWR)  # wakes the thread that waits for its bytes
    end.close()


@contextmanager
def relay_to(target: int, port: int = 0, delay: float = 0) -> Iterator[Relay]:
    relay = Relay(target, port, delay)
    try:
        yield relay
    finally:
        relay.close()


def listen_behind_relay(kafka: Kafka) -> tuple[int, int]:
    """Give a Kafka that does not run yet a second listener, which its clients are sent back to by a relay's port.

    Returns the listener's port and the relay's.
    """
    usual, controller = f"PLAINTEXT://{kafka.bootstrap}", f"CONTROLLER://127.0.0.1:{kafka.ports['kafka-controller']}"
    kafka.ports.choose("far", "relay")
    listener, relay = kafka.ports["far"], kafka.ports["relay"]
    kafka.settings = {
        "listeners": f"{usual},FAR://127.0.0.1:{listener},{controller}",
        "advertised.listeners": f"{usual},FAR://127.0.0.1:{relay}",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,FAR:PLAINTEXT",
        "inter.broker.listener.name": "PLAINTEXT",
    }
    return listener, relay

"""A network that carries every question and can lose every answer."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress


class OneWay:
    """Carries connections from `port` to `target`, both on loopback. After `lose_answers` only requests arrive."""

    def __init__(self, port: int, target: int) -> None:
        self._target = target
        self._losing = threading.Event()
        self._sockets: list[socket.socket] = []
        self._entrance = socket.create_server(("127.0.0.1", port))
        threading.Thread(target=self._accept, daemon=True).start()

    def lose_answers(self) -> None:
        self._losing.set()

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
                threading.Thread(target=self._carry, args=(near, far, False), daemon=True).start()
                threading.Thread(target=self._carry, args=(far, near, True), daemon=True).start()

    def _carry(self, source: socket.socket, sink: socket.socket, answers: bool) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if not (answers and self._losing.is_set()):
                    sink.sendall(data)

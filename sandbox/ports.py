"""Free loopback ports, kept in a file so that a restarted server answers where it did before."""

from __future__ import annotations

import json
import random
import socket
from pathlib import Path

EPHEMERAL = Path("/proc/sys/net/ipv4/ip_local_port_range")
LOWEST = 20_000
_DICE = random.SystemRandom()  # tests seed the other ones


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """A free port below those the kernel hands to clients.

    In their range a client retrying a stopped server can be given that server's port and connect to itself.
    """
    highest = int(EPHEMERAL.read_text().split()[0]) - 1
    while not is_free(port := _DICE.randint(LOWEST, highest)):
        pass
    return port


class Ports:
    """The named ports of one sandbox folder, as its file says now: another process may have chosen them."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __getitem__(self, name: str) -> int:
        return self._read()[name]

    def choose(self, *names: str) -> None:
        """Give each name a free port of its own: the one it has unless a stranger listens there by now."""
        chosen = self._read()
        for name in names:
            if name not in chosen or not is_free(chosen[name]):
                while (port := free_port()) in chosen.values():
                    pass
                chosen[name] = port
        self.file.write_text(json.dumps(chosen, indent=1, sort_keys=True) + "\n")

    def _read(self) -> dict[str, int]:
        return dict(json.loads(self.file.read_text())) if self.file.exists() else {}

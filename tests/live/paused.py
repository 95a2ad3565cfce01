"""Servers that hang."""

from __future__ import annotations

from pathlib import Path

from sandbox.server import Server
from sandbox.waiting import until


def pause(server: Server) -> None:
    """Returns when it has stopped: the threads of a busy machine may answer for some milliseconds more."""
    server.pause()
    threads = Path(f"/proc/{server.process.pid}/task")
    until(
        f"{server.name} is stopped",
        lambda: all(stat.read_text().rpartition(") ")[2].startswith("T") for stat in threads.glob("*/stat")),
    )

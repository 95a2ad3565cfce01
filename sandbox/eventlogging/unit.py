"""Starts and ends the consumer, as a unit of the machine it runs on would."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sandbox.addresses import MySqlAddress
from sandbox.errors import ServerFailed
from sandbox.process import Process
from sandbox.waiting import until

GROUP = "eventlogging_consumer_mysql_00"
REPOSITORY = Path(__file__).resolve().parents[2]


@dataclass(slots=True)
class EventLogging:
    """One consumer process. `folder` takes its pid file, log and counters; one process a folder and name."""

    kafka: str  # host:port
    mysql: MySqlAddress
    folder: Path
    topics: Sequence[str]
    group: str = GROUP
    name: str = "eventlogging"
    batch_size: int = 3000
    batch_time: float = 300  # seconds
    auto_offset_reset: str = "latest"  # where it starts without a commit
    process: Process = field(init=False)

    def __post_init__(self) -> None:
        self.process = Process(self.name, self.folder)

    @property
    def stats_file(self) -> Path:
        return self.folder / f"{self.name}.json"

    def start(self, seconds: float = 60) -> None:
        """Start it and return once it has partitions: a killed predecessor keeps them for 10 s."""
        self.stats_file.unlink(missing_ok=True)
        self.process.spawn(self._command(), env=os.environ | {"PYTHONPATH": str(REPOSITORY)})
        until(f"{self.name} has partitions", lambda: self.stats().get("assigned", 0) > 0, seconds)

    def stop(self) -> int | None:
        """SIGINT: it inserts what it holds, leaves the group and ends. Its exit code if we started it."""
        self.process.stop(signal.SIGINT)
        return self.process.exit_code()

    def terminate(self) -> int | None:
        """SIGTERM, as systemd stops it by default: what it holds is lost."""
        self.process.stop(signal.SIGTERM)
        return self.process.exit_code()

    def kill(self) -> int | None:
        self.process.stop(signal.SIGKILL)
        return self.process.exit_code()

    def stats(self) -> dict[str, int]:
        """Its counters, at most a second old; empty before the first. Raises ServerFailed when none came."""
        if self.stats_file.exists():
            return dict(json.loads(self.stats_file.read_text()))
        if not self.process.is_running():
            raise ServerFailed(self.name, f"ended (exit code {self.process.exit_code()})", self.process.log_end())
        return {}

    def _command(self) -> list[str]:
        options = {
            "bootstrap": self.kafka,
            "mysql": str(self.mysql),
            "topics": ",".join(self.topics),
            "group": self.group,
            "batch-size": str(self.batch_size),
            "batch-time": str(self.batch_time),
            "auto-offset-reset": self.auto_offset_reset,
            "stats": str(self.stats_file),
        }
        arguments = [f"--{option}={value}" for option, value in options.items()]
        return [sys.executable, "-m", "sandbox.eventlogging", *arguments]

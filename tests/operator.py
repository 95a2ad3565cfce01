"""An operator at a terminal: a folder of documents, a configuration, a ledger, and the command itself."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from sandbox.addresses import Addresses

TIMING = "timing: {deadline: 10s, grace: 1s, quiet: 0s}\n"
IN_A_FILE = "sqlite: ledger.sqlite"
COMMAND = (sys.executable, "-m", "elreconcile")


@dataclass(frozen=True, slots=True)
class Ran:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    def ending(self, address: str) -> str:
        """How a change ended, by the table of outcomes."""
        rows = [f"{line} ".partition(f" {address} ") for line in self.out.splitlines()]
        return next(ending.strip() for ending, found, _ in rows if found)


@dataclass(frozen=True, slots=True)
class Operator:
    """`home` holds elreconcile.yaml and ledger.sqlite, `home/state` the documents."""

    home: Path

    @classmethod
    def at(cls, home: Path, servers: Addresses, timing: str = TIMING, ledger: str = IN_A_FILE) -> Self:
        """With a ledger made and named by its id."""
        (home / "state").mkdir(parents=True)
        operator = cls(home)
        operator.configure(servers.elreconcile_yaml().replace(IN_A_FILE, ledger) + timing)
        ledger = operator.run("ledger", "init").out.strip()
        operator.configure(operator.config.read_text().replace("id: null", f"id: {ledger}"))
        return operator

    @property
    def config(self) -> Path:
        return self.home / "elreconcile.yaml"

    @property
    def state(self) -> Path:
        return self.home / "state"

    @property
    def environment(self) -> dict[str, str]:
        return os.environ | {"ELRECONCILE_CONFIG": str(self.config)}

    def configure(self, text: str) -> None:
        self.config.write_text(text)

    def write(self, text: str, name: str = "documents.yaml") -> None:
        (self.state / name).write_text(text)

    def run(self, *words: str, seconds: float = 90, command: tuple[str, ...] = COMMAND) -> Ran:
        done = subprocess.run(
            [*command, *words],
            env=self.environment,
            cwd=Path(__file__).resolve().parent.parent,
            capture_output=True,
            text=True,
            timeout=seconds,
            stdin=subprocess.DEVNULL,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return Ran(done.returncode, done.stdout, done.stderr)

    def plan(self, *words: str) -> Ran:
        return self.run("plan", str(self.state), *words)

    def apply(self, *words: str, **options: Any) -> Ran:
        return self.run("apply", str(self.state), "--yes", *words, **options)

    def change(self, address: str) -> Any:
        """One change of the plan made now, as JSON."""
        changes = self.plan("--json").json["changes"]
        return next(change for change in changes if change["address"] == address)

"""Another process acting on a ledger, as another operator would: its commands come in lines, each is answered by one.

python -m tests.ledger.actor PATH_OF_ELRECONCILE_YAML
"""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path

from msgspec.structs import replace

from elreconcile.desired.config import Config, load_config
from elreconcile.errors import ElreconcileError
from elreconcile.ledger.entry import State
from elreconcile.ledger.lock import Hold, Locks, Owner
from elreconcile.ledger.moving import import_ledger
from elreconcile.ledger.opening import init_ledger, open_locks, open_writer
from elreconcile.ledger.server_lock import ServerLocks
from tests.ledger.samples import entry, run


class Actor:
    def __init__(self, config: Config) -> None:
        self._config = config
        self._locks: Locks | None = None
        self._holding: AbstractContextManager[Hold] | None = None
        self._hold: Hold | None = None

    def init(self) -> str:
        made = init_ledger(self._config)
        return f"{made.id} {made.made}"

    def lease(self, seconds: str) -> str:
        """How long a server waits for an owner who says nothing."""
        locks = open_locks(self._config)
        assert isinstance(locks, ServerLocks)
        self._locks = replace(locks, lease=int(seconds))
        return "leased"

    def hold(self, wait: str, *addresses: str) -> str:
        self._locks = self._locks or open_locks(self._config)
        owner = Owner(f"operator{os.getpid()}", "db1107", os.getpid(), datetime.now(UTC), f"run-{os.getpid()}")
        self._holding = self._locks.hold(addresses, owner, float(wait))
        self._hold = self._holding.__enter__()
        return "held"

    def check(self) -> str:
        assert self._hold
        self._hold.check()
        return "ours"

    def release(self) -> str:
        assert self._holding
        self._holding.__exit__(None, None, None)
        return "released"

    def add_to(self, file: str, times: str, *addresses: str) -> str:
        """Adds one to the number in the file so many times, each under the lock: no addition may be lost."""
        for _ in range(int(times)):
            self.hold("60", *addresses)
            number = int(Path(file).read_text())
            Path(file).write_text(str(number + 1))
            self.release()
        return "added"

    def import_from(self, file: str) -> str:
        import_ledger(self._config, Path(file))
        return "imported"

    def start_runs(self, times: str) -> str:
        with open_writer(self._config) as ledger:
            return " ".join(str(ledger.start_run(run(f"{os.getpid()}-{time}"))) for time in range(int(times)))

    def record(self, times: str, count: str) -> str:
        """So many transactions of so many entries, over and over the same requests."""
        with open_writer(self._config) as ledger:
            for time in range(int(times)):
                ledger.record(
                    [entry(f"g{i}", run=f"{os.getpid()}-{time}", state=State.STARTED) for i in range(int(count))]
                )
        return "recorded"


def main() -> None:
    actor = Actor(load_config(Path(sys.argv[1])))
    for line in sys.stdin:
        name, *words = shlex.split(line)
        command: Callable[..., str] = getattr(actor, name)
        try:
            answer = command(*words)
        except ElreconcileError as error:
            answer = f"{type(error).__name__}: {error}"
        sys.stdout.write(answer + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()

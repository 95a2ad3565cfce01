"""One actor at a time on an address. Who holds the lock is shown to who is kept out."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

import msgspec
from msgspec.structs import asdict
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_random

from elreconcile.errors import LockHeld


class Owner(msgspec.Struct, frozen=True):
    """Who acts. `since` is a zoned time, `run` the id of the run."""

    user: str
    host: str
    pid: int
    since: datetime
    run: str

    def __str__(self) -> str:
        return f"{self.user} on {self.host}, process {self.pid}, since {self.since.isoformat()} (run {self.run})"

    def to_json(self) -> str:
        return json.dumps(asdict(self) | {"since": self.since.isoformat()}, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Owner:
        """Raises ValueError, TypeError or KeyError when the text is not one written by `to_json`."""
        fields = json.loads(text)
        return cls(**fields | {"since": datetime.fromisoformat(fields["since"])})


class Hold(Protocol):
    """The locks of one owner, while they last."""

    def check(self, *addresses: str) -> None:
        """Proves that these (none named: all) are still ours. Raises LockLost. For right before each act."""


class Locks(Protocol):
    """Where locks are taken: beside the ledger, so that all who share it exclude each other."""

    def hold(self, addresses: Sequence[str], owner: Owner, wait: float = 0.0) -> AbstractContextManager[Hold]:
        """All of the addresses or none. Waits up to `wait` seconds for those that others hold.

        Given back when the context ends, and by the system when the owner dies.
        Raises LockHeld naming address and owner, Unreachable.
        """


def held_by(address: str, owner: str | None) -> LockHeld:
    """The error that keeps somebody out. `owner` is what the holder wrote; it may not have done so yet."""
    try:
        holder = str(Owner.from_json(owner or ""))
    except (ValueError, TypeError, KeyError):
        holder = "somebody who has not written a name yet"
    return LockHeld(f"{address} is locked by {holder}; try again when that has ended: apply --lock-timeout 10m waits")


def patience(wait: float) -> Retrying:
    """Tries again while others hold a lock, for so many seconds; then LockHeld is raised."""
    return Retrying(
        retry=retry_if_exception_type(LockHeld),
        stop=stop_after_delay(wait),
        wait=wait_random(0.05, 0.2),
        reraise=True,
    )

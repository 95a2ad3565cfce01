"""What the ledger remembers: one entry for each request of each address, and the runs that wrote them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

import msgspec

from elreconcile.model.json import Json


class State(StrEnum):
    """How far a request has come.

    STARTED       about to be carried out; its pins are the only numbers a resumed run may use
    SENDING       the server may have been asked; before this it has not been
    ACKNOWLEDGED  the server said yes to every part; not yet read back
    SETTLED       read back: done for good
    OVERWRITTEN   done, acknowledged, and somebody wrote over it: a person settles it
    UNCERTAIN     sent, and nothing tells whether it was done: a person settles it
    RELEASED      known not to be done; counts as if there were no entry
    """

    STARTED = "started"
    SENDING = "sending"
    ACKNOWLEDGED = "acknowledged"
    SETTLED = "settled"
    OVERWRITTEN = "overwritten"
    UNCERTAIN = "uncertain"
    RELEASED = "released"


OPEN = (State.STARTED, State.SENDING, State.ACKNOWLEDGED, State.OVERWRITTEN, State.UNCERTAIN)
"""Not final: an apply goes on with it, or a person settles it."""


class Entry(msgspec.Struct, frozen=True):
    """`run` is the id of the run that wrote it, `at` a zoned time, `evidence` what the world answered."""

    address: str
    request_id: str
    fingerprint: str
    meaning: Json
    state: State
    pins: Json
    before: Json
    evidence: Json
    run: str
    at: datetime

    @property
    def key(self) -> tuple[str, str]:
        return self.address, self.request_id


class Run(msgspec.Struct, frozen=True):
    """One apply or settle: who, from where, and the whole plan it set out to do. `digest` is the plan's."""

    id: str
    started_at: datetime
    author: str
    host: str
    git_commit: str | None
    digest: str
    plan: Json


class PastRun(msgspec.Struct, frozen=True):
    """A run as the ledger holds it. `number` counts runs; `ended_at` and `outcomes` None: it was cut short.

    `outcomes` maps each address to the `ending` of its change, the `reason`, and the `evidence` read back.
    """

    number: int
    run: Run
    ended_at: datetime | None
    outcomes: Json

    @property
    def endings(self) -> Mapping[str, str]:
        """By address."""
        return {address: ending for address, (ending, _) in self.told.items()}

    @property
    def told(self) -> Mapping[str, tuple[str, str]]:
        """Ending and reason, by address."""
        outcomes = self.outcomes if isinstance(self.outcomes, Mapping) else {}
        each = ((address, told) for address, told in outcomes.items() if isinstance(told, Mapping))
        return {address: (str(told["ending"]), str(told["reason"])) for address, told in each}


class Checked(msgspec.Struct, frozen=True):
    """How much was read, and what is `wrong`, a sentence each. `open`: requests that are not final.

    `cut_short`: runs without an end, less their plans; they were killed, or still act. Not those that began requests of
    which none is open any more: nothing is left of them to end.
    """

    identity: str
    runs: int
    words: int
    entries: int
    wrong: tuple[str, ...]
    open: tuple[Entry, ...]
    cut_short: tuple[PastRun, ...]

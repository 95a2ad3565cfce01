"""What a kind proposes for one document, and what binds, blocks or forbids it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

import msgspec

from elreconcile.model.address import Address
from elreconcile.model.block import Block
from elreconcile.model.json import Json


class Action(StrEnum):
    """What carrying a change out does. NONE: the document is as the world is, or nothing may be done."""

    NONE = "none"
    ADD = "add"
    REMOVE = "remove"
    UPDATE = "update"
    REQUEST = "request"


class Precondition(msgspec.Struct, frozen=True):
    """Must hold at the moment of applying; not part of the digest, because waiting can mend it."""

    what: str
    now: str
    remedy: str
    holds: bool


class Refusal(msgspec.Struct, frozen=True):
    """A safety rule that forbids the change. `id` names it; an id in `--accept` lifts it where `acceptable`."""

    id: str
    what: str
    value: str
    limit: str
    remedy: str
    acceptable: bool = False


class Sort(StrEnum):
    """Of a finding.

    EXPECTATION  is not met
    UNKNOWN      could not be observed
    NOTE         worth knowing, and nobody expects it to be otherwise
    """

    EXPECTATION = "expectation"
    UNKNOWN = "unknown"
    NOTE = "note"


class Finding(msgspec.Struct, frozen=True):
    """Something the operator should know that the tool does not change: an unmet expectation, a wrong setting."""

    what: str
    value: str
    wanted: str
    remedy: str
    sort: Sort = Sort.EXPECTATION


class Pending(msgspec.Struct, frozen=True):
    """A part of the desired state that only somebody else can bring about, and what it waits for."""

    what: str
    waits_for: str


class Guard(msgspec.Struct, frozen=True, order=True):
    """A fact of the world that the plan is bound to: with another value it is another world."""

    name: str
    value: str


CLUSTER_ID = "cluster id"
"""The guard that is Kafka's own id of a cluster: two names of one cluster have it in common."""


class Request(msgspec.Struct, frozen=True):
    """The once-only side of a document. `meaning` is what the operator wrote that carries meaning."""

    id: str
    expires: datetime
    meaning: Json
    fingerprint: str


class Change(msgspec.Struct, frozen=True):
    """A kind's whole answer for one document.

    `effect` says exactly what apply does, in the kind's own shape, and `pins` holds every number that a moving
    word of the document (`latest`, a shift, a timestamp) was turned into; both are covered by the plan's digest.
    `before` is the image to go back to. `details` is for people only and never read by apply. `document` is the
    fingerprint of the whole document, as written. `done` is the part of the effect that an earlier run, cut short,
    has already sent: it is only read back. `settled_at`: since when the request is done for good; what has become of
    what it did is not looked at again. `size` counts what the change does, by the names of the limits;
    `deletable` is what its deletions are a share of. `lifted` are refusals that the operator accepted. `went_on` says
    in words how much else it moves than was shown, where the world went on since; told with its outcome.
    """

    address: Address
    action: Action
    title: str
    effect: Json = None
    pins: Json = None
    before: Json = None
    done: Json = None
    size: Mapping[str, int] = {}
    document: str = ""
    request: Request | None = None
    settled_at: datetime | None = None
    guards: tuple[Guard, ...] = ()
    preconditions: tuple[Precondition, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    lifted: tuple[Refusal, ...] = ()
    findings: tuple[Finding, ...] = ()
    pending: tuple[Pending, ...] = ()
    details: tuple[Block, ...] = ()
    went_on: str = ""

    @property
    def locks(self) -> tuple[str, ...]:
        """What must be held to carry it out: its address, and the same place by the cluster's own id."""
        ids = [guard.value for guard in self.guards if guard.name == CLUSTER_ID]
        return str(self.address), *(f"cluster {id}: {self.address.kind} {self.address.name}" for id in ids)

    @property
    def blocked_by(self) -> tuple[Precondition, ...]:
        return tuple(condition for condition in self.preconditions if not condition.holds)

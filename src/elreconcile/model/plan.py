"""A plan: everything that would be done, bound to the world it was made in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

import msgspec

from elreconcile.model.address import Address
from elreconcile.model.change import Action, Change, Refusal
from elreconcile.model.json import Json, digest


class SystemSeen(msgspec.Struct, frozen=True):
    """One system the plan was made from, e.g. ("kafka", "analytics", "Kafka 3.9, cluster q1Sh-9_ISia")."""

    family: str
    name: str
    description: str


class Source(msgspec.Struct, frozen=True):
    """The folder the documents came from; `commit` None: not in git; `dirty`: with changes that are not committed."""

    folder: str
    commit: str | None = None
    dirty: bool = False

    def __str__(self) -> str:
        if self.commit is None:
            return f"{self.folder} (not in git)"
        return f"{self.folder} at {self.commit[:12]} ({'with uncommitted changes' if self.dirty else 'clean'})"


class Plan(msgspec.Struct, frozen=True):
    """`changes` holds every document of the run in the order of carrying out, those with nothing to do included.

    `left_out` are the documents of the folder that were not asked for.
    """

    environment: str
    source: Source
    ledger: str
    systems: tuple[SystemSeen, ...]
    changes: tuple[Change, ...]
    made_at: datetime
    accepted: tuple[str, ...] = ()
    left_out: tuple[Address, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    """Of the run as a whole: limits."""
    lifted: tuple[Refusal, ...] = ()
    """Those of the run as a whole that the operator accepted."""

    @property
    def work(self) -> tuple[Change, ...]:
        """The changes that do something."""
        return tuple(change for change in self.changes if change.action is not Action.NONE)

    @property
    def settled(self) -> tuple[Change, ...]:
        """Those whose request was settled before: what it did is not looked at again."""
        return tuple(change for change in self.changes if change.settled_at)

    @property
    def refused(self) -> tuple[Change, ...]:
        return tuple(change for change in self.changes if change.refusals)

    @property
    def is_refused(self) -> bool:
        return bool(self.refusals or self.refused)

    @property
    def all_lifted(self) -> tuple[Refusal, ...]:
        """What the acceptances lift, of each change and of the run as a whole."""
        return *(refusal for change in self.changes for refusal in change.lifted), *self.lifted

    @property
    def blocked(self) -> tuple[Change, ...]:
        return tuple(change for change in self.work if change.blocked_by)

    @property
    def by_address(self) -> Mapping[Address, Change]:
        """The changes that do something."""
        return {change.address: change for change in self.work}

    def change(self, address: Address) -> Change | None:
        return next((change for change in self.changes if change.address == address), None)

    @property
    def digest(self) -> str:
        return digest(self.bound([change.address for change in self.work]))

    def bound(self, addresses: Iterable[Address]) -> Json:
        """What the digest covers of these changes: guards, pins, acceptances and what will be done.

        Not what waiting can mend, nor how it is shown.
        """
        wanted = set(addresses)
        return {
            "environment": self.environment,
            "ledger": self.ledger,
            "accepted": sorted(self.accepted),
            "changes": {str(change.address): _bound(change) for change in self.changes if change.address in wanted},
        }


def _bound(change: Change) -> Json:
    request = change.request
    return {
        "action": change.action.value,
        "document": change.document,
        "request": None if request is None else {"id": request.id, "fingerprint": request.fingerprint},
        "effect": change.effect,
        "pins": change.pins,
        "guards": {guard.name: guard.value for guard in change.guards},
        "refusals": [refusal.id for refusal in change.refusals],
    }

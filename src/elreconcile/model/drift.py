"""What of a plan is drift: a level that differs, or an expectation that is not met. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from elreconcile.model.address import Address
from elreconcile.model.change import Action, Change
from elreconcile.model.plan import Plan


@dataclass(frozen=True, slots=True)
class Drift:
    """One way a document differs from the world. `sort` is level or expectation."""

    address: Address
    sort: str
    told: str


def drift_of(plan: Plan) -> tuple[Drift, ...]:
    """In the order of the plan. A request that was not carried out yet is no drift: nobody has let it slip."""
    return tuple(drift for change in plan.changes for drift in _of(change))


def unapplied(plan: Plan) -> tuple[Change, ...]:
    """Requests that are still to be carried out: told beside drift, and not counted as such."""
    return tuple(change for change in plan.work if change.action is Action.REQUEST)


def _of(change: Change) -> Iterator[Drift]:
    if change.action not in (Action.NONE, Action.REQUEST):
        yield Drift(change.address, "level", f"{change.action}: {change.title}")
    for pending in change.pending:
        yield Drift(change.address, "level", f"{pending.what} waits for {pending.waits_for}")
    for finding in change.findings:
        yield Drift(change.address, "expectation", f"{finding.what}: {finding.value}; wanted: {finding.wanted}")

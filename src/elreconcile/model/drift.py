"""What of a plan is drift, what could not be seen, and what is merely worth knowing. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from elreconcile.model.address import Address
from elreconcile.model.change import Action, Change, Finding, Pending, Sort
from elreconcile.model.plan import Plan


class Drift(msgspec.Struct, frozen=True):
    """One thing to tell of a document. `sort` is level or expectation; of what is no drift, note."""

    address: Address
    sort: str
    told: str


def drift_of(plan: Plan) -> tuple[Drift, ...]:
    """In the order of the plan. A request that was not carried out yet is no drift: nobody has let it slip."""
    return tuple(drift for change in plan.changes for drift in _of(change))


def unapplied(plan: Plan) -> tuple[Change, ...]:
    """Requests that are still to be carried out: told beside drift, and not counted as such."""
    return tuple(change for change in plan.work if change.action is Action.REQUEST)


def notes(plan: Plan) -> tuple[Drift, ...]:
    """What nobody expects to be otherwise, such as what a request waits for."""
    return tuple(Drift(change.address, "note", told) for change in plan.changes for told in _noted(change))


def not_observed(plan: Plan, lost: Mapping[Address, str]) -> Mapping[Address, str]:
    """Why documents could not be held against the world: all of one (`lost`), or a part."""
    parts = {
        change.address: "; ".join(f"{each.what}: {each.value}" for each in _found(change, Sort.UNKNOWN))
        for change in plan.changes
    }
    return {address: cause for address, cause in sorted({**parts, **lost}.items()) if cause}


def _of(change: Change) -> Iterator[Drift]:
    if change.action not in (Action.NONE, Action.REQUEST):
        yield Drift(change.address, "level", f"{change.action}: {change.title}")
    if change.request is None:
        yield from (Drift(change.address, "level", _waiting(each)) for each in change.pending)
    yield from (Drift(change.address, "expectation", _wanted(each)) for each in _found(change, Sort.EXPECTATION))


def _noted(change: Change) -> Iterator[str]:
    if change.request is not None:
        yield from map(_waiting, change.pending)
    yield from map(_wanted, _found(change, Sort.NOTE))


def _found(change: Change, sort: Sort) -> Iterator[Finding]:
    return (each for each in change.findings if each.sort is sort)


def _waiting(pending: Pending) -> str:
    return f"{pending.what} waits for {pending.waits_for}"


def _wanted(finding: Finding) -> str:
    return f"{finding.what}: {finding.value}; wanted: {finding.wanted}"

"""Drift as text and as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec.structs import asdict

from elreconcile.model.address import Address
from elreconcile.model.change import Refusal
from elreconcile.model.drift import drift_of, notes, unapplied
from elreconcile.model.plan import Plan
from elreconcile.reports.as_json import dumped
from elreconcile.reports.plan_text import left_out, not_looked_at
from elreconcile.reports.table import table


def drift_text(plan: Plan, unseen: Mapping[Address, str]) -> str:
    """A row for each difference, then what is no drift: not allowed, not observed, not carried out yet, noted."""
    rows = [[each.sort, str(each.address), each.told] for each in drift_of(plan)]
    rows += [["refused", address or "all of them", _told(refusal)] for address, refusal in _refusals(plan)]
    rows += [["not observed", str(address), cause] for address, cause in unseen.items()]
    rows += [["unapplied", str(change.address), change.title] for change in unapplied(plan)]
    rows += [[each.sort, str(each.address), each.told] for each in notes(plan)]
    settled = [f"{not_looked_at(plan)}."] if plan.settled else []
    return "\n".join([table(rows) if rows else _none(plan), *settled, *left_out(plan)]) + "\n"


def _none(plan: Plan) -> str:
    documents = len(plan.changes)
    if plan.settled:
        return f"No drift was seen in {documents} document{'s' if documents != 1 else ''}."
    return f"No drift: {documents} document{'s are' if documents != 1 else ' is'} as the world is."


def drift_json(plan: Plan, unseen: Mapping[Address, str]) -> str:
    return dumped(
        {
            "type": "drift",
            "observed_at": plan.made_at,
            "drift": drift_of(plan),
            "refusals": [{**asdict(refusal), "address": address} for address, refusal in _refusals(plan)],
            "not_observed": {str(address): cause for address, cause in unseen.items()},
            "unapplied": [change.address for change in unapplied(plan)],
            "settled": [change.address for change in plan.settled],
            "notes": notes(plan),
            "left_out": plan.left_out,
        }
    )


def _refusals(plan: Plan) -> Sequence[tuple[str | None, Refusal]]:
    """Of each document, then of the plan as a whole, which has no address."""
    own = [(str(change.address), refusal) for change in plan.refused for refusal in change.refusals]
    return [*own, *((None, refusal) for refusal in plan.refusals)]


def _told(refusal: Refusal) -> str:
    return f"{refusal.id}: {refusal.what}: {refusal.value}; {refusal.limit}; {refusal.remedy}"

"""Drift as text and as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

from elreconcile.model.address import Address
from elreconcile.model.drift import drift_of, unapplied
from elreconcile.model.plan import Plan
from elreconcile.reports.as_json import dumped
from elreconcile.reports.table import table


def drift_text(plan: Plan, lost: Mapping[Address, str]) -> str:
    """A row for each difference, then what could not be observed: that is never told as drift."""
    rows = [[each.sort, str(each.address), each.told] for each in drift_of(plan)]
    rows += [["unapplied", str(change.address), change.title] for change in unapplied(plan)]
    rows += [["not observed", str(address), cause] for address, cause in sorted(lost.items())]
    if not rows:
        return f"No drift: {len(plan.changes)} documents are as the world is.\n"
    return table(rows) + "\n"


def drift_json(plan: Plan, lost: Mapping[Address, str]) -> str:
    return dumped(
        {
            "type": "drift",
            "observed_at": plan.made_at,
            "drift": [{**asdict(each), "address": str(each.address)} for each in drift_of(plan)],
            "unapplied": [str(change.address) for change in unapplied(plan)],
            "not_observed": {str(address): cause for address, cause in lost.items()},
        }
    )

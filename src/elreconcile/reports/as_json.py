"""Plans and outcomes as JSON: `format_version`, sorted keys, offsets as integers of 64 bits, no secrets."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec.structs import asdict

from elreconcile.model.address import Address
from elreconcile.model.change import Change
from elreconcile.model.outcome import Outcome
from elreconcile.model.plan import Plan

FORMAT_VERSION = "1.0"


def plan_json(plan: Plan, expires_at: datetime | None = None, stale: str | None = None) -> str:
    """Everything the text shows, and everything apply goes by. `stale`: why a saved plan can no longer be applied."""
    return dumped(
        {
            "type": "plan",
            "digest": plan.digest,
            "made_at": plan.made_at,
            "expires_at": expires_at,
            "stale": stale,
            "environment": plan.environment,
            "source": plan.source,
            "ledger": plan.ledger,
            "systems": plan.systems,
            "accepted": plan.accepted,
            "left_out": plan.left_out,
            "refusals": plan.refusals,
            "changes": [_change(change) for change in plan.changes],
        }
    )


def outcomes_json(outcomes: Sequence[Outcome], run: str | None, plan: Plan) -> str:
    """Of a run of this plan; `run` None: none was begun."""
    told = [
        {
            "address": each.address,
            "ending": each.ending.value,
            "request": each.request,
            "reason": each.reason,
            "evidence": each.evidence,
        }
        for each in outcomes
    ]
    return dumped({"type": "outcomes", "run": run, "digest": plan.digest, "left_out": plan.left_out, "outcomes": told})


def problems_json(problems: Sequence[Any]) -> str:
    """What is wrong in files, one object each with file, line, column and message."""
    return dumped({"type": "problems", "problems": problems})


def _change(change: Change) -> dict[str, Any]:
    told = {name: getattr(change, name) for name in ("guards", "preconditions", "refusals", "findings", "pending")}
    return {
        "address": change.address,
        "kind": change.address.kind,
        "action": change.action.value,
        "title": change.title,
        "request": change.request,
        "settled_at": change.settled_at,
        "effect": change.effect,
        "pins": change.pins,
        "before": change.before,
        "done": change.done,
        "size": dict(change.size),
        "blocked": bool(change.blocked_by),
        **told,
        "details": change.details,
    }


def dumped(document: dict[str, Any]) -> str:
    """A document of ours: with its format's version, keys sorted, times in UTC. Raises TypeError."""
    return json.dumps({"format_version": FORMAT_VERSION, **document}, sort_keys=True, indent=2, default=_plain) + "\n"


def _plain(value: object) -> object:
    if isinstance(value, Address):
        return str(value)
    if isinstance(value, msgspec.Struct):
        return asdict(value)
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    raise TypeError(f"{type(value).__name__} has no place in JSON")

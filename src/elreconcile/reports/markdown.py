"""A plan as a comment on a review: what destroys comes first and is never cut, the rest fits a byte budget."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from elreconcile.model.change import Action, Change
from elreconcile.model.plan import Plan
from elreconcile.reports.plan_text import change_text, totals

BUDGET = 65_536
"""Bytes of a comment that the large hosts take."""

MARKER = "<!-- elreconcile plan -->"
"""By this line a bot finds its own earlier comment and replaces it."""

DESTRUCTIVE = (Action.REMOVE, Action.REQUEST)


def plan_markdown(plan: Plan, expires_at: datetime | None = None, budget: int = BUDGET) -> str:
    """At most `budget` bytes, unless what must not be cut is larger by itself."""
    changes = sorted(plan.changes, key=_rank)
    must = [change for change in changes if change.refusals or change.action in DESTRUCTIVE]
    quiet = [change for change in changes if change.action is Action.NONE and not change.refusals]
    rest = [change for change in changes if change not in must and change not in quiet]
    head, tail = _head(plan), _tail(plan, expires_at)
    left = budget - _size([head, tail]) - RESERVE
    shown_must = _fitting(must, left, cut=False)
    shown_rest = _fitting([*rest, *quiet], left - _size(shown_must), cut=True)
    omitted = len(rest) + len(quiet) - len(shown_rest)
    note = [f"**{omitted} rows left out**; see `elreconcile show` for all of them."] if omitted else []
    return "\n\n".join([head, *shown_must, *shown_rest, *note, tail]) + "\n"


RESERVE = 200
"""Bytes kept for the note on what was left out."""


def _rank(change: Change) -> tuple[int, str]:
    """Refused, then destructive, then the rest, then what has nothing to do."""
    ranks = [bool(change.refusals), change.action in DESTRUCTIVE, change.action is not Action.NONE, True]
    return ranks.index(True), str(change.address)


def _fitting(changes: Sequence[Change], left: int, cut: bool) -> list[str]:
    """As many as fit. What must not be cut is shown without its tables where it would not fit with them."""
    shown: list[str] = []
    for change in changes:
        text = _section(change)
        if _size([*shown, text]) > left:
            if cut:
                break
            text = f"- **{change.action.value}** `{change.address}` {change.title} (tables left out)"
        shown.append(text)
    return shown


def _section(change: Change) -> str:
    if change.action is Action.NONE and not change.refusals and not change.findings and not change.pending:
        return f"- `{change.address}`: nothing to do"
    return f"```\n{change_text(change)}\n```"


def _head(plan: Plan) -> str:
    return f"{MARKER}\n### elreconcile plan for {plan.environment}\n\n{totals(plan)}"


def _tail(plan: Plan, expires_at: datetime | None) -> str:
    expiry = f", expires {expires_at:%Y-%m-%dT%H:%M:%SZ}" if expires_at else ""
    return f"digest `{plan.digest}`{expiry}; {plan.source}"


def _size(texts: Sequence[str]) -> int:
    return sum(len(text.encode()) + 2 for text in texts)

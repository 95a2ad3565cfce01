"""A plan as a comment on a review: what destroys comes first and is never cut, the rest fits a byte budget."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import takewhile

from elreconcile.model.change import Action, Change
from elreconcile.model.plan import Plan
from elreconcile.reports.plan_text import change_text, refusal_text, totals

BUDGET = 65_536
"""Bytes of a comment that the large hosts take."""

MARKER = "<!-- elreconcile plan -->"
"""By this line a bot finds its own earlier comment and replaces it."""

DESTRUCTIVE = (Action.REMOVE, Action.REQUEST)

RESERVE = 300
"""Bytes kept for the note on what was left out, and for the fold."""


def plan_markdown(plan: Plan, expires_at: datetime | None = None, budget: int = BUDGET) -> str:
    """At most `budget` bytes, unless what must not be cut is larger by itself: a line for each of these changes."""
    changes = sorted(plan.changes, key=lambda change: str(change.address))
    must = [change for change in changes if _is_never_cut(change)]
    idle = [change for change in changes if _is_idle(change)]
    rest = [change for change in changes if not _is_never_cut(change) and not _is_idle(change)]
    first, last = [_head(plan), *(_fenced(refusal_text(each)) for each in plan.refusals)], _tail(plan, expires_at)
    told = _never_cut(must, budget - _size([*first, last]) - RESERVE)
    others = _fitting(map(_section, rest), budget - _size([*first, *told, last]) - RESERVE)
    folded = _fitting(map(_line, idle), budget - _size([*first, *told, *others, last]) - RESERVE)
    left_out = len(rest) - len(others) + len(idle) - len(folded)
    return "\n\n".join([*first, *told, *others, *_folded(folded), *_left_out(left_out), last]) + "\n"


def _is_never_cut(change: Change) -> bool:
    return bool(change.refusals) or change.action in DESTRUCTIVE


def _is_idle(change: Change) -> bool:
    return change.action is Action.NONE and not (change.refusals or change.findings or change.pending)


def _never_cut(changes: Iterable[Change], left: int) -> Sequence[str]:
    """Refused ones first. Each whole while that fits, else in a line: no table of one may cost the line of another."""
    ordered = sorted(changes, key=lambda change: not change.refusals)
    lines = [_brief(change) for change in ordered]
    left -= _size(lines)
    told: list[str] = []
    for line, section in zip(lines, map(_section, ordered), strict=True):
        more = _size([section]) - _size([line])
        told.append(section if more <= left else line)
        left -= more if more <= left else 0
    return told


def _fitting(texts: Iterable[str], left: int) -> Sequence[str]:
    """The first of them, as many as fit."""

    def fits(text: str) -> bool:
        nonlocal left
        left -= _size([text])
        return left >= 0

    return list(takewhile(fits, texts))


def _section(change: Change) -> str:
    return _fenced(change_text(change))


def _fenced(text: str) -> str:
    """As it is, whatever is in it."""
    longest = max(map(len, re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}\n{text}\n{fence}"


def _line(change: Change) -> str:
    return f"- `{change.address}`: nothing to do"


def _brief(change: Change) -> str:
    refused = f"**refused** ({', '.join(each.id for each in change.refusals)}) " if change.refusals else ""
    return f"- {refused}**{change.action.value}** `{change.address}` {change.title} (tables left out)"


def _folded(lines: Sequence[str]) -> Sequence[str]:
    if not lines:
        return []
    summary = f"{len(lines)} document{'s' if len(lines) > 1 else ''} with nothing to do"
    return [f"<details><summary>{summary}</summary>", "\n".join(lines), "</details>"]


def _left_out(count: int) -> Sequence[str]:
    return [f"**{count} rows left out**; see `elreconcile show` for all of them."] if count else []


def _head(plan: Plan) -> str:
    return f"{MARKER}\n### elreconcile plan for {plan.environment}\n\n{totals(plan)}"


def _tail(plan: Plan, expires_at: datetime | None) -> str:
    expiry = f", expires {expires_at:%Y-%m-%dT%H:%M:%SZ}" if expires_at else ""
    return f"digest `{plan.digest}`{expiry}; {plan.source}"


def _size(texts: Sequence[str]) -> int:
    return sum(len(text.encode()) + 2 for text in texts)

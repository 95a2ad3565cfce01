"""A plan as a comment on a review: what destroys comes first, tables give way before names, all in a byte budget."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime

import msgspec
from msgspec.structs import replace

from elreconcile.model.block import Block, Line, Table
from elreconcile.model.change import Action, Change
from elreconcile.model.plan import Plan
from elreconcile.reports.plan_text import accepted, change_text, left_out, refusal_text, totals

BUDGET = 65_536
"""Bytes of a comment that the large hosts take."""

MARKER = "<!-- elreconcile plan -->"
"""By this line a bot finds its own earlier comment and replaces it."""

FOLDS = (100, 10, 2)
"""Rows of each table of a document that does not fit with all of them."""

RESERVE = 600
"""Bytes kept for the marker, the notes on what was left out, and the fold."""


class Comment(msgspec.Struct, frozen=True):
    """`unnamed` counts what destroys or is refused, and has not even its name in the comment."""

    text: str
    unnamed: int


class Told(msgspec.Struct, frozen=True):
    """Paragraphs about some documents, the rows of tables in them, and how many documents are not even named."""

    texts: Sequence[str] = ()
    rows: int = 0
    unnamed: int = 0


Brief = Callable[[Sequence[Change]], Sequence[str]]
"""Tells documents without their tables, in one paragraph or none."""


def plan_markdown(
    plan: Plan, expires_at: datetime | None = None, stale: str | None = None, budget: int = BUDGET
) -> Comment:
    """At most `budget` bytes. What destroys or is refused takes its room first, to the last row and then to its name.

    What is not about a single document (limits, acceptances, digest) is never cut, and takes a few thousand bytes.
    `stale`: why a saved plan can no longer be applied.
    """
    grave, rest, idle = _by_weight(plan.changes)
    head = [*_head(plan, stale), *(_fenced(refusal_text(each)) for each in plan.refusals)]
    tail = _tail(plan, expires_at)
    left = budget - _size([*head, *tail]) - RESERVE
    first = _told(grave, left)
    left = 0 if first.unnamed else left - _size(first.texts)
    others = _told(rest, left)
    named = _nameable(idle, left - _size(others.texts))
    rows = sum(map(_rows, (*grave, *rest))) - first.rows - others.rows
    documents = first.unnamed + others.unnamed + len(idle) - len(named)
    told = [*first.texts, *others.texts, *_folded(named), *_cut_off(rows, documents)]
    return Comment(f"{MARKER}\n" + "\n\n".join([*_alarm(first.unnamed), *head, *told, *tail]) + "\n", first.unnamed)


def _by_weight(changes: Iterable[Change]) -> tuple[list[Change], list[Change], list[Change]]:
    """What destroys or is refused, the rest, and what has nothing to do."""
    ordered = sorted(changes, key=lambda change: (not change.refusals, str(change.address)))
    grave = [change for change in ordered if _is_grave(change)]
    idle = [change for change in ordered if _is_idle(change)]
    return grave, [change for change in ordered if not _is_grave(change) and not _is_idle(change)], idle


def _is_grave(change: Change) -> bool:
    destroys = change.action in (Action.REMOVE, Action.REQUEST) or change.size.get("deletions", 0) > 0
    return destroys or bool(change.refusals)


def _is_idle(change: Change) -> bool:
    return change.action is Action.NONE and not (change.refusals or change.findings or change.pending)


def _told(changes: Sequence[Change], left: int) -> Told:
    """Whole from the first one on, the others briefly; in so few words that no name is lost, if that can be."""
    for brief in (_lines, _names):
        room = left - _size(brief(changes))
        if room >= 0:
            return _whole_or(brief, changes, room)
    named = _nameable(changes, left)
    return Told(_names(named), unnamed=len(changes) - len(named))


def _whole_or(brief: Brief, changes: Sequence[Change], left: int) -> Told:
    """`left` are the bytes beside all of them told briefly. One that gets a section leaves at least its name's."""
    sections: list[str] = []
    shown, others = 0, []
    for change in changes:
        room = left + len(_code(change.address.name).encode())
        text, rows = next(((text, rows) for text, rows in _sections(change) if _size([text]) <= room), ("", 0))
        if text:
            left = room - _size([text])
            sections.append(text)
            shown += rows
        else:
            others.append(change)
    return Told([*sections, *brief(others)], shown)


def _nameable(changes: Sequence[Change], left: int) -> Sequence[Change]:
    """The first of them, as many as can be named."""
    counts = range(1, len(changes) + 1)
    return changes[: bisect_right(counts, left, key=lambda count: _size(_names(changes[:count])))]


def _sections(change: Change) -> Iterator[tuple[str, int]]:
    """The whole document, then with less and less of its tables; each with the number of rows it shows."""
    longest = max((len(table.rows) for table in _tables(change)), default=0)
    for most in (longest, *(fold for fold in FOLDS if fold < longest)):
        cut = tuple(part for block in change.details for part in _cut(block, most))
        rows = sum(min(len(table.rows), most) for table in _tables(change))
        yield _fenced(change_text(replace(change, details=cut), full=True)), rows


def _cut(block: Block, most: int) -> Iterator[Block]:
    if isinstance(block, Line) or len(block.rows) <= most:
        yield block
    else:
        yield replace(block, rows=block.rows[:most])
        yield Line(f"{len(block.rows) - most:,} more rows left out", block.depth)


def _tables(change: Change) -> Sequence[Table]:
    return [block for block in change.details if isinstance(block, Table)]


def _rows(change: Change) -> int:
    return sum(len(table.rows) for table in _tables(change))


def _lines(changes: Sequence[Change]) -> Sequence[str]:
    if not changes:
        return []
    lines = [f"- {_what(each)} {_code(str(each.address))} {each.title and _code(each.title)}" for each in changes]
    return ["Without tables and reasons, for want of room:", "\n".join(lines)]


def _names(changes: Sequence[Change]) -> Sequence[str]:
    """Grouped by what is done, kind and system."""
    if not changes:
        return []
    groups: dict[str, list[str]] = {}
    for each in changes:
        group = f"- {_what(each)} {each.address.kind} on {each.address.system}"
        groups.setdefault(group, []).append(_code(each.address.name))
    return ["\n".join(f"{group}, {len(names):,} by name: {', '.join(names)}" for group, names in groups.items())]


def _what(change: Change) -> str:
    if change.refusals:
        return f"**refused** ({', '.join(each.id for each in change.refusals)})"
    if change.action is not Action.NONE:
        return f"**{change.action.value}**"
    return "nothing to do" if _is_idle(change) else "found"


def _folded(changes: Sequence[Change]) -> Sequence[str]:
    if not changes:
        return []
    summary = f"{len(changes):,} document{'s' if len(changes) > 1 else ''} with nothing to do"
    return [f"<details><summary>{summary}</summary>", *_names(changes), "</details>"]


def _alarm(unnamed: int) -> Sequence[str]:
    words = "destroy or are refused, and are not even named here: there is no room. Do not approve by this comment"
    return [f"**{unnamed:,} changes {words}.**"] if unnamed else []


def _cut_off(rows: int, documents: int) -> Sequence[str]:
    counts = [(rows, "rows"), (documents, "documents")]
    told = [f"**{count:,} {what} left out**" for count, what in counts if count]
    return [f"{' and '.join(told)}; the same command with `--full` instead of `--markdown` shows all."] if told else []


def _head(plan: Plan, stale: str | None) -> Sequence[str]:
    warning = [f"**This plan can no longer be applied: {stale}.**"] if stale else []
    return [f"### elreconcile plan for {plan.environment}", *warning, totals(plan), *map(_fenced, accepted(plan))]


def _tail(plan: Plan, expires_at: datetime | None) -> Sequence[str]:
    expiry = f", expires {expires_at:%Y-%m-%dT%H:%M:%SZ}" if expires_at else ""
    return [*map(_fenced, left_out(plan)), f"digest `{plan.digest}`{expiry}; {plan.source}"]


def _fenced(text: str) -> str:
    """As it is, whatever is in it."""
    fence = "`" * max(3, _backticks(text) + 1)
    return f"{fence}\n{text}\n{fence}"


def _code(text: str) -> str:
    """The same within a line. A space keeps a backtick at the edge apart."""
    if "`" not in text:
        return f"`{text}`"
    fence = "`" * (_backticks(text) + 1)
    return f"{fence} {text} {fence}"


def _backticks(text: str) -> int:
    """The longest run of them."""
    return max(map(len, re.findall("`+", text)), default=0)


def _size(texts: Sequence[str]) -> int:
    return sum(len(text.encode()) + 2 for text in texts)

"""A plan as an operator reads it. Colour carries meaning, but never alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from elreconcile.model.block import Block, Line, Table
from elreconcile.model.change import Action, Change, Finding, Pending, Precondition, Refusal
from elreconcile.model.plan import Plan
from elreconcile.reports.table import table

SIGNS = {Action.ADD: "+", Action.REMOVE: "-", Action.UPDATE: "~", Action.REQUEST: "~", Action.NONE: " "}
COLOURS = {"+": "green", "-": "red", "~": "yellow", "!": "red", "?": "cyan", " ": "white"}
FOLD_AFTER = 2
"""Rows shown of a table before the rest is folded."""

NAMED = 5
"""Documents, or lifts of one acceptance, that are named before the rest is counted."""

Paint = Callable[[str, str], str]
"""A text and the name of its colour, to the text that a terminal shows so."""


def plain(text: str, colour: str) -> str:
    return text


def plan_text(plan: Plan, paint: Paint = plain, full: bool = False) -> str:
    """Header, one paragraph for each document with something to say, and the totals."""
    told = [change_text(change, paint, full) for change in plan.changes if _worth_telling(change)]
    limits = [refusal_text(refusal, paint) for refusal in plan.refusals]
    end = "\n".join([totals(plan), *left_out(plan, full)])
    return "\n\n".join([_header(plan), *told, *limits, *accepted(plan, full), end]) + "\n"


def _header(plan: Plan) -> str:
    rows = [[seen.name, seen.family, seen.description] for seen in plan.systems]
    rows += [["desired", "", str(plan.source)], ["ledger", "", plan.ledger]]
    return table(rows)


def _worth_telling(change: Change) -> bool:
    return bool(change.action is not Action.NONE or change.refusals or change.findings or change.pending)


def change_text(change: Change, paint: Paint = plain, full: bool = False) -> str:
    """One document's paragraph."""
    sign = "!" if change.refusals else SIGNS[change.action] if change.action is not Action.NONE else "?"
    name = f"{change.address.kind} {change.address.name} on {change.address.system}"
    head = f"{paint(sign, COLOURS[sign])} {name}" + (f"   {change.title}" if change.title else "")
    return "\n".join([head, *(_indented(text, 2) for text in _body(change, paint, full))])


def _body(change: Change, paint: Paint, full: bool) -> Iterator[str]:
    yield from (refusal_text(refusal, paint) for refusal in change.refusals)
    yield from (_block(block, full) for block in change.details)
    yield from (_waits(condition, paint) for condition in change.blocked_by)
    yield from (_pending(each) for each in change.pending)
    yield from (_finding(each, paint) for each in change.findings)


def refusal_text(refusal: Refusal, paint: Paint = plain) -> str:
    lift = f", or accept it for this plan: --accept {refusal.id}" if refusal.acceptable else ""
    head = f"{paint('refused', 'red')} ({refusal.id}): {refusal.what}: {refusal.value}; {refusal.limit}"
    return f"{head}\n  {refusal.remedy}{lift}"


def accepted(plan: Plan, full: bool = False) -> Sequence[str]:
    """One paragraph, or none: every id that was accepted, with what it lifts; just the first of each unless `full`."""
    rows = [row for id in plan.accepted for row in _lifted(plan, id, full)]
    return ["\n".join(["Accepted for this plan only:", *(f"  {row}" for row in rows)])] if rows else []


def _lifted(plan: Plan, id: str, full: bool) -> Iterator[str]:
    hits = [refusal for refusal in plan.all_lifted if refusal.id == id]
    shown = hits if full else hits[:NAMED]
    yield from (f"{id}: {each.what}: {each.value}; {each.limit}" for each in shown)
    if len(shown) < len(hits):
        yield f"{id}: {len(hits) - len(shown):,} more (--full)"
    if not hits:
        yield f"{id}: lifts nothing now"


def _waits(condition: Precondition, paint: Paint) -> str:
    return f"{paint('waits for', 'yellow')}: {condition.what}. Now {condition.now}\n  {condition.remedy}"


def _pending(pending: Pending) -> str:
    return f"pending: {pending.what} waits for {pending.waits_for}"


def _finding(finding: Finding, paint: Paint) -> str:
    head = f"{paint('found', 'cyan')}: {finding.what}: {finding.value}; wanted: {finding.wanted}"
    return f"{head}\n  {finding.remedy}"


def _block(block: Block, full: bool) -> str:
    text = block.text if isinstance(block, Line) else _folded(block, full)
    return _indented(text, block.depth)


def _indented(text: str, depth: int) -> str:
    """None of its lines is empty."""
    margin = "  " * depth
    return margin + text.replace("\n", f"\n{margin}")


def _folded(block: Table, full: bool) -> str:
    """The first rows and how many more; a table that is hardly longer is shown whole."""
    short = full or len(block.rows) <= FOLD_AFTER + 2
    shown = block.rows if short else block.rows[:FOLD_AFTER]
    text = table(shown, block.columns, block.numeric)
    return text if short else f"{text}\n{len(block.rows) - len(shown)} more rows (--full)"


def left_out(plan: Plan, full: bool = False) -> Sequence[str]:
    """One line, or none: the documents that were not asked for, by address; just the first unless `full`."""
    if not plan.left_out:
        return []
    shown = plan.left_out if full else plan.left_out[:NAMED]
    more = len(plan.left_out) - len(shown)
    named = ", ".join(map(str, shown)) + (f" and {more:,} more" if more else "")
    return [f"Left out as asked, of the folder's documents: {named}."]


def totals(plan: Plan) -> str:
    """How much there is to do and where, and the digest."""
    if not plan.work:
        return _nothing_to_do(plan)
    counts = [
        _count(plan, [Action.ADD], "to add"),
        _count(plan, [Action.UPDATE], "to update"),
        _count(plan, [Action.REMOVE], "to remove"),
        _count(plan, [Action.REQUEST], "to carry out once"),
    ]
    waits = f"; {len(plan.blocked)} waiting for a precondition" if plan.blocked else ""
    refused = f"; {len(plan.refused)} refused" if plan.refused else ""
    total = f"{len(plan.work)} change{'s' if len(plan.work) > 1 else ''} in {plan.environment}"
    return f"{total}: {', '.join(filter(None, counts))}{waits}{refused}{_as_a_whole(plan)}.   digest {plan.digest[:16]}"


def _as_a_whole(plan: Plan) -> str:
    ids = ", ".join(refusal.id for refusal in plan.refusals)
    return f"; refused as a whole ({ids})" if ids else ""


def _count(plan: Plan, actions: Sequence[Action], words: str) -> str:
    number = sum(change.action in actions for change in plan.work)
    return f"{number} {words}" if number else ""


def _nothing_to_do(plan: Plan) -> str:
    found = sum(len(change.findings) for change in plan.changes)
    pending = sum(len(change.pending) for change in plan.changes)
    looked = f"{len(plan.changes)} document{'s' if len(plan.changes) != 1 else ''}"
    if plan.refused:
        return f"Nothing can be done: {len(plan.refused)} of {looked} refused."
    waits = f", {pending} pending" if pending else ""
    findings = f"{found} finding{'s' if found != 1 else ''}{waits}"
    settled = not_looked_at(plan)
    told = f"{'' if settled else ' looked at'}, {findings}{settled and f'; {settled}'}{_as_a_whole(plan)}"
    return f"Nothing to do: {looked}{told}."


def not_looked_at(plan: Plan) -> str:
    """The requests that were settled before, in words; empty: there are none."""
    days = sorted(f"{change.settled_at:%Y-%m-%d}" for change in plan.settled)
    if not days:
        return ""
    settled = f"{len(days)} requests were settled" if len(days) > 1 else "1 request was settled"
    when = f" on {days[0]}" if days[0] == days[-1] else f", the last on {days[-1]},"
    return f"{settled}{when} and not looked at again"

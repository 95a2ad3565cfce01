"""How a run ended, and what to type next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from elreconcile.kinds.way_out import settle
from elreconcile.model.outcome import Ending, Outcome
from elreconcile.reports.table import table

NEXT = {
    Ending.BLOCKED: "make what it waits for true, or let apply wait for it with --wait 10m, and apply again",
    Ending.REFUSED: "see what the server refused, mend it, and apply again",
    Ending.OVERWRITTEN: "find who wrote over it; applying again puts a level right, and a request is yours to settle",
    Ending.UNCERTAIN: "plan again: what can be told will be, and for the rest it says how to settle it",
    Ending.FAILED: "mend the reason and apply again: what was begun goes on with the same numbers",
    Ending.NOT_REACHED: "nothing was done for it; mend what ended the run before it, and apply again",
    Ending.PENDING: "nothing to do now; plan again later to see it come true",
}


def outcomes_text(outcomes: Sequence[Outcome]) -> str:
    """A row for each change, then for each kind of ending what to do about it, once, and what to type."""
    rows = [[each.ending.value, str(each.address), each.reason] for each in outcomes]
    return "\n".join([table(rows), *_advice(outcomes)]) + "\n"


def _advice(outcomes: Sequence[Outcome]) -> Iterator[str]:
    for ending, words in NEXT.items():
        such = [each for each in outcomes if each.ending is ending]
        if such:
            yield f"{ending.value}: {words}"
        if ending is Ending.OVERWRITTEN:
            yield from (f"  {settle(str(each.address), each.request)}" for each in such if each.request)


def summary(outcomes: Sequence[Outcome]) -> str:
    """`2 settled, 1 pending`."""
    counts = [(ending, sum(each.ending is ending for each in outcomes)) for ending in Ending]
    return ", ".join(f"{count} {ending.value}" for ending, count in counts if count) or "nothing to do"

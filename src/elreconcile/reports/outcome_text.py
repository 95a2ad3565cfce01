"""How a run ended, and what to type next."""

from __future__ import annotations

from collections.abc import Sequence

from elreconcile.model.outcome import Ending, Outcome
from elreconcile.reports.table import table

NEXT = {
    Ending.BLOCKED: "make what it waits for true, or let apply wait for it with --wait 10m, and apply again",
    Ending.REFUSED: "see what the server refused, mend it, and apply again",
    Ending.OVERWRITTEN: "find who wrote over it, then: elreconcile settle ADDRESS --done or --not-done, --reason WHY",
    Ending.UNCERTAIN: "plan again: what can be told will be, and for the rest it says how to settle it",
    Ending.FAILED: "mend the reason and apply again: what was begun goes on with the same numbers",
    Ending.NOT_REACHED: "nothing was done for it; mend what ended the run before it, and apply again",
    Ending.PENDING: "nothing to do now; plan again later to see it come true",
}


def outcomes_text(outcomes: Sequence[Outcome]) -> str:
    """A row for each change, then one line of advice for each kind of ending that needs any."""
    rows = [[each.ending.value, str(each.address), each.reason] for each in outcomes]
    advice = [f"{ending.value}: {NEXT[ending]}" for ending in NEXT if any(each.ending is ending for each in outcomes)]
    return "\n".join([table(rows), *advice]) + "\n"


def summary(outcomes: Sequence[Outcome]) -> str:
    """`2 settled, 1 pending`."""
    counts = [(ending, sum(each.ending is ending for each in outcomes)) for ending in Ending]
    return ", ".join(f"{count} {ending.value}" for ending, count in counts if count) or "nothing to do"

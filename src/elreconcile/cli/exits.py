"""How a run's endings become one exit code: what needs a person first wins."""

from __future__ import annotations

from collections.abc import Sequence

from elreconcile.model.outcome import Ending, Outcome

CODES = {
    Ending.SETTLED: 0,
    Ending.PENDING: 0,
    Ending.BLOCKED: 4,
    Ending.REFUSED: 4,
    Ending.OVERWRITTEN: 3,
    Ending.UNCERTAIN: 3,
    Ending.FAILED: 3,
    Ending.NOT_REACHED: 3,
}
UNREACHABLE = 69
FIRST = (UNREACHABLE, 4, 3, 0)


def of_outcomes(outcomes: Sequence[Outcome]) -> int:
    codes = {UNREACHABLE if each.unreachable else CODES[each.ending] for each in outcomes} | {0}
    return next(code for code in FIRST if code in codes)

"""Have Burrow forget, and read back what it shows then."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from elreconcile.kinds.contract import Journal, Moment
from elreconcile.model.change import Change
from elreconcile.model.outcome import Ending, Outcome
from elreconcile.systems import ReadingSystems, WritingSystems

if TYPE_CHECKING:
    from elreconcile.systems.burrow import BurrowReader, BurrowWriter

LOOK_AGAIN = 0.5
"""Seconds between two looks at Burrow while a topic is awaited."""

PATIENCE = 6.0
"""Seconds to await topics after a commit; Burrow showed it within 3 s when this was measured."""


def act(changes: Sequence[Change], systems: WritingSystems, moment: Moment, journal: Journal) -> Iterator[Outcome]:
    for change in changes:
        burrow = systems.burrow(change.address.system)
        _forget(burrow, change, journal)
        yield _once_forgotten(burrow, change)


def _forget(burrow: BurrowWriter, change: Change, journal: Journal) -> None:
    effect: Any = change.effect
    if effect["whole group"]:
        journal.still_ours(change.address)
        burrow.forget_group(change.address.name)
        return
    for topic in effect["forget"]:
        journal.still_ours(change.address)
        burrow.forget_topic(change.address.name, topic)


def _once_forgotten(burrow: BurrowReader, change: Change) -> Outcome:
    """Burrow says yes before it has forgotten."""
    until = time.monotonic() + PATIENCE
    while (outcome := seen(burrow, change)).ending is Ending.FAILED and time.monotonic() < until:
        time.sleep(LOOK_AGAIN)
    return outcome


def verify(outcomes: Sequence[Outcome], changes: Sequence[Change], systems: ReadingSystems) -> Iterator[Outcome]:
    """What waited for a commit may have got it from a reset in the same run: look again for a while."""
    by_address = {change.address: change for change in changes}
    deadline = time.monotonic() + PATIENCE
    for outcome in outcomes:
        while outcome.ending is Ending.PENDING and time.monotonic() < deadline:
            time.sleep(LOOK_AGAIN)
            outcome = seen(systems.burrow(outcome.address.system), by_address[outcome.address])
        yield outcome


def seen(burrow: BurrowReader, change: Change) -> Outcome:
    """How the change stands by what Burrow shows now."""
    effect: Any = change.effect
    shown = sorted(burrow.consumer(change.address.name) or {})
    evidence = {"topics": shown}
    left = [topic for topic in effect["forget"] if topic in shown]
    missing = [topic for topic in effect["wanted"] if topic not in shown]
    if left:
        return Outcome(change.address, Ending.FAILED, f"Burrow still shows {', '.join(left)}", evidence)
    if missing:
        reason = f"forgotten; {', '.join(missing)} returns with the group's next commit"
        return Outcome(change.address, Ending.PENDING, reason, evidence)
    return Outcome(change.address, Ending.SETTLED, "read back", evidence)

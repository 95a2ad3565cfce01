"""What a look through the whole ledger found, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from elreconcile.kinds.way_out import settle
from elreconcile.ledger.entry import Checked, Entry, PastRun, State
from elreconcile.ledger.way_out import PUT_BACK

BY_A_PERSON = (State.OVERWRITTEN, State.UNCERTAIN)


def checked_text(checked: Checked) -> str:
    """One line for what was read, then what is wrong, what is open, and which runs have no end."""
    counts = f"{checked.runs} runs, {checked.words} words on {checked.entries} requests"
    return "\n".join([f"ledger {checked.identity}: {counts}", *_found(checked)]) + "\n"


def _found(checked: Checked) -> Iterator[str]:
    yield from (f"wrong: {each}" for each in checked.wrong)
    if checked.wrong:
        yield f"  do not apply with it: point the configuration to a new place, {PUT_BACK}"
    for entry in checked.open:
        yield from _open(entry)
    for past in checked.cut_short:
        yield from _cut_short(past, checked.open)
    if not (checked.wrong or checked.open or checked.cut_short):
        yield "nothing is wrong, and nothing is open"


def _open(entry: Entry) -> Iterator[str]:
    at = f"{entry.at:%Y-%m-%dT%H:%M:%SZ}"
    yield f"open: {entry.address} {entry.request_id}: {entry.state} by run {entry.run} at {at}"
    by_hand = settle(*entry.key)
    if entry.state in BY_A_PERSON:
        yield f"  look what stands there, then: {by_hand}"
    else:
        yield f"  apply its document again, which goes on with the same numbers; or: {by_hand}"


def _cut_short(past: PastRun, open_: Sequence[Entry]) -> Iterator[str]:
    run = past.run
    yield f"no end: run {run.id}, begun {run.started_at:%Y-%m-%dT%H:%M:%SZ} by {run.author}@{run.host}"
    if any(entry.run == run.id for entry in open_):
        yield "  it still acts, or was cut short with the requests above"
    else:
        yield "  it still acts, or was cut short with no request open: plan again to see what is left to do"

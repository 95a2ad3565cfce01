"""Whether a saved plan may still be carried out, as far as the ledger and the clock know."""

from __future__ import annotations

from datetime import UTC, datetime

from elreconcile.applying.changed import too_late
from elreconcile.errors import Refused
from elreconcile.ledger.entry import PastRun, State
from elreconcile.ledger.store import LedgerReader
from elreconcile.model.outcome import Ending
from elreconcile.planning.saved import SavedPlan

DONE = {Ending.SETTLED.value, Ending.PENDING.value, Ending.OVERWRITTEN.value}
CARRIED_OUT = (State.SETTLED, State.OVERWRITTEN)


def must_be_current(saved: SavedPlan, ledger: LedgerReader) -> None:
    """Raises Refused for a plan that may no longer be carried out."""
    reason = stale(saved, ledger)
    if reason:
        raise Refused(f"nothing was changed: the saved plan can no longer be applied: {reason}; plan again")


def stale(saved: SavedPlan, ledger: LedgerReader) -> str | None:
    """Why it may no longer be carried out; None: it may be. Raises Unreachable."""
    moment = datetime.now(UTC)
    if moment >= saved.expires_at:
        return f"it expired at {saved.expires_at:%Y-%m-%dT%H:%M:%SZ}"
    if saved.plan.ledger != ledger.identity:
        return f"it was made with the ledger {saved.plan.ledger}, and this one is {ledger.identity}"
    now = ledger.run_id(saved.run_number)
    if now != saved.run:
        return (
            f"the ledger is an older copy than the plan knew: run {saved.run_number} was {saved.run} when the plan "
            f"was made, and now {now or 'is not there'}"
        )
    done = [past for past in ledger.runs_of_plan(saved.plan.digest, saved.run_number) if _carried_out(past)]
    if done and _not_merely_skipped(saved, ledger):
        return f"it was carried out by run {done[-1].run.id} at {done[-1].ended_at:%Y-%m-%dT%H:%M:%SZ}"
    return next(filter(None, (too_late(change, moment) for change in saved.plan.work)), None)


def _carried_out(past: PastRun) -> bool:
    """To its end: what was cut short, or came to nothing, may go on."""
    return past.ended_at is not None and set(past.endings.values()) <= DONE


def _not_merely_skipped(saved: SavedPlan, ledger: LedgerReader) -> bool:
    """A request that a run skipped, as nothing was left to do for it, was not carried out by it, begun or not."""
    requests = {(str(change.address), change.request.id) for change in saved.plan.work if change.request}
    entries = ledger.entries_for(address for address, _ in requests)
    return all((entry := entries.get(each)) is not None and entry.state in CARRIED_OUT for each in requests)

"""Carry out a plan that was shown: lock its addresses, look again with its pins, carry it out, keep how it ended."""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable, Mapping, Sequence

import msgspec
from msgspec.structs import replace

from elreconcile.applying.carrying_out import Work, carry_out
from elreconcile.applying.changed import changed
from elreconcile.applying.journal import LedgerJournal, Telling
from elreconcile.applying.observing import Wanted, make_plan, moment_of
from elreconcile.applying.staleness import must_be_current
from elreconcile.applying.stopping import Stopping
from elreconcile.desired.config import Limits
from elreconcile.errors import ElreconcileError, Refused
from elreconcile.ledger.entry import Entry, Run, State
from elreconcile.ledger.lock import Locks, Owner
from elreconcile.ledger.store import LedgerWriter
from elreconcile.model.address import Address
from elreconcile.model.change import Action, Change
from elreconcile.model.outcome import Ending, Outcome
from elreconcile.model.plan import Plan
from elreconcile.planning.policy import outgrown
from elreconcile.planning.saved import SavedPlan, remember
from elreconcile.systems import WritingSystems

LOOK_AGAIN = 2.0
"""Seconds between two looks while waiting for a precondition."""

Waiting = Callable[[Plan, float], None]
"""Told each time it looks again: the plan as it stands, and the seconds left to wait."""


class Apply(msgspec.Struct, frozen=True):
    """Everything a run needs. `wait`, `lock_timeout`: seconds for preconditions, and for locks that others hold.

    `fail_fast`: stop at the first change that does not end well. `waiting`, `telling` are told meanwhile.
    `saved`: the file that the plan was read from. `stopping`: whether a signal asks for an end.
    """

    wanted: Wanted
    systems: WritingSystems
    ledger: LedgerWriter
    locks: Locks
    owner: Owner
    wait: float
    waiting: Waiting
    telling: Telling
    lock_timeout: float
    fail_fast: bool
    saved: SavedPlan | None
    stopping: Stopping


class Ended(msgspec.Struct, frozen=True):
    """How it ended: an outcome for each change of the plan that does something.

    `run`: its id in the ledger; None: blocked, so that none was begun. `unrecorded`: why the ledger could not keep
    that it ended; each request stands there as its outcome says. `interrupted`: a signal asked for its end.
    """

    outcomes: Sequence[Outcome]
    run: str | None = None
    unrecorded: ElreconcileError | None = None
    interrupted: bool = False


def apply(shown: Plan, job: Apply) -> Ended:
    """From when the run is recorded, it ends in outcomes whatever happens.

    Raises LockHeld, Refused (the world is not the one of the plan, or a rule forbids it), Unreachable, LedgerError.
    """
    with job.locks.hold([lock for change in shown.work for lock in change.locks], job.owner, job.lock_timeout) as hold:
        plan = _look_again(shown, job, time.monotonic() + job.wait)
        if plan.blocked:
            return Ended(_named([_blocked(change) for change in plan.work], shown))
        remembered = job.ledger.entries_for(str(change.address) for change in shown.work)
        journal = LedgerJournal(job.ledger, hold, job.owner.run, job.telling, job.stopping)
        work = Work(job.systems, journal, moment_of(job.wanted.config), remembered, job.fail_fast)
        skipped = [_skipped(change, plan, remembered) for change in shown.work if not _left_to_do(change, plan)]
        with job.stopping.watching():
            job.ledger.start_run(_run(shown, plan, job.owner))
            outcomes = _named([*carry_out(plan.work, work), *skipped], shown)
            return Ended(outcomes, job.owner.run, _recorded(outcomes, job), job.stopping.asked)


def _named(outcomes: Sequence[Outcome], shown: Plan) -> Sequence[Outcome]:
    """Each with the request it is about, for who has to settle it."""
    requests = {change.address: change.request.id for change in shown.work if change.request}
    return [replace(each, request=requests.get(each.address)) for each in outcomes]


def _recorded(outcomes: Sequence[Outcome], job: Apply) -> ElreconcileError | None:
    try:
        job.ledger.end_run(job.owner.run, {str(each.address): each.kept() for each in outcomes})
    except ElreconcileError as error:
        return error
    return None


def _run(shown: Plan, plan: Plan, owner: Owner) -> Run:
    """Remembered by the digest that was shown, with what was found under the locks: that is what to go back to."""
    return Run(
        id=owner.run,
        started_at=owner.since,
        author=owner.user,
        host=owner.host,
        git_commit=shown.source.commit,
        digest=shown.digest,
        plan=remember(plan),
    )


def _look_again(shown: Plan, job: Apply, until: float) -> Plan:
    """The same changes planned anew under the locks, once their preconditions hold or the wait is over."""
    addressed = {change.address for change in shown.work}
    wanted = replace(job.wanted, resources=tuple(each for each in job.wanted.resources if each.address in addressed))
    while True:
        plan = make_plan(wanted, job.systems, job.ledger, shown.by_address)
        if job.saved is not None:
            must_be_current(job.saved, job.ledger)
        _still(shown, plan, {each.address: each.file for each in wanted.resources})
        _within_limits(shown, plan, job.wanted.config.limits)
        left = until - time.monotonic()
        if not plan.blocked or left <= 0:
            return plan
        job.waiting(plan, left)
        time.sleep(min(LOOK_AGAIN, left))


def _still(shown: Plan, plan: Plan, files: Mapping[Address, str]) -> None:
    """Every change is as it was shown, or nothing is left to do for it."""
    told = changed(shown, plan, [change for change in shown.work if _left_to_do(change, plan)], files)
    if told:
        lines = "\n".join(f"  {each}".replace("\n", "\n    ") for each in told)
        again = f"plan again: elreconcile plan {shlex.quote(plan.source.folder)}"
        raise Refused(f"nothing was changed: this plan no longer fits what is there now\n{lines}\n{again}")


def _within_limits(shown: Plan, plan: Plan, limits: Limits) -> None:
    """A consumer that went on makes the same reset a larger one."""
    over = [f"{each.id}: {each.what}: {each.value}; {each.limit}" for each in plan.refusals]
    over += outgrown(shown, plan, limits)
    if over:
        raise Refused(f"nothing was changed: the plan is refused by now ({'; '.join(over)}); plan again")


def _left_to_do(change: Change, plan: Plan) -> bool:
    now = plan.change(change.address)
    if now is None or now.action is not Action.NONE or now.refusals or now.document != change.document:
        return True
    return change.request is not None and plan.made_at >= change.request.expires  # too late is not done


def _skipped(change: Change, plan: Plan, remembered: Mapping[tuple[str, str], Entry]) -> Outcome:
    """What came about between the plan and now, by another hand or an earlier run."""
    now, request = plan.change(change.address), change.request
    waits = "; ".join(f"{each.what} waits for {each.waits_for}" for each in now.pending) if now else ""
    if waits:
        return Outcome(change.address, Ending.PENDING, f"skipped: nothing is left for us to do; {waits}")
    entry = remembered.get((str(change.address), request.id)) if request else None
    if entry is not None and entry.state is State.SETTLED:
        return Outcome(change.address, Ending.SETTLED, f"skipped: run {entry.run} carried it out")
    return Outcome(change.address, Ending.SETTLED, "skipped: it came about by another hand; nothing was done for it")


def _blocked(change: Change) -> Outcome:
    """A run carries out all of its changes or none: nothing is half done because one group is in use."""
    reasons = [f"waits for {condition.what}: {condition.now}" for condition in change.blocked_by]
    return Outcome(change.address, Ending.BLOCKED, "; ".join(reasons) or "waits with the rest of this plan")

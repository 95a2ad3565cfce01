"""Carry out a plan that was shown: lock its addresses, look again with its pins, act, read back, remember."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from elreconcile.applying.journal import LedgerJournal, Telling, in_silence
from elreconcile.applying.observing import Wanted, make_plan, moment_of
from elreconcile.errors import ElreconcileError, Refused, Unreachable
from elreconcile.kinds import KINDS
from elreconcile.kinds.contract import Kind, Moment
from elreconcile.ledger.entry import Entry, Run
from elreconcile.ledger.lock import Hold, Locks, Owner
from elreconcile.ledger.store import LedgerWriter
from elreconcile.model.change import Action, Change
from elreconcile.model.outcome import Ending, Outcome
from elreconcile.model.plan import Plan
from elreconcile.planning.difference import compare
from elreconcile.planning.saved import remember
from elreconcile.systems import WritingSystems

LOOK_AGAIN = 2.0
"""Seconds between two looks while waiting for a precondition."""

Waiting = Callable[[Plan, float], None]
"""Told each time it looks again: the plan as it stands, and the seconds left to wait."""


@dataclass(frozen=True, slots=True)
class Apply:
    """Everything a run needs. `wait`: seconds for locks and preconditions; `waiting`, `telling` are told meanwhile."""

    wanted: Wanted
    systems: WritingSystems
    ledger: LedgerWriter
    locks: Locks
    owner: Owner
    wait: float
    waiting: Waiting
    telling: Telling = in_silence


def apply(shown: Plan, job: Apply) -> Sequence[Outcome]:
    """One outcome for each change of the plan that does something.

    Raises LockHeld, Refused (the world is not the one of the plan, or a rule forbids it), Unreachable, LedgerError.
    """
    until = time.monotonic() + job.wait
    with job.locks.hold([str(change.address) for change in shown.work], job.owner, job.wait) as hold:
        plan = _look_again(shown, job, until)
        if plan.blocked:
            return [_blocked(change) for change in plan.work]
        job.ledger.start_run(_run(shown, job.owner))
        return _run_ended([*_carry_out(plan, job, hold), *_become_so(shown, plan)], job)


def _run(shown: Plan, owner: Owner) -> Run:
    return Run(
        id=owner.run,
        started_at=owner.since,
        author=owner.user,
        host=owner.host,
        git_commit=shown.source.commit,
        digest=shown.digest,
        plan=remember(shown),
    )


def _look_again(shown: Plan, job: Apply, until: float) -> Plan:
    """The same changes planned anew under the locks, once their preconditions hold or the wait is over."""
    addressed = {change.address for change in shown.work}
    wanted = replace(job.wanted, resources=tuple(each for each in job.wanted.resources if each.address in addressed))
    while True:
        plan = make_plan(wanted, job.systems, job.ledger, shown.pins)
        _still(shown, plan)
        left = until - time.monotonic()
        if not plan.blocked or left <= 0:
            return plan
        job.waiting(plan, left)
        time.sleep(min(LOOK_AGAIN, left))


def _still(shown: Plan, plan: Plan) -> None:
    """Every change is as it was shown, or nothing is left to do for it."""
    left = [change for change in shown.work if _left_to_do(change, plan)]
    then, now = (each.bound([change.address for change in left]) for each in (shown, plan))
    if then != now:
        lines = "\n".join(f"  {each}" for each in compare(then, now))
        raise Refused(f"the world is no longer the one this plan was made in; nothing was changed\n{lines}")


def _left_to_do(change: Change, plan: Plan) -> bool:
    now = plan.change(change.address)
    if now is None or now.action is not Action.NONE or now.refusals or now.document != change.document:
        return True
    return change.request is not None and plan.made_at >= change.request.expires  # too late is not done


def _become_so(shown: Plan, plan: Plan) -> Sequence[Outcome]:
    """What came about between the plan and now, by another hand or an earlier run."""
    skipped = [change for change in shown.work if not _left_to_do(change, plan)]
    return [Outcome(change.address, Ending.SETTLED, "skipped: nothing is left to do for it") for change in skipped]


def _blocked(change: Change) -> Outcome:
    """A run carries out all of its changes or none: nothing is half done because one group is in use."""
    reasons = [f"waits for {condition.what}: {condition.now}" for condition in change.blocked_by]
    return Outcome(change.address, Ending.BLOCKED, "; ".join(reasons) or "waits with the rest of this plan")


def _carry_out(plan: Plan, job: Apply, hold: Hold) -> Sequence[Outcome]:
    journal = LedgerJournal(job.ledger, hold, job.owner.run, job.telling)
    moment = moment_of(job.wanted.config)
    remembered = job.ledger.entries_for(str(change.address) for change in plan.work)
    ended: dict[str, list[Outcome]] = {}
    for name, changes in _by_kind(plan.work).items():
        ended[name] = _one_kind(KINDS[name], changes, remembered, job, moment, journal)
    return [outcome for name, outcomes in ended.items() for outcome in _verified(name, outcomes, plan, job)]


def _by_kind(work: Iterable[Change]) -> Mapping[str, list[Change]]:
    """In the order of the plan, which is that of the kinds."""
    kinds: dict[str, list[Change]] = {}
    for change in work:
        kinds.setdefault(change.address.kind, []).append(change)
    return kinds


def _one_kind(
    kind: Kind[Any, Any],
    changes: Sequence[Change],
    remembered: Mapping[tuple[str, str], Entry],
    job: Apply,
    moment: Moment,
    journal: LedgerJournal,
) -> list[Outcome]:
    """Whatever happens, every change of the kind ends in an outcome."""
    outcomes: list[Outcome] = []
    cut_short: list[Outcome] = []
    try:
        journal.started(changes, remembered)
        outcomes.extend(kind.act(changes, job.systems, moment, journal))
    except ElreconcileError as error:
        done = {outcome.address for outcome in outcomes}
        cut_short = [_cut_short(change, error, journal) for change in changes if change.address not in done]
    return [*_remembered(outcomes, journal), *cut_short]


def _remembered(outcomes: Sequence[Outcome], journal: LedgerJournal) -> Sequence[Outcome]:
    """What the ledger does not hold is not told as done: the next run reads it back and remembers it."""
    try:
        journal.ended(outcomes)
    except ElreconcileError as error:
        return [_not_kept(each, error) for each in outcomes]
    return outcomes


def _run_ended(outcomes: Sequence[Outcome], job: Apply) -> Sequence[Outcome]:
    """A report ends every run, also where the ledger is gone by now."""
    try:
        job.ledger.end_run(job.owner.run, {str(each.address): each.ending.value for each in outcomes})
    except ElreconcileError as error:
        return [_not_kept(each, error) for each in outcomes]
    return outcomes


def _not_kept(each: Outcome, error: ElreconcileError) -> Outcome:
    if each.ending in (Ending.UNCERTAIN, Ending.FAILED):
        return each
    why = f"{each.ending}, and the ledger could not keep it: {error}; apply again"
    return Outcome(each.address, Ending.UNCERTAIN, why, each.evidence, isinstance(error, Unreachable))


def _cut_short(change: Change, error: ElreconcileError, journal: LedgerJournal) -> Outcome:
    lost = isinstance(error, Unreachable)
    if change.request is None or journal.began_sending(change.address):
        reason = f"it may have been sent, and could not be read back: {error}; apply again to find out"
        return Outcome(change.address, Ending.UNCERTAIN, reason, unreachable=lost)
    return Outcome(change.address, Ending.FAILED, f"nothing was sent for it: {error}", unreachable=lost)


def _verified(name: str, outcomes: Sequence[Outcome], plan: Plan, job: Apply) -> Iterable[Outcome]:
    changes = [change for change in plan.work if change.address.kind == name]
    try:
        return list(KINDS[name].verify(outcomes, changes, job.systems))
    except Unreachable:  # what was read back before stands
        return outcomes

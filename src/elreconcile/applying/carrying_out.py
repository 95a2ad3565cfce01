"""Every change of a plan ends in an outcome, whatever happens on the way.

What is carried out together is a unit: the changes of one kind on one system, so that a system that is down keeps
no other from its changes. What may not be done without, the lock and the ledger, ends the run where it is lost.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

import msgspec

from elreconcile.applying.journal import AFTER, LedgerJournal
from elreconcile.errors import ElreconcileError, Unreachable
from elreconcile.kinds import KINDS
from elreconcile.kinds.contract import Moment
from elreconcile.ledger.entry import Entry
from elreconcile.model.change import Change
from elreconcile.model.outcome import Ending, Outcome
from elreconcile.systems import WritingSystems

log = logging.getLogger(__name__)


class Work(msgspec.Struct, frozen=True):
    """What a run is carried out with. `remembered`: the ledger's entries of its addresses, as they were before.

    `fail_fast`: each change is a unit of its own, and the first that does not end well is the last.
    """

    systems: WritingSystems
    journal: LedgerJournal
    moment: Moment
    remembered: Mapping[tuple[str, str], Entry]
    fail_fast: bool


class _Stop(msgspec.Struct, frozen=True):
    """Why nothing more is begun."""

    reason: str
    unreachable: bool


def carry_out(changes: Sequence[Change], work: Work) -> Sequence[Outcome]:
    """One outcome for each change, in the order of the plan, which is that of the kinds."""
    outcomes: list[Outcome] = []
    stop: _Stop | None = None
    for unit in _units(changes, work.fail_fast):
        why_not = stop or _kept_back(unit, outcomes)
        if why_not is None:
            ended = _one_unit(unit, work)
            stop = _why_stop(ended, work)
        else:
            ended = [_not_reached(change, why_not) for change in unit]
        outcomes += ended
    return [told for unit in _by_kind(outcomes) for told in _verified(unit, changes, work)]


def _kept_back(unit: Sequence[Change], before: Iterable[Outcome]) -> _Stop | None:
    """By a change of an earlier kind that the later ones rely on."""
    kind = unit[0].address.kind
    for each in before:
        if each.address.kind != kind and KINDS[each.address.kind].keeps_back and not each.ending.is_good:
            return _Stop(f"{each.address} ended {each.ending}, and what comes after relies on it", each.unreachable)
    return None


def _units(changes: Iterable[Change], fail_fast: bool) -> Iterable[Sequence[Change]]:
    if fail_fast:
        return [[change] for change in changes]
    return [list(unit) for _, unit in groupby(changes, lambda each: (each.address.kind, each.address.system))]


def _by_kind(outcomes: Iterable[Outcome]) -> Iterable[Sequence[Outcome]]:
    return [list(unit) for _, unit in groupby(outcomes, lambda each: each.address.kind)]


def _one_unit(unit: Sequence[Change], work: Work) -> Sequence[Outcome]:
    outcomes: list[Outcome] = []
    cut_short: list[Outcome] = []
    try:
        work.journal.started(unit, work.remembered)
        outcomes.extend(KINDS[unit[0].address.kind].act(unit, work.systems, work.moment, work.journal))
    except Exception as error:  # noqa: BLE001  a full disk of this machine, or a defect of ours: a report ends the run
        done = {outcome.address for outcome in outcomes}
        cut_short = [_cut_short(change, _told(error), work.journal) for change in unit if change.address not in done]
    # What was begun and cut short stays in the ledger as far as it came: the next run reads it back and goes on.
    never = [each for each in cut_short if each.ending is Ending.NOT_REACHED]
    begun = [each for each in cut_short if each.ending is not Ending.NOT_REACHED]
    return [*_remembered([*outcomes, *never], work.journal), *begun]


def _told(error: Exception) -> ElreconcileError:
    if isinstance(error, ElreconcileError):
        return error
    if not isinstance(error, OSError):
        log.exception("a defect of elreconcile")
    return ElreconcileError(f"{type(error).__name__}: {error}")


def _cut_short(change: Change, error: ElreconcileError, journal: LedgerJournal) -> Outcome:
    """A level leaves no entry: from the moment it is begun nothing tells whether it was sent."""
    lost = isinstance(error, Unreachable)
    begun = journal.has_begun(change.address)
    if journal.began_sending(change.address) or (begun and change.request is None):
        reason = f"it may have been sent, and could not be read back: {error}; apply again to find out"
        return Outcome(change.address, Ending.UNCERTAIN, reason, unreachable=lost)
    if begun:
        return Outcome(change.address, Ending.FAILED, f"nothing was sent for it: {error}", unreachable=lost)
    return _not_reached(change, _Stop(str(error), lost))


def _not_reached(change: Change, stop: _Stop) -> Outcome:
    return Outcome(change.address, Ending.NOT_REACHED, f"not begun: {stop.reason}", unreachable=stop.unreachable)


def _remembered(outcomes: Sequence[Outcome], journal: LedgerJournal) -> Sequence[Outcome]:
    """What the ledger does not hold is not told as done: the next run reads it back and remembers it."""
    try:
        journal.ended(outcomes)
    except ElreconcileError as error:
        lost = {each.address for each in outcomes if each.ending in AFTER and journal.remembers(each.address)}
        return [_forgotten(each, error) if each.address in lost else each for each in outcomes]
    return outcomes


def _forgotten(outcome: Outcome, error: ElreconcileError) -> Outcome:
    reason = f"{outcome.ending}, and the ledger could not keep it: {error}; apply again"
    return Outcome(outcome.address, Ending.UNCERTAIN, reason, outcome.evidence, isinstance(error, Unreachable))


def _why_stop(ended: Sequence[Outcome], work: Work) -> _Stop | None:
    lost = work.journal.lost
    if lost is not None:
        return _Stop(f"the run had to end: {lost}", isinstance(lost, Unreachable))
    bad = [each for each in ended if not each.ending.is_good]
    if work.fail_fast and bad:
        return _Stop(f"{bad[0].address} ended {bad[0].ending}, and --fail-fast stops there", unreachable=False)
    return None


def _verified(outcomes: Sequence[Outcome], changes: Sequence[Change], work: Work) -> Iterable[Outcome]:
    kind = outcomes[0].address.kind
    try:
        return list(KINDS[kind].verify(outcomes, [each for each in changes if each.address.kind == kind], work.systems))
    except Exception as error:  # noqa: BLE001  what was read back before stands
        _told(error)
        return outcomes

"""Ask every kind for its change, add what memory and policy say, and put them in order. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec.structs import replace

from elreconcile.desired.config import Limits
from elreconcile.desired.load import Resource
from elreconcile.kinds.contract import Ask, Kind, Moment
from elreconcile.ledger.entry import Entry
from elreconcile.model.address import Address
from elreconcile.model.change import Action, Change, Refusal
from elreconcile.model.json import digest
from elreconcile.planning.policy import protected
from elreconcile.planning.standing import Key, ask, forbidden, open_requests, others, settled_at, told

Kinds = Mapping[str, Kind[Any, Any]]


class Allowed(msgspec.Struct, frozen=True):
    """What the configuration allows, and which refusals the operator lifted for this plan."""

    limits: Limits
    accepted: frozenset[str] = frozenset()

    def without_accepted(self, refusals: Iterable[Refusal]) -> tuple[Refusal, ...]:
        return tuple(each for each in refusals if not self._lifts(each))

    def lifted(self, refusals: Iterable[Refusal]) -> tuple[Refusal, ...]:
        return tuple(each for each in refusals if self._lifts(each))

    def _lifts(self, refusal: Refusal) -> bool:
        return refusal.acceptable and refusal.id in self.accepted


def asks(
    resources: Sequence[Resource[Any]],
    entries: Mapping[Key, Entry],
    kinds: Kinds,
    shown: Mapping[Address, Change],
    now: datetime,
) -> Sequence[Ask[Any]]:
    """One question for each document. `shown` is what a plan was shown to do, empty for a new one."""
    questions = [ask(each, kinds[each.address.kind], entries, shown, now) for each in resources]
    unsettled = open_requests(entries)
    return [replace(each, others=others(each, unsettled)) for each in questions]


def changes(
    questions: Sequence[Ask[Any]],
    live: Mapping[Address, Any],
    kinds: Kinds,
    moment: Moment,
    allowed: Allowed,
) -> tuple[Change, ...]:
    """Every document's change, in the order of carrying out: by kind, then by address."""
    made = [
        _judged(each, kinds[each.address.kind].diff(each, live[each.address], moment), moment, allowed)
        for each in questions
    ]
    return tuple(sorted(made, key=lambda change: (kinds[change.address.kind].order, change.address)))


def _judged(question: Ask[Any], change: Change, moment: Moment, allowed: Allowed) -> Change:
    """The kind's change, with what the ledger forbids and what the operator accepted."""
    change = protected(change, allowed.limits)
    kept, lifted = allowed.without_accepted(change.refusals), allowed.lifted(change.refusals)
    written = digest(question.resource.spec.model_dump(mode="json", exclude_unset=True))
    return replace(
        change,
        document=written,
        settled_at=settled_at(question.entry),
        action=change.action if question.open else Action.NONE,
        refusals=(*forbidden(question, change.guards), *kept),
        lifted=lifted,
        findings=(*told(question, moment.now), *change.findings),
    )

"""Making a plan from the live world, with a reading client only."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from elreconcile.desired.config import Config
from elreconcile.desired.load import Resource
from elreconcile.errors import Unreachable
from elreconcile.kinds import KINDS, observe_all
from elreconcile.kinds.contract import Moment
from elreconcile.ledger.store import LedgerReader
from elreconcile.model.address import Address
from elreconcile.model.change import Change
from elreconcile.model.plan import Plan, Source
from elreconcile.planning import planner
from elreconcile.planning.policy import over_the_limit, same_cluster
from elreconcile.systems import ReadingSystems


class Wanted(msgspec.Struct, frozen=True):
    """What an operator asked to see or to have done: reviewed documents, and what was accepted for this plan.

    `left_out` are the documents of the folder that were not asked for.
    """

    config: Config
    source: Source
    resources: tuple[Resource[Any], ...]
    accepted: frozenset[str] = frozenset()
    left_out: tuple[Address, ...] = ()


def make_plan(
    wanted: Wanted, systems: ReadingSystems, ledger: LedgerReader, shown: Mapping[Address, Change] | None = None
) -> Plan:
    """Observe everything once and plan. `shown`: what a plan was shown to do, with whose pins; else it makes its own.

    Raises Unreachable, LedgerError.
    """
    plan, lost = look(wanted, systems, ledger, shown or {})
    for error in lost.values():
        raise error
    return plan


def look(
    wanted: Wanted, systems: ReadingSystems, ledger: LedgerReader, shown: Mapping[Address, Change]
) -> tuple[Plan, Mapping[Address, Unreachable]]:
    """A plan of what could be observed, and why the rest could not."""
    moment = moment_of(wanted.config)
    entries = ledger.entries_for(str(resource.address) for resource in wanted.resources)
    questions = planner.asks(wanted.resources, entries, KINDS, shown, moment.now)
    observed = observe_all(questions, systems, moment)
    allowed = planner.Allowed(wanted.config.limits, wanted.accepted)
    seen = [question for question in questions if question.address in observed.live]
    changes = planner.changes(seen, observed.live, KINDS, moment, allowed)
    limits = over_the_limit(changes, wanted.config.limits)
    plan = Plan(
        environment=wanted.config.environment,
        source=wanted.source,
        ledger=ledger.identity,
        systems=systems.seen(),
        changes=changes,
        refusals=(*same_cluster(systems.cluster_ids()), *allowed.without_accepted(limits)),
        lifted=allowed.lifted(limits),
        made_at=moment.now,
        accepted=tuple(sorted(wanted.accepted)),
        left_out=wanted.left_out,
    )
    return plan, observed.lost


def moment_of(config: Config) -> Moment:
    """Now, and the waits of the configuration, in seconds."""
    return Moment(
        now=datetime.now(UTC),
        grace=config.timing.grace.total_seconds(),
        quiet=config.timing.quiet.total_seconds(),
        min_retention_left=config.limits.min_retention_left.total_seconds(),
        purge_horizon=config.limits.purge_horizon.total_seconds() if config.limits.purge_horizon else None,
    )

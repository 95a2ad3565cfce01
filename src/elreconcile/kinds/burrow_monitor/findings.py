"""What keeps Burrow from showing a group as wanted, and what it says of it. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from elreconcile.kinds.burrow_monitor.live import LiveMonitor
from elreconcile.kinds.burrow_monitor.spec import BurrowMonitor, Expect
from elreconcile.model.change import Finding, Sort
from elreconcile.systems.burrow_values import Filters, Status


def findings(spec: BurrowMonitor, live: LiveMonitor) -> Iterator[Finding]:
    kept_out = [finding for filters in live.filters for finding in _kept_out(spec.name, filters)]
    yield from kept_out
    if not kept_out and live.monitored is None and live.committed & live.met:
        yield _unseen(spec.name, live.filters)
    if not live.exists:
        yield Finding("group in Kafka", "no such group", spec.name, "correct the name, or start its consumers")
    for topic in sorted(set(spec.topics) - live.met):
        yield Finding(topic, "Burrow has not met this topic", "a topic of the cluster", "correct its name, or make it")
    if spec.expect is not None:
        yield from _expectations(spec.expect, live.status)


def _kept_out(group: str, filters: Filters) -> Iterator[Finding]:
    """Burrow searches its expressions anywhere in the name, so anchors count."""
    if filters.allow and _matches(filters.allow, group) is False:
        value = f"{filters.allow_key} {filters.allow} does not match it"
        yield Finding(f"group {group}", value, "monitored", _mend(filters.allow_key, filters))
    if filters.deny and _matches(filters.deny, group):
        value = f"{filters.deny_key} {filters.deny} matches it"
        yield Finding(f"group {group}", value, "monitored", _mend(filters.deny_key, filters))


def _unseen(group: str, filters: Sequence[Filters]) -> Finding:
    """Burrow does not tell its deny lists, so only their effect can be seen."""
    value = "Kafka holds its commits, and Burrow does not know it"
    lists = " or ".join(f"{each.deny_key} in [{each.source}]" for each in filters if each.deny is None)
    remedy = "wait for its next commit"
    denied = f"; if it has committed since Burrow started, {lists} keeps it out, which Burrow does not tell"
    return Finding(f"group {group}", value, "monitored", remedy + (denied if lists else ""))


def _mend(key: str, filters: Filters) -> str:
    return f"change {key} in [{filters.source}] of Burrow's configuration and restart Burrow"


def _matches(expression: str, group: str) -> bool | None:
    """None: it is written in what only Go understands (`[[:alpha:]]`, `\\z`), and nothing can be said."""
    if "[[:" in expression:
        return None
    try:
        return re.search(expression, group) is not None
    except re.error:
        return None


def _expectations(expect: Expect, status: Status | None) -> Iterator[Finding]:
    if status is None:
        yield Finding("status", "Burrow does not know the group", expect.status or "known", "wait for its next commit")
        return
    if expect.status is not None and status.complete < 1.0:
        value = f"not known: Burrow has seen {status.complete:.0%} of the commits it judges by"
        yield Finding("status", value, expect.status, "wait", Sort.UNKNOWN)
    elif expect.status is not None and status.status != expect.status:
        yield Finding("status", status.status, expect.status, "see whether its consumers keep up")
    if expect.max_lag is not None and status.total_lag > expect.max_lag:
        yield Finding(
            "lag", f"{status.total_lag:,}", f"at most {expect.max_lag:,}", "see whether its consumers keep up"
        )

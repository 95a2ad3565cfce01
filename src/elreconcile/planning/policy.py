"""What an environment allows one run to do. Each refusal names the setting that raises it. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase

from msgspec.structs import replace

from elreconcile.desired.config import Limits
from elreconcile.model.change import Action, Change, Refusal
from elreconcile.model.plan import Plan

COUNTED = ("groups", "partitions", "rewound", "skipped", "tables", "rows", "deletions")
"""Limits on counts, by their settings."""

SHARE = "deletion_share"


def limit_id(name: str) -> str:
    """What to accept to go over the limit of this name: limit-rewound, limit-deletion-share."""
    return f"limit-{name}".replace("_", "-")


ACCEPTABLE = frozenset({"protected", "retention-margin", "no-events", "not-covered", *map(limit_id, (*COUNTED, SHARE))})
"""The ids of all refusals that an operator may accept, those of the kinds included."""


def protected(change: Change, limits: Limits) -> Change:
    """A change of something whose name the configuration protects needs an acceptance."""
    names = (change.address.name, str(change.address))
    hit = next((each for each in limits.protected if any(fnmatchcase(name, each) for name in names)), None)
    if hit is None or change.action is Action.NONE:
        return change
    remedy = "take the pattern out of limits.protected"
    refusal = Refusal("protected", f"{change.address.name}", "it would be changed", f"{hit} is protected", remedy, True)
    return replace(change, refusals=(*change.refusals, refusal))


def same_cluster(ids: Mapping[str, str]) -> tuple[Refusal, ...]:
    """Under two names of one cluster a group has two addresses, and the ledger remembers each by itself."""
    names: dict[str, list[str]] = {}
    for name, id in sorted(ids.items()):
        names.setdefault(id, []).append(f"kafka.{name}")
    remedy = "keep one of the names in the configuration, and use it in all documents"
    return tuple(
        Refusal("same-cluster", " and ".join(several), f"both are the cluster {id}", "a cluster has one name", remedy)
        for id, several in names.items()
        if len(several) > 1
    )


def over_the_limit(changes: Iterable[Change], limits: Limits) -> tuple[Refusal, ...]:
    """What the whole run does too much of. Rules are named after their settings: limits.groups, limits.rewound, …"""
    return tuple(_over(_total(changes), limits))


def outgrown(shown: Plan, plan: Plan, limits: Limits) -> Iterator[str]:
    """Where a plan made anew does more than the one shown, and may not.

    An acceptance lifts its limit for what was shown, and no further; and no window puts in more rows than were seen.
    """
    then, now = _total(shown.changes), _total(plan.changes)
    for name in (*COUNTED, SHARE):
        most = getattr(limits, name)
        if most is not None and limit_id(name) in plan.accepted and _much(now, name) > max(most, _much(then, name)):
            yield f"{limit_id(name)} was accepted: then {_much(then, name):,}, now {_much(now, name):,}"
    for change in plan.work:
        before = shown.change(change.address)
        rows, seen = (each.size.get("rows", 0) if each else 0 for each in (change, before))
        if rows > seen:
            yield f"{change.address}: rows to put in: then {seen:,}, now {rows:,}"


def _total(changes: Iterable[Change]) -> Counter[str]:
    total: Counter[str] = Counter()
    for change in changes:
        if change.action is not Action.NONE:
            total.update(change.size)
    return total


def _much(total: Counter[str], name: str) -> float:
    if name == SHARE:
        return total["deletions"] / total["deletable"] if total["deletable"] else 0.0
    return total[name]


def _over(total: Counter[str], limits: Limits) -> Iterator[Refusal]:
    for name in COUNTED:
        most = getattr(limits, name)
        if most is not None and total[name] > most:
            yield _refusal(name, f"{total[name]:,}", f"{most:,}")
    share = _much(total, SHARE)
    if limits.deletion_share is not None and share > limits.deletion_share:
        counts = f"{total['deletions']:,} of {total['deletable']:,}"
        yield _refusal(SHARE, f"{share:.0%} ({counts})", f"{limits.deletion_share:.0%}")


def _refusal(name: str, value: str, most: str) -> Refusal:
    setting = f"limits.{name}"
    return Refusal(limit_id(name), f"{name} in this run", value, f"{setting} is {most}", f"raise {setting}", True)

"""What is reported of a group and never changed: unmet expectations, a name that nobody uses, stray commits. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from elreconcile.kinds.consumer_group.live import LiveGroup
from elreconcile.kinds.consumer_group.spec import Expect
from elreconcile.model.change import Finding, Sort
from elreconcile.systems.kafka_values import Partition


def expectations(expect: Expect, live: LiveGroup) -> Iterator[Finding]:
    if expect.min_members is not None:
        yield from _too_few(expect.min_members, live)
    lag = sum(lags(live).values())
    if expect.max_lag is not None and lag > expect.max_lag:
        yield Finding("lag", f"{lag:,}", f"at most {expect.max_lag:,}", "see whether its consumers keep up")
    state = live.listing.state if live.listing else "no such group"
    if expect.state is not None and state != expect.state:
        yield Finding("state", state, expect.state, "see what its consumers do")


def _too_few(least: int, live: LiveGroup) -> Iterator[Finding]:
    if live.listing is not None and live.listing.type != "classic":
        value = f"not known: members are not read of a group of type {live.listing.type}"
        yield Finding("members", value, f"at least {least}", "look with Kafka's own tools", Sort.UNKNOWN)
    elif len(live.members) < least:
        yield Finding("members", str(len(live.members)), f"at least {least}", "start its consumers")


def unheard_of(live: LiveGroup) -> Iterator[Finding]:
    """A name that Kafka has never heard of, or has forgotten: it may be misspelt."""
    if live.listing is None and not live.commits:
        made = any(at is not None for targets in live.pinned.pins.values() for at in targets.values())
        remedy = "its first commits would make it; check its name" if made else "check its name"
        yield Finding("the group", "does not exist", "one that Kafka knows", remedy, Sort.NOTE)


def not_asked(live: LiveGroup) -> Iterator[Finding]:
    """A sign of life that could not be looked for: the reset goes by the others."""
    if live.last_commit.unknown is not None:
        remedy = "see why Burrow is silent"
        yield Finding("its last commit", live.last_commit.unknown, "Burrow's word on it", remedy, Sort.UNKNOWN)


def lags(live: LiveGroup) -> Mapping[Partition, int]:
    """Offsets between each commit and the end of its log; a commit past the end hides no lag elsewhere."""
    return {
        place: max(live.bounds[place].newest - commit.offset, 0)
        for place, commit in live.commits.items()
        if place in live.bounds
    }


def out_of_log(live: LiveGroup) -> Iterator[Finding]:
    """Commits that no log holds: a consumer starting there jumps without a word."""
    for place, commit in sorted(live.commits.items()):
        bounds = live.bounds.get(place)
        if bounds is not None and not bounds.oldest <= commit.offset <= bounds.newest:
            what = f"commit of {place[0]} partition {place[1]}"
            held = f"{bounds.oldest:,} to {bounds.newest:,}"
            yield Finding(
                what,
                f"{commit.offset:,}",
                held,
                "the topic was recreated, or retention went past it; reset it",
                Sort.NOTE,
            )

"""What is reported of a group and never changed: unmet expectations, and commits that no log holds. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from elreconcile.kinds.consumer_group.live import LiveGroup
from elreconcile.kinds.consumer_group.spec import Expect
from elreconcile.model.change import Finding
from elreconcile.systems.kafka_values import Partition


def expectations(expect: Expect, live: LiveGroup) -> Iterator[Finding]:
    if expect.min_members is not None and len(live.members) < expect.min_members:
        yield Finding("members", str(len(live.members)), f"at least {expect.min_members}", "start its consumers")
    lag = sum(lags(live).values())
    if expect.max_lag is not None and lag > expect.max_lag:
        yield Finding("lag", f"{lag:,}", f"at most {expect.max_lag:,}", "see whether its consumers keep up")
    state = live.listing.state if live.listing else "no such group"
    if expect.state is not None and state != expect.state:
        yield Finding("state", state, expect.state, "see what its consumers do")


def lags(live: LiveGroup) -> Mapping[Partition, int]:
    """Offsets between each commit and the end of its log."""
    return {
        place: live.bounds[place].newest - commit.offset
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
            )

"""How far an earlier run came with a reset, read from what stands in Kafka. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from elreconcile.kinds.consumer_group import marks
from elreconcile.kinds.consumer_group.shape import Image
from elreconcile.ledger.entry import State
from elreconcile.systems.kafka_values import Commit, Partition


class Progress(StrEnum):
    TO_DO = "to do"
    DONE = "done"
    UNCERTAIN = "uncertain"


def progress(
    state: State | None,
    request: str,
    targets: Mapping[Partition, int | None],
    before: Image,
    live: Mapping[Partition, Commit],
) -> Mapping[Partition, Progress]:
    """For each partition, whether it is still to be sent.

    Until the ledger says SENDING nothing has been sent; from ACKNOWLEDGED on, everything has been. In between the
    marks tell: ours from before still stands (not done), ours of the reset stands (done), or somebody has written
    over both, and then nothing tells.
    """
    if state in (State.ACKNOWLEDGED, State.SETTLED, State.OVERWRITTEN):
        return dict.fromkeys(targets, Progress.DONE)
    if state is not State.SENDING:
        return dict.fromkeys(targets, Progress.TO_DO)
    return {
        place: _while_sending(request, target, before.get(place), live.get(place)) for place, target in targets.items()
    }


def _while_sending(request: str, target: int | None, before: Commit | None, live: Commit | None) -> Progress:
    if target is None:
        return _while_forgetting(before, live)
    if live is None:
        return Progress.TO_DO if before is None else Progress.UNCERTAIN
    if live == Commit(target, marks.done(request)):
        return Progress.DONE
    if before is not None and live == Commit(before.offset, marks.before(request)):
        return Progress.TO_DO
    return Progress.UNCERTAIN


def _while_forgetting(before: Commit | None, live: Commit | None) -> Progress:
    """What is to be forgotten bears no mark; to forget twice what stands there unchanged does no harm."""
    if live is None:
        return Progress.DONE
    return Progress.TO_DO if live == before else Progress.UNCERTAIN

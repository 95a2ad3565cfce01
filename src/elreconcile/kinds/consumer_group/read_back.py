"""What the commits that stand in Kafka say of a reset that was sent. Pure."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from elreconcile.kinds.consumer_group import marks
from elreconcile.kinds.consumer_group.errand import Errand
from elreconcile.kinds.consumer_group.progress import Progress, progress
from elreconcile.kinds.consumer_group.shape import write_image
from elreconcile.ledger.entry import State
from elreconcile.model.json import Json
from elreconcile.model.outcome import Ending
from elreconcile.systems.kafka_values import Commit, Partition


class Standing(msgspec.Struct, frozen=True):
    """How many partitions of a reset were done, were not, and cannot be told."""

    done: int
    not_done: int
    uncertain: int

    @property
    def nothing(self) -> bool:
        return not self.done and not self.uncertain

    @property
    def everything(self) -> bool:
        return not self.not_done and not self.uncertain

    def __str__(self) -> str:
        total = self.done + self.not_done + self.uncertain
        return f"{self.done} of {total} partitions moved, {self.not_done} not, {self.uncertain} cannot be told"


def standing(each: Errand, live: Mapping[Partition, Commit]) -> Standing:
    wanted = {**each.commit, **dict.fromkeys(each.forget)}
    seen = list(progress(State.SENDING, each.request, wanted, each.before, live).values())
    return Standing(seen.count(Progress.DONE), seen.count(Progress.TO_DO), seen.count(Progress.UNCERTAIN))


def not_given_up(each: Errand, ending: Ending, reason: str) -> tuple[Ending, str]:
    """An ending at which a reset would be forgotten, unless an earlier run has moved some of its partitions.

    Forgotten, it would be pinned anew, and a shift would move those a second time.
    """
    if not each.sent or ending not in (Ending.BLOCKED, Ending.REFUSED):
        return ending, reason
    total = len(each.places)
    return Ending.FAILED, f"{reason}; an earlier run has moved {len(each.sent)} of {total} partitions, the rest is open"


def verdict(each: Errand, live: Mapping[Partition, Commit], used: bool) -> tuple[Ending, str]:
    """Of a reset that Kafka acknowledged. `used`: the group has members, who began from what we committed."""
    lost = [place for place in sorted(each.places) if not _holds(each, place, live.get(place), used)]
    if not lost:
        return Ending.SETTLED, "read back"
    named = ", ".join(f"{topic}[{number}] {_found(live.get((topic, number)))}" for topic, number in lost[:3])
    more = f" and {len(lost) - 3} more" if len(lost) > 3 else ""
    return Ending.OVERWRITTEN, f"acknowledged by Kafka, then overwritten by somebody: now {named}{more}"


def _holds(each: Errand, place: Partition, live: Commit | None, used: bool) -> bool:
    """Whether this is our commit, or one that follows from it."""
    target, was = each.wanted(place), each.before.get(place)
    if target is None:
        return live is None or used
    if live is None or live.offset < target:
        return False
    if used or live == Commit(target, marks.done(each.request)):
        return True
    rewound = was is not None and target < was.offset
    return not rewound or was is None or live.offset < was.offset


def _found(commit: Commit | None) -> str:
    return "has no commit" if commit is None else f"stands at {commit.offset:,}"


def image(each: Errand, live: Mapping[Partition, Commit]) -> Json:
    return write_image({place: live.get(place) for place in each.places})

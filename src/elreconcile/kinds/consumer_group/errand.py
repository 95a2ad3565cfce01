"""One reset on its way: what is to be sent for it, taken from its change. Frozen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from elreconcile.kinds.consumer_group import marks
from elreconcile.kinds.consumer_group.shape import Image, read_image, read_pins, targets
from elreconcile.model.address import Address
from elreconcile.model.change import Change
from elreconcile.systems.kafka_values import Commit, Partition


class Errand(msgspec.Struct, frozen=True):
    """`commit` and `forget` are still to be sent; `sent` was, by an earlier run, and is only read back.

    `went_on`: in words, how much else it moves than was shown.
    """

    address: Address
    request: str
    commit: Mapping[Partition, int]
    forget: frozenset[Partition]
    sent: Mapping[Partition, int | None]
    before: Image
    went_on: str = ""

    @property
    def group(self) -> str:
        return self.address.name

    @property
    def places(self) -> frozenset[Partition]:
        return self.to_send | frozenset(self.sent)

    @property
    def to_send(self) -> frozenset[Partition]:
        return self.forget.union(self.commit)

    def wanted(self, place: Partition) -> int | None:
        return self.sent[place] if place in self.sent else self.commit.get(place)

    def marked(self) -> Mapping[Partition, Commit]:
        """Where its commits stand, with our mark beside each. What has no commit cannot be marked.

        Nor is what is to be forgotten: Burrow, who has maybe just forgotten the topic, would learn of it again.
        """
        mark = marks.before(self.request)
        return {place: Commit(was.offset, mark) for place in self.commit if (was := self.before.get(place)) is not None}

    def placed(self) -> Mapping[Partition, Commit]:
        """Its targets, as they will stand in Kafka."""
        mark = marks.done(self.request)
        return {place: Commit(target, mark) for place, target in self.commit.items()}

    def unmarked(self) -> Mapping[Partition, Commit]:
        """What stood there before we came."""
        return {place: was for place in self.marked() if (was := self.before[place]) is not None}


def errand(change: Change) -> Errand:
    assert change.request is not None  # noqa: S101  only requests have an effect in this kind
    effect: Any = change.effect
    sent = targets(read_pins(change.done))
    commit = {place: at for place, at in targets(read_pins(effect["commit"])).items() if at is not None}
    return Errand(
        address=change.address,
        request=change.request.id,
        commit={place: at for place, at in commit.items() if place not in sent},
        forget=frozenset(targets(read_pins(effect["forget"]))) - frozenset(sent),
        sent=sent,
        before=read_image(change.before),
        went_on=change.went_on,
    )

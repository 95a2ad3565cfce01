"""The kind ConsumerGroup: what is expected of a Kafka group, and a reset of its committed offsets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar

from elreconcile.kinds.consumer_group import act, diff, observe
from elreconcile.kinds.consumer_group.live import LiveGroup
from elreconcile.kinds.consumer_group.spec import ConsumerGroup
from elreconcile.kinds.contract import Ask, Journal, Kind, Moment
from elreconcile.model.address import Address
from elreconcile.model.change import Change, Request
from elreconcile.model.json import digest
from elreconcile.model.outcome import Outcome
from elreconcile.systems import ReadingSystems, WritingSystems

WITHOUT_MEANING = {"id", "expires", "reason"}


class ConsumerGroupKind(Kind[ConsumerGroup, LiveGroup]):
    name: ClassVar[str] = "ConsumerGroup"
    spec = ConsumerGroup
    order: ClassVar[int] = 30

    def request(self, spec: ConsumerGroup) -> Request | None:
        if spec.reset is None:
            return None
        meaning = spec.reset.model_dump(mode="json", exclude_unset=True, exclude=WITHOUT_MEANING)
        return Request(spec.reset.id, spec.reset.expires, meaning, digest(meaning))

    def observe(
        self, asks: Sequence[Ask[ConsumerGroup]], systems: ReadingSystems, moment: Moment
    ) -> Mapping[Address, LiveGroup]:
        return dict(observe.observe(asks, systems, moment))

    def diff(self, ask: Ask[ConsumerGroup], live: LiveGroup, moment: Moment) -> Change:
        return diff.diff(ask, live, moment)

    def act(
        self, changes: Sequence[Change], systems: WritingSystems, moment: Moment, journal: Journal
    ) -> Iterable[Outcome]:
        return act.act(changes, systems, moment, journal)

    def verify(
        self, outcomes: Sequence[Outcome], changes: Sequence[Change], systems: ReadingSystems
    ) -> Iterable[Outcome]:
        """Nothing more: a reset is read back twice while it is carried out."""
        return outcomes

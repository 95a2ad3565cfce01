"""The kind ConsumerGroup: what is expected of a Kafka group, and a reset of its committed offsets.

Its parts are imported when they are used: a plan without such a document loads none of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from elreconcile.kinds.consumer_group.spec import ConsumerGroup
from elreconcile.kinds.contract import Ask, Journal, Kind, Moment, Reverted
from elreconcile.model.address import Address
from elreconcile.model.change import Change, Request
from elreconcile.model.json import Json, digest
from elreconcile.model.outcome import Outcome
from elreconcile.systems import ReadingSystems, WritingSystems

if TYPE_CHECKING:
    from elreconcile.kinds.consumer_group.live import LiveGroup

WITHOUT_MEANING = {"id", "expires", "reason"}


class ConsumerGroupKind(Kind[ConsumerGroup, "LiveGroup"]):
    name: ClassVar[str] = "ConsumerGroup"
    spec = ConsumerGroup
    order: ClassVar[int] = 30
    lasting: ClassVar[str] = "what its consumers have done since stays done; the offsets go back, not the rows"

    def request(self, spec: ConsumerGroup) -> Request | None:
        if spec.reset is None:
            return None
        meaning = spec.reset.model_dump(mode="json", exclude_unset=True, exclude=WITHOUT_MEANING)
        return Request(spec.reset.id, spec.reset.expires, meaning, digest(meaning))

    def observe(
        self, asks: Sequence[Ask[ConsumerGroup]], systems: ReadingSystems, moment: Moment
    ) -> Mapping[Address, LiveGroup]:
        from elreconcile.kinds.consumer_group import observe

        return dict(observe.observe(asks, systems, moment))

    def diff(self, ask: Ask[ConsumerGroup], live: LiveGroup, moment: Moment) -> Change:
        from elreconcile.kinds.consumer_group import diff

        return diff.diff(ask, live, moment)

    def act(
        self, changes: Sequence[Change], systems: WritingSystems, moment: Moment, journal: Journal
    ) -> Iterable[Outcome]:
        from elreconcile.kinds.consumer_group import act

        return act.act(changes, systems, moment, journal)

    def revert(self, change: Change, request: str) -> Reverted:
        """The commits as they stood, partitions without one included."""
        from elreconcile.kinds.consumer_group.shape import read_image, stood

        topics = {topic: {"to": {"offsets": offsets}} for topic, offsets in stood(read_image(change.before)).items()}
        document: dict[str, Json] = {
            "kind": self.name,
            "name": change.address.name,
            "cluster": change.address.system,
            "reset": {"id": request, "reason": f"takes back {change.title}", "topics": topics},
        }
        return Reverted(document, f"{change.address}: {self.lasting}")

    def verify(
        self, outcomes: Sequence[Outcome], changes: Sequence[Change], systems: ReadingSystems
    ) -> Iterable[Outcome]:
        """Nothing more: a reset is read back twice while it is carried out."""
        return outcomes

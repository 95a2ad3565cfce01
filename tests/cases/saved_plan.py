"""A plan in a file, and the group that it would shift."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager

from confluent_kafka import Consumer

from sandbox.waiting import until
from tests.laws.worlds import ConsumerGroupWorld
from tests.operator import Operator, Ran


class Case:
    """A group committed at 60 of 100, a document that shifts it by -40, and a plan saved of it."""

    def __init__(self, world: ConsumerGroupWorld, operator: Operator) -> None:
        self.world = world
        self.operator = operator
        self.file = operator.home / "plan.json"

    def save(self, *words: str) -> Ran:
        saved = self.operator.plan("--out", str(self.file), *words)
        assert saved.code == 0, saved
        return saved

    def apply(self, *words: str) -> Ran:
        return self.operator.run("apply", str(self.file), *words)

    def offsets(self) -> set[int]:
        return set(self.world.commits().values())

    @contextmanager
    def member(self) -> Iterator[None]:
        """A consumer in the group, which does not commit."""
        settings = {"bootstrap.servers": self.world.servers.kafka, "group.id": self.world.name}
        with closing(Consumer(settings | {"enable.auto.commit": False})) as consumer:
            consumer.subscribe([self.world.topic])
            until("it is a member", lambda: consumer.poll(0.2) and consumer.assignment())
            yield

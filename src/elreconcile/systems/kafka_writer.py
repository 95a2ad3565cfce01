"""A Kafka cluster, read and written: only committed offsets, and only of groups without members."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from itertools import islice

from elreconcile.systems import kafka_commits, kafka_rights
from elreconcile.systems.kafka import KafkaReader
from elreconcile.systems.kafka_commits import Answers
from elreconcile.systems.kafka_places import by_coordinator
from elreconcile.systems.kafka_values import NOT_SENT, Commit, Partition

AT_ONCE = 250
"""Groups under one deadline: a coordinator of Kafka 4 takes 12 ms for each."""

Commits = Mapping[Partition, Commit]


class KafkaWriter(KafkaReader):
    """Answers by partition: None when Kafka acknowledged it; else the name of its error, such as
    UNKNOWN_MEMBER_ID for a group with members, or NOT_SENT: nothing was done; or NO_ANSWER: nothing tells.

    What is acknowledged is not undone by an error beside it.
    """

    def alter(self, requests: Mapping[str, Commits]) -> Answers:
        """Commit these offsets by group, without joining it.

        Raises NotAuthorized or Unreachable only with nothing sent: where a group's coordinator is not found.
        """
        self._answer(lambda call: by_coordinator(call, requests))
        answers: dict[str, Mapping[Partition, str | None]] = {
            group: dict.fromkeys(commits, NOT_SENT) for group, commits in requests.items()
        }
        for some in _cut(requests, AT_ONCE):
            call = self._call()
            answers.update(kafka_commits.commit(call, some))
            if not call.deadline.left:
                break
        return answers

    def forget(self, group: str, partitions: Collection[Partition]) -> Mapping[Partition, str | None]:
        """Delete a group's committed offsets. Raises as `alter` does.

        GROUP_ID_NOT_FOUND: there is no such group, so there is nothing to forget either.
        """
        self._answer(lambda call: by_coordinator(call, [group]))
        return kafka_commits.forget(self._call(), group, partitions)

    def rights_to_commit(self, groups: Collection[str], topics: Collection[str], forgetting: Collection[str]) -> None:
        """As `rights`, and for what we lack to commit for these groups, or to delete commits of those `forgetting`."""
        self._answer(lambda call: kafka_rights.examine_to_commit(call, groups, topics, forgetting))


def _cut(requests: Mapping[str, Commits], size: int) -> Iterator[Mapping[str, Commits]]:
    items = iter(requests.items())
    while some := dict(islice(items, size)):
        yield some

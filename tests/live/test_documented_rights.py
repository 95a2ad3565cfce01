"""The rights that docs/configuration.md asks for are enough, and what is missing is told before anything is moved."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from kafka import KafkaAdminClient, KafkaProducer
from kafka.admin import (
    ACL,
    ACLOperation,
    ACLPermissionType,
    ResourcePattern,
    ResourceType,
)
from kafka.structs import OffsetAndMetadata, TopicPartition

from elreconcile.desired.config import load_config
from elreconcile.ledger.opening import init_ledger
from sandbox.addresses import Addresses
from tests.cases.test_burrow import Monitor
from tests.live.secured import PASSWORD, SecuredKafka, allow
from tests.operator import Operator

OPERATIONS = {
    "Describe": ACLOperation.DESCRIBE,
    "DescribeConfigs": ACLOperation.DESCRIBE_CONFIGS,
    "Read": ACLOperation.READ,
    "Delete": ACLOperation.DELETE,
}
Grant = Callable[..., None]


@pytest.fixture
def root(secured: SecuredKafka) -> Iterator[KafkaAdminClient]:
    with closing(secured.admin()) as admin:
        yield admin


@pytest.fixture
def user(secured: SecuredKafka, unique: Callable[[str], str]) -> str:
    name = unique("user")
    secured.add_user(name)
    return name


@pytest.fixture
def grant(root: KafkaAdminClient, user: str) -> Grant:
    def to_the_user(resource: str, name: str, *operations: str) -> None:
        pattern = ResourcePattern(ResourceType[resource.upper()], name)
        allow(
            root,
            [
                ACL(f"User:{user}", "*", OPERATIONS[operation], ACLPermissionType.ALLOW, pattern)
                for operation in operations
            ],
        )

    return to_the_user


@pytest.fixture
def operator(secured: SecuredKafka, user: str, tmp_path: Path) -> Operator:
    (tmp_path / "state").mkdir()
    operator = Operator(tmp_path)
    text = f"""\
environment: secured
kafka:
  analytics:
    bootstrap_servers: ["127.0.0.1:{secured.ports["sasl"]}"]
    security: {{protocol: SASL_PLAINTEXT, mechanism: SCRAM-SHA-512, username: {user}, password: {PASSWORD}}}
timing: {{deadline: 10s, grace: 0s, quiet: 0s}}
ledger: {{sqlite: ledger.sqlite"""
    operator.configure(text + "}\n")
    operator.configure(f"{text}, id: {init_ledger(load_config(operator.config)).id}}}\n")
    return operator


class Group:
    """On two topics of one record each, committed at 1."""

    def __init__(self, secured: SecuredKafka, root: KafkaAdminClient, unique: Callable[[str], str]) -> None:
        self.root = root
        self.name = unique("group")
        self.topics = [unique("moved"), unique("forgotten")]
        for topic in self.topics:
            root.create_topics({topic: {"num_partitions": 1, "replication_factor": 1}}, wait_for_metadata=True)
        with closing(KafkaProducer(bootstrap_servers=secured.bootstrap)) as producer:
            for topic in self.topics:
                producer.send(topic, b"{}").get(10)
        commits = {TopicPartition(topic, 0): OffsetAndMetadata(1, "", -1) for topic in self.topics}
        assert {answer.__name__ for answer in root.alter_group_offsets(self.name, commits).values()} == {"NoError"}

    def committed(self) -> list[int | None]:
        found = self.root.list_group_offsets({self.name: None})[self.name]
        commits = [found.get(TopicPartition(topic, 0)) for topic in self.topics]
        return [commit.offset if commit else None for commit in commits]

    def document(self, forget: bool) -> str:
        targets = f"{self.topics[0]}: {{to: earliest}}" + (f", {self.topics[1]}: {{to: none}}" if forget else "")
        return f"""\
kind: ConsumerGroup
name: {self.name}
cluster: analytics
reset: {{id: r, expires: 2040-01-01T00:00:00Z, topics: {{{targets}}}}}
"""


@pytest.fixture
def group(secured: SecuredKafka, root: KafkaAdminClient, unique: Callable[[str], str]) -> Group:
    return Group(secured, root, unique)


def test_those_to_plan_are_enough_to_plan_and_the_missing_one_is_told(
    operator: Operator, group: Group, grant: Grant
) -> None:
    operator.write(group.document(forget=False))
    grant("group", group.name, "Describe")
    grant("topic", group.topics[0], "Describe", "DescribeConfigs", "Read")
    assert operator.plan("--detailed-exitcode").code == 2
    applied = operator.apply()
    assert (applied.code, group.committed()) == (69, [1, 1])
    assert f"not authorized to Read group {group.name}" in applied.err
    assert "--operation Read" in applied.err


def test_those_to_apply_are_enough_to_apply(operator: Operator, group: Group, grant: Grant) -> None:
    operator.write(group.document(forget=False))
    grant("group", group.name, "Describe", "Read")
    grant("topic", group.topics[0], "Describe", "DescribeConfigs", "Read")
    applied = operator.apply()
    assert (applied.code, group.committed()) == (0, [0, 1]), applied


def test_what_a_monitor_needs_is_enough_and_a_hidden_commit_is_not_taken_for_none(
    operator: Operator, group: Group, grant: Grant, stack: Addresses
) -> None:
    burrow = f"burrow: {{b: {{url: '{stack.burrow.url}', cluster: {stack.burrow.cluster}, kafka: analytics}}}}\n"
    operator.configure(operator.config.read_text() + burrow)
    operator.write(f"{{kind: BurrowMonitor, name: {group.name}, burrow: b, topics: [{group.topics[0]}]}}\n")
    grant("group", group.name, "Describe")
    hidden = operator.plan()
    assert hidden.code == 69, hidden
    assert f"not authorized to Describe topic {group.topics[0]}" in hidden.err
    grant("topic", group.topics[0], "Describe")
    (pending,) = operator.change(f"BurrowMonitor/b/{group.name}")["pending"]
    assert pending["waits_for"].startswith("the group's next commit"), pending


def test_a_monitor_is_applied_with_the_rights_to_plan_it(
    operator: Operator,
    grant: Grant,
    stack: Addresses,
    admin: KafkaAdminClient,
    make_topic: Callable[..., str],
    unique: Callable[[str], str],
) -> None:
    """It commits nothing in Kafka."""
    monitor = Monitor(stack.burrow, admin, unique("group"), (make_topic(), make_topic()))
    monitor.commit_both()
    settings = f"{{url: '{stack.burrow.url}', cluster: {stack.burrow.cluster}, kafka: analytics}}"
    operator.configure(f"{operator.config.read_text()}burrow: {{analytics: {settings}}}\n")
    operator.write(monitor.document())
    grant("group", monitor.group, "Describe")
    grant("topic", monitor.wanted, "Describe")
    applied = operator.apply()
    assert applied.code == 0, applied
    assert monitor.stale not in monitor.topics()


def test_forgetting_needs_one_more(operator: Operator, group: Group, grant: Grant) -> None:
    operator.write(group.document(forget=True))
    grant("group", group.name, "Describe", "Read")
    for topic in group.topics:
        grant("topic", topic, "Describe", "DescribeConfigs", "Read")
    refused = operator.apply()
    assert (refused.code, group.committed()) == (69, [1, 1])
    assert f"not authorized to Delete group {group.name}" in refused.err
    grant("group", group.name, "Delete")
    applied = operator.apply()
    assert (applied.code, group.committed()) == (0, [0, None]), applied

"""When a group last committed, by the word of a Burrow: what a plan says where no Burrow can tell."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from kafka import KafkaAdminClient

from sandbox.addresses import Addresses
from sandbox.ports import free_port
from sandbox.waiting import until
from tests.cases.test_burrow import Monitor
from tests.operator import Operator
from tests.relay import Fault, Relay, relay_to

GROUPS = 20


@pytest.fixture
def relay(stack: Addresses) -> Iterator[Relay]:
    with relay_to(int(urlsplit(stack.burrow.url).port or 0)) as relay:
        yield relay


def reset(group: str, topic: str) -> str:
    return f"""---
kind: ConsumerGroup
name: {group}
cluster: analytics
reset: {{id: r, expires: 2040-01-01T00:00:00Z, to: earliest, topics: {{{topic}: }}}}
"""


def found(operator: Operator) -> list[str]:
    """What is said of the last commit, for each group that anything is said of."""
    return [
        finding["value"]
        for change in operator.plan("--json").json["changes"]
        for finding in change["findings"]
        if finding["what"] == "its last commit"
    ]


def test_a_burrow_that_hangs_is_waited_for_once(
    operator: Operator, relay: Relay, stack: Addresses, make_topic: Any, unique: Any
) -> None:
    """From the beginning, or as soon as it is asked for a group: for each group it would take a whole deadline."""
    topic, url = make_topic(), f"http://127.0.0.1:{relay.port}"
    operator.write("".join(reset(unique(f"g{number}"), topic) for number in range(GROUPS)))
    operator.configure(operator.config.read_text().replace(stack.burrow.url, url).replace("10s", "6s"))
    for request in (b"/admin/ready", b"/consumer/"):
        relay.heal()
        before = relay.connections
        relay.fail_at(Fault.SILENT, request)
        words = found(operator)
        assert len(words) == GROUPS
        assert {word.partition(" (")[0] for word in words} == {
            f"Burrow analytics: {url}: it accepts connections, but does not answer"
        }
        assert relay.connections == before + 1


def test_a_cluster_that_burrow_does_not_have_is_not_taken_for_an_unknown_group(
    operator: Operator, make_topic: Any, unique: Any
) -> None:
    operator.write(reset(unique("group"), make_topic()))
    operator.configure(operator.config.read_text().replace("cluster: local", "cluster: elsewhere"))
    (word,) = found(operator)
    assert word.startswith("Burrow analytics: it has no cluster elsewhere; it has local (tried for ")


def test_another_burrow_is_asked_where_the_first_is_down(
    operator: Operator, stack: Addresses, admin: KafkaAdminClient, make_topic: Any, unique: Any
) -> None:
    topic, group = make_topic(known_to_burrow=True), unique("group")
    monitor = Monitor(stack.burrow, admin, group, (topic, topic))
    monitor.commit(topic)
    until("Burrow monitors the group", lambda: monitor.topics() == [topic], 60)
    operator.write(reset(group, topic) + reset(unique("unknown"), topic))
    down = f"burrow:\n  a-first: {{url: 'http://127.0.0.1:{free_port()}', cluster: local, kafka: analytics}}"
    operator.configure(operator.config.read_text().replace("burrow:", down, 1))
    (word,) = found(operator)
    assert word.startswith("Burrow a-first: "), "of the group that the other Burrow does not know either"

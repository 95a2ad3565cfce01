"""A group in use is not reset: its members, those that come in between, and the time after they have left."""

from __future__ import annotations

import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import requests
from confluent_kafka import TopicPartition as Place

from sandbox.addresses import Addresses
from sandbox.waiting import until
from tests.cases.group import EVENTS, Group, event, polling
from tests.operator import COMMAND, Operator, Ran


def test_a_group_in_use_blocks_and_names_its_members(group: Group, operator: Operator) -> None:
    operator.write(group.document("earliest"))
    with closing(group.member("the-writer")) as consumer, polling(consumer) as moved:
        consumer.subscribe([group.topic])
        until("it is a member", moved.is_set)
        blocked = operator.apply()
        assert blocked.code == 4
        assert "1 member: the-writer on 127.0.0.1" in blocked.out
    assert operator.apply("--wait", "30s").code == 0
    assert group.commits() == [0, 0]


def test_a_plan_made_while_the_consumer_runs_is_applied_once_it_has_stopped(group: Group, operator: Operator) -> None:
    """The pins are those that were shown, wherever the consumer was when it stopped.

    What it calls itself is shown while it is waited for, and would be wrong as markup.
    """
    operator.write(group.document("{behind_end: 80}"))
    applied = applied_while_a_consumer_goes_on(group, operator)
    assert applied.code == 0, applied
    assert "1 member: app[/prod] on 127.0.0.1" in applied.out
    assert "the offsets had moved on since the plan: rewound 160 instead of 80" in applied.out
    assert group.commits() == [20, 20]


@pytest.mark.parametrize(
    ("to", "rule"), [("{shift: 5}", "moved"), ("{shift: -40}", "moved"), ("{offset: 80}", "passed")]
)
def test_a_consumer_that_goes_on_while_it_is_waited_for_turns_no_reset_into_another(
    to: str, rule: str, group: Group, operator: Operator
) -> None:
    operator.write(group.document(to))
    applied = applied_while_a_consumer_goes_on(group, operator)
    assert applied.code == 4, applied
    assert rule in applied.err
    assert "plan again" in applied.err
    assert group.commits() == [100, 100]


def applied_while_a_consumer_goes_on(group: Group, operator: Operator) -> Ran:
    """To the end of its topic, and leaves."""
    consumer = group.member("app[/prod]")
    with polling(consumer) as moved:
        consumer.subscribe([group.topic])
        until("it is a member", moved.is_set)
        with ThreadPoolExecutor() as beside:
            applying = beside.submit(operator.apply, "--wait", "40s")
            until("it is at it", lambda: applying.done() or has_locks(operator))
            time.sleep(2)
            assert not applying.done()
            consumer.stop_polling = True
            time.sleep(1)
            consumer.commit(offsets=[Place(group.topic, part, 100) for part in range(2)], asynchronous=False)
            consumer.close()
            return applying.result()


def test_a_topic_recreated_while_waiting_is_another_world(group: Group, operator: Operator, produce: Any) -> None:
    """The command is stopped meanwhile: it does not see a moment at which the topic is half gone."""
    operator.write(group.document("{offset: 5}"))
    consumer = group.member("the-writer")
    words = [*COMMAND, "apply", str(operator.state), "--yes", "--wait", "60s"]
    with closing(consumer), polling(consumer) as moved:
        consumer.subscribe([group.topic])
        until("it is a member", moved.is_set)
        with subprocess.Popen(words, env=operator.environment, stderr=subprocess.PIPE, text=True) as applying:
            until("it is at it", lambda: applying.poll() is not None or has_locks(operator))
            time.sleep(2)
            applying.send_signal(signal.SIGSTOP)
            group.admin.delete_topics([group.topic])
            until("it is gone", lambda: group.topic not in group.admin.list_topics())
            consumer.unsubscribe()
            group.admin.create_topics({group.topic: {"num_partitions": 2, "replication_factor": 1}})
            produce(group.topic, {part: [event(number) for number in range(EVENTS)] for part in range(2)})
            applying.send_signal(signal.SIGCONT)
            _, told = applying.communicate(timeout=90)
    assert applying.returncode == 4, told
    assert "topic id" in told or "no-such-topic" in told
    assert group.commits() == [None, None]


def has_locks(operator: Operator) -> bool:
    return any((operator.home / "ledger.sqlite.locks").glob("*.lock"))


def test_a_member_that_joins_between_check_and_commit_stops_it(group: Group, stack: Addresses, tmp_path: Path) -> None:
    """It joins during the grace time after the marks: nothing is moved, and the request may be carried out later.

    Kafka lets no mark be taken away beside a member. The next run knows them for its own.
    """
    operator = Operator.at(tmp_path / "slow", stack, "timing: {grace: 6s, quiet: 0s}\n")
    operator.write(group.document("earliest"))
    with ThreadPoolExecutor() as beside:
        applying = beside.submit(operator.apply)
        until("it has marked", lambda: applying.done() or group.metadata() != {""})
        assert not applying.done(), applying.result()
        with closing(group.member("too-early")) as consumer, polling(consumer):
            consumer.subscribe([group.topic])
            applied = applying.result()
    assert applied.code == 4, applied
    assert "nothing was moved" in applied.out
    assert (group.commits(), group.metadata()) == ([60, 60], {"elreconcile before case"})
    until("it has left", lambda: not group.admin.describe_groups([group.name])[group.name]["members"])
    assert operator.apply("--wait", "30s").code == 0
    assert group.commits() == [0, 0]
    run, stood = operator.run("history", "--json").json["runs"][-1]["run"]["id"], {"offset": 60, "metadata": ""}
    for word in operator.run("history", run, "--json").json["words"]:
        assert word["before"] == {group.topic: {"0": stood, "1": stood}}, word


def test_a_group_that_committed_a_moment_ago_counts_as_used(group: Group, stack: Addresses, tmp_path: Path) -> None:
    operator = Operator.at(tmp_path / "quiet", stack, "timing: {grace: 1s, quiet: 8s}\n")
    operator.write(group.document("earliest"))
    until("Burrow has met the topic", lambda: group.topic in burrow(stack, "topic")["topics"])
    group.commit(60, 60)
    until(
        "Burrow has seen the commit", lambda: group.topic in burrow(stack, f"consumer/{group.name}").get("topics", {})
    )
    group.commit(60, 60)
    blocked = operator.apply()
    assert blocked.code == 4, blocked
    assert "wanted 8 s of silence" in blocked.out
    assert operator.apply("--wait", "30s").code == 0
    assert group.commits() == [0, 0]


def burrow(servers: Addresses, path: str) -> Any:
    return requests.get(f"{servers.burrow.url}/v3/kafka/{servers.burrow.cluster}/{path}", timeout=5).json()


def test_a_killed_member_lingers_for_its_session_time_and_can_be_waited_for(
    group: Group, operator: Operator, eventlogging: Any
) -> None:
    writer = eventlogging(group.topic, group=group.name)
    writer.start()
    writer.kill()
    operator.write(group.document("earliest"))
    assert operator.apply().code == 4
    assert operator.apply("--wait", "60s").code == 0
    assert group.commits() == [0, 0]

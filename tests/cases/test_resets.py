"""Resets of real groups on a real Kafka: every target, what forbids one, and who gets in the way."""

from __future__ import annotations

import signal
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from confluent_kafka import Consumer
from confluent_kafka import TopicPartition as Place
from kafka import KafkaAdminClient, KafkaConsumer
from kafka.structs import OffsetAndMetadata, TopicPartition

from sandbox.addresses import Addresses
from sandbox.events import Record, navigation_timing, record
from sandbox.waiting import until
from tests.operator import COMMAND, Operator, Ran

START = datetime(2018, 3, 13, 13, 29, 11, tzinfo=UTC)
EVENTS = 100


def event(number: int) -> Record:
    """A second apart."""
    return record(navigation_timing(number, START + timedelta(seconds=number)))


class Member(Consumer):
    """A consumer that is polled until somebody says stop."""

    stop_polling = False


class Group:
    """A group and its topic of two partitions, 100 events each, committed at 60."""

    def __init__(self, servers: Addresses, admin: KafkaAdminClient, name: str, topic: str) -> None:
        self.servers = servers
        self.admin = admin
        self.name = name
        self.topic = topic

    def commit(self, *offsets: int) -> None:
        places = {TopicPartition(self.topic, part): OffsetAndMetadata(at, "", -1) for part, at in enumerate(offsets)}
        assert {answer.__name__ for answer in self.admin.alter_group_offsets(self.name, places).values()} == {"NoError"}

    def commits(self) -> list[int | None]:
        found = self.admin.list_group_offsets({self.name: None})[self.name]
        offsets = {place.partition: commit.offset for place, commit in found.items() if place.topic == self.topic}
        return [offsets.get(part) for part in range(2)]

    def consumer(self, **settings: Any) -> KafkaConsumer:
        return KafkaConsumer(
            bootstrap_servers=self.servers.kafka,
            group_id=self.name,
            auto_offset_reset="earliest",
            **settings,
        )

    def member(self, client_id: str) -> Member:
        """Of librdkafka: kafka-python's consumer may wait for minutes until it has partitions of a new topic."""
        settings = {"bootstrap.servers": self.servers.kafka, "group.id": self.name, "client.id": client_id}
        return Member({**settings, "enable.auto.commit": False, "auto.offset.reset": "earliest"})

    def document(self, to: str, more: str = "", id: str = "case", expires: str = "2040-01-01T00:00:00Z") -> str:
        return f"""
kind: ConsumerGroup
name: {self.name}
cluster: analytics
reset:
  id: {id}
  expires: {expires}
  to: {to}
  {more}
  topics: {{{self.topic}: }}
"""

    @property
    def address(self) -> str:
        return f"ConsumerGroup/analytics/{self.name}"


@pytest.fixture
def group(stack: Addresses, admin: KafkaAdminClient, make_topic: Any, produce: Any, unique: Any) -> Group:
    topic = make_topic(partitions=2)
    produce(topic, {part: [event(number) for number in range(EVENTS)] for part in range(2)})
    made = Group(stack, admin, unique("group"), topic)
    made.commit(60, 60)
    return made


@pytest.mark.parametrize(
    ("to", "ends"),
    [
        ("earliest", [0, 0]),
        ("latest", [100, 100]),
        ("{timestamp: 2018-03-13T13:29:31Z}", [20, 20]),
        ("{timestamp: 2018-03-13T14:29:30.5+01:00}", [20, 20]),
        ("{offset: 42}", [42, 42]),
        ("{offsets: {0: 10, 1: 90}}", [10, 90]),
        ("{offsets: {0: 10, 1: keep}}", [10, 60]),
        ("{shift: -50}", [10, 10]),
        ("{shift: 40}", [100, 100]),
        ("{behind_end: 30}", [70, 70]),
        ("none", [None, None]),
    ],
)
def test_a_target_is_where_the_commits_end_up(
    to: str, ends: list[int | None], group: Group, operator: Operator
) -> None:
    operator.write(group.document(to))
    applied = operator.apply()
    assert applied.code == 0, applied
    assert group.commits() == ends
    assert operator.plan("--detailed-exitcode").code == 0


def test_ago_counts_back_from_now(group: Group, operator: Operator, produce: Any) -> None:
    now_ms = int(time.time() * 1000)
    produce(
        group.topic, {part: [Record(b"{}", now_ms - 3_000_000), Record(b"{}", now_ms - 60_000)] for part in range(2)}
    )
    operator.write(group.document("{ago: 30m}"))
    assert operator.apply().code == 0
    assert group.commits() == [101, 101]


def test_each_topic_may_say_its_own(group: Group, operator: Operator, make_topic: Any, produce: Any) -> None:
    other = make_topic(partitions=1)
    produce(other, {0: [event(number) for number in range(10)]})
    operator.write(
        group.document("earliest").replace(
            f"{{{group.topic}: }}", f"{{{group.topic}: , {other}: {{to: {{behind_end: 3}}}}}}"
        )
    )
    assert operator.apply().code == 0
    found = group.admin.list_group_offsets({group.name: None})[group.name]
    assert group.commits() == [0, 0]
    assert found[TopicPartition(other, 0)].offset == 7


@pytest.mark.parametrize(
    ("to", "more", "rule"),
    [
        ("{offset: 101}", "", "out-of-range"),
        ("{shift: -61}", "", "out-of-range"),
        ("{behind_end: 101}", "", "out-of-range"),
        ("{offsets: {0: 10}}", "", "partitions-uncovered"),
        ("{offsets: {0: 10, 1: 10, 2: 10}}", "", "no-such-partition"),
        ("{timestamp: 2030-01-01T00:00:00Z}", "", "no-match"),
    ],
)
def test_what_cannot_be_meant_is_refused(to: str, more: str, rule: str, group: Group, operator: Operator) -> None:
    operator.write(group.document(to, more))
    assert [each["id"] for each in operator.change(group.address)["refusals"]] == [rule]
    applied = operator.apply("--wait", "5s")
    assert (applied.code, group.commits()) == (4, [60, 60])
    assert rule in applied.out


@pytest.mark.parametrize(
    ("to", "more", "ends"),
    [
        ("{offset: 101}", "on_out_of_range: clamp", [100, 100]),
        ("{shift: -61}", "on_out_of_range: clamp", [0, 0]),
        ("{timestamp: 2030-01-01T00:00:00Z}", "on_no_match: latest", [100, 100]),
        ("{timestamp: 2030-01-01T00:00:00Z}", "on_no_match: earliest", [0, 0]),
    ],
)
def test_clamping_is_done_when_asked_for(to: str, more: str, ends: list[int], group: Group, operator: Operator) -> None:
    operator.write(group.document(to, more))
    applied = operator.apply()
    assert (applied.code, group.commits()) == (0, ends), applied


def test_what_retention_deleted_is_refused_and_said(group: Group, operator: Operator) -> None:
    group.admin.delete_records({TopicPartition(group.topic, 0): 50})
    operator.write(group.document("{timestamp: 2018-03-13T13:29:31Z}"))
    refused = operator.plan("--detailed-exitcode")
    assert refused.code == 4
    assert f"{group.topic}, partition 0: asked for 2018-03-13T13:29:31Z" in refused.out
    assert "the earliest kept is 2018-03-13T13:30:01Z" in refused.out
    assert (operator.apply().code, group.commits()) == (4, [60, 60])
    operator.write(group.document("{timestamp: 2018-03-13T13:29:31Z}", "on_out_of_range: clamp"))
    assert "clamped to 50" in operator.plan().out
    assert (operator.apply().code, group.commits()) == (0, [50, 20])


def test_a_target_about_to_be_deleted_needs_an_acceptance(
    group: Group, operator: Operator, admin: KafkaAdminClient
) -> None:
    from kafka.admin import ConfigResource, ConfigResourceType

    century = str(int((time.time() - START.timestamp() + 600) * 1000))
    admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, group.topic, configs={"retention.ms": century})])
    operator.write(group.document("{offset: 20}"))
    refused = operator.plan("--detailed-exitcode")
    assert refused.code == 4
    assert "--accept retention-margin" in refused.out
    assert operator.apply().code == 4
    assert operator.apply("--accept", "retention-margin").code == 0
    assert group.commits() == [20, 20]


def test_a_topic_that_does_not_exist_is_refused_and_not_made(group: Group, operator: Operator) -> None:
    operator.write(group.document("earliest").replace(group.topic, "no-such-topic-at-all"))
    applied = operator.apply()
    assert applied.code == 4
    assert "no-such-topic" in applied.out
    assert "no-such-topic-at-all" not in group.admin.list_topics()


def test_a_name_that_no_group_bears_is_told_in_every_form(group: Group, operator: Operator) -> None:
    typo = f"{group.name}-typo"
    operator.write(group.document("earliest").replace(f"name: {group.name}", f"name: {typo}"))
    told = "the group: does not exist; wanted: one that Kafka knows"
    for form in ([], ["--markdown"]):
        shown = operator.plan(*form)
        assert (told in shown.out, "its first commits would make it; check its name" in shown.out) == (True, True), (
            shown
        )
    (found,) = operator.change(f"ConsumerGroup/analytics/{typo}")["findings"]
    assert (found["value"], found["sort"]) == ("does not exist", "note")
    operator.write(group.document("earliest"))
    assert "does not exist" not in operator.plan().out


def test_a_group_in_use_blocks_and_names_its_members(group: Group, operator: Operator) -> None:
    operator.write(group.document("earliest"))
    with closing(group.member("the-writer")) as consumer, _polling(consumer) as moved:
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
    with _polling(consumer) as moved:
        consumer.subscribe([group.topic])
        until("it is a member", moved.is_set)
        with ThreadPoolExecutor() as beside:
            applying = beside.submit(operator.apply, "--wait", "40s")
            until("it is at it", lambda: applying.done() or _has_locks(operator))
            time.sleep(2)
            assert not applying.done()
            consumer.stop_polling = True
            time.sleep(1)
            consumer.commit(offsets=[Place(group.topic, part, 100) for part in range(2)], asynchronous=False)
            consumer.close()
            return applying.result()


@pytest.mark.parametrize(
    ("to", "moving", "ends"),
    [("earliest", True, [0, 0]), ("earliest", False, [0, 0]), ("none", True, [None, None])],
    ids=["moving", "standing still", "to be forgotten"],
)
def test_a_consumer_that_assigns_by_hand_is_found_out(
    to: str, moving: bool, ends: list[int | None], group: Group, operator: Operator
) -> None:
    """Its group is Empty. It commits every 200 ms: another offset each time, or always the same."""
    operator.write(group.document(to))
    begun, stop = threading.Event(), threading.Event()

    def commit() -> None:
        with closing(group.consumer(enable_auto_commit=False)) as consumer:
            consumer.assign([TopicPartition(group.topic, part) for part in range(2)])
            at = 60
            while not stop.wait(0.2):
                at = min(at + 1, EVENTS) if moving else at
                consumer.commit({TopicPartition(group.topic, part): OffsetAndMetadata(at, "", -1) for part in range(2)})
                begun.set()

    thread = threading.Thread(target=commit)
    thread.start()
    try:
        assert begun.wait(60)
        applied = operator.apply()
    finally:
        stop.set()
        thread.join()
    assert applied.code == 4, applied
    assert min(offset or 0 for offset in group.commits()) >= 60
    assert "commit" in applied.out + applied.err
    assert operator.apply("--wait", "20s").code == 0
    assert group.commits() == ends


@pytest.mark.parametrize("committed", [[60, 60], [None, 60]], ids=["another commit", "a first commit"])
def test_a_commit_by_hand_after_the_plan_keeps_what_was_to_be_forgotten(
    committed: list[int | None], group: Group, stack: Addresses, tmp_path: Path
) -> None:
    operator = Operator.at(tmp_path / "slow", stack, "timing: {grace: 6s, quiet: 0s}\n")
    operator.write(group.document("{offsets: {0: none, 1: 10}}"))
    if committed[0] is None:
        group.admin.delete_group_offsets(group.name, [TopicPartition(group.topic, 0)])
    assert group.commits() == committed
    with ThreadPoolExecutor() as beside:
        applying = beside.submit(operator.apply)
        until("it has marked", lambda: applying.done() or _metadata(group) != {""}, 60)
        assert not applying.done(), applying.result()
        group.commit(70)
        applied = applying.result()
    assert applied.code == 4, applied
    assert "a consumer assigns its partitions by hand" in applied.out
    assert (group.commits(), _metadata(group)) == ([70, 60], {""})


def test_a_member_that_joins_between_check_and_commit_stops_it(group: Group, stack: Addresses, tmp_path: Path) -> None:
    """It joins during the grace time after the marks: nothing is moved, and the request may be carried out later.

    Kafka lets no mark be taken away beside a member. The next run knows them for its own.
    """
    operator = Operator.at(tmp_path / "slow", stack, "timing: {grace: 6s, quiet: 0s}\n")
    operator.write(group.document("earliest"))
    with ThreadPoolExecutor() as beside:
        applying = beside.submit(operator.apply)
        until("it has marked", lambda: applying.done() or _metadata(group) != {""})
        assert not applying.done(), applying.result()
        with closing(group.member("too-early")) as consumer, _polling(consumer):
            consumer.subscribe([group.topic])
            applied = applying.result()
    assert applied.code == 4, applied
    assert "nothing was moved" in applied.out
    assert (group.commits(), _metadata(group)) == ([60, 60], {"elreconcile before case"})
    until("it has left", lambda: not group.admin.describe_groups([group.name])[group.name]["members"])
    assert operator.apply("--wait", "30s").code == 0
    assert group.commits() == [0, 0]
    run, stood = operator.run("history", "--json").json["runs"][-1]["run"]["id"], {"offset": 60, "metadata": ""}
    for word in operator.run("history", run, "--json").json["words"]:
        assert word["before"] == {group.topic: {"0": stood, "1": stood}}, word


def test_a_blocked_reset_leaves_no_trace(group: Group, operator: Operator) -> None:
    operator.write(group.document("earliest"))
    begun, stop = threading.Event(), threading.Event()

    def commit() -> None:
        with closing(group.consumer(enable_auto_commit=False)) as consumer:
            consumer.assign([TopicPartition(group.topic, 0)])
            while not stop.wait(0.2):
                consumer.commit({TopicPartition(group.topic, 0): OffsetAndMetadata(60, "theirs", -1)})
                begun.set()

    thread = threading.Thread(target=commit)
    thread.start()
    try:
        assert begun.wait(60)
        assert operator.apply().code == 4
    finally:
        stop.set()
        thread.join()
    assert group.commits() == [60, 60]
    assert _metadata(group) == {"theirs", ""}


def test_somebody_who_commits_over_it_is_noticed_and_settled_by_a_person(
    group: Group, stack: Addresses, tmp_path: Path
) -> None:
    operator = Operator.at(tmp_path / "slow", stack, "timing: {grace: 4s, quiet: 0s}\n")
    operator.write(group.document("earliest"))
    with ThreadPoolExecutor() as beside:
        applying = beside.submit(operator.apply)
        until("it has committed", lambda: applying.done() or group.commits() == [0, 0])
        assert not applying.done(), applying.result()
        group.commit(77)  # what stands beside the other still is the mark of this request
        applied = applying.result()
    assert applied.code == 3, applied
    assert "overwritten" in applied.out
    assert f"\n  elreconcile settle {group.address} --request case --done or --not-done, --reason WHY\n" in applied.out
    again = operator.apply()
    assert (again.code, group.commits()) == (4, [77, 0])
    assert "settle" in again.out
    settled = operator.run("settle", group.address, "--not-done", "--reason", "the writer was started too early")
    assert settled.code == 0, settled
    assert operator.apply("--wait", "20s").code == 0
    assert group.commits() == [0, 0]


def test_a_consumer_that_has_moved_on_is_success_not_drift(group: Group, operator: Operator) -> None:
    operator.write(group.document("earliest"))
    assert operator.apply().code == 0
    group.commit(100, 100)
    planned = operator.plan("--detailed-exitcode")
    assert (planned.code, operator.apply().code, group.commits()) == (0, 0, [100, 100])


def test_two_applies_at_the_same_moment_move_it_once(group: Group, operator: Operator) -> None:
    operator.write(group.document("{shift: -20}"))
    with ThreadPoolExecutor() as beside:
        both: list[Ran] = [each.result() for each in [beside.submit(operator.apply) for _ in range(2)]]
    assert sorted(each.code for each in both) in ([0, 4], [0, 5]), both
    assert group.commits() == [40, 40]
    held = next(each for each in both if each.code != 0)
    told = ("locked by", "no longer fits", "waits for a precondition")  # by how far the other was
    assert any(words in held.err for words in told), held


def test_an_expired_request_is_never_carried_out(group: Group, operator: Operator) -> None:
    operator.write(group.document("earliest", expires="2020-01-01T00:00:00Z"))
    applied = operator.apply()
    assert (applied.code, group.commits()) == (0, [60, 60])
    assert "expired 2020-01-01T00:00:00Z, not settled" in applied.out


def test_a_settled_id_keeps_its_meaning(group: Group, operator: Operator) -> None:
    operator.write(group.document("earliest"))
    assert operator.apply().code == 0
    operator.write(group.document("latest"))
    applied = operator.apply()
    assert (applied.code, group.commits()) == (4, [0, 0])
    assert '"to":"latest"' in applied.out
    assert '"to":"earliest"' in applied.out


def test_a_ledger_that_was_never_made_rewinds_nothing(group: Group, operator: Operator) -> None:
    operator.write(group.document("earliest"))
    (operator.home / "ledger.sqlite").unlink()
    applied = operator.apply()
    assert (applied.code, group.commits()) == (4, [60, 60])
    assert "ledger init" in applied.err
    assert not (operator.home / "ledger.sqlite").exists()


def test_another_ledger_than_the_one_named_rewinds_nothing(group: Group, operator: Operator) -> None:
    operator.write(group.document("earliest"))
    assert operator.apply().code == 0
    group.commit(100, 100)
    (operator.home / "ledger.sqlite").unlink()
    operator.run("ledger", "init")
    applied = operator.apply()
    assert (applied.code, group.commits()) == (4, [100, 100])


def test_a_ledger_the_config_does_not_name_rewinds_nothing(group: Group, operator: Operator, stack: Addresses) -> None:
    operator.write(group.document("earliest"))
    operator.configure(stack.elreconcile_yaml())
    applied = operator.apply()
    assert (applied.code, group.commits()) == (4, [60, 60])


def test_another_cluster_than_the_one_named_is_refused(group: Group, operator: Operator) -> None:
    operator.write(group.document("earliest"))
    text = operator.config.read_text().replace("{bootstrap_servers", "{cluster_id: somewhere-else, bootstrap_servers")
    operator.configure(text)
    applied = operator.apply()
    assert (applied.code, group.commits()) == (4, [60, 60])
    assert "somewhere-else" in applied.out


def test_a_topic_recreated_while_waiting_is_another_world(group: Group, operator: Operator, produce: Any) -> None:
    """The command is stopped meanwhile: it does not see a moment at which the topic is half gone."""
    operator.write(group.document("{offset: 5}"))
    consumer = group.member("the-writer")
    words = [*COMMAND, "apply", str(operator.state), "--yes", "--wait", "60s"]
    with closing(consumer), _polling(consumer) as moved:
        consumer.subscribe([group.topic])
        until("it is a member", moved.is_set)
        with subprocess.Popen(words, env=operator.environment, stderr=subprocess.PIPE, text=True) as applying:
            until("it is at it", lambda: applying.poll() is not None or _has_locks(operator))
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


def test_a_group_that_committed_a_moment_ago_counts_as_used(group: Group, stack: Addresses, tmp_path: Path) -> None:
    operator = Operator.at(tmp_path / "quiet", stack, "timing: {grace: 1s, quiet: 8s}\n")
    operator.write(group.document("earliest"))
    until("Burrow has met the topic", lambda: group.topic in _burrow(stack, "topic")["topics"])
    group.commit(60, 60)
    until(
        "Burrow has seen the commit", lambda: group.topic in _burrow(stack, f"consumer/{group.name}").get("topics", {})
    )
    group.commit(60, 60)
    blocked = operator.apply()
    assert blocked.code == 4, blocked
    assert "wanted 8 s of silence" in blocked.out
    assert operator.apply("--wait", "30s").code == 0
    assert group.commits() == [0, 0]


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


def test_the_tables_show_what_an_operator_decides_by(group: Group, operator: Operator) -> None:
    operator.write(group.document("{timestamp: 2018-03-13T13:29:31Z}"))
    shown = operator.plan("--full").out
    assert "rewind 80 offsets over 2 partitions, back to 2018-03-13T13:29:31Z" in shown
    row = next(line.split() for line in shown.splitlines() if line.split()[:1] == ["1"])
    assert row == ["1", "0", "100", "60", "20", "-40", "80", "2018-03-13T13:29:31Z", "dt"]
    assert "leaves a lag of 160" in shown
    assert "the target is kept for ever" in shown
    operator.write(group.document("{offsets: {0: 10, 1: keep}}"))
    assert "leaves a lag of 130 (40 of it on partition 1, left alone); " in operator.plan().out


class _polling:
    """Polls a consumer in a thread, as a live one does. Enters with an event that is set once it has partitions."""

    def __init__(self, consumer: Member) -> None:
        self.consumer = consumer
        self.assigned = threading.Event()
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        while not (self.stop.is_set() or self.consumer.stop_polling):
            self.consumer.poll(0.1)
            if self.consumer.assignment():
                self.assigned.set()
            time.sleep(0.05)

    def __enter__(self) -> threading.Event:
        self.thread.start()
        return self.assigned

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        self.thread.join()


def _has_locks(operator: Operator) -> bool:
    return any((operator.home / "ledger.sqlite.locks").glob("*.lock"))


def _metadata(group: Group) -> set[str]:
    found = group.admin.list_group_offsets({group.name: None})[group.name]
    return {commit.metadata for place, commit in found.items() if place.topic == group.topic}


def _burrow(servers: Addresses, path: str) -> Any:
    return requests.get(f"{servers.burrow.url}/v3/kafka/{servers.burrow.cluster}/{path}", timeout=5).json()

"""What a real Burrow 1.2.1 tells and forgets."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest
import requests
from kafka import KafkaAdminClient, TopicPartition
from kafka.structs import OffsetAndMetadata

from elreconcile.desired.config import BurrowConfig
from elreconcile.errors import Unreachable
from elreconcile.systems.burrow import BurrowReader, BurrowWriter
from elreconcile.systems.burrow_values import Filters
from sandbox.addresses import Addresses
from sandbox.events import Record
from sandbox.stack import Sandbox
from sandbox.waiting import until

Make = Callable[..., str]
Unique = Callable[[str], str]


def settings(url: str, cluster: str) -> BurrowConfig:
    return BurrowConfig(url=url, cluster=cluster, kafka="analytics")


@pytest.fixture
def burrow(stack: Addresses) -> Iterator[BurrowWriter]:
    with BurrowWriter("analytics", settings(stack.burrow.url, stack.burrow.cluster), 5.0) as burrow:
        yield burrow


def commit(admin: KafkaAdminClient, group: str, offsets: dict[tuple[str, int], int]) -> None:
    wanted = {TopicPartition(*place): OffsetAndMetadata(offset, "", None) for place, offset in offsets.items()}
    assert {error.__name__ for error in admin.alter_group_offsets(group, wanted).values()} == {"NoError"}


def commit_until_known(admin: KafkaAdminClient, burrow: BurrowReader, group: str, topic: str) -> None:
    """A window of ten commits, from which Burrow judges."""
    for offset in range(10):
        commit(admin, group, {(topic, 0): offset, (topic, 1): 0})
        time.sleep(0.01)
    until(f"Burrow has seen {group}", lambda: len(seen(burrow, group, topic)) == 10)


def seen(burrow: BurrowReader, group: str, topic: str) -> list[int]:
    """The offsets Burrow has seen committed in partition 0."""
    topics = burrow.consumer(group) or {}
    return [each.offset for each in topics[topic][0].offsets] if topic in topics else []


class TestReading:
    def test_what_it_serves(self, burrow: BurrowReader, stack: Addresses) -> None:
        burrow.ready()
        assert burrow.clusters() == {stack.burrow.cluster}

    def test_a_group(self, burrow: BurrowReader, admin: KafkaAdminClient, make_topic: Make, unique: Unique) -> None:
        group, topic = unique("group"), make_topic(partitions=3, known_to_burrow=True)
        began = time.time() * 1000
        commit_until_known(admin, burrow, group, topic)
        topics = burrow.consumer(group)
        assert topics is not None
        assert list(topics) == [topic]
        first, second, never = topics[topic]
        assert [each.offset for each in first.offsets] == list(range(10))
        assert [each.lag for each in first.offsets] == [0] * 10
        times = [each.timestamp_ms for each in first.offsets]
        assert times == sorted(times)
        assert began - 1000 < times[0] <= times[-1] < time.time() * 1000 + 1000
        assert {each.offset for each in second.offsets} == {0}
        assert never.offsets == ()
        assert [each.partition for each in topics[topic]] == [0, 1, 2]
        assert burrow.consumer(group) is not None
        assert topic in burrow.topics()

    def test_its_judgement(
        self,
        burrow: BurrowReader,
        admin: KafkaAdminClient,
        make_topic: Make,
        produce: Callable[..., None],
        unique: Unique,
    ) -> None:

        group, topic = unique("group"), make_topic(partitions=2, known_to_burrow=True)
        produce(topic, {1: [Record(b"x", 0)] * 30})
        commit_until_known(admin, burrow, group, topic)
        status = until("a whole judgement", lambda: (s := burrow.status(group)) and s.total_lag == 30 and s)
        assert status.complete == 1.0
        partitions = {(each.topic, each.partition): each for each in status.partitions}
        assert partitions[topic, 1].current_lag == 30
        assert partitions[topic, 0].status == "OK"
        assert status.status in ("OK", "WARN", "ERR")

    def test_a_group_it_does_not_know(self, burrow: BurrowReader, unique: Unique) -> None:
        group = unique("group")
        assert burrow.consumer(group) is None
        assert burrow.status(group) is None

    @pytest.mark.parametrize(("name", "judged"), [("a?#ünlikely+%41&'name'", True), ("a name with spaces", False)])
    def test_a_name_that_needs_quoting(
        self,
        burrow: BurrowReader,
        admin: KafkaAdminClient,
        make_topic: Make,
        unique: Unique,
        name: str,
        judged: bool,
    ) -> None:
        """This Burrow's own judgement splits names at spaces."""
        group, topic = unique(name), make_topic(partitions=2, known_to_burrow=True)
        commit_until_known(admin, burrow, group, topic)
        assert burrow.consumer(group) is not None
        assert (burrow.status(group) is not None) is judged

    @pytest.mark.parametrize("name", ["a/b", "/", ".", ".."])
    def test_a_name_that_burrow_takes_for_another_path(self, burrow: BurrowWriter, name: str) -> None:
        for question in (burrow.consumer, burrow.status, burrow.forget_group):
            with pytest.raises(Unreachable, match="Burrow cannot be asked about the name"):
                question(name)

    def test_it_cannot_forget_topics_and_says_so_when_asked_to(self, burrow: BurrowWriter, stack: Addresses) -> None:
        assert burrow.forgets_topics is False
        with pytest.raises(Unreachable, match="was answered with 404: invalid request type"):
            burrow.forget_topic("a group", "a topic")

    def test_how_a_burrow_that_can_is_told(self, stack: Addresses) -> None:
        """A known path asked with another method is a 405 that names the right one: 1.2.1 has the same router."""
        answer = requests.delete(f"{stack.burrow.url}/v3/kafka/{stack.burrow.cluster}/consumer/a/lag", timeout=5)
        assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, OPTIONS")

    def test_the_environment_is_not_used(self, stack: Addresses, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nonexistent")
        with BurrowReader("analytics", settings(stack.burrow.url, stack.burrow.cluster), 5.0) as burrow:
            burrow.ready()


class TestForgetting:
    def test_a_group_comes_back_with_its_next_commit_and_that_topic_only(
        self, burrow: BurrowWriter, admin: KafkaAdminClient, make_topic: Make, unique: Unique
    ) -> None:
        group = unique("group")
        left, read = (make_topic(partitions=2, known_to_burrow=True) for _ in range(2))
        commit_until_known(admin, burrow, group, left)
        commit_until_known(admin, burrow, group, read)
        burrow.forget_group(group)
        until("Burrow has forgotten", lambda: burrow.consumer(group) is None)
        assert burrow.status(group) is None
        commit(admin, group, {(read, 0): 20})
        topics = until("Burrow knows it again", lambda: burrow.consumer(group))
        assert set(topics) == {read}

    def test_a_group_it_does_not_know(self, burrow: BurrowWriter, unique: Unique) -> None:
        burrow.forget_group(unique("group"))


class TestFilters:
    def test_none(self, burrow: BurrowReader) -> None:
        keys = ("group-whitelist", "group-blacklist")
        assert burrow.filters() == Filters("", None, "consumer.local", *keys)
        assert burrow.storage_filters() == Filters("", None, "storage.default", *keys)

    def test_both_lists_set(self, own_sandbox: Sandbox, unique: Unique) -> None:
        """The deny list works, and no answer of this Burrow shows it."""
        own_sandbox.burrow.consumer_settings = {"group-whitelist": "^wanted", "group-blacklist": "not-me$"}
        own_sandbox.up()
        own = own_sandbox.burrow
        with BurrowReader("own", settings(own.url, "local"), 5.0) as burrow:
            assert burrow.filters() == Filters("^wanted", None, "consumer.local", "group-whitelist", "group-blacklist")
            assert "not-me" not in requests.get(f"{own.url}/v3/config/consumer/local", timeout=5).text
            topic, admin = unique("topic"), own_sandbox.kafka.admin()
            admin.create_topics({topic: {"num_partitions": 2, "replication_factor": 1}}, wait_for_metadata=True)
            until("Burrow knows the topic", lambda: topic in burrow.topics())
            for group in ("other", "wanted-not-me", "wanted"):
                commit(admin, group, {(topic, 0): 1})
            until("Burrow has seen the last of them", lambda: burrow.consumer("wanted") is not None)
            assert [burrow.consumer(name) for name in ("other", "wanted-not-me")] == [None, None]
            admin.close()

"""What Burrow monitors, on a real Burrow: stale topics, groups it keeps out, and what only a commit brings back."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
from kafka import KafkaAdminClient
from kafka.structs import OffsetAndMetadata, TopicPartition

from sandbox.addresses import BurrowAddress
from sandbox.stack import Sandbox
from sandbox.waiting import until
from tests.operator import Operator

WANTED, STALE = "eventlogging-valid-mixed", "codfw.mediawiki.page-undelete"


class Monitor:
    """A Burrow and the Kafka it watches, as seen from outside."""

    def __init__(self, burrow: BurrowAddress, admin: KafkaAdminClient, group: str, topics: tuple[str, str]) -> None:
        self.burrow = burrow
        self.admin = admin
        self.group = group
        self.wanted, self.stale = topics

    @property
    def address(self) -> str:
        return f"BurrowMonitor/analytics/{self.group}"

    def get(self, path: str) -> Any:
        return requests.get(f"{self.burrow.url}/v3/kafka/{self.burrow.cluster}/{path}", timeout=5).json()

    def topics(self) -> list[str]:
        return sorted(self.get(f"consumer/{self.group}").get("topics", {}))

    def commit(self, topic: str) -> None:
        answers = self.admin.alter_group_offsets(self.group, {TopicPartition(topic, 0): OffsetAndMetadata(0, "", -1)})
        assert {answer.__name__ for answer in answers.values()} == {"NoError"}

    @contextmanager
    def committing(self, topic: str) -> Iterator[None]:
        """Somebody who commits all the time."""
        stop = threading.Event()

        def commit() -> None:
            while not stop.wait(0.5):
                self.commit(topic)

        thread = threading.Thread(target=commit)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()

    def commit_both(self) -> None:
        until("Burrow has met the topics", lambda: {self.wanted, self.stale} <= set(self.get("topic")["topics"]))
        self.commit(self.stale)
        self.commit(self.wanted)
        until("Burrow monitors both", lambda: self.topics() == sorted((self.wanted, self.stale)))

    def forget(self) -> None:
        requests.delete(f"{self.burrow.url}/v3/kafka/{self.burrow.cluster}/consumer/{self.group}", timeout=5)
        until("Burrow has forgotten the group", lambda: self.topics() == [])

    def document(self, expect: str = "") -> str:
        return f"""
kind: BurrowMonitor
name: {self.group}
burrow: analytics
topics: [{self.wanted}]
{expect}
"""


@pytest.fixture
def monitor(stack: Any, admin: KafkaAdminClient, make_topic: Callable[..., str], unique: Any) -> Monitor:
    return Monitor(stack.burrow, admin, unique("group"), (make_topic(), make_topic()))


def test_a_stale_topic_is_removed_and_the_rest_waits_for_a_commit(monitor: Monitor, operator: Operator) -> None:
    """Burrow 1.2.1 forgets the whole group; a newer one, named by the environment, just the topic."""
    monitor.commit_both()
    operator.write(monitor.document())
    shown = operator.plan().out
    assert f"- {monitor.stale}: last commit" in shown
    forgets_topics = "this Burrow can only forget the whole group" not in shown
    applied = operator.apply()
    assert applied.code == 0, applied
    assert applied.ending(monitor.address) == ("settled" if forgets_topics else "pending")
    assert monitor.topics() == ([monitor.wanted] if forgets_topics else [])
    waiting = operator.plan("--detailed-exitcode")
    assert waiting.code == 0
    assert (f"pending: {monitor.wanted} waits for the group's next commit" in waiting.out) == (not forgets_topics)
    monitor.commit(monitor.wanted)
    until("Burrow monitors it again", lambda: monitor.topics() == [monitor.wanted])
    assert "pending" not in operator.plan().out


def test_a_topic_the_group_still_commits_for_is_left_until_it_is_silent(
    monitor: Monitor, stack: Any, tmp_path: Path
) -> None:
    operator = Operator.at(tmp_path / "quiet", stack, "timing: {grace: 1s, quiet: 6s}\n")
    monitor.commit_both()
    operator.write(monitor.document())
    with monitor.committing(monitor.stale):
        blocked = operator.apply()
    assert blocked.code == 4, blocked
    assert f"no commit for {monitor.stale} in 6 s" in blocked.out
    assert monitor.topics() == sorted((monitor.wanted, monitor.stale))
    assert operator.apply("--wait", "60s").code == 0
    assert monitor.stale not in monitor.topics()


def test_what_went_away_by_itself_since_the_plan_was_saved_is_told_as_it_is(
    monitor: Monitor, operator: Operator
) -> None:
    operator.write(monitor.document())
    file = str(operator.home / "plan.json")
    for returned, ending in ((False, "pending"), (True, "settled")):
        monitor.commit_both()
        assert operator.plan("--out", file).code == 0
        monitor.forget()
        if returned:
            monitor.commit(monitor.wanted)
            until("Burrow monitors it", lambda: monitor.topics() == [monitor.wanted])
        applied = operator.run("apply", file)
        assert (applied.code, applied.ending(monitor.address)) == (0, ending), applied
        waits = f"skipped: nothing is left for us to do; {monitor.wanted} waits for the group's next commit"
        assert ("skipped: it came about by another hand" if returned else waits) in applied.out


def test_a_reset_in_the_same_plan_brings_the_wanted_topic_back(monitor: Monitor, stack: Any, tmp_path: Path) -> None:
    operator = Operator.at(tmp_path / "slow", stack, "timing: {grace: 4s, quiet: 0s}\n")  # Burrow's time to see it
    monitor.commit_both()
    reset = f"""
kind: ConsumerGroup
name: {monitor.group}
cluster: analytics
reset: {{id: back, expires: 2040-01-01T00:00:00Z, to: latest, topics: {{{monitor.wanted}: }}}}
"""
    operator.write(monitor.document() + "---" + reset)
    applied = operator.apply()
    assert applied.code == 0, applied
    assert applied.ending(monitor.address) == "settled"
    assert monitor.topics() == [monitor.wanted]
    assert operator.plan("--detailed-exitcode").code == 0


def test_a_group_that_does_not_exist_is_found(monitor: Monitor, operator: Operator) -> None:
    operator.write(monitor.document())
    findings = operator.change(monitor.address)["findings"]
    assert [finding["value"] for finding in findings][:1] == ["no such group"]


def test_a_status_is_believed_only_when_it_is_complete(monitor: Monitor, operator: Operator) -> None:
    monitor.commit_both()
    operator.write(
        monitor.document("expect: {status: OK, max_lag: 10}").replace("topics: [", f"topics: [{monitor.stale}, ")
    )
    findings = {each["what"]: each["value"] for each in operator.change(monitor.address)["findings"]}
    assert findings["status"].startswith("not known: Burrow has seen ")


@pytest.fixture
def own(own_sandbox: Sandbox, tmp_path: Path) -> Iterator[tuple[Sandbox, Monitor, Operator]]:
    """Servers of this module alone, to configure and restart."""
    own_sandbox.up()
    with closing(own_sandbox.kafka.admin()) as admin:
        for topic in {WANTED, STALE} - set(admin.list_topics()):
            admin.create_topics({topic: {"num_partitions": 1, "replication_factor": 1}})
        operator = Operator.at(tmp_path / "own", own_sandbox.addresses)
        yield own_sandbox, Monitor(own_sandbox.addresses.burrow, admin, "the-writer", (WANTED, STALE)), operator


def _restart(sandbox: Sandbox, **settings: str) -> None:
    sandbox.burrow.stop()
    sandbox.burrow.consumer_settings = {key.replace("_", "-"): value for key, value in settings.items()}
    sandbox.burrow.start()


def test_stale_topics_come_back_with_a_restart_and_are_removed_again(own: tuple[Sandbox, Monitor, Operator]) -> None:
    sandbox, monitor, operator = own
    _restart(sandbox)
    monitor.commit_both()
    operator.write(monitor.document())
    file = operator.home / "plan.json"

    def apply_saved() -> None:
        """The same plan each time, but for when it was made."""
        assert operator.plan("--out", str(file)).code == 0
        applied = operator.run("apply", str(file))
        assert (applied.code, STALE in monitor.topics()) == (0, False), applied

    apply_saved()
    _restart(sandbox)
    until("the stale topic is back", lambda: STALE in monitor.topics(), 60)
    drifted = operator.run("drift", str(operator.state))
    assert (drifted.code, STALE in monitor.topics()) == (2, True), drifted
    assert "level" in drifted.out
    apply_saved()
    monitor.commit(WANTED)
    until("Burrow monitors the wanted one", lambda: monitor.topics() == [WANTED], 60)
    settled = operator.run("drift", str(operator.state))
    assert settled.code == 0, settled


def test_an_allow_list_that_keeps_the_group_out_is_named(own: tuple[Sandbox, Monitor, Operator]) -> None:
    sandbox, monitor, operator = own
    _restart(sandbox, group_whitelist="^another-.*$")
    operator.write(monitor.document())
    finding = operator.change(monitor.address)["findings"][0]
    assert finding["value"] == "group-whitelist ^another-.*$ does not match it"
    assert "group-whitelist in [consumer.local]" in finding["remedy"]


def test_a_deny_list_is_named_as_what_may_keep_the_group_out(own: tuple[Sandbox, Monitor, Operator]) -> None:
    """Burrow tells its allow list over HTTP and hides its deny list: only the effect can be seen."""
    sandbox, monitor, operator = own
    monitor.commit(WANTED)
    _restart(sandbox, group_blacklist="^the-.*$")
    until("Burrow has met the topic", lambda: WANTED in monitor.get("topic")["topics"])
    monitor.commit(WANTED)
    operator.write(monitor.document())
    finding = operator.change(monitor.address)["findings"][0]
    assert finding["value"] == "Kafka holds its commits, and Burrow does not know it"
    assert "group-blacklist in [consumer.local]" in finding["remedy"]

"""One change does not end well: what becomes of the others, what the report says, and what the ledger holds then."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaAdminClient

from elreconcile.kinds.consumer_group import marks
from sandbox.addresses import Addresses, MySqlAddress
from sandbox.events import navigation_timing, produce, record
from sandbox.stack import Sandbox
from sandbox.waiting import until
from tests.laws.worlds import ConsumerGroupWorld, events
from tests.operator import Operator, Ran
from tests.window import LIMITS, Field

START = datetime(2018, 3, 13, 6, tzinfo=UTC)
LOADS = "NavigationTiming_10374055"
PATIENT = "timing: {deadline: 6s, grace: 6s, quiet: 0s}\n"
WINDOW, FROM_KAFKA = "BackfillWindow/m4/a-window", "BackfillWindow/m4/b-from-kafka"
Produce = Callable[..., None]


def told_of(operator: Operator, address: str) -> list[str]:
    """Every state the ledger was ever told of it."""
    with closing(sqlite3.connect(operator.home / "ledger.sqlite")) as ledger:
        rows = ledger.execute("SELECT state FROM elreconcile_history WHERE address = ? ORDER BY number", (address,))
        return [state for (state,) in rows]


def kept(operator: Operator) -> Any:
    """How the latest run ended, by the history."""
    outcomes = operator.run("history", "--json").json["runs"][-1]["outcomes"]
    return {address: outcome["ending"] for address, outcome in outcomes.items()}


def settled(outcome: Ran, *addresses: str) -> None:
    assert [outcome.ending(address) for address in addresses] == ["settled"] * len(addresses), outcome


# --fail-fast, by a window that cannot be settled yet: more of its events may come


OPEN, CLOSED = "BackfillWindow/m4/a-open", "BackfillWindow/m4/b-closed"


@pytest.fixture
def windows(field: Field, produce: Produce) -> Field:
    """Three events each. The first window ended an hour ago."""
    recent = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=2)
    fresh = [navigation_timing(number, recent + timedelta(minutes=number)) for number in range(3)]
    old = [navigation_timing(10 + number, START + timedelta(minutes=number)) for number in range(3)]
    produce(field.topic, {0: [record(each) for each in (*old, *fresh)]})
    field.operator.write(field.document(recent, recent + timedelta(hours=1), name="a-open"), "a.yaml")
    field.operator.write(field.document(START, START + timedelta(hours=1), name="b-closed"), "b.yaml")
    return field


def test_the_others_go_on(windows: Field) -> None:
    applied = windows.operator.apply()
    assert applied.code == 3, applied
    assert [applied.ending(address) for address in (OPEN, CLOSED)] == ["failed", "settled"]
    assert windows.counts() == {LOADS: 6}
    assert kept(windows.operator) == {OPEN: "failed", CLOSED: "settled"}


def test_with_fail_fast_nothing_more_is_begun(windows: Field) -> None:
    applied = windows.operator.apply("--fail-fast", "--json")
    assert applied.code == 3, applied
    ended = {each["address"]: each for each in applied.json["outcomes"]}
    assert {address: each["ending"] for address, each in ended.items()} == {OPEN: "failed", CLOSED: "not reached"}
    assert ended[CLOSED]["reason"] == f"not begun: {OPEN} ended failed, and --fail-fast stops there"
    assert windows.counts() == {LOADS: 3}
    assert told_of(windows.operator, CLOSED) == []
    assert kept(windows.operator) == {OPEN: "failed", CLOSED: "not reached"}
    assert "1 failed, 1 not reached" in windows.operator.run("history").out
    run = applied.json["run"]
    assert all(each["reason"] in windows.operator.run("history", run).out for each in ended.values())
    alone = windows.operator.apply("--fail-fast", "--except", "a-open")
    assert alone.code == 0, alone
    assert windows.counts() == {LOADS: 6}


def test_the_report_says_what_to_do_with_what_was_not_reached(windows: Field) -> None:
    applied = windows.operator.apply("--fail-fast")
    assert applied.ending(CLOSED) == "not reached"
    assert "\nnot reached: nothing was done for it; mend what ended the run before it, and apply again\n" in applied.out


def test_with_fail_fast_groups_of_one_cluster_are_apart(
    stack: Addresses, admin: KafkaAdminClient, make_topic: Any, produce: Any, unique: Any, tmp_path: Path
) -> None:
    """The first turns out to be in use only when it is watched, as no Burrow tells: the second is not even marked."""
    topic = make_topic(partitions=2)
    produce(topic, {0: events(), 1: events()})
    used, free = (ConsumerGroupWorld(stack, admin, unique(name), topic, tmp_path) for name in ("a", "b"))
    for world in (used, free):
        world.diverged()
    operator = Operator.at(tmp_path / "operator", stack)
    operator.configure(re.sub("burrow:\n.*\n", "", operator.config.read_text()))
    operator.write(f"{used.document}---{free.document}")
    addresses = [f"ConsumerGroup/analytics/{world.name}" for world in (used, free)]
    with committing(used):
        applied = operator.apply("--fail-fast")
    assert applied.code == 4, applied
    assert [applied.ending(address) for address in addresses] == ["blocked", "not reached"]
    assert set(free.commits().values()) == {60}
    assert free.words() == {""}
    assert told_of(operator, addresses[1]) == []
    again = operator.apply("--fail-fast", "--wait", "20s")
    assert again.code == 0, again
    assert used.is_converged()
    assert free.is_converged()


@contextmanager
def committing(world: ConsumerGroupWorld) -> Iterator[None]:
    """Somebody who is no member, and commits where the group stands."""
    stop = threading.Event()

    def commit() -> None:
        while not stop.wait(0.2):
            world.commit(world.topic, {0: 60, 1: 60})

    thread = threading.Thread(target=commit)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


# A system, the lock or the ledger that is lost while a group is watched, with a window still to come


@dataclass(frozen=True, slots=True)
class Case:
    """A group, a window from files into MySQL, and one from the same Kafka."""

    group: ConsumerGroupWorld
    field: Field
    operator: Operator
    sandbox: Sandbox

    @property
    def address(self) -> str:
        return f"ConsumerGroup/analytics/{self.group.name}"

    def meanwhile(self, happens: Callable[[], object]) -> Ran:
        """An apply during whose grace time something happens."""
        with ThreadPoolExecutor() as beside:
            applying = beside.submit(self.operator.apply)
            until("it has marked", lambda: applying.done() or marks.before("law") in self.group.words(), 60)
            assert not applying.done(), applying.result()
            happens()
            return applying.result()

    def converged(self) -> None:
        again = self.operator.apply("--wait", "30s")
        assert again.code == 0, again
        with closing(self.sandbox.kafka.admin()) as self.group.admin:  # the old one may have lost its Kafka
            assert self.group.is_converged(), self.group.commits()
        assert self.field.counts() == {LOADS: 20}
        assert self.operator.plan("--detailed-exitcode").code == 0


@pytest.fixture
def case(own_sandbox: Sandbox, stack: Addresses, database: MySqlAddress, tmp_path: Path) -> Iterator[Case]:
    own_sandbox.up()
    with closing(own_sandbox.kafka.admin()) as admin:
        topic, other = f"topic-{tmp_path.name}", f"events-{tmp_path.name}"
        for name in (topic, other):
            admin.create_topics({name: {"num_partitions": 2, "replication_factor": 1}}, wait_for_metadata=True)
        old = [navigation_timing(number, START + timedelta(minutes=number)) for number in range(20)]
        produce(own_sandbox.kafka.bootstrap, topic, {0: events(), 1: events()})
        produce(own_sandbox.kafka.bootstrap, other, {0: [record(each) for each in old[10:]]})
        (tmp_path / "events.log").write_text("".join(json.dumps(each) + "\n" for each in old[:10]))
        world = ConsumerGroupWorld(own_sandbox.addresses, admin, f"group-{tmp_path.name}", topic, tmp_path)
        world.diverged()
        operator = Operator.at(tmp_path / "operator", replace(own_sandbox.addresses, mysql=database), PATIENT + LIMITS)
        field = Field(operator, database, other, "nobody", admin)
        between = START, START + timedelta(minutes=10), START + timedelta(minutes=20)
        files = {"files": str(tmp_path / "events.log")}
        operator.write(world.document, "group.yaml")
        operator.write(field.document(*between[:2], name="a-window", source=files), "window.yaml")
        operator.write(field.document(*between[1:], name="b-from-kafka"), "other.yaml")
        yield Case(world, field, operator, own_sandbox)


def test_a_system_that_is_down_keeps_no_other_from_its_changes(case: Case) -> None:
    lost = case.meanwhile(case.sandbox.kafka.kill)
    assert lost.code == 69, lost
    endings = {address: lost.ending(address) for address in (case.address, WINDOW, FROM_KAFKA)}
    assert endings == {case.address: "failed", WINDOW: "settled", FROM_KAFKA: "not reached"}
    assert case.field.counts() == {LOADS: 10}
    assert kept(case.operator) == endings
    assert told_of(case.operator, FROM_KAFKA) == ["started", "released"]
    case.sandbox.kafka.start()
    case.converged()


def test_a_run_that_lost_its_lock_begins_nothing_more(case: Case) -> None:
    lost = case.meanwhile(lambda: shutil.rmtree(case.operator.home / "ledger.sqlite.locks"))
    assert lost.code == 3, lost
    endings = {address: lost.ending(address) for address in (case.address, WINDOW, FROM_KAFKA)}
    assert endings == {case.address: "failed", WINDOW: "not reached", FROM_KAFKA: "not reached"}
    assert f"the run had to end: the lock on {case.address} is lost" in lost.out
    assert case.field.counts() == {}
    assert set(case.group.commits().values()) == {60}
    assert told_of(case.operator, WINDOW) == told_of(case.operator, FROM_KAFKA) == []
    assert told_of(case.operator, case.address) == ["started"], "whoever has the lock now writes there"
    assert kept(case.operator) == endings
    case.converged()


def test_a_run_that_lost_its_ledger_begins_nothing_more(case: Case) -> None:
    ledger = case.operator.home / "ledger.sqlite"
    lost = case.meanwhile(lambda: refuse(ledger, "INSERT ON elreconcile_history"))
    assert lost.code == 3, lost
    endings = {address: lost.ending(address) for address in (case.address, WINDOW, FROM_KAFKA)}
    assert endings == {case.address: "failed", WINDOW: "not reached", FROM_KAFKA: "not reached"}
    assert "the run had to end: ledger" in lost.out
    assert case.field.counts() == {}
    assert set(case.group.commits().values()) == {60}
    allow(ledger)
    case.converged()


def test_a_report_ends_a_run_whose_end_the_ledger_could_not_keep(case: Case) -> None:
    ledger = case.operator.home / "ledger.sqlite"
    lost = case.meanwhile(lambda: refuse(ledger, "UPDATE ON elreconcile_runs"))
    assert lost.code == 4, lost
    settled(lost, case.address, WINDOW, FROM_KAFKA)
    assert "the history will show run" in lost.err
    assert "cut short" in case.operator.run("history").out
    allow(ledger)
    case.converged()
    assert case.operator.run("ledger", "check").code == 0, "nothing of it is open"


def refuse(ledger: Path, what: str) -> None:
    with closing(sqlite3.connect(ledger)) as connection:
        connection.execute(f"CREATE TRIGGER refuse BEFORE {what} BEGIN SELECT RAISE(ABORT, 'refused by the disk'); END")
        connection.commit()


def allow(ledger: Path) -> None:
    with closing(sqlite3.connect(ledger)) as connection:
        connection.execute("DROP TRIGGER refuse")
        connection.commit()

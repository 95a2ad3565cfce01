"""Ctrl-C, SIGTERM or a lost lock in the middle of a run: it stops before its next write, and says how far it came."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sandbox.events import navigation_timing, record
from tests.blacklists import OUTPUT, document, entry
from tests.laws.worlds import ConsumerGroupWorld
from tests.operator import Operator, Ran
from tests.window import Field

START = datetime(2018, 3, 13, 6, tzinfo=UTC)
HOUR = timedelta(hours=1)
LOADS = "NavigationTiming_10374055"
FIRST, SECOND = "BackfillWindow/m4/a-first", "BackfillWindow/m4/b-second"


def apply_struck(operator: Operator, how: str, point: int, step: str) -> Ran:
    command = (sys.executable, "-m", "tests.laws.struck", how, str(point), step)
    return operator.apply(command=command)


def latest(operator: Operator) -> Any:
    """How the latest run ended, by the history."""
    run = operator.run("history", "--json").json["runs"][-1]
    assert run["ended_at"] is not None
    return {address: outcome["ending"] for address, outcome in run["outcomes"].items()}


@pytest.mark.parametrize("how", ["SIGINT", "SIGTERM"])
def test_a_fill_that_is_interrupted_says_how_far_it_came(field: Field, produce: Callable[..., None], how: str) -> None:
    """Rows go in by the thousand, and one lot is put in while the next is made ready: what is in stays."""
    old = [navigation_timing(number, START + timedelta(seconds=number / 2)) for number in range(6000)]
    produce(field.topic, {0: [record(event) for event in old]})
    field.operator.write(field.document(START, START + HOUR, name="a-first"), "a.yaml")
    field.operator.write(field.document(START + HOUR, START + 2 * HOUR, name="b-second"), "b.yaml")
    produce(field.topic, {1: [record(navigation_timing(9000, START + HOUR))]})
    stopped = apply_struck(field.operator, how, 2, "Loader.load")
    assert stopped.code == 130, stopped
    assert field.counts()[LOADS] in range(1000, 6000, 1000)
    endings = {FIRST: "failed", SECOND: "not reached"}
    assert {address: stopped.ending(address) for address in endings} == endings
    assert "cut short; apply again to go on: it was interrupted" in stopped.out
    assert stopped.err.startswith("interrupted: what was begun is read back, nothing more is begun;")
    assert stopped.err.endswith("elreconcile: interrupted: each change ended as is told above\n")
    assert latest(field.operator) == endings
    assert field.operator.apply().code == 0
    assert field.counts() == {LOADS: 6001}


@pytest.mark.parametrize(("point", "ending", "offset"), [(2, "failed", 60), (4, "settled", 20)], ids=["marked", "sent"])
def test_what_was_sent_is_read_back_before_the_run_ends(
    world: ConsumerGroupWorld, operator: Operator, point: int, ending: str, offset: int
) -> None:
    """The first commit of a reset only marks, the second moves."""
    operator.write(world.document)
    stopped = apply_struck(operator, "SIGTERM", point, "KafkaWriter.alter")
    assert (stopped.code, set(world.commits().values())) == (130, {offset}), stopped
    assert latest(operator) == {f"ConsumerGroup/analytics/{world.name}": ending}
    assert operator.apply("--wait", "30s").code == 0
    assert world.is_converged()


def test_the_second_signal_ends_it_at_once(world: ConsumerGroupWorld, operator: Operator) -> None:
    operator.write(world.document)
    ended = apply_struck(operator, "SIGINT+SIGTERM", 4, "KafkaWriter.alter")
    assert (ended.code, set(world.commits().values())) == (130, {20}), ended
    assert "cut short" in operator.run("history").out
    assert operator.apply("--wait", "30s").code == 0
    assert world.is_converged()
    assert operator.run("ledger", "check").code == 0


def test_a_new_id_does_not_hide_a_request_of_which_nobody_knows_whether_it_was_done(
    world: ConsumerGroupWorld, operator: Operator
) -> None:
    operator.write(world.document)
    assert apply_struck(operator, "SIGKILL", 4, "LedgerWriter.record").code == -9  # once `sending` is kept
    world.commit(world.topic, {0: 70, 1: 70})
    operator.write(world.document.replace("id: law", "id: anew"))
    accepted = operator.plan("--accept", "open-request")
    assert (accepted.code, "no refusal that can be accepted has this id" in accepted.err) == (64, True), accepted
    planned, applied = operator.plan("--detailed-exitcode"), operator.apply()
    assert (planned.code, applied.code) == (4, 4), (planned, applied)
    settle = f"elreconcile settle ConsumerGroup/analytics/{world.name} --request law"
    for told in (planned.out, applied.out, operator.run("drift", str(operator.state)).out):
        assert "open-request" in told
        assert "request law of the same address: sending on " in told
        assert settle in told
    operator.write(world.document.partition("reset:")[0])
    levels = operator.plan().out, operator.run("drift", str(operator.state)).out
    assert all("request law of the same address: sending on " in told for told in levels), levels
    assert set(world.commits().values()) == {70}
    operator.write(world.document.replace("id: law", "id: anew"))
    assert operator.run(*settle.split()[1:], "--not-done", "--reason", "it stood at 60, unmoved").code == 0
    assert operator.apply().code == 0
    assert set(world.commits().values()) == {30}


def test_a_lock_is_looked_at_before_each_write(field: Field) -> None:
    """Lost when the table is made: nothing is put into it."""
    field.operator.write(document(entry("Edit")))
    lost = apply_struck(field.operator, "unlock", 2, "MySqlWriter.execute")
    assert lost.code == 3, lost
    assert latest(field.operator) == {f"SchemaBlacklist/m4/{OUTPUT}": "uncertain"}
    rows = "SELECT count(*) FROM elreconcile_schema_blacklist"
    assert field.execute(rows) == [(0,)]
    assert field.operator.apply().code == 0
    assert field.execute(rows) == [(1,)]

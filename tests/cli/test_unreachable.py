"""A system that cannot be asked, exit code 69: its name, the cause, and how long it was tried."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from sandbox.addresses import Addresses
from sandbox.ports import free_port
from tests.cli.group import Group
from tests.cli.places import WATCHED, at_work, nowhere, offline, silent
from tests.operator import Operator

HURRIED = "timing: {deadline: 2s}\n"
LONGER = 10
"""Seconds: no busy machine, but a deadline that nobody keeps; 20 s are the usual one."""


def tried(told: str) -> float:
    """For how many seconds, as it says."""
    (seconds,) = re.findall(r"\(tried for (\d+\.\d) s\)", told)
    return float(seconds)


def test_69_kafka_is_down(tmp_path: Path) -> None:
    port = free_port()
    operator = offline(tmp_path, port)
    ran = operator.apply()
    assert (ran.code, ran.out) == (69, "")
    told = f"Kafka analytics: 127.0.0.1:{port}: connection refused (tried for {tried(ran.err)} s)\n"
    assert (ran.err, tried(ran.err) < 2) == (f"elreconcile: nothing was changed: {told}", True)
    assert operator.plan().err.startswith("elreconcile: Kafka analytics: ")


def test_69_kafka_hangs(tmp_path: Path) -> None:
    with silent() as kafka:
        ran = offline(tmp_path, kafka.port, HURRIED).run("plan", str(tmp_path / "operator" / "state"))
    told = f"Kafka analytics: 127.0.0.1:{kafka.port}: it accepts connections, but does not answer (tried for "
    assert (ran.code, ran.out) == (69, "")
    assert told in ran.err
    assert 2 <= tried(ran.err) < LONGER


@pytest.mark.parametrize(
    ("hangs", "told"), [(True, "it accepts connections, but does not answer"), (False, "connection refused")]
)
def test_69_burrow(hangs: bool, told: str, stack: Addresses, tmp_path: Path) -> None:
    with silent() as burrow:
        port = burrow.port if hangs else free_port()
        moved = replace(stack, burrow=replace(stack.burrow, url=f"http://127.0.0.1:{port}"))
        operator = at_work(tmp_path / "operator", moved, HURRIED)
        operator.write("{kind: BurrowMonitor, name: g, burrow: analytics, topics: [t]}\n")
        ran = operator.run("plan", str(operator.state))
    assert (ran.code, ran.out) == (69, "")
    assert ran.err.startswith(f"elreconcile: Burrow analytics: http://127.0.0.1:{port}: {told}")
    assert (2 <= tried(ran.err) < LONGER) if hangs else (tried(ran.err) < 2)


@pytest.mark.parametrize(("hangs", "told"), [(True, "no answer"), (False, "connection refused")])
def test_69_the_server_of_the_ledger(hangs: bool, told: str, tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    operator = Operator(tmp_path)
    operator.write(WATCHED)
    with silent() as mysql:
        port = mysql.port if hangs else free_port()
        text = nowhere(free_port(), mysql=port).elreconcile_yaml()
        operator.configure(text.replace("{sqlite: ledger.sqlite, id: null}", "{mysql: m4, id: any}") + HURRIED)
        ran = operator.run("plan", str(operator.state))
    assert (ran.code, ran.out) == (69, "")
    assert ran.err.startswith(f"elreconcile: m4 (127.0.0.1:{port}): {told} (tried for ")
    assert tried(ran.err) < LONGER


def test_69_drift_does_not_take_a_silent_burrow_for_an_expectation(
    stack: Addresses, group: Group, tmp_path: Path
) -> None:
    down = replace(stack, burrow=replace(stack.burrow, url=f"http://127.0.0.1:{free_port()}"))
    operator = at_work(tmp_path / "operator", down)
    operator.write(group.reset("{offset: 3}"))
    ran = operator.run("drift", str(operator.state), "--json")
    assert (ran.code, ran.json["drift"], ran.json["unapplied"]) == (69, [], [group.address]), ran
    assert ran.json["not_observed"][group.address].startswith("its last commit: ")

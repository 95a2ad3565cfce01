"""What a script goes by: one test for each exit code, and that nothing was changed where it says so."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from confluent_kafka import Consumer

from sandbox.addresses import Addresses
from sandbox.waiting import until
from tests.cli.group import Group
from tests.cli.places import offline, silent
from tests.operator import COMMAND, Operator

ROOT = Path(__file__).resolve().parents[2]
PATIENT = "timing: {deadline: 10s, grace: 1s, quiet: 30s}\n"


def started(operator: Operator, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*COMMAND, *words],
        env=operator.environment,
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@contextmanager
def locked(operator: Operator, address: str) -> Iterator[None]:
    """By another process, as another operator's apply would."""
    words = [sys.executable, "-m", "tests.ledger.actor", str(operator.config)]
    with subprocess.Popen(words, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdin
        assert holder.stdout
        print(f"hold 0 {address}", file=holder.stdin, flush=True)
        assert holder.stdout.readline() == "held\n"
        yield
        holder.stdin.close()


# 0, 2 and 4: what a plan finds and what an apply does


def test_0_nothing_to_do(operator: Operator, group: Group) -> None:
    operator.write(group.watched())
    planned = operator.plan("--detailed-exitcode")
    assert (planned.code, planned.out.splitlines()[-1]) == (0, "Nothing to do: 1 document looked at, 1 finding.")
    assert operator.apply().code == 0


def test_2_changes_when_asked_for_and_0_once_they_are_applied(operator: Operator, group: Group) -> None:
    operator.write(group.reset("{offset: 3}"))
    assert operator.plan().code == 0
    assert operator.plan("--detailed-exitcode").code == 2
    assert operator.apply().code == 0
    assert group.committed() == 3
    assert operator.plan("--detailed-exitcode").code == 0


def test_4_refused(operator: Operator, group: Group) -> None:
    operator.write(group.reset("{offset: 11}"))
    assert operator.plan("--detailed-exitcode").code == 4
    applied = operator.apply()
    assert (applied.code, group.committed()) == (4, 6)
    assert f"nothing was changed: the plan is refused for {group.address}" in applied.err


def test_4_drift_tells_what_is_refused_and_2_comes_before_it(operator: Operator, group: Group) -> None:
    operator.write(group.reset("{offset: 11}"))
    refused = operator.run("drift", str(operator.state))
    assert (refused.code, refused.out.split()[:2]) == (4, ["refused", group.address]), refused
    assert "out-of-range" in refused.out
    operator.write(group.reset("{offset: 11}").replace("9007199254740993", "0"))
    drifted = operator.run("drift", str(operator.state), "--json")
    assert (drifted.code, [each["id"] for each in drifted.json["refusals"]]) == (2, ["out-of-range"]), drifted


@pytest.mark.parametrize("missing", [True, False])
def test_4_no_ledger_or_another_one(missing: bool, tmp_path: Path) -> None:
    operator = offline(tmp_path)
    if missing:
        (operator.home / "ledger.sqlite").unlink()
    else:
        operator.configure(operator.config.read_text().replace("id: ", "id: not-"))
    for ran in (operator.plan(), operator.run("ledger", "init")):
        assert (ran.code, ran.out) == (4, "")
        assert "there is no ledger in" in ran.err if missing else "not the same ledger" in ran.err
    assert (operator.home / "ledger.sqlite").exists() != missing


# 5: somebody else acts


def test_5_who_holds_the_lock_is_told(operator: Operator, group: Group) -> None:
    operator.write(group.reset("{offset: 3}"))
    with locked(operator, group.address):
        applied = operator.apply()
        planned = operator.plan("--detailed-exitcode")
    assert (applied.code, planned.code, group.committed()) == (5, 2, 6)
    assert f"{group.address} is locked by operator" in applied.err
    assert "on db1107, process" in applied.err
    assert ", since 20" in applied.err
    assert "--lock-timeout 10m" in applied.err


def test_a_lock_can_be_waited_for(operator: Operator, group: Group) -> None:
    operator.write(group.reset("{offset: 3}"))
    with locked(operator, group.address):
        apply = started(operator, "apply", str(operator.state), "--yes", "--lock-timeout", "60s")
        with pytest.raises(subprocess.TimeoutExpired):
            apply.wait(5)
        assert group.committed() == 6
    apply.communicate(timeout=60)
    assert (apply.returncode, group.committed()) == (0, 3)


def test_waiting_for_a_lock_has_an_end_and_waiting_for_groups_is_something_else(
    operator: Operator, group: Group
) -> None:
    operator.write(group.reset("{offset: 3}"))
    with locked(operator, group.address):
        began = time.monotonic()
        applied = operator.apply("--lock-timeout", "4s")
        assert time.monotonic() - began > 4
        assert (applied.code, group.committed()) == (5, 6), applied
        assert f"{group.address} is locked by operator" in applied.err
        waited = operator.apply("--wait", "10m", seconds=60)
        assert (waited.code, group.committed()) == (5, 6), "the lock is not what --wait waits for"


# 64, 78: what was written; for 65 see test_bad_input.py, for 69 test_unreachable.py


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "Commands:"),
        (["plna"], "Did you mean 'plan'?"),
        (["plan"], "DIR"),
        (["plan", "no-such-folder"], "no-such-folder is not a folder of documents"),
        (["apply", "STATE", "--yes", "--wait", "soon"], "--wait must be a length of time such as 30s"),
        (["apply", "STATE", "--yes", "--lock-timeout", "-1s"], "--lock-timeout must be a length of time such as 30s"),
        (["settle", "ConsumerGroup/analytics/g"], "say --done or --not-done, and --reason"),
        (["settle", "g", "--done", "--reason", "seen"], "'g' is not an address"),
        (["plan", "STATE", "--only", "watched", "--only", "wacthed"], "--only wacthed: no document"),
        (["drift", "STATE", "--except", "BurrowMonitor/*"], "--except BurrowMonitor/*: no document"),
        (["plan", "STATE", "--accept", "limit-rewoud"], "these have: limit-deletion-share, limit-deletions, "),
        (["apply", "STATE", "--yes", "--accept", "same-cluster"], "--accept same-cluster: no refusal that can be"),
        (["apply", "STATE", "--yes", "--only", "ConsumerGroup/*/other"], "--only ConsumerGroup/*/other: no document"),
    ],
)
def test_64_usage(words: list[str], told: str, tmp_path: Path) -> None:
    operator = offline(tmp_path)
    ran = operator.run(*(str(operator.state) if word == "STATE" else word for word in words))
    assert (ran.code, ran.out) == (64, "")
    assert told in ran.err


def test_64_without_a_terminal_and_without_yes_nothing_is_applied(operator: Operator, group: Group) -> None:
    operator.write(group.reset("{offset: 3}"))
    applied = operator.run("apply", str(operator.state))
    assert (applied.code, group.committed()) == (64, 6)
    assert "--yes" in applied.err


def test_64_no_configuration(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    ran = subprocess.run(
        [*COMMAND, "plan", "state"], cwd=tmp_path, env={"PATH": ""}, capture_output=True, text=True, timeout=30
    )
    assert ran.returncode == 64
    assert "looked for state/elreconcile.yaml or elreconcile.yaml" in ran.stderr


def test_78_configuration(tmp_path: Path) -> None:
    operator = offline(tmp_path)
    operator.configure("enviroment: x\nledger: {sqlite: 010}\n")
    for words in (["plan", str(operator.state)], ["ledger", "init"]):
        ran = operator.run(*words)
        assert (ran.code, ran.out) == (78, "")
        assert f"{operator.config}:1:1: unknown field 'enviroment'; did you mean 'environment'?" in ran.err
        assert f"{operator.config}:2:18: 010 looks octal" in ran.err


# 130: interrupted


def interrupted(process: subprocess.Popen[str]) -> str:
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in err
    return err


def test_130_while_a_system_is_awaited(tmp_path: Path) -> None:
    with silent() as kafka:
        plan = started(offline(tmp_path, kafka.port, PATIENT), "plan", str(tmp_path / "operator" / "state"))
        assert kafka.first.wait(60)
        time.sleep(0.3)
        assert interrupted(plan).endswith("elreconcile: interrupted\n")


def test_130_at_the_question(operator: Operator, group: Group) -> None:
    operator.write(group.reset("{offset: 3}"))
    ours, theirs = pty.openpty()
    apply = subprocess.Popen(
        [*COMMAND, "apply", str(operator.state)],
        env=operator.environment,
        cwd=ROOT,
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    os.close(theirs)
    assert apply.stderr
    asked = ""
    while not asked.endswith("will do: "):
        read = apply.stderr.read(1)
        assert read, asked
        asked += read
    assert interrupted(apply).endswith("elreconcile: interrupted: nothing was changed\n")
    os.close(ours)
    assert group.committed() == 6


def test_130_while_the_group_is_awaited(stack: Addresses, group: Group, operator: Operator) -> None:
    operator.write(group.reset("{offset: 3}"))
    settings = {"bootstrap.servers": stack.kafka, "group.id": group.name, "enable.auto.commit": False}
    with closing(Consumer(settings)) as consumer:
        consumer.subscribe([group.topic])
        until("the group has a member", lambda: consumer.poll(0.2) and consumer.assignment())
        apply = started(operator, "apply", str(operator.state), "--yes", "--wait", "60s")
        until("apply holds the lock", lambda: list((operator.home / "ledger.sqlite.locks").glob("*.lock")))
        time.sleep(2.5)
        assert apply.poll() is None
        assert interrupted(apply).endswith("elreconcile: interrupted: nothing was changed\n")
    assert group.committed() == 6
    assert operator.apply("--wait", "30s").code == 0
    assert group.committed() == 3

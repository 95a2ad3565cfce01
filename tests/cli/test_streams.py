"""What goes where: data to stdout, everything else to stderr, colours to terminals, and a password nowhere."""

from __future__ import annotations

import json
import os
import pty
import re
import shlex
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sandbox.addresses import Addresses
from tests.cli.group import Group
from tests.cli.places import QUICK, at_work, nowhere, offline, silent
from tests.operator import COMMAND, Operator, Ran
from tests.terminal import until_closed

ROOT = Path(__file__).resolve().parents[2]
BIG = 2**53 + 1
"""What a reader that takes numbers for floats would get wrong."""


def at_terminal(operator: Operator, *words: str, typed: str = "", **environment: str) -> Ran:
    """With a terminal as stdin and stdout, and nobody but us at it."""
    ours, theirs = pty.openpty()
    with os.fdopen(ours, "r+b", buffering=0) as terminal:
        process = subprocess.Popen(
            [*COMMAND, *words],
            env=operator.environment | {"TERM": "xterm"} | environment,
            cwd=ROOT,
            stdin=theirs,
            stdout=theirs,
            stderr=subprocess.PIPE,
            text=True,
        )
        os.close(theirs)
        terminal.write(typed.encode())
        shown = b"".join(until_closed(terminal.fileno()))
        _, err = process.communicate(timeout=60)
    return Ran(process.returncode, shown.decode().replace("\r\n", "\n").removeprefix(typed), err)


# stdout and stderr


def test_a_plan_is_all_that_is_on_stdout(operator: Operator, group: Group) -> None:
    operator.write(group.reset("{offset: 3}"))
    planned = operator.plan()
    assert planned.out.startswith("analytics   Kafka ")
    assert re.search(r"\n1 change in sandbox: 1 to carry out once\. +digest [0-9a-f]{16}\n$", planned.out)
    assert planned.err.startswith("Nothing was changed. Apply with: elreconcile apply ")
    assert planned.err.count("\n") == 1


def test_the_next_step_does_what_was_shown_and_no_more(operator: Operator, group: Group, tmp_path: Path) -> None:
    """Typed as it stands there, in a shell."""
    operator.write(group.reset("{offset: 3}"))
    operator.write(group.reset("{offset: 3}").replace("id: r", "id: r2").replace(group.name, "an other"), "other.yaml")
    words = ["--except", "an *", "--accept", "protected", "--config", str(operator.config)]
    apply, review = (
        re.search(rf"{verb} with: elreconcile (.+?)(    |\n)", operator.plan(*words, "--full").err)
        for verb in ("Apply", "Review it")
    )
    assert apply
    assert review
    assert shlex.split(apply[1]) == ["apply", str(operator.state), *shlex.split(review[1])[2:-2]]
    assert sorted(shlex.split(apply[1])[2:]) == sorted(words)
    assert shlex.split(review[1])[-2:] == ["--out", "plan.json"]
    out = tmp_path / "a plan.json"
    assert (
        f"Apply with: elreconcile apply '{out}' --config {operator.config}\n"
        in operator.plan(*words, "--out", str(out)).err
    )
    applied = subprocess.run(
        ["sh", "-c", f"{shlex.join(COMMAND)} {apply[1]} --yes"],
        env=operator.environment,
        capture_output=True,
        timeout=90,
    )
    assert (applied.returncode, group.committed()) == (0, 3), applied
    assert "an other" not in operator.run("history").out


def test_an_apply_tells_its_plan_and_outcomes_on_stdout_and_its_summary_on_stderr(
    operator: Operator, group: Group
) -> None:
    operator.write(group.reset("{offset: 3}"))
    applied = operator.apply()
    assert applied.out.splitlines()[-1] == f"settled   {group.address}   read back"
    assert re.fullmatch(r"run [0-9a-f]{12}: 1 settled\n", applied.err)


def test_ledger_init_prints_the_id_alone(tmp_path: Path) -> None:
    operator = offline(tmp_path)
    ran = operator.run("ledger", "init")
    assert f"id: {ran.out.strip()}" in operator.config.read_text()
    assert "there already" in ran.err


# JSON


def objects(value: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    if isinstance(value, list):
        for inner in value:
            yield from objects(inner)


def read_json(text: str) -> Any:
    """With every object's keys in the order of the text."""
    document = json.loads(text)
    assert document["format_version"] == "1.0"
    assert all(list(each) == sorted(each) for each in objects(document))
    return document


def test_plans_and_outcomes_as_json(operator: Operator, group: Group) -> None:
    operator.write(group.reset(f"{{offset: {BIG}}}", "on_out_of_range: clamp,"))
    planned = operator.plan("--json")
    plan = read_json(planned.out)
    (change,) = plan["changes"]
    assert (plan["type"], change["address"]) == ("plan", group.address)
    assert change["pins"] == {group.topic: {"0": 10}}
    assert change["request"]["meaning"]["to"] == {"offset": BIG}
    assert f'"offset": {BIG}\n' in planned.out
    applied = operator.apply("--json")
    outcomes = read_json(applied.out)
    assert (applied.code, outcomes["type"], outcomes["digest"]) == (0, "outcomes", plan["digest"])
    assert [(each["address"], each["ending"]) for each in outcomes["outcomes"]] == [(group.address, "settled")]


def test_problems_as_json(tmp_path: Path) -> None:
    operator = offline(tmp_path)
    assert read_json(operator.run("validate", str(operator.state), "--json").out)["problems"] == []
    operator.write("kind: Unknown\n")
    ran = operator.run("validate", str(operator.state), "--json")
    (problem,) = read_json(ran.out)["problems"]
    assert (problem["line"], problem["column"]) == (1, 7)
    assert ran.err == f"{problem['file']}:1:7: {problem['message']}\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device that is always full is Linux's")
def test_an_output_that_cannot_be_written_is_an_error_that_is_told(operator: Operator, group: Group) -> None:
    operator.write(group.reset("{offset: 3}"))
    with Path("/dev/full").open("w") as full:
        words = [*COMMAND, "plan", str(operator.state)]
        ran = subprocess.run(
            words, env=operator.environment, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60
        )
    assert (ran.returncode, ran.stderr.splitlines()[-1]) == (1, "elreconcile: the output: No space left on device")


def test_an_output_that_was_closed_before_is_done_without(operator: Operator) -> None:
    operator.write("{kind: ConsumerGroup, name: g, cluster: analytics}\n")
    words = ["sh", "-c", 'exec "$@" >&-', "sh", *COMMAND, "validate", str(operator.state)]
    ran = subprocess.run(words, env=operator.environment, stderr=subprocess.PIPE, text=True, timeout=60)
    assert (ran.returncode, ran.stderr.count("\n")) == (0, 1), ran.stderr


def test_signs_that_the_encoding_lacks_are_escaped(operator: Operator, group: Group) -> None:
    """But for an exported ledger, whose seal holds for its bytes."""

    def shown(*words: str) -> bytes:
        environment = operator.environment | {"PYTHONIOENCODING": "ascii"}
        return subprocess.run([*COMMAND, *words], env=environment, capture_output=True, check=True, timeout=60).stdout

    operator.write(group.reset("{offset: 3}").replace("name: ", "name: größe-"))
    assert b"Exit codes:" in shown("--help")
    assert rb"gr\xf6\xdfe-group" in shown("plan", str(operator.state))
    assert operator.apply().code == 0
    ledger = operator.home / "ledger.jsonl"
    assert operator.run("ledger", "export", str(ledger)).code == 0
    assert "größe-group".encode() in ledger.read_bytes()
    assert shown("ledger", "export") == ledger.read_bytes()


# terminals


@pytest.mark.parametrize(("environment", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_colour_is_for_terminals_that_want_it(
    environment: Mapping[str, str], coloured: bool, operator: Operator, group: Group
) -> None:
    operator.write(group.reset("{offset: 3}"))
    shown = at_terminal(operator, "plan", str(operator.state), **environment)
    assert shown.code == 0
    assert ("\x1b[" in shown.out) == coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", shown.out) == operator.plan().out


@pytest.mark.parametrize(("typed", "code", "committed"), [("yes\n", 0, 3), ("y\n", 4, 6), ("\n", 4, 6)])
def test_only_a_typed_yes_will_do(typed: str, code: int, committed: int, operator: Operator, group: Group) -> None:
    operator.write(group.reset("{offset: 3}"))
    applied = at_terminal(operator, "apply", str(operator.state), typed=typed)
    assert (applied.code, group.committed()) == (code, committed)
    assert f"Carry out this plan of {operator.state} in sandbox? Only `yes` will do: " in applied.err
    assert ("nothing was changed: the answer was not yes" in applied.err) == (code == 4)


# passwords


def told_nowhere(ran: Ran) -> Ran:
    assert "hunter2" not in ran.out + ran.err
    return ran


def test_a_password_is_not_shown_where_a_login_fails(stack: Addresses, tmp_path: Path) -> None:
    """Of Kafka, which wants none here, and of the ledger's server, which refuses it."""
    operator = at_work(tmp_path / "operator", stack)
    operator.write("{kind: ConsumerGroup, name: g, cluster: analytics}\n")
    login = "security: {protocol: SASL_PLAINTEXT, mechanism: PLAIN, username: u, password: hunter2}"
    operator.configure(operator.config.read_text().replace("}\nburrow:", f", {login}}}\nburrow:"))
    assert told_nowhere(operator.plan()).code == 69
    wrong = replace(stack, mysql=replace(stack.mysql, password="hunter2"))
    text = wrong.elreconcile_yaml().replace("{sqlite: ledger.sqlite, id: null}", "{mysql: m4, id: any}")
    operator.configure(text + QUICK)
    refused = told_nowhere(operator.plan())
    assert refused.code == 69
    assert "Access denied" in refused.err


def test_a_password_is_not_shown_in_any_report(stack: Addresses, group: Group, tmp_path: Path) -> None:
    servers = replace(stack, mysql=replace(stack.mysql, password="hunter2"))
    operator = at_work(tmp_path / "operator", servers)
    burrow = operator.config.read_text().replace(
        "kafka: analytics}", "kafka: analytics, username: u, password: hunter2}"
    )
    operator.configure(burrow)
    operator.write(group.reset("{offset: 3}") + "---\n{kind: BurrowMonitor, name: g, burrow: analytics, topics: [t]}\n")
    assert told_nowhere(operator.plan("--full")).code == 0
    assert told_nowhere(operator.plan("--json")).code == 0
    assert told_nowhere(operator.plan("--out", str(operator.home / "plan.json"))).code == 0
    assert "hunter2" not in (operator.home / "plan.json").read_text()
    assert told_nowhere(operator.run("ledger", "export")).code == 0
    assert told_nowhere(operator.apply()).code == 0


@pytest.mark.parametrize(
    ("wrong", "place"),
    [
        ("password: [hunter2]", "'password' must be text"),
        ("passwrd: hunter2", "did you mean 'password'?"),
        ("password: '${env:NOT_SET}hunter2'", "NOT_SET is not set"),
        ("password: '${hunter2'", "starts a reference"),
        ("tls: '${env:SECRET}'", "'tls' must be a mapping"),
        ("tls: {ca_file: '${env:SECRET}', cert_file: '${env:SECRET}'}", "cert_file and key_file"),
    ],
)
def test_a_password_is_not_shown_where_the_configuration_is_wrong(
    wrong: str, place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET", "hunter2")
    with silent() as kafka:
        operator = at_work(tmp_path / "operator", nowhere(kafka.port))
    text = operator.config.read_text()
    operator.configure(re.sub('password: "hunter2"', wrong, text))
    ran = told_nowhere(operator.run("validate", str(operator.state)))
    assert ran.code == 78
    assert place in ran.err

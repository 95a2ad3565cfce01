"""Bad documents: everything wrong is told at once and located, the exit code is 65, and no server is contacted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.cli.places import WATCHED, Silent, nowhere, silent
from tests.operator import Operator

ONE = """\
kind: ConsumerGroup
name: one
cluster: analytcs
expect: {max_lags: 5, max_lag: 5}
reset:
  id: a
  expires: 2030-01-01T00:00:00
  to: {offset: 0831}
  topics: {t: }
"""
TWO = """\
kind: ConsumerGroup
name: two
cluster: analytics
cluster: analytics
reset:
  id: b
  to: earlist
  topics: {t: {to: {offset: 1, shift: -1}}}
---
kind: BurrowMonitr
name: two
"""
WRONG = [
    ("one.yaml:3:10", "analytcs", "did you mean 'analytics'?"),
    ("one.yaml:4:10", "unknown field 'max_lags'", "did you mean 'max_lag'?"),
    ("one.yaml:7:12", "has no zone", "2030-01-01T00:00:00Z"),
    ("one.yaml:8:16", "0831 looks octal", "831"),
    ("two.yaml:4:1", "duplicate key 'cluster'", "line 3"),
    ("two.yaml:5:1", "missing field 'expires'", ""),
    ("two.yaml:7:7", "earlist", "did you mean 'earliest'?"),
    ("two.yaml:8:20", "offset and shift are 2 targets", "exactly one"),
    ("two.yaml:10:7", "BurrowMonitr", "did you mean 'BurrowMonitor'?"),
]


@pytest.fixture
def watchers() -> Iterator[list[Silent]]:
    """In the places of Kafka, Burrow and MySQL."""
    with ExitStack() as stack:
        yield [stack.enter_context(silent()) for _ in range(3)]


@pytest.fixture
def operator(watchers: list[Silent], tmp_path: Path) -> Operator:
    """The ledger is on the MySQL server, so that looking into it would be seen as well."""
    (tmp_path / "state").mkdir()
    operator = Operator(tmp_path)
    servers = nowhere(*(watcher.port for watcher in watchers))
    text = servers.elreconcile_yaml().replace("{sqlite: ledger.sqlite, id: null}", "{mysql: m4, id: any}")
    operator.configure(text + "timing: {deadline: 1s}\n")
    return operator


@pytest.mark.parametrize("verb", ["validate", "plan", "apply"])
def test_everything_wrong_is_told_at_once_and_nobody_is_asked(
    verb: str, operator: Operator, watchers: list[Silent]
) -> None:
    operator.write(ONE, "one.yaml")
    operator.write(TWO, "two.yaml")
    ran = operator.run(verb, str(operator.state))
    told = [line.removeprefix(f"{operator.state}/") for line in ran.err.splitlines()]
    assert (ran.code, ran.out) == (65, "")
    assert [re.match(r"[^:]+:\d+:\d+", line) is not None for line in told] == [True] * len(WRONG)
    for line, (place, *words) in zip(told, WRONG, strict=True):
        assert line.startswith(f"{place}: "), line
        assert all(word in line for word in words), line
    assert [watcher.taken for watcher in watchers] == [[], [], []]


def test_the_same_as_json(operator: Operator) -> None:
    operator.write(ONE, "one.yaml")
    operator.write(TWO, "two.yaml")
    ran = operator.run("validate", str(operator.state), "--json")
    assert ran.code == 65
    told = [(f"{Path(each['file']).name}:{each['line']}:{each['column']}") for each in ran.json["problems"]]
    assert told == [place for place, *_ in WRONG]


def test_validating_good_documents_asks_nobody_either(operator: Operator, watchers: list[Silent]) -> None:
    operator.write(WATCHED)
    valid = operator.run("validate", str(operator.state))
    assert (valid.code, valid.err) == (0, f"1 document in {operator.state} is valid\n")
    operator.write(WATCHED.replace("name: ", "name: other-"), "other.yaml")
    assert operator.run("validate", str(operator.state)).err == f"2 documents in {operator.state} are valid\n"
    assert [watcher.taken for watcher in watchers] == [[], [], []]


def test_a_plan_of_good_documents_would_have_been_seen(operator: Operator, watchers: list[Silent]) -> None:
    operator.write(WATCHED)
    assert operator.plan().code == 69
    assert [len(watcher.taken) for watcher in watchers] == [0, 0, 1]

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from elreconcile.kinds.burrow_monitor.findings import findings
from elreconcile.kinds.burrow_monitor.live import LiveMonitor
from elreconcile.model.change import Finding, Sort
from tests.unit.kinds.burrow_monitor.monitors import OPEN, live, monitor, partition, status

SEEN = live({"valid-mixed": (partition(10),)})


def found(world: LiveMonitor, expect: dict[str, Any] | None = None) -> list[Finding]:
    return list(findings(monitor("valid-mixed", expect=expect), world))


@pytest.mark.parametrize("expect", [None, {}, {"status": "OK"}, {"max_lag": 0}, {"status": "OK", "max_lag": 5}])
def test_what_is_as_expected_is_not_told(expect: dict[str, Any] | None) -> None:
    assert found(SEEN, expect) == []


@pytest.mark.parametrize(
    ("allow", "deny", "value"),
    [
        ("^el_.*$", "", "group-allowlist ^el_.*$ does not match it"),
        ("", "^g$", "group-denylist ^g$ matches it"),
        ("^x", "g", "group-allowlist ^x does not match it"),
    ],
)
def test_a_filter_that_keeps_the_group_out_is_named_with_its_section(allow: str, deny: str, value: str) -> None:
    first = found(replace(SEEN, filters=(OPEN, replace(OPEN, allow=allow, deny=deny))))[0]
    assert (first.what, first.value, first.wanted) == ("group g", value, "monitored")
    key = value.split()[0]
    assert first.remedy == f"change {key} in [consumer.local] of Burrow's configuration and restart Burrow"


def test_both_filters_may_keep_it_out() -> None:
    assert len(found(replace(SEEN, filters=(replace(OPEN, allow="^x", deny="g"),)))) == 2


@pytest.mark.parametrize(
    ("allow", "deny"), [("g", ""), ("^g$", "^x"), ("[[:alpha:]]", "[[:digit:]]"), (r"\Qx\E", r"\pN"), ("(", "(")]
)
def test_a_filter_that_lets_it_in_or_cannot_be_judged_is_no_finding(allow: str, deny: str) -> None:
    assert found(replace(SEEN, filters=(OPEN, replace(OPEN, allow=allow, deny=deny)))) == []


@pytest.mark.parametrize(
    ("deny", "remedy"),
    [
        (
            None,
            "wait for its next commit; if it has committed since Burrow started, group-denylist in [consumer.local] "
            "keeps it out, which Burrow does not tell",
        ),
        ("", "wait for its next commit"),
    ],
)
def test_a_group_that_commits_and_is_not_seen_may_be_denied(deny: str | None, remedy: str) -> None:
    world = live(None, filters=(replace(OPEN, deny=deny),))
    assert found(world) == [
        Finding("group g", "Kafka holds its commits, and Burrow does not know it", "monitored", remedy)
    ]
    assert found(replace(world, committed=frozenset())) == []
    assert found(replace(world, committed=frozenset({"a topic Burrow has not met"}))) == []


def test_a_group_that_does_not_exist() -> None:
    (finding,) = found(replace(SEEN, exists=False))
    assert (finding.what, finding.value) == ("group in Kafka", "no such group")


def test_a_topic_burrow_has_never_met() -> None:
    (finding,) = found(replace(SEEN, met=frozenset()))
    assert (finding.what, finding.value) == ("valid-mixed", "Burrow has not met this topic")


@pytest.mark.parametrize(
    ("world", "expect", "finding"),
    [
        (
            replace(SEEN, status=status("ERR")),
            {"status": "OK"},
            Finding("status", "ERR", "OK", "see whether its consumers keep up"),
        ),
        (
            replace(SEEN, status=status("OK", complete=0.1)),
            {"status": "OK"},
            Finding("status", "not known: Burrow has seen 10% of the commits it judges by", "OK", "wait", Sort.UNKNOWN),
        ),
        (
            replace(SEEN, status=status("OK", total_lag=1031)),
            {"max_lag": 1000},
            Finding("lag", "1,031", "at most 1,000", "see whether its consumers keep up"),
        ),
        (
            live(None, committed=frozenset()),
            {"status": "OK"},
            Finding("status", "Burrow does not know the group", "OK", "wait for its next commit"),
        ),
        (
            live(None, committed=frozenset()),
            {"max_lag": 5},
            Finding("status", "Burrow does not know the group", "known", "wait for its next commit"),
        ),
    ],
)
def test_unmet_expectations_in_burrows_own_words(world: LiveMonitor, expect: dict[str, Any], finding: Finding) -> None:
    assert found(world, expect) == [finding]


def test_status_and_lag_are_two_findings() -> None:
    world = replace(SEEN, status=status("ERR", total_lag=9))
    assert [one.what for one in found(world, {"status": "OK", "max_lag": 5})] == ["status", "lag"]

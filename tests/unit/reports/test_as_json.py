from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from elreconcile.errors import Problem
from elreconcile.model.address import Address
from elreconcile.model.block import Line, Table
from elreconcile.model.change import Action, Change, Finding, Guard, Pending, Precondition, Refusal, Request
from elreconcile.model.outcome import Ending, Outcome
from elreconcile.model.plan import Plan, Source, SystemSeen
from elreconcile.reports.as_json import outcomes_json, plan_json, problems_json

AT = datetime(2018, 3, 13, 14, 0, tzinfo=UTC)
ADDRESS = Address("ConsumerGroup", "analytics", "g")
CHANGE = Change(
    ADDRESS,
    Action.REQUEST,
    "reset r1",
    effect={"commit": {"topic": {"0": 2**63 - 1}}},
    pins={"topic": {"0": 2**63 - 1}},
    before={"topic": {"0": None}},
    request=Request("r1", AT, {"to": "latest"}, "print"),
    guards=(Guard("cluster id", "c"),),
    preconditions=(Precondition("unused", "1 member", "stop it", holds=False),),
    refusals=(Refusal("no-match", "topic", "v", "l", "r"),),
    findings=(Finding("lag", "5", "3", "see"),),
    pending=(Pending("topic", "a commit"),),
    details=(Line("words"), Table(("b", "a"), (("1", "2"),), frozenset({"b", "a"}), depth=1)),
)
PLAN = Plan(
    "test", Source("state", "abc"), "ledger", (SystemSeen("kafka", "analytics", "3.9"),), (CHANGE,), AT, ("no-match",)
)


def test_a_plan_holds_all_that_the_text_shows_and_that_apply_goes_by() -> None:
    assert json.loads(plan_json(PLAN, AT, "it expired")) == {
        "format_version": "1.0",
        "type": "plan",
        "digest": PLAN.digest,
        "made_at": "2018-03-13T14:00:00Z",
        "expires_at": "2018-03-13T14:00:00Z",
        "stale": "it expired",
        "environment": "test",
        "source": {"folder": "state", "commit": "abc", "dirty": False},
        "ledger": "ledger",
        "systems": [{"family": "kafka", "name": "analytics", "description": "3.9"}],
        "accepted": ["no-match"],
        "left_out": [],
        "refusals": [],
        "changes": [
            {
                "address": "ConsumerGroup/analytics/g",
                "kind": "ConsumerGroup",
                "action": "request",
                "title": "reset r1",
                "request": {
                    "id": "r1",
                    "expires": "2018-03-13T14:00:00Z",
                    "meaning": {"to": "latest"},
                    "fingerprint": "print",
                },
                "settled_at": None,
                "effect": {"commit": {"topic": {"0": 9223372036854775807}}},
                "pins": {"topic": {"0": 9223372036854775807}},
                "before": {"topic": {"0": None}},
                "done": None,
                "size": {},
                "blocked": True,
                "guards": [{"name": "cluster id", "value": "c"}],
                "preconditions": [{"what": "unused", "now": "1 member", "remedy": "stop it", "holds": False}],
                "refusals": [
                    {"id": "no-match", "what": "topic", "value": "v", "limit": "l", "remedy": "r", "acceptable": False}
                ],
                "findings": [{"what": "lag", "value": "5", "wanted": "3", "remedy": "see", "sort": "expectation"}],
                "pending": [{"what": "topic", "waits_for": "a commit"}],
                "details": [
                    {"text": "words", "depth": 0},
                    {"columns": ["b", "a"], "rows": [["1", "2"]], "numeric": ["a", "b"], "depth": 1},
                ],
            }
        ],
    }


def test_keys_are_sorted_and_the_text_ends_as_a_file_does() -> None:
    text = plan_json(PLAN)
    assert text == json.dumps(json.loads(text), indent=2, sort_keys=True) + "\n"


def test_a_level_has_no_request() -> None:
    level = Change(Address("BurrowMonitor", "analytics", "g"), Action.NONE, "")
    plan = Plan("test", Source("state"), "ledger", (), (level,), AT)
    (told,) = json.loads(plan_json(plan))["changes"]
    assert (told["request"], told["blocked"], told["details"]) == (None, False, [])


def test_a_settled_request_has_its_time() -> None:
    done = replace(PLAN, changes=(replace(CHANGE, action=Action.NONE, settled_at=AT),))
    (told,) = json.loads(plan_json(done))["changes"]
    assert told["settled_at"] == "2018-03-13T14:00:00Z"


def test_outcomes_tell_how_each_change_ended_and_what_was_read_back() -> None:
    outcome = Outcome(ADDRESS, Ending.UNCERTAIN, "why", {"committed": {"topic": {"0": None}}}, request="r1")
    assert json.loads(outcomes_json([outcome], "run-1", replace(PLAN, left_out=(ADDRESS,)))) == {
        "format_version": "1.0",
        "type": "outcomes",
        "run": "run-1",
        "digest": PLAN.digest,
        "left_out": ["ConsumerGroup/analytics/g"],
        "outcomes": [
            {
                "address": "ConsumerGroup/analytics/g",
                "ending": "uncertain",
                "request": "r1",
                "reason": "why",
                "evidence": {"committed": {"topic": {"0": None}}},
            }
        ],
    }


def test_problems_say_where() -> None:
    assert json.loads(problems_json([Problem("f.yaml", 3, 7, "no zone")]))["problems"] == [
        {"file": "f.yaml", "line": 3, "column": 7, "message": "no zone"}
    ]


def test_a_value_that_json_does_not_know_is_a_mistake_of_ours() -> None:
    stray = Outcome(ADDRESS, Ending.SETTLED, "read back", {"took": timedelta(seconds=5)})  # type: ignore[dict-item]
    with pytest.raises(TypeError, match="timedelta has no place in JSON"):
        outcomes_json([stray], "run-1", PLAN)

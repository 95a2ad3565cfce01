"""Drift as people and scripts read it."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from msgspec.structs import replace

from elreconcile.model.address import Address
from elreconcile.model.change import Action, Change, Finding, Refusal, Sort
from elreconcile.model.plan import Plan, Source
from elreconcile.reports.drift_report import drift_json, drift_text

AT = datetime(2018, 3, 13, tzinfo=UTC)
PLACE, LOST = Address("ConsumerGroup", "analytics", "g"), Address("ConsumerGroup", "analytics", "lost")
REFUSAL = Refusal("no-match", "topic", "asked for T", "no record is that late", "choose another")
LIMIT = Refusal("limit-groups", "groups in this run", "3", "limits.groups is 1", "raise limits.groups", acceptable=True)
CHANGE = Change(
    PLACE,
    Action.REQUEST,
    "reset r1",
    refusals=(REFUSAL,),
    findings=(Finding("lag", "5", "at most 3", "see"), Finding("commit", "9", "0 to 8", "reset", Sort.NOTE)),
)
LEFT_OUT = Address("ConsumerGroup", "analytics", "other")
PLAN = Plan("test", Source("state"), "ledger", (), (CHANGE,), AT, left_out=(LEFT_OUT,), refusals=(LIMIT,))


def test_a_row_for_each_thing_and_the_way_out_of_what_is_refused() -> None:
    words = f"Left out as asked, of the folder's documents: {LEFT_OUT}."
    firsts = [line.split("  ")[0].strip() for line in drift_text(PLAN, {LOST: "down"}).splitlines()]
    assert firsts == ["expectation", "refused", "refused", "not observed", "unapplied", "note", words]
    assert "no-match: topic: asked for T; no record is that late; choose another" in drift_text(PLAN, {})
    assert "all of them" in drift_text(replace(PLAN, changes=()), {})


def test_json_holds_the_same() -> None:
    told = json.loads(drift_json(PLAN, {LOST: "down"}))
    assert [each["told"] for each in told["drift"]] == ["lag: 5; wanted: at most 3"]
    assert [(each["address"], each["id"]) for each in told["refusals"]] == [
        (str(PLACE), "no-match"),
        (None, "limit-groups"),
    ]
    assert told["not_observed"] == {str(LOST): "down"}
    assert told["unapplied"] == [str(PLACE)]
    assert told["left_out"] == [str(LEFT_OUT)]
    assert told["settled"] == []
    assert [each["told"] for each in told["notes"]] == ["commit: 9; wanted: 0 to 8"]


def test_only_where_there_is_nothing_to_tell_all_is_as_it_should_be() -> None:
    quiet = replace(PLAN, changes=(Change(PLACE, Action.NONE, ""),), refusals=(), left_out=())
    assert drift_text(quiet, {}) == "No drift: 1 document is as the world is.\n"
    assert "No drift" not in drift_text(replace(quiet, refusals=(LIMIT,)), {})


def test_a_settled_request_is_not_told_as_being_as_the_world_is() -> None:
    settled = Change(PLACE, Action.NONE, "", settled_at=AT)
    quiet = replace(PLAN, changes=(settled,), refusals=(), left_out=())
    unseen = "1 request was settled on 2018-03-13 and not looked at again."
    assert drift_text(quiet, {}).splitlines() == ["No drift was seen in 1 document.", unseen]
    assert drift_text(replace(quiet, changes=(CHANGE, settled)), {}).splitlines()[-1] == unseen
    assert json.loads(drift_json(quiet, {}))["settled"] == [str(PLACE)]

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from elreconcile.model.address import Address
from elreconcile.model.block import Line
from elreconcile.model.change import Action, Change, Finding, Guard, Pending, Precondition, Refusal, Request
from elreconcile.model.plan import Plan, Source, SystemSeen

MADE = datetime(2018, 3, 13, 14, 0, tzinfo=UTC)
BLOCKING = Precondition("the group to be unused", "1 member", "stop it", holds=False)
REFUSAL = Refusal("no-match", "topic, partition 0", "asked", "none", "choose", acceptable=True)
REQUEST = Request("r1", MADE, {"to": "latest"}, "fingerprint")


def change(name: str = "g", **fields: object) -> Change:
    made = Change(
        Address("ConsumerGroup", "analytics", name),
        Action.REQUEST,
        "reset r1",
        effect={"commit": {"topic": {"0": 5, "1": 6}}},
        pins={"topic": {"0": 5, "1": 6}},
        before={"topic": {"0": None}},
        request=REQUEST,
        guards=(Guard("cluster id", "c"), Guard("topic id of topic", "t")),
    )
    return replace(made, **fields)


def plan(*changes: Change, **fields: object) -> Plan:
    made = Plan("production", Source("state"), "ledger-id", (), changes, MADE)
    return replace(made, **fields)


def test_work_is_what_does_something() -> None:
    idle, busy = change("a", action=Action.NONE), change("b")
    assert plan(idle, busy).work == (busy,)
    assert plan(idle, busy).by_address == {busy.address: busy}


def test_refused_counts_what_does_nothing_too() -> None:
    stuck = change("a", action=Action.NONE, refusals=(REFUSAL,))
    assert plan(stuck, change("b")).refused == (stuck,)


def test_blocked_is_what_a_precondition_holds_back() -> None:
    held = replace(BLOCKING, holds=True)
    waiting = change("a", preconditions=(held, BLOCKING))
    assert plan(waiting, change("b", preconditions=(held,)), change("c", action=Action.NONE)).blocked == (waiting,)
    assert waiting.blocked_by == (BLOCKING,)


@pytest.mark.parametrize(
    "other",
    [
        plan(change(pins={"topic": {"0": 5, "1": 7}})),
        plan(change(effect={"commit": {"topic": {"0": 5}}})),
        plan(change(guards=(Guard("cluster id", "other"), Guard("topic id of topic", "t")))),
        plan(change(guards=(Guard("cluster id", "c"),))),
        plan(change(action=Action.REMOVE)),
        plan(change(request=None)),
        plan(change(request=replace(REQUEST, id="r2"))),
        plan(change(request=replace(REQUEST, fingerprint="other"))),
        plan(change(refusals=(REFUSAL,))),
        plan(change("other")),
        plan(change(), change("other")),
        plan(),
        plan(change(), accepted=("retention-margin",)),
        plan(change(), environment="test"),
        plan(change(), ledger="another"),
    ],
)
def test_the_digest_covers_what_will_be_done_and_what_it_is_bound_to(other: Plan) -> None:
    assert other.digest != plan(change()).digest


@pytest.mark.parametrize(
    "other",
    [
        plan(change(preconditions=(BLOCKING,))),
        plan(change(findings=(Finding("lag", "5", "at most 3", "see"),))),
        plan(change(pending=(Pending("topic", "a commit"),))),
        plan(change(details=(Line("words"),), title="other words")),
        plan(change(before={"topic": {"0": {"offset": 1, "metadata": ""}}})),
        plan(change(guards=(Guard("topic id of topic", "t"), Guard("cluster id", "c")))),
        plan(change(pins={"topic": {"1": 6, "0": 5}})),
        plan(change(), change("idle", action=Action.NONE)),
        plan(change(), made_at=datetime(2030, 1, 1, tzinfo=UTC), source=Source("elsewhere", "abc", dirty=True)),
        plan(change(), systems=(SystemSeen("kafka", "analytics", "Kafka 3.9"),)),
    ],
)
def test_the_digest_leaves_out_what_waiting_can_mend_and_how_it_is_shown(other: Plan) -> None:
    assert other.digest == plan(change()).digest


@given(st.permutations([change("a"), change("b"), change("c", action=Action.NONE)]), st.permutations(["x", "y", "z"]))
def test_the_digest_knows_no_order(changes: list[Change], accepted: list[str]) -> None:
    told = plan(*changes, accepted=tuple(accepted))
    assert told.digest == plan(change("a"), change("b"), accepted=("x", "y", "z")).digest


@given(st.dictionaries(st.integers(0, 11), st.integers(0, 2**63 - 1), min_size=1), st.data())
def test_any_pin_that_moves_changes_the_digest(pins: dict[int, int], data: st.DataObject) -> None:
    def pinned(offsets: dict[int, int]) -> Plan:
        return plan(change(pins={"topic": {str(number): at for number, at in offsets.items()}}))

    number = data.draw(st.sampled_from(sorted(pins)))
    assert pinned({**pins, number: pins[number] + 1}).digest != pinned(pins).digest


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (Source("state/demo"), "state/demo (not in git)"),
        (Source("state/demo", "3f2a9c1" + "0" * 33), "state/demo at 3f2a9c100000 (clean)"),
        (Source("state/demo", "3f2a9c1", dirty=True), "state/demo at 3f2a9c1 (with uncommitted changes)"),
    ],
)
def test_a_source_says_whether_it_is_what_was_reviewed(source: Source, text: str) -> None:
    assert str(source) == text

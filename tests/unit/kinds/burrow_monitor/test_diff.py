from __future__ import annotations

import pytest

from elreconcile.kinds.burrow_monitor.diff import diff
from elreconcile.model.address import Address
from elreconcile.model.block import Line
from elreconcile.model.change import Action, Guard, Pending
from tests.unit.kinds.burrow_monitor.monitors import MOMENT, ask, live, monitor, partition, status

QUIET = (partition(7200),)
NEXT = "the group's next commit for it: Burrow learns of a topic in no other way"


def test_exactly_the_topics_wanted_is_nothing_to_do() -> None:
    change = diff(ask(monitor("valid-mixed")), live({"valid-mixed": QUIET}), MOMENT)
    assert (change.address, change.action) == (Address("BurrowMonitor", "analytics", "g"), Action.NONE)
    assert (change.effect, change.pending, change.findings, change.details) == (None, (), (), ())


def test_a_topic_too_many_is_forgotten_alone_where_burrow_knows_how() -> None:
    seen = live({"valid-mixed": QUIET, "undelete": QUIET, "other": QUIET})
    change = diff(ask(monitor("valid-mixed", "new")), seen, MOMENT)
    assert (change.action, change.title) == (Action.REMOVE, "2 stale topics")
    assert change.effect == {"forget": ["other", "undelete"], "whole group": False, "wanted": ["new", "valid-mixed"]}
    assert change.before == ["other", "undelete", "valid-mixed"]
    assert change.guards == (Guard("cluster id", "cluster-id"), Guard("cluster in Burrow", "local"))
    assert [pending.what for pending in change.pending] == ["new"]
    assert change.blocked_by == ()


def test_else_the_whole_group_is_and_what_is_wanted_has_to_return() -> None:
    seen = live({"valid-mixed": QUIET, "undelete": QUIET}, forgets_topics=False)
    change = diff(ask(monitor("valid-mixed")), seen, MOMENT)
    assert change.title == "1 stale topic"
    assert change.effect == {"forget": ["undelete"], "whole group": True, "wanted": ["valid-mixed"]}
    assert change.pending == (Pending("valid-mixed", NEXT),)
    assert Line("this Burrow can only forget the whole group") in change.details


def test_a_topic_too_few_can_only_come_with_a_commit() -> None:
    change = diff(ask(monitor("valid-mixed", "typo")), live({}), MOMENT)
    assert change.action is Action.NONE
    assert change.pending == (
        Pending("typo", "the group's first commit for it: Kafka holds none, so see whether the name is right"),
        Pending("valid-mixed", NEXT),
    )


def test_a_group_burrow_does_not_know_is_waited_for() -> None:
    change = diff(ask(monitor("valid-mixed")), live(None), MOMENT)
    assert change.pending == (Pending("valid-mixed", NEXT),)


@pytest.mark.parametrize(
    ("seen", "holds", "now"),
    [
        ((partition(7200, 10),), False, "its last one is 10 s old"),
        ((partition(7200), partition(29)), False, "its last one is 29 s old"),
        ((partition(7200, 30),), True, "its last one is 30 s old"),
        ((partition(), partition()), True, "it has none"),
    ],
)
def test_a_topic_the_group_still_commits_for_would_be_back_at_once(seen: object, holds: bool, now: str) -> None:
    change = diff(ask(monitor("valid-mixed")), live({"valid-mixed": QUIET, "undelete": seen}), MOMENT)  # type: ignore[dict-item]
    (condition,) = change.preconditions
    assert (condition.what, condition.now, condition.holds) == ("no commit for undelete in 30 s", now, holds)


def test_what_is_known_of_each_topic_is_shown() -> None:
    seen = live(
        {"undelete": (partition(7200, lag=30), partition(9000, lag=1001)), "silent": (partition(),)},
        status=status("ERR", undelete="STOP", silent="OK"),
        committed=frozenset({"undelete"}),
    )
    assert diff(ask(monitor()), seen, MOMENT).details == (
        Line("- silent: no commit seen, lag 0, OK"),
        Line("- undelete: last commit 2 h 0 min ago, lag 1,031, STOP"),
        Line("Kafka still holds the group's commits for undelete; a reset to none forgets them"),
    )


def test_a_status_burrow_does_not_tell_is_left_out() -> None:
    seen = live({"undelete": QUIET}, status=None)
    assert diff(ask(monitor()), seen, MOMENT).details == (Line("- undelete: last commit 2 h 0 min ago, lag 0"),)


def test_nothing_is_forgotten_for_another_cluster_than_the_config_names() -> None:
    seen = live({"valid-mixed": QUIET, "undelete": QUIET}, expected_cluster_id="another-id")
    (refusal,) = diff(ask(monitor("valid-mixed")), seen, MOMENT).refusals
    assert (refusal.id, refusal.acceptable) == ("wrong-cluster", False)
    seen = live({"valid-mixed": QUIET, "undelete": QUIET}, expected_cluster_id="cluster-id")
    assert diff(ask(monitor("valid-mixed")), seen, MOMENT).refusals == ()

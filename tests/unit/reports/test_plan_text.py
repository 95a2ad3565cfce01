from __future__ import annotations

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from elreconcile.model.address import Address
from elreconcile.model.block import Line, Table
from elreconcile.model.change import Action, Change, Finding, Pending, Precondition, Refusal
from elreconcile.model.plan import Plan, Source, SystemSeen
from elreconcile.reports.plan_text import plan_text


def change(action: Action = Action.REQUEST, title: str = "reset r1", kind: str = "ConsumerGroup") -> Change:
    return Change(Address(kind, "analytics", "g"), action, title)


def settled(day: str) -> Change:
    return replace(change(Action.NONE), settled_at=datetime.fromisoformat(f"{day}T00:00:00+00:00"))


def plan(*changes: Change) -> Plan:
    systems = (SystemSeen("kafka", "analytics", "Kafka 3.9, cluster q1Sh"), SystemSeen("burrow", "b", "1.2.1"))
    return Plan("test", Source("state/demo"), "14-af", systems, changes, datetime(2018, 3, 13, tzinfo=UTC))


def body(one: Change, full: bool = False) -> list[str]:
    """The paragraph of the only change."""
    return plan_text(plan(one), full=full).split("\n\n")[1].splitlines()


def totals(*changes: Change) -> str:
    return totals_of(plan(*changes))


def totals_of(made: Plan) -> str:
    return plan_text(made).splitlines()[-1]


def test_a_plan_says_from_what_it_was_made() -> None:
    assert plan_text(plan()).split("\n\n")[0].splitlines() == [
        "analytics   kafka    Kafka 3.9, cluster q1Sh",
        "b           burrow   1.2.1",
        "desired              state/demo (not in git)",
        "ledger               14-af",
    ]


@pytest.mark.parametrize(
    ("one", "head"),
    [
        (change(), "~ ConsumerGroup g on analytics   reset r1"),
        (change(Action.REMOVE, ""), "- ConsumerGroup g on analytics"),
        (change(Action.ADD, ""), "+ ConsumerGroup g on analytics"),
        (change(Action.UPDATE, ""), "~ ConsumerGroup g on analytics"),
        (
            replace(change(Action.NONE), findings=(Finding("a", "b", "c", "d"),)),
            "? ConsumerGroup g on analytics   reset r1",
        ),
        (replace(change(), refusals=(Refusal("a", "b", "c", "d", "e"),)), "! ConsumerGroup g on analytics   reset r1"),
        (
            replace(change(Action.NONE), refusals=(Refusal("a", "b", "c", "d", "e"),)),
            "! ConsumerGroup g on analytics   reset r1",
        ),
    ],
)
def test_the_head_of_a_change(one: Change, head: str) -> None:
    assert body(one)[0] == head


def test_everything_of_a_change_is_told_refusals_first() -> None:
    one = replace(
        change(),
        refusals=(
            Refusal("no-match", "topic, partition 0", "asked for T", "no record is that late", "choose another"),
            Refusal("retention-margin", "topic", "43 min", "1 h", "raise retention.ms", acceptable=True),
        ),
        details=(Line("topic: rewind"), Line("clamped", depth=1)),
        preconditions=(
            Precondition("the group to be unused", "1 member", "stop it", holds=False),
            Precondition("something that holds", "it does", "nothing", holds=True),
        ),
        pending=(Pending("topic", "the next commit"),),
        findings=(Finding("lag", "5", "at most 3", "see"),),
    )
    assert body(one)[1:] == [
        "    refused (no-match): topic, partition 0: asked for T; no record is that late",
        "      choose another",
        "    refused (retention-margin): topic: 43 min; 1 h",
        "      raise retention.ms, or accept it for this plan: --accept retention-margin",
        "    topic: rewind",
        "      clamped",
        "    waits for: the group to be unused. Now 1 member",
        "      stop it",
        "    pending: topic waits for the next commit",
        "    found: lag: 5; wanted: at most 3",
        "      see",
    ]


def rows(count: int) -> Change:
    table = Table(
        ("part", "target", "event time"),
        tuple((str(number), f"{number},000", "T  dt") for number in range(count)),
        frozenset({"part", "target"}),
        depth=1,
    )
    return replace(change(), details=(table,))


def test_columns_stand_in_line_and_numbers_to_the_right() -> None:
    assert body(rows(2))[1:] == [
        "      part   target   event time",
        "         0    0,000   T  dt",
        "         1    1,000   T  dt",
    ]


@pytest.mark.parametrize(("count", "shown"), [(1, 1), (4, 4), (5, 2), (12, 2)])
def test_a_long_table_is_folded_and_says_so(count: int, shown: int) -> None:
    told = body(rows(count))[2:]
    assert len([line for line in told if "T  dt" in line]) == shown
    folded = [line.strip() for line in told if "more rows" in line]
    assert folded == ([] if shown == count else [f"{count - shown} more rows (--full)"])
    assert len(body(rows(count), full=True)) == count + 2


def test_a_table_without_rows_is_its_head() -> None:
    assert body(rows(0))[1:] == ["      part   target   event time"]


def test_documents_with_nothing_to_say_are_left_out() -> None:
    assert "ConsumerGroup" not in plan_text(plan(change(Action.NONE)))


def test_the_totals_count_what_apply_would_do() -> None:
    waiting = replace(change(), preconditions=(Precondition("a", "b", "c", holds=False),))
    refused = replace(change(kind="A"), refusals=(Refusal("a", "b", "c", "d", "e"),))
    monitor = change(Action.REMOVE, kind="BurrowMonitor")
    made = plan(change(Action.ADD, kind="X"), change(Action.UPDATE, kind="Y"), monitor, waiting, refused)
    assert plan_text(made).splitlines()[-1] == (
        "5 changes in test: 1 to add, 1 to update, 1 to remove, 2 to carry out once; 1 waiting for a precondition; "
        f"1 refused.   digest {made.digest[:16]}"
    )
    limits = tuple(Refusal(id, "b", "c", "d", "e") for id in ("limit-groups", "limit-rewound"))
    assert "1 refused; refused as a whole (limit-groups, limit-rewound).   " in totals_of(
        replace(made, refusals=limits)
    )
    assert totals(change()).startswith("1 change in test: 1 to carry out once.   digest ")


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ((), "Nothing to do: 0 documents looked at, 0 findings."),
        ((change(Action.NONE),), "Nothing to do: 1 document looked at, 0 findings."),
        (
            (
                replace(change(Action.NONE), findings=(Finding("a", "b", "c", "d"),)),
                replace(change(Action.NONE, kind="X"), pending=(Pending("a", "b"), Pending("c", "d"))),
            ),
            "Nothing to do: 2 documents looked at, 1 finding, 2 pending.",
        ),
        (
            (change(Action.NONE), replace(change(Action.NONE, kind="X"), refusals=(Refusal("a", "b", "c", "d", "e"),))),
            "Nothing can be done: 1 of 2 documents refused.",
        ),
        (
            (change(Action.NONE, kind="X"), settled("2018-03-13")),
            "Nothing to do: 2 documents, 0 findings; 1 request was settled on 2018-03-13 and not looked at again.",
        ),
        (
            (settled("2018-03-13"), settled("2018-03-13")),
            "Nothing to do: 2 documents, 0 findings; 2 requests were settled on 2018-03-13 and not looked at again.",
        ),
        (
            (settled("2018-03-13"), settled("2018-03-12")),
            "Nothing to do: 2 documents, 0 findings; "
            "2 requests were settled, the last on 2018-03-13, and not looked at again.",
        ),
    ],
)
def test_nothing_to_do(changes: tuple[Change, ...], text: str) -> None:
    assert totals(*changes) == text


def test_a_plan_that_is_refused_as_a_whole_says_so_where_nothing_is_to_be_done() -> None:
    made = replace(plan(change(Action.NONE)), refusals=(Refusal("same-cluster", "b", "c", "d", "e"),))
    assert totals_of(made) == "Nothing to do: 1 document looked at, 0 findings; refused as a whole (same-cluster)."


def test_colour_never_stands_alone() -> None:
    one = replace(
        change(),
        refusals=(Refusal("a", "b", "c", "d", "e"),),
        preconditions=(Precondition("a", "b", "c", holds=False),),
        findings=(Finding("a", "b", "c", "d"),),
    )
    painted: list[tuple[str, str]] = []

    def paint(text: str, colour: str) -> str:
        painted.append((text, colour))
        return text

    assert plan_text(plan(one), paint) == plan_text(plan(one))
    assert painted == [("!", "red"), ("refused", "red"), ("waits for", "yellow"), ("found", "cyan")]


def test_documents_that_were_not_asked_for_are_named() -> None:
    others = tuple(Address("ConsumerGroup", "analytics", f"other-{number}") for number in range(6))
    one, six = replace(plan(change()), left_out=others[:1]), replace(plan(change()), left_out=others)
    assert plan_text(one).endswith("documents: ConsumerGroup/analytics/other-0.\n")
    assert plan_text(six).endswith("ConsumerGroup/analytics/other-4 and 1 more.\n")
    assert plan_text(six, full=True).endswith("ConsumerGroup/analytics/other-5.\n")


def test_every_acceptance_is_told_with_what_it_lifts_before_the_totals() -> None:
    hits = tuple(
        Refusal("protected", f"g{number}", "it would be changed", "g* is protected", "r", True) for number in range(7)
    )
    limit = Refusal("limit-rewound", "rewound in this run", "12,000", "limits.rewound is 1,000", "raise it", True)
    made = replace(
        plan(*(replace(change(kind=f"K{number}"), lifted=(hit,)) for number, hit in enumerate(hits))),
        accepted=("limit-groups", "limit-rewound", "protected"),
        lifted=(limit,),
    )
    told, summary = plan_text(made).split("\n\n")[-2:]
    assert told.splitlines() == [
        "Accepted for this plan only:",
        "  limit-groups: lifts nothing now",
        "  limit-rewound: rewound in this run: 12,000; limits.rewound is 1,000",
        *(f"  protected: g{number}: it would be changed; g* is protected" for number in range(5)),
        "  protected: 2 more (--full)",
    ]
    assert summary.startswith("7 changes")
    assert "protected: g6: it" in plan_text(made, full=True)
    assert "Accepted" not in plan_text(plan(change()))

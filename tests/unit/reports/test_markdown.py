"""A plan as a comment on a review."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from elreconcile.model.address import Address
from elreconcile.model.block import Table
from elreconcile.model.change import Action, Change, Finding, Refusal
from elreconcile.model.plan import Plan, Source
from elreconcile.reports.markdown import MARKER, plan_markdown

REFUSED = Refusal("no-such-topic", "topic t", "missing", "a topic of the cluster", "correct its name")
LIMIT = Refusal("limit-groups", "groups", "3", "at most 1", "raise limits.groups", acceptable=True)
FOUND = Finding("lag", "9", "5", "look")
WAYS = ("none", "found", "refused", "request", "remove", "add", "update")


def change(name: str, way: str = "request", rows: int = 0) -> Change:
    made = Change(Address("ConsumerGroup", "analytics", name), Action.NONE, "reset `r1`")
    if rows:
        made = replace(made, details=(Table(("part",), tuple((str(row) * 20,) for row in range(rows))),))
    if way == "found":
        return replace(made, findings=(FOUND,))
    if way == "refused":
        return replace(made, refusals=(REFUSED,))
    return replace(made, action=Action(way))


def plan(*changes: Change, refusals: tuple[Refusal, ...] = ()) -> Plan:
    source, at = Source("state/demo"), datetime(2018, 3, 13, tzinfo=UTC)
    return replace(Plan("test", source, "14-af", (), changes, at), refusals=refusals)


def place(text: str, name: str) -> int:
    at = max(text.find(f"ConsumerGroup {name} on"), text.find(f"ConsumerGroup/analytics/{name}`"))
    assert at >= 0, f"{name} is not told"
    return at


def test_a_bot_knows_it_and_a_reader_its_digest_and_its_end() -> None:
    made = plan(change("a"))
    text = plan_markdown(made, datetime(2018, 3, 14, tzinfo=UTC))
    assert text.splitlines()[0] == MARKER
    assert f"digest `{made.digest}`, expires 2018-03-14T00:00:00Z" in text.splitlines()[-1]


def test_refused_then_destructive_then_the_rest_then_what_has_nothing_to_do_folded() -> None:
    ways = {"a": "none", "b": "found", "c": "add", "d": "request", "e": "remove", "f": "refused"}
    text = plan_markdown(plan(*(change(name, way) for name, way in ways.items())))
    places = [place(text, name) for name in "fdebca"]
    assert places == sorted(places)
    assert text.index("<details><summary>1 document with nothing to do") < place(text, "a")


def test_what_refuses_the_whole_plan_is_told() -> None:
    text = plan_markdown(plan(change("a"), refusals=(LIMIT,)))
    assert text.index("limit-groups") < place(text, "a")
    assert "--accept limit-groups" in text


def test_a_document_cannot_break_out_of_its_frame() -> None:
    text = plan_markdown(plan(replace(change("a"), title="```\n# not a heading")))
    fence = "`" * 4
    assert text.count(f"\n{fence}\n") == 2


@given(
    ways=st.lists(st.tuples(st.sampled_from(WAYS), st.integers(0, 8)), max_size=40),
    budget=st.integers(0, 20_000),
)
def test_it_fits_and_cuts_nothing_that_destroys(ways: list[tuple[str, int]], budget: int) -> None:
    changes = [change(f"g{number:02}", way, rows) for number, (way, rows) in enumerate(ways)]
    text = plan_markdown(plan(*changes), budget=budget)
    never_cut = [each for each in changes if each.refusals or each.action in (Action.REMOVE, Action.REQUEST)]
    for each in never_cut:
        place(text, each.address.name)
    told = sum(f"{each.address.name} on" in text or f"/{each.address.name}`" in text for each in changes)
    left_out = len(changes) - told
    assert (f"**{left_out} rows left out**" in text) == (left_out > 0)
    least = plan_markdown(plan(*never_cut), budget=0)
    assert len(text.encode()) <= max(budget, len(least.encode()) + 300)

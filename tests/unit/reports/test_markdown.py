"""A plan as a comment on a review."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from elreconcile.model.address import Address
from elreconcile.model.block import Table
from elreconcile.model.change import Action, Change, Finding, Refusal
from elreconcile.model.plan import Plan, Source
from elreconcile.reports.markdown import BUDGET, MARKER, plan_markdown

REFUSED = Refusal("no-such-topic", "topic t", "missing", "a topic of the cluster", "correct its name")
LIMIT = Refusal("limit-groups", "groups", "3", "at most 1", "raise limits.groups", acceptable=True)
FOUND = Finding("lag", "9", "5", "look")
WAYS = ("none", "found", "refused", "request", "remove", "add", "update")


def change(name: str, way: str = "request", rows: int = 0) -> Change:
    made = Change(Address("ConsumerGroup", "analytics", name), Action.NONE, "reset `r1`")
    if rows:
        made = replace(made, details=(Table(("part",), tuple((f"{row:020}",) for row in range(rows))),))
    if way == "found":
        return replace(made, findings=(FOUND,))
    if way == "refused":
        return replace(made, refusals=(REFUSED,))
    return replace(made, action=Action(way))


def plan(*changes: Change, refusals: tuple[Refusal, ...] = ()) -> Plan:
    source, at = Source("state/demo"), datetime(2018, 3, 13, tzinfo=UTC)
    return replace(Plan("test", source, "14-af", (), changes, at), refusals=refusals)


def comment(*changes: Change, refusals: tuple[Refusal, ...] = (), budget: int = BUDGET) -> str:
    return plan_markdown(plan(*changes, refusals=refusals), budget=budget).text


def resets(count: int, partitions: int = 12) -> list[Change]:
    """As long as their names and rows are in the field."""
    columns = ("part", "oldest", "newest", "current", "target", "delta", "lag after", "event time at target")
    row = ("0", "1,000,000", "2,000,000", "1,900,000", "1,500,000", "-400,000", "500,000", "2018-03-13T13:29:11Z  dt")
    table = Table(columns, tuple((str(number), *row[1:]) for number in range(partitions)), frozenset(columns[:-1]), 1)
    return [replace(change(f"eventlogging_consumer_{number:05}"), details=(table,)) for number in range(count)]


def rows_shown(text: str) -> int:
    return sum(line.endswith("2018-03-13T13:29:11Z  dt") for line in text.splitlines())


def left_out(text: str, what: str) -> int:
    found = re.search(rf"\*\*([0-9,]+) {what} left out\*\*", text)
    return int(found[1].replace(",", "")) if found else 0


def is_named(text: str, name: str) -> bool:
    return f" {name} on " in text or f"/{name}`" in text or f"`{name}`" in text


def place(text: str, name: str) -> int:
    found = re.search(rf" {name} on |`{name}`", text)
    assert found, f"{name} is not told"
    return found.start()


def test_a_bot_knows_it_and_a_reader_its_digest_and_its_end() -> None:
    made = plan(change("a"))
    text = plan_markdown(made, datetime(2018, 3, 14, tzinfo=UTC)).text
    assert text.splitlines()[0] == MARKER
    assert f"digest `{made.digest}`, expires 2018-03-14T00:00:00Z" in text.splitlines()[-1]


def test_that_it_can_no_longer_be_applied_stands_before_all_else() -> None:
    text = plan_markdown(plan(change("a")), stale="it expired at 2018-03-14T00:00:00Z").text
    assert "**This plan can no longer be applied: it expired at 2018-03-14T00:00:00Z.**" in text.splitlines()[:5]


def test_refused_then_destructive_then_the_rest_then_what_has_nothing_to_do_folded() -> None:
    ways = {"a": "none", "b": "found", "c": "add", "d": "request", "e": "remove", "f": "refused"}
    text = comment(*(change(name, way) for name, way in ways.items()))
    places = [place(text, name) for name in "fdebca"]
    assert places == sorted(places)
    assert text.index("<details><summary>1 document with nothing to do") < place(text, "a")


def test_an_update_that_takes_something_out_destroys_too() -> None:
    update = replace(change("b", "update"), size={"deletions": 1})
    text = comment(change("a", "update"), update)
    assert place(text, "b") < place(text, "a")


def test_what_was_not_asked_for_is_named_as_far_as_one_reads() -> None:
    others = tuple(Address("ConsumerGroup", "analytics", f"other-{number}") for number in range(8))
    text = plan_markdown(replace(plan(change("a")), left_out=others)).text
    assert "ConsumerGroup/analytics/other-4 and 3 more." in text
    assert "other-5" not in text


def test_what_refuses_the_whole_plan_is_told() -> None:
    text = comment(change("a"), refusals=(LIMIT,))
    assert text.index("limit-groups") < place(text, "a")
    assert "--accept limit-groups" in text


def test_what_was_accepted_is_never_cut() -> None:
    many = plan(*(replace(each, lifted=(LIMIT,)) for each in resets(5_000)))
    text = plan_markdown(replace(many, accepted=("limit-groups", "no-events"))).text
    assert "limit-groups: groups: 3; at most 1\n" in text
    assert text.index("no-events: lifts nothing now") < place(text, "eventlogging_consumer_00000")
    assert len(text.encode()) <= BUDGET


def test_a_document_cannot_break_out_of_its_frame() -> None:
    text = comment(replace(change("a"), title="```\n# not a heading"))
    fence = "`" * 4
    assert text.count(f"\n{fence}\n") == 2


def test_a_reset_is_shown_with_every_partition() -> None:
    text = comment(*resets(10))
    assert rows_shown(text) == 120
    assert "left out" not in text
    assert "--full" not in text


def test_a_table_too_long_for_all_of_it_is_shown_with_its_first_rows_and_how_many_more() -> None:
    text = comment(*resets(1, partitions=5_000))
    assert rows_shown(text) == 100
    assert "\n      4,900 more rows left out\n" in text
    assert "**4,900 rows left out**" in text
    assert len(text.encode()) <= BUDGET


def test_many_resets_are_shown_whole_while_they_fit_and_all_are_named() -> None:
    for count in (100, 300, 1_000):
        text = comment(*resets(count))
        assert len(text.encode()) <= BUDGET
        assert rows_shown(text) > 120
        assert rows_shown(text) + left_out(text, "rows") == 12 * count
        assert all(is_named(text, f"eventlogging_consumer_{number:05}") for number in range(count))
        assert left_out(text, "documents") == 0


def test_where_not_even_the_names_fit_the_first_lines_say_so() -> None:
    made = plan_markdown(plan(*resets(10_000), change("other", "add", rows=3)))
    assert len(made.text.encode()) <= BUDGET
    named = set(re.findall("eventlogging_consumer_[0-9]{5}", made.text))
    assert len(named) + made.unnamed == 10_000
    assert made.unnamed > 0
    assert any(f"**{made.unnamed:,} changes destroy or are refused" in line for line in made.text.splitlines()[:6])
    assert left_out(made.text, "documents") == made.unnamed + 1
    assert left_out(made.text, "rows") == 120_003


@settings(max_examples=200, deadline=None)
@given(
    ways=st.lists(st.tuples(st.sampled_from(WAYS), st.integers(0, 300)), max_size=60),
    copies=st.sampled_from([1, 1, 1, 40]),
    budget=st.integers(2_000, 30_000),
)
def test_it_fits_and_what_it_shows_and_leaves_out_is_all(ways: list[tuple[str, int]], copies: int, budget: int) -> None:
    changes = [change(f"g{number:04}", way, rows) for number, (way, rows) in enumerate(ways * copies)]
    made = plan_markdown(plan(*changes), budget=budget)
    text = made.text
    assert len(text.encode()) <= budget
    assert text.startswith(MARKER)
    assert f"digest `{plan(*changes).digest}`" in text
    told = {each.address for each in changes if is_named(text, each.address.name)}
    assert left_out(text, "documents") == len(changes) - len(told)
    grave = {each.address for each in changes if each.refusals or each.action in (Action.REMOVE, Action.REQUEST)}
    assert made.unnamed == len(grave - told)
    assert not (made.unnamed and told - grave), "others are told while names of what destroys are missing"
    tables = [block for each in changes if not idle(each) for block in each.details if isinstance(block, Table)]
    total = sum(len(table.rows) for table in tables)
    assert len(re.findall(r"^    \d{20}$", text, re.MULTILINE)) + left_out(text, "rows") == total


def idle(one: Change) -> bool:
    return one.action is Action.NONE and not one.refusals and not one.findings

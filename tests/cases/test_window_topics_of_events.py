"""Events with a `topic` of their own: their table is named after it, while they are blacklisted by their schema."""

from __future__ import annotations

from sandbox.events import edit
from tests.blacklists import document as blacklist
from tests.blacklists import entry
from tests.window import EMPTY, HOUR, START, Field, Produce, counted, loads, text

TABLE, WINDOW = "PageEdits_13457736", "BackfillWindow/m4/window"
EDITS = [{**edit(number, START), "topic": "PageEdits"} for number in range(15)]


def test_blacklisted_by_the_same_plan_they_keep_the_window_open(field: Field, produce: Produce) -> None:
    produce(field.topic, {0: [text(event) for event in EDITS]})
    window = field.document(START, START + HOUR, schemas=["Edit"])
    field.operator.write(f"{blacklist(entry('Edit'))}---\n{window}")
    applied = field.operator.apply()
    assert (applied.code, applied.ending(WINDOW)) == (3, "failed"), applied
    assert f"15 events of {TABLE} were left out, blacklisted since the plan" in " ".join(applied.out.split())
    assert field.counts() == {}

    field.operator.write(blacklist())
    assert field.operator.apply().code == 0
    field.operator.write(window)
    assert field.operator.apply().code == 0
    assert field.uuids() == {TABLE: sorted(event["uuid"] for event in EDITS)}
    assert EMPTY in field.operator.plan().out


def test_blacklisted_before_they_keep_nothing_else_open(field: Field, produce: Produce) -> None:
    field.operator.write(blacklist(entry("Edit")))
    assert field.operator.apply().code == 0
    others = loads(5)
    produce(field.topic, {0: [text(event) for event in [*EDITS, *others]]})
    field.operator.write(field.document(START, START + HOUR))
    assert counted(field.planned())[TABLE] == [0, 0, 0, 0, 0, 0]
    applied = field.operator.apply()
    assert (applied.code, applied.ending(WINDOW)) == (0, "settled"), applied
    assert f"15 events of {TABLE} were left out as blacklisted" in " ".join(applied.out.split())
    assert sum(field.counts().values()) == len(others)

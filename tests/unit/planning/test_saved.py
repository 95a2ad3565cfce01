from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from elreconcile.errors import Refused
from elreconcile.model.address import Address
from elreconcile.model.block import Line, Table
from elreconcile.model.change import Action, Change, Finding, Guard, Pending, Precondition, Refusal, Request, Sort
from elreconcile.model.plan import Plan, Source, SystemSeen
from elreconcile.planning.saved import SavedPlan, read, recall, remember, write

AT = datetime(2018, 3, 13, 12, tzinfo=UTC)
WORDS = st.text(max_size=8)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=8,
)
TIMES = st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
CHANGES = st.builds(
    Change,
    address=st.builds(Address, WORDS, WORDS, WORDS),
    action=st.sampled_from(Action),
    title=WORDS,
    effect=JSON,
    pins=JSON,
    before=JSON,
    done=JSON,
    size=st.dictionaries(WORDS, st.integers(0, 2**63 - 1), max_size=2),
    document=WORDS,
    request=st.none() | st.builds(Request, id=WORDS, expires=TIMES, meaning=JSON, fingerprint=WORDS),
    guards=st.lists(st.builds(Guard, WORDS, WORDS), max_size=2).map(tuple),
    preconditions=st.lists(st.builds(Precondition, WORDS, WORDS, WORDS, st.booleans()), max_size=1).map(tuple),
    refusals=st.lists(st.builds(Refusal, *[WORDS] * 5, st.booleans()), max_size=1).map(tuple),
    lifted=st.lists(st.builds(Refusal, *[WORDS] * 5, st.booleans()), max_size=1).map(tuple),
    findings=st.lists(st.builds(Finding, *[WORDS] * 4, st.sampled_from(Sort)), max_size=1).map(tuple),
    pending=st.lists(st.builds(Pending, WORDS, WORDS), max_size=1).map(tuple),
    details=st.just((Line("a line", 1), Table(("b", "a"), (("1", "2"),), frozenset({"a"})))),
)
PLANS = st.builds(
    Plan,
    environment=WORDS,
    source=st.builds(Source, WORDS, st.none() | WORDS, st.booleans()),
    ledger=WORDS,
    systems=st.lists(st.builds(SystemSeen, WORDS, WORDS, WORDS), max_size=2).map(tuple),
    changes=st.lists(CHANGES, max_size=2, unique_by=lambda change: change.address).map(tuple),  # as documents are
    made_at=TIMES,
    accepted=st.lists(WORDS, max_size=2).map(tuple),
    left_out=st.lists(st.builds(Address, WORDS, WORDS, WORDS), max_size=2).map(tuple),
    lifted=st.lists(st.builds(Refusal, *[WORDS] * 5, st.booleans()), max_size=1).map(tuple),
)
SAVED = st.builds(SavedPlan, PLANS, TIMES, st.integers(0, 2**40), st.none() | WORDS, WORDS)
PLAIN = SavedPlan(Plan("test", Source("state"), "ledger", (), (), AT), AT, 3, "r3")


@given(SAVED)
def test_what_was_written_is_read(saved: SavedPlan) -> None:
    back = read(write(saved), "plan.json")
    assert back == saved
    assert back.plan.digest == saved.plan.digest


@given(SAVED)
def test_one_text_for_one_plan(saved: SavedPlan) -> None:
    assert write(read(write(saved), "plan.json")) == write(saved)


@given(SAVED, st.data())
def test_no_character_may_change(saved: SavedPlan, data: Any) -> None:
    """Space outside of words apart, which JSON does not see, and a minor version, which says that more may follow."""
    text = write(saved)
    at = data.draw(st.integers(0, len(text) - 1))
    edited = text[:at] + data.draw(st.sampled_from('01a"}]')) + text[at + 1 :]
    try:
        same = _content(edited) == _content(text)
    except (ValueError, KeyError, AttributeError):
        same = False
    if not same:
        with pytest.raises(Refused):
            read(edited, "plan.json")


def _content(text: str) -> Any:
    document = json.loads(text)
    return document if document["format_version"].split(".")[0] != "1" else document | {"format_version": "1"}


@given(SAVED, st.data())
def test_no_part_of_it_passes_for_the_whole(saved: SavedPlan, data: Any) -> None:
    text = write(saved).rstrip()
    with pytest.raises(Refused):
        read(text[: data.draw(st.integers(0, len(text) - 1))], "plan.json")


@pytest.mark.parametrize("version", ["2.0", "", "0.9"])
def test_an_unknown_major_version_is_refused(version: str) -> None:
    text = write(PLAIN).replace('"format_version": "1.0"', f'"format_version": "{version}"')
    with pytest.raises(Refused, match=r"this version reads 1\.0"):
        read(text, "plan.json")


def test_what_is_nested_too_deep_is_no_plan() -> None:
    with pytest.raises(Refused, match="is not a saved plan"):
        read("[" * 200_000, "plan.json")


def test_a_later_minor_version_is_read() -> None:
    assert read(write(PLAIN).replace('"format_version": "1.0"', '"format_version": "1.7"'), "plan.json") == PLAIN


@given(PLANS)
def test_the_ledger_remembers_all_but_what_is_only_shown(plan: Plan) -> None:
    back = recall(remember(plan))
    assert back.digest == plan.digest
    assert all(change.details == () for change in back.changes)


@pytest.mark.parametrize("word", ["\ud800", 1, {}, ["\ud800"]])
@pytest.mark.parametrize("field", ["made_at", "environment", "changes", "source"])
def test_a_remembered_plan_that_was_damaged_is_refused(field: str, word: Any) -> None:
    """Also where half a character pair, which is JSON and no text, stands in place of a time or a name."""
    with pytest.raises(Refused, match="the plan is not one of this version"):
        recall({**remember(PLAIN.plan), field: word})  # type: ignore[dict-item]

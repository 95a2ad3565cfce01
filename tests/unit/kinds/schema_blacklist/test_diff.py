"""From what is listed, recorded and written to the change."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from elreconcile.kinds.schema_blacklist.diff import diff
from elreconcile.kinds.schema_blacklist.live import LiveBlacklist, Newest
from elreconcile.kinds.schema_blacklist.pattern import render
from elreconcile.model.change import Action, Change
from elreconcile.systems.mysql_file_writes import FileWrite
from tests.unit.kinds.schema_blacklist.lists import FILE, MOMENT, NOW, ask, before, file, listing, live, row

OURS = render(["Edit"])


def change(world: LiveBlacklist, *schemas: str, **terms: Any) -> Change:
    return diff(ask(listing(*schemas, **terms)), world, MOMENT)


def effect(made: Change) -> Any:
    return made.effect


def told(made: Change) -> str:
    return "\n".join(f"{each.what}: {each.value} / {each.remedy}" for each in made.findings)


@pytest.mark.parametrize(
    ("schemas", "rows", "action"),
    [
        (["Edit"], [], Action.ADD),
        ([], [row("Edit")], Action.REMOVE),
        (["Edit"], [row("Edit", reason="T2")], Action.UPDATE),
        (["Edit"], [row("Print")], Action.UPDATE),
        (["Edit"], [row("Edit")], Action.NONE),
        ([], [row("Edit", managed=False)], Action.NONE),
    ],
)
def test_what_is_done_to_rows(schemas: list[str], rows: list[Any], action: Action) -> None:
    assert change(live(*rows), *schemas).action is action


def test_entries_taken_out_are_deletions_among_those_of_ours() -> None:
    made = change(live(row("Edit"), row("Print"), row("Print", managed=False)), "Print", "Other")
    assert (made.action, made.size) == (Action.UPDATE, {"deletions": 1, "deletable": 2})


def test_a_row_of_somebody_else_is_no_record_of_ours() -> None:
    made = change(live(row("Edit", managed=False, added_by="milimetric")), "Edit")
    assert [put["schema"] for put in effect(made)["put"]] == ["Edit"]
    assert "blacklisted by milimetric" in told(made)


def test_from_its_expiry_on_an_entry_counts_as_absent() -> None:
    at_once = change(live(row("Edit", expires=NOW)), "Edit", expires=NOW)
    assert (effect(at_once)["put"], effect(at_once)["remove"]) == ([], ["Edit"])
    later = NOW + timedelta(seconds=1)
    assert change(live(row("Edit", expires=later)), "Edit", expires=later).action is Action.NONE


def test_the_digest_does_not_move_with_the_clock() -> None:
    first = change(live(files=(file(),)), "Edit")
    again = diff(ask(listing("Edit")), live(files=(file(),)), MOMENT)
    assert (first.effect, first.guards) == (again.effect, again.guards)


def test_a_file_that_may_not_be_written_blocks() -> None:
    made = change(live(files=(file(obstacle="we may not write in /etc"),)), "Edit")
    assert [condition.now for condition in made.blocked_by] == ["we may not write in /etc"]


def test_a_table_is_made_once() -> None:
    assert effect(change(live(entries=None), "Edit"))["create"] == ["elreconcile_schema_blacklist"]
    assert effect(change(live(), "Edit"))["create"] == []
    assert change(live(entries=None)).action is Action.NONE


# Restart pending


def test_only_processes_older_than_the_file_wait_for_a_restart() -> None:
    world = live(row("Edit"), files=(file(OURS, processes=[before(hours=3), before(hours=1)]),))
    (pending,) = change(world, "Edit").pending
    assert "pid 100" in pending.what
    assert "pid 101" not in pending.what


def test_a_file_that_is_about_to_be_written_waits_for_all_of_them() -> None:
    world = live(row("Edit"), files=(file(processes=[before(hours=3), before(hours=1)]),))
    (pending,) = change(world, "Edit").pending
    assert "pid 100" in pending.what
    assert "pid 101" in pending.what


# Leaks

LEAK = {"Edit": Newest("Edit_1", before(minutes=30))}


def test_without_files_a_leak_is_measured_from_the_row() -> None:
    assert "add enforce_in" in told(change(live(row("Edit"), newest=LEAK), "Edit"))
    since = row("Edit", added_at=before(minutes=30))
    assert told(change(live(since, newest=LEAK), "Edit")) == ""


def test_where_all_writers_obey_it_is_measured_from_their_start() -> None:
    restarted = file(OURS, processes=[before(minutes=20)])
    assert told(change(live(row("Edit"), files=(restarted,), newest=LEAK), "Edit")) == ""
    earlier = file(OURS, processes=[before(minutes=50)])
    assert "which other one writes it" in told(change(live(row("Edit"), files=(earlier,), newest=LEAK), "Edit"))


def test_a_writer_that_does_not_know_of_it_yet_leaks() -> None:
    restarted = file("", processes=[before(minutes=20)])
    assert "came through" in told(change(live(row("Edit"), files=(restarted,), newest=LEAK), "Edit"))


# Fights


def written(times: int, part: str = OURS, **ago: float) -> dict[str, FileWrite]:
    return {FILE: FileWrite(part, times, before(**ago))}


@pytest.mark.parametrize(
    ("writes", "times"),
    [
        ({}, 1),
        (written(1, hours=3), 2),
        (written(2, part=render(["Print"]), hours=3), 1),
        (written(2, days=2), 1),
    ],
)
def test_how_often_in_a_row_it_is_written(writes: dict[str, FileWrite], times: int) -> None:
    made = change(live(row("Edit"), files=(file(),), writes=writes), "Edit")
    assert [edit["times"] for edit in effect(made)["files"]] == [times]


def test_a_third_time_in_a_row_is_a_fight_that_is_told_and_not_fought() -> None:
    made = change(live(row("Edit"), files=(file(),), writes=written(2, hours=3)), "Edit")
    assert made.action is Action.NONE
    assert "each of the 2 times it was written" in told(made)


def test_taking_it_out_can_be_a_fight_too() -> None:
    made = change(live(files=(file(OURS),), writes=written(2, part="", hours=3)))
    assert made.action is Action.NONE
    assert "each of the 2 times" in told(made)


# What others wrote


def test_a_blacklist_that_no_writer_could_start_with_is_refused_and_not_touched() -> None:
    made = change(live(files=(file("^(Analytics"),)), "Edit")
    assert [refusal.id for refusal in made.refusals] == ["broken-blacklist"]
    assert not any(refusal.acceptable for refusal in made.refusals)
    assert effect(made)["files"] == []


def test_a_schema_that_others_keep_out_too_is_told_when_ours_goes() -> None:
    made = change(live(row("Edit"), files=(file(f"^Edit|{OURS}"),)))
    assert "Edit at" in told(made)
    assert "kept out all the same, by ^Edit" in told(made)

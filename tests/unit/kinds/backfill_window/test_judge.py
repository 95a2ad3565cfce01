"""How a window ends."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from elreconcile.kinds.backfill_window.diff import Work
from elreconcile.kinds.backfill_window.judge import Left, judge
from elreconcile.kinds.backfill_window.left_out import LeftOut, left_out
from elreconcile.kinds.backfill_window.sending import Filled
from elreconcile.model.address import Address
from elreconcile.model.outcome import Ending
from tests.unit.kinds.backfill_window.windows import window

ADDRESS = Address("BackfillWindow", "m4", "window")


TO_FILL = {"NavigationTiming_1": 150, "Page_create_1": 2}
SCHEMAS = {
    "NavigationTiming_1": frozenset({"NavigationTiming"}),
    "Page_create_1": frozenset({"page"}),
    "Edit_1": frozenset({"Edit"}),
}


def job(stays_open: str | None = None) -> Work:
    spec = window(sink={"mysql": "m4", "replica": "copy"})
    known = {"Edit_1": 8}
    return Work(
        spec,
        ranges={},
        create={},
        holes=frozenset(),
        empty=frozenset(),
        slices=(),
        missing=TO_FILL,
        blacklisted=known,
        schemas=SCHEMAS,
        kept_out=frozenset({"Edit", "Elsewhere"}),
        stays_open=stays_open,
        goes_on=False,
    )


def left(missing: int = 0, pending: int = 0, on_replica: int | None = None, left_out: LeftOut | None = None) -> Left:
    return Left(missing, pending, 0, on_replica, left_out or LeftOut())


NEW = "150 events of NavigationTiming_1 were left out, blacklisted since the plan was made"
GONE = "8 events of Edit_1 were left out, blacklisted when the plan was made and no longer"
KNOWN = "8 events of Edit_1 were left out as blacklisted: those without a row stay so for ever under this name"


@pytest.mark.parametrize(
    ("found", "stays_open", "ending", "said"),
    [
        (left(on_replica=0), None, Ending.SETTLED, "0 rows put in, read back by uuid"),
        (left(missing=2), None, Ending.FAILED, "2 events still have no row"),
        (left(pending=3), None, Ending.FAILED, "the window stays open: 3 events wait for the writer"),
        (left(), "one came late", Ending.FAILED, "the window stays open: one came late"),
        (left(on_replica=4), None, Ending.FAILED, "the window stays open: 4 of its rows are not on the replica copy"),
    ],
)
def test_a_window_is_settled_once_every_event_has_its_row(
    found: Left, stays_open: str | None, ending: Ending, said: str
) -> None:
    outcome = judge(ADDRESS, job(stays_open), Filled(), found, {})
    assert (outcome.ending, outcome.reason.split("; ")[-1]) == (ending, said)


@pytest.mark.parametrize(
    ("blacklisted", "missing", "stays_open", "ending", "said"),
    [
        ({"Edit"}, 0, None, Ending.SETTLED, KNOWN),
        ({"Edit", "Other"}, 0, None, Ending.SETTLED, KNOWN),
        ({"Edit", "NavigationTiming"}, 0, None, Ending.FAILED, f"the window stays open: {NEW}"),
        ({"Edit", "NavigationTiming"}, 0, "late", Ending.FAILED, f"the window stays open: late; {NEW}"),
        ({"Edit", "NavigationTiming"}, 7, None, Ending.FAILED, f"7 events still have no row; {NEW}"),
        (set(), 0, None, Ending.FAILED, f"the window stays open: {GONE}"),
        ({"NavigationTiming"}, 0, None, Ending.FAILED, f"the window stays open: {NEW}; {GONE}"),
    ],
)
def test_a_window_is_settled_with_what_its_plan_left_out_and_no_other(
    blacklisted: set[str], missing: int, stays_open: str | None, ending: Ending, said: str
) -> None:
    work = job(stays_open)
    outcome = judge(ADDRESS, work, Filled(), left(missing, left_out=left_out(work, blacklisted)), {})
    assert (outcome.ending, outcome.reason) == (ending, f"0 rows put in, read back by uuid; {said}")


def test_what_is_left_out_goes_by_schemas_and_not_by_what_their_tables_are_called() -> None:
    assert left_out(job(), ["page", "Edit"]).since == {"Page_create_1": 2}
    assert left_out(job(), ["Page", "Page_create", "Edit", "NavigationTiming_1"]).since == {}


def test_a_table_of_several_schemas_is_left_out_as_far_as_one_of_them_is() -> None:
    shared = replace(job(), schemas={**SCHEMAS, "Edit_1": frozenset({"Edit", "Other"})}, missing={"Edit_1": 5})
    assert left_out(shared, ["Edit"]) == LeftOut(known={"Edit_1": 8})
    assert left_out(shared, ["Edit", "Other"]) == LeftOut(since={"Edit_1": 5}, known={"Edit_1": 8})

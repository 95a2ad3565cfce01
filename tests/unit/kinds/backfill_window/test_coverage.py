"""Which parts of a window its files do not show to hold."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import pytest

from elreconcile.kinds.backfill_window.coverage import absent_files, silences

SINCE = datetime(2018, 3, 13, 6, tzinfo=UTC)
MARKS = ["20180313060", "20180313061", "20180313062", "20180313063", "20180313064", "20180313065"]


def minutes(since: int, until: int, marks: Sequence[str]) -> list[tuple[int, int]]:
    found = silences(SINCE + timedelta(minutes=since), SINCE + timedelta(minutes=until), marks)
    return [tuple(int((at - SINCE).total_seconds() // 60) for at in each) for each in found]  # type: ignore[misc]


@pytest.mark.parametrize(
    ("since", "until", "marks", "silent"),
    [
        (0, 60, MARKS, []),
        (0, 60, [], [(0, 60)]),
        (0, 60, MARKS[1:5], [(0, 10), (50, 60)]),
        (0, 60, [MARKS[0], MARKS[3], MARKS[5]], [(10, 30), (40, 50)]),
        (1, 59, MARKS[1:5], []),
        (5, 14, [], []),
        (0, 10, [], [(0, 10)]),
        (-10, 10, MARKS, [(-10, 0)]),
    ],
)
def test_silences(since: int, until: int, marks: Sequence[str], silent: list[tuple[int, int]]) -> None:
    assert minutes(since, until, marks) == silent


@pytest.mark.parametrize(
    ("given", "absent"),
    [
        (["a-20180313.gz", "a-20180314.gz", "a-20180315"], []),
        (["a-20180313.gz", "a-20180315"], ["a-20180314.gz"]),
        (["a-20180314"], ["a-20180313", "a-20180315"]),
        (["of-20181331/a-20180314"], ["of-20181331/a-20180313", "of-20181331/a-20180315"]),
        (["a-2018031306.gz", "a-201803131.gz", "events.log"], []),
        ([], []),
    ],
)
def test_absent_files(given: list[str], absent: list[str]) -> None:
    assert absent_files(given, [date(2018, 3, day) for day in (13, 14, 15)]) == absent

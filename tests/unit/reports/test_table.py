from __future__ import annotations

from elreconcile.reports.table import table


def test_cells_stay_as_they_are() -> None:
    assert table([["1,000", "007"], ["", "1e5"]]) == "1,000   007\n        1e5"


def test_named_columns_end_in_line() -> None:
    assert table([["a", "5"], ["b", "500"]], ["name", "lag"], {"lag"}) == "name   lag\na        5\nb      500"


def test_nothing_is_nothing() -> None:
    assert table([]) == ""

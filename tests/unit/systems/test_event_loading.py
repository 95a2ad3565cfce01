"""Rows as LOAD DATA reads them, and the statements that INSERT takes instead."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from elreconcile.systems.event_loading import STATEMENT, _statements, lines

CELLS = st.none() | st.booleans() | st.integers() | st.text(st.sampled_from("aN\\\t\n\r\0 é"), max_size=4)
ROWS = st.integers(1, 4).flatmap(lambda width: st.lists(st.lists(CELLS, min_size=width, max_size=width), max_size=5))
UNESCAPED = {"t": "\t", "n": "\n", "r": "\r", "0": "\0", "\\": "\\"}


def read(text: str) -> list[list[str | None]]:
    """As LOAD DATA does by default: a backslash escapes what follows, and \\N alone is NULL."""
    rows: list[list[str | None]] = []
    row: list[str | None] = []
    cell, escaped, null = "", False, False
    for character in text:
        if escaped:
            null = character == "N" and not cell
            cell += "" if null else UNESCAPED.get(character, character)
            escaped = False
        elif character == "\\":
            escaped = True
        elif character in "\t\n":
            row.append(None if null else cell)
            cell, null = "", False
            if character == "\n":
                rows.append(row)
                row = []
        else:
            cell += character
    assert (row, cell) == ([], "")
    return rows


def written(cell: Any) -> str | None:
    return str(int(cell)) if isinstance(cell, bool) else None if cell is None else str(cell)


@given(ROWS)
def test_what_is_written_is_read_again(rows: Sequence[Sequence[Any]]) -> None:
    assert read(lines(rows)) == [[written(cell) for cell in row] for row in rows]


def test_a_statement_takes_a_bounded_number_of_characters_or_one_row() -> None:
    small, large = ["x" * (STATEMENT // 3)], ["x" * (2 * STATEMENT)]
    rows = [small, small, small, small, large, small]
    assert list(_statements(rows)) == [[small, small, small], [small], [large], [small]]
    assert list(_statements([])) == []

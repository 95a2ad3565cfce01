"""Columns in line. A library for tables guesses a type for every cell, which was a sixth of a plan's time."""

from __future__ import annotations

from collections.abc import Collection, Sequence

GAP = "   "


def table(rows: Sequence[Sequence[str]], columns: Sequence[str] = (), numeric: Collection[str] = ()) -> str:
    """Cells are texts of one line and stay as they are; the columns named in `numeric` end in line."""
    lines = [columns, *rows] if columns else rows
    widths = [max(1, *map(len, cells)) for cells in zip(*lines, strict=True)]
    sides = [">" if column in numeric else "<" for column in columns or [""] * len(widths)]
    line = GAP.join(f"{{:{side}{width}}}" for side, width in zip(sides, widths, strict=True))
    return "\n".join(line.format(*cells).rstrip() for cells in lines)

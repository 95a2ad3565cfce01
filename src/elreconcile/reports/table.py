"""Columns in line. A library for tables guesses a type for every cell, which was a sixth of a plan's time."""

from __future__ import annotations

from collections.abc import Collection, Sequence

GAP = "   "


def table(rows: Sequence[Sequence[str]], columns: Sequence[str] = (), numeric: Collection[str] = ()) -> str:
    """Cells are texts of one line and stay as they are; the columns named in `numeric` end in line."""
    lines = [columns, *rows] if columns else rows
    widths = [max(map(len, cells)) for cells in zip(*lines, strict=True)]
    pad = [str.rjust if column in numeric else str.ljust for column in columns or [""] * len(widths)]
    return "\n".join(
        GAP.join(how(cell, width) for how, cell, width in zip(pad, line, widths, strict=True)).rstrip()
        for line in lines
    )

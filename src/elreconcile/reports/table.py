"""Columns in line."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from tabulate import tabulate


def table(rows: Sequence[Sequence[str]], columns: Sequence[str] = (), numeric: Collection[str] = ()) -> str:
    """Cells are texts and stay as they are; the columns named in `numeric` end in line."""
    align = ["right" if column in numeric else "left" for column in columns] or None
    text = tabulate(rows, columns, tablefmt="plain", disable_numparse=True, colalign=align if rows else None)
    return "\n".join(line.rstrip() for line in text.splitlines())

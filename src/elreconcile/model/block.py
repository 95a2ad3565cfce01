"""What a kind wants an operator to see, as data: the reports turn it into text, Markdown or JSON."""

from __future__ import annotations

import msgspec


class Line(msgspec.Struct, frozen=True, tag=True):
    """One sentence. `depth` indents it below the line above."""

    text: str
    depth: int = 0


class Table(msgspec.Struct, frozen=True, tag=True):
    """Rows of text cells under `columns`. Reports may fold rows after the first few, and say how many."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: frozenset[str] = frozenset()
    depth: int = 0


Block = Line | Table

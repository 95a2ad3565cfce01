"""Options that several verbs share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Folder = Annotated[
    Path,
    typer.Argument(metavar="DIR", help="The folder of documents, e.g. state/production.", show_default=False),
]
ConfigFile = Annotated[
    Path | None,
    typer.Option(
        "--config",
        envvar="ELRECONCILE_CONFIG",
        help="The configuration; else elreconcile.yaml in DIR or beside it.",
        show_default=False,
    ),
]
Json = Annotated[bool, typer.Option("--json", help="JSON on stdout, and no questions.")]
Full = Annotated[bool, typer.Option("--full", help="Every row of every table.")]
Accept = Annotated[
    list[str] | None,
    typer.Option("--accept", metavar="ID", help="Lift this refusal, for this plan only.", show_default=False),
]
Markdown = Annotated[bool, typer.Option("--markdown", help="Markdown, for a comment on a review.")]
Only = Annotated[
    list[str] | None,
    typer.Option(
        "--only", metavar="PATTERN", help="Just the documents whose name or address matches.", show_default=False
    ),
]
Except = Annotated[
    list[str] | None,
    typer.Option("--except", metavar="PATTERN", help="All but the documents that match.", show_default=False),
]

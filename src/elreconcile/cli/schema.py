"""`elreconcile schema DIR`: JSON Schemas for editors."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer


def schema(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where the schemas go.")],
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit with 1 when a file is not as it would be.")
    ] = False,
) -> None:
    """Write the JSON Schemas of documents and configuration, made from the code."""
    from elreconcile.desired.json_schema import schema_text, schemas
    from elreconcile.kinds import KINDS

    made = schemas({name: kind.spec for name, kind in KINDS.items()})
    texts = {folder / f"{name}.json": schema_text(document) for name, document in made.items()}
    stale = [path for path, text in texts.items() if not path.is_file() or path.read_text(encoding="utf-8") != text]
    if check:
        for path in stale:
            print(f"{path} is not as the code makes it: run elreconcile schema {folder}", file=sys.stderr)
        raise typer.Exit(1 if stale else 0)
    folder.mkdir(parents=True, exist_ok=True)
    for path in stale:
        path.write_text(texts[path], encoding="utf-8")
    print(f"{len(stale)} of {len(texts)} schemas written to {folder}", file=sys.stderr)

"""`elreconcile plan DIR`: what would be done, and what forbids it. Holds a reading client only."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from elreconcile.cli.options import Accept, ConfigFile, Folder, Full, Json


def plan(
    folder: Folder,
    config: ConfigFile = None,
    as_json: Json = False,
    full: Full = False,
    accept: Accept = None,
    detailed: Annotated[
        bool,
        typer.Option("--detailed-exitcode", help="Exit with 2 when there is something to do, 4 when it is refused."),
    ] = False,
) -> None:
    """Compare the documents with the live systems and show what apply would do. Changes nothing."""
    from elreconcile.applying.observing import make_plan
    from elreconcile.cli.session import read_wanted
    from elreconcile.cli.terminal import paint
    from elreconcile.ledger.opening import open_reader
    from elreconcile.reports.as_json import plan_json
    from elreconcile.reports.plan_text import plan_text
    from elreconcile.systems import ReadingSystems

    wanted = read_wanted(folder, config, accept or ())
    with open_reader(wanted.config) as ledger, ReadingSystems(wanted.config) as systems:
        made = make_plan(wanted, systems, ledger)
    print(plan_json(made) if as_json else plan_text(made, paint(sys.stdout), full), end="")
    if made.work:
        print(f"Nothing was changed. Apply with: elreconcile apply {folder}", file=sys.stderr)
    if detailed and (made.refused or made.work):
        raise typer.Exit(4 if made.refused else 2)

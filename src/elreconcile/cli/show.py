"""`elreconcile show F`: a saved plan, also one that is stale or was carried out."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from elreconcile.cli.options import ConfigFile, Full, Json, Markdown

PlanFile = Annotated[Path, typer.Argument(metavar="FILE", help="What plan --out wrote.", show_default=False)]


def show(
    file: PlanFile, config: ConfigFile = None, as_json: Json = False, markdown: Markdown = False, full: Full = False
) -> None:
    """Show a saved plan, with a warning when it can no longer be applied. Contacts the ledger only."""
    from elreconcile.applying.staleness import stale
    from elreconcile.cli.plan_file import folder_of, load
    from elreconcile.cli.session import read_config
    from elreconcile.cli.shown import one_form, shown
    from elreconcile.ledger.opening import open_reader

    one_form(as_json, markdown)
    saved = load(file)
    with open_reader(read_config(config, folder_of(saved))) as ledger:
        reason = stale(saved, ledger)
    print(shown(saved.plan, as_json, markdown, full, saved.expires_at, reason), end="")
    if reason:
        print(f"warning: this plan can no longer be applied: {reason}", file=sys.stderr)

"""`elreconcile history [RUN]`: who did what, when, and how it ended."""

from __future__ import annotations

from typing import Annotated

import typer

from elreconcile.cli.options import ConfigFile, Json


def history(
    run: Annotated[
        str | None, typer.Argument(metavar="[RUN]", help="One run, with all it set out to do.", show_default=False)
    ] = None,
    config: ConfigFile = None,
    as_json: Json = False,
) -> None:
    """Show every run of the ledger, or one of them with its plan, its images and its endings."""
    from elreconcile.cli.session import read_config
    from elreconcile.errors import UsageError
    from elreconcile.ledger.opening import open_reader
    from elreconcile.reports.history_report import run_json, run_text, runs_json, runs_text

    with open_reader(read_config(config)) as ledger:
        if run is None:
            runs = ledger.runs()
            print(runs_json(runs) if as_json else runs_text(runs), end="")
            return
        one = ledger.run(run)
        if one is None:
            raise UsageError(f"the ledger knows no run {run}; see elreconcile history")
        entries = ledger.words_of(run)
    print(run_json(one, entries) if as_json else run_text(one, entries), end="")

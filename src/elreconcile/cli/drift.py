"""`elreconcile drift DIR`: does the world still look as the documents say? Holds a reading client only."""

from __future__ import annotations

import typer

from elreconcile.cli.options import ConfigFile, Except, Folder, Json, Only


def drift(
    folder: Folder, config: ConfigFile = None, as_json: Json = False, only: Only = None, without: Except = None
) -> None:
    """Look once for levels that differ and expectations that are not met. Changes nothing.

    Exits with 69 when something could not be observed; else with 2 for drift; else with 4 when something is refused.
    """
    from elreconcile.applying.observing import look
    from elreconcile.cli.session import Selection, read_wanted
    from elreconcile.cli.terminal import Waits
    from elreconcile.errors import Refused, Unreachable
    from elreconcile.ledger.opening import open_reader
    from elreconcile.model.drift import drift_of, not_observed
    from elreconcile.reports.drift_report import drift_json, drift_text
    from elreconcile.systems import ReadingSystems

    wanted = read_wanted(folder, config, (), Selection(tuple(only or ()), tuple(without or ())))
    with open_reader(wanted.config) as ledger, ReadingSystems(wanted.config, Waits()) as systems:
        plan, lost = look(wanted, systems, ledger, {})
    unseen = not_observed(plan, {address: str(error) for address, error in lost.items()})
    print(drift_json(plan, unseen) if as_json else drift_text(plan, unseen), end="")
    if unseen:
        raise typer.Exit(Unreachable.exit_code)
    if drift_of(plan):
        raise typer.Exit(2)
    raise typer.Exit(Refused.exit_code if plan.is_refused else 0)

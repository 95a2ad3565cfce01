"""`elreconcile apply DIR`: show the plan, ask, carry it out, tell how each change ended."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from elreconcile.cli.options import Accept, ConfigFile, Folder, Full, Json

if TYPE_CHECKING:
    from elreconcile.model.plan import Plan


def apply(
    folder: Folder,
    config: ConfigFile = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    wait: Annotated[
        str,
        typer.Option("--wait", metavar="SPAN", help="Wait this long for locks and preconditions, e.g. 10m."),
    ] = "0s",
    as_json: Json = False,
    full: Full = False,
    accept: Accept = None,
) -> None:
    """Show the plan, ask for a typed yes, and carry it out. What was already carried out is left alone."""
    from elreconcile.applying.applier import Apply
    from elreconcile.applying.applier import apply as carry_out
    from elreconcile.applying.observing import make_plan
    from elreconcile.cli.exits import of_outcomes
    from elreconcile.cli.session import owner, read_wanted
    from elreconcile.cli.terminal import progress
    from elreconcile.ledger.opening import open_locks, open_writer
    from elreconcile.reports.as_json import outcomes_json
    from elreconcile.reports.outcome_text import outcomes_text, summary
    from elreconcile.systems import ReadingSystems, WritingSystems

    patience = _seconds(wait)
    wanted = read_wanted(folder, config, accept or ())
    with open_writer(wanted.config) as ledger:
        with ReadingSystems(wanted.config) as reading:
            shown = make_plan(wanted, reading, ledger)
        _show(shown, as_json, full)
        _stop_unless_possible(shown, patience)
        if shown.work:
            _ask(folder, yes, as_json)
        me = owner()
        with WritingSystems(wanted.config) as systems, progress("applying") as waiting:
            job = Apply(wanted, systems, ledger, open_locks(wanted.config), me, patience, waiting)
            outcomes = carry_out(shown, job) if shown.work else ()
    if as_json:
        print(outcomes_json(outcomes, me.run, shown.digest), end="")
    elif outcomes:
        print(outcomes_text(outcomes), end="")
    print(f"run {me.run}: {summary(outcomes)}" if outcomes else "nothing to do", file=sys.stderr)
    raise typer.Exit(of_outcomes(outcomes))


def _seconds(wait: str) -> float:
    from elreconcile.desired.spec import parse_span
    from elreconcile.errors import UsageError

    try:
        return parse_span(wait).total_seconds()
    except ValueError as error:
        raise UsageError(f"--wait {error}") from None


def _show(shown: Plan, as_json: bool, full: bool) -> None:
    from elreconcile.cli.terminal import paint
    from elreconcile.reports.plan_text import plan_text

    if not as_json:
        print(plan_text(shown, paint(sys.stdout), full), flush=True)


def _stop_unless_possible(shown: Plan, patience: float) -> None:
    """Refused and blocked plans end here, before anything is asked or locked."""
    from elreconcile.errors import Refused

    if shown.refused:
        named = ", ".join(str(change.address) for change in shown.refused)
        raise Refused(f"nothing was changed: the plan is refused for {named}")
    if shown.blocked and not patience:
        now = "; ".join(f"{change.address}: {each.now}" for change in shown.blocked for each in change.blocked_by)
        raise Refused(f"nothing was changed: the plan waits for a precondition ({now}); --wait 10m waits for it")


def _ask(folder: Path, yes: bool, as_json: bool) -> None:
    from elreconcile.errors import Refused, UsageError

    if yes:
        return
    if as_json or not sys.stdin.isatty():
        raise UsageError("nobody is there to answer: give --yes to apply without being asked")
    print(f"Carry out this plan of {folder}? Only `yes` will do: ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip() != "yes":
        raise Refused("nothing was changed: the answer was not yes")

"""`elreconcile apply DIR|FILE`: show the plan, ask, carry it out, tell how each change ended."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from elreconcile.cli.options import Accept, ConfigFile, Except, Full, Json, Only

if TYPE_CHECKING:
    from elreconcile.applying.applier import Ended
    from elreconcile.applying.observing import Wanted
    from elreconcile.applying.stopping import Stopping
    from elreconcile.cli.session import Selection
    from elreconcile.ledger.lock import Locks
    from elreconcile.ledger.store import LedgerWriter
    from elreconcile.model.plan import Plan
    from elreconcile.planning.saved import SavedPlan

Place = Annotated[
    Path,
    typer.Argument(metavar="DIR|FILE", help="The folder of documents, or what plan --out saved.", show_default=False),
]


def apply(
    place: Place,
    config: ConfigFile = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask. A saved plan is never asked about.")] = False,
    wait: Annotated[
        str, typer.Option("--wait", metavar="SPAN", help="Wait this long for preconditions, e.g. 10m.")
    ] = "0s",
    lock_timeout: Annotated[
        str, typer.Option("--lock-timeout", metavar="SPAN", help="Wait this long for locks that others hold.")
    ] = "0s",
    fail_fast: Annotated[
        bool, typer.Option("--fail-fast", help="One change after the other; stop at the first that does not end well.")
    ] = False,
    digest: Annotated[
        str | None,
        typer.Option("--digest", metavar="D", help="Apply DIR only if its plan has this digest.", show_default=False),
    ] = None,
    as_json: Json = False,
    full: Full = False,
    only: Only = None,
    without: Except = None,
    accept: Accept = None,
) -> None:
    """Show the plan, ask for a typed yes, and carry it out. What was already carried out is left alone."""
    from elreconcile.applying.applier import Apply, Ended
    from elreconcile.applying.applier import apply as carry_out
    from elreconcile.applying.staleness import must_be_current
    from elreconcile.applying.stopping import Stopping
    from elreconcile.cli.session import Selection, owner
    from elreconcile.cli.terminal import progress
    from elreconcile.ledger.opening import open_locks, open_writer
    from elreconcile.systems import WritingSystems

    patience, for_locks = _seconds("--wait", wait), _seconds("--lock-timeout", lock_timeout)
    selection = Selection(tuple(only or ()), tuple(without or ()))
    stopping = Stopping(_stops)
    wanted, saved = _wanted(place, config, accept or [], selection, digest)
    with _said_what_became(stopping), open_writer(wanted.config) as ledger:
        if saved:
            must_be_current(saved, ledger)
        shown = saved.plan if saved else _planned(wanted, ledger)
        _show(shown, as_json, full)
        _match(digest, shown)
        locks = open_locks(wanted.config)
        _stop_unless_possible(shown, patience, saved is not None, locks)
        if shown.work and saved is None:
            _ask(place, shown.environment, yes, as_json)
        with progress("applying") as watch, WritingSystems(wanted.config, watch.looking) as systems:
            job = Apply(
                wanted=wanted,
                systems=systems,
                ledger=ledger,
                locks=locks,
                owner=owner(),
                wait=patience,
                waiting=watch.waiting,
                telling=watch.telling,
                lock_timeout=for_locks,
                fail_fast=fail_fast,
                saved=saved,
                stopping=stopping,
            )
            ended = carry_out(shown, job) if shown.work else Ended(())
    _report(ended, shown, as_json)


def _report(ended: Ended, shown: Plan, as_json: bool) -> None:
    """How every change ended, and what to type next. Raises Exit."""
    from elreconcile.cli.exits import of_outcomes
    from elreconcile.errors import Interrupted
    from elreconcile.reports.as_json import outcomes_json
    from elreconcile.reports.outcome_text import outcomes_text, summary

    outcomes, code = ended.outcomes, of_outcomes(ended.outcomes)
    if as_json:
        print(outcomes_json(outcomes, ended.run, shown), end="")
    elif outcomes:
        print(outcomes_text(outcomes), end="")
    begun = f"run {ended.run}" if ended.run else "no run was begun"
    print(f"{begun}: {summary(outcomes)}" if outcomes else "nothing to do", file=sys.stderr)
    if ended.unrecorded:
        print(f"the history will show run {ended.run} as cut short: {ended.unrecorded}", file=sys.stderr)
        code = code or ended.unrecorded.exit_code
    if ended.interrupted:
        raise Interrupted("interrupted: each change ended as is told above")
    raise typer.Exit(code)


@contextmanager
def _said_what_became(stopping: Stopping) -> Iterator[None]:
    """What ends an apply before its run is recorded has changed nothing."""
    from elreconcile.errors import Interrupted, Unreachable

    try:
        yield
    except KeyboardInterrupt:
        begun = "what was begun is in the ledger, and the next apply goes on with it"
        raise Interrupted(f"interrupted: {begun if stopping.watched else 'nothing was changed'}") from None
    except Unreachable as error:
        if not stopping.watched:
            error.add_note("nothing was changed")
        raise


def _stops() -> None:
    """Unbuffered, as a signal may come in the middle of a print."""
    os.write(2, b"interrupted: what was begun is read back, nothing more is begun; once more ends it at once\n")


def _wanted(
    place: Path, config: Path | None, accept: list[str], selection: Selection, digest: str | None
) -> tuple[Wanted, SavedPlan | None]:
    """What to carry out, and the plan that was saved of it, if that was given.

    Raises UsageError, and what reading documents or a saved plan raises.
    """
    from elreconcile.cli.plan_file import folder_of, load
    from elreconcile.cli.session import ALL, read_wanted
    from elreconcile.errors import UsageError

    if place.is_dir():
        return read_wanted(place, config, accept, selection), None
    if accept or digest or selection != ALL:
        raise UsageError("a saved plan is carried out as it is: --accept, --only, --except and --digest belong to DIR")
    saved = load(place)
    return read_wanted(folder_of(saved), config, saved.plan.accepted), saved


def _planned(wanted: Wanted, ledger: LedgerWriter) -> Plan:
    from elreconcile.applying.observing import make_plan
    from elreconcile.cli.terminal import Waits
    from elreconcile.systems import ReadingSystems

    with ReadingSystems(wanted.config, Waits()) as systems:
        return make_plan(wanted, systems, ledger)


def _match(digest: str | None, shown: Plan) -> None:
    """A digest always verifies: the whole of it, or the first 16 figures, as plans show it."""
    from elreconcile.errors import Refused

    if digest is not None and digest not in (shown.digest, shown.digest[:16]):
        raise Refused(f"nothing was changed: the plan made now has digest {shown.digest[:16]}, not {digest}")


def _seconds(option: str, span: str) -> float:
    from elreconcile.desired.spec import parse_span
    from elreconcile.errors import UsageError

    try:
        return parse_span(span).total_seconds()
    except ValueError as error:
        raise UsageError(f"{option} {error}") from None


def _show(shown: Plan, as_json: bool, full: bool) -> None:
    from elreconcile.cli.shown import note_unneeded
    from elreconcile.cli.shown import shown as told

    if not as_json:
        print(told(shown, as_json=False, markdown=False, full=full), flush=True)
    note_unneeded(shown)


def _stop_unless_possible(shown: Plan, patience: float, saved: bool, locks: Locks) -> None:
    """Refused and blocked plans end here, before anything is asked. A saved one may no longer be blocked.

    Where somebody else is at it just now, that is the reason: what is half done looks refused. Raises LockHeld too.
    """
    from elreconcile.cli.session import owner
    from elreconcile.errors import Refused

    why = _refused(shown) or (None if patience or saved else _blocked(shown))
    if why:
        with locks.hold([lock for change in shown.work for lock in change.locks], owner()):
            raise Refused(f"nothing was changed: {why}")


def _refused(shown: Plan) -> str | None:
    named = [str(change.address) for change in shown.refused] + [refusal.id for refusal in shown.refusals]
    return f"the plan is refused for {', '.join(named)}" if named else None


def _blocked(shown: Plan) -> str | None:
    now = "; ".join(f"{change.address}: {each.now}" for change in shown.blocked for each in change.blocked_by)
    return f"the plan waits for a precondition ({now}); --wait 10m waits for it" if now else None


def _ask(place: Path, environment: str, yes: bool, as_json: bool) -> None:
    from elreconcile.errors import Refused, UsageError

    if yes:
        return
    if as_json or not sys.stdin.isatty():
        raise UsageError("nobody is there to answer: give --yes to apply without being asked")
    print(f"Carry out this plan of {place} in {environment}? Only `yes` will do: ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip() != "yes":
        raise Refused("nothing was changed: the answer was not yes")

"""The command `elreconcile`: its verbs, and how errors become exit codes."""

from __future__ import annotations

import gc
import os
import signal
import sys
from io import TextIOWrapper

os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # none is looked for among all installed packages

import typer
from typer.exceptions import TyperException

from elreconcile import __version__
from elreconcile.cli import apply, drift, history, ledger, plan, revert, schema, settle, show, validate
from elreconcile.cli.signs import STAND_IN
from elreconcile.errors import ElreconcileError, Interrupted, LocatedError, UsageError

EPILOG = """Exit codes: 0 done, or nothing to do · 1 error · 2 changes (plan --detailed-exitcode) or drift · 3 partly
applied · 4 refused or blocked · 5 lock held · 64 usage · 65 bad documents · 69 system unreachable · 78 bad
configuration · 130 interrupted."""

INTERRUPTED = Interrupted.exit_code
"""Typer itself turns SIGINT into this code, without a word."""

app = typer.Typer(
    name="elreconcile",
    help="Plan and apply the reviewed state of consumer groups, Burrow, blacklisted schemas and backfill windows.",
    epilog=EPILOG,
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("validate")(validate.validate)
app.command("plan")(plan.plan)
app.command("apply")(apply.apply)
app.command("show")(show.show)
app.command("drift")(drift.drift)
app.command("history")(history.history)
app.command("revert")(revert.revert)
app.command("settle")(settle.settle)
app.command("schema")(schema.schema)
app.add_typer(ledger.app, name="ledger")


def _version(wanted: bool) -> None:
    if wanted:
        print(f"elreconcile {__version__}")
        raise typer.Exit


@app.callback()
def _elreconcile(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Print the version."),
) -> None:
    """Plan and apply the reviewed state of consumer groups, Burrow, blacklisted schemas and backfill windows."""


def main() -> None:
    """Run the command line and exit. No error of ours ends in a traceback."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C
    gc.set_threshold(1_000_000)  # a tenth of the time of a plan of a thousand groups, and no more memory
    if isinstance(sys.stdout, TextIOWrapper):  # a locale's encoding may lack our signs; stderr escapes them already
        sys.stdout.reconfigure(errors=STAND_IN)
    code = _code()
    try:
        for stream in filter(None, (sys.stdout, sys.stderr)):  # None where it was closed before we began
            stream.flush()
    except BrokenPipeError:  # whoever read it has gone
        code = code or 1
    except OSError as error:
        code = _lost(error)
    os._exit(code)  # all is closed by now; to free a large plan value by value takes a twentieth of its time


def _code() -> int:
    try:
        code = app(standalone_mode=False) or 0
        if code == INTERRUPTED:
            _say("interrupted", code)
    except (typer.Abort, KeyboardInterrupt):
        code = _say("interrupted", INTERRUPTED)
    except TyperException as error:
        code = _say(_usage(error.format_message()), UsageError.exit_code)
    except LocatedError as error:  # as editors read it: file:line:column: message
        print(error, file=sys.stderr)
        code = error.exit_code
    except ElreconcileError as error:
        code = _say(": ".join([*getattr(error, "__notes__", ()), str(error)]), error.exit_code)
    except BrokenPipeError:
        code = 1
    except OSError as error:
        code = _lost(error)
    return code


def _lost(error: OSError) -> int:
    """What this machine would not read or write for us: a disk is full, a terminal is gone."""
    return _say(f"{error.filename or 'the output'}: {error.strerror}", ElreconcileError.exit_code)


def _usage(complaint: str) -> str:
    """A complaint of several lines is the help itself, shown where no verb was given."""
    return complaint if "\n" in complaint else f"{complaint.rstrip('.')}; see elreconcile --help"


def _say(message: str, code: int) -> int:
    print(f"elreconcile: {message}" if "\n" not in message else message, file=sys.stderr)
    return code

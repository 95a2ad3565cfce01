"""`elreconcile plan DIR`: what would be done, and what forbids it. Holds a reading client only."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from elreconcile.cli.options import Accept, ConfigFile, Except, Folder, Full, Json, Markdown, Only

if TYPE_CHECKING:
    from elreconcile.model.plan import Plan


def plan(
    context: typer.Context,
    folder: Folder,
    config: ConfigFile = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Save it for apply FILE.", show_default=False)
    ] = None,
    as_json: Json = False,
    markdown: Markdown = False,
    full: Full = False,
    only: Only = None,
    without: Except = None,
    accept: Accept = None,
    detailed: Annotated[
        bool,
        typer.Option("--detailed-exitcode", help="Exit with 2 when there is something to do, 4 when it is refused."),
    ] = False,
) -> None:
    """Compare the documents with the live systems and show what apply would do. Changes nothing."""
    from elreconcile.applying.observing import make_plan
    from elreconcile.cli.plan_file import save
    from elreconcile.cli.session import Selection, read_wanted
    from elreconcile.cli.shown import note_unneeded, one_form, shown
    from elreconcile.cli.terminal import Waits
    from elreconcile.ledger.opening import open_reader
    from elreconcile.systems import ReadingSystems

    one_form(as_json, markdown)
    wanted = read_wanted(folder, config, accept or (), Selection(tuple(only or ()), tuple(without or ())))
    with open_reader(wanted.config) as ledger, ReadingSystems(wanted.config, Waits()) as systems:
        number = ledger.run_number()  # before anything is observed: what is carried out from now on, counts
        latest = number, ledger.run_id(number)
        made = make_plan(wanted, systems, ledger)
    expires_at = made.made_at + wanted.config.timing.plan_lifetime if out else None
    print(shown(made, as_json, markdown, full, expires_at), end="")
    note_unneeded(made)
    if out is not None:
        save(made, out, wanted.config, latest)
    if made.work:
        print(f"Nothing was changed. {_next(context, folder, out, made)}", file=sys.stderr)
    if detailed and (made.is_refused or made.work):
        raise typer.Exit(4 if made.is_refused else 2)


def _next(context: typer.Context, folder: Path, out: Path | None, made: Plan) -> str:
    """Commands that do what was shown and no more."""
    if made.is_refused:
        return "Nothing can be applied while something is refused."
    if out is not None:
        return f"Apply with: {_command('apply', out, *_typed(context, 'config'))}"
    chosen = [folder, *_typed(context, "config", "only", "without", "accept")]
    return (
        f"Apply with: {_command('apply', *chosen)}    Review it with: {_command('plan', *chosen, '--out', 'plan.json')}"
    )


def _typed(context: typer.Context, *names: str) -> Iterator[str]:
    """The words of these options, as far as they stand on the command line: the environment says the same again."""
    for option in context.command.params:
        source = context.get_parameter_source(option.name or "")
        if option.name in names and source is not None and source.name == "COMMANDLINE":
            value = context.params[option.name]
            for each in value if isinstance(value, list | tuple) else [value]:
                yield from (option.opts[0], str(each))


def _command(*words: object) -> str:
    return shlex.join(["elreconcile", *map(str, words)])

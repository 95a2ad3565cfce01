"""`elreconcile ledger init|export|import|check`."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import Annotated, TextIO

import typer

from elreconcile.cli.options import ConfigFile
from elreconcile.errors import UsageError

app = typer.Typer(
    help="The ledger: what was carried out, once and for all.", no_args_is_help=True, rich_markup_mode=None
)


@app.callback()
def _ledger() -> None:
    """The ledger: what was carried out, once and for all."""


@app.command("init")
def init(config: ConfigFile = None) -> None:
    """Make the ledger the configuration points to, and print its id for `ledger.id`. Made once; never altered."""
    from elreconcile.cli.session import read_config
    from elreconcile.ledger.opening import init_ledger

    made = init_ledger(read_config(config))
    print(made.id)
    done = "made" if made.made else "was there already; nothing was changed"
    print(f"the ledger {done}: write `id: {made.id}` under `ledger:` in elreconcile.yaml", file=sys.stderr)


@app.command("export")
def export(
    file: Annotated[
        Path | None,
        typer.Argument(metavar="[FILE]", help="A file that is not there yet; else stdout.", show_default=False),
    ] = None,
    config: ConfigFile = None,
) -> None:
    """Write the whole ledger as text, a JSON object on each line, sealed by a checksum."""
    from elreconcile.cli.session import read_config
    from elreconcile.ledger.moving import export_ledger

    settings = read_config(config)
    with _new_file(file) if file else _to_stdout() as out:
        head = export_ledger(settings, out)
    print(f"ledger {head.id}: exported with {head.run_number} runs", file=sys.stderr)


@contextmanager
def _new_file(path: Path) -> Iterator[TextIO]:
    """Mode 0600. One that is there stays as it is: it may be a ledger. Raises UsageError."""
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
            try:
                yield out
                out.flush()
                os.fsync(out.fileno())
            except BaseException:
                path.unlink(missing_ok=True)
                raise
    except OSError as error:
        raise UsageError(f"the ledger cannot be exported to {path}: {error.strerror}") from error


@contextmanager
def _to_stdout() -> Iterator[TextIO]:
    """All at once in the end: who reads it may be slow, and must not keep others from the ledger.

    As bytes: it is sealed, whatever the encoding of stdout.
    """
    with TemporaryFile("w+", encoding="utf-8") as kept:
        yield kept
        kept.seek(0)
        shutil.copyfileobj(kept.buffer, sys.stdout.buffer)


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What ledger export wrote.", show_default=False)],
    config: ConfigFile = None,
) -> None:
    """Put an exported ledger, with its id, where the configuration points to and no ledger, or an empty one, is."""
    from elreconcile.cli.session import read_config
    from elreconcile.ledger.moving import import_ledger

    settings = read_config(config)
    try:
        head = import_ledger(settings, file)
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}") from error
    print(head.id)
    told = f"imported with {head.run_number} runs; from now on nobody may use the one it was exported from"
    print(f"ledger {head.id}: {told}", file=sys.stderr)


@app.command("check")
def check(config: ConfigFile = None) -> None:
    """Read all of the ledger, and tell what in it is damaged, contradicts itself, or waits to be finished.

    Exits with 4 when anything is wrong, with 3 when nothing is and a request is open.
    """
    from elreconcile.cli.session import read_config
    from elreconcile.ledger.checking import check_ledger
    from elreconcile.reports.ledger_text import checked_text

    checked = check_ledger(read_config(config))
    print(checked_text(checked), end="")
    raise typer.Exit(4 if checked.wrong else 3 if checked.open else 0)

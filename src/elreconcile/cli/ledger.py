"""`elreconcile ledger init`."""

from __future__ import annotations

import sys

import typer

from elreconcile.cli.options import ConfigFile

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

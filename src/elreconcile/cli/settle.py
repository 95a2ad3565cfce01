"""`elreconcile settle ADDRESS`: a person's word where the tool cannot know."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from elreconcile.cli.options import ConfigFile


def settle(
    address: Annotated[str, typer.Argument(metavar="ADDRESS", help="KIND/SYSTEM/NAME, as apply shows it.")],
    done: Annotated[
        bool | None,
        typer.Option(
            "--done/--not-done",
            help="It was carried out; or it was not, and may be carried out anew.",
            show_default=False,
        ),
    ] = None,
    reason: Annotated[str, typer.Option("--reason", help="How you know. Kept in the ledger.", show_default=False)] = "",
    request: Annotated[
        str | None,
        typer.Option("--request", metavar="ID", help="Which, where several are unsettled.", show_default=False),
    ] = None,
    config: ConfigFile = None,
) -> None:
    """Say whether a request that was cut short, overwritten or left uncertain counts as done."""
    from elreconcile.applying.settling import settle as record
    from elreconcile.cli.session import owner, read_config
    from elreconcile.errors import UsageError
    from elreconcile.ledger.opening import open_locks, open_writer
    from elreconcile.model.address import Address

    if done is None or not reason.strip():
        raise UsageError("say --done or --not-done, and --reason how you know")
    try:
        place = str(Address.parse(address))
    except ValueError as error:
        raise UsageError(str(error)) from None
    settings = read_config(config)
    with open_writer(settings) as ledger:
        entry = record(place, request, done, reason, ledger, open_locks(settings), owner())
    print(f"{entry.address} {entry.request_id}: {entry.state}", file=sys.stderr)

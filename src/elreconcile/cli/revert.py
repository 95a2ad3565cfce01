"""`elreconcile revert RUN`: documents that take a run back."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from elreconcile.cli.options import ConfigFile

NEXT = (
    "next: in a folder of their own, since the documents of the run have the same addresses: "
    "elreconcile plan FOLDER --config FILE"
)


def revert(
    run: Annotated[str, typer.Argument(metavar="RUN", help="The run's id, as history shows it.", show_default=False)],
    config: ConfigFile = None,
) -> None:
    """Write documents to stdout that put back what a run changed; say on stderr what cannot be put back.

    Changes nothing: review them, then plan and apply them, in a folder of their own.
    """
    from datetime import UTC, datetime

    import yaml

    from elreconcile.cli.session import read_config
    from elreconcile.errors import UsageError
    from elreconcile.kinds import KINDS
    from elreconcile.ledger.opening import open_reader
    from elreconcile.planning.reverting import revert as reverted

    with open_reader(read_config(config)) as ledger:
        past = ledger.run(run)
    if past is None:
        raise UsageError(f"the ledger knows no run {run}; see elreconcile history")
    made = reverted(past, KINDS, datetime.now(UTC))
    print(yaml.safe_dump_all(made.documents, sort_keys=False), end="")
    for words in made.cannot:
        print(f"cannot be put back: {words}", file=sys.stderr)
    if made.documents:
        print(NEXT, file=sys.stderr)

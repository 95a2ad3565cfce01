"""`elreconcile validate DIR`: what the files alone show."""

from __future__ import annotations

import sys

from elreconcile.cli.options import ConfigFile, Folder, Json


def validate(folder: Folder, config: ConfigFile = None, as_json: Json = False) -> None:
    """Read the documents and the configuration, and tell everything wrong in them. Contacts no server."""
    from elreconcile.cli.session import read_wanted
    from elreconcile.errors import LocatedError
    from elreconcile.reports.as_json import problems_json

    try:
        wanted = read_wanted(folder, config, ())
    except LocatedError as error:
        if as_json:
            print(problems_json(error.problems), end="")
        raise
    if as_json:
        print(problems_json(()), end="")
    count = len(wanted.resources)
    told = f"1 document in {folder} is valid" if count == 1 else f"{count:,} documents in {folder} are valid"
    print(told, file=sys.stderr)

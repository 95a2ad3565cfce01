"""Who is at work on this machine."""

from __future__ import annotations

import getpass
import os


def this_user() -> str:
    """The user's name; `uid 1000` where nothing tells one, as in many containers."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # OSError since Python 3.13
        return f"uid {os.getuid()}"

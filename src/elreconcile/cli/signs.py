"""Signs of ours that the output's encoding may lack: each has a stand-in in ASCII. Everything else is escaped."""

from __future__ import annotations

import codecs

STAND_INS = {"·": ".", "█": "#"}
"""One character for one: columns stay as wide."""

STAND_IN = "elreconcile.stand-in"
"""For `errors` of a text stream."""


def _stand_in(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    return "".join(
        STAND_INS.get(sign) or sign.encode("ascii", "backslashreplace").decode() for sign in lacking
    ), error.end


codecs.register_error(STAND_IN, _stand_in)

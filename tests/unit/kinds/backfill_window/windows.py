"""A window, small."""

from __future__ import annotations

import json
from typing import Any

from elreconcile.kinds.backfill_window.spec import BackfillWindow

FIELDS = {
    "kind": "BackfillWindow",
    "name": "window",
    "expires": "2040-01-01T00:00:00Z",
    "since": "2018-03-13T06:00:00Z",
    "until": "2018-03-13T08:00:00Z",
    "source": {"kafka": "analytics", "topic": "events"},
    "sink": {"mysql": "m4"},
    "schemas": ["NavigationTiming"],
}


def window(**other: Any) -> BackfillWindow:
    return BackfillWindow.model_validate_json(json.dumps(FIELDS | other))

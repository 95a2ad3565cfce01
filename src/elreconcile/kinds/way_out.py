"""The command for when the tool cannot know, ready to be typed."""

from __future__ import annotations

import shlex


def settle(address: str, request: str) -> str:
    words = f"{shlex.quote(address)} --request {shlex.quote(request)}"
    return f"elreconcile settle {words} --done or --not-done, --reason WHY"

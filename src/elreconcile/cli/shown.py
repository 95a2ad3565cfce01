"""A plan in the form that was asked for."""

from __future__ import annotations

import sys
from datetime import datetime
from typing import TYPE_CHECKING

from elreconcile.errors import UsageError

if TYPE_CHECKING:
    from elreconcile.model.plan import Plan


def shown(plan: Plan, as_json: bool, markdown: bool, full: bool, expires_at: datetime | None = None) -> str:
    """Text, coloured on a terminal; or JSON; or Markdown. Raises UsageError when both are asked for."""
    if as_json and markdown:
        raise UsageError("--json and --markdown exclude each other")
    if as_json:
        from elreconcile.reports.as_json import plan_json

        return plan_json(plan)
    if markdown:
        from elreconcile.reports.markdown import plan_markdown

        return plan_markdown(plan, expires_at)
    from elreconcile.cli.terminal import paint
    from elreconcile.reports.plan_text import plan_text

    return plan_text(plan, paint(sys.stdout), full)

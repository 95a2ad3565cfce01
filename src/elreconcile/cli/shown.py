"""A plan in the form that was asked for."""

from __future__ import annotations

import sys
from datetime import datetime
from typing import TYPE_CHECKING

from elreconcile.errors import UsageError

if TYPE_CHECKING:
    from elreconcile.model.plan import Plan


def one_form(as_json: bool, markdown: bool) -> None:
    """Raises UsageError when both are asked for; to be called before anything is observed."""
    if as_json and markdown:
        raise UsageError("--json and --markdown exclude each other")


def note_unneeded(plan: Plan) -> None:
    """On stderr, each acceptance that lifts nothing of this plan: it was perhaps meant otherwise."""
    lifted = {refusal.id for refusal in plan.all_lifted}
    for id in plan.accepted:
        if id not in lifted:
            print(f"note: --accept {id} lifts nothing in this plan", file=sys.stderr)


def shown(
    plan: Plan,
    as_json: bool,
    markdown: bool,
    full: bool,
    expires_at: datetime | None = None,
    stale: str | None = None,
) -> str:
    """Text, coloured on a terminal; or JSON; or Markdown, with a warning on stderr where that has no room for all.

    `expires_at` of a saved plan, and `stale`: why it can no longer be applied.
    """
    if as_json:
        from elreconcile.reports.as_json import plan_json

        return plan_json(plan, expires_at, stale)
    if markdown:
        from elreconcile.reports.markdown import plan_markdown

        comment = plan_markdown(plan, expires_at, stale)
        if comment.unnamed:
            print(
                f"warning: {comment.unnamed:,} of what destroys or is refused did not fit the Markdown", file=sys.stderr
            )
        return comment.text
    from elreconcile.cli.terminal import paint
    from elreconcile.reports.plan_text import plan_text

    return plan_text(plan, paint(sys.stdout), full)

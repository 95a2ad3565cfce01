from __future__ import annotations

import pytest

from elreconcile.cli.shown import shown
from tests.unit.reports.test_markdown import change, plan, resets


def test_markdown_that_has_no_room_for_all_names_of_what_destroys_warns(capsys: pytest.CaptureFixture[str]) -> None:
    shown(plan(change("a")), as_json=False, markdown=True, full=False)
    assert capsys.readouterr().err == ""
    text = shown(plan(*resets(10_000)), as_json=False, markdown=True, full=False)
    warning = capsys.readouterr().err
    assert warning.startswith("warning: ")
    assert f"**{warning.split()[1]} changes destroy or are refused" in text

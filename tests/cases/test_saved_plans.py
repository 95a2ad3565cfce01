"""Plans saved on a real Kafka: applied once, from anywhere, until they expire, and as they were written."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from sandbox.addresses import Addresses
from tests.cases.saved_plan import Case
from tests.operator import COMMAND, TIMING

FORMS: tuple[list[str], ...] = ([], ["--json"], ["--markdown"])


def test_a_saved_plan_is_applied_without_a_question_and_only_once(case: Case) -> None:
    case.save()
    assert stat.S_IMODE(case.file.stat().st_mode) == 0o600
    applied = case.apply()
    assert (applied.code, case.offsets()) == (0, {20}), applied
    again = case.apply()
    assert (again.code, case.offsets()) == (4, {20})
    assert "was carried out by run" in again.err
    text, as_json, markdown = (case.operator.run("show", str(case.file), *words) for words in FORMS)
    for shown in (text, as_json, markdown):
        assert (shown.code, bool(shown.out)) == (0, True)
        assert "warning: this plan can no longer be applied: " in shown.err
    assert as_json.json["stale"].startswith("it was carried out by run ")
    assert "**This plan can no longer be applied: it was carried out by run " in markdown.out


def test_it_is_shown_and_applied_from_another_directory(case: Case, tmp_path: Path) -> None:
    environment = {name: text for name, text in os.environ.items() if name != "ELRECONCILE_CONFIG"}

    def run(place: Path, *words: str) -> int:
        return subprocess.run([*COMMAND, *words], cwd=place, env=environment, timeout=90).returncode

    assert run(case.operator.home, "plan", "state", "--out", str(case.file)) == 0
    assert run(tmp_path, "show", str(case.file)) == 0
    assert (run(tmp_path, "apply", str(case.file)), case.offsets()) == (0, {20})


def test_the_same_plan_of_the_folder_counts_as_the_saved_one(case: Case) -> None:
    case.save()
    assert case.operator.apply().code == 0
    again = case.apply()
    assert (again.code, case.offsets()) == (4, {20}), again
    assert "was carried out by run" in again.err, "it has the same digest"


@pytest.mark.parametrize(
    "edit",
    [
        lambda text: text.replace('"0": 20', '"0": 21'),
        lambda text: text[: len(text) // 2],
        lambda text: text.replace('"format_version": "1.0"', '"format_version": "2.0"'),
        lambda text: text.replace('"digest": "', '"digest": "0'),
        lambda text: "not a plan",
    ],
    ids=["edited", "truncated", "unknown version", "wrong digest", "not a plan"],
)
def test_a_file_that_is_not_as_it_was_written_is_refused(case: Case, edit: Any) -> None:
    case.save()
    text = case.file.read_text()
    assert edit(text) != text
    case.file.write_text(edit(text))
    refused = case.apply()
    assert (refused.code, case.offsets()) == (4, {60}), refused


def test_an_expired_plan_is_shown_with_a_warning_and_refused(stack: Addresses, case: Case, tmp_path: Path) -> None:
    text = case.operator.config.read_text().replace(TIMING.rstrip()[:-1], TIMING.rstrip()[:-1] + ", plan_lifetime: 1s")
    case.operator.configure(text)
    case.save()
    time.sleep(1.5)
    shown = case.operator.run("show", str(case.file))
    assert shown.code == 0
    assert "rewind 80 offsets" in shown.out
    assert "expired at" in shown.err
    assert (case.apply().code, case.offsets()) == (4, {60})


def test_it_expires_while_it_waits(case: Case) -> None:
    text = case.operator.config.read_text().replace(TIMING.rstrip()[:-1], TIMING.rstrip()[:-1] + ", plan_lifetime: 15s")
    case.operator.configure(text)
    with case.member():
        case.save()
        waited = case.apply("--wait", "60s")
    assert (waited.code, case.offsets()) == (4, {60}), waited
    assert "expired at" in waited.err


def test_what_was_accepted_stands_in_every_form_that_is_reviewed(case: Case) -> None:
    case.operator.configure(
        case.operator.config.read_text() + f"limits: {{rewound: 10, protected: ['{case.world.name}*']}}\n"
    )
    planned = case.save("--accept", "protected", "--accept", "limit-rewound")
    for shown in (planned, *(case.operator.run("show", str(case.file), *words) for words in ([], ["--markdown"]))):
        assert "limit-rewound: rewound in this run: 80; limits.rewound is 10\n" in shown.out, shown
        assert f"protected: {case.world.name}: it would be changed; {case.world.name}* is protected\n" in shown.out


def test_apply_with_a_digest_matches_or_changes_nothing(case: Case) -> None:
    digest = case.operator.plan("--json").json["digest"]
    wrong = case.operator.apply("--digest", "0" * 16)
    assert (wrong.code, case.offsets()) == (4, {60})
    assert case.operator.apply("--digest", digest[:16]).code == 0
    assert case.offsets() == {20}


def test_a_targeted_run_says_what_it_left_out(case: Case) -> None:
    other = case.world.document.replace(case.world.name, f"{case.world.name}-other")
    case.operator.write(other, "other.yaml")
    applied = case.operator.apply("--except", "*-other")
    assert (applied.code, case.offsets()) == (0, {20})
    assert (
        f"Left out as asked, of the folder's documents: ConsumerGroup/analytics/{case.world.name}-other." in applied.out
    )
    told = case.operator.apply("--except", "*-other", "--json").json
    assert told["left_out"] == [f"ConsumerGroup/analytics/{case.world.name}-other"]
    nothing = case.operator.plan("--only", case.world.name, "--detailed-exitcode")
    assert nothing.code == 0


def test_markdown_carries_marker_digest_and_expiry(case: Case) -> None:
    text = case.save("--markdown").out
    assert case.save("--json").json["expires_at"] == json.loads(case.file.read_text())["expires_at"]
    digest = json.loads(case.file.read_text())["digest"]
    assert text.startswith("<!-- elreconcile plan -->\n")
    assert f"digest `{digest}`, expires " in text
    assert "rewind 80 offsets" in text

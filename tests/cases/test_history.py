"""Any run can be explained, and, where the world allows, taken back."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from sandbox.addresses import Addresses
from tests.laws.worlds import ConsumerGroupWorld
from tests.operator import Operator


def _run_of(operator: Operator) -> str:
    run: str = operator.run("history", "--json").json["runs"][-1]["run"]["id"]
    return run


def test_a_run_is_explained_and_taken_back(absent_world: ConsumerGroupWorld, operator: Operator) -> None:
    """One partition was committed at 60, the other had no commit: both go back to what they were."""
    absent_world.commit(absent_world.topic, {0: 60})
    operator.write(absent_world.document.replace("{shift: -40}", "{offset: 20}"))
    assert operator.apply().code == 0
    run = _run_of(operator)
    told = operator.run("history", run).out
    assert "1 settled" in told
    assert '"0":{"metadata":"","offset":60},"1":null' in told
    kept = operator.run("history", run, "--json").json
    (outcome,) = kept["run"]["outcomes"].values()
    assert (outcome["ending"], outcome["reason"]) == ("settled", "read back")
    assert {place["offset"] for place in outcome["evidence"]["committed"][absent_world.topic].values()} == {20}
    assert [word["state"] for word in kept["words"]] == ["started", "sending", "acknowledged", "settled"]
    assert kept["words"][0]["before"][absent_world.topic] == {"0": {"metadata": "", "offset": 60}, "1": None}
    reverted = operator.run("revert", run)
    assert reverted.code == 0
    assert "cannot be put back" in reverted.err
    assert "next: in a folder of their own" in reverted.err
    operator.write(reverted.out, "revert.yaml")
    (operator.state / "documents.yaml").unlink()
    assert operator.apply().code == 0
    assert absent_world.commits() == {(absent_world.topic, 0): 60}
    assert operator.plan("--detailed-exitcode").code == 0


def test_the_wrong_reset_is_taken_back_as_the_runbook_says(
    absent_world: ConsumerGroupWorld, stack: Addresses, tmp_path: Path
) -> None:
    """Word by word, beside the document of the reset."""
    absent_world.commit(absent_world.topic, {0: 60})
    desk = tmp_path / "desk"
    operator = Operator.at(desk / "state", stack)
    operator.write(absent_world.document.replace("{shift: -40}", "{offset: 20}"))
    assert operator.apply().code == 0
    script = "\n".join(_runbook("When it was the wrong reset")).replace(" RUN ", f" {_run_of(operator)} ")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {name: text for name, text in os.environ.items() if name != "ELRECONCILE_CONFIG"} | {"PATH": path}
    ran = subprocess.run(
        ["sh", "-ec", script], cwd=desk, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert ran.returncode == 0, ran
    assert "skip 40 offsets over 1 partition; forget the commits of partition 1" in ran.stdout
    assert absent_world.commits() == {(absent_world.topic, 0): 60}
    assert operator.plan("--detailed-exitcode").code == 0


def _runbook(heading: str) -> list[str]:
    """The commands of a section, in order."""
    page = Path(__file__).parents[2].joinpath("docs", "operations.md").read_text(encoding="utf-8")
    section = page.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return [line.strip() for line in section.splitlines() if line.startswith("    ")]


def test_runs_are_listed_oldest_first(world: ConsumerGroupWorld, operator: Operator) -> None:
    operator.write(world.document)
    assert operator.apply().code == 0
    operator.write(world.document.replace("id: law", "id: second"))
    assert operator.apply().code == 4, "20 - 40 is before the start"
    operator.write(world.document.replace("id: law", "id: third").replace("shift: -40", "shift: -5"))
    assert operator.apply().code == 0
    runs = operator.run("history", "--json").json["runs"]
    assert [run["number"] for run in runs] == [1, 2]
    assert operator.run("history").out.count("1 settled") == 2


def test_what_was_accepted_is_part_of_the_digest_and_of_the_history(
    world: ConsumerGroupWorld, operator: Operator
) -> None:
    operator.configure(operator.config.read_text() + "limits: {groups: 0, partitions: 0}\n")
    operator.write(world.document)
    lifted = ("--accept", "limit-partitions", "--accept", "limit-groups")
    refused, accepted = (operator.plan("--json", *words).json for words in ((), lifted))
    more = operator.plan("--accept", "protected", *lifted)
    assert "note: --accept protected lifts nothing in this plan\n" in more.err
    assert more.err.count("note: ") == more.out.count("lifts nothing now") == 1
    assert [each["id"] for each in refused["refusals"]] == ["limit-groups", "limit-partitions"]
    assert (accepted["refusals"], accepted["accepted"]) == ([], ["limit-groups", "limit-partitions"])
    assert refused["digest"] != accepted["digest"]
    for words in ((), lifted[:2], ("--digest", accepted["digest"]), (*lifted, "--digest", refused["digest"])):
        assert (operator.apply(*words).code, set(world.commits().values())) == (4, {60})
    assert operator.apply(*lifted, "--digest", accepted["digest"]).code == 0
    assert world.is_converged()
    told = operator.run("history", "--json").json["runs"][-1]["run"]
    assert told["plan"]["accepted"] == ["limit-groups", "limit-partitions"]
    shown = operator.run("history", told["id"])
    assert f"accepted by {told['author']}: limit-groups, limit-partitions\n" in shown.out
    assert "accepted" not in operator.run("history").out


def test_an_acceptance_is_saved_with_its_plan(world: ConsumerGroupWorld, operator: Operator, tmp_path: Path) -> None:
    operator.configure(operator.config.read_text() + "limits: {groups: 0}\n")
    operator.write(world.document)
    file = tmp_path / "plan.json"
    assert operator.plan("--out", str(file), "--accept", "limit-groups").code == 0
    file.write_text(file.read_text().replace('"limit-groups"', '"limit-rows"'))
    assert (operator.run("apply", str(file)).code, set(world.commits().values())) == (4, {60}), "edited"
    assert operator.plan("--out", str(file), "--accept", "limit-groups").code == 0
    assert (operator.run("apply", str(file)).code, world.is_converged()) == (0, True)
    assert "limit-groups" in operator.run("history", _run_of(operator)).out


def test_a_consumer_that_went_on_does_not_carry_a_plan_over_a_limit(
    world: ConsumerGroupWorld, operator: Operator, tmp_path: Path
) -> None:
    """80 offsets were reviewed; by now it would be 160."""
    operator.configure(operator.config.read_text() + "limits: {rewound: 100}\n")
    operator.write(world.document.replace("{shift: -40}", "{offset: 20}"))
    file = tmp_path / "plan.json"
    assert operator.plan("--out", str(file)).code == 0
    world.commit(world.topic, {0: 100, 1: 100})
    applied = operator.run("apply", str(file))
    assert (applied.code, set(world.commits().values())) == (4, {100}), applied
    assert "limit-rewound: rewound in this run: 160; limits.rewound is 100" in applied.err
    world.commit(world.topic, {0: 65, 1: 65})
    assert (operator.run("apply", str(file)).code, world.is_converged()) == (0, True)


def test_a_run_nobody_made_is_a_usage_error(operator: Operator) -> None:
    assert operator.run("history", "nobodys").code == 64
    assert operator.run("revert", "nobodys").code == 64


def test_drift_tells_a_level_from_a_request_and_from_what_cannot_be_seen(
    world: ConsumerGroupWorld, operator: Operator, stack: Addresses
) -> None:
    operator.write(world.document)
    unapplied = operator.run("drift", str(operator.state))
    assert (unapplied.code, unapplied.out.split()[0]) == (0, "unapplied")
    operator.write(world.document.replace("reset:", "expect: {min_members: 1}\nreset:"))
    drifted = operator.run("drift", str(operator.state), "--json")
    assert drifted.code == 2
    assert [each["sort"] for each in drifted.json["drift"]] == ["expectation"]
    operator.configure(operator.config.read_text().replace(stack.kafka, "127.0.0.1:1"))
    unseen = operator.run("drift", str(operator.state), "--json")
    assert unseen.code == 69
    assert (unseen.json["drift"], list(unseen.json["not_observed"])) == ([], [f"ConsumerGroup/analytics/{world.name}"])

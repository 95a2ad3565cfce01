"""What may happen between a review and the apply of its saved plan: what was meant is done, or nothing."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from kafka.structs import OffsetAndMetadata, TopicPartition

from sandbox.waiting import until
from tests.cases.saved_plan import Case
from tests.laws.worlds import events


def test_the_pins_are_those_of_the_review(case: Case) -> None:
    """The consumer moved on after the plan was saved: the target stays where the review saw it."""
    case.operator.write(case.world.document.replace("shift: -40", "behind_end: 80"))
    case.save()
    case.world.commit(case.world.topic, {0: 100, 1: 90})
    applied = case.apply()
    assert (applied.code, case.offsets()) == (0, {20}), applied
    assert "read back; the offsets had moved on since the plan: rewound 150 instead of 80" in applied.out


@pytest.mark.parametrize("now", [{0: 100}, {0: 10, 1: 10}], ids=["moved on", "past the target"])
def test_a_shift_of_commits_that_moved_since_is_not_the_one_asked_for(case: Case, now: dict[int, int]) -> None:
    case.save()
    case.world.commit(case.world.topic, now)
    stands = case.world.commits()
    stale = case.apply()
    assert (stale.code, case.world.commits()) == (4, stands), stale
    assert "moved" in stale.err
    assert f"0: target 20, committed 60 then, {now[0]} now" in stale.err
    assert case.operator.run("history").out == "The ledger holds no runs.\n"
    case.world.commit(case.world.topic, {0: 70, 1: 60})
    case.save()
    assert (case.apply().code, case.offsets()) == (0, {30, 20}), "a new plan takes the new ones"


def test_a_shift_of_a_group_that_is_gone_makes_no_commits(case: Case) -> None:
    case.save()
    case.world.admin.delete_groups([case.world.name])
    stale = case.apply()
    assert (stale.code, case.offsets()) == (4, set()), stale
    assert "no-commit" in stale.err


def test_a_target_that_the_consumer_has_passed_turns_no_skip_into_a_rewind(case: Case) -> None:
    case.operator.write(case.world.document.replace("shift: -40", "offset: 80"))
    assert "skip 40 offsets" in case.save().out
    case.world.commit(case.world.topic, {0: 70, 1: 90})
    stale = case.apply()
    assert (stale.code, case.offsets()) == (4, {70, 90}), stale
    assert ("passed" in stale.err, "1: target 80, committed 60 then, 90 now" in stale.err) == (True, True), stale


def test_a_skip_to_the_end_rewinds_nothing_that_was_there(case: Case, produce: Any) -> None:
    """Partition 1 stood at the end, and its consumer read on."""
    case.operator.write(case.world.document.replace("{shift: -40}", "latest"))
    case.world.commit(case.world.topic, {0: 60, 1: 100})
    assert "skip 40 offsets over 2 partitions" in case.save().out
    produce(case.world.topic, {1: events()})
    case.world.commit(case.world.topic, {1: 200})
    stands = case.world.commits()
    stale = case.apply()
    assert (stale.code, case.world.commits()) == (4, stands), stale
    assert ("passed" in stale.err, "1: target 100, committed 100 then, 200 now" in stale.err) == (True, True), stale
    assert case.operator.run("history").out == "The ledger holds no runs.\n"


def test_a_rewind_takes_along_what_was_there_and_read_on(case: Case) -> None:
    case.operator.write(case.world.document.replace("shift: -40", "offset: 20"))
    case.world.commit(case.world.topic, {0: 60, 1: 20})
    case.save()
    case.world.commit(case.world.topic, {1: 50})
    applied = case.apply()
    assert (applied.code, case.offsets()) == (0, {20}), applied
    assert "the offsets had moved on since the plan: rewound 70 instead of 40" in applied.out


def test_saved_while_the_consumer_runs_and_applied_after_it_has_stopped(case: Case) -> None:
    with case.member():
        assert "waits for" in case.save().out
        blocked = case.apply()
        assert (blocked.code, case.offsets()) == (4, {60}), blocked
        assert blocked.err == "no run was begun: 1 blocked\n"
        assert case.operator.run("history").out == "The ledger holds no runs.\n"
    applied = case.apply("--wait", "30s")
    assert (applied.code, case.offsets()) == (0, {20}), applied


def test_a_document_changed_after_the_review_is_not_carried_out(case: Case) -> None:
    case.save()
    case.operator.write(case.world.document.replace("shift: -40", "shift: -50"))
    stale = case.apply()
    assert (stale.code, case.offsets()) == (4, {60})
    address = f"ConsumerGroup/analytics/{case.world.name}"
    place = case.operator.state / "documents.yaml"
    assert f"  the document of {address} was changed since ({place})\n" in stale.err
    assert re.search(rf"\n  {address}: request / meaning / .*shift: then -40, now -50\n", stale.err), stale
    assert stale.err.endswith(f"plan again: elreconcile plan {case.operator.state}\n")


def test_a_later_expiry_alone_is_another_document_and_no_other_value(case: Case) -> None:
    case.save()
    case.operator.write(case.world.document.replace("2040-01-01", "2041-01-01"))
    stale = case.apply()
    assert (stale.code, case.offsets(), len(stale.err.splitlines())) == (4, {60}, 3), stale
    assert f"  the document of ConsumerGroup/analytics/{case.world.name} was changed since (" in stale.err


def test_a_document_that_was_taken_away_is_named(case: Case) -> None:
    case.save()
    case.operator.write(case.world.document.replace(case.world.name, f"{case.world.name}-other"))
    gone = case.apply()
    assert (gone.code, case.offsets()) == (4, {60}), gone
    assert gone.err.splitlines()[1:] == [
        f"  ConsumerGroup/analytics/{case.world.name} is no longer in {case.operator.state}",
        f"plan again: elreconcile plan {case.operator.state}",
    ]


def test_an_unrelated_document_does_not_make_it_stale(case: Case) -> None:
    case.save()
    other = case.world.document.replace(case.world.name, f"{case.world.name}-other")
    case.operator.write(other, "other.yaml")
    assert (case.apply().code, case.offsets()) == (0, {20})


def test_a_topic_recreated_after_the_review_is_another_world(case: Case, produce: Any) -> None:
    case.save()
    admin, topic = case.world.admin, case.world.topic
    admin.delete_topics([topic])
    until("it is gone", lambda: topic not in admin.list_topics())
    time.sleep(1)
    admin.create_topics({topic: {"num_partitions": 2, "replication_factor": 1}})
    produce(topic, {0: events(), 1: events()})
    case.world.commit(topic, {0: 60, 1: 60})
    stale = case.apply()
    assert (stale.code, case.offsets()) == (4, {60}), stale
    assert f"topic id of {topic}" in stale.err


def test_another_request_that_was_carried_out_meanwhile_is_not_taken_for_it(case: Case) -> None:
    case.save()
    case.operator.write(case.world.document.replace("id: law", "id: other").replace("shift: -40", "shift: -10"))
    assert case.operator.apply().code == 0
    stale = case.apply()
    assert (stale.code, case.offsets()) == (4, {50}), stale
    assert '"law"' in stale.err


def test_a_request_that_has_expired_meanwhile_is_not_told_as_done(case: Case) -> None:
    expires = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=20)
    case.operator.write(case.world.document.replace("2040-01-01T00:00:00Z", f"{expires:%Y-%m-%dT%H:%M:%SZ}"))
    assert "1 to carry out once" in case.save().out
    until("it has expired", lambda: datetime.now(UTC) > expires)
    late = case.apply()
    assert (late.code, case.offsets()) == (4, {60}), late
    told = f"request law of ConsumerGroup/analytics/{case.world.name} expired at {expires:%Y-%m-%dT%H:%M:%SZ}: "
    assert told in late.err
    assert told in case.operator.run("show", str(case.file)).err


def test_what_is_taken_back_is_what_stood_there_when_it_was_carried_out(case: Case) -> None:
    """Neither the 60 of the review, nor what another run has settled."""
    case.operator.write(document := case.world.document.replace("shift: -40", "offset: 20"))
    idle = f"{case.world.name}-idle"
    places = (TopicPartition(case.world.topic, part) for part in (0, 1))
    case.world.admin.alter_group_offsets(idle, {place: OffsetAndMetadata(60, "", -1) for place in places})
    case.operator.write(document.replace(case.world.name, idle), "idle.yaml")
    case.save()
    assert case.operator.apply("--only", idle).code == 0
    case.world.commit(case.world.topic, {0: 100, 1: 90})
    applied = case.apply()
    assert (applied.code, case.offsets()) == (0, {20}), applied
    assert "skipped: run " in applied.out
    run = case.operator.run("history", "--json").json["runs"][-1]["run"]["id"]
    reverted = case.operator.run("revert", run)
    assert reverted.out.count("kind: ") == 1, "the other one was not done by this run"
    for file in case.operator.state.iterdir():
        file.unlink()
    case.operator.write(reverted.out)
    assert case.operator.apply().code == 0
    assert case.world.commits() == {(case.world.topic, 0): 100, (case.world.topic, 1): 90}


def test_what_was_accepted_was_accepted_as_shown(case: Case) -> None:
    """80 rewound offsets were; by now it would be 150."""
    case.operator.configure(case.operator.config.read_text() + "limits: {rewound: 10}\n")
    case.operator.write(case.world.document.replace("shift: -40", "offset: 20"))
    case.save("--accept", "limit-rewound")
    case.world.commit(case.world.topic, {0: 100, 1: 90})
    grown = case.apply()
    assert (grown.code, case.offsets()) == (4, {100, 90}), grown
    assert "limit-rewound was accepted: then 80, now 150" in grown.err
    case.world.commit(case.world.topic, {0: 60, 1: 50})
    assert (case.apply().code, case.offsets()) == (0, {20})


def test_a_ledger_restored_from_an_older_copy_is_noticed(case: Case) -> None:
    ledger = case.operator.home / "ledger.sqlite"
    copy = ledger.read_bytes()
    other = case.world.document.replace("id: law", "id: first").replace("shift: -40", "shift: -10")
    case.operator.write(other)
    assert case.operator.apply().code == 0
    case.operator.write(case.world.document)
    case.save()
    for leftover in case.operator.home.glob("ledger.sqlite-*"):
        leftover.unlink()
    ledger.write_bytes(copy)
    stale = case.apply()
    assert (stale.code, case.offsets()) == (4, {50}), stale
    assert "older copy" in stale.err
    case.operator.write(other.replace("id: first", "id: second"))
    assert case.operator.apply().code == 0, "its counter catches up"
    case.operator.write(case.world.document)
    stale = case.apply()
    assert (stale.code, case.offsets()) == (4, {40}), stale
    assert "older copy" in stale.err

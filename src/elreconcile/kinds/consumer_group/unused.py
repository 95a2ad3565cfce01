"""Whether a group is unused: empty by its state, and without any sign of a consumer that assigns by hand. Pure."""

from __future__ import annotations

from elreconcile.kinds.consumer_group.live import LiveGroup
from elreconcile.kinds.consumer_group.pin import name_partitions
from elreconcile.kinds.contract import Moment
from elreconcile.kinds.span import utc
from elreconcile.model.change import Precondition, Refusal
from elreconcile.systems.kafka_values import Member

IDLE_STATES = ("Empty", "Dead")
UNDERSTOOD_TYPES = ("classic", "consumer")
STOP = (
    "stop its process with SIGINT and keep it stopped (its unit may restart it); "
    "SIGTERM loses the rows it has buffered. A member that was killed lingers for its session time: --wait 1m"
)


def type_refusals(live: LiveGroup) -> tuple[Refusal, ...]:
    """A group type this tool does not know is refused by name: what holds for the known ones may not hold for it."""
    if live.listing is None or live.listing.type in UNDERSTOOD_TYPES:
        return ()
    understood = " and ".join(UNDERSTOOD_TYPES)
    return (Refusal("group-type", "the group's type", live.listing.type, f"understood: {understood}", "leave it out"),)


def unused(live: LiveGroup, moment: Moment) -> Precondition:
    """The one condition of a reset, with every sign against it at once."""
    signs = [sign for sign in (_by_state(live), _by_movement(live), _by_last_commit(live, moment)) if sign]
    return Precondition("the group to be unused", "; ".join(signs) or "unused", STOP, holds=not signs)


def _by_state(live: LiveGroup) -> str | None:
    if live.listing is None or (live.listing.state in IDLE_STATES and not live.members):
        return None
    if live.members:
        count = len(live.members)
        return f"{count} member{'s' if count > 1 else ''}: {', '.join(map(_member, live.members))}"
    return f"state {live.listing.state}"


def _member(member: Member) -> str:
    return f"{member.client_id} on {member.host}"


def _by_movement(live: LiveGroup) -> str | None:
    """Moved commits with no member: somebody assigns partitions by hand."""
    topics = sorted({topic for topic, _ in live.moved})
    named = [f"{topic} {name_partitions(number for at, number in live.moved if at == topic)}" for topic in topics]
    return f"its commits moved while this was read, on {', '.join(named)}" if named else None


def _by_last_commit(live: LiveGroup, moment: Moment) -> str | None:
    last = live.last_commit.timestamp_ms
    if last is None:
        return None
    age = moment.now.timestamp() - last / 1000
    if age >= moment.quiet:
        return None
    return f"its last commit was {max(age, 0):.0f} s ago, at {utc(last)}; wanted {moment.quiet:.0f} s of silence"

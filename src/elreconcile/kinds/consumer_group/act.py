"""Carry resets out: mark, wait, look, commit, read back, wait, read back again.

The mark commits each offset again where it stands. It moves nothing, and it proves three things before anything is
moved: that the broker takes commits for this group now, that we may commit every partition, and, a grace time later,
that nobody else commits. All groups of a cluster go through each step together, so that the waits are paid once.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from elreconcile.kinds.consumer_group.errand import Errand, errand
from elreconcile.kinds.consumer_group.read_back import image, not_given_up, standing, verdict
from elreconcile.kinds.consumer_group.unused import IDLE_STATES
from elreconcile.kinds.contract import Journal, Moment
from elreconcile.model.address import Address
from elreconcile.model.change import Change
from elreconcile.model.json import Json
from elreconcile.model.outcome import Ending, Outcome
from elreconcile.systems import WritingSystems
from elreconcile.systems.kafka_values import IN_USE, NO_ANSWER, NOT_SENT, Commit, Partition

if TYPE_CHECKING:
    from elreconcile.systems.kafka import KafkaReader
    from elreconcile.systems.kafka_writer import KafkaWriter

Answers = Mapping[Partition, str | None]
"""Kafka's answer for each partition: None for yes, else the name of its error."""

ASK_AT_ONCE = 500
"""Groups sent between two looks at our locks: a second or two of work."""


def act(changes: Sequence[Change], systems: WritingSystems, moment: Moment, journal: Journal) -> Iterator[Outcome]:
    """One outcome for each change, cluster by cluster."""
    for cluster, group in groupby(sorted(changes, key=lambda change: change.address), lambda each: each.address.system):
        errands = [errand(change) for change in group]
        yield from _Cluster(systems.kafka(cluster), moment, journal).carry_out(errands)


class _Cluster:
    """The steps on one cluster. Each gives back the errands that may go on, and keeps the outcome of the others."""

    def __init__(self, kafka: KafkaWriter, moment: Moment, journal: Journal) -> None:
        self._kafka = kafka
        self._moment = moment
        self._journal = journal
        self._ended: list[Outcome] = []

    def carry_out(self, errands: Sequence[Errand]) -> Sequence[Outcome]:
        fresh = [each for each in errands if each.to_send]
        ready = self._alone(self._mark(self._unmoved(fresh)))
        sent = self._send(ready)
        self._read_back([*sent, *(each for each in errands if not each.to_send)])
        return self._ended

    def _end(
        self, each: Errand, ending: Ending, reason: str, commits: Mapping[Partition, Commit] | None = None
    ) -> None:
        evidence = None if commits is None else {"committed": image(each, commits)}
        self._ended.append(Outcome(each.address, *not_given_up(each, ending, reason), evidence))

    def _unmoved(self, errands: Sequence[Errand]) -> Sequence[Errand]:
        """Those whose commits still stand where the plan saw them; a mark may not set anybody back."""
        live, still = self._commits(errands), []
        for each in errands:
            now = live[each.group]
            if any(_offset(now.get(place)) != _offset(each.before.get(place)) for place in each.to_send):
                self._end(each, Ending.BLOCKED, "its commits moved since they were read: it is in use")
            else:
                still.append(each)
        return still

    def _mark(self, errands: Sequence[Errand]) -> Sequence[Errand]:
        answers = self._alter({each.address: marked for each in errands if (marked := each.marked())})
        still = []
        for each in errands:
            said = answers.get(each.group, {})
            if any(said.values()):
                self._end(each, _no(said), f"nothing was moved; Kafka answered {_words(said)}")
                self._unmark([each])
            else:
                still.append(each)
        return still

    def _alone(self, errands: Sequence[Errand]) -> Sequence[Errand]:
        """Those nobody has committed for during the grace time, and that nobody has joined."""
        if not errands:
            return []
        time.sleep(self._moment.grace)
        live, states, still = self._commits(errands), self._kafka.groups(), []
        for each in errands:
            now, listing = live[each.group], states.get(each.group)
            if listing is not None and listing.state not in IDLE_STATES:
                self._end(each, Ending.BLOCKED, f"nothing was moved; the group is {listing.state}: a member joined")
            elif _somebody_commits(each, now):
                self._end(each, Ending.BLOCKED, _by_hand(self._moment.grace))
                self._unmark([each])
            else:
                still.append(each)
        return still

    def _send(self, errands: Sequence[Errand]) -> Sequence[Errand]:
        """Commit the targets. What every partition said yes to goes on; the rest is judged by what stands there."""
        if not errands:
            return []
        self._journal.sending([each.address for each in errands])
        answers = self._alter({each.address: each.placed() for each in errands if each.commit})
        forgotten = {each.group: self._forget(each) for each in errands if each.forget}
        said = {each.group: {**answers.get(each.group, {}), **forgotten.get(each.group, {})} for each in errands}
        yes = [each for each in errands if not any(said[each.group].values())]
        yes += self._judge([each for each in errands if any(said[each.group].values())], said)
        self._journal.acknowledged({each.address: _told(said[each.group]) for each in yes})
        return yes

    def _judge(self, errands: Sequence[Errand], said: Mapping[str, Answers]) -> Sequence[Errand]:
        """What Kafka refused, or did not answer: look at what stands there now. Gives back what was done after all."""
        live, done = self._commits(errands), []
        for each in errands:
            answers, now = said[each.group], live[each.group]
            stands = standing(each, now)
            why = f"{stands}; Kafka answered {_words(answers)}"
            if stands.everything:
                done.append(each)
            elif stands.nothing and not UNTOLD & set(answers.values()):
                self._end(each, _no(answers), f"nothing was moved; Kafka answered {_words(answers)}", now)
                self._unmark([each])
            else:
                self._end(each, Ending.UNCERTAIN if stands.uncertain else Ending.FAILED, why, now)
        return done

    def _read_back(self, errands: Sequence[Errand]) -> None:
        """Twice: at once, and again after the grace time, when somebody who commits over us has shown."""
        held = self._held(errands)
        if held:
            time.sleep(self._moment.grace)
        for each, now in self._held([each for each, _ in held]):
            self._end(each, Ending.SETTLED, "; ".join(filter(None, ("read back", each.went_on))), now)

    def _held(self, errands: Sequence[Errand]) -> Sequence[tuple[Errand, Mapping[Partition, Commit]]]:
        """Those that stand as Kafka acknowledged them, or that a member has gone on from, and what stands there."""
        if not errands:
            return []
        live, states, held = self._commits(errands), self._kafka.groups(), []
        for each in errands:
            now, listing = live[each.group], states.get(each.group)
            ending, reason = verdict(each, now, used=listing is not None and listing.state not in IDLE_STATES)
            if ending is Ending.SETTLED:
                held.append((each, now))
            else:
                self._end(each, ending, reason, now)
        return held

    def _unmark(self, errands: Sequence[Errand]) -> None:
        """Leave things as they were: where our mark still stands, put back what stood there before.

        Not for a reset that goes on another time: its marks tell then what is still to do.
        """
        going_on = {outcome.address for outcome in self._ended if outcome.ending is Ending.FAILED}
        errands = [each for each in errands if each.address not in going_on]
        live = self._commits(errands)
        ours = {each.address: _still_marked(each, live[each.group]) for each in errands}
        self._alter({address: places for address, places in ours.items() if places})

    def _alter(self, wanted: Mapping[Address, Mapping[Partition, Commit]]) -> Mapping[str, Answers]:
        """By group, a few of them between two looks at their locks."""
        addresses, answers = list(wanted), dict[str, Answers]()
        for start in range(0, len(addresses), ASK_AT_ONCE):
            some = addresses[start : start + ASK_AT_ONCE]
            self._journal.still_ours(*some)
            answers.update(self._kafka.alter({address.name: wanted[address] for address in some}))
        return answers

    def _forget(self, each: Errand) -> Answers:
        """Where Kafka no longer knows the group, there is nothing left to forget."""
        self._journal.still_ours(each.address)
        said = self._kafka.forget(each.group, sorted(each.forget))
        return {place: None if answer == "GROUP_ID_NOT_FOUND" else answer for place, answer in said.items()}

    def _commits(self, errands: Sequence[Errand]) -> Mapping[str, Mapping[Partition, Commit]]:
        return read_commits(self._kafka, errands)


def read_commits(kafka: KafkaReader, errands: Sequence[Errand]) -> Mapping[str, Mapping[Partition, Commit]]:
    return kafka.commits(sorted({each.group for each in errands})) if errands else {}


def _offset(commit: Commit | None) -> int | None:
    return None if commit is None else commit.offset


def _somebody_commits(each: Errand, now: Mapping[Partition, Commit]) -> bool:
    alone = {**each.before, **each.marked()}
    return any(now.get(place) != alone.get(place) for place in each.to_send)


def _still_marked(each: Errand, now: Mapping[Partition, Commit]) -> Mapping[Partition, Commit]:
    """What stood, before our mark, where nobody has committed over it."""
    marked = each.marked()
    return {place: was for place, was in each.unmarked().items() if now.get(place) == marked[place]}


def _by_hand(grace: float) -> str:
    return (
        f"nothing was moved; somebody committed within {grace:g} s although the group has no members: "
        "a consumer assigns its partitions by hand"
    )


UNTOLD = {NO_ANSWER, NOT_SENT}


def _no(said: Answers) -> Ending:
    """A group in use can be waited for, a silent broker tried again; anything else needs a person."""
    words = set(filter(None, said.values()))
    if words & UNTOLD:
        return Ending.FAILED
    return Ending.BLOCKED if words <= IN_USE else Ending.REFUSED


def _told(said: Answers) -> Json:
    """What is kept of Kafka's answers."""
    return "NoError" if not any(said.values()) else f"{_words(said)}; read back as done"


def _words(said: Answers) -> str:
    refused = {place: answer for place, answer in said.items() if answer}
    names = ", ".join(sorted(set(refused.values())))
    return f"{names} for {len(refused)} of {len(said)} partitions"

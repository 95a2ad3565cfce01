"""kafka-python's admin client without any of us: `python -m bench.bare plan|apply BOOTSTRAP`.

Prints the seconds from the first question to the last answer.

`plan` asks what a plan has to know, in as few calls as the client allows. Each group asks for a time of its own,
and one call can hold one time for a partition; so the ten groups of a topic make ten rounds over all topics.
"""

from __future__ import annotations

import sys
import time
from contextlib import closing

from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType, OffsetSpec

from bench.world import GROUPS, TOPICS, asked, commit_ends, places, topic_of

PLAN = (
    "list_groups, describe_groups, list_group_offsets twice, describe_topics, describe_configs, "
    "list_partition_offsets earliest, latest, max-timestamp and ten times by timestamp"
)


def plan(admin: KafkaAdminClient) -> None:
    admin.list_groups()
    admin.describe_groups(GROUPS)
    admin.list_group_offsets(dict.fromkeys(GROUPS))
    admin.describe_topics(TOPICS)
    settings = dict.fromkeys(("retention.ms", "retention.bytes", "cleanup.policy", "message.timestamp.type"))
    topics = [ConfigResource(ConfigResourceType.TOPIC, topic, settings) for topic in TOPICS]
    admin.describe_configs(topics, config_filter="all")
    everywhere = [place for topic in TOPICS for place in places(topic)]
    for spec in (OffsetSpec.EARLIEST, OffsetSpec.LATEST, OffsetSpec.MAX_TIMESTAMP):
        admin.list_partition_offsets(dict.fromkeys(everywhere, spec))
    for first in range(0, len(GROUPS), len(TOPICS)):
        admin.list_partition_offsets(
            {
                place: int(asked(number).timestamp() * 1000)
                for number in range(first, first + len(TOPICS))
                for place in places(topic_of(number))
            }
        )
    admin.list_group_offsets(dict.fromkeys(GROUPS))


def main() -> None:
    what, bootstrap = sys.argv[1:]
    with closing(KafkaAdminClient(bootstrap_servers=bootstrap)) as admin:
        began = time.perf_counter()
        {"plan": plan, "apply": commit_ends}[what](admin)
        print(time.perf_counter() - began)


if __name__ == "__main__":
    main()

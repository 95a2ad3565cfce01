"""What Kafka knows of topics."""

from __future__ import annotations

import base64
from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from kafka.admin import ConfigResourceType
from kafka.protocol.admin import DescribeConfigsRequest

from elreconcile.errors import Unreachable
from elreconcile.systems.kafka_answers import NOT_ALLOWED_ON_TOPIC, UNKNOWN_TOPIC, Call
from elreconcile.systems.kafka_places import describe_topics
from elreconcile.systems.kafka_values import Topic, TopicSettings

SETTINGS = ("retention.ms", "retention.bytes", "cleanup.policy", "message.timestamp.type")


def topics(call: Call, names: Collection[str]) -> Mapping[str, Topic]:
    described = describe_topics(call, sorted(set(names)))
    return {name: Topic(_kafkas_notation(topic.topic_id), len(topic.partitions)) for name, topic in described.items()}


def _kafkas_notation(topic_id: UUID) -> str:
    return base64.urlsafe_b64encode(topic_id.bytes).decode().rstrip("=")


def settings(call: Call, names: Collection[str]) -> Mapping[str, TopicSettings]:
    wanted = sorted(set(names))
    resource = DescribeConfigsRequest.DescribeConfigsResource
    request = DescribeConfigsRequest(
        resources=[
            resource(
                resource_type=ConfigResourceType.TOPIC.value,
                resource_name=name,
                configuration_keys=list(SETTINGS),
            )
            for name in wanted
        ]
    )
    results = {one.resource_name: one for one in call.ask_one(None, request).results} if wanted else {}
    denied = [name for name, one in results.items() if one.error_code == NOT_ALLOWED_ON_TOPIC]
    call.examine_rights("DescribeConfigs", "topic", denied)
    return {name: _settings(call, one) for name, one in results.items()}


def _settings(call: Call, result: Any) -> TopicSettings:
    if result.error_code == UNKNOWN_TOPIC:
        raise Unreachable(call.system, f"there is no topic {result.resource_name}", call.deadline.elapsed)
    call.examine(result.error_code, f"the settings of topic {result.resource_name}")
    value = {config.name: config.value for config in result.configs}
    return TopicSettings(
        retention_ms=_limit(value["retention.ms"]),
        retention_bytes=_limit(value["retention.bytes"]),
        cleanup_policy=frozenset(policy.strip() for policy in value["cleanup.policy"].split(",")),
        timestamp_type=value["message.timestamp.type"],
    )


def _limit(value: str) -> int | None:
    return None if int(value) < 0 else int(value)

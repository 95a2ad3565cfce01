"""A Burrow: what it monitors, and having it forget. Its API: https://github.com/linkedin/Burrow/wiki/HTTP-Endpoint"""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

from elreconcile.desired.config import BurrowConfig
from elreconcile.errors import Unreachable
from elreconcile.systems.burrow_http import Answer, BurrowHttp
from elreconcile.systems.burrow_values import Filters, OffsetSeen, PartitionSeen, PartitionStatus, Status


class BurrowReader:
    """Asks only, over HTTP GET. Everything raises Unreachable, or NotAuthorized."""

    def __init__(self, name: str, settings: BurrowConfig, deadline: float) -> None:
        self.name = name
        self._cluster = settings.cluster
        self._http = BurrowHttp(f"Burrow {name}", settings, deadline)

    def ready(self) -> None:
        """Raises Unreachable unless Burrow serves the cluster."""
        path: tuple[str, ...] = ("burrow", "admin", "ready")
        answer = self._http.get(*path)
        if answer.unknown_path:  # 1.2.1
            path = ("burrow", "admin")
            answer = self._http.get(*path)
        if answer.text not in ("READY", "GOOD"):
            raise self._http.refused("GET", path, answer)
        known = self.clusters()
        if self._cluster not in known:
            told = ", ".join(sorted(known)) or "none"
            raise Unreachable(self._http.system, f"it has no cluster {self._cluster}; it has {told}", 0.0)

    def clusters(self) -> frozenset[str]:
        return frozenset(self._get("v3", "kafka")["clusters"])

    def topics(self) -> frozenset[str]:
        """Those it has met. It drops commits for any other."""
        return frozenset(self._get(*self._at("topic"))["topics"])

    def consumer(self, group: str) -> Mapping[str, tuple[PartitionSeen, ...]] | None:
        """By topic, what it keeps of a group; None for a group it does not know."""
        path = self._at("consumer", group)
        answer = self._http.get(*path)
        if _not_found(answer):
            return None
        topics = self._success(path, answer)["topics"]
        return {topic: tuple(_partitions(partitions)) for topic, partitions in topics.items()}

    def status(self, group: str) -> Status | None:
        """Its own judgement, up to `expire-cache` seconds old; None for a group it does not know.

        1.2.1 never knows one with a space in its name here, also when `consumer` shows it.
        """
        path = self._at("consumer", group, "lag")
        answer = self._http.get(*path)
        if answer.body and answer.body.get("status", {}).get("status") == "NOTFOUND":
            return None
        return _status(self._success(path, answer)["status"])

    def filters(self) -> Filters:
        """Of the part of Burrow that reads this cluster's commits."""
        sections = {
            f"consumer.{name}": module
            for name, module in self._modules("consumer").items()
            if module["cluster"] == self._cluster
        }
        if not sections:
            raise Unreachable(self._http.system, f"nothing in it reads the commits of {self._cluster}", 0.0)
        return _filters(sections)

    def storage_filters(self) -> Filters:
        """Of the part of Burrow that keeps them: a group must pass both."""
        return _filters({f"storage.{name}": module for name, module in self._modules("storage").items()})

    @property
    def forgets_topics(self) -> bool:
        """Whether it can forget one topic of a group, as 1.7 and later can; asked without forgetting anything."""
        path = self._at("consumer", "any", "topic", "any")
        answer = self._http.get(*path)
        if answer.unknown_path:
            return False
        if "DELETE" in answer.allow:
            return True
        raise self._http.refused("GET", path, answer)

    def close(self) -> None:
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _at(self, *rest: str) -> tuple[str, ...]:
        return ("v3", "kafka", self._cluster, *rest)

    def _modules(self, kind: str) -> dict[str, dict[str, Any]]:
        names = self._get("v3", "config", kind)["modules"]
        return {name: self._get("v3", "config", kind, name)["module"] for name in names}

    def _get(self, *path: str) -> dict[str, Any]:
        return self._success(path, self._http.get(*path))

    def _success(self, path: tuple[str, ...], answer: Answer, method: str = "GET") -> dict[str, Any]:
        if answer.status != 200 or answer.body is None or answer.body["error"]:
            raise self._http.refused(method, path, answer)
        return answer.body


class BurrowWriter(BurrowReader):
    """Also has Burrow forget. It answers yes before it has done so, and yes for what it does not know."""

    def forget_group(self, group: str) -> None:
        self._forget(self._at("consumer", group))

    def forget_topic(self, group: str, topic: str) -> None:
        """Only where `forgets_topics`."""
        self._forget(self._at("consumer", group, "topic", topic))

    def _forget(self, path: tuple[str, ...]) -> None:
        self._success(path, self._http.delete(*path), "DELETE")


def _not_found(answer: Answer) -> bool:
    return answer.status == 404 and answer.body is not None and not answer.unknown_path


def _filters(sections: Mapping[str, dict[str, Any]]) -> Filters:
    """A group is kept when any of these sections keeps it; an empty expression keeps all."""
    allow_key = next(
        key for key in ("group-allowlist", "group-whitelist") if all(key in module for module in sections.values())
    )
    expressions = [module[allow_key] for module in sections.values()]
    return Filters(
        allow="|".join(expressions) if all(expressions) else "",
        deny=None,
        source=", ".join(sections),
        allow_key=allow_key,
        deny_key={"group-allowlist": "group-denylist", "group-whitelist": "group-blacklist"}[allow_key],
    )


def _partitions(partitions: list[dict[str, Any]]) -> list[PartitionSeen]:
    return [
        PartitionSeen(
            partition=number,
            offsets=tuple(
                OffsetSeen(seen["offset"], seen["timestamp"], seen["lag"]) for seen in one["offsets"] if seen
            ),
            current_lag=one["current-lag"],
            owner=one["owner"],
            client_id=one["client_id"],
        )
        for number, one in enumerate(partitions)
    ]


def _status(status: dict[str, Any]) -> Status:
    return Status(
        status=status["status"],
        complete=status["complete"],
        total_lag=status["totallag"],
        partitions=tuple(
            PartitionStatus(one["topic"], one["partition"], one["status"], one["current_lag"], one["complete"])
            for one in status["partitions"]
        ),
    )

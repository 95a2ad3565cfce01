"""elreconcile.yaml: the systems, the ledger, and how patient the tool is."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, SecretStr, ValidationInfo, WithJsonSchema, model_validator

from elreconcile.desired.nearest import enumerated
from elreconcile.desired.network_names import HostAndPort, Port, Url
from elreconcile.desired.spec import KafkaName, MySqlName, Name, Span, Strict, SystemNames
from elreconcile.errors import ConfigError, Problem
from elreconcile.model.json import Json

CONFIG_FILE = "elreconcile.yaml"


class ConfigContext(SystemNames):
    """The validation context of the configuration: relative paths are relative to its folder."""

    folder: Path


def _beside_the_config(path: Path, info: ValidationInfo) -> Path:
    context: ConfigContext | None = info.context
    return path if context is None else context["folder"] / path


_SYSTEM_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def _system_name(name: str) -> str:
    if not _SYSTEM_NAME.fullmatch(name):
        raise ValueError(f"'{name}' cannot name a system: use letters, digits, '.', '_' and '-'")
    return name


def _longer_than_nothing(span: timedelta) -> timedelta:
    if not span:
        raise ValueError("must be longer than nothing")
    return span


LocalPath = Annotated[Path, AfterValidator(_beside_the_config)]
SystemName = Annotated[
    str,
    AfterValidator(_system_name),
    WithJsonSchema({"type": "string", "pattern": f"^{_SYSTEM_NAME.pattern}$"}),
]
Text = Annotated[str, Field(min_length=1)]
Patience = Annotated[Span, AfterValidator(_longer_than_nothing)]


class _KeyPair(Strict):
    ca_file: LocalPath | None = Field(None, description="authorities to trust; without it the system's own")
    cert_file: LocalPath | None = Field(None, description="client certificate, for mutual TLS")
    key_file: LocalPath | None = Field(None, description="its key, not encrypted")

    @model_validator(mode="after")
    def _certificate_and_key_together(self) -> Self:
        if (self.cert_file is None) != (self.key_file is None):
            raise ValueError("cert_file and key_file only work together")
        return self


class Tls(_KeyPair):
    """TLS with the server's certificate and host name verified."""


class KafkaSecurity(_KeyPair):
    """How to speak to a cluster that wants TLS, a login, or both."""

    protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]
    mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] | None = None
    username: Text | None = None
    password: SecretStr | None = None

    @model_validator(mode="after")
    def _fits_the_protocol(self) -> Self:
        login = ("mechanism", "username", "password")
        if self.protocol.startswith("SASL_"):
            self._must("needs", [name for name in login if getattr(self, name) is None])
        else:
            self._must("has no use for", [name for name in login if getattr(self, name) is not None])
        if not self.protocol.endswith("SSL"):
            files = ("ca_file", "cert_file", "key_file")
            self._must("has no use for", [name for name in files if getattr(self, name) is not None])
        return self

    def _must(self, verb: str, fields: list[str]) -> None:
        if fields:
            raise ValueError(f"protocol {self.protocol} {verb} {enumerated(fields)}")


class KafkaConfig(Strict):
    """A Kafka cluster."""

    bootstrap_servers: tuple[HostAndPort, ...] = Field(min_length=1)
    cluster_id: Text | None = Field(None, description="nothing is done to a cluster with another id")
    security: KafkaSecurity | None = None


class BurrowConfig(Strict):
    """A Burrow, and which of its clusters is which of ours."""

    url: Url
    cluster: Text = Field(description="what Burrow calls the cluster")
    kafka: KafkaName = Field(description="what this file calls the same cluster")
    username: Text | None = None
    password: SecretStr | None = None
    ca_file: LocalPath | None = None


class MySqlConfig(Strict):
    """A MySQL or MariaDB server and the database used on it."""

    host: Text
    port: Port = 3306
    user: Text
    password: SecretStr = SecretStr("")
    database: Text
    tls: Tls | None = None


class LedgerConfig(Strict):
    """Where it is written down what was carried out: a SQLite file or one of the MySQL servers."""

    sqlite: LocalPath | None = None
    mysql: MySqlName | None = None
    database: Text | None = Field(None, description="on the MySQL server, when not the server's usual one")
    id: Text | None = Field(None, description="printed by `ledger init`; another ledger is then refused")

    @model_validator(mode="after")
    def _in_one_place(self) -> Self:
        if (self.sqlite is None) == (self.mysql is None):
            raise ValueError("the ledger lives in either sqlite or mysql: give one of them")
        if self.sqlite is not None and self.database is not None:
            raise ValueError("a ledger in sqlite has no database")
        return self


class Timing(Strict):
    """How patient the tool is."""

    deadline: Patience = Field(timedelta(seconds=20), description="for one question to one system")
    grace: Span = Field(timedelta(seconds=5), description="between an act and its second read-back")
    quiet: Span = Field(timedelta(seconds=30), description="without commits, for a group to count as unused")
    plan_lifetime: Patience = Field(timedelta(days=1), description="past which a saved plan is refused")


Most = Annotated[int, Field(ge=0)] | None


class Limits(Strict):
    """What one run may do without an explicit acceptance. What is not set is not limited."""

    protected: tuple[Text, ...] = Field((), description="patterns, as in a shell, of names or addresses not to change")
    groups: Most = Field(None, description="groups whose offsets are reset")
    partitions: Most = Field(None, description="partitions whose offsets are reset")
    rewound: Most = Field(None, description="offsets that groups go back, in all")
    skipped: Most = Field(None, description="offsets that groups go forward, in all")
    tables: Most = Field(None, description="tables written to")
    rows: Most = Field(None, description="rows inserted")
    deletions: Most = Field(
        None, description="topics Burrow forgets, commits that are forgotten, and blacklist entries taken out"
    )
    deletion_share: Annotated[float, Field(ge=0, le=1)] | None = Field(
        None, description="the same, as a share of what is there"
    )

    min_retention_left: Span = Field(
        timedelta(hours=1), description="how long the events at a reset's target must still be kept"
    )
    purge_horizon: Span | None = Field(
        timedelta(days=90), description="when rows are purged: no window reaches past it; null: nothing is purged"
    )


class Config(Strict):
    """elreconcile.yaml."""

    environment: Name
    kafka: Mapping[SystemName, KafkaConfig] = Field(default_factory=dict)
    burrow: Mapping[SystemName, BurrowConfig] = Field(default_factory=dict)
    mysql: Mapping[SystemName, MySqlConfig] = Field(default_factory=dict)
    ledger: LedgerConfig
    timing: Timing = Field(default_factory=Timing)
    limits: Limits = Field(default_factory=Limits)

    @model_validator(mode="after")
    def _one_name_for_each_cluster(self) -> Self:
        ids = [kafka.cluster_id for kafka in self.kafka.values() if kafka.cluster_id]
        for name, kafka in self.kafka.items():
            if ids.count(kafka.cluster_id or "") > 1:
                raise ValueError(f"kafka.{name} is not the only name of the cluster {kafka.cluster_id}: keep one")
        return self

    def system_names(self) -> SystemNames:
        return SystemNames(kafka=tuple(self.kafka), burrow=tuple(self.burrow), mysql=tuple(self.mysql))


def load_config(path: Path) -> Config:
    """Raises ConfigError with everything that is wrong."""
    from elreconcile.desired.secrets import with_secrets  # here, so that the types above cost no YAML
    from elreconcile.desired.validation import validated
    from elreconcile.desired.yaml_source import read

    documents, problems = read(path)
    if len(documents) == 1:
        document, value, unresolved = with_secrets(documents[0], path.parent)
        config = validated(Config, document, value, _context(value, path.parent))
        problems += unresolved
        if isinstance(config, Config) and not problems:
            return config
        problems += config if isinstance(config, list) else []
    elif not problems:
        problems.append(Problem(str(path), 1, 1, f"must hold one document, not {len(documents)}"))
    raise ConfigError(problems)


def _context(value: Json, folder: Path) -> ConfigContext:
    def names(family: str) -> Collection[str]:
        section = value.get(family) if isinstance(value, Mapping) else None
        return tuple(section) if isinstance(section, Mapping) else ()

    return ConfigContext(kafka=names("kafka"), burrow=names("burrow"), mysql=names("mysql"), folder=folder)

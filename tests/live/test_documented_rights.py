"""The rights that docs/configuration.md asks for are enough, and what is missing is told before anything is moved."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from kafka import KafkaAdminClient, KafkaProducer
from kafka.admin import ACL, ACLOperation, ACLPermissionType, ResourcePattern, ResourceType
from kafka.structs import OffsetAndMetadata, TopicPartition

from elreconcile.desired.config import load_config
from elreconcile.ledger.opening import init_ledger
from elreconcile.systems import mysql_blacklist, mysql_file_writes
from sandbox import events
from sandbox.addresses import Addresses, MySqlAddress
from tests.blacklists import MIXED, OUTPUT, document, entry, lets_through, processor, uri_of
from tests.cases.test_burrow import Monitor
from tests.live.secured import PASSWORD, SecuredKafka, allow
from tests.operator import IN_A_FILE, TIMING, Operator, Ran
from tests.window import EDITS, HOUR, LIMITS, LOADS, START, Field, loads, uuids_of

OPERATIONS = {
    "Describe": ACLOperation.DESCRIBE,
    "DescribeConfigs": ACLOperation.DESCRIBE_CONFIGS,
    "Read": ACLOperation.READ,
    "Delete": ACLOperation.DELETE,
}
Grant = Callable[..., None]


@pytest.fixture
def root(secured: SecuredKafka) -> Iterator[KafkaAdminClient]:
    with closing(secured.admin()) as admin:
        yield admin


@pytest.fixture
def user(secured: SecuredKafka, unique: Callable[[str], str]) -> str:
    name = unique("user")
    secured.add_user(name)
    return name


@pytest.fixture
def grant(root: KafkaAdminClient, user: str) -> Grant:
    def to_the_user(resource: str, name: str, *operations: str) -> None:
        pattern = ResourcePattern(ResourceType[resource.upper()], name)
        allow(
            root,
            [
                ACL(f"User:{user}", "*", OPERATIONS[operation], ACLPermissionType.ALLOW, pattern)
                for operation in operations
            ],
        )

    return to_the_user


@pytest.fixture
def operator(secured: SecuredKafka, user: str, tmp_path: Path) -> Operator:
    (tmp_path / "state").mkdir()
    operator = Operator(tmp_path)
    text = f"""\
environment: secured
kafka:
  analytics:
    bootstrap_servers: ["127.0.0.1:{secured.ports["sasl"]}"]
    security: {{protocol: SASL_PLAINTEXT, mechanism: SCRAM-SHA-512, username: {user}, password: {PASSWORD}}}
timing: {{deadline: 10s, grace: 0s, quiet: 0s}}
ledger: {{sqlite: ledger.sqlite"""
    operator.configure(text + "}\n")
    operator.configure(f"{text}, id: {init_ledger(load_config(operator.config)).id}}}\n")
    return operator


class Group:
    """On two topics of one record each, committed at 1."""

    def __init__(self, secured: SecuredKafka, root: KafkaAdminClient, unique: Callable[[str], str]) -> None:
        self.root = root
        self.name = unique("group")
        self.topics = [unique("moved"), unique("forgotten")]
        for topic in self.topics:
            root.create_topics({topic: {"num_partitions": 1, "replication_factor": 1}}, wait_for_metadata=True)
        with closing(KafkaProducer(bootstrap_servers=secured.bootstrap)) as producer:
            for topic in self.topics:
                producer.send(topic, b"{}").get(10)
        commits = {TopicPartition(topic, 0): OffsetAndMetadata(1, "", -1) for topic in self.topics}
        assert {answer.__name__ for answer in root.alter_group_offsets(self.name, commits).values()} == {"NoError"}

    def committed(self) -> list[int | None]:
        found = self.root.list_group_offsets({self.name: None})[self.name]
        commits = [found.get(TopicPartition(topic, 0)) for topic in self.topics]
        return [commit.offset if commit else None for commit in commits]

    def document(self, forget: bool) -> str:
        targets = f"{self.topics[0]}: {{to: earliest}}" + (f", {self.topics[1]}: {{to: none}}" if forget else "")
        return f"""\
kind: ConsumerGroup
name: {self.name}
cluster: analytics
reset: {{id: r, expires: 2040-01-01T00:00:00Z, topics: {{{targets}}}}}
"""


@pytest.fixture
def group(secured: SecuredKafka, root: KafkaAdminClient, unique: Callable[[str], str]) -> Group:
    return Group(secured, root, unique)


def test_those_to_plan_are_enough_to_plan_and_the_missing_one_is_told(
    operator: Operator, group: Group, grant: Grant
) -> None:
    operator.write(group.document(forget=False))
    grant("group", group.name, "Describe")
    grant("topic", group.topics[0], "Describe", "DescribeConfigs", "Read")
    assert operator.plan("--detailed-exitcode").code == 2
    applied = operator.apply()
    assert (applied.code, group.committed()) == (69, [1, 1])
    assert f"not authorized to Read group {group.name}" in applied.err
    assert "--operation Read" in applied.err


def test_those_to_apply_are_enough_to_apply(operator: Operator, group: Group, grant: Grant) -> None:
    operator.write(group.document(forget=False))
    grant("group", group.name, "Describe", "Read")
    grant("topic", group.topics[0], "Describe", "DescribeConfigs", "Read")
    applied = operator.apply()
    assert (applied.code, group.committed()) == (0, [0, 1]), applied


def test_what_a_monitor_needs_is_enough_and_a_hidden_commit_is_not_taken_for_none(
    operator: Operator, group: Group, grant: Grant, stack: Addresses
) -> None:
    burrow = f"burrow: {{b: {{url: '{stack.burrow.url}', cluster: {stack.burrow.cluster}, kafka: analytics}}}}\n"
    operator.configure(operator.config.read_text() + burrow)
    operator.write(f"{{kind: BurrowMonitor, name: {group.name}, burrow: b, topics: [{group.topics[0]}]}}\n")
    grant("group", group.name, "Describe")
    hidden = operator.plan()
    assert hidden.code == 69, hidden
    assert f"not authorized to Describe topic {group.topics[0]}" in hidden.err
    grant("topic", group.topics[0], "Describe")
    (pending,) = operator.change(f"BurrowMonitor/b/{group.name}")["pending"]
    assert pending["waits_for"].startswith("the group's next commit"), pending


def test_a_monitor_is_applied_with_the_rights_to_plan_it(
    operator: Operator,
    grant: Grant,
    stack: Addresses,
    admin: KafkaAdminClient,
    make_topic: Callable[..., str],
    unique: Callable[[str], str],
) -> None:
    """It commits nothing in Kafka."""
    monitor = Monitor(stack.burrow, admin, unique("group"), (make_topic(), make_topic()))
    monitor.commit_both()
    settings = f"{{url: '{stack.burrow.url}', cluster: {stack.burrow.cluster}, kafka: analytics}}"
    operator.configure(f"{operator.config.read_text()}burrow: {{analytics: {settings}}}\n")
    operator.write(monitor.document())
    grant("group", monitor.group, "Describe")
    grant("topic", monitor.wanted, "Describe")
    applied = operator.apply()
    assert applied.code == 0, applied
    assert monitor.stale not in monitor.topics()


def test_forgetting_needs_one_more(operator: Operator, group: Group, grant: Grant) -> None:
    operator.write(group.document(forget=True))
    grant("group", group.name, "Describe", "Read")
    for topic in group.topics:
        grant("topic", topic, "Describe", "DescribeConfigs", "Read")
    refused = operator.apply()
    assert (refused.code, group.committed()) == (69, [1, 1])
    assert f"not authorized to Delete group {group.name}" in refused.err
    grant("group", group.name, "Delete")
    applied = operator.apply()
    assert (applied.code, group.committed()) == (0, [0, None]), applied


class Account:
    """Of the real MariaDB: it may log in, and do what it is granted."""

    def __init__(self, database: MySqlAddress, name: str) -> None:
        self.address = replace(database, user=name, password=PASSWORD)
        self._database = database
        self._run(f"CREATE USER `{name}`@'%' IDENTIFIED BY '{PASSWORD}'")

    def may(self, rights: str, table: str = "*") -> Callable[[], None]:
        """Grants them when called."""
        return lambda: self._run(f"GRANT {rights} ON `{self.address.database}`.{table} TO `{self.address.user}`@'%'")

    def may_anywhere(self, right: str) -> Callable[[], None]:
        return lambda: self._run(f"GRANT {right} ON *.* TO `{self.address.user}`@'%'")

    def may_nothing(self) -> None:
        self._run(f"REVOKE ALL PRIVILEGES, GRANT OPTION FROM `{self.address.user}`@'%'")

    def close(self) -> None:
        self._run(f"DROP USER `{self.address.user}`@'%'")

    def denied(self, right: str, table: str) -> str:
        """A pattern of what the server says; it may name several rights."""
        return f"{right}[A-Z, ]* command denied to user '{self.address.user}'@.* `{self.address.database}`.`{table}"

    def kept_out(self) -> str:
        return f"Access denied for user '{self.address.user}'@.* to database '{self.address.database}'"

    def yaml(self) -> str:
        it = self.address
        return f"{{host: {it.host}, port: {it.port}, user: {it.user}, password: {PASSWORD}, database: {it.database}}}"

    def _run(self, sql: str) -> None:
        with closing(self._database.connect()) as mysql, mysql.cursor() as cursor:
            cursor.execute(sql)


@pytest.fixture
def account(database: MySqlAddress, unique: Callable[[str], str]) -> Iterator[Account]:
    with closing(Account(database, unique("user")[-20:])) as made:
        yield made


@pytest.fixture
def copying(database: MySqlAddress, unique: Callable[[str], str]) -> Iterator[Account]:
    """The one that looks at a copy."""
    with closing(Account(database, unique("user")[-20:])) as made:
        yield made


def each_is_told(run: Callable[[], Ran], *steps: tuple[str, Callable[[], None]]) -> None:
    """Of each right: that it is missing, by name, before it is granted."""
    for missing, grant in steps:
        refused = run()
        told = " ".join((refused.out + refused.err).split())
        assert (refused.code, bool(re.search(missing, told))) == (69, True), (missing, refused)
        grant()


@pytest.fixture
def window(
    operator: Operator,
    secured: SecuredKafka,
    root: KafkaAdminClient,
    database: MySqlAddress,
    account: Account,
    copying: Account,
    unique: Callable[[str], str],
) -> Field:
    """The copy is the database itself, looked at by another account."""
    field = Field(operator, database, unique("topic"), unique("group"), root)
    settings = {"num_partitions": 1, "replication_factor": 1, "configs": {"retention.ms": "-1"}}
    root.create_topics({field.topic: settings}, wait_for_metadata=True)
    mysql = f"mysql: {{m4: {account.yaml()}, copy: {copying.yaml()}}}\n"
    operator.configure(operator.config.read_text() + LIMITS + mysql)
    sink = {"mysql": "m4", "replica": "copy", "writer": field.group}
    operator.write(field.document(START, START + HOUR, sink=sink, pace={"max_replica_lag": "1h"}))
    return field


def test_what_a_window_needs_is_enough_and_each_missing_one_is_told(
    window: Field, secured: SecuredKafka, grant: Grant, account: Account, copying: Account
) -> None:
    those = [*loads(20), events.edit(100, START)]
    events.produce(secured.bootstrap, window.topic, {0: [events.record(event) for event in those]})
    window.commit({0: len(those)})
    window.insert(those[:7])
    window.execute(mysql_blacklist.DDL)
    topic, group = window.topic, window.group
    grant("topic", topic, "Describe", "DescribeConfigs")
    copying.may("SELECT", mysql_blacklist.TABLE)()  # so that it may log in
    each_is_told(
        window.operator.plan,
        (f"Describe group {group}", lambda: grant("group", group, "Describe")),
        (f"Read topic {topic}", lambda: grant("topic", topic, "Read")),
        (account.kept_out(), account.may("SELECT", LOADS)),
        (account.denied("SELECT", mysql_blacklist.TABLE), account.may("SELECT", mysql_blacklist.TABLE)),
        ("SLAVE MONITOR", copying.may_anywhere("SLAVE MONITOR")),
        (copying.denied("SELECT", LOADS), copying.may("SELECT")),
        (account.denied("SELECT", EDITS), account.may("SELECT")),
    )
    assert window.operator.plan("--detailed-exitcode").code == 2
    each_is_told(
        window.operator.apply,
        (account.denied("CREATE", EDITS), account.may("CREATE")),
        (account.denied("INSERT", f"({LOADS}|{EDITS})"), account.may("INSERT")),
    )
    applied = window.operator.apply()
    assert (applied.code, window.uuids()) == (0, uuids_of(those)), applied


def test_what_a_blacklist_needs_is_enough_and_each_missing_one_is_told(
    stack: Addresses, database: MySqlAddress, account: Account, tmp_path: Path
) -> None:
    operator = Operator.at(tmp_path / "home", replace(stack, mysql=account.address))
    file = tmp_path / "client-side-00"
    entries, writes = mysql_blacklist.TABLE, mysql_file_writes.TABLE
    operator.write(document(entry("Edit"), enforce_in=file))

    def apply() -> Ran:
        """With the file as it was."""
        file.write_text(processor(MIXED))
        return operator.apply()

    file.write_text(processor(MIXED))
    each_is_told(operator.plan, (account.kept_out(), account.may("SELECT")))
    assert operator.plan("--detailed-exitcode").code == 2
    each_is_told(
        apply,
        (account.denied("CREATE", entries), account.may("CREATE")),
        (account.denied("INSERT", entries), account.may_nothing),  # both tables are there from now on
        (account.kept_out(), account.may("SELECT", entries)),
        (account.denied("SELECT", writes), account.may("SELECT", writes)),
        (account.denied("INSERT", entries), account.may("INSERT", entries)),
        (account.denied("UPDATE", entries), account.may("UPDATE", entries)),
        (account.denied("INSERT", writes), account.may("INSERT", writes)),
        (account.denied("DELETE", writes), account.may("DELETE", writes)),
    )
    applied = apply()
    assert applied.code == 0, applied
    assert lets_through(uri_of(file), "Edit", "Popups") == {"Edit": False, "Popups": True}

    field = Field(operator, database, OUTPUT, "nobody", None)
    field.execute(f"UPDATE {entries} SET added_at = added_at - INTERVAL 1 HOUR")  # times of events are whole seconds
    field.insert([events.edit(1, datetime.now(UTC))])
    assert (EDITS in leaks(operator), account.may("SELECT", EDITS)(), EDITS in leaks(operator)) == (False, None, True)

    operator.write(document(enforce_in=file))
    each_is_told(operator.apply, (account.denied("DELETE", entries), account.may("DELETE", entries)))
    applied = operator.apply()
    assert (applied.code, field.execute(f"SELECT * FROM {entries}")) == (0, []), applied


def test_what_a_ledger_needs_is_enough_and_each_missing_one_is_told(
    stack: Addresses, database: MySqlAddress, account: Account, tmp_path: Path
) -> None:
    operator = Operator(tmp_path)
    operator.state.mkdir()
    operator.write(document(entry("Edit")))
    text = replace(stack, mysql=database).elreconcile_yaml().replace(IN_A_FILE, "mysql: keeper")
    text = text.replace("mysql:\n", f"mysql:\n  keeper: {account.yaml()}\n") + TIMING
    operator.configure(text)
    each_is_told(
        lambda: operator.run("ledger", "init"),
        (account.kept_out(), account.may("SELECT, INSERT, UPDATE, DELETE")),
        (account.denied("CREATE", "elreconcile_ledger"), account.may("CREATE")),
    )
    operator.configure(text.replace("id: null", f"id: {operator.run('ledger', 'init').out.strip()}"))
    account.may_nothing()
    each_is_told(operator.plan, (account.kept_out(), account.may("SELECT")))
    only_read = (
        operator.plan("--detailed-exitcode"),
        operator.run("ledger", "check"),
        operator.run("ledger", "export"),
    )
    assert [ran.code for ran in only_read] == [2, 0, 0], only_read
    each_is_told(
        operator.apply,
        (account.denied("INSERT", "elreconcile_"), account.may("INSERT")),
        (account.denied("DELETE", "elreconcile_"), account.may("DELETE")),
        (account.denied("UPDATE", "elreconcile_ledger"), account.may("UPDATE")),
    )
    with closing(database.connect()) as mysql, mysql.cursor() as cursor:
        assert cursor.execute(f"SHOW TABLES LIKE '{mysql_blacklist.TABLE}'") == 0, "nothing was done without a ledger"
        applied = operator.apply()
        assert (applied.code, cursor.execute(f"SELECT * FROM {mysql_blacklist.TABLE}")) == (0, 1), applied


def leaks(operator: Operator) -> str:
    return str(operator.change(f"SchemaBlacklist/m4/{OUTPUT}")["findings"])

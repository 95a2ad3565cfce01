"""SchemaBlacklist on a real MariaDB: what an operator writes, what then stands in the table, and what is told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from elreconcile.desired.config import load_config
from elreconcile.errors import ElreconcileError
from elreconcile.kinds import KINDS
from elreconcile.systems import ReadingSystems
from elreconcile.systems.mysql_blacklist import DDL, TABLE
from sandbox import events
from sandbox.addresses import MySqlAddress
from sandbox.waiting import until
from tests.blacklists import ADDRESS, OUTPUT, document
from tests.operator import Operator

SHARE = "{schema: MobileWikiAppShareAFact, reason: T120000, expires: 2030-01-31T00:00:00Z}"
ADDED = datetime(2026, 1, 1, tzinfo=UTC)
INSERT = f"INSERT INTO {TABLE} (output, schema_name, managed, reason, added_by, added_at, expires) VALUES "


def ask(database: MySqlAddress, *statements: str) -> Sequence[tuple[Any, ...]]:
    """The last statement's rows."""
    with database.connect(init_command="SET time_zone = '+00:00'") as connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
        rows: Sequence[tuple[Any, ...]] = cursor.fetchall()
        return rows


def rows(database: MySqlAddress) -> Sequence[tuple[Any, ...]]:
    return ask(database, f"SELECT * FROM {TABLE} ORDER BY output, schema_name, managed")


def listed(database: MySqlAddress) -> dict[str, tuple[str, str]]:
    """Managed rows of OUTPUT: reason and expiry."""
    sql = f"SELECT schema_name, reason, expires FROM {TABLE} WHERE managed AND output = '{OUTPUT}'"
    return {schema: (reason, str(expires)) for schema, reason, expires in ask(database, sql)}


def found(change: Any) -> str:
    return " ".join(f"{each['what']}: {each['value']}; {each['remedy']}" for each in change["findings"])


def test_it_comes_before_every_other_kind() -> None:
    assert min(KINDS.values(), key=lambda kind: kind.order).name == next(iter(KINDS)) == "SchemaBlacklist"


def test_a_limit_on_deletions_counts_entries_taken_out(operator: Operator, database: MySqlAddress) -> None:
    operator.write(document(SHARE))
    assert operator.apply().code == 0
    operator.configure(operator.config.read_text() + "limits: {deletions: 0}\n")
    operator.write(document("{schema: Edit, reason: T1}"))
    assert operator.apply().code == 4
    assert listed(database).keys() == {"MobileWikiAppShareAFact"}
    assert operator.apply("--accept", "limit-deletions").code == 0
    assert listed(database).keys() == {"Edit"}


def test_an_absent_world_is_filled_and_planning_writes_nothing(operator: Operator, database: MySqlAddress) -> None:
    operator.write(document(SHARE))
    planned = operator.plan("--detailed-exitcode")
    assert planned.code == 2, planned
    assert "+ MobileWikiAppShareAFact   until 2030-01-31T00:00:00Z, T120000" in planned.out
    assert "no stock EventLogging writer reads that table" in planned.out
    assert ask(database, "SHOW TABLES") == ()

    before = datetime.now(UTC)
    applied = operator.apply()
    assert applied.code == 0, applied
    ((output, schema, managed, reason, added_by, added_at, expires),) = rows(database)
    assert (output, schema, managed, reason) == (OUTPUT, "MobileWikiAppShareAFact", 1, "T120000")
    assert expires.replace(tzinfo=UTC) == datetime(2030, 1, 31, tzinfo=UTC)
    assert abs(added_at.replace(tzinfo=UTC) - before) < timedelta(minutes=1)
    assert "@" in added_by
    assert operator.plan("--detailed-exitcode").code == 0


def test_apply_twice_equals_once(operator: Operator, database: MySqlAddress) -> None:
    operator.write(document(SHARE))
    assert operator.apply().code == 0
    once = rows(database)
    again = operator.apply()
    assert (again.code, "nothing to do" in again.err) == (0, True)
    assert rows(database) == once


def test_a_diverged_table_is_brought_back_and_rows_of_others_are_left(
    operator: Operator, database: MySqlAddress
) -> None:
    ask(
        database,
        DDL,
        INSERT
        + f"""('{OUTPUT}', 'MobileWikiAppShareAFact', TRUE, 'old', 'ops', '2026-01-01', NULL),
        ('{OUTPUT}', 'Popups', TRUE, 'gone from the document', 'ops', '2026-01-01', NULL),
        ('{OUTPUT}', 'MobileWikiAppShareAFact', FALSE, 'by hand', 'milimetric', '2026-01-01', NULL),
        ('{OUTPUT}', 'Print', FALSE, 'by hand too', 'milimetric', '2026-01-01', NULL),
        ('{OUTPUT}', 'Popups', FALSE, 'by hand as well', 'milimetric', '2026-01-01', NULL),
        ('another-output', 'Popups', TRUE, 'of another document', 'ops', '2026-01-01', NULL)""",
    )
    sql = f"SELECT * FROM {TABLE} WHERE NOT managed OR output <> '{OUTPUT}' ORDER BY output, schema_name"
    others = ask(database, sql)
    operator.write(document(SHARE, "{schema: Edit, reason: too much}"))
    applied = operator.apply()
    assert applied.code == 0, applied
    assert listed(database) == {
        "MobileWikiAppShareAFact": ("T120000", "2030-01-31 00:00:00"),
        "Edit": ("too much", "None"),
    }
    kept = f"SELECT schema_name, CAST(added_at AS DATE) FROM {TABLE} WHERE managed AND added_by = 'ops' AND output = "
    assert ask(database, kept + f"'{OUTPUT}'") == (("MobileWikiAppShareAFact", date(2026, 1, 1)),)
    assert ask(database, sql) == others
    assert operator.plan("--detailed-exitcode").code == 0
    assert "Print: blacklisted by milimetric" in found(operator.change(ADDRESS))


def test_an_expired_entry_counts_as_absent(operator: Operator, database: MySqlAddress) -> None:
    operator.write(document(SHARE))
    assert operator.apply().code == 0
    operator.write(document(SHARE.replace("2030", "2020")))
    change = operator.change(ADDRESS)
    assert change["effect"]["remove"] == ["MobileWikiAppShareAFact"]
    assert "expired 2020-01-31T00:00:00Z" in found(change)
    assert operator.apply().code == 0
    assert rows(database) == ()
    assert operator.plan("--detailed-exitcode").code == 0


def test_an_expired_entry_listed_anew_is_new(operator: Operator, database: MySqlAddress) -> None:
    """What came while it did not hold is no leak."""
    before = INSERT + f"('{OUTPUT}', 'MobileWikiAppShareAFact', TRUE, 'r', 'ops', '2015-01-01', "
    ask(database, DDL, before + "'2015-02-01')")
    operator.write(document(SHARE))
    assert operator.apply().code == 0
    ((_, _, _, _, added_by, added_at, expires),) = rows(database)
    assert added_by != "ops"
    assert abs(added_at.replace(tzinfo=UTC) - datetime.now(UTC)) < timedelta(minutes=5)
    assert expires.year == 2030


def test_an_empty_list_takes_ours_out_and_makes_no_table(operator: Operator, database: MySqlAddress) -> None:
    operator.write(document())
    assert operator.plan("--detailed-exitcode").code == 0
    assert operator.apply().code == 0
    assert ask(database, "SHOW TABLES") == ()


@pytest.mark.parametrize(
    "statement", [DDL, INSERT + "('o', 's', FALSE, 'r', 'me', '2026-01-01', NULL)", f"DELETE FROM {TABLE}"]
)
def test_a_reading_client_cannot_write(operator: Operator, database: MySqlAddress, statement: str) -> None:
    if statement != DDL:
        ask(database, DDL, INSERT + "('o', 't', FALSE, 'r', 'me', '2026-01-01', NULL)")
    before = ask(database, "SHOW TABLES")
    with ReadingSystems(load_config(operator.config)) as systems:
        with pytest.raises(ElreconcileError, match="READ ONLY"):
            systems.mysql("m4").query(statement)
        assert ask(database, "SHOW TABLES") == before


# Leaks


def blacklisted_since(database: MySqlAddress, schema: str, added: datetime = ADDED) -> None:
    values = f"('{OUTPUT}', '{schema}', TRUE, 'x', 'ops', '{added:%Y-%m-%d %H:%M:%S}', NULL)"
    ask(database, DDL, INSERT + values)


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        ("Edit_13457736", "`timestamp` VARCHAR(14)", "'20260102030405'"),
        ("Edit_13457736", "`timestamp` CHAR(14)", "'20260102030405'"),
        ("Edit_13457736", "`timestamp` BINARY(14)", "'20260102030405'"),
        ("Edit_1", "dt DATETIME", "'2026-01-02 03:04:05'"),
    ],
)
def test_a_schema_whose_events_still_come_is_a_leak(
    operator: Operator, database: MySqlAddress, table: str, column: str, value: str
) -> None:
    blacklisted_since(database, "Edit")
    ask(database, "CREATE TABLE Edit_5 (`timestamp` VARCHAR(14))", "INSERT INTO Edit_5 VALUES ('20250101000000')")
    ask(database, f"CREATE TABLE `{table}` (id INT, {column})", f"INSERT INTO `{table}` VALUES (1, {value})")
    operator.write(document("{schema: Edit, reason: x}"))
    change = operator.change(ADDRESS)
    assert change["action"] == "none"
    assert f"Edit in {table}: an event of 2026-01-02T03:04:05Z came through" in found(change)
    assert "blacklisted since 2026-01-01T00:00:00Z" in found(change)


@pytest.mark.parametrize(
    ("table", "value"),
    [
        ("Edit_13457736", "20251231235959"),  # from before
        ("Edit_13457736", "20990101000000"),  # a wrong clock, from who knows when
        ("EditAttemptStep_1", "20260102030405"),
        ("Edit_Other_1", "20260102030405"),
        ("XEdit_1", "20260102030405"),
    ],
)
def test_other_events_are_none(operator: Operator, database: MySqlAddress, table: str, value: str) -> None:
    blacklisted_since(database, "Edit")
    ask(database, f"CREATE TABLE {table} (`timestamp` VARCHAR(14))", f"INSERT INTO {table} VALUES ('{value}'), (NULL)")
    operator.write(document("{schema: Edit, reason: x}"))
    change = operator.change(ADDRESS)
    assert (change["action"], change["findings"]) == ("none", [])


def test_the_sandbox_s_consumer_obeys_the_table(
    operator: Operator, database: MySqlAddress, eventlogging: Any, make_topic: Any, produce: Any
) -> None:
    """Blacklisted while it runs: what comes after that does not get in, other schemas do, and nothing leaks."""
    topic = make_topic()
    consumer = eventlogging(topic, batch_size=5)
    consumer.start()

    def send(first: int) -> None:
        at = datetime.now(UTC)
        both = [make(first + n, at) for n in range(5) for make in (events.edit, events.navigation_timing)]
        produce(topic, {0: [events.record(event) for event in both]})

    def count(table: str) -> int:
        return int(ask(database, f"SELECT COUNT(*) FROM {table}")[0][0]) if (table,) in tables() else 0

    def tables() -> Any:
        return ask(database, "SHOW TABLES")

    send(0)
    until("both are in", lambda: count("Edit_13457736") == count("NavigationTiming_10374055") == 5)
    operator.write(document("{schema: Edit, reason: x}", output=topic))
    assert operator.apply().code == 0
    send(5)
    until("the other schema is in", lambda: count("NavigationTiming_10374055") == 10)
    until("the blacklisted one was seen", lambda: consumer.stats()["blacklisted"] == 5)
    assert count("Edit_13457736") == 5
    assert operator.change(f"SchemaBlacklist/m4/{topic}")["findings"] == []

    operator.write(document(output=topic))
    assert operator.apply().code == 0
    send(10)
    until("it is let in again", lambda: count("Edit_13457736") == 10)


# Bad input


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{schema: Edit, reason: x, expire: 2030-01-01T00:00:00Z}", "unknown field 'expire'; did you mean 'expires'?"),
        ("{schma: Edit, reason: x}", "unknown field 'schma'; did you mean 'schema'?"),
        ("{reason: x}", "missing field 'schema'"),
        ("{schema: Edit, reason: x, expires: 2030-01-01T00:00:00}", "has no zone"),
        ("{schema: 'Edit|Popups', reason: x}", "must be a schema's name"),
        ("{schema: Edit}", "missing field 'reason'"),
        ("{schema: Edit, reason: x}\n  - {schema: Edit, reason: y}", "schemas names Edit more than once"),
    ],
)
def test_bad_entries_are_located(operator: Operator, text: str, message: str) -> None:
    operator.write(document(text))
    planned = operator.plan()
    assert planned.code == 65
    assert message in planned.err
    assert "documents.yaml:" in planned.err

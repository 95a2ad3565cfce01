"""All SQL of the ledger, once for both databases: `?` stands for a value, a dialect fills in where they differ.

`elreconcile_entries` holds the latest word on each request, `elreconcile_history` every word ever said, in order: only
appended to, and enough to make the entries from. The run number in `elreconcile_ledger` grows by one with each run, so
that an old copy put back in place shows by a number that went down.
"""

from __future__ import annotations

from dataclasses import dataclass

_COLUMNS = "address, request_id, fingerprint, meaning, state, pins, before_act, evidence, run, at"
_VALUES = "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"

LEDGER_TABLE = "elreconcile_ledger"
IDENTITY = "SELECT id FROM elreconcile_ledger WHERE only_row = 1"
RUN_NUMBER = "SELECT run_number FROM elreconcile_ledger WHERE only_row = 1"
NEXT_RUN_NUMBER = "UPDATE elreconcile_ledger SET run_number = run_number + 1 WHERE only_row = 1"

ENTRIES = f"SELECT {_COLUMNS} FROM elreconcile_entries"
COUNT = "SELECT COUNT(*) FROM elreconcile_entries WHERE state = ?"
PUT_ENTRY = f"REPLACE INTO elreconcile_entries ({_COLUMNS}) VALUES {_VALUES}"
ADD_HISTORY = f"INSERT INTO elreconcile_history ({_COLUMNS}) VALUES {_VALUES}"
HISTORY = f"SELECT {_COLUMNS} FROM elreconcile_history ORDER BY number"
HISTORY_OF = f"SELECT {_COLUMNS} FROM elreconcile_history WHERE address = ? ORDER BY number"

ADD_RUN = """INSERT INTO elreconcile_runs (number, id, started_at, author, host, git_commit, digest, plan)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)"""
END_RUN = "UPDATE elreconcile_runs SET ended_at = ?, outcomes = ? WHERE id = ?"

PUT_OWNER = "REPLACE INTO elreconcile_lock_owners (name, owner, connection) VALUES (?, ?, ?)"
OWNER = "SELECT owner FROM elreconcile_lock_owners WHERE name = ? AND connection = ?"
DROP_OWNERS = "DELETE FROM elreconcile_lock_owners WHERE connection = ?"

# BEFORE is a reserved word of MySQL.
_ENTRY = """address {key} NOT NULL, request_id {key} NOT NULL, fingerprint {word} NOT NULL, meaning {text} NOT NULL,
    state {word} NOT NULL, pins {text} NOT NULL, before_act {text} NOT NULL, evidence {text} NOT NULL,
    run {word} NOT NULL, at {word} NOT NULL"""
_TABLES = (
    """CREATE TABLE IF NOT EXISTS elreconcile_ledger (only_row INTEGER PRIMARY KEY, id {word} NOT NULL,
    made_at {word} NOT NULL, run_number BIGINT NOT NULL){options}""",
    f"CREATE TABLE IF NOT EXISTS elreconcile_entries ({_ENTRY}, PRIMARY KEY (address, request_id)){{options}}",
    f"CREATE TABLE IF NOT EXISTS elreconcile_history (number {{counter}}, {_ENTRY}){{options}}",
    """CREATE TABLE IF NOT EXISTS elreconcile_runs (number BIGINT PRIMARY KEY, id {word} NOT NULL UNIQUE,
    started_at {word} NOT NULL, author {text} NOT NULL, host {text} NOT NULL, git_commit {word}, digest {word} NOT NULL,
    plan {text} NOT NULL, ended_at {word}, outcomes {text}){options}""",
    """CREATE TABLE IF NOT EXISTS elreconcile_lock_owners (name {word} NOT NULL PRIMARY KEY, owner {text} NOT NULL,
    connection BIGINT NOT NULL){options}""",
)


@dataclass(frozen=True, slots=True)
class Dialect:
    """`key` is compared byte by byte: case and trailing spaces tell Kafka groups apart. `text` holds a whole plan."""

    placeholder: str
    key: str
    word: str
    text: str
    counter: str
    options: str
    insert_if_absent: str

    def sql(self, statement: str) -> str:
        return statement.replace("?", self.placeholder)

    def entries_of(self, addresses: int) -> str:
        marks = ", ".join(["?"] * addresses)
        return self.sql(f"{ENTRIES} WHERE address IN ({marks})")

    def tables(self) -> tuple[str, ...]:
        words = {
            "key": self.key,
            "word": self.word,
            "text": self.text,
            "counter": self.counter,
            "options": self.options,
        }
        return tuple(table.format(**words) for table in _TABLES)

    def first_row(self) -> str:
        """The ledger's identity, given once: whoever comes second changes nothing."""
        return self.sql(
            f"{self.insert_if_absent} elreconcile_ledger (only_row, id, made_at, run_number) VALUES (1, ?, ?, 0)"
        )


SQLITE = Dialect(
    placeholder="?",
    key="TEXT",
    word="TEXT",
    text="TEXT",
    counter="INTEGER PRIMARY KEY AUTOINCREMENT",
    options="",
    insert_if_absent="INSERT OR IGNORE INTO",
)
MYSQL = Dialect(
    placeholder="%s",
    key="VARBINARY(1500)",
    word="VARCHAR(255)",
    text="LONGTEXT",
    counter="BIGINT PRIMARY KEY AUTO_INCREMENT",
    options=" ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
    insert_if_absent="INSERT IGNORE INTO",
)

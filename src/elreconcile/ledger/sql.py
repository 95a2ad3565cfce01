"""All SQL of the ledger, once for both databases: `?` stands for a value, a dialect for what differs.

`elreconcile_entries` holds the latest word on each request. `elreconcile_history` holds every word ever said,
in order; it is only appended to, and enough to make the entries from. The run number in `elreconcile_ledger`
grows by one with each run, so that an old copy put back in place shows by a number that went down.
"""

# ruff: noqa: S608 - nothing in these texts comes from outside

from __future__ import annotations

import msgspec

_COLUMNS = "address, request_id, fingerprint, meaning, state, pins, before_act, evidence, run, at"
_VALUES = "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"

LEDGER_TABLE = "elreconcile_ledger"
LEDGER = "SELECT id, environment, made_at, run_number FROM elreconcile_ledger WHERE only_row = 1"
IDENTITY = "SELECT id, environment FROM elreconcile_ledger WHERE only_row = 1"
RUN_NUMBER = "SELECT run_number FROM elreconcile_ledger WHERE only_row = 1"
HELD = """SELECT (SELECT COUNT(*) FROM elreconcile_runs), (SELECT COUNT(*) FROM elreconcile_history),
    (SELECT COUNT(*) FROM elreconcile_entries), run_number FROM elreconcile_ledger WHERE only_row = 1"""
NAME = "UPDATE elreconcile_ledger SET id = ?, environment = ?, made_at = ? WHERE only_row = 1"
SET_RUN_NUMBER = "UPDATE elreconcile_ledger SET run_number = ? WHERE only_row = 1"
NEXT_RUN_NUMBER = "UPDATE elreconcile_ledger SET run_number = run_number + 1 WHERE only_row = 1"

ENTRIES = f"SELECT {_COLUMNS} FROM elreconcile_entries"
ENTRIES_BY_KEY = f"{ENTRIES} ORDER BY address, request_id"
PUT_ENTRY = f"REPLACE INTO elreconcile_entries ({_COLUMNS}) VALUES {_VALUES}"
ADD_HISTORY = f"INSERT INTO elreconcile_history ({_COLUMNS}) VALUES {_VALUES}"
HISTORY = f"SELECT {_COLUMNS} FROM elreconcile_history ORDER BY number"
WORDS_OF_RUN = f"SELECT {_COLUMNS} FROM elreconcile_history WHERE run = ? ORDER BY number"

ADD_RUN = """INSERT INTO elreconcile_runs (number, id, started_at, author, host, git_commit, digest, plan)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)"""
_RUN_COLUMNS = "number, id, started_at, author, host, git_commit, digest, plan, ended_at, outcomes"
RUNS = f"SELECT {_RUN_COLUMNS} FROM elreconcile_runs"
COPY_RUN = f"INSERT INTO elreconcile_runs ({_RUN_COLUMNS}) VALUES {_VALUES}"
RUNS_BY_NUMBER = f"{RUNS} ORDER BY number"
RUNS_OF_PLAN = f"{RUNS} WHERE digest = ? AND number > ? ORDER BY number"
RUN_ID = "SELECT id FROM elreconcile_runs WHERE number = ?"
RUN_OF_ID = f"{RUNS} WHERE id = ?"
END_RUN = "UPDATE elreconcile_runs SET ended_at = ?, outcomes = ? WHERE id = ?"

SIGN = "REPLACE INTO elreconcile_lock_owners (name, address, owner, connection) VALUES (?, ?, ?, ?)"
SIGNATURE = "SELECT owner FROM elreconcile_lock_owners WHERE name = ? AND connection = IS_USED_LOCK(name)"

# BEFORE is a reserved word of MySQL.
_ENTRY = """address {key} NOT NULL, request_id {key} NOT NULL, fingerprint {word} NOT NULL,
    meaning {text} NOT NULL, state {word} NOT NULL, pins {text} NOT NULL, before_act {text} NOT NULL,
    evidence {text} NOT NULL, run {word} NOT NULL, at {word} NOT NULL"""
_COLUMNS_OF_TABLES = {
    LEDGER_TABLE: """only_row INTEGER PRIMARY KEY, id {word} NOT NULL, environment {word} NOT NULL,
    made_at {word} NOT NULL, run_number BIGINT NOT NULL""",
    "elreconcile_entries": f"{_ENTRY}, PRIMARY KEY (address, request_id)",
    "elreconcile_history": f"number {{counter}}, {_ENTRY}",
    "elreconcile_runs": """number BIGINT PRIMARY KEY, id {word} NOT NULL UNIQUE, started_at {word} NOT NULL,
    author {text} NOT NULL, host {text} NOT NULL, git_commit {word}, digest {word} NOT NULL,
    plan {text} NOT NULL, ended_at {word}, outcomes {text}""",
    "elreconcile_lock_owners": """name {word} NOT NULL PRIMARY KEY, address {text} NOT NULL,
    owner {text} NOT NULL, connection BIGINT NOT NULL""",
}


class Dialect(msgspec.Struct, frozen=True):
    """A `key` is compared byte by byte: case and spaces tell Kafka's groups apart. A `text` holds a plan."""

    placeholder: str
    key: str
    word: str
    text: str
    counter: str
    options: str
    insert_if_absent: str
    check: str
    """Has the database look for damage; each row it answers with ends in a word, `ok` where there is none."""

    def sql(self, statement: str) -> str:
        return statement.replace("?", self.placeholder)

    def entries_of(self, addresses: int) -> str:
        marks = ", ".join(["?"] * addresses)
        return self.sql(f"{ENTRIES} WHERE address IN ({marks})")

    def tables(self) -> tuple[str, ...]:
        """The statements that make them."""
        types = {"key": self.key, "word": self.word, "text": self.text, "counter": self.counter}
        return tuple(
            f"CREATE TABLE IF NOT EXISTS {name} ({columns.format(**types)}){self.options}"
            for name, columns in _COLUMNS_OF_TABLES.items()
        )

    def first_row(self) -> str:
        """The ledger's identity, given once: whoever comes second changes nothing."""
        columns = "(only_row, id, environment, made_at, run_number)"
        return self.sql(f"{self.insert_if_absent} {LEDGER_TABLE} {columns} VALUES (1, ?, ?, ?, 0)")


SQLITE = Dialect(
    placeholder="?",
    key="TEXT",
    word="TEXT",
    text="TEXT",
    counter="INTEGER PRIMARY KEY AUTOINCREMENT",
    options="",
    insert_if_absent="INSERT OR IGNORE INTO",
    check="PRAGMA integrity_check",
)
MYSQL = Dialect(
    placeholder="%s",
    key="VARBINARY(1500)",
    word="VARCHAR(255)",
    text="LONGTEXT",
    counter="BIGINT PRIMARY KEY AUTO_INCREMENT",
    options=" ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
    insert_if_absent="INSERT IGNORE INTO",
    check=f"CHECK TABLE {', '.join(_COLUMNS_OF_TABLES)}",
)

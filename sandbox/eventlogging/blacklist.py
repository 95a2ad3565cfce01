"""The table of blacklisted schemas. The original has none: this is what makes the sandbox's consumer obey one."""

from __future__ import annotations

from collections.abc import Sequence

import pymysql
from pymysql.constants import ER

from sandbox.addresses import MySqlAddress

TABLE = "elreconcile_schema_blacklist"


def is_blacklisted(mysql: MySqlAddress, schema: str, topics: Sequence[str]) -> bool:
    """Whether an unexpired row keeps the schema out of one of these topics. No table: nothing is blacklisted."""
    if not topics:
        return False
    marks = ", ".join(["%s"] * len(topics))
    wanted = f"output IN ({marks}) AND schema_name = %s AND (expires IS NULL OR expires > UTC_TIMESTAMP(6))"
    with mysql.connect() as connection, connection.cursor() as cursor:
        try:
            cursor.execute(f"SELECT 1 FROM {TABLE} WHERE {wanted} LIMIT 1", (*topics, schema))
        except pymysql.ProgrammingError as error:
            if error.args[0] == ER.NO_SUCH_TABLE:
                return False
            raise
        return cursor.fetchone() is not None

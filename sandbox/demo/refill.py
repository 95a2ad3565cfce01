"""The outage of 2015-10-14: what is missing is found by uuid and put in, and one schema is kept out."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from sandbox import outage
from sandbox.demo.operator import Operator, name_of
from sandbox.demo.told import chapter, check, paragraph, say
from sandbox.demo.world import World
from sandbox.outage import ACCOUNTS, BOTS, EDITS, INSERTED, PAGE_LOADS, TABLES
from sandbox.waiting import until

ALL = PAGE_LOADS + BOTS + EDITS + ACCOUNTS
MISSING = PAGE_LOADS + EDITS + ACCOUNTS - INSERTED
LOADS, EDIT, ACCOUNT = TABLES
WANTED = {  # eligible, present, missing, pending, misplaced, bots
    EDIT: [EDITS, 0, EDITS, 0, 0, 0],
    LOADS: [PAGE_LOADS, INSERTED, PAGE_LOADS - INSERTED, 0, 0, BOTS],
    ACCOUNT: [ACCOUNTS, 0, ACCOUNTS, 0, 0, 0],
}
HOURS = [455, 455, 454, 455, 454, 455, 454, 455, 454, 455, 454]
BOT_ROWS = """coalesce(sum(userAgent LIKE '%"is_bot": true%'), 0)"""
SHARES = 50
NO_PURGE = "limits: {purge_horizon: null}     # in 2015 nothing was purged\n"


def make(world: World) -> None:
    with world.servers.mysql.connect(database=None) as mysql, mysql.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE `{world.servers.mysql.database}`")
    outage.make(world.admin, world.topic, world.writer(batch_size=INSERTED), world.committed)


def play(world: World) -> Operator:
    """The whole story, once it is made; the operator, for whoever goes on by hand."""
    _show(world)
    operator = Operator.of("2015", world.folder, world.servers, NO_PURGE)

    chapter("THE PLAN: WHICH EVENTS HAVE NO ROW, BY THEIR UUIDS")
    file = world.folder / "plan.json"
    planned = operator.plan("--out", name_of(file))
    check("eligible, present, missing, pending, misplaced, bots", _counted(file.read_text()), WANTED)
    check("tables, which a plan does not make", world.tables(), [LOADS])

    chapter("THE REPAIR, FROM THE SAVED PLAN")
    operator.apply(name_of(file), shown=planned)
    _look(world)

    chapter("THE WRITER STARTS AGAIN, AND EVENTS OF THE BLACKLISTED SCHEMA ARRIVE")
    _share(world)
    operator.plan_nothing()
    return operator


def _show(world: World) -> None:
    committed, tables = world.committed(), world.tables()
    chapter("14 OCTOBER 2015: 4,600 rows of eleven hours are missing, and lag is 0")
    paragraph(
        f"The writer's group has committed {committed:,} of {ALL:,} events, lag {world.lag()}, and inserted one batch:"
    )
    say("\n".join(f"{table:35}{world.rows(table):>6,} rows" for table in tables))
    say("\n".join(f"{table:35}no table" for table in TABLES if table not in tables))
    check("committed after the outage, and lag", (committed, world.lag()), (ALL, 0))
    check("tables after the outage", tables, [LOADS])
    check("rows after the outage", world.rows(LOADS), INSERTED)


def _counted(saved: str) -> Mapping[str, Sequence[int]]:
    """The columns of the saved plan's table of counts, by name of the MySQL table."""
    changes = json.loads(saved)["plan"]["changes"]
    tables = [block for change in changes for block in change["details"] if "bots" in block.get("columns", ())]
    return {row[0]: [int(cell.replace(",", "")) for cell in row[1:7]] for row in tables[0]["rows"]}


def _look(world: World) -> None:
    rows = {table: world.rows(table) for table in TABLES}
    uuids = {table: world.rows(table, "count(distinct uuid)") for table in TABLES}
    bots = sum(world.rows(table, BOT_ROWS) for table in TABLES)
    hourly = f"SELECT left(timestamp, 10), count(*) FROM `{LOADS}` GROUP BY 1 ORDER BY 1"
    hours = [count for _, count in world.select(hourly)]
    told = [f"{table:35}{count:>6,} rows, {uuids[table]:>6,} uuids" for table, count in rows.items()]
    paragraph("\n".join([*told, f"{'page loads by hour':35} {' '.join(map(str, hours))}"]))
    committed, added = world.committed(), sum(rows.values()) - INSERTED
    say(f"{added:,} rows came in, {bots} of bots; the group has committed {committed:,}, as before.")
    check("rows", rows, TABLES)
    check("uuids", uuids, TABLES)
    check("rows of bots", bots, 0)
    check("page loads by hour", hours, HOURS)
    check("rows that came in", added, MISSING)
    check("committed after the repair", committed, ALL)


def _share(world: World) -> None:
    """The writer meets events of the blacklisted schema, and stores none."""
    writer = world.writer(batch_size=400)
    writer.start(60)
    outage.share(world.servers.kafka, world.topic, SHARES)
    until("the shares are committed", lambda: world.committed() == ALL + SHARES, 60)
    writer.stop()
    counted = writer.stats()
    seen = counted["messages"], counted["blacklisted"], counted["inserted"]
    paragraph(f"{seen[0]} messages read, {seen[1]} kept out, {seen[2]} rows inserted. The second plan:")
    check("messages read, kept out and inserted", seen, (SHARES, SHARES, 0))
    check("tables", world.tables(), sorted(TABLES))

"""SchemaBlacklist in EventLogging's own configuration: real files, and a real MariaDB for the record."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from elreconcile.systems.eventlogging_config import Changed, EventLoggingReader, EventLoggingWriter
from sandbox.addresses import MySqlAddress
from tests.blacklists import (
    ADDRESS,
    MIXED,
    MYSQL,
    OUTPUT,
    PASSWORD,
    PER_SCHEMA,
    document,
    entry,
    findings,
    lets_through,
    processor,
    settle,
    uri_of,
)
from tests.operator import Operator

IS_ROOT = os.geteuid() == 0


def test_the_writers_keep_out_what_is_listed_and_nothing_else(operator: Operator, processors: Path, file: Path) -> None:
    other = processors / "client-side-01"
    other.write_text(processor(PER_SCHEMA, MIXED))
    operator.write(document(entry("MobileWikiAppShareAFact"), entry("Edit"), enforce_in=processors / "*"))
    planned = operator.plan("--detailed-exitcode")
    assert planned.code == 2
    assert "becomes (?#elreconcile)^(Edit|MobileWikiAppShareAFact)$" in planned.out
    assert file.read_text() == other.read_text() == processor(PER_SCHEMA, MIXED)
    settle(operator)
    names = ("Edit", "MobileWikiAppShareAFact", "EditV2", "MobileWikiAppShareAFactV2", "XEdit", "edit", "Edi")
    for each in (file, other):
        assert lets_through(uri_of(each), *names) == {name: name not in names[:2] for name in names}
        assert each.read_text().replace(uri_of(each), MIXED) == processor(PER_SCHEMA, MIXED)
    assert operator.plan("--detailed-exitcode").code == 0
    assert sorted(path.name for path in processors.iterdir()) == ["client-side-00", "client-side-01"]


def test_a_glob_may_start_at_the_document(operator: Operator, file: Path) -> None:
    file.rename(operator.state / "client-side-00")
    operator.write(document(entry("Edit"), enforce_in="client-*"))
    settle(operator)
    assert lets_through(uri_of(operator.state / "client-side-00"), "Edit") == {"Edit": False}


@pytest.mark.parametrize("theirs", ["^(Analytics|[A-Z]+iOS[a-z]+)$", "%5E%28Analytics%7CPrint%29%24", "^Analytics|X$"])
def test_a_part_of_others_is_kept_and_comes_back_to_the_letter(operator: Operator, file: Path, theirs: str) -> None:
    text = processor(f"{MIXED}&blacklist={theirs}&retries=6")
    file.write_text(text)
    names = ("Analytics", "Print", "AnalyticsX", "Popups")
    before = lets_through(uri_of(file), *names)
    operator.write(document(entry("Edit"), enforce_in=file))
    settle(operator)
    assert lets_through(uri_of(file), "Edit", *names) == {"Edit": False, **before}
    assert uri_of(file).endswith("&retries=6")
    operator.write(document(enforce_in=file))
    settle(operator)
    assert file.read_text() == text
    assert operator.plan("--detailed-exitcode").code == 0


def test_an_expired_schema_leaves_the_file(operator: Operator, file: Path) -> None:
    operator.write(document(entry("Edit"), entry("Popups"), enforce_in=file))
    settle(operator)
    operator.write(document(entry("Edit", "2020-01-01T00:00:00Z"), entry("Popups"), enforce_in=file))
    settle(operator)
    assert lets_through(uri_of(file), "Edit", "Popups") == {"Edit": True, "Popups": False}


def test_mode_owner_and_passwords_are_kept(operator: Operator, file: Path) -> None:
    file.write_text(processor(MYSQL, MIXED))
    file.chmod(0o640)
    if IS_ROOT:
        os.chown(file, 4321, 1234)
    before = file.stat()
    operator.write(document(entry("Edit"), enforce_in=file))
    told = [operator.plan(), operator.plan("--json", "--full"), operator.apply(), operator.apply("--json")]
    after = file.stat()
    assert (after.st_mode, after.st_uid, after.st_gid) == (before.st_mode, before.st_uid, before.st_gid)
    assert after.st_ino != before.st_ino
    assert MYSQL in file.read_text().splitlines()
    assert not any(PASSWORD in each.out + each.err or "s3cr" in each.out + each.err for each in told)


def test_a_link_stays_a_link(operator: Operator, file: Path) -> None:
    real = file.rename(file.parent.parent / "real")
    file.symlink_to(real)
    operator.write(document(entry("Edit"), enforce_in=file.parent / "*"))
    settle(operator)
    assert file.is_symlink()
    assert lets_through(uri_of(real), "Edit") == {"Edit": False}


# Fights


def test_a_file_that_is_kept_being_reverted_is_not_fought_for(operator: Operator, file: Path) -> None:
    operator.write(document(entry("Edit"), enforce_in=file))
    managed = file.read_bytes()
    settle(operator)
    file.write_bytes(managed)
    assert "write 2 of at most 2" in operator.plan().out
    settle(operator)
    file.write_bytes(managed)
    change = operator.change(ADDRESS)
    assert change["action"] == "none"
    assert "somebody took our part out again" in findings(operator)
    assert "blacklist=%28%3F%23elreconcile%29%5E%28Edit%29%24" in findings(operator)
    assert "nothing to do" in settle(operator).err
    assert file.read_bytes() == managed

    operator.write(document(entry("Edit"), entry("Popups"), enforce_in=file))
    settle(operator)  # another wish is another matter
    assert lets_through(uri_of(file), "Edit", "Popups") == {"Edit": False, "Popups": False}


def test_what_stood_for_days_is_written_again(operator: Operator, database: MySqlAddress, file: Path) -> None:
    operator.write(document(entry("Edit"), enforce_in=file))
    managed = file.read_bytes()
    for _ in range(4):
        settle(operator)
        with database.connect() as connection, connection.cursor() as cursor:
            cursor.execute("UPDATE elreconcile_blacklist_writes SET written_at = written_at - INTERVAL 3 DAY")
        file.write_bytes(managed)
    assert operator.change(ADDRESS)["action"] == "update"


def test_configuration_management_that_writes_it_itself_ends_the_fight(operator: Operator, file: Path) -> None:
    operator.write(document(entry("Edit"), enforce_in=file))
    managed = file.read_bytes()
    for _ in range(2):
        settle(operator)
        file.write_bytes(managed)
    file.write_text(processor(PER_SCHEMA, f"{MIXED}&blacklist=%28%3F%23elreconcile%29%5E%28Edit%29%24"))
    change = operator.change(ADDRESS)
    assert change["action"] == "none"
    assert "took our part out" not in findings(operator)


# Refused, blocked, wrong


@pytest.mark.parametrize("broken", ["^(A|B#C)$", "^(Analytics", "(?x)^(Analytics)$%20%23 high volume"])
def test_a_blacklist_that_ours_cannot_be_joined_to_is_refused(operator: Operator, file: Path, broken: str) -> None:
    file.write_text(processor(f"{MIXED}&blacklist={broken}"))
    before = file.read_bytes()
    operator.write(document(entry("Edit"), enforce_in=file))
    assert operator.plan("--detailed-exitcode").code == 4
    applied = operator.apply()
    assert applied.code == 4
    assert file.read_bytes() == before


def test_what_the_writer_reads_otherwise_than_it_looks_is_told(operator: Operator, file: Path) -> None:
    file.write_text(processor(f"{MIXED}&blacklist=^(MobileWikiAppiOS[a-zA-Z]+|Popups)$"))
    operator.write(document(entry("Popups", "2020-01-01T00:00:00Z"), enforce_in=file))
    told = findings(operator)
    assert "a bare + stands for a space" in told
    assert f"Popups at {file} line 5" in told


@pytest.mark.parametrize(
    ("glob", "output", "message"),
    [
        ("nothing-*", OUTPUT, "matches no file of this machine"),
        ("client-*", "eventlogging-valid-mixd", "no writer with topic=eventlogging-valid-mixd"),
        ("client-*", "eventlogging-client-side", "no writer with topic=eventlogging-client-side"),
    ],
)
def test_a_glob_that_leads_nowhere_is_an_error(
    operator: Operator, processors: Path, file: Path, glob: str, output: str, message: str
) -> None:
    operator.write(document(entry("Edit"), output=output, enforce_in=processors / glob))
    for ran in (operator.plan(), operator.apply()):
        assert ran.code == 65
        assert message in ran.err
        assert "documents.yaml:1" in ran.err


def test_two_documents_for_one_writer_do_not_pass_in_silence(operator: Operator, file: Path) -> None:
    """They can only be on two servers, each with a list of its own; the second finds the first one's in its way."""
    config = operator.config.read_text()
    server = next(line for line in config.splitlines() if line.startswith("  m4: "))
    operator.configure(config.replace(server, f"{server}\n{server.replace('m4', 'm5')}"))
    one, two = document(entry("Edit"), enforce_in=file), document(entry("Popups"), enforce_in=file)
    operator.write(one + "---\n" + two.replace("m4", "m5"))
    applied = operator.apply()
    assert applied.code == 3, applied
    assert "its blacklist is no longer what it was when the plan was made" in applied.out
    assert lets_through(uri_of(file), "Edit", "Popups") == {"Edit": False, "Popups": True}


def test_a_file_that_cannot_be_written_keeps_no_other_from_it(operator: Operator, processors: Path, file: Path) -> None:
    other = processors / "client-side-01"
    other.write_bytes(file.read_bytes())
    (in_the_way := processors / ".client-side-00.elreconcile").mkdir()
    operator.write(document(entry("Edit"), enforce_in=processors / "*"))
    applied = operator.apply()
    assert applied.code == 3, applied
    assert f"not everywhere enforced: {file}" in applied.out
    assert lets_through(uri_of(other), "Edit") == {"Edit": False}
    in_the_way.rmdir()
    settle(operator)
    assert lets_through(uri_of(file), "Edit") == {"Edit": False}


@pytest.mark.skipif(not IS_ROOT, reason="only root can be somebody else")
def test_who_may_not_write_is_told_so() -> None:
    """In a folder of its own: pytest's is closed to others."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "client-side-00")
        path.write_text(processor(MIXED))
        Path(folder).chmod(0o755)
        assert EventLoggingReader().file(str(path)).obstacle is None
        os.seteuid(65534)
        try:
            closed = EventLoggingReader().file(str(path)).obstacle
            os.seteuid(0)
            Path(folder).chmod(0o777)
            os.seteuid(65534)
            strange = EventLoggingReader().file(str(path)).obstacle
        finally:
            os.seteuid(0)
    assert closed == f"we may not write in {folder}"
    assert strange is not None
    assert "belongs to somebody else" in strange


def test_a_file_that_changed_since_the_plan_is_left_alone(file: Path) -> None:
    before = file.read_bytes()
    with pytest.raises(Changed, match="no longer what it was"):
        EventLoggingWriter().set_blacklist(str(file), 6, "^(A)$", "^(B)$")
    assert file.read_bytes() == before

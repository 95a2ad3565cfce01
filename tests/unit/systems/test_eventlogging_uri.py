"""The `blacklist` of a writer's URI, read back as EventLogging reads it: `urlsplit`, `parse_qsl`, the last counts."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

from hypothesis import given
from hypothesis import strategies as st

from elreconcile.systems.eventlogging_uri import with_blacklist, writer_uris

INPUT = "kafka:///kafka1012:9092?topic=eventlogging-client-side"
BY_SCHEMA = (
    "kafka-confluent:///kafka1012:9092?topic=eventlogging_{schema}&message.send.max.retries=6,retry.backoff.ms=200"
)
MIXED = "kafka-confluent:///kafka1012:9092?topic=eventlogging-valid-mixed"
HEAD = "--sid\neventlogging_processor_client_side_00\n%q %{recvFrom}s %{seqId}d %D %{ip}i %u\n"
PASSWORD = "mysql://eventlog:s3cr%2Bt@m4-master/log?charset=utf8&replace=True"

PATTERNS = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\t"), max_size=40)
VALUES = st.text("abc+%&=;#?|^()$[]. é", max_size=30)


def processor(*outputs: str) -> str:
    return HEAD + "\n".join([INPUT, *outputs, "--output-invalid"]) + "\n"


def query(uri: str) -> dict[str, str]:
    """As eventlogging/factory.py does it."""
    return dict(parse_qsl(urlsplit(uri).query))


def test_a_plus_survives() -> None:
    text = with_blacklist(processor(MIXED), 5, "^(MobileWikiAppiOS[a-zA-Z]+)$")
    uri = text.splitlines()[4]
    assert query(uri)["blacklist"] == "^(MobileWikiAppiOS[a-zA-Z]+)$"
    assert "+" not in uri


def test_a_bare_plus_is_read_as_the_writer_reads_it() -> None:
    (writer,) = writer_uris(processor(f"{MIXED}&blacklist=^(MobileWikiAppiOS[a-zA-Z]+)$"))
    assert writer.blacklist == "^(MobileWikiAppiOS[a-zA-Z] )$"


def test_a_bare_hash_cuts_the_rest_off() -> None:
    (writer,) = writer_uris(processor(f"{MIXED}&blacklist=^(A|B#C)$&retries=6"))
    assert (writer.blacklist, writer.cut_off) == ("^(A|B", True)


def test_the_input_is_no_writer_though_its_topic_is_the_same() -> None:
    text = "kafka:///k:9092?topic=eventlogging-valid-mixed&identity=g\nmysql://u:p@h/log\n"
    assert [writer.topic for writer in writer_uris(text)] == [""]


def test_the_uri_of_an_option_is_not_counted() -> None:
    text = f"--output-invalid\n{BY_SCHEMA}\n{HEAD}{INPUT}\n{MIXED}\n"
    assert [(writer.line, writer.topic) for writer in writer_uris(text)] == [(7, "eventlogging-valid-mixed")]


def test_the_last_of_several_counts_and_empty_ones_do_not() -> None:
    uri = f"{MIXED}&blacklist=A&blacklist=B&blacklist="
    (writer,) = writer_uris(processor(uri))
    assert writer.blacklist == query(uri)["blacklist"] == "B"
    assert query(with_blacklist(processor(uri), 5, "C").splitlines()[4])["blacklist"] == "C"


def test_everything_else_stays_as_it_is() -> None:
    text = processor(BY_SCHEMA, f"{MIXED}&blacklist=^A$&retries=6#note", PASSWORD).replace("\n", "\r\n")
    edited = with_blacklist(text, 6, "^B$")
    assert edited == text.replace("blacklist=^A$", "blacklist=^B%24")


def test_what_was_put_in_can_be_taken_out_to_the_letter() -> None:
    for uri in (MIXED, f"{MIXED}&blacklist=^(A|[b]+)$", f"{MIXED}&blacklist=^%28A%29%24&retries=6", "kafka:///k:1"):
        text = processor(uri)
        (before,) = writer_uris(text)
        added = with_blacklist(text, 5, f"{before.blacklist}|^(é)$")
        assert with_blacklist(added, 5, before.blacklist) == text


@given(VALUES, PATTERNS, st.sampled_from(["", "&retries=6", "#x", "&k=a+b%20c&topic=t2"]))
def test_the_writer_reads_what_was_meant(old: str, pattern: str, tail: str) -> None:
    uri = f"{MIXED}&blacklist={old}{tail}"
    others = {key: value for key, value in query(uri).items() if key != "blacklist"}
    read = query(with_blacklist(processor(uri), 5, pattern).split("\n")[4])
    assert read.pop("blacklist", "") == pattern
    assert read == others

"""Finding records in the bytes of a fetch, beside decoding all of them."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kafka.errors import CorruptRecordError
from kafka.record.memory_records import MemoryRecordsBuilder
from kafka.record.util import calc_crc32c

from elreconcile.systems.kafka_batches import locate
from elreconcile.systems.kafka_values import Record

NONE, GZIP, SNAPPY, LZ4, ZSTD = range(5)
OLD, NEW = 1, 2


@dataclass(frozen=True)
class Batch:
    """`gaps[i]` offsets were compacted away before record i. `size`: bytes of a value. `dressed`: keys and headers."""

    gaps: tuple[int, ...]
    codec: int = NONE
    magic: int = NEW
    size: int = 10
    dressed: bool = False


batches = st.lists(
    st.builds(
        Batch,
        gaps=st.lists(st.sampled_from([0, 0, 0, 1, 7]), min_size=1, max_size=6).map(tuple),
        codec=st.sampled_from([NONE, GZIP, SNAPPY, LZ4, ZSTD]),
        size=st.sampled_from([0, 50, 60, 8180, 8200]),  # where the count of a record's bytes grows by a byte
        dressed=st.booleans(),
    ),
    min_size=1,
    max_size=4,
)


def built(wanted: list[Batch]) -> tuple[bytes, list[Record]]:
    """As a broker would send them, and the records they hold."""
    data, records, offset = b"", [], 0
    for batch in wanted:
        counted_from = offset if batch.magic == NEW or batch.codec == NONE else 0
        builder = MemoryRecordsBuilder(batch.magic, batch.codec, 1 << 20, offset=counted_from)
        for gap in batch.gaps:
            builder.skip(gap)
            offset += gap
            value = (b"%d " % offset).ljust(batch.size, b"v") if offset % 5 else None
            record = Record(offset, 1000 + offset, value)
            key, headers = (b"key", [("header", b"value")]) if batch.dressed else (None, [])
            assert builder.append(record.timestamp_ms, key, value, headers) is not None
            records.append(record)
            offset += 1
        builder.close()
        data += as_appended(bytes(builder.buffer()), batch, offset - 1)
    return data, records


def as_appended(sent: bytes, batch: Batch, last_offset: int) -> bytes:
    """A broker writes the last offset on the outside of an old compressed batch; inside they count from 0."""
    if batch.magic == NEW or batch.codec == NONE:
        return sent
    return last_offset.to_bytes(8) + sent[8:]


def first(records: list[Record], offset: int) -> Record | None:
    return next((record for record in records if record.offset >= offset), None)


@given(batches, st.sets(st.integers(0, 60), max_size=12), st.integers(0, 10))
def test_the_same_records_as_by_decoding_all(wanted: list[Batch], offsets: set[int], start: int) -> None:
    data, records = built(wanted)
    located = locate(data, start, sorted(offsets))
    assert located.found == {
        offset: record for offset in offsets if (record := first(records, max(offset, start))) is not None
    }
    if len(located.found) < len(offsets):
        assert located.after == records[-1].offset + 1


@given(batches, st.data())
def test_an_answer_that_is_cut_off_tells_its_whole_batches(wanted: list[Batch], data: st.DataObject) -> None:
    whole, records = built(wanted)
    cut = data.draw(st.integers(0, len(whole)))
    ends = [
        (len(built(wanted[:count])[0]), sum(map(len, (each.gaps for each in wanted[:count]))))
        for count in range(1, len(wanted) + 1)
    ]
    told = max([count for end, count in ends if end <= cut], default=0)
    located = locate(whole[:cut], 0, [record.offset for record in records])
    assert located.found == {record.offset: record for record in records[:told]}
    assert located.after == (records[told - 1].offset + 1 if told else None)


@pytest.mark.parametrize("codec", [NONE, GZIP, SNAPPY, LZ4])
def test_the_format_before_kafka_0_11(codec: int) -> None:
    data, records = built([Batch((0, 0), NONE, OLD), Batch((0,) * 5, codec, OLD), Batch((0, 0))])
    assert locate(data, 0, [1, 3, 6, 7]).found == {offset: records[offset] for offset in (1, 3, 6, 7)}


def test_nothing_at_all() -> None:
    assert locate(b"", 0, [3]).after is None


def test_a_value_longer_than_its_record_is_noticed() -> None:
    data = bytearray(built([Batch((0, 0))])[0])
    value = data.index(b"1 v")
    data[value - 1] += 20  # a varint counts in twos: ten bytes more
    data[17:21] = calc_crc32c(data[21:]).to_bytes(4)
    with pytest.raises(CorruptRecordError, match="batch at offset 0: a value ends behind its record"):
        locate(bytes(data), 0, [1])


def test_a_flipped_bit_is_noticed() -> None:
    data = bytearray(built([Batch((0, 0, 0))])[0])
    data[-3] ^= 1
    with pytest.raises(CorruptRecordError, match="batch at offset 0: wrong checksum"):
        locate(bytes(data), 0, [1])

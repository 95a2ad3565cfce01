"""Our part of a writer's blacklist, decided as the writer decides it: `re.match` on the schema's name."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from elreconcile.kinds.schema_blacklist.pattern import (
    MARK,
    cannot_compile,
    disagreements,
    join,
    lookalikes,
    render,
    take_apart,
)

PRODUCTION_2018 = (
    "^(Analytics|CentralNoticeBannerHistory|CentralNoticeImpression|ImageMetricsLoadingTime|ImageMetricsCorsSupport"
    "|Popups|SearchSatisfaction|Print|VirtualPageView|(MobileWikiAppiOS[a-zA-Z]+)|CitationUsage|WebClientError)$"
)
NAMES = st.text("abcXYZ019_./-", min_size=1, max_size=20)
THEIRS = st.sampled_from(["", "^Analytics|X$", PRODUCTION_2018, "(?i)^edit$", "^(A|)$", "Edit", r"^\w+\|x$"])


def kept_out(blacklist: str, name: str) -> bool:
    return blacklist != "" and re.match(blacklist, name) is not None


def test_a_name_is_kept_out_and_none_that_looks_like_it() -> None:
    blacklist = render(["MobileWikiAppShareAFact"])
    assert blacklist == MARK + "^(MobileWikiAppShareAFact)$"
    assert kept_out(blacklist, "MobileWikiAppShareAFact")
    for other in (
        "MobileWikiAppShareAFactV2",
        "XMobileWikiAppShareAFact",
        "MobileWikiAppShareAFac",
        "mobilewikiappshareafact",
    ):
        assert not kept_out(blacklist, other)


def test_a_dot_in_a_name_is_a_dot() -> None:
    assert kept_out(render(["a.b"]), "a.b")
    assert not kept_out(render(["a.b"]), "axb")


@given(st.sets(NAMES, max_size=6), NAMES)
def test_exactly_these_names_are_kept_out(names: set[str], other: str) -> None:
    blacklist = render(names)
    assert all(kept_out(blacklist, name) for name in names)
    assert kept_out(blacklist, other) == (other in names)


@given(THEIRS, st.sets(NAMES, max_size=4))
def test_what_is_joined_is_taken_apart_again(theirs: str, names: set[str]) -> None:
    parts = take_apart(join(theirs, names))
    assert (parts.theirs, parts.names, parts.part) == (theirs, frozenset(names), render(names))


@given(THEIRS, st.sets(NAMES, max_size=4), st.sets(NAMES, max_size=4))
def test_only_ours_is_replaced(theirs: str, before: set[str], after: set[str]) -> None:
    assert join(take_apart(join(theirs, before)).theirs, after) == join(theirs, after)


@pytest.mark.parametrize("theirs", ["", "^Analytics|X$", PRODUCTION_2018])
def test_both_parts_decide_as_each_would(theirs: str) -> None:
    assert not list(disagreements(theirs, ["Edit", "Print"], ["Edit2", "AnalyticsX", "MobileWikiAppiOSReading"]))


def test_a_part_that_swallows_ours_is_noticed() -> None:
    """A comment of the verbose syntax goes on to the end of the line, and ours stands there."""
    assert "Edit" in list(disagreements("(?x)^(Analytics)$ # high volume", ["Edit"]))


def test_a_flag_that_makes_ours_match_more_is_noticed() -> None:
    assert "EDIT" in list(disagreements("(?i)^analytics$", ["Edit"], ["EDIT"]))


def test_a_part_of_ours_that_somebody_edited_is_theirs() -> None:
    edited = render(["Edit"]).replace("Edit", "Edit(V2)?")
    assert take_apart(edited).theirs == edited


@pytest.mark.parametrize("broken", ["^(A", "A)", "[a-", "*", "a{2,1}"])
def test_what_the_writer_could_not_compile_is_told(broken: str) -> None:
    assert cannot_compile(broken)


@given(NAMES)
def test_no_name_looks_like_itself(name: str) -> None:
    assert name not in lookalikes(name)

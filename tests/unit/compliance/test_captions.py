"""Captions: a worker's times are not trusted, and the file is WebVTT that players read."""

from __future__ import annotations

import re
from typing import Any

import pytest

from compliance.captions import Cue, read_cues, write_webvtt

TEXT = "Good day. This is new, and it is <b>yours</b> & mine --> now."
CUT = TEXT.index(" &")
CUES = [[0, 9, 100, 900], [9, CUT, 1000, 2500], [CUT, len(TEXT), 2500, 4000]]


def test_cues_are_parts_of_the_text_in_order() -> None:
    cues = read_cues(CUES, TEXT, 4.0)

    assert TEXT[cues[0].first : cues[0].last] == "Good day."
    assert cues[-1] == Cue(CUT, len(TEXT), 2500, 4000)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(None, id="none"),
        pytest.param([], id="empty"),
        pytest.param({}, id="no list"),
        pytest.param([[0, len(TEXT), 0]], id="three numbers"),
        pytest.param([[0, len(TEXT), 0.0, 4000]], id="no whole number"),
        pytest.param([[0, len(TEXT), False, 4000]], id="no number"),
        pytest.param([["0", len(TEXT), 0, 4000]], id="text"),
        pytest.param([[0, len(TEXT) + 1, 0, 4000]], id="beyond the text"),
        pytest.param([[-1, len(TEXT), 0, 4000]], id="before the text"),
        pytest.param([[0, len(TEXT), 0, 9000]], id="beyond the sound"),
        pytest.param([[0, len(TEXT), 4000, 4000]], id="no time"),
        pytest.param([[0, 9, 0, 900], [8, len(TEXT), 900, 4000]], id="overlapping text"),
        pytest.param([[0, 9, 0, 900], [9, len(TEXT), 800, 4000]], id="overlapping time"),
        pytest.param([[9, len(TEXT), 0, 900], [0, 9, 900, 4000]], id="out of order"),
        pytest.param([[0, 9, 0, 900]], id="words left out"),
        pytest.param([[0, 9, 0, 900], [12, len(TEXT), 900, 4000]], id="a word left out"),
        pytest.param([[n, n + 1, n, n + 1] for n in range(2000)], id="too many"),
    ],
)
def test_what_is_no_row_of_cues_is_refused(data: Any) -> None:
    with pytest.raises(Exception, match="No captions can be made"):
        read_cues(data, TEXT, 4.0)


def test_a_file_of_captions_says_all_of_the_text_and_no_markup() -> None:
    written = write_webvtt(TEXT, read_cues(CUES, TEXT, 4.0), "en").decode()

    assert written.startswith("WEBVTT\n\n1\n00:00:00.100 --> 00:00:00.900\nGood day.\n\n2\n")
    assert written.count(" --> ") == 3, "an arrow of the text is no time"
    assert "&lt;b&gt;" in written
    assert "&amp;" in written
    said = " ".join(re.split(r"\n\n\d+\n[^\n]+\n", written)[1:])
    plain = said.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    assert plain.split() == TEXT.split()


def test_line_breaks_of_a_text_end_no_cue() -> None:
    text = "One\n\ntwo --> three"

    written = write_webvtt(text, read_cues([[0, len(text), 0, 900]], text, 1.0), "en").decode()

    assert written.endswith("\nOne two --&gt; three\n")


@pytest.mark.parametrize(
    ("text", "language", "lines"),
    [
        (
            "When it is done, hang up or press the pound key of your telephone.",
            "en",
            ["When it is done, hang up or press", "the pound key of your telephone."],
        ),
        (
            "詳しくは私たちのウェブサイトをご覧ください。",
            "ja",
            ["詳しくは私たちの", "ウェブサイトをご覧ください。"],
        ),
    ],
)
def test_a_long_caption_is_broken_between_words(text: str, language: str, lines: list[str]) -> None:
    written = write_webvtt(text, [Cue(0, len(text), 0, 5000)], language).decode()

    assert written.splitlines()[4:] == lines


def test_hours_are_counted() -> None:
    assert "01:01:01.001" in write_webvtt("x", [Cue(0, 1, 3_661_001, 3_662_000)], "en").decode()

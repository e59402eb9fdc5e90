"""When a word is heard: captions stand while they are spoken, in every language that is read."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from compliance.captions import read_cues
from generation.audio import Phone, listen, load
from generation.gate.transcript import Said
from generation.gate.voice import check_voice
from generation.transcript.cues import caption_cues, timed_words
from tests.unit.generation_worker.conftest import FIXTURES

WORDS = "Please leave your message after the tone. When done, hang up or press the pound key."
SPEECH = FIXTURES / "speech.wav"


@cache
def heard() -> list[Phone]:
    return listen(load(SPEECH)).phones


def test_each_word_is_heard_where_it_is_spoken() -> None:
    """By ear, in an editor of sound: seconds at which these words begin."""
    words = {WORDS[w.first : w.last]: w for w in timed_words(WORDS, "en", heard())}

    spoken = {"Please": 0.06, "message": 0.82, "tone": 1.66, "When": 2.4, "press": 4.16, "key": 5.0}
    for word, begins in spoken.items():
        assert words[word].start == pytest.approx(begins, abs=0.15), word


def test_each_sentence_is_a_caption() -> None:
    first, second = caption_cues(WORDS, "en", heard())

    assert WORDS[first.first : first.last].strip() == "Please leave your message after the tone."
    assert first.end <= 2300 <= second.start, "the pause between the two"
    assert (first.first, second.last) == (0, len(WORDS))


def test_captions_of_a_long_text_hold_two_lines_and_all_words() -> None:
    text = WORDS.replace(".", "").replace(",", "")

    cues = caption_cues(text, "en", heard())

    assert [list(vars_of(cue)) for cue in read_cues([vars_of(c) for c in cues], text, 5.7)]
    assert max(cue.last - cue.first for cue in cues) <= 84


def vars_of(cue: object) -> list[int]:
    return [getattr(cue, name) for name in ("first", "last", "start", "end")]


def test_japanese_is_cut_at_its_own_signs() -> None:
    """Sounds of made-up times: a tenth of a second each, in the order of the words."""
    text = "「本日は、新しい製品です。」詳しくは２階へ。"
    sounds = "h o n dʒ i tsu w a a t a r a ʃ i i s e h i n d e s u k u w a ʃ i k u w a n i k a i e"
    phones = [Phone(each, at / 10, at / 10 + 0.1) for at, each in enumerate(sounds.split())]

    cues = caption_cues(text, "ja", phones)

    said = [text[cue.first : cue.last] for cue in cues]
    assert said == ["「本日は、新しい製品です。」", "詳しくは２階へ。"]
    assert cues[1].start == pytest.approx(2300, abs=400)
    read_cues([vars_of(cue) for cue in cues], text, phones[-1].end)


@pytest.mark.parametrize("text", ["", "   ", "?!", "。"])
def test_a_text_without_words_has_no_captions(text: str) -> None:
    assert caption_cues(text, "en", heard()) == ()
    assert caption_cues(text, "ja", heard()) == ()


def test_no_sound_no_captions() -> None:
    assert caption_cues(WORDS, "en", []) == ()


def test_the_gate_says_when_words_are_heard_and_none_of_the_words() -> None:
    facts = check_voice(SPEECH, said=Said(WORDS, "en")).facts

    assert len(read_cues(facts["cues"], WORDS, facts["seconds"])) == 2
    assert all(type(value) is int for cue in facts["cues"] for value in cue)


def test_a_language_that_nobody_reads_aloud_has_no_captions(tmp_path: Path) -> None:
    assert "cues" not in check_voice(SPEECH, said=Said("Bitte nach dem Ton.", "de")).facts

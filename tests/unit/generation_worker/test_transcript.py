"""A transcript is compared with what is heard: other words are refused, doubt is a warning."""

from __future__ import annotations

import functools
import json
import re
from pathlib import Path

import numpy as np
import pytest

from compliance.permit import Verdict
from generation.audio import Phone, Speech, listen, load, words
from generation.gate import Said, check_track, check_voice
from generation.gate.transcript import LEAST, LEAST_TO_REFUSE, check_transcript
from generation.transcript import LANGUAGES, align, classes, read
from generation.worker.errors import InputMismatch
from generation.worker.inputs import read_transcript

SPEECH = Path(__file__).resolve().parents[2] / "fixtures" / "speech.wav"
WORDS = "Please leave your message after the tone. When done, hang up or press the pound key."
BANDS = [-0.4554, 0.3194, 0.2575, -0.0754, 0.2613]
# Which stop stands between "tone" and "when" is so close that it depends on the processor.
RECOGNISED = "please leave your message after the tone when done hang up or press the pound key"
OTHER = "The conference will begin once the leader has joined and everybody has entered a name."


@functools.cache
def heard() -> list[Phone]:
    return listen(load(SPEECH)).phones


def judged(text: str, language: str = "en") -> tuple[str, Verdict]:
    [found], _ = check_transcript(heard(), Said(text, language))
    return found.check, found.verdict


def test_what_is_said_is_usable_and_other_words_are_not() -> None:
    assert judged(WORDS) == ("transcript", Verdict.USABLE)
    assert judged(OTHER) == ("transcript-other", Verdict.UNUSABLE)


def test_the_track_itself_cannot_be_used_with_another_text() -> None:
    right = check_voice(SPEECH, said=Said(WORDS, "en"))
    wrong = check_track(SPEECH, SPEECH, said=Said(OTHER, "en-GB"))

    assert right.verdict is not Verdict.UNUSABLE
    assert wrong.verdict is Verdict.UNUSABLE
    facts = right.facts["transcript"]
    assert facts["compared"]
    assert facts["distance"] <= facts["same"]
    assert wrong.facts["transcript"]["distance"] > facts["other"]
    assert " ".join(re.findall(r"\w+", facts["heard"].lower())) == RECOGNISED
    assert "conference" not in json.dumps(wrong.to_dict()), "nothing of the text is in the result"


def test_without_a_transcript_nothing_is_said_of_it() -> None:
    for result in (check_voice(SPEECH), check_voice(SPEECH, said=Said("  ", "en"))):
        assert "transcript" not in result.facts
        assert not [each for each in result.findings if each.check.startswith("transcript")]


@pytest.mark.parametrize(
    ("text", "language", "why"),
    [
        (WORDS, "de", "language-not-measured"),
        (WORDS, "zh", "language-not-measured"),
        ("1, 2, 3, 42 %", "en", "too-few-words"),
        ("OK", "en", "too-few-words"),
    ],
)
def test_what_cannot_be_compared_says_so_and_is_no_reason_to_refuse(
    text: str, language: str, why: str
) -> None:
    [found], facts = check_transcript(heard(), Said(text, language))

    assert facts == {"compared": False, "why": why}
    assert found.verdict is Verdict.WARNINGS
    assert set(found.reason) == {"en", "ja"}
    assert all(found.reason.values())
    assert all(found.remedy.values())


def test_a_not_that_nobody_says_is_a_warning_in_english() -> None:
    speech = load(SPEECH)

    def negation(text: str) -> Verdict:
        findings, _ = check_transcript(heard(), Said(text, "en"), speech)
        return {each.check: each.verdict for each in findings}["transcript-negation"]

    assert negation(WORDS) is Verdict.USABLE
    assert negation(WORDS.replace("leave", "do not leave")) is Verdict.WARNINGS
    assert negation(WORDS.replace("Please", "Please don\u2019t")) is Verdict.WARNINGS


def test_only_the_beginning_of_a_long_track_is_read_and_then_nothing_is_said_of_nots() -> None:
    own = load(SPEECH).samples
    long = Speech(np.tile(own, 23))
    assert long.seconds > words.MOST_SECONDS

    findings, facts = check_transcript(heard() * 23, Said(WORDS * 23, "en"), long)

    assert [each.check for each in findings] == ["transcript"]
    assert facts["heard_seconds"] == words.MOST_SECONDS
    assert len(facts["heard"]) <= 4000


def test_the_bands_are_whispers() -> None:
    """Made with faster-whisper 1.2.1's feature extractor: mean, deviation and three places."""
    seen = words.bands(load(SPEECH).samples)
    assert seen.shape == (80, 3000)
    assert [*map(float, (seen.mean(), seen.std(), *seen[[3, 20, 60], [50, 200, 300]]))] == (
        pytest.approx(BANDS, abs=2e-3)
    )


def test_noise_and_silence_are_no_words() -> None:
    noise = np.random.default_rng(0).normal(0, 0.05, 80_000).astype(np.float32)
    assert words.words(Speech(noise)) == ""
    assert words.words(Speech(noise[:100])) == ""


def test_a_short_text_is_doubtful_at_most() -> None:
    text = "Good afternoon dear friends"
    assert LEAST <= len(read(text, "en")) < LEAST_TO_REFUSE + 2
    assert judged("Good evening Tom")[1] is Verdict.WARNINGS


def test_numbers_signs_and_abbreviations_stand_for_whatever_is_said() -> None:
    said = "In twenty twenty five we sold three and a half percent more to the U S A"
    written = "In 2025 we sold 3.5% more to the USA"

    assert align(read(written, "en"), read(said, "en")).whole < 0.2
    changed = read("Press 1 for the menu", "en"), read("Press nine for the menu", "en")
    assert align(*changed).whole < 0.05, "which number it is cannot be told"


def test_half_a_text_of_something_else_is_found() -> None:
    own = WORDS + " " + "Thank you for your patience, somebody will be with you very soon. "
    mixed = align(read(own * 2 + OTHER, "en"), read(own * 3, "en"))

    assert mixed.whole < mixed.worst
    assert mixed.worst > 0.4


def test_a_text_far_longer_than_the_sound_is_another_one() -> None:
    found = align(read(OTHER * 100, "en"), read(WORDS, "en"))
    assert found.whole == 1.0
    assert align("", "a").compared == 0
    assert align(read(WORDS, "en"), "").whole == 1.0


def test_the_alignment_is_levenshteins() -> None:
    assert align("PaTa", "PaTa").whole == 0.0
    assert align("PaTa", "PaKa").whole == 0.25  # one of four is another one
    assert align("PaTa", "PaTaK").whole == 0.2  # one of five is too many
    assert align("PaTa", "Pata"[:2]).whole == pytest.approx(1.5 / 4)  # consonant and vowel missing


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("東京へ行きます", "KJoueiKiMaSu"),
        ("これは本です", "KoReWaHoNTeSu"),
        ("ﾁｪｯｸ", "CeKu"),
    ],
)
def test_japanese_is_read_as_it_is_said(text: str, spoken: str) -> None:
    assert read(text, "ja").endswith(spoken)


def test_foreign_words_and_numbers_in_japanese_are_left_open() -> None:
    assert read("Rakkanは2025年", "ja") == "*Wa*NeN"


def test_every_language_that_is_read_gives_sounds() -> None:
    texts = {"en": "good", "es": "bueno", "fr": "bonne", "it": "buono", "ja": "よい"}
    assert set(texts) == set(LANGUAGES)
    for language, text in texts.items():
        assert len(read(text, language)) >= 2


def test_marks_of_the_recogniser_are_no_sounds() -> None:
    assert classes(["p", "\u02d0", "<unk>", "a", "a", "wa"]) == "PaWa"


def test_a_transcript_that_is_no_document_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.json"
    path.write_text('{"salt":"x","text":"Hello"}')
    assert read_transcript(path, "en") == Said("Hello", "en")
    path.write_text("Hello")
    with pytest.raises(InputMismatch, match="cannot be read"):
        read_transcript(path, "en")

"""When each sound of a known English text is said: forced alignment by PocketSphinx.

Its acoustic model and dictionary lie inside the wheel; nothing is downloaded. No engine uses it.
"""

import functools
import re
from typing import Any

import numpy as np

from generation.audio import SAMPLE_RATE, Phone, Speech
from generation.errors import EngineMissing
from generation.evaluation.openings import ARPABET

_FRAME = 0.01  # s
_WORD = re.compile(r"[a-z]+(?:'[a-z]+)?")
_FLUENT = 0.8  # of a text's words that the dictionary must know


def aligned(speech: Speech, text: str) -> list[Phone] | None:
    """Return the sounds (IPA) of an English text with their times.

    Returns:
        None where too many words are unknown or the text does not fit the sound.

    Raises:
        EngineMissing: PocketSphinx is not installed.
    """
    decoder = _decoder()
    words = _WORD.findall(text.lower().replace("\u2019", "'"))
    known = [word for word in words if decoder.lookup_word(word) is not None]
    if not known or len(known) < _FLUENT * len(words):
        return None
    samples = (np.clip(speech.samples, -1, 1) * 32767).astype("<i2").tobytes()
    try:
        decoder.set_align_text(" ".join(known))
        _hear(decoder, samples)
        decoder.set_alignment()
        _hear(decoder, samples)
        found = decoder.get_alignment()
    except RuntimeError:  # the text cannot be said in this time
        return None
    return None if found is None else _phones(found)


def _hear(decoder: Any, samples: bytes) -> None:
    decoder.start_utt()
    decoder.process_raw(samples, full_utt=True)
    decoder.end_utt()


def _phones(found: Any) -> list[Phone]:
    return [
        Phone(ARPABET[each.name], each.start * _FRAME, (each.start + each.duration) * _FRAME)
        for word in found
        for each in word
        if each.name in ARPABET  # pauses and noises are not
    ]


@functools.cache
def _decoder() -> Any:
    try:
        from pocketsphinx import Decoder  # type: ignore[import-untyped]  # noqa: PLC0415
    except ImportError as error:
        raise EngineMissing(
            "PocketSphinx is not installed, so a transcript cannot be aligned.",
            remedy="Run: pip install 'rakkan[evaluation]'; or leave the transcript out.",
        ) from error
    return Decoder(lm=None, samprate=float(SAMPLE_RATE), loglevel="FATAL")

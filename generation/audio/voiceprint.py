"""Whose voice it sounds like: the GE2E speaker encoder of Resemblyzer, run by numpy.

Wan and others, "Generalized end-to-end loss for speaker verification" (2018): three LSTM layers
over 40 mel bands of 1.6 s of speech, a linear layer, ReLU, length 1. A voiceprint is the mean over
overlapping pieces. It is biometric data: callers compare and forget it.
"""

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from generation import weights
from generation.audio.speech import SAMPLE_RATE, Samples, Speech

WEIGHTS = "voice_encoder.npz"
Floats = NDArray[np.float32]

_WINDOW, _HOP, _BANDS = 400, 160, 40  # samples, samples, mel bands
_PIECE = 160  # mel frames: 1.6 s
_STEP = 77  # mel frames between pieces: 1.3 pieces a second, as in the original
_COVERED = 0.75  # a last piece with less sound than this is left out
_LOUDNESS = 10 ** (-30 / 20)  # root mean square that quiet tracks are raised to
_QUIET = 0.02  # of the loudest 30 ms: below it nobody speaks
_BLOCK = SAMPLE_RATE * 30 // 1000
MOST_SECONDS = 60.0  # of speech that are listened to


def voiceprint(samples: Samples) -> Floats:
    """Return (256,) numbers of length 1 that are close for two recordings of one person.

    Args:
        samples: (n,) mono at 16 kHz, at least 1.6 s; speech only, see :func:`spoken`.
    """
    return voiceprints([samples])[0]


def voiceprints(recordings: Sequence[Samples]) -> list[Floats]:
    """Return the :func:`voiceprint` of each; together they take a third of the time."""
    pieces = [_bands(samples) for samples in recordings]
    ends = np.cumsum([len(each) for each in pieces])[:-1]
    return [_unit(each.mean(axis=0)) for each in np.split(encode(np.concatenate(pieces)), ends)]


def _bands(samples: Samples) -> Floats:
    """Return (n, 160, 40) mel powers of the pieces of a recording."""
    starts = _pieces(samples.size)
    last = (starts[-1] + _PIECE) * _HOP
    bands = mel(np.pad(samples, (0, max(0, last - samples.size))))
    return np.stack([bands[start : start + _PIECE] for start in starts])


def spoken(speech: Speech) -> Samples:
    """Return the sound without its pauses, as loud as the encoder was trained on, 60 s at most."""
    whole = speech.samples[: speech.samples.size // _BLOCK * _BLOCK].reshape(-1, _BLOCK)
    loud = np.sqrt(np.square(whole, dtype=np.float64).mean(axis=1))
    if loud.size == 0 or not loud.max():
        return np.zeros(0, np.float32)
    kept = np.convolve(loud > _QUIET * loud.max(), np.ones(5), "same") > 0  # edges of words
    sound = whole[kept].reshape(-1)[: int(MOST_SECONDS * SAMPLE_RATE)]
    rms = float(np.sqrt(np.square(sound, dtype=np.float64).mean()))
    return (sound * max(1.0, _LOUDNESS / rms)).astype(np.float32)


def mel(samples: Samples) -> Floats:
    """Return (frames, 40) mel powers, not their logarithm; frames are centred, 10 ms apart."""
    padded = np.pad(samples, _WINDOW // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[::_HOP]
    hann = np.hanning(_WINDOW + 1)[:-1].astype(np.float32)  # periodic
    power = np.abs(np.fft.rfft(frames * hann, axis=1)) ** 2  # (frames, 201)
    bands: Floats = (power @ filters(_BANDS).T).astype(np.float32)
    return bands


def encode(pieces: Floats) -> Floats:
    """Return (n, 256) voiceprints of (n, 160, 40) mel powers."""
    tensors = _tensors()
    sequence = pieces
    for layer in range(3):
        sequence = _lstm(sequence, tensors, layer)
    raw = sequence[:, -1] @ tensors["linear.weight"].T + tensors["linear.bias"]
    return _unit(np.maximum(raw, 0.0))


def _lstm(sequence: Floats, tensors: dict[str, Floats], layer: int) -> Floats:
    """Return (n, time, 256) outputs of one layer; its gates are input, forget, cell, output."""
    into, back = tensors[f"lstm.weight_ih_l{layer}"], tensors[f"lstm.weight_hh_l{layer}"]
    bias = tensors[f"lstm.bias_ih_l{layer}"] + tensors[f"lstm.bias_hh_l{layer}"]
    fed = sequence @ into.T + bias  # (n, time, 1024)
    hidden = cell = np.zeros((sequence.shape[0], 256), np.float32)
    outputs = np.empty((*sequence.shape[:2], 256), np.float32)
    for moment in range(sequence.shape[1]):
        gates = fed[:, moment] + hidden @ back.T
        let_in, forget = _sigmoid(gates[:, :256]), _sigmoid(gates[:, 256:512])
        cell = forget * cell + let_in * np.tanh(gates[:, 512:768])
        hidden = _sigmoid(gates[:, 768:]) * np.tanh(cell)
        outputs[:, moment] = hidden
    return outputs


def _sigmoid(values: Floats) -> Floats:
    half: Floats = 0.5 * (1.0 + np.tanh(0.5 * values))  # overflows nowhere
    return half


def _unit(values: Floats) -> Floats:
    length = np.linalg.norm(values, axis=-1, keepdims=True)
    scaled: Floats = (values / np.maximum(length, 1e-9)).astype(np.float32)
    return scaled


def _pieces(size: int) -> list[int]:
    """Return the first mel frame of each piece of so many samples."""
    frames = int(np.ceil((size + 1) / _HOP))
    starts = list(range(0, max(1, frames - _PIECE + _STEP + 1), _STEP))
    covered = (size - starts[-1] * _HOP) / (_PIECE * _HOP)
    return starts[:-1] if covered < _COVERED and len(starts) > 1 else starts


@functools.cache
def filters(bands: int) -> Floats:
    """Return (bands, 201) triangles on Slaney's mel scale, of area 1, as librosa makes them."""
    edges = _hertz(np.linspace(_mels(0.0), _mels(SAMPLE_RATE / 2), bands + 2))
    bins = np.linspace(0, SAMPLE_RATE / 2, _WINDOW // 2 + 1)
    slopes = edges[:, None] - bins[None]
    widths = np.diff(edges)
    rising, falling = -slopes[:-2] / widths[:-1, None], slopes[2:] / widths[1:, None]
    triangles = np.maximum(0, np.minimum(rising, falling))
    areas: Floats = (triangles * (2.0 / (edges[2:] - edges[:-2]))[:, None]).astype(np.float32)
    return areas


_LINEAR, _BREAK, _LOG = 200.0 / 3, 1000.0, np.log(6.4) / 27.0  # Slaney: linear up to 1 kHz


def _mels(hertz: float) -> float:
    if hertz < _BREAK:
        return hertz / _LINEAR
    return float(_BREAK / _LINEAR + np.log(hertz / _BREAK) / _LOG)


def _hertz(mels: NDArray[Any]) -> NDArray[Any]:
    knee = _BREAK / _LINEAR
    return np.where(mels < knee, mels * _LINEAR, _BREAK * np.exp(_LOG * (mels - knee)))


@functools.cache
def _tensors() -> dict[str, Floats]:
    with np.load(weights.path(WEIGHTS), allow_pickle=False) as stored:
        return {name: stored[name].astype(np.float32) for name in stored.files}

"""The convolutional code K=7, rate 1/3 (octal 133, 171, 165) and its Viterbi decoder."""

import numpy as np
from numpy.typing import NDArray

_GENERATORS = (0o133, 0o171, 0o165)
_MEMORY = 6  # bits; the constraint length K is one more
_STATES = 1 << _MEMORY
_RATE = len(_GENERATORS)


def _parity(values: NDArray[np.int64]) -> NDArray[np.int64]:
    bits = (values[..., None] >> np.arange(_MEMORY + 1)) & 1
    return np.asarray(bits.sum(axis=-1) & 1, np.int64)


_REGISTERS = (np.arange(2)[None, :] << _MEMORY) | np.arange(_STATES)[:, None]  # [state, bit]
_OUTPUT = np.stack([_parity(_REGISTERS & g) for g in _GENERATORS], axis=-1)  # [state, bit, 3]
_NEXT = _REGISTERS >> 1  # [state, bit]
# A state's newest bit is the one that led to it; its two predecessors differ in the oldest bit.
_LED_BY = np.arange(_STATES) >> (_MEMORY - 1)
_BEFORE = ((np.arange(_STATES) << 1) & (_STATES - 1))[None, :] | np.arange(2)[:, None]  # [2, state]
_SIGNS = 2.0 * _OUTPUT[_BEFORE, _LED_BY] - 1.0  # [2, state, 3]: what each way in would have sent


def coded_length(bits: int) -> int:
    """Return how many coded bits ``bits`` become, tail included."""
    return _RATE * (bits + _MEMORY)


def encode(bits: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the (3 * (n + 6),) coded bits of (n,) bits; the tail brings the encoder to zero."""
    state, coded = 0, []
    for bit in np.concatenate([bits, np.zeros(_MEMORY, np.uint8)]):
        coded.append(_OUTPUT[state, int(bit)])
        state = int(_NEXT[state, int(bit)])
    return np.concatenate(coded).astype(np.uint8)


def viterbi(soft: NDArray[np.float64], bits: int) -> NDArray[np.uint8]:
    """Return the most likely bits for soft values (positive means 1).

    Args:
        soft: (..., 3 * (bits + 6)), any number of words at once.
        bits: how many a word has.

    Returns:
        (..., bits) zeros and ones.
    """
    words = soft.reshape(-1, soft.shape[-1] // _RATE, _RATE)
    sent = words @ _SIGNS.reshape(-1, _RATE).T  # [word, step, way and state]
    branches = sent.reshape(*sent.shape[:2], 2, _STATES)
    metric = np.full((len(words), _STATES), -np.inf)
    metric[:, 0] = 0.0
    choices = np.empty((words.shape[1], len(words), _STATES), np.int8)
    for step in range(words.shape[1]):
        ways = metric[:, _BEFORE] + branches[:, step]  # [word, 2, state]
        choices[step] = ways[:, 1] > ways[:, 0]
        metric = ways.max(axis=1)
    every, state = np.arange(len(words)), np.zeros(len(words), np.int64)
    decoded = np.empty(words.shape[:2], np.uint8)
    for step in range(words.shape[1] - 1, -1, -1):
        decoded[:, step] = _LED_BY[state]
        state = _BEFORE[choices[step, every, state], state]
    return decoded[:, :bits].reshape(*soft.shape[:-1], bits)


def log_moments(soft: NDArray[np.float64], tilts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the logarithm of the mean of exp(tilt * agreement) over all words, for each tilt.

    Args:
        soft: (3 * n,) soft values of the first n bits of a word; the agreement with a word is their
            sum, with the signs of what it would have sent.
        tilts: (t,).
    """
    sent = soft.reshape(-1, _RATE) @ _SIGNS.reshape(-1, _RATE).T
    branches = sent.reshape(-1, 2, _STATES)
    metric = np.full((len(tilts), _STATES), -np.inf)
    metric[:, 0] = 0.0
    for branch in branches:
        ways = metric[:, _BEFORE] + tilts[:, None, None] * branch
        metric = np.logaddexp.reduce(ways, axis=1) - np.log(2)  # either bit with the chance of half
    return np.asarray(np.logaddexp.reduce(metric, axis=1), np.float64)

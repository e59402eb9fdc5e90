"""hama's network for sounds, computed by numpy: the package's own engine takes 13 times as long.

A conformer (Gulati et al., 2020) without places: the spectrum, a layer that halves its rows, four
blocks of feed-forward, attention, convolution and feed-forward, and what each row is taken for.
What the blocks between make of a row knows more of a mouth than the sound it is taken for.
The weights are those in the package's file. Rows are 20 ms; nothing in here knows a phoneme.
"""

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import erf, expit  # type: ignore[import-untyped]

from generation.errors import WeightsInvalid

Real = NDArray[np.float32]

_MAGIC = b"HAMAPK"
_KINDS = {0: "<f4", 1: "<f2"}
_ALIGNED = 16  # bytes
_FFT, _HOP = 400, 160  # samples of a spectrum, and from one to the next
_FAINTEST = np.float32(1e-10)
_BLOCKS = "acoustic_model.model.blocks."
_HEADS = 4
_WITHIN = (1, 2)  # the blocks whose rows are told, from 0
_HALF, _ROOT2, _EPSILON = np.float32(0.5), np.float32(np.sqrt(2)), np.float32(1e-5)


@dataclass(frozen=True)
class _Linear:
    weight: Real  # (from, to)
    bias: Real  # (to,)

    def __call__(self, x: Real) -> Real:
        out: Real = x @ self.weight
        out += self.bias
        return out


@dataclass(frozen=True)
class _Norm:
    weight: Real  # (n,)
    bias: Real

    def __call__(self, x: Real) -> Real:
        """Return each row of (rows, n) with a mean of 0 and a deviation of 1, weighted."""
        out: Real = x - x.mean(1, keepdims=True)
        out /= np.sqrt(np.einsum("tn,tn->t", out, out) / np.float32(x.shape[1]) + _EPSILON)[:, None]
        out *= self.weight
        out += self.bias
        return out


@dataclass(frozen=True)
class _FeedForward:
    norm: _Norm
    widen: _Linear
    narrow: _Linear

    def __call__(self, x: Real) -> Real:
        """Return half of what it adds to (rows, n)."""
        return _HALF * self.narrow(_silu(self.widen(self.norm(x))))


@dataclass(frozen=True)
class _Attention:
    norm: _Norm
    asks: _Linear  # (n, 3 n): queries, keys, values
    joins: _Linear

    def __call__(self, x: Real) -> Real:
        rows, wide = x.shape
        parts = self.asks(self.norm(x)).reshape(rows, 3, _HEADS, wide // _HEADS)
        query, key, value = parts.transpose(1, 2, 0, 3)  # (heads, rows, n / heads) each
        alike = (query * np.float32((wide // _HEADS) ** -0.5)) @ key.transpose(0, 2, 1)
        alike -= alike.max(2, keepdims=True)
        np.exp(alike, out=alike)
        heard = (alike @ value) / alike.sum(2, keepdims=True)
        return self.joins(heard.transpose(1, 0, 2).reshape(rows, wide))


@dataclass(frozen=True)
class _Convolution:
    norm: _Norm
    gate: _Linear  # (n, 2 n)
    kernel: Real  # (taps, n): each column by itself
    bias: Real  # (n,)
    joins: _Linear

    def __call__(self, x: Real) -> Real:
        rows, wide = x.shape
        gated = self.gate(self.norm(x))
        taps = len(self.kernel)
        padded = np.pad(gated[:, :wide] * expit(gated[:, wide:]), ((taps // 2, taps // 2), (0, 0)))
        out = np.broadcast_to(self.bias, (rows, wide)).copy()
        for tap, weight in enumerate(self.kernel):
            out += padded[tap : tap + rows] * weight
        return self.joins(_silu(out))


@dataclass(frozen=True)
class _Block:
    first: _FeedForward
    attention: _Attention
    convolution: _Convolution
    second: _FeedForward
    norm: _Norm

    def __call__(self, x: Real) -> Real:
        for part in (self.first, self.attention, self.convolution, self.second):
            x = x + part(x)
        return self.norm(x)


@dataclass(frozen=True)
class Conformer:
    """The network. It keeps nothing of what it hears, so several threads may use one.

    Attributes:
        spectrum: (400, 402) real kernels, then imaginary ones.
        bands: (201, 80) filters.
        stem: (3 * 80, 144), of three rows side by side.
        blocks: one after the other.
        taken_for: (144, tokens).
    """

    spectrum: Real
    bands: Real
    stem: _Linear
    blocks: tuple[_Block, ...]
    taken_for: _Linear

    def __call__(self, samples: Real) -> tuple[Real, Real]:
        """Return what (n,) samples at 16 kHz, one at least, are taken for and made into.

        Returns:
            Log-probabilities (rows, tokens), and the rows (rows, 288) of the blocks between.
        """
        seen = self._bands(samples)
        rows = (len(seen) + 1) // 2
        beside = np.pad(seen, ((1, 2), (0, 0)))
        threes = np.concatenate([beside[at : at + 2 * rows : 2] for at in range(3)], axis=1)
        x = self.stem(threes)
        x *= _HALF * (1 + erf(x / _ROOT2))
        made = []
        for block in self.blocks:
            x = block(x)
            made.append(x)
        said = self.taken_for(x)
        said -= said.max(1, keepdims=True)
        said -= np.log(np.exp(said).sum(1, keepdims=True))
        return said, np.concatenate([made[number] for number in _WITHIN], axis=1)

    def _bands(self, samples: Real) -> Real:
        """Return the logarithms (spectra, 80) of the energies, as rough as it learnt them."""
        padded = np.pad(samples, _FFT // 2, mode="reflect")
        windows = np.lib.stride_tricks.sliding_window_view(padded, _FFT)[::_HOP]
        both = np.square(windows @ self.spectrum)
        half = both.shape[1] // 2
        energies = (both[:, :half] + both[:, half:]) @ self.bands
        rough: Real = np.log(np.maximum(energies, _FAINTEST)).astype(np.float16).astype(np.float32)
        return rough

    @classmethod
    def of(cls, content: bytes) -> Self:
        """Read the content of a weight file.

        Raises:
            WeightsInvalid: it holds something else.
        """
        try:
            return cls._of(_unpacked(content))
        except (KeyError, ValueError, StopIteration, struct.error) as error:
            raise WeightsInvalid(
                f"The weight file does not hold hama's network for sounds: {error!r}.",
                remedy="Install hama in the pinned version again.",
            ) from error

    @classmethod
    def _of(cls, weights: Mapping[str, Real]) -> Self:
        # Whoever exported it lost some names: products and kernels stand in the order of their use.
        products = (weights[name] for name in weights if name.startswith("onnx::MatMul"))
        kernels = (weights[name] for name in weights if name.startswith("onnx::Conv"))
        spectrum = [weights[f"stft_{part}_kernel"][:, 0].T for part in ("real", "imag")]
        threes = next(kernels).transpose(2, 1, 0)  # (3, 80, 144)
        stem = _Linear(threes.reshape(-1, threes.shape[2]), next(kernels))
        count = len({name.split(".")[3] for name in weights if name.startswith(_BLOCKS)})
        blocks = tuple(_block(weights, number, products, kernels) for number in range(count))
        last = _pointwise(weights, "acoustic_model.model.proj")
        return cls(np.concatenate(spectrum, axis=1), weights["mel_fb"], stem, blocks, last)


def _block(
    weights: Mapping[str, Real], number: int, products: Iterator[Real], kernels: Iterator[Real]
) -> _Block:
    def norm(name: str) -> _Norm:
        return _Norm(of[f"{name}.weight"], of[f"{name}.bias"])

    def linear(bias: str) -> _Linear:
        return _Linear(next(products), of[f"{bias}bias"])

    def forward(name: str) -> _FeedForward:
        return _FeedForward(norm(f"{name}.norm"), linear(f"{name}.fc1."), linear(f"{name}.fc2."))

    start = f"{_BLOCKS}{number}."
    of = {name.removeprefix(start): w for name, w in weights.items() if name.startswith(start)}
    return _Block(
        forward("ffn1"),
        _Attention(norm("attn_norm"), linear("attn.in_proj_"), linear("attn.out_proj.")),
        _Convolution(
            norm("conv.norm"),
            _pointwise(of, "conv.pointwise1"),
            np.ascontiguousarray(next(kernels)[:, 0].T),
            next(kernels),
            _pointwise(of, "conv.pointwise2"),
        ),
        forward("ffn2"),
        norm("norm"),
    )


def _pointwise(weights: Mapping[str, Real], name: str) -> _Linear:
    weight = np.ascontiguousarray(weights[f"{name}.weight"][:, :, 0].T)
    return _Linear(weight, weights[f"{name}.bias"])


def _unpacked(content: bytes) -> dict[str, Real]:
    """Return the arrays of hama's archive by name, in its order.

    A header (magic, version, kind, number of arrays), a table (name, kind of number, shape, place
    and bytes of each), then the numbers.
    """
    magic, count = struct.unpack_from("<6s2xI", content)
    if magic != _MAGIC:
        raise ValueError("it does not begin as one")
    table: list[tuple[str, int, tuple[int, ...], int]] = []
    at = 12
    for _ in range(count):
        (length,) = struct.unpack_from("<H", content, at)
        name = content[at + 2 : at + 2 + length].decode()
        kind, axes = struct.unpack_from("<BB", content, at + 2 + length)
        *shape, place, _size = struct.unpack_from(f"<{axes}IQQ", content, at + 4 + length)
        table.append((name, kind, tuple(shape), place))
        at += 4 + length + 4 * axes + 16
    begin = -(-at // _ALIGNED) * _ALIGNED
    return {
        name: np.frombuffer(content, _KINDS[kind], int(np.prod(shape)), begin + place)
        .reshape(shape)
        .astype(np.float32)
        for name, kind, shape, place in table
    }


def _silu(x: Real) -> Real:
    out: Real = x * expit(x)
    return out

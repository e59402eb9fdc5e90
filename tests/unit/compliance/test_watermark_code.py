"""The payload: ids, checksum, convolutional code, secret layout and the pattern on the wire."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from compliance.errors import InvalidInput
from compliance.watermark import Pattern, WatermarkKey, expand
from compliance.watermark.convolution import encode, log_moments, viterbi
from compliance.watermark.layout import Layout
from compliance.watermark.payload import CODED_BITS, coded_bits, decode_asset_id

KEY = WatermarkKey(bytes(range(32)))


def test_the_code_is_the_standard_one() -> None:
    """One 1 bit sends the generators 133, 171 and 165 (octal), newest tap first."""
    sent = encode(np.array([1, 0, 0, 0, 0, 0, 0], np.uint8)).reshape(-1, 3)[:7]
    taps = ["".join(map(str, column)) for column in sent.T]
    assert [int(tap, 2) for tap in taps] == [0o133, 0o171, 0o165]


def test_the_decoder_corrects_what_it_should() -> None:
    random = np.random.default_rng(1)
    for _ in range(20):
        bits = random.integers(0, 2, 96).astype(np.uint8)
        soft = 2.0 * encode(bits) - 1
        soft[random.choice(CODED_BITS, 25, replace=False)] *= -1  # 8 % wrong
        received = soft + random.normal(0, 0.2, CODED_BITS)
        assert np.array_equal(viterbi(received, 96), bits)


def test_the_moments_are_those_of_all_words() -> None:
    soft, tilts = np.random.default_rng(4).normal(size=21), np.array([0.3, 2.0])
    words = [[int(bit) for bit in f"{number:07b}"] for number in range(128)]
    sent = np.stack([2.0 * encode(np.array(word, np.uint8))[:21] - 1 for word in words])
    mean = np.exp(np.outer(tilts, sent @ soft)).mean(axis=1)
    assert log_moments(soft, tilts) == pytest.approx(np.log(mean))


def test_an_id_comes_back_from_its_bits() -> None:
    for asset_id in ("0000000000000000", "ffffffffffffffff", "0123456789abcdef"):
        assert decode_asset_id(2.0 * coded_bits(asset_id) - 1) == asset_id


def test_silence_and_noise_are_no_id() -> None:
    random = np.random.default_rng(2)
    assert decode_asset_id(np.zeros(CODED_BITS)) is None
    assert decode_asset_id(np.ones(CODED_BITS)) is None
    assert all(decode_asset_id(random.normal(size=CODED_BITS)) is None for _ in range(300))


@pytest.mark.parametrize("wrong", ["", "0123", "0123456789ABCDEF", "0123456789abcdeg", "0x" * 8])
def test_what_is_no_asset_id_is_refused(wrong: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        expand(KEY, wrong)
    assert caught.value.code == "asset-id-invalid"


def test_a_pattern_survives_the_wire_and_is_small() -> None:
    pattern = expand(KEY, "0123456789abcdef")
    data = pattern.to_bytes()
    assert len(data) == 1032
    read = Pattern.from_bytes(data)
    assert np.array_equal(read.bits, pattern.bits)
    assert np.array_equal(read.companion, pattern.companion)


@pytest.mark.parametrize(
    "data", [b"", b"rakkanw2", b"x" * 1032, b"rakkanw1" + bytes(512), b"rakkanw2" + bytes(1025)]
)
def test_what_is_no_pattern_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidInput) as caught:
        Pattern.from_bytes(data)
    assert caught.value.code == "pattern-invalid"


def test_a_pattern_does_not_hold_the_key() -> None:
    data = expand(KEY, "0123456789abcdef").to_bytes()
    assert KEY.secret not in data
    assert KEY.secret[:8] not in data


def test_the_layout_of_a_key_never_changes() -> None:
    """Files marked today have to be readable for as long as the key exists."""
    pattern = expand(KEY, "0123456789abcdef")
    # the bits in the chroma are those of the first version, which had no companion
    first = b"rakkanw1" + np.packbits(pattern.bits).tobytes()
    for data, digest in (
        (first, "7e4861bbf0d6b50fff4d929e6a51211474e8b4304e08839b1d162188dad91f05"),
        (pattern.to_bytes(), "1c0b3830c05d376d3c837db4357e52a2439c41d6cb81d9511991d69182af0d55"),
    ):
        assert hashlib.sha256(data).hexdigest() == digest


def test_cycles_hold_each_position_once_and_each_bit_often() -> None:
    layout = Layout.of(KEY)
    for pilots, places in zip(layout.pilots, layout.places, strict=True):
        assert np.count_nonzero(pilots) == 256
        assert sorted([*np.flatnonzero(pilots), *places]) == list(range(1024))
    assert np.bincount(layout.coded.ravel(), minlength=CODED_BITS).min() >= 10


def test_patterns_of_two_keys_and_of_two_assets_look_unrelated() -> None:
    pattern = expand(KEY, "0123456789abcdef").bits
    for other in (
        expand(WatermarkKey(bytes(range(1, 33))), "0123456789abcdef").bits,
        expand(KEY, "0123456789abcdee").bits,
    ):
        assert 0.02 < np.mean(pattern != other) < 0.6


def test_frames_walk_through_the_cycles() -> None:
    pattern = expand(KEY, "0123456789abcdef")
    for index in (0, 23, 24, 95, 96, 200):
        assert np.array_equal(pattern.of_frame(index), pattern.bits[index // 24 % 4])


def test_the_companions_of_two_assets_are_unrelated() -> None:
    """The code is linear, and patterns that were collected could be added up; these cannot."""
    signs = [expand(KEY, f"{number:016x}").companion.ravel() for number in range(20)]
    products = np.corrcoef(np.stack(signs).astype(float)) - np.eye(20)
    assert np.abs(products).max() < 0.08  # 5 standard deviations of 4,096 coins
    assert all(set(np.unique(one)) == {-1, 1} for one in signs)

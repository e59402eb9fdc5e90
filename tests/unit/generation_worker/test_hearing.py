"""The network for sounds on numpy says what the package's own engine says."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hama import _engine

from generation import audio
from generation.audio import phonemes
from generation.audio.conformer import Conformer
from generation.errors import WeightsInvalid


@pytest.fixture(scope="module")
def weights():
    return phonemes.read_weights()


@pytest.fixture(scope="module")
def network(weights):
    return Conformer.of(weights)


def _by_the_package(weights, samples):
    given = {"waveform": samples[None], "waveform_lengths": np.array([samples.size])}
    return _engine.AsrSession(weights).run(["log_probs"], given)[0][0]


def test_it_believes_what_the_packages_own_engine_believes(voice, weights, network):
    samples = audio.load(voice).samples
    said, expected = network(samples)[0], _by_the_package(weights, samples)
    assert said.shape == expected.shape
    assert np.array_equal(said.argmax(1), expected.argmax(1))
    assert np.abs(np.exp(said) - np.exp(expected)).max() < 0.005


@pytest.mark.parametrize("count", [201, 1000, 15_999, 16_000, 16_159, 16_160])
def test_any_length_has_as_many_rows(weights, network, count):
    samples = np.random.default_rng(count).normal(0, 0.1, count).astype(np.float32)
    (said, made), expected = network(samples), _by_the_package(weights, samples)
    assert said.shape == expected.shape
    assert made.shape == (len(said), 288)
    assert said == pytest.approx(expected, abs=0.01)


def test_several_threads_may_ask_it_at_once(voice, network):
    samples = audio.load(voice).samples[:32_000]
    with ThreadPoolExecutor(3) as pool:
        said = list(pool.map(network, [samples] * 6))
    for each in said:
        assert all(np.array_equal(*pair) for pair in zip(each, said[0], strict=True))


def test_another_file_is_no_network(weights):
    for content in (b"", b"HAMAPK", b"RIFF" + weights[4:], weights[:4000], weights[:-1]):
        with pytest.raises(WeightsInvalid) as refused:
            Conformer.of(content)
        assert refused.value.remedy

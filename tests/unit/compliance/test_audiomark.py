"""The audio mark: what it carries, who can read it, and what it leaves as it was."""

from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from compliance.audiomark import AudioPattern, expand_audio
from compliance.audiomark.detector import AudioDetector
from compliance.audiomark.files import AudioState, detect_blocks, detect_sound
from compliance.audiomark.grid import RATE
from compliance.audiomark.layout import GROUP_CELLS, GROUPS, PERIOD_CELLS, SEGMENTS, AudioLayout
from compliance.audiomark.marker import AudioMarker
from compliance.audiomark.search import AS_IS, Sound
from compliance.errors import InvalidInput
from compliance.media import sound_samples
from compliance.watermark import KeyRing, WatermarkKey

SPEECH = Path(__file__).resolve().parents[2] / "fixtures" / "speech.wav"
KEY, OTHER_KEY = WatermarkKey(bytes(range(32))), WatermarkKey(bytes(range(1, 33)))
WANTED = [-1, -1, 1, -1, -1, -1, -1, 1, 1, 1, 1, -1, 1, -1, 1, -1]
NUMBERS = [12, 7, 37, 5, 19, 22, 23, 23]
ASSET, OTHER = "0123456789abcdef", "fedcba9876543210"
Samples = NDArray[np.float32]


def _speech(rate: int, layout: str = "mono") -> Samples:
    return sound_samples(SPEECH, rate=rate, layout=layout, max_seconds=60)


def _marked(sound: Samples, rate: int, asset: str = ASSET, block: int = 4096) -> Samples:
    blocks = (sound[:, at : at + block] for at in range(0, sound.shape[1], block))
    return np.concatenate(list(AudioMarker(expand_audio(KEY, asset), rate).mark(blocks)), axis=1)


def _encoded(sound: Samples, rate: int, path: Path, codec: str, bit_rate: int) -> Path:
    layout = "mono" if len(sound) == 1 else "stereo"
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate, layout=layout)
        stream.bit_rate = bit_rate
        fifo = av.AudioFifo()
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(sound), "fltp", layout)
        frame.sample_rate = rate
        resampler = av.AudioResampler(stream.format.name, layout, rate)
        for part in resampler.resample(frame) + resampler.resample(None):
            fifo.write(part)
        while (
            part := fifo.read(stream.codec_context.frame_size or 1024, partial=True)
        ) is not None:
            container.mux(stream.encode(part))
        container.mux(stream.encode(None))
    return path


@pytest.mark.parametrize(
    ("name", "codec", "bit_rate"),
    [
        ("a.m4a", "aac", 128_000),
        ("b.m4a", "aac", 32_000),
        ("c.ogg", "libopus", 24_000),
        ("d.mp3", "libmp3lame", 64_000),
    ],
)
def test_the_id_is_read_from_what_a_codec_left(
    tmp_path: Path, name: str, codec: str, bit_rate: int
) -> None:
    """Five seconds of speech are enough after each of them."""
    path = _encoded(_marked(_speech(48_000), 48_000), 48_000, tmp_path / name, codec, bit_rate)
    found = detect_sound(path, KEY, known=ASSET)
    assert found.p_value < 1e-12
    assert (found.asset_id, found.others, found.share) == (ASSET, (), 1.0)


def test_two_seconds_show_a_known_id_and_no_other() -> None:
    marked = _marked(_speech(RATE), RATE)
    detector = AudioDetector(KEY)
    for start in range(0, marked.shape[1] - 2 * RATE, RATE):
        sound = Sound(marked[:, start : start + 2 * RATE])
        assert detector.test(sound, ASSET, AS_IS).p_value < 1e-9
        assert detector.test(sound, OTHER, AS_IS).p_value > 1e-3


@pytest.mark.parametrize("speed", [0.95, 1.05])
def test_sound_made_faster_or_slower_is_read(speed: float) -> None:
    marked = _marked(_speech(48_000), 48_000)
    count = round(marked.shape[1] / speed / 3)
    spectrum = np.fft.rfft(marked[0])[: count // 2 + 1]
    changed = np.fft.irfft(spectrum, count) * (count / marked.shape[1])
    sound = Sound(changed[None].astype(np.float32))
    assert AudioDetector(KEY).decode(sound, AS_IS) is None
    heard = AudioDetector(KEY).decode(sound)
    assert heard is not None
    assert heard.asset_id == ASSET
    assert abs(heard.place.tempo - speed) < 0.02


@pytest.mark.parametrize("rate", [8_000, 16_000, 22_050, 44_100, 48_000])
@pytest.mark.parametrize("layout", ["mono", "stereo"])
def test_every_rate_and_layout_carries_it(rate: int, layout: str) -> None:
    """And length, rate and loudness stay what they were."""
    plain = _speech(rate, layout)
    marked = _marked(plain, rate)
    assert marked.shape == plain.shape
    assert marked.dtype == np.float32
    assert 14 < 10 * np.log10(np.sum(plain**2) / np.sum((marked - plain) ** 2)) < 25
    count = plain.shape[1] * RATE // rate
    spectrum = np.fft.rfft(marked, axis=1)[:, : count // 2 + 1]
    sound = np.fft.irfft(spectrum, count, axis=1) * (count / marked.shape[1])
    found = detect_blocks([sound.astype(np.float32)], KEY, known=ASSET)
    assert found.state is AudioState.FOUND
    assert found.asset_id == ASSET


def test_it_does_not_matter_in_which_blocks_a_sound_comes() -> None:
    plain = np.tile(_speech(RATE), (1, 5))
    whole = _marked(plain, RATE, block=plain.shape[1])
    assert np.array_equal(whole, _marked(plain, RATE, block=777))
    assert np.array_equal(whole, _marked(plain, RATE, block=RATE))


def test_silence_stays_silent_and_short_sounds_keep_their_length() -> None:
    assert not np.any(_marked(np.zeros((1, 30_000), np.float32), RATE))
    for count in (1, 100, 2_560, 2_561, 143_360, 145_921):
        assert _marked(np.full((2, count), 0.1, np.float32), RATE).shape == (2, count)
    assert list(AudioMarker(expand_audio(KEY, ASSET), RATE).mark([])) == []


def test_nothing_is_found_without_the_key_or_the_mark() -> None:
    marked = _marked(_speech(RATE), RATE)
    for sound, key in ((_speech(RATE), KEY), (marked, OTHER_KEY)):
        found = detect_blocks([sound], key, known=ASSET)
        assert found.state is AudioState.NOT_FOUND
        assert (found.asset_id, found.share) == (None, 0.0)
        assert found.p_value > 1e-3


def test_an_older_key_of_the_ring_still_reads() -> None:
    marked = _marked(_speech(RATE), RATE)
    found = detect_blocks([marked], KeyRing((OTHER_KEY, KEY)), known=ASSET)
    assert found.asset_id == ASSET


def test_a_sound_marked_in_part_or_for_two_says_so() -> None:
    """The share is of energy: a pause needs no mark."""
    plain = np.tile(_speech(RATE), (1, 8))[:, : 40 * RATE]
    first, second = plain[:, : 20 * RATE], plain[:, 20 * RATE :]
    half = np.concatenate([_marked(first, RATE), second], axis=1)
    found = detect_blocks([half], KEY, known=ASSET)
    assert found.asset_id == ASSET
    assert 0.3 < found.share < 0.7
    both = np.concatenate([_marked(first, RATE), _marked(second, RATE, OTHER)], axis=1)
    found = detect_blocks([both], KEY, known=ASSET)
    assert (found.asset_id, found.others) == (ASSET, (OTHER,))
    assert detect_blocks([both[:, 20 * RATE :]], KEY, known=ASSET).asset_id == OTHER


def test_a_pattern_travels_as_bytes_and_names_neither_key_nor_bits() -> None:
    pattern = expand_audio(KEY, ASSET)
    data = pattern.to_bytes()
    assert len(data) < 6_000
    again = AudioPattern.from_bytes(data)
    assert np.array_equal(again.wanted, pattern.wanted)
    assert np.array_equal(again.groups, pattern.groups)
    assert KEY.secret not in data
    other = expand_audio(KEY, OTHER)
    assert np.mean(other.groups == pattern.groups) < 0.05
    for broken in (b"", data[:-1], data + b"x", b"x" + data[1:], data[:-1] + b"\xff"):
        with pytest.raises(InvalidInput, match="pattern"):
            AudioPattern.from_bytes(broken)


def test_each_bit_has_as_many_cells_to_raise_as_to_lower_in_every_layer() -> None:
    layout = AudioLayout.of(KEY)
    for segment in range(SEGMENTS):
        for group in range(GROUPS):
            mine = layout.groups[segment] == group
            assert np.count_nonzero(mine) == GROUP_CELLS
            assert layout.signs[segment][mine].sum() == 0
    assert layout.signs.shape[0] * layout.signs.shape[1] == PERIOD_CELLS


def test_the_layout_is_the_one_that_marked_what_is_out() -> None:
    """Drawn from HKDF and SHAKE-256: what is marked today is read in ten years."""
    pattern = expand_audio(WatermarkKey(bytes(32)), "0000000000000000")
    assert pattern.wanted[0, :16].tolist() == WANTED
    assert pattern.groups[0, :8].tolist() == NUMBERS


def test_other_rates_and_ids_are_refused() -> None:
    for rate in (7_999, 44_101, 0):
        with pytest.raises(InvalidInput, match="samples a second"):
            AudioMarker(expand_audio(KEY, ASSET), rate)
    with pytest.raises(InvalidInput, match="asset id"):
        expand_audio(KEY, "xyz")

"""What cameras, telephones and studios write is read, or refused with a reason, in bounds."""

import operator

import numpy as np
import pytest

from compliance.heif import is_heif
from compliance.media import sound_samples
from generation import audio
from generation.gate.input_texts import INPUT_TEXTS
from generation.media.photo import load_photo
from tests.odd_files import PORTRAITS, SECONDS, SOUNDS, photo
from tests.odd_measured import made, seen_by

MOST_SECONDS = 2.0  # until a file is read or refused
MOST_MEGABYTES = 700  # 40 megapixels in four bytes, three times, and as the bytes of an array
NAME = operator.attrgetter("name")
SIDES = {"portraits": PORTRAITS, "photo": PORTRAITS, "sounds": SOUNDS, "track": SOUNDS}


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return {odds: made(odds, tmp_path_factory.mktemp("odd")) for odds in (PORTRAITS, SOUNDS)}


@pytest.fixture(scope="module")
def seen(files):
    """What became of every file on every side."""
    return {
        side: {each.name: each for each in seen_by(side, files[odds])}
        for side, odds in SIDES.items()
    }


@pytest.mark.parametrize(
    ("side", "odd"),
    [pytest.param(s, odd, id=f"{s}: {odd.name}") for s, odds in SIDES.items() for odd in odds],
)
def test_it_is_read_or_refused_with_a_reason_soon_and_in_bounded_memory(side, odd, seen):
    found = seen[side][odd.name]

    assert found.code == (odd.worker if side in ("portraits", "sounds") else odd.upload)
    assert found.seconds < MOST_SECONDS
    assert found.megabytes < MOST_MEGABYTES


@pytest.mark.parametrize("odd", [odd for odd in PORTRAITS if "EXIF" in odd.name], ids=NAME)
def test_a_photo_is_upright_however_the_camera_was_held(odd, files):
    rgb = load_photo(files[PORTRAITS][odd.name]).rgb
    assert np.abs(rgb.astype(int) - np.asarray(photo())).mean() < 3


@pytest.mark.parametrize(
    ("name", "most"),
    [("JPEG, CMYK", 5), ("PNG, 16 bits, colour", 1), ("JPEG with a second picture (MPO)", 8)],
)
def test_a_photo_keeps_its_colours(name, most, files):
    rgb = load_photo(files[PORTRAITS][name]).rgb
    assert np.abs(rgb.astype(int) - np.asarray(photo())).mean() < most


def test_sixteen_bits_of_grey_are_scaled_and_not_clipped(files):
    rgb = load_photo(files[PORTRAITS]["PNG, 16 bits, grey"]).rgb
    assert np.abs(rgb[..., 0].astype(int) - np.asarray(photo().convert("L"))).max() <= 1


@pytest.mark.parametrize("odd", [odd for odd in SOUNDS if odd.worker is None], ids=NAME)
def test_gate_and_worker_hear_the_same_length_of_a_voice(odd, files):
    path = files[SOUNDS][odd.name]
    heard = audio.load(path)
    again = sound_samples(path, rate=audio.SAMPLE_RATE, layout="mono", max_seconds=20)
    assert heard.seconds == pytest.approx(SECONDS, abs=0.2)
    assert heard.samples.size == again.shape[1]
    assert np.abs(heard.samples - np.clip(again[0], -1, 1)).max() < 1e-6


def test_refusals_of_photos_have_words_in_both_languages():
    assert all(all(text) for text in INPUT_TEXTS.values())


def test_an_mp4_is_no_photo_of_the_heif_family():
    assert not is_heif(b"\0\0\0\x20ftypisom\0\0\2\0")

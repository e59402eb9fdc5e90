import numpy as np

from generation.audio import Speech, load
from generation.portraittalk.features import (
    HOP,
    MARGIN,
    SEEN,
    SIZE,
    clip_rows,
    frame_windows,
    silence,
    speech_features,
)
from tests.unit.generation_training.conftest import FIXTURES


def test_a_voice_becomes_fifty_rows_a_second_of_usable_numbers():
    speech = load(FIXTURES / "speech.wav")
    rows = speech_features(speech)
    assert rows.shape == (-(-speech.samples.size // HOP), SIZE)
    assert np.isfinite(rows).all()
    assert np.abs(rows).max() < 5
    assert 0.3 < rows.std() < 2


def test_what_is_said_later_is_heard_later():
    speech = load(FIXTURES / "speech.wav")
    pause = np.zeros(25 * HOP, np.float32)
    rows = speech_features(speech)
    later = speech_features(Speech(np.concatenate([pause, speech.samples])))
    inside = slice(30, len(rows) - 30)
    near = [
        np.corrcoef(later[25 + k :][inside].ravel(), rows[inside].ravel())[0, 1] for k in range(3)
    ]
    assert near[0] > 0.95
    assert near[0] == max(near)


def test_frames_hear_two_frames_around_them_and_silence_beyond_the_track():
    rows = np.arange(20 * SIZE, dtype=np.float32).reshape(20, SIZE)
    heard = frame_windows(clip_rows(rows, 0, 10))
    assert heard.shape == (10, SEEN, SIZE)
    assert (heard[0, :MARGIN] == silence()).all()
    assert (heard[0, MARGIN] == rows[0]).all()
    assert (heard[5, 0] == rows[6]).all()
    assert (heard[9, -MARGIN:] == silence()).all()

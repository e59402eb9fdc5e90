"""What the release gate is told of lips: measured from a sample, and right about what is wrong."""

import threading
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from generation.audio import SAMPLE_RATE, Speech
from generation.evaluation import lips
from generation.evaluation.lips import (
    MOST_SECONDS,
    WINDOW,
    hear,
    lips_in,
    measure_lips,
    speaking,
    summed,
    windows,
)
from generation.evaluation.video import frames_between
from tests.benchmarks.judging.faults import Clip


def nothing(*_: object) -> None:
    """Take note of no progress."""


def facts(clip: Clip, speech: Speech, gap: np.ndarray | None = None) -> dict[str, float]:
    seen = clip.watched.gap if gap is None else gap
    return summed([hear(speech, clip.watched.times, seen)], 25.0)


def test_lips_that_follow_are_in_time(clip: Clip) -> None:
    found = facts(clip, clip.speech)

    assert found["in_time"] > 0.6
    assert found["best"] == found["in_time"]
    assert found["faces"] == found["frames"] == clip.watched.gap.size
    assert 3 < found["speech_seconds"] < 6


@pytest.mark.parametrize("late", [-320, 320])
def test_a_sound_that_is_late_or_early_is_best_at_another_time(clip: Clip, late: int) -> None:
    moved = np.roll(clip.speech.samples, late * SAMPLE_RATE // 1000)

    found = facts(clip, Speech(moved))

    assert found["lag_ms"] == pytest.approx(-late, abs=80)
    assert found["best"] > found["in_time"] + 0.2


def test_another_sound_and_lips_that_stay_are_no_match(clip: Clip) -> None:
    backwards = Speech(np.ascontiguousarray(clip.speech.samples[::-1]))
    random = np.random.default_rng(0)
    still = 0.1 + 0.005 * random.normal(size=clip.watched.gap.size)

    assert facts(clip, backwards)["in_time"] < 0.4
    assert facts(clip, clip.speech, still)["in_time"] == 0


def test_silence_is_told_as_no_speech(clip: Clip) -> None:
    silent = Speech(np.zeros(5 * SAMPLE_RATE, np.float32))

    assert facts(clip, silent)["speech_seconds"] == 0
    assert facts(clip, Speech(np.zeros(0, np.float32)))["in_time"] == 0


def test_a_file_is_measured_from_its_pictures(video: Path, speech: Speech) -> None:
    """The file is 2.4 s of the clip, and the sound goes on."""
    stages: list[float] = []

    found = measure_lips(video, speech, lambda part, _: stages.append(part))

    assert found["frames"] == found["faces"] == 60
    assert found["in_time"] > 0.4
    assert stages == sorted(stages)
    assert 0 <= stages[0] <= stages[-1] <= 1


def test_several_threads_see_what_one_sees(
    video: Path, speech: Speech, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four windows of 0.4 s in place of 6 s."""
    monkeypatch.setattr(lips, "WINDOW", 0.4)
    monkeypatch.setattr(lips, "MOST_SECONDS", 1.6)
    stages: list[float] = []

    found = measure_lips(video, speech, lambda part, _: stages.append(part), threads=2)

    assert found == measure_lips(video, speech, nothing)
    assert 36 <= found["frames"] <= 44
    assert max(stages) == pytest.approx(1, abs=0.1)
    assert not [t for t in threading.enumerate() if t.name.startswith(("in-order", "ahead"))]


def test_a_picture_without_a_face_has_none(tmp_path: Path, speech: Speech) -> None:
    path = tmp_path / "grey.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width = stream.height = 128
        for _ in range(30):
            grey = np.full((128, 128, 3), 120, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(grey, format="rgb24")))
        container.mux(stream.encode(None))

    found = measure_lips(path, speech, nothing)

    assert (found["frames"], found["faces"], found["in_time"]) == (30, 0, 0.0)


@pytest.mark.parametrize("seconds", [24.5, 31.0, 60.0, 600.0])
def test_of_a_long_video_beginning_end_and_what_is_said_between_are_looked_at(
    seconds: float,
) -> None:
    marks = np.zeros(int(25 * seconds), bool)
    spoken = (0.35 * seconds, 0.35 * seconds + WINDOW)
    marks[int(25 * spoken[0]) : int(25 * spoken[1])] = True

    found = windows(seconds, marks)

    assert found[0] == (0.0, WINDOW)
    assert found[-1] == (seconds - WINDOW, seconds)
    assert all(a[1] <= b[0] + 1e-9 for a, b in pairwise(found))
    assert sum(b - a for a, b in found) <= MOST_SECONDS + 1e-9
    assert sum(b - a for a, b in found) > MOST_SECONDS - 0.5
    if seconds >= 60:
        heard = sum(max(0.0, min(b, spoken[1]) - max(a, spoken[0])) for a, b in found)
        assert heard > 0.9 * WINDOW


def test_a_short_video_is_looked_at_as_a_whole() -> None:
    assert windows(9.0, np.zeros(225, bool)) == [(0.0, 9.0)]


def test_of_a_fast_video_every_second_picture_is_enough(video: Path) -> None:
    moments = [moment for moment, _ in frames_between(video, (0.8, 1.6), 12.5)]

    assert len(moments) == 10
    assert np.diff(moments) == pytest.approx(0.08)
    assert 0.8 <= moments[0] < moments[-1] <= 1.6
    assert [moment for moment, _ in frames_between(video, (0.8, 1.6), 25)][::2] == moments


def test_the_same_is_seen_through_windows_as_in_one_pass(video: Path) -> None:
    times, gap = lips_in(video, (1.0, 2.0), nothing)
    whole = lips_in(video, (0.0, 2.4), nothing)

    assert times == pytest.approx(whole[0][25:50], abs=1e-6)
    assert np.corrcoef(gap, whole[1][25:50])[0, 1] > 0.9


def test_speech_is_what_is_loud_enough(speech: Speech) -> None:
    marks = speaking(speech)

    assert marks[20:100].mean() > 0.7
    assert not marks[-15:].any()

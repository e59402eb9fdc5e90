"""Do the lips follow the voice? A sample of a finished video, measured for the release gate.

It reports numbers and judges nothing: the bounds are the platform's (docs/decisions/0095).
"""

import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from generation.audio import SAMPLE_RATE, Speech
from generation.evaluation.judge import expect
from generation.evaluation.openings import Marks, Track
from generation.evaluation.sound import level
from generation.evaluation.synchrony import SHIFT_SECONDS, correlate, moving
from generation.evaluation.video import describe, frames_between, looks_a_second
from generation.evaluation.watched import follow
from generation.faces import FaceLandmarker
from generation.sharing import ahead, in_order

MOST_SECONDS = 24.0  # looked at, however long the video is
WINDOW = 6.0  # s of each look
IN_TIME = 0.08  # s the lips may be before or behind the sound, and nobody sees it (ITU-R BT.1359)
_RATE = 25.0  # looks a second at most
_AHEAD = 3  # pictures that are decoded while one is looked at
_AROUND = 0.5  # s of sound beside what is asked for: the network hears it in its place
_SPEECH_DB = 30.0  # below the loud syllables: quieter is no speech
_LEAST = 0.003  # of full scale: below it nothing is speech

Window = tuple[float, float]  # first and last moment in s
Progress = Callable[[float, str], None]  # 0..1, stage; raises to stop the work


@dataclass(frozen=True)
class Seen:
    """What was seen and heard in one window.

    Attributes:
        times: (T,) s, the middle of each frame that was looked at.
        gap: (T,) cm between the inner lips; NaN where no face was.
        asked: (T, S) what the sound asks of the lips at each shift, by the judge of lips.
        speaks: (T,) somebody speaks.
    """

    times: Track
    gap: Track
    asked: Track
    speaks: Marks


class _Own(threading.local):
    finder: FaceLandmarker | None = None


_own = _Own()  # a thread's: the networks hold the picture that they look at


def measure_lips(
    video: Path, voice: Speech, progress: Progress, *, threads: int = 1
) -> dict[str, float]:
    """Return how well the lips of a video follow a voice track.

    Args:
        video: the finished file.
        voice: what it says.
        progress: called before every frame, by each thread.
        threads: that look, each at another window; what they see does not depend on it.

    Returns:
        The facts of :func:`summed`.

    Raises:
        VideoError: it cannot be read.
        WeightsInvalid: a weight file is not the pinned one.
    """
    form = describe(video)
    speaks = speaking(voice)
    chosen = windows(form.seconds, speaks)
    done = [0.0] * len(chosen)

    def look(index: int) -> Seen:
        part = partial(_share, progress, done, index)
        return hear(voice, *lips_in(video, chosen[index], part))

    with closing(in_order(look, range(len(chosen)), threads)) as looks:
        seen = list(looks)
    return summed(seen, looks_a_second(form.fps, _RATE)) | {"video_seconds": round(form.seconds, 2)}


def _share(progress: Progress, done: list[float], index: int, part: float) -> None:
    done[index] = part
    progress(sum(done) / len(done), "looking at the lips")


def windows(seconds: float, speaks: Marks) -> list[Window]:
    """Return where to look: all of a short video; of a long one beginning, end, and between.

    The looks between stand where most is said in their share of the video, so that what is
    sampled can be judged.

    Args:
        seconds: of the video.
        speaks: of :func:`speaking`, whole.
    """
    if seconds <= MOST_SECONDS:
        return [(0.0, seconds)]
    count = round(MOST_SECONDS / WINDOW)
    said = np.r_[0, np.cumsum(speaks)]
    found = [(0.0, WINDOW)]
    share = (seconds - 2 * WINDOW) / (count - 2)
    for turn in range(count - 2):
        begin = WINDOW + turn * share
        starts = np.arange(begin, begin + max(share - WINDOW, 0) + 0.01, 0.25)
        a, b = (
            np.minimum((s * _RATE).astype(int), said.size - 1) for s in (starts, starts + WINDOW)
        )
        at = float(starts[int(np.argmax(said[b] - said[a]))])
        found.append((at, min(at + WINDOW, begin + share)))
    return [*found, (seconds - WINDOW, seconds)]


def speaking(voice: Speech) -> Marks:
    """Return where somebody speaks, 25 marks a second, by how loud it is."""
    times: Track = (np.arange(int(voice.seconds * _RATE), dtype=np.float64) + 0.5) / _RATE
    loud = np.exp(level(voice.samples.astype(np.float64), times, _RATE))
    if not loud.size:
        return np.zeros(0, bool)
    bound = max(_LEAST, float(np.percentile(loud, 95)) * 10 ** (-_SPEECH_DB / 20))
    found: Marks = loud > bound
    return found


def lips_in(video: Path, window: Window, progress: Callable[[float], None]) -> tuple[Track, Track]:
    """Return the middle of each frame (T,) in s, and the gap of the lips there (T,) in cm.

    Raises:
        VideoError: it cannot be read.
    """
    times, gaps, last = [], [], None
    finder = _own.finder = _own.finder or FaceLandmarker()
    with closing(ahead(frames_between(video, window, _RATE), _AHEAD)) as pictures:
        for moment, picture in pictures:
            progress(min(1.0, max(0.0, (moment - window[0]) / (window[1] - window[0]))))
            last = follow(picture, last, finder)
            times.append(moment)
            gaps.append(np.nan if last is None else last.mouth_gap())
    return np.array(times, np.float64), np.array(gaps, np.float64)


def hear(voice: Speech, times: Track, gap: Track, tried: Track | None = None) -> Seen:
    """Return what a voice asks of lips that were seen.

    Args:
        voice: the whole track.
        times: (T,) s.
        gap: (T,) cm.
        tried: the shifts in s; those of :func:`shifts_of` where none are given.
    """
    marks = speaking(voice)
    at = (times * _RATE).astype(int)
    speaks = np.zeros(times.size, bool)
    speaks[at < marks.size] = marks[at[at < marks.size]]
    return Seen(times, gap, _asked(voice, times, shifts_of() if tried is None else tried), speaks)


def shifts_of() -> Track:
    """Return the shifts (S,) in s that are tried; positive where the lips come later."""
    reach = round(SHIFT_SECONDS * _RATE)
    steps: Track = np.arange(-reach, reach + 1, dtype=np.float64) / _RATE
    return steps


def _asked(voice: Speech, times: Track, tried: Track) -> Track:
    """Return what the judge lets expect (T, S): at each frame, of the sound at every shift."""
    moments = times[:, None] - tried[None, :]
    if not times.size:
        return np.zeros(moments.shape)
    start, end = float(moments.min()) - _AROUND, float(moments.max()) + _AROUND
    first = max(0, int(start * SAMPLE_RATE))
    piece = voice.samples[first : max(0, int(end * SAMPLE_RATE))]
    if piece.size < SAMPLE_RATE // 5:
        return np.zeros(moments.shape)
    flat = np.clip(moments.ravel() - first / SAMPLE_RATE, 0, piece.size / SAMPLE_RATE)
    found: Track = expect(Speech(piece), flat).opening.reshape(moments.shape)
    return found


def summed(seen: list[Seen], rate: float) -> dict[str, float]:
    """Return the numbers of all windows together.

    Returns:
        ``frames`` looked at, ``faces`` among them, ``seconds`` looked at, ``speech_seconds`` of
        them; ``in_time``: the best correlation of lips and sound within IN_TIME;
        ``best``, and at ``lag_ms`` (lips later: positive): the best within 0.6 s; ``moved_cm``:
        how far the lips move, between the 5th and 95th percentile of their gap.
    """
    gap = np.concatenate([each.gap for each in seen])
    speaks = np.concatenate([each.speaks for each in seen])
    facts = {
        "frames": int(gap.size),
        "faces": int(np.isfinite(gap).sum()),
        "seconds": round(gap.size / rate, 2),
        "speech_seconds": round(float(speaks.sum()) / rate, 2),
    }
    if not facts["faces"]:
        return facts | {"in_time": 0.0, "best": 0.0, "lag_ms": 0, "moved_cm": 0.0}
    r, lags = curve(seen), shifts_of()
    near = np.abs(lags) <= IN_TIME + 1e-6
    low, high = np.nanpercentile(gap, [5, 95])
    return facts | {
        "in_time": round(float(r[near].max()), 3),
        "best": round(float(r.max()), 3),
        "lag_ms": round(1000 * float(lags[int(np.argmax(r))])),
        "moved_cm": round(float(high - low), 3),
    }


def curve(seen: list[Seen]) -> Track:
    """Return the correlation (S,) of lips and sound at each shift, all windows together."""
    kept = [each for each in seen if np.isfinite(each.gap).any()]
    gap = moving(np.concatenate([each.gap - np.nanmean(each.gap) for each in kept]))
    asked = np.concatenate([each.asked - each.asked.mean(0) for each in kept])
    found = [correlate(gap, asked[:, shift]) for shift in range(asked.shape[1])]
    return np.nan_to_num(np.array(found, np.float64))

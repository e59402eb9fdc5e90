"""How the pictures look: blur without a reference, VMAF against one."""

import json
import subprocess
import tempfile
from pathlib import Path

import numpy as np

from generation.evaluation.errors import VideoError
from generation.evaluation.intervals import mean_interval
from generation.evaluation.measures import DOWN, UP, Measure
from generation.evaluation.video import Format, describe
from generation.evaluation.watched import EMBED_EVERY, Watched


def blurs(watched: Watched) -> list[Measure]:
    """Return the blur of face and mouth, 0 sharp to 1 (Crete 2007)."""
    rate = watched.fps / EMBED_EVERY
    found = []
    for index, name in ((1, "face_blur"), (2, "mouth_blur")):
        values = watched.blur[:, index]
        bounds = mean_interval(values, rate)
        found.append(Measure(name, float(values.mean()), "0..1", DOWN, bounds, "Crete 2007"))
    return found


def vmaf(video: Path, reference: Path | None) -> Measure:
    """Return the mean VMAF of a video against a reference of its size and rate.

    Where there is no reference, or no FFmpeg with libvmaf, the measure says so.

    Raises:
        VideoError: the two differ in size or rate, or cannot be compared.
    """
    if reference is None:
        return Measure("vmaf", np.nan, "VMAF", UP, note="needs a reference video (--reference)")
    one, other = describe(video), describe(reference)
    if not _alike(one, other):
        note = f"the reference is {other.width}x{other.height} at {other.fps:g} frames a second"
        return Measure("vmaf", np.nan, "VMAF", UP, note=note)
    program = _ffmpeg()
    if program is None:
        note = "no FFmpeg with libvmaf: pip install 'rakkan[evaluation]'"
        return Measure("vmaf", np.nan, "VMAF", UP, note=note)
    scores = _scores(program, video, reference)
    bounds = mean_interval(scores, one.fps)
    return Measure("vmaf", float(scores.mean()), "VMAF", UP, bounds, "against the reference")


def _alike(one: Format, other: Format) -> bool:
    same_size = (one.width, one.height) == (other.width, other.height)
    return same_size and abs(one.fps - other.fps) < 0.01


def _ffmpeg() -> str | None:
    try:
        import imageio_ffmpeg  # noqa: PLC0415  an extra of its own
    except ImportError:
        return None
    return str(imageio_ffmpeg.get_ffmpeg_exe())


def _scores(program: str, video: Path, reference: Path) -> np.ndarray:
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "vmaf.json"
        graph = (
            "[0:v]setpts=PTS-STARTPTS[a];[1:v]setpts=PTS-STARTPTS[b];"
            f"[a][b]libvmaf=log_fmt=json:log_path={log}:n_threads=1:shortest=1"
        )
        command = [program, "-v", "error", "-nostdin", "-threads", "1", "-i", str(video.resolve())]
        command += ["-threads", "1", "-i", str(reference.resolve()), "-lavfi", graph]
        done = subprocess.run(  # noqa: S603  our own program and options; names begin with a slash
            [*command, "-f", "null", "-"], capture_output=True, text=True, check=False
        )
        if done.returncode or not log.exists():
            raise VideoError(
                f"The video and its reference could not be compared: {done.stderr.strip()[:200]}",
                remedy="Give two files that FFmpeg can play.",
            )
        frames = json.loads(log.read_text())["frames"]
    return np.array([frame["metrics"]["vmaf"] for frame in frames], np.float64)

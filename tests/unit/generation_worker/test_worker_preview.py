"""A preview: short, small, marked so that nobody can mistake it, and drawn by the same way."""

import io
from pathlib import Path

import av
import numpy as np
import pytest

from compliance.carrier import Carrier
from compliance.media import PREVIEW_NOTICE, preview_notice
from compliance.permit import JobKind, RenderResult
from compliance.verify import Outcome as Checked
from compliance.verify.case import Case
from compliance.verify.runner import verify_file
from compliance.watermark.detector import Detector
from generation.media.encoder import Encoder, VideoFormat
from generation.media.stamp import PreviewStamp
from generation.worker.runner import Outcome

ASSET = "00c0ffee00c0ffee"
SMALL = {"width": 256, "height": 256, "fps": 12}


@pytest.fixture
def preview(desk, portrait, voice):
    """The file a worker hands in for two seconds of a voice track that lasts longer."""
    files = {"portrait": portrait, "voice": voice}
    desk.offer(JobKind.PREVIEW, files, spec=SMALL, max_seconds=2.0)
    assert desk.runner.run("job-1") is Outcome.DONE
    [data] = desk.platform.uploads.values()
    return data


def _frames(data):
    with av.open(io.BytesIO(data)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


def test_a_preview_shows_the_beginning_small_and_slow(desk, preview):
    [body] = desk.platform.results
    result = RenderResult.from_dict(body["result"])
    with av.open(io.BytesIO(preview)) as container:
        video, audio = container.streams.video[0], container.streams.audio[0]
        assert (video.width, video.height, video.average_rate) == (256, 256, 12)
        assert float(audio.duration * audio.time_base) <= 2.1
    assert 12 <= result.frames <= 24
    assert not desk.leftovers()


def test_a_preview_carries_its_own_asset_id_where_nobody_sees_it(preview, watermark_key):
    with av.open(io.BytesIO(preview)) as container:
        planes = [frame.to_ndarray() for frame in container.decode(video=0)]

    found = Detector(watermark_key).detect(planes)

    assert found.asset_id == ASSET
    assert found.asset_frames == found.frames


def test_a_preview_says_in_its_file_what_it_is(preview, tmp_path):
    path = tmp_path / "preview.mp4"
    path.write_bytes(preview)
    assert preview_notice(path) == f"{PREVIEW_NOTICE}; asset {ASSET}"


def test_the_verifier_names_a_preview_and_never_calls_it_good(preview, tmp_path):
    path = tmp_path / "preview.mp4"
    path.write_bytes(preview)

    report = verify_file(Case(path))

    manifest = report.checks[1]
    assert (manifest.name, manifest.outcome) == ("manifest", Checked.FAIL)
    assert "preview" in manifest.detail
    assert ASSET in manifest.detail
    assert report.exit_status == 1


def test_a_release_says_nothing_of_the_kind(desk, portrait, short_voice, tmp_path):
    desk.offer(JobKind.RENDER, {"portrait": portrait, "voice": short_voice})
    desk.runner.run("job-1")
    [data] = desk.platform.uploads.values()
    path = tmp_path / "render.mp4"
    path.write_bytes(data)
    assert preview_notice(path) is None


def test_every_frame_bears_the_words_and_every_crop_of_it_some_of_them(preview):
    """White letters with a black rim, where the stamp puts them, in every half of every frame."""
    letters, rim = _ink()
    for frame in _frames(preview):
        brightness = frame.mean(axis=2)
        for top in (0, 64, 128):
            for left in (0, 64, 128):
                part = np.s_[top : top + 128, left : left + 128]
                white = brightness[part][letters[part]].mean()
                black = brightness[part][rim[part]].mean()
                assert white - black > 60, (top, left)


def test_the_words_stand_out_on_white_on_black_and_on_noise(tmp_path: Path, watermark_key, voice):
    letters, rim = _ink()
    noise = np.random.default_rng(1).integers(0, 256, (256, 256, 3), np.uint8)
    for index, ground in enumerate((np.zeros_like(noise), np.full_like(noise, 255), noise)):
        path = tmp_path / f"{index}.mp4"
        stamp = PreviewStamp(256, 256, ASSET)
        with Encoder(
            path,
            VideoFormat(256, 256, 12),
            audio=voice,
            carrier=Carrier.of(watermark_key, ASSET),
            max_seconds=0.5,
            stamp=stamp,
        ) as encoder:
            for _ in range(6):
                encoder.write(ground)
        for frame in _frames(path.read_bytes()):
            brightness = frame.mean(axis=2)
            assert brightness[letters].mean() - brightness[rim].mean() > 60


def _ink():
    """Where the letters are and where their rim is, read off stamps on black and on white."""
    stamp = PreviewStamp(256, 256, ASSET)
    on_black = stamp.apply(np.zeros((256, 256, 3), np.uint8)).mean(axis=2)
    on_white = stamp.apply(np.full((256, 256, 3), 255, np.uint8)).mean(axis=2)
    return on_black > 170, on_white < 90

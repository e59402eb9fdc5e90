"""A picture for the background: drawn where the permit says so, and never with people in it."""

import av
import numpy as np
import pytest
from PIL import Image

from compliance.permit import JobKind, RenderResult
from generation.worker.runner import Outcome

PERMITTED = {"permitted_changes": ("background", "expression")}


@pytest.fixture
def wall(tmp_path):
    path = tmp_path / "wall.png"
    Image.new("RGB", (700, 400), (30, 90, 200)).save(path)
    return path


def _first_frame(data, tmp_path):
    path = tmp_path / "out.mp4"
    path.write_bytes(data)
    with av.open(str(path)) as container:
        return next(container.decode(video=0)).to_ndarray(format="rgb24")


def test_it_is_shown_behind_the_person_and_the_report_says_so(
    desk, portrait, short_voice, wall, tmp_path
):
    files = {"portrait": portrait, "voice": short_voice, "background": wall}
    prompt = {"prompt": "given picture, white background, calm"}
    desk.offer(JobKind.RENDER, files, spec=PERMITTED | prompt)

    assert desk.runner.run("job-1") is Outcome.DONE

    result = RenderResult.from_dict(desk.platform.results[0]["result"])
    assert [entry["honoured"] for entry in result.prompt_report] == [True, False, True]
    assert "instead" in result.prompt_report[1]["why"]
    [data] = desk.platform.uploads.values()
    corner = _first_frame(data, tmp_path)[100:200, 440:500].reshape(-1, 3).mean(0)
    assert np.abs(corner - (30, 90, 200)).max() < 12


def test_a_consent_that_permits_no_background_is_no_permit_for_it(
    desk, portrait, short_voice, wall
):
    files = {"portrait": portrait, "voice": short_voice, "background": wall}
    desk.offer(JobKind.RENDER, files, spec={"permitted_changes": ("expression",)})

    assert desk.runner.run("job-1") is Outcome.FAILED

    assert desk.platform.failures[0]["code"] == "background-not-permitted"
    assert not desk.platform.uploads


def test_a_picture_that_shows_a_face_is_refused(desk, portrait, short_voice, tmp_path):
    other = tmp_path / "crowd.png"
    Image.open(portrait).rotate(1).save(other)
    files = {"portrait": portrait, "voice": short_voice, "background": other}
    desk.offer(JobKind.RENDER, files, spec=PERMITTED)

    assert desk.runner.run("job-1") is Outcome.FAILED

    assert desk.platform.failures[0]["code"] == "background-shows-people"
    assert desk.platform.failures[0]["fault"] == "input"
    assert not desk.platform.uploads


def test_a_picture_that_cannot_be_read_is_refused_and_named(desk, portrait, short_voice, tmp_path):
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(40))
    files = {"portrait": portrait, "voice": short_voice, "background": broken}
    desk.offer(JobKind.RENDER, files, spec=PERMITTED)

    assert desk.runner.run("job-1") is Outcome.FAILED

    failure = desk.platform.failures[0]
    assert failure["code"] == "background-unreadable"
    assert "background" in failure["detail"]

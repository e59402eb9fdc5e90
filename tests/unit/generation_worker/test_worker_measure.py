import av
import numpy as np
import pytest
from PIL import Image

from compliance.canonical import canonical_json
from compliance.permit import JobKind, MeasureResult, Verdict
from generation.media.photo import load_photo
from generation.worker.runner import Outcome


def _measured(desk):
    assert desk.runner.run("job-1") is Outcome.DONE
    assert not desk.platform.uploads
    assert not desk.leftovers()
    [body] = desk.platform.results
    return MeasureResult.from_dict(body["result"])


def test_a_measured_portrait_comes_back_as_numbers_with_reasons_in_two_languages(desk, portrait):
    desk.offer(JobKind.MEASURE, {"portrait": portrait})
    result = _measured(desk)
    assert result.verdict is Verdict.WARNINGS
    [small] = [f for f in result.findings if f.check == "face-height"]
    assert 100 < small.value < 200
    assert all(small.reason[language] and small.remedy[language] for language in ("en", "ja"))


def test_a_measured_voice_says_how_long_it_is(desk, voice):
    desk.offer(JobKind.MEASURE, {"voice": voice})
    result = _measured(desk)
    assert result.verdict is Verdict.USABLE
    assert result.facts["seconds"] == pytest.approx(5.654, abs=0.01)


def test_both_inputs_can_be_measured_in_one_job(desk, portrait, voice):
    desk.offer(JobKind.MEASURE, {"portrait": portrait, "voice": voice})
    result = _measured(desk)
    assert result.facts["voice"]["readable"]
    assert result.facts["portrait"]["faces"] == 1


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("Please leave your message after the tone.", Verdict.WARNINGS),
        ("The conference begins once its leader has joined the others.", Verdict.UNUSABLE),
    ],
)
def test_a_voice_is_compared_with_its_transcript(desk, voice, tmp_path, text, verdict):
    transcript = tmp_path / "transcript"
    transcript.write_bytes(canonical_json({"salt": "s", "text": text}))
    desk.offer(JobKind.MEASURE, {"voice": voice, "transcript": transcript}, spec={"language": "en"})
    result = _measured(desk)
    assert result.facts["transcript"]["compared"]
    assert result.verdict is verdict


def test_what_cannot_be_read_is_a_verdict_and_not_a_failure(desk, tmp_path):
    text = tmp_path / "portrait.jpg"
    text.write_text("this is no picture")
    desk.offer(JobKind.MEASURE, {"portrait": text})
    result = _measured(desk)
    assert (result.verdict, result.facts["readable"]) == (Verdict.UNUSABLE, False)


def test_a_role_that_nothing_measures_is_refused(desk, portrait):
    desk.offer(JobKind.MEASURE, {"passport": portrait})
    assert desk.runner.run("job-1") is Outcome.FAILED
    assert desk.platform.failures[0]["code"] == "role-unsupported"


DRAFT = {"prompt": "white background, smiling", "permitted_changes": ("expression",)}


def test_the_prompt_of_a_draft_is_read_under_what_its_consent_permits(desk, short_voice):
    desk.offer(JobKind.MEASURE, {"voice": short_voice}, spec=DRAFT)
    result = _measured(desk)
    wall, smile = result.facts["prompt_report"]
    assert (wall["honoured"], smile["honoured"]) == (False, True)
    assert "consent" in wall["why"]


def test_without_a_prompt_a_measurement_says_nothing_of_one(desk, short_voice):
    desk.offer(JobKind.MEASURE, {"voice": short_voice}, spec={"prompt": ""})
    assert "prompt_report" not in _measured(desk).facts


def test_the_picture_behind_the_person_is_looked_at_with_the_draft(
    desk, portrait, short_voice, tmp_path
):
    wall, broken = tmp_path / "wall.png", tmp_path / "broken.png"
    Image.new("RGB", (700, 400), (30, 90, 200)).save(wall)
    broken.write_bytes(wall.read_bytes()[:200])
    expected = {
        wall: {"background-unreadable": "usable", "background-shows-people": "usable"},
        portrait: {"background-unreadable": "usable", "background-shows-people": "unusable"},
        broken: {"background-unreadable": "unusable"},
    }
    for path, verdicts in expected.items():
        desk.offer(JobKind.MEASURE, {"voice": short_voice, "background": path}, spec=DRAFT)
        result = _measured(desk)
        desk.platform.results.clear()
        found = {f.check: f.verdict.value for f in result.findings if "background" in f.check}
        assert found == verdicts
        assert (result.verdict is Verdict.UNUSABLE) == ("unusable" in verdicts.values())
        assert not result.facts["prompt_report"][0]["honoured"]


@pytest.fixture
def still(portrait, tmp_path):
    """A second of a portrait that does not move: (300, 280) px."""
    picture = load_photo(portrait).rgb[:300, :280]
    path = tmp_path / "still.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.height, stream.width = picture.shape[:2]
        for _ in range(30):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def test_a_finished_video_is_looked_at_for_lips(desk, still, voice):
    desk.offer(JobKind.MEASURE, {"video": still, "voice": voice}, spec={"engine": "lips"})
    result = _measured(desk)
    assert (result.verdict, result.findings) == (Verdict.USABLE, ())
    assert result.facts["frames"] == result.facts["faces"] == 30
    assert result.facts["in_time"] == 0, "lips that stay as they are follow nothing"


def test_a_video_that_cannot_be_looked_at_is_the_file_s_fault(desk, voice, tmp_path):
    junk = tmp_path / "junk.mp4"
    junk.write_bytes(b"no video")
    desk.offer(JobKind.MEASURE, {"video": junk, "voice": voice}, spec={"engine": "lips"})
    assert desk.runner.run("job-1") is Outcome.FAILED
    failure = desk.platform.failures[0]
    assert (failure["code"], failure["fault"]) == ("video-unreadable", "input")


def test_lips_are_not_looked_at_without_the_voice(desk, still):
    desk.offer(JobKind.MEASURE, {"video": still}, spec={"engine": "lips"})
    assert desk.runner.run("job-1") is Outcome.FAILED
    assert desk.platform.failures[0]["code"] == "role-unsupported"

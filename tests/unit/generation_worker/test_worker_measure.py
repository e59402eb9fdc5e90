import pytest

from compliance.canonical import canonical_json
from compliance.permit import JobKind, MeasureResult, Verdict
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

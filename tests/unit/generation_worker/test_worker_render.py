import hashlib
import io
from datetime import UTC, datetime, timedelta

import av
import pytest

from compliance.permit import JobKind, RenderResult
from compliance.signing import KeyRole, StatementSigner
from compliance.watermark.detector import Detector
from generation.prompt import nearest
from generation.worker.runner import Outcome


@pytest.fixture
def files(portrait, short_voice):
    return {"portrait": portrait, "voice": short_voice}


def test_a_permitted_job_uploads_a_marked_video_that_fits_its_result(desk, files):
    desk.offer(JobKind.RENDER, files, spec={"prompt": "calm, product briefing"})

    assert desk.runner.run("job-1") is Outcome.DONE

    [body] = desk.platform.results
    result = RenderResult.from_dict(body["result"])
    [(name, data)] = desk.platform.uploads.items()
    assert name == result.sha256 == hashlib.sha256(data).hexdigest()
    assert (body["fence"], result.size, result.frames) == (1, len(data), 33)
    assert result.seconds == pytest.approx(1.3, abs=0.1)
    drawn_with = {"face_landmarker.task", "selfie_segmentation.tflite"}
    drawn_with |= {"palm_detection_full.tflite", "hand_landmark_full.tflite"}
    drawn_with |= {"asr_waveform.hama", "lip_reading.npz"}
    assert set(result.models) == drawn_with | set(nearest.PINNED)
    assert [entry["honoured"] for entry in result.prompt_report] == [True, False]
    assert not desk.leftovers()
    assert not desk.platform.failures


def test_the_uploaded_video_decodes_and_carries_the_asset_id(desk, files, watermark_key):
    desk.offer(JobKind.RENDER, files)
    desk.runner.run("job-1")

    [data] = desk.platform.uploads.values()
    with av.open(io.BytesIO(data)) as container:
        video, audio = container.streams.video[0], container.streams.audio[0]
        assert (video.codec_context.name, audio.codec_context.name) == ("h264", "aac")
        assert (video.width, video.height, video.average_rate) == (512, 512, 25)
        planes = [frame.to_ndarray() for frame in container.decode(video)]
        assert len(planes) == 33
        assert float(audio.duration * audio.time_base) == pytest.approx(1.3, abs=0.1)
    found = Detector(watermark_key).detect(planes)
    assert (found.state, found.asset_id) == ("found", "00c0ffee00c0ffee")


def test_the_index_is_at_the_front_so_that_playback_starts_at_once(desk, files):
    desk.offer(JobKind.RENDER, files)
    desk.runner.run("job-1")
    [data] = desk.platform.uploads.values()
    assert 0 < data.find(b"moov") < data.find(b"mdat")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"expires_at": datetime.now(UTC) - timedelta(minutes=2)}, "permit-expired"),
        ({"job_id": "job-2"}, "permit-other-job"),
        ({"spec_digest": "0" * 64}, "permit-digest"),
        ({"fence": 2}, "permit-fence"),
        ({"kind": JobKind.MEASURE}, "permit-kind"),
    ],
)
def test_a_permit_that_is_not_for_this_job_now_makes_nothing(desk, files, changes, code):
    desk.offer(JobKind.RENDER, files, **changes)
    _expect_failure(desk, code, "system")


def test_a_forged_permit_makes_nothing(desk, files):
    desk.offer(JobKind.RENDER, files, signer=StatementSigner.generate(KeyRole.PERMIT))
    _expect_failure(desk, "permit-signature", "system")


def test_a_permit_without_a_watermark_pattern_makes_nothing(desk, files):
    desk.offer(JobKind.RENDER, files)
    desk.platform.watermark = None
    _expect_failure(desk, "watermark-missing", "system")


def test_a_damaged_watermark_pattern_makes_nothing(desk, files):
    desk.offer(JobKind.RENDER, files)
    desk.platform.watermark = desk.platform.watermark[:-1]
    _expect_failure(desk, "audio-pattern-invalid", "system")


def test_an_engine_that_is_not_here_is_named(desk, files):
    desk.offer(JobKind.RENDER, files, spec={"engine": "portraittalk"})
    failure = _expect_failure(desk, "engine-missing", "system")
    assert "portraittalk" in failure["detail"]


def test_one_changed_byte_of_the_voice_makes_nothing(desk, files):
    permit = desk.offer(JobKind.RENDER, files)
    sha = permit.spec.input("voice").sha256
    data = bytearray(desk.platform.inputs[sha])
    data[5000] ^= 1
    desk.platform.inputs[sha] = bytes(data)
    _expect_failure(desk, "input-mismatch", "system")


def test_a_longer_input_than_permitted_is_not_even_stored(desk, files):
    permit = desk.offer(JobKind.RENDER, files)
    sha = permit.spec.input("voice").sha256
    desk.platform.inputs[sha] += bytes(1 << 20)
    _expect_failure(desk, "input-mismatch", "system")


def test_a_voice_longer_than_the_permit_allows_is_the_inputs_fault(desk, files):
    desk.offer(JobKind.RENDER, files, max_seconds=1.0)
    _expect_failure(desk, "audio-too-long", "input")


def test_a_text_file_as_portrait_is_the_inputs_fault(desk, files, tmp_path):
    text = tmp_path / "portrait.jpg"
    text.write_text("this is no picture")
    desk.offer(JobKind.RENDER, files | {"portrait": text})
    failure = _expect_failure(desk, "portrait-unreadable", "input")
    assert failure["remedy"]


def test_a_lease_lost_while_drawing_stops_the_job_without_a_word(desk, portrait, voice):
    def lost_while_drawing(body):
        return (409, {"code": "lease-lost"}) if body["stage"] == "drawing" else (200, {})

    desk.platform.on_heartbeat = lost_while_drawing
    desk.offer(JobKind.RENDER, {"portrait": portrait, "voice": voice})

    assert desk.runner.run("job-1") is Outcome.LOST
    assert desk.platform.heartbeats[-1]["stage"] == "drawing"
    assert not desk.platform.uploads
    assert not desk.platform.results
    assert not desk.platform.failures
    assert not desk.leftovers()


def test_a_cancelled_job_stops_between_frames_and_is_not_tried_again(desk, portrait, voice):
    desk.platform.on_heartbeat = lambda body: (200, {"cancel": body["stage"] == "drawing"})
    desk.offer(JobKind.RENDER, {"portrait": portrait, "voice": voice})
    _expect_failure(desk, "job-cancelled", "input")


def test_a_stopping_worker_hands_its_job_back_between_two_frames(desk, portrait, voice):
    def stop_while_drawing(body):
        if body["stage"] == "drawing":
            desk.stopping.set()
        return 200, {"cancel": False}

    desk.platform.on_heartbeat = stop_while_drawing
    desk.offer(JobKind.RENDER, {"portrait": portrait, "voice": voice})
    _expect_failure(desk, "worker-stopping", "system")


def test_a_stopping_worker_claims_nothing_more(desk, files):
    desk.offer(JobKind.RENDER, files)
    desk.stopping.set()
    assert desk.runner.run("job-1") is Outcome.NOT_CLAIMED
    assert not desk.platform.heartbeats


def test_a_fault_in_this_program_is_reported_as_the_systems_and_raised(desk, files):
    desk.offer(JobKind.RENDER, files, spec={"width": 500_000})  # no engine draws that
    with pytest.raises(ValueError, match="Frames must be"):
        desk.runner.run("job-1")
    [failure] = desk.platform.failures
    assert (failure["code"], failure["fault"]) == ("generation-error", "system")
    assert not desk.leftovers()


def test_progress_only_grows_and_is_told(desk, files):
    desk.offer(JobKind.RENDER, files)
    desk.runner.run("job-1")
    told = [body["progress"] for body in desk.platform.heartbeats]
    assert told == sorted(told)
    assert told[-1] > 0.5


@pytest.mark.parametrize(("status", "code"), [(409, "job-not-claimable"), (403, "consent-expired")])
def test_a_job_that_may_not_be_claimed_ends_quietly(desk, status, code):
    desk.platform.claim_problem = (status, code)
    assert desk.runner.run("job-1") is Outcome.NOT_CLAIMED
    assert not desk.platform.failures


def test_what_is_no_job_id_never_becomes_a_part_of_an_address(desk):
    assert desk.runner.run("../../admin") is Outcome.NOT_CLAIMED
    assert desk.platform.unauthorised == 0


def _expect_failure(desk, code, fault):
    assert desk.runner.run("job-1") is Outcome.FAILED
    [failure] = desk.platform.failures
    assert (failure["code"], failure["fault"], failure["fence"]) == (code, fault, 1)
    assert not desk.platform.uploads
    assert not desk.platform.results
    assert not desk.leftovers()
    return failure

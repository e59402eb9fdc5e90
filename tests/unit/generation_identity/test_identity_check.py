"""The judgement of recordings: what must never come out usable, and what is seen in each."""

import cv2
import numpy as np
import pytest

from compliance.permit import Action, Challenge, Prompt, Verdict
from tests import recordings


def failed(result):
    return {f.check for f in result.findings if f.verdict is Verdict.UNUSABLE}


def value(result, check):
    [found] = [f.value for f in result.findings if f.check == check]
    return found


def another_face(photo):
    """A face of other proportions: far wider, and stretched towards the chin."""
    high, wide = photo.shape[:2]
    rows, columns = np.mgrid[:high, :wide].astype(np.float32)
    down = rows / high
    across = (columns - wide / 2) * (0.45 + 0.55 * down) + wide / 2
    return cv2.remap(photo, across, high * down**0.7, cv2.INTER_LINEAR)


def test_a_head_that_does_what_it_is_asked_is_seen_to(closeup, clip, challenge, judge):
    result = judge(closeup, clip, challenge)
    asked = {f"action-{prompt.action}" for prompt in challenge.prompts}
    assert not failed(result) & (asked | {"action-timing", "action-order", "turn-depth"})
    assert {"clip-faces", "clip-one-person", "portrait-match"}.isdisjoint(failed(result))
    assert [a["action"] for a in result.facts["actions"]] == [p.action for p in challenge.prompts]
    assert set(result.facts["models"]) >= {"face_landmarker.task", "face_recognition_model.bin"}
    assert all(
        f.reason[language] and (f.verdict is Verdict.USABLE or f.remedy[language])
        for f in result.findings
        for language in ("en", "ja")
    )


def test_a_clip_that_our_engine_drew_from_the_portrait_is_found(
    closeup, frames, clip, challenge, judge, tmp_path
):
    assert "clip-is-portrait" in failed(judge(closeup, clip, challenge))
    noisy = recordings.write(tmp_path / "noisy.webm", recordings.noisy(frames))
    assert "clip-is-portrait" in failed(judge(closeup, noisy, challenge))


def test_another_face_does_not_match(closeup, clip, challenge, judge):
    result = judge(another_face(closeup), clip, challenge)
    assert "portrait-match" in failed(result)
    assert value(result, "portrait-match") > 0.5


def test_a_photo_held_to_the_camera_and_turned_by_hand_is_flat(closeup, challenge, judge, tmp_path):
    held = recordings.held_photo(closeup, challenge)
    result = judge(closeup, recordings.write(tmp_path / "held.webm", held), challenge)
    assert {"turn-depth", "action-timing"} <= failed(result)


def test_a_loop_is_seen_even_when_each_round_has_other_noise(
    closeup, frames, challenge, judge, tmp_path
):
    loop = recordings.noisy(recordings.looped(frames, 1.2, 4.2))
    result = judge(closeup, recordings.write(tmp_path / "loop.webm", loop), challenge)
    assert {"clip-repeats", "action-timing"} <= failed(result)


def test_the_right_actions_in_another_order_fail(closeup, clip, challenge, judge):
    asked = [p.action for p in challenge.prompts]
    turned = [
        Prompt(action, p.start, p.end)
        for action, p in zip(asked[1:] + asked[:1], challenge.prompts, strict=True)
    ]
    result = judge(closeup, clip, Challenge(tuple(turned), challenge.seconds))
    assert {"action-timing", "action-order"} <= failed(result)


def test_the_right_actions_at_the_wrong_times_fail(closeup, frames, challenge, judge, tmp_path):
    late = [frames[0]] * int(1.4 * recordings.FPS) + frames
    result = judge(closeup, recordings.write(tmp_path / "late.webm", late), challenge)
    assert "action-timing" in failed(result)


def test_a_recording_that_stops_early_or_stands_still_fails(
    closeup, frames, challenge, judge, tmp_path
):
    short = recordings.write(tmp_path / "short.webm", frames[: 4 * recordings.FPS])
    assert "clip-length" in failed(judge(closeup, short, challenge))
    still = recordings.write(tmp_path / "still.webm", [frames[0]] * len(frames))
    assert {"clip-frozen", "action-timing"} <= failed(judge(closeup, still, challenge))


def test_two_people_before_the_camera_fail(closeup, frames, challenge, judge, tmp_path):
    beside = [np.hstack([frame, frame]) for frame in frames]
    result = judge(closeup, recordings.write(tmp_path / "two.webm", beside), challenge)
    assert "clip-faces" in failed(result)


def test_an_mp4_that_no_browser_wrote_is_a_hint_and_no_verdict(
    closeup, frames, challenge, judge, tmp_path
):
    result = judge(closeup, recordings.write(tmp_path / "a.mp4", frames, codec="mpeg4"), challenge)
    [written] = [f for f in result.findings if f.check == "clip-writer"]
    assert written.verdict is Verdict.WARNINGS


@pytest.mark.parametrize(
    "content", [b"", b"ffconcat version 1.0\nfile /etc/passwd\n", b"\x1aE\xdf\xa3"]
)
def test_what_is_no_recording_is_a_verdict_and_not_an_error(
    content, closeup, challenge, judge, tmp_path
):
    file = tmp_path / "clip"
    file.write_bytes(content)
    result = judge(closeup, file, challenge)
    assert (result.verdict, failed(result)) == (Verdict.UNUSABLE, {"clip-unreadable"})


def test_a_portrait_without_a_face_is_a_verdict_and_not_an_error(clip, challenge, judge):
    result = judge(np.zeros((64, 64, 3), np.uint8), clip, challenge)
    assert (result.verdict, failed(result)) == (Verdict.UNUSABLE, {"portrait-unreadable"})


def test_every_drawn_challenge_has_four_different_actions_and_a_turn():
    for seed in range(50):
        actions = [p.action for p in recordings.draw_challenge(seed).prompts]
        assert len(set(actions)) == 4
        assert {Action.TURN_LEFT, Action.TURN_RIGHT} & set(actions)

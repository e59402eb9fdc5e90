import json
from dataclasses import replace

import numpy as np
import pytest

from generation.__main__ import main
from generation.motion.curves import Controls, Curves
from generation.portraittalk.clothing import clothes, dyed
from generation.portraittalk.structure_drawing import ABOVE_MOUTH, FaceGeometry, mouth_opening
from generation.portraittalk.training import conditions, data_card
from generation.portraittalk.training.conditions import Look
from generation.portraittalk.training.errors import TrainingDataRefused
from generation.portraittalk.training.rights import read_rights
from generation.portraittalk.training.shards import HELD_OUT, TRAIN, WINDOW, shards
from generation.portraittalk.training.speech_set import split_of
from generation.resident import landmarker
from tests.unit.generation_training.conftest import PLAN


def files(root):
    return {p.relative_to(root): p.read_bytes() for p in sorted(root.rglob("*")) if p.is_file()}


def test_a_person_is_kept_with_all_that_is_known_of_each_frame(training_set):
    (shard,) = shards(training_set, TRAIN)
    count = sum(clip.count for clip in shard.about.clips)
    sizes = {name: shard.array(name).shape[0] for name in ("frames", "points", "curves", "heard")}
    assert set(sizes.values()) == {count}
    assert count == PLAN.scenes * PLAN.stills + PLAN.frames
    assert shard.frames.shape[1:] == (128, 128, 3)
    assert shard.array("embeddings").shape == (1 + PLAN.scenes, 128)
    for clip in shard.about.clips:
        assert clip.labels["expression"] in conditions.EXPRESSIONS
        assert clip.speech["split"] == TRAIN
        assert clip.speech["licence"] == "CC0-1.0"


def test_the_landmarks_kept_are_those_of_the_frames(training_set):
    for shard in shards(training_set):
        (window,) = (clip for clip in shard.about.clips if clip.kind == WINDOW)
        large = np.repeat(np.repeat(shard.frames[window.first], 2, 0), 2, 1)
        given = np.c_[shard.points[window.first].astype(float) * 2 + 0.5, np.zeros(478)]
        found = landmarker().track(large, given).points[:, :2] / 2
        assert np.linalg.norm(found - shard.points[window.first], axis=1).mean() < 2  # px of 128


def test_in_every_look_landmarks_are_the_photos_moved_by_the_curves(training_set):
    for shard in shards(training_set):
        photo = np.array(shard.array("reference_points"), np.float64)
        photo[:, :2] = (photo[:, :2] + 0.5) * 2 - 0.5
        photo[:, 2] *= 2
        tracks = np.asarray(shard.array("curves")).T
        curves = Curves(**dict(zip(Controls._fields, tracks, strict=True)))
        moved = (FaceGeometry(photo, 2 * 128).moved(curves) + 0.5) / 2 - 0.5
        upper = list(ABOVE_MOUTH)  # how far a mouth opens is calibrated in each look
        away = np.linalg.norm(shard.points.astype(float) - moved, axis=2)[:, upper]
        assert away.max() < 0.06  # px of 128; half a step of half precision


def test_the_mouth_opens_as_its_curve_says(make, tmp_path):
    plan = replace(PLAN, scenes=1, stills=1, frames=25)
    (shard,) = shards(make(tmp_path, plan), TRAIN)
    opening, gap = mouth_opening(shard.points.astype(float)), shard.array("curves")[:, 0]
    assert np.corrcoef(opening[1:], gap[1:])[0, 1] > 0.9


def test_the_same_seed_gives_the_same_set_and_another_seed_another(training_set, make, tmp_path):
    again = files(make(tmp_path / "again"))
    assert again == files(training_set)
    other = files(make(tmp_path / "other", replace(PLAN, seed=4, scenes=2)))
    assert other.keys() == again.keys()
    assert other != again


def test_making_a_set_goes_on_where_it_was(folders, rights, tmp_path, capsys):
    people, voices = folders
    call = ["train-data", "--portraits", str(people), "--speech", str(voices), "--out"]
    call += [
        str(tmp_path / "out"),
        "--rights",
        str(rights),
        "--voices",
        "1",
        "--scenes",
        "1",
        "--most",
    ]
    assert main([*call, "1"]) == 0
    (first,) = shards(tmp_path / "out")
    times = {p: p.stat().st_mtime_ns for p in first.folder.iterdir()}
    assert main([*call, "2"]) == 0
    assert len(list(shards(tmp_path / "out"))) == 2
    assert {p: p.stat().st_mtime_ns for p in first.folder.iterdir()} == times
    card = (tmp_path / "out" / data_card.CARD).read_text()
    assert "CC0-1.0" in card
    assert "multiple of four" in card
    assert "Of 1 held-out people" in card


@pytest.mark.parametrize("missing", ["licence", "holder", "people", "source"])
def test_pictures_whose_rights_are_not_said_are_refused(rights, tmp_path, missing):
    said = json.loads(rights.read_text())
    del said["portraits"][missing]
    (tmp_path / "r.json").write_text(json.dumps(said))
    with pytest.raises(TrainingDataRefused, match=missing) as caught:
        read_rights(tmp_path / "r.json", "portraits", "speech")
    assert "JSON" in caught.value.remedy


def test_people_who_did_not_agree_are_refused_and_a_licence_alone_is_not_their_consent(
    rights, tmp_path
):
    said = json.loads(rights.read_text())
    said["speech"]["people"] = "licensed"
    (tmp_path / "r.json").write_text(json.dumps(said))
    assert read_rights(tmp_path / "r.json", "portraits", "speech")
    said["portraits"]["people"] = "licensed"
    (tmp_path / "r.json").write_text(json.dumps(said))
    with pytest.raises(TrainingDataRefused, match="licensed"):
        read_rights(tmp_path / "r.json", "portraits", "speech")


def test_a_damaged_shard_is_refused_and_says_what_to_do(make, tmp_path):
    folder = next(make(tmp_path).glob("*/shard.json"))
    folder.write_text("{")
    with pytest.raises(TrainingDataRefused, match="not a whole shard") as caught:
        list(shards(tmp_path))
    assert "Delete" in caught.value.remedy


def test_held_out_people_speak_held_out_recordings_only(training_set):
    (shard,) = shards(training_set, HELD_OUT)
    assert {clip.speech["split"] for clip in shard.about.clips} == {HELD_OUT}
    assert split_of("somebody", "said-1", frozenset({"somebody"})) == HELD_OUT


def test_a_caption_says_what_is_seen():
    rng = np.random.default_rng(0)
    look = Look("warm", "blue", "red")
    said = {conditions.caption(rng, "smiling", look) for _ in range(40)}
    assert len(said) > 10
    for text in said:
        assert "blue" in text
        assert "red" in text
        assert "warm light" in text or "golden" in text
        assert "smil" in text
    assert "wearing" not in conditions.caption(rng, "sad", Look())


def test_clothes_are_dyed_and_the_face_is_not(portrait):
    face = landmarker().only(portrait)
    cover = clothes(portrait, face.points)
    assert cover is not None
    blue = dyed(portrait, cover, "blue").astype(int)
    inside = cover > 0.95
    assert blue[inside][:, 2].mean() > blue[inside][:, 0].mean() + 60
    nose = face.points[4, :2].astype(int)
    part = np.s_[nose[1] - 40 : nose[1] + 40, nose[0] - 40 : nose[0] + 40]
    assert (blue[part] == portrait[part]).all()

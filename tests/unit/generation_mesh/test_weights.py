import shutil

import pytest

from generation import weights
from generation.errors import WeightsInvalid


def test_every_weight_file_has_the_pinned_bytes():
    assert weights.digests(*weights.names()) == weights.PINNED


def test_every_weight_file_has_a_model_card_that_states_its_digest():
    for name, digest in weights.PINNED.items():
        card = weights.path(name).with_suffix(".md").read_text()
        assert digest in card
        assert "licence" in card.lower()


def test_an_unknown_name_is_refused_with_the_names_there_are():
    with pytest.raises(WeightsInvalid) as refused:
        weights.path("no-such.task")
    assert "face_landmarker.task" in refused.value.remedy


def test_a_file_with_one_changed_byte_is_refused(tmp_path):
    name = "face_landmarker.task"
    changed = tmp_path / name
    shutil.copy(weights.path(name), changed)
    assert weights.verified(changed, weights.PINNED[name]) == changed
    with changed.open("r+b") as stream:
        stream.seek(1000)
        byte = stream.read(1)
        stream.seek(1000)
        stream.write(bytes([byte[0] ^ 1]))
    with pytest.raises(WeightsInvalid) as refused:
        weights.verified(changed, weights.PINNED[name])
    assert refused.value.code == "weights-invalid"
    assert refused.value.remedy


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(WeightsInvalid):
        weights.verified(tmp_path / "gone.task", "0" * 64)

import numpy as np
import pytest
import torch

from generation.errors import WeightsInvalid
from generation.evaluation import syncnet
from generation.evaluation.syncnet_layers import Encoders


@pytest.fixture(scope="session")
def state(tmp_path_factory):
    """A state dict of the published shapes, random."""
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("syncnet") / "syncnet_v2.model"
    torch.save(syncnet.network().state_dict(), path)
    return path


def test_the_layers_have_the_published_shapes():
    with torch.device("meta"):
        net = Encoders()
    shapes = {name: tuple(tensor.shape) for name, tensor in net.state_dict().items()}
    assert shapes["netcnnaud.0.weight"] == (64, 1, 3, 3)
    assert shapes["netcnnaud.18.weight"] == (512, 256, 5, 4)
    assert shapes["netfcaud.3.weight"] == (1024, 512)
    assert shapes["netcnnlip.0.weight"] == (96, 3, 5, 7, 7)
    assert shapes["netcnnlip.18.weight"] == (512, 256, 1, 6, 6)
    assert shapes["netfclip.0.weight"] == (512, 512)


def test_pictures_and_sound_become_embeddings():
    torch.manual_seed(0)
    net = Encoders(width=4, side=16).eval()
    with torch.inference_mode():
        assert net.forward_lip(torch.zeros(1, 3, 5, 224, 224)).shape == (1, 16)
        assert net.forward_aud(torch.zeros(2, 1, 13, 20)).shape == (2, 16)


def test_a_state_dict_of_the_operator_gives_confidence_and_distance(state, clip, speech):
    points = clip.watched.points
    faces = [syncnet.mouth_crop(f, p) for f, p in zip(clip.frames[:36], points, strict=False)]
    found = {each.name: each for each in syncnet.SyncNet(state).judge(faces, speech)}
    assert found["LSE_D"].value > 0
    assert found["LSE_C"].value >= 0
    assert abs(found["syncnet_lag"].value) <= syncnet.REACH


def test_too_short_a_clip_is_said_to_be_too_short(state, clip, speech):
    face = syncnet.mouth_crop(clip.frames[0], clip.watched.points[0])
    found = syncnet.SyncNet(state).judge([face] * 20, speech)
    assert np.isnan(found[0].value)
    assert "frames" in found[0].note


def test_another_file_is_refused_and_its_code_never_runs(tmp_path):
    path = tmp_path / "syncnet_v2.model"
    path.write_bytes(b"cos\nsystem\n(S'touch /tmp/never'\ntR.")
    with pytest.raises(WeightsInvalid, match="not the state dict"):
        syncnet.SyncNet(path)


def test_the_shift_of_two_like_sequences_is_found():
    sequence = np.random.default_rng(0).normal(size=(80, 8)).astype(np.float32)
    distances = syncnet.shifted(sequence[10:70], sequence[6:66])
    assert int(distances.argmin()) == syncnet.REACH + 4


def test_the_cepstra_tell_a_tone_from_noise():
    seconds = np.arange(16000) / 16000
    tone = np.sin(2 * np.pi * 440 * seconds).astype(np.float32)
    noise = np.random.default_rng(0).normal(0, 0.3, 16000).astype(np.float32)
    assert syncnet.mfcc(tone).shape == (99, 13)
    assert np.abs(syncnet.mfcc(tone)[20:40].mean(0) - syncnet.mfcc(noise)[20:40].mean(0)).max() > 5

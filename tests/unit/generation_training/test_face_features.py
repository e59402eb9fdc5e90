import cv2
import numpy as np
import pytest
import torch

from generation.faces.embedding import FaceEmbedder, distance, face_chip
from generation.portraittalk.training.face_features import FaceFeatures, anchors_of
from generation.portraittalk.training.shards import TRAIN, shards


@pytest.fixture(scope="module")
def known(training_set):
    (shard,) = shards(training_set, TRAIN)
    return np.array(shard.frames[:2]), shard.points[:2].astype(np.float64)


def given(pictures, points):
    tensor = torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 127.5 - 1
    return tensor, torch.from_numpy(np.stack([anchors_of(each) for each in points]))


@torch.no_grad()
def test_the_features_end_in_the_very_embedding_that_judges_likeness(known):
    pictures, points = known
    found = FaceFeatures()(*given(pictures, points))[-1].numpy()
    for picture, at, ours in zip(pictures, points, found, strict=True):
        assert distance(ours, FaceEmbedder().of_chip(face_chip(picture, at))) < 0.02


def test_a_blurred_face_is_further_away_than_a_darker_one_and_can_learn(known):
    pictures, points = known
    features = FaceFeatures()
    clear, anchors = given(pictures, points)
    blurred, _ = given(np.stack([cv2.GaussianBlur(p, (0, 0), 2.5) for p in pictures]), points)
    blurred.requires_grad_()
    apart = features.apart(blurred, clear, anchors)
    assert float(features.apart(clear, clear, anchors)) < 1e-6
    assert float(apart.detach()) > 3 * float(features.apart(clear * 0.95, clear, anchors))
    apart.backward()
    better = blurred.detach() - 0.05 * blurred.grad / blurred.grad.abs().max()
    assert float(features.apart(better, clear, anchors)) < float(apart.detach())
    assert not list(features.parameters())  # nothing of it is trained

"""The bits in the picture are those of invisible-watermark: its own code reads and writes them."""

from __future__ import annotations

import warnings
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.reformatter import Interpolation

from compliance.watermark import WatermarkKey, expand
from compliance.watermark.detector import Detector
from tests.unit.compliance.videos import encode, marked_frames, synthetic_frames

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # its imports (torch, onnx) warn about themselves
    imwatermark = pytest.importorskip("imwatermark", reason="invisible-watermark is not installed")

KEY = WatermarkKey(bytes(range(32)))
ASSET = "0123456789abcdef"
EXACT = Interpolation.BICUBIC | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT
SETTINGS = {"scales": [0, 60, 0], "block": 8}


def test_the_librarys_decoder_reads_our_bits_after_h264(tmp_path: Path) -> None:
    pattern = expand(KEY, ASSET)
    frames = marked_frames(synthetic_frames(512, 512, 85), pattern)
    path = encode(frames, tmp_path / "a.mp4", 18)
    decoder = imwatermark.WatermarkDecoder("bits", 1024)
    with av.open(str(path)) as container:
        for index, frame in enumerate(container.decode(video=0)):
            if index % 24 == 12:  # one of each cycle
                bgr = frame.reformat(format="bgr24", interpolation=EXACT).to_ndarray()
                read = np.array(decoder.decode(bgr, "dwtDctSvd", **SETTINGS))
                # blocks with hard edges have more than one singular value that counts
                assert np.mean(read == pattern.of_frame(index)) > 0.95


def test_our_detector_reads_what_the_librarys_encoder_wrote() -> None:
    pattern = expand(KEY, ASSET)
    frames = []
    for index, planes in enumerate(synthetic_frames(512, 512, 13)):
        frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
        encoder = imwatermark.WatermarkEncoder()
        encoder.set_watermark("bits", pattern.of_frame(index).tolist())
        bgr = frame.reformat(format="bgr24", interpolation=EXACT).to_ndarray()
        marked = av.VideoFrame.from_ndarray(encoder.encode(bgr, "dwtDctSvd", **SETTINGS), "bgr24")
        frames.append(marked.reformat(format="yuv420p", interpolation=EXACT).to_ndarray())
    assert Detector(KEY).detect(frames).asset_id == ASSET

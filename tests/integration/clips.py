"""Small real videos, marked as the render worker marks them."""

from __future__ import annotations

import wave
from functools import cache
from pathlib import Path

import av
import numpy as np
from PIL import Image

from compliance.carrier import Carrier
from compliance.label import plan_label
from compliance.label.drawing import draw_label
from compliance.label.picture import LabelPicture
from compliance.watermark.marker import Marker
from generation.media.encoder import Encoder, VideoFormat
from generation.media.label import LabelOverlay
from generation.media.stamp import PreviewStamp
from rakkan.core.blobs import Area, blob_chunks
from rakkan.productions.models import Production
from rakkan.productions.services.labelling import label_place
from rakkan.releases.keys import watermark_key
from tests.benchmarks import samples
from tests.integration import people

_SOUND = people.FIXTURES / "speech.wav"

SIZE, FPS, SECONDS = 512, 25, 5.68  # as people.draft asks for, and as long as its speech
PREVIEW_SIZE, PREVIEW_FPS = 256, 12


def speech_cut(path: Path, seconds: float) -> Path:
    """The beginning of the sample speech, written to ``path``."""
    with wave.open(str(_SOUND)) as whole, wave.open(str(path), "wb") as cut:
        cut.setparams(whole.getparams())
        cut.writeframes(whole.readframes(round(seconds * whole.getframerate())))
    return path


def label_over(production: Production | None) -> LabelOverlay | None:
    """The label that was pinned for a production, as its worker would get it."""
    if production is None or not production.label_sha256:
        return None
    data = b"".join(blob_chunks(Area.INPUTS, production.label_sha256))
    place = label_place(production)
    return LabelOverlay(LabelPicture.from_png(data, place), place)


def _label_of(asset_id: str) -> LabelOverlay | None:
    return label_over(Production.objects.filter(asset_id=asset_id).first())


def usual_label() -> LabelOverlay:
    """The label of what :func:`tests.integration.people.draft` asks for, before there is one."""
    asked, granted = people.draft(), people.terms()
    plan = plan_label(asked.territories, asked.language, granted.ai_label)
    drawn = draw_label(plan, asked.language, SIZE, SIZE, FPS)
    return LabelOverlay(LabelPicture.from_png(drawn.png, drawn.place), drawn.place)


def marked_clip(
    folder: Path,
    asset_id: str,
    *,
    sound: Path = _SOUND,
    seconds: float = SECONDS,
    label: LabelOverlay | None = None,
) -> bytes:
    """Bytes of a clip whose every frame says ``asset_id``, with the sample speech or ``sound``.

    It bears ``label``, or that of the production of that id, if there is one.
    """
    path, carrier = folder / f"{asset_id}.mp4", Carrier.of(watermark_key(), asset_id)
    options = {"audio": sound, "carrier": carrier, "label": label or _label_of(asset_id)}
    with Encoder(path, VideoFormat(SIZE, SIZE, FPS), **options) as encoder:
        _draw(encoder, SIZE, round(seconds * FPS))
    return path.read_bytes()


@cache
def moving_frames() -> list[np.ndarray]:
    """The sample portrait as it speaks the sample speech; drawn once, before a lease is taken."""
    return list(samples.engine().render(samples.curves()))


def moving_clip(folder: Path, asset_id: str) -> bytes:
    """Bytes of a marked clip in which the sample portrait really speaks the sample speech."""
    path, carrier = folder / f"{asset_id}.mp4", Carrier.of(watermark_key(), asset_id)
    options = {"audio": _SOUND, "carrier": carrier, "label": _label_of(asset_id)}
    with Encoder(path, VideoFormat(SIZE, SIZE, FPS), **options) as encoder:
        for frame in moving_frames():
            encoder.write(frame)
    return path.read_bytes()


def preview_clip(folder: Path, asset_id: str, *, marked: int = 24) -> bytes:
    """Bytes of a preview of two seconds.

    Args:
        folder: where it is made.
        asset_id: what the words across it say, and its first ``marked`` frames invisibly.
        marked: the frames after them say another id.
    """
    path, size = folder / f"{asset_id}.mp4", VideoFormat(PREVIEW_SIZE, PREVIEW_SIZE, PREVIEW_FPS)
    stamp = PreviewStamp(PREVIEW_SIZE, PREVIEW_SIZE, asset_id)
    own, other = (Carrier.of(watermark_key(), name) for name in (asset_id, "0" * 16))
    options = {"audio": _SOUND, "max_seconds": 2.0, "stamp": stamp}
    with Encoder(path, size, carrier=own, **options) as encoder:
        _draw(encoder, PREVIEW_SIZE, marked)
        encoder._marker = Marker(other.picture, PREVIEW_SIZE, PREVIEW_SIZE)
        _draw(encoder, PREVIEW_SIZE, 24 - marked)
    return path.read_bytes()


def unmarked_clip(folder: Path, marked: bytes) -> bytes:
    """The same sound, and the same pictures without colour, and so without any mark."""
    source, target = folder / "marked.mp4", folder / "unmarked.mp4"
    source.write_bytes(marked)
    with av.open(str(source)) as old, av.open(str(target), "w") as new:
        picture, sound = old.streams.video[0], old.streams.audio[0]
        grey = new.add_stream("libx264", rate=picture.average_rate)
        grey.width, grey.height, grey.pix_fmt = picture.width, picture.height, "yuv420p"
        copy = new.add_stream_from_template(sound)
        for packet in old.demux(picture, sound):
            if packet.stream is sound:
                if packet.dts is not None:
                    packet.stream = copy
                    new.mux(packet)
                continue
            for frame in packet.decode():
                planes = frame.to_ndarray()
                planes[frame.height :] = 128
                new.mux(grey.encode(_as_frame(planes, frame)))
        new.mux(grey.encode())
    return target.read_bytes()


def _as_frame(planes: np.ndarray, like: av.VideoFrame) -> av.VideoFrame:
    frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
    frame.pts, frame.time_base = like.pts, like.time_base
    return frame


def _draw(encoder: Encoder, size: int, frames: int) -> None:
    with Image.open(people.FIXTURES / "portrait.png") as photo:
        picture = np.asarray(photo.convert("RGB").resize((size, size)))
    for index in range(frames):
        encoder.write(np.roll(picture, index % 5, axis=1))

"""One decoding of a file's pictures for all checks that look at every one of them."""

from dataclasses import dataclass
from pathlib import Path

from compliance.errors import ComplianceError
from compliance.label import LabelPlace
from compliance.label.check import LabelReading, LabelWatch
from compliance.label.picture import LabelPicture
from compliance.watermark.detector import Detection, Detector
from compliance.watermark.files import file_planes
from rakkan.releases.keys import watermark_keys
from rakkan.releases.services.picture import Picture


@dataclass(frozen=True, slots=True)
class Label:
    """The pinned picture of the visible AI label, its bytes checked, and where it stands."""

    png: bytes
    place: LabelPlace

    def watch(self) -> LabelWatch:
        """Return what measures it.

        Raises:
            InvalidInput: it is no PNG of that size.
        """
        return LabelWatch(LabelPicture.from_png(self.png, self.place), self.place)


@dataclass(frozen=True, slots=True)
class Looked:
    """What was seen.

    Attributes:
        detection: of the mark; it counts the frames.
        label: frame by frame; None where there is none that could be looked for.
    """

    detection: Detection
    label: LabelReading | None


def look(path: Path, picture: Picture, label: Label | None) -> Looked:
    """Look at every frame of a file once.

    Raises:
        InvalidInput: it cannot be decoded to its end, or is longer than it can be.
    """
    frames, watch = file_planes(path, most=picture.most_frames), _watch(label)
    if watch is not None:
        frames = watch.watched(frames)
    detection = Detector(watermark_keys()).detect(frames)
    return Looked(detection, watch.reading if watch else None)


def _watch(label: Label | None) -> LabelWatch | None:
    try:
        return label.watch() if label else None
    except ComplianceError:  # no reason to see nothing else; whoever asks for the label finds none
        return None

"""Everything that is measured of one video, by subject."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from generation.audio import Phone, Speech, load
from generation.errors import EngineMissing
from generation.evaluation import syncnet
from generation.evaluation.alignment import aligned
from generation.evaluation.closures import closures
from generation.evaluation.joint import joint
from generation.evaluation.likeness import likeness
from generation.evaluation.measures import Measure
from generation.evaluation.movement import liveliness, smoothness, stillness
from generation.evaluation.quality import blurs, vmaf
from generation.evaluation.sound import Heard, listen, offset
from generation.evaluation.synchrony import Shifts, moving, shifts, synchrony, within_speech
from generation.evaluation.video import MAX_SECONDS, Format, describe, frames
from generation.evaluation.watched import Watched, watch
from generation.faces.arrays import Image
from generation.media.photo import load_photo
from generation.resident import landmarker


@dataclass(frozen=True)
class Case:
    """What is judged.

    Attributes:
        video: the finished video.
        photo: whom it should show.
        audio: what should be said; None takes the video's own sound.
        text: an English transcript, aligned where PocketSphinx is installed.
        phones: the sounds with their times, where they are known exactly.
        reference: a video to compare with.
        syncnet: SyncNet's state dict.
    """

    video: Path
    photo: Path
    audio: Path | None = None
    text: str = ""
    phones: list[Phone] | None = None
    reference: Path | None = None
    syncnet: Path | None = None


@dataclass(frozen=True)
class Report:
    """What was found.

    Attributes:
        case: what was judged.
        format: of the video.
        groups: subject -> measures.
        notes: sentences about what could not be done.
        watched: the curves.
        heard: the curves of the sound.
        shifts: correlations with what the judge hears.
    """

    case: Case
    format: Format
    groups: dict[str, list[Measure]]
    notes: list[str]
    watched: Watched
    heard: Heard
    shifts: Shifts

    def value(self, name: str) -> float:
        """Return a measure's value by its name."""
        return self.measures()[name].value

    def measures(self) -> dict[str, Measure]:
        """Return all measures by name."""
        return {each.name: each for group in self.groups.values() for each in group}

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {
            "video": self.case.video.name,
            "frames": int(self.watched.gap.size),
            "frames_with_face": int(self.watched.seen.sum()),
            "fps": self.format.fps,
            "size": [self.format.width, self.format.height],
            "notes": self.notes,
            "measures": {
                group: {each.name: each.to_dict() for each in found}
                for group, found in self.groups.items()
            },
        }


def evaluate(case: Case) -> Report:
    """Measure a video.

    Raises:
        VideoError: it cannot be read or shows no face.
        PortraitError: the photo cannot be used.
        AudioError: the voice track cannot be used.
        WeightsInvalid: a weight file is not the pinned one.
    """
    form, photo = describe(case.video), load_photo(case.photo).rgb
    speech = load(case.audio or case.video, max_seconds=MAX_SECONDS)
    watched = _watch(case.video, form, photo)
    other = None
    if case.reference is not None:
        other = _watch(case.reference, describe(case.reference), photo)
    return judge(case, form, speech, watched, other)


def judge(
    case: Case, form: Format, speech: Speech, watched: Watched, other: Watched | None
) -> Report:
    """Measure what was seen of a video (and of its reference) against the sound."""
    notes: list[str] = []
    phones = case.phones or _aligned(case, speech, notes)
    heard = listen(speech, watched.times, watched.fps, phones)
    groups = {
        "lips and voice": [*_lips(watched, heard), _own_sound(case, form, speech)],
        "closures": closures(watched.gap, heard, watched.fps),
        "silence": stillness(watched, heard.silence, heard.speech),
        "identity": likeness(watched),
        "movement": liveliness(watched),
        "time": smoothness(watched),
        "picture": [*blurs(watched), vmaf(case.video, case.reference)],
        "SyncNet": _syncnet(case, form, speech),
    }
    found = shifts(moving(watched.gap), heard.expected.opening, watched.fps)
    idle = groups["silence"][0].value
    groups["joint"] = joint(watched, other, r=float(found.r.max()), idle=idle)
    if missed := int((~watched.seen).sum()):
        notes.append(f"No face was found in {missed} of {watched.gap.size} frames.")
    return Report(case, form, groups, notes, watched, heard, found)


def _watch(path: Path, form: Format, photo: Image) -> Watched:
    return watch(frames(path), form.fps, photo, round(form.seconds * form.fps))


def _lips(watched: Watched, heard: Heard) -> list[Measure]:
    signals = {
        "judge": heard.expected.opening,
        "log_energy": heard.log_energy,
        "band_energy": heard.band_energy,
    }
    if heard.aligned is not None:
        signals["phones"] = heard.aligned
    found, gap = [], moving(watched.gap)
    for name, signal in signals.items():
        found += synchrony(name, gap, signal, watched.fps)
        found.append(within_speech(name, gap, signal, heard.speech, watched.fps))
    return found


def _own_sound(case: Case, form: Format, speech: Speech) -> Measure:
    """Return how late the video's own sound is, where another was given to compare with."""
    if case.audio is None or not form.sound:
        note = "needs a video with sound, and the sound it should have (--audio)"
        return Measure("own_sound_lag", np.nan, "ms", note=note)
    return offset(load(case.video, max_seconds=MAX_SECONDS), speech)


def _aligned(case: Case, speech: Speech, notes: list[str]) -> list[Phone] | None:
    if not case.text.strip():
        return None
    try:
        phones = aligned(speech, case.text)
    except EngineMissing as error:
        notes.append(f"{error} {error.remedy}")
        return None
    if phones is None:
        notes.append("The transcript could not be aligned with the sound; the judge decides alone.")
    return phones


def _syncnet(case: Case, form: Format, speech: Speech) -> list[Measure]:
    if case.syncnet is None:
        return syncnet.missing()
    return syncnet.SyncNet(case.syncnet).judge(_faces(case.video, form), speech)


def _faces(path: Path, form: Format) -> list[Image]:
    """Return the faces of a video at SyncNet's 25 frames a second."""
    found: list[Image] = []
    face = None
    for index, picture in enumerate(frames(path)):
        if face is None or face.score < 0.5:
            face = landmarker().landmarks(picture)
        else:
            face = landmarker().track(picture, face.points)
        while face is not None and len(found) <= index * syncnet.FPS / form.fps:
            found.append(syncnet.mouth_crop(picture, face.points))
    return found

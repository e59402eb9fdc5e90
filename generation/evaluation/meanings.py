"""What each measure means, in words: for the page, and for docs/evaluation.md."""

from typing import NamedTuple


class Meaning(NamedTuple):
    """A measure's title and what it says, a sentence each."""

    title: str
    says: str


_SIGNALS = {
    "judge": ("the judge", "what Whisper's encoder lets expect of the lips"),
    "log_energy": ("loudness", "the logarithm of the sound's energy in the frame"),
    "band_energy": ("voice band", "the same of 300 to 3000 Hz, where vowels have their formants"),
    "phones": ("known sounds", "lip aperture by sounds that are known (transcript or synthesis)"),
}


def _synchrony() -> dict[str, Meaning]:
    found = {}
    for name, (title, what) in _SIGNALS.items():
        found[f"r_{name}"] = Meaning(f"Lips and {title}", f"Pearson's r of mouth gap and {what}.")
        found[f"lag_{name}"] = Meaning(
            f"Lag by {title}", "Shift within 0.6 s at which r is best; positive: lips late."
        )
        found[f"confidence_{name}"] = Meaning(
            f"Confidence by {title}", "Best r less the median r of all shifts (after SyncNet)."
        )
        found[f"r_speech_{name}"] = Meaning(
            f"Within speech, {title}", "r in frames of speech only: pauses make r easy."
        )
    return found


MEANINGS: dict[str, Meaning] = _synchrony() | {
    "own_sound_lag": Meaning(
        "The file's own sound", "How late the video's own sound is against the given one."
    ),
    "closure": Meaning("Closures", "Frames of p, b, m with lips closed (gap below rest + 0.1 cm)."),
    "false_closure": Meaning("False closures", "Frames of other speech with lips closed."),
    "open_vowels": Meaning(
        "Open vowels", "Frames of open vowels with lips apart (gap above rest + 0.25 cm)."
    ),
    "closed_sounds": Meaning(
        "Closing sounds", "Sounds p, b, m with a closed frame in or within 40 ms beside them."
    ),
    "rest_gap": Meaning("Gap at rest", "Median gap in silence; without any, its 5th percentile."),
    "opening_range": Meaning("Widest opening", "95th percentile of the gap above rest."),
    "lip_speed_silence": Meaning(
        "Lips in silence", "Mean speed of the lips in the head while nobody speaks."
    ),
    "lip_speed_speech": Meaning("Lips in speech", "The same while somebody speaks."),
    "identity_mean": Meaning(
        "Likeness", "Mean distance of the face's embedding from the photo's (dlib's ResNet)."
    ),
    "identity_max": Meaning("Least likeness", "The largest such distance."),
    "identity_drift": Meaning("Drift", "Slope of that distance over the clip."),
    "blinks": Meaning("Blinks", "Lids below 0.6 of their usual opening for at most 0.8 s."),
    "yaw_deviation": Meaning("Turning", "Standard deviation of the head's yaw."),
    "pitch_deviation": Meaning("Nodding", "Standard deviation of the head's pitch."),
    "roll_deviation": Meaning("Tilting", "Standard deviation of the head's roll."),
    "head_speed": Meaning("Head speed", "95th percentile of the head's angular speed."),
    "jerk": Meaning("Jerk", "Third difference of eyes and nose in the picture, RMS."),
    "flicker": Meaning(
        "Flicker", "Upper face's grey level against its neighbours in time, in blocks, median."
    ),
    "warping_error": Meaning(
        "Warping error", "Squared difference to the last frame moved by optical flow (Lai 2018)."
    ),
    "face_blur": Meaning("Blur of the face", "No-reference blur of Crete 2007, 0 sharp to 1."),
    "mouth_blur": Meaning("Blur of the mouth", "The same around the lips."),
    "vmaf": Meaning("VMAF", "Netflix's VMAF against the reference video."),
    "LSE_C": Meaning("LSE-C", "SyncNet's confidence, where the operator has its weights."),
    "LSE_D": Meaning("LSE-D", "SyncNet's least distance."),
    "syncnet_lag": Meaning("SyncNet's lag", "SyncNet's offset."),
    "joint_S": Meaning("S, space", "Frechet distance of face shapes to the reference, per axis."),
    "joint_T": Meaning("T, time", "Frechet distance of 160-ms velocities to the reference."),
    "jerk_ratio": Meaning("Jerk ratio", "Jerk of the head to the reference's; 1 is alike."),
    "joint_A": Meaning("A, audio", "Best r with the judge, less for lips that move in silence."),
    "joint": Meaning("Joint", "Geometric mean of S, T (with the jerk ratio) and A as scores 0..1."),
}


def meaning(name: str) -> Meaning:
    """Return a measure's words."""
    return MEANINGS.get(name, Meaning(name, ""))

"""One label that fulfils the rules of every territory a video is for."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil

from compliance.label.profiles import LEAST_HEIGHT, Profile, profiles_for
from compliance.label.wording import says_it, wording_of


@dataclass(frozen=True, slots=True)
class LabelLine:
    """One phrase, and how high its capital letters are: a share of the picture's shorter side."""

    text: str
    height: float


@dataclass(frozen=True, slots=True)
class LabelPlan:
    """What a label has to be.

    Attributes:
        lines: its phrases, from the top.
        profiles: names of the profiles that it fulfils.
        seconds: how long from the first frame; None for the whole video.
        contrast: of letters to their ground whatever is behind.
    """

    lines: tuple[LabelLine, ...]
    profiles: tuple[str, ...]
    seconds: float | None
    contrast: float

    def until(self, fps: int) -> int:
        """Return the first frame without it; 0 where it stays to the end."""
        return 0 if self.seconds is None else ceil(self.seconds * fps)


def plan_label(territories: Iterable[str], language: str, words: str = "") -> LabelPlan:
    """Return the strictest union of the territories' profiles.

    The words that the depicted person chose come first. Where they do not say it in the video's
    language, or in one that a territory prescribes, a phrase of ours is added: nobody's words are
    replaced, and none is left out. A phrase is as high as the strictest profile that it serves.

    Args:
        territories: words of the consents' vocabulary.
        language: of the video, BCP 47.
        words: that the consent wants viewers to read; may be empty.
    """
    profiles = profiles_for(territories)
    asked = _heights(profiles, language)
    texts = [" ".join(words.split())] if words.strip() else []
    for spoken in asked:
        if not any(says_it(text, spoken) for text in texts):
            texts.append(wording_of(spoken).text)
    limited = [profile.seconds for profile in profiles if profile.seconds is not None]
    return LabelPlan(
        lines=tuple(LabelLine(text, _height(text, asked)) for text in texts),
        profiles=tuple(profile.name for profile in profiles),
        seconds=max(limited) if len(limited) == len(profiles) else None,
        contrast=max(profile.contrast for profile in profiles),
    )


def _heights(profiles: tuple[Profile, ...], language: str) -> dict[str, float]:
    """Return how high letters are in each language that has to be spoken, the video's first."""
    heights = {language: LEAST_HEIGHT}
    for profile in profiles:
        for spoken in profile.languages or (language,):
            heights[spoken] = max(heights.get(spoken, 0.0), profile.text_height)
    return heights


def _height(text: str, asked: dict[str, float]) -> float:
    served = [height for spoken, height in asked.items() if says_it(text, spoken)]
    return max([LEAST_HEIGHT, *served])

"""What the rules of each territory ask of a visible label, as data. No legal advice.

A rule that says "clear" or "conspicuous" without a number has the number that we chose for it;
docs/labels.md says which numbers are the law's and which are ours.
"""

from collections.abc import Iterable
from dataclasses import dataclass

LEAST_HEIGHT = 0.035  # of capital letters, as a share of the shorter side: read on a small screen
WORLD = "WORLD"  # in the vocabulary of consents: every territory


@dataclass(frozen=True, slots=True)
class Profile:
    """One territory's rules.

    Attributes:
        name: as reports say it.
        territories: words of the consents' vocabulary that it is for; none: what is left.
        rule: where it comes from.
        languages: that it prescribes; without any the video's own has to be spoken.
        text_height: of capital letters in that language, as a share of the picture's shorter side.
        seconds: how long from the first frame; None for the whole video.
        contrast: of letters to their ground whatever is behind, as WCAG 2.2 counts it.
    """

    name: str
    territories: tuple[str, ...]
    rule: str
    languages: tuple[str, ...] = ()
    text_height: float = LEAST_HEIGHT
    seconds: float | None = None
    contrast: float = 4.5


PROFILES = (
    Profile(
        "EU",
        ("EU",),
        "Regulation (EU) 2024/1689, Art. 50(4) and (5); Code of Practice on marking (2026-06): "
        "clear and distinguishable, at the latest at the first exposure",
        text_height=0.04,
        contrast=7.0,
    ),
    Profile(
        "CN",
        ("CN",),
        "GB 45438-2025: words for AI and for generated or synthesised at the start, at least 2 s, "
        "at least 5 % of the shorter side",
        languages=("zh",),
        text_height=0.05,
        seconds=3.0,  # a second more than the least: a player may skip the first frames
    ),
    Profile(
        "US-CA",
        ("US",),
        "California SB 942 and AB 853: a manifest disclosure that is clear, conspicuous and "
        "permanent or hard to remove",
        text_height=0.04,
        contrast=7.0,
    ),
    Profile("JP", ("JP",), "AI Guidelines for Business (METI, MIC): say that AI was used"),
    Profile("default", (), "no rule known to us: what a viewer can read at once"),
)


def profiles_for(territories: Iterable[str]) -> tuple[Profile, ...]:
    """Return the profiles of some territories, in the order of the list.

    The whole world is all of them, and what no profile names has the one that is left.
    """
    asked = set(territories)
    if WORLD in asked or not asked:
        return PROFILES
    named = {word for profile in PROFILES for word in profile.territories}
    return tuple(
        profile
        for profile in PROFILES
        if asked & set(profile.territories) or (not profile.territories and asked - named)
    )

"""What a consent can allow and a request can ask for, and whether the one covers the other."""

from dataclasses import dataclass
from enum import StrEnum


class Purpose(StrEnum):
    """What a video is for."""

    PRODUCT_BRIEFING = "product_briefing"
    INTERNAL_TRAINING = "internal_training"
    INTERNAL_NEWS = "internal_news"
    CUSTOMER_SUPPORT = "customer_support"
    MARKETING = "marketing"
    RECRUITMENT = "recruitment"


class Channel(StrEnum):
    """Where a video is shown."""

    INTRANET = "intranet"
    WEBSITE = "website"
    SOCIAL_MEDIA = "social_media"
    EVENTS = "events"
    BROADCAST = "broadcast"


class Change(StrEnum):
    """What may be changed about the person's picture, or about their voice."""

    EXPRESSION = "expression"
    BACKGROUND = "background"
    CLOTHING = "clothing"
    SYNTHETIC_SPEECH = "synthetic_speech"  # words made by a machine in their voice


_OF_A_VOICE = [Change.SYNTHETIC_SPEECH.value]
CHANGES_OF = {  # what a consent about a likeness, and one about a voice, can permit
    "likeness": [change.value for change in Change if change.value not in _OF_A_VOICE],
    "voice": _OF_A_VOICE,
}


WORLD = "WORLD"  # a territory that covers every other
TERRITORIES = (WORLD, "JP", "EU", "US", "CN", "GB", "KR", "SG", "AU")
LANGUAGES = ("en", "ja", "de", "es", "fr", "it", "ko", "zh")


@dataclass(frozen=True, slots=True)
class Scope:
    """The sets a consent allows."""

    purposes: frozenset[str]
    channels: frozenset[str]
    territories: frozenset[str]
    languages: frozenset[str]
    changes: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Use:
    """What one production asks for."""

    purpose: str
    channels: frozenset[str]
    territories: frozenset[str]
    language: str
    changes: frozenset[str] = frozenset()  # what it needs permitted; none is no gap


@dataclass(frozen=True, slots=True)
class Gap:
    """One thing that is asked for and not allowed."""

    field: str
    asked: tuple[str, ...]
    allowed: tuple[str, ...]

    def __str__(self) -> str:
        """Return a sentence."""
        allowed = ", ".join(self.allowed) or "nothing"
        return f"{self.field}: {', '.join(self.asked)} is not allowed (allowed: {allowed})"


def scope_within(inner: Scope, outer: Scope) -> bool:
    """Say whether everything ``inner`` allows is allowed by ``outer``."""
    everywhere = WORLD in outer.territories
    return (
        inner.purposes <= outer.purposes
        and inner.channels <= outer.channels
        and (everywhere or inner.territories <= outer.territories)
        and inner.languages <= outer.languages
        and inner.changes <= outer.changes
    )


def scope_gaps(scope: Scope, use: Use) -> list[Gap]:
    """Return what ``use`` asks for beyond ``scope``; an empty request field is a gap as well."""
    pairs = (
        ("purpose", frozenset({use.purpose}), scope.purposes),
        ("channel", use.channels, scope.channels),
        ("territory", use.territories, scope.territories),
        ("language", frozenset({use.language}), scope.languages),
    )
    gaps = []
    for field, asked, allowed in pairs:
        covered = field == "territory" and WORLD in allowed
        missing = set() if covered and asked else set(asked) - set(allowed)
        if missing or not asked or "" in asked:
            gaps.append(Gap(field, tuple(sorted(missing)) or ("nothing",), tuple(sorted(allowed))))
    if changes := use.changes - scope.changes:
        gaps.append(Gap("change", tuple(sorted(changes)), tuple(sorted(scope.changes))))
    return gaps

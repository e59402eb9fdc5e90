"""What a file is, in one of five words, from everything that was found out about it."""

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """What people are told."""

    UNCHANGED = "ours-unchanged"
    COPY = "ours-copy"
    WITHDRAWN = "ours-withdrawn"
    ALTERED = "altered"
    UNKNOWN = "unknown"


SENTENCES = {
    Verdict.UNCHANGED: "Ours and unchanged.",
    Verdict.COPY: "Ours, re-encoded or cut.",
    Verdict.WITHDRAWN: "Ours, but consent was withdrawn or it was called back: do not use it.",
    Verdict.ALTERED: "It claims to be ours but is altered: do not rely on it.",
    Verdict.UNKNOWN: "Not known: nothing in it says that it was made here.",
}


@dataclass(frozen=True, slots=True)
class Heard:
    """What is known of a file; None where nobody could check.

    Attributes:
        trusted: it carries our manifest and the manifest holds.
        claims: it says of itself that it is ours, in a manifest that does not hold.
        same_bytes: it is byte for byte what was released.
        recovered: its manifest is one that was recovered for a copy, and says so.
        marked: its pixels carry the mark of a release.
        looks_like_it: its pictures are those of the release that the mark or manifest names.
        found: its pictures were found among the releases.
        stands: the release stands and the consents live.
        heard: its sound carries the mark of a release.
        heard_another: its sound carries the mark of another release than its pictures.
        pictured: it has pictures; a sound has none.
    """

    trusted: bool = False
    claims: bool = False
    same_bytes: bool | None = None
    recovered: bool = False
    marked: bool | None = None
    looks_like_it: bool | None = None
    found: bool | None = None
    stands: bool | None = None
    heard: bool | None = None
    heard_another: bool = False
    pictured: bool = True


def conclude(heard: Heard) -> Verdict:
    """Return the verdict.

    In this order:

    1. A manifest of ours that does not hold, or that was put on other bytes or other pictures, or a
       mark on other pictures; sound of ours with the pictures of another release, or with pictures
       that are of none: altered.
    2. Nothing of ours in it: not known.
    3. The release was called back, or a consent ended: withdrawn.
    4. A manifest that holds, and no byte known to differ: unchanged. Else it is a copy.
    """
    signed = heard.trusted and not heard.recovered
    if heard.claims or (signed and heard.same_bytes is False):  # 1
        return Verdict.ALTERED
    if (heard.trusted or heard.marked) and heard.looks_like_it is False:
        return Verdict.ALTERED
    pictures = heard.trusted or heard.same_bytes or heard.marked or heard.found
    foreign = heard.heard and heard.pictured and not pictures and heard.found is False
    if foreign or (heard.heard_another and pictures):
        return Verdict.ALTERED
    if not (pictures or heard.heard):  # 2
        return Verdict.UNKNOWN
    if heard.stands is False:  # 3
        return Verdict.WITHDRAWN
    return Verdict.UNCHANGED if signed or heard.same_bytes else Verdict.COPY  # 4

"""Whether a file is ours: seven numbered checks and a verdict, for anybody and for the publisher.

What was found in the file (an examination) is held against what the publisher knows of its releases
(an archive). A stranger has no archive: those checks are reported as not made, and the public
service makes them. No media library is loaded here.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from compliance.fingerprint.placing import Placement
from compliance.verify.examination import Examination, Proposal
from compliance.verify.report import CannotCheck, Check, Fails, Outcome, make_checks
from compliance.verify.verdict import Heard, Verdict, conclude

_TRUSTED = "Trusted"
_NONE = "none"
# Of one frame's pictures against another's; a crop off the middle stays above, another portrait
# that a mark was copied to is mostly below.
_ALIKE = 0.4
_PICTURED = ("video", "picture")  # kinds that have pictures
_NO_ARCHIVE = "Only the publisher can look: its public page does."


@dataclass(frozen=True, slots=True)
class Known:
    """What a publisher says of one of its releases, or of a preview.

    Attributes:
        asset_id: its id.
        file_sha256: of the file as it was released; empty for a preview.
        status: "released", "revoked" or "preview".
        consent: "live", or why it is not.
    """

    asset_id: str
    file_sha256: str
    status: str
    consent: str

    @property
    def stands(self) -> bool:
        """Say whether it may be used."""
        return (self.status, self.consent) == ("released", "live")


@dataclass(frozen=True, slots=True)
class Found:
    """A release whose pictures are those of a file.

    Attributes:
        asset_id: of the release.
        placement: which part of it; None where its small pictures are gone or were not enough.
    """

    asset_id: str
    placement: Placement | None


class Archive(Protocol):
    """What a publisher knows of its releases."""

    def by_asset(self, asset_id: str) -> Known | None:
        """Return the release or preview with this id."""

    def by_bytes(self, sha256: str) -> Known | None:
        """Return the release that has these bytes."""

    def by_pictures(self, examination: Examination) -> Found | None:
        """Return the release with these pictures."""

    def place(self, examination: Examination, asset_id: str) -> Placement | None:
        """Return where the pictures of a file lie in a release; None where nothing is kept."""

    def reference(self, asset_id: str) -> bytes:
        """Return the small pictures a copy is laid over; empty where nothing is kept."""


@dataclass(frozen=True)
class Question:
    """A file and what is known of the releases it may be one of."""

    examination: Examination
    archive: Archive | None = None

    @cached_property
    def by_bytes(self) -> Known | None:
        """The release that has these bytes."""
        return self.archive.by_bytes(self.examination.sha256) if self.archive else None

    @cached_property
    def signed(self) -> str | None:
        """The asset that a manifest of ours names, as the original or as what this is a copy of."""
        manifest = self.examination.manifest
        if manifest.get("state") != _TRUSTED:
            return None
        return manifest.get("asset_id") or manifest.get("recovered_for")

    @cached_property
    def marked(self) -> str | None:
        """The asset that the pixels name; without an archive whatever they say."""
        asked = self.examination.asked
        proposed = asked["asset_id"] if asked.get("state") == "found" else None
        return self._released(self.examination.mark.get("asset_id")) or proposed

    @cached_property
    def heard(self) -> str | None:
        """The asset that the sound names, or agrees with where it was asked for."""
        return self._released(self.examination.sound.get("asset_id"))

    def _released(self, asset_id: str | None) -> str | None:
        if asset_id and self.archive and self.archive.by_asset(asset_id) is None:
            return None  # an id that nothing was released under: a chance in four thousand million
        return asset_id

    @cached_property
    def found(self) -> Found | None:
        """The release with these pictures: where the id is known, only that one is compared."""
        if self.archive is None or self.examination.kind not in _PICTURED:
            return None
        named = self.signed or self.marked
        if named is None:
            return self.archive.by_pictures(self.examination)
        placement = self.archive.place(self.examination, named)
        return Found(named, placement) if placement and placement.holds else None

    @cached_property
    def looks_like_it(self) -> bool | None:
        """Whether its pictures can be those of the release it names; None where nobody knows."""
        named = self.signed or self.marked
        if named is None or self.archive is None or self.examination.kind not in _PICTURED:
            return None
        placement = self.archive.place(self.examination, named)
        return None if placement is None else placement.likeness >= _ALIKE

    @cached_property
    def known(self) -> Known | None:
        """The release that everything points to."""
        if self.archive is None:
            return None
        if self.by_bytes:
            return self.by_bytes
        found = self.found.asset_id if self.found else None
        asset_id = self.signed or self.marked or found or self.heard
        return self.archive.by_asset(asset_id) if asset_id else None


def proposals(question: Question) -> list[Proposal]:
    """Return the releases whose marks a file is to be asked for; none where its marks were read.

    They are those that its manifest names or its fingerprint proposes.
    """
    seen, archive = question.examination, question.archive
    unread = (seen.mark and question.marked is None) or (seen.sound and question.heard is None)
    if archive is None or not unread:
        return []
    found = question.found.asset_id if question.found else None
    named = dict.fromkeys(filter(None, (question.signed, question.marked, found)))
    return [Proposal(each, archive.reference(each)) for each in named]


@dataclass(frozen=True)
class Answer:
    """The checks, the verdict and what it rests on."""

    question: Question
    checks: tuple[Check, ...]
    verdict: Verdict


def answer(question: Question) -> Answer:
    """Return what a file is.

    The checks, in order:

    1. ``readable``: it is a video or a picture and decodes to its end.
    2. ``manifest``: its C2PA manifest is Trusted under the given roots, with a time-stamp.
    3. ``file``: it is byte for byte what was released.
    4. ``watermark``: its pixels carry the id of a release, the one in the manifest if there is one;
       read blindly, or found when it was asked for a release that 2 or 5 name.
    5. ``fingerprint``: its pictures are those of that release, or of one at all; which second.
    6. ``status``: the publisher says now that the release stands and the consents live.
    7. ``audiomark``: its sound carries the same id.

    Every check is made on its own; if the first fails there is nothing to make the others on, and
    the verdict rests on what a manifest claims.
    """
    checks = make_checks(question, _CHECKS, "file")
    return Answer(question, checks, conclude(_heard(question, checks)))


def _heard(question: Question, checks: tuple[Check, ...]) -> Heard:
    manifest = question.examination.manifest
    ended = {check.name: check.outcome for check in checks}
    known = question.known
    archived = question.archive is not None
    trusted = question.signed is not None
    return Heard(
        trusted=trusted,
        claims=manifest.get("state") not in (None, _NONE, _TRUSTED) and _names_us(question),
        same_bytes=_known(ended["file"]) if archived else None,
        recovered=bool(manifest.get("recovered_for")),
        marked=question.marked is not None if question.examination.mark else None,
        looks_like_it=None if question.by_bytes else question.looks_like_it,
        found=_pictures_found(question),
        heard=question.heard is not None if question.examination.sound else None,
        heard_another=_another(question) is not None,
        pictured=question.examination.kind != "sound",
        stands=known.stands if known else None,
    )


def _pictures_found(question: Question) -> bool | None:
    return None if question.archive is None else question.found is not None


def _another(question: Question) -> str | None:
    """Return the release that the pictures or the manifest name, if the sound names another."""
    found = question.found.asset_id if question.found else None
    named = question.signed or question.marked or found
    return named if named and question.heard not in (None, named) else None


def _known(outcome: Outcome) -> bool | None:
    return None if outcome is Outcome.NOT_MADE else outcome is Outcome.PASS


def _names_us(question: Question) -> bool:
    manifest = question.examination.manifest
    return bool(manifest.get("asset_id") or manifest.get("recovered_for"))


def _readable(question: Question) -> str:
    seen = question.examination
    if not seen.kind:
        problem = seen.problem or "It is no video, picture or sound."
        raise Fails(problem, code="unreadable")
    if seen.kind == "sound":
        return f"A sound of {seen.seconds:.1f} s."
    if seen.kind == "picture":
        return "A picture."
    return f"A video of {seen.frames} frames, {seen.seconds:.1f} s."


def _manifest(question: Question) -> str:
    manifest = question.examination.manifest
    if not manifest:
        raise CannotCheck("No trust folder was given (--trust or RAKKAN_TRUST).")
    if manifest["state"] == _NONE:
        raise Fails("It carries no C2PA manifest.", code="manifest-missing")
    if manifest["state"] != _TRUSTED:
        reasons = ", ".join(manifest["failures"]) or "no reason given"
        raise Fails(f"The manifest is {manifest['state']}: {reasons}.", code="manifest-untrusted")
    if question.signed is None:
        raise Fails("The manifest is of something else.", code="manifest-of-another")
    if manifest["recovered_for"]:
        raise Fails(
            f"A copy of {manifest['recovered_for']}; its manifest was recovered.",
            code="manifest-recovered",
        )
    return f"Trusted, signed by {manifest['signer']}, stamped at {manifest['timestamped_at']}."


def _file(question: Question) -> str:
    if question.archive is None:
        raise CannotCheck(_NO_ARCHIVE)
    if question.by_bytes:
        return f"SHA-256 {question.examination.sha256}, as released."
    if question.known is None:
        raise CannotCheck("Nothing says which release to compare it with.")
    raise Fails("Its bytes are not those that were released.", code="file-changed")


def _watermark(question: Question) -> str:
    mark, asked = question.examination.mark, question.examination.asked
    if question.examination.kind == "sound":
        raise CannotCheck("It has no pixels.")
    if not mark:
        raise CannotCheck("Nobody without the watermark key can look: the public page does.")
    if question.marked is None and asked.get("state") == "found-weakly":
        raise Fails(
            f"The pixels agree only weakly with {asked['asset_id']}: by chance with a probability "
            f"of up to {asked['p_value']:.0e}.",
            code="mark-weak",
        )
    if question.marked is None:
        raise Fails("The pixels carry no mark of ours.", code="mark-missing")
    if question.signed not in (None, question.marked):
        raise Fails(
            f"The pixels say {question.marked}, the manifest says {question.signed}.",
            code="mark-of-another",
        )
    if asked.get("asset_id") == question.marked:
        return (
            f"Nothing can be read blindly, but asked for {question.marked} the pixels carry its "
            f"marks: by chance with a probability of at most {asked['p_value']:.0e}."
        )
    return f"The pixels say {question.marked}, {mark['agreement']:.1%} of its bits arrived."


def _fingerprint(question: Question) -> str:
    if question.archive is None:
        raise CannotCheck(_NO_ARCHIVE)
    if question.examination.kind == "sound":
        raise CannotCheck("It has no pictures.")
    found = question.found
    if found is None:
        raise Fails("No release has such pictures.", code="fingerprint-unknown")
    placed = found.placement
    if placed is None:
        return f"The pictures are like those of {found.asset_id}; what to compare with is deleted."
    return f"The pictures of {found.asset_id}, from second {placed.seconds:.1f} on."


def _status(question: Question) -> str:
    if question.archive is None:
        raise CannotCheck(_NO_ARCHIVE)
    if question.known is None:
        raise CannotCheck("Nothing says which release to ask about.")
    known = question.known
    if not known.stands:
        raise Fails(
            f"The publisher says: {known.status}, consent {known.consent}. Do not use it.",
            code="release-ended",
        )
    return "The publisher says: released, consent live."


def _audiomark(question: Question) -> str:
    sound = question.examination.sound
    if question.examination.kind == "picture":
        raise CannotCheck("A picture has no sound.")
    if not question.examination.mark and not sound:
        raise CannotCheck("Nobody without the watermark key can look: the public page does.")
    if not sound:
        raise CannotCheck("It has no sound.")
    if question.heard is None:
        raise Fails(
            "The sound carries no mark of ours: it was replaced, or worn beyond hearing it.",
            code="mark-missing",
        )
    if another := _another(question):
        raise Fails(
            f"The sound says {question.heard}, the pictures are of {another}.",
            code="mark-of-another",
        )
    if sound["state"] == "found-weakly":
        return (
            f"Asked for {question.heard} the sound agrees: by chance with a probability of at most "
            f"{sound['p_value']:.0e}."
        )
    return f"The sound says {question.heard}; {sound['share']:.0%} of it carries the mark."


_CHECKS = (
    ("readable", _readable),
    ("manifest", _manifest),
    ("file", _file),
    ("watermark", _watermark),
    ("fingerprint", _fingerprint),
    ("status", _status),
    ("audiomark", _audiomark),
)

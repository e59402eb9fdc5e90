"""Whether a file is ours: six numbered checks and a verdict, for anybody and for whoever publishes.

What was found in the file (an examination) is held against what the publisher knows of its releases
(an archive). A stranger has no archive: those checks are reported as not made, and the public
service makes them. No media library is loaded here.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from compliance.fingerprint.placing import Placement
from compliance.verify.examination import Examination
from compliance.verify.report import CannotCheck, Check, Fails, Outcome, make_checks
from compliance.verify.verdict import Heard, Verdict, conclude

_TRUSTED = "Trusted"
_NONE = "none"
# Of one frame's pictures against another's; a crop off the middle stays above, another portrait
# that a mark was copied to is mostly below.
_ALIKE = 0.4
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
        asset_id: str | None = self.examination.mark.get("asset_id")
        if asset_id and self.archive and self.archive.by_asset(asset_id) is None:
            return None  # an id that nothing was released under: a chance in four thousand million
        return asset_id

    @cached_property
    def found(self) -> Found | None:
        """The release with these pictures: where the id is known, only that one is compared."""
        if self.archive is None or not self.examination.kind:
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
        if named is None or self.archive is None or not self.examination.kind:
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
        asset_id = self.signed or self.marked or (self.found.asset_id if self.found else None)
        return self.archive.by_asset(asset_id) if asset_id else None


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
    4. ``watermark``: its pixels carry the id of a release, the one in the manifest if there is one.
    5. ``fingerprint``: its pictures are those of that release, or of one at all; which second.
    6. ``status``: the publisher says now that the release stands and the consents live.

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
        found=question.found is not None if archived else None,
        stands=known.stands if known else None,
    )


def _known(outcome: Outcome) -> bool | None:
    return None if outcome is Outcome.NOT_MADE else outcome is Outcome.PASS


def _names_us(question: Question) -> bool:
    manifest = question.examination.manifest
    return bool(manifest.get("asset_id") or manifest.get("recovered_for"))


def _readable(question: Question) -> str:
    seen = question.examination
    if not seen.kind:
        raise Fails(seen.problem or "It is neither a video nor a picture.", code="unreadable")
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
    mark = question.examination.mark
    if not mark:
        raise CannotCheck("Nobody without the watermark key can look: the public page does.")
    if question.marked is None:
        raise Fails("The pixels carry no mark of ours.", code="mark-missing")
    if question.signed not in (None, question.marked):
        raise Fails(
            f"The pixels say {question.marked}, the manifest says {question.signed}.",
            code="mark-of-another",
        )
    return f"The pixels say {question.marked}, {mark['agreement']:.1%} of its bits arrived."


def _fingerprint(question: Question) -> str:
    if question.archive is None:
        raise CannotCheck(_NO_ARCHIVE)
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


_CHECKS = (
    ("readable", _readable),
    ("manifest", _manifest),
    ("file", _file),
    ("watermark", _watermark),
    ("fingerprint", _fingerprint),
    ("status", _status),
)

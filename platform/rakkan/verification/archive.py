"""What the platform knows of its releases, for whoever asks about a file."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from uuid import UUID

from compliance.errors import ComplianceError
from compliance.fingerprint import VIEWS
from compliance.fingerprint.pictures import SmallPictures, unpack
from compliance.fingerprint.placing import Part, Placement, place
from compliance.verify.asking import Found, Known
from compliance.verify.examination import Examination
from rakkan.core.blobs import Area, blob_chunks
from rakkan.core.errors import NotFound, RakkanError
from rakkan.releases.finding import Candidate, candidates
from rakkan.releases.models import Fingerprint, Release
from rakkan.releases.selectors import reference_bytes
from rakkan.verification.selectors import asset_status

_LOOKED_AT = 12  # candidates that are compared picture by picture
_SURE = 3  # bits: so near that a release is named even where its small pictures are gone

Load = Callable[[str], SmallPictures | None]


class ReleaseArchive:
    """Every release of every organisation: work for the system, never for one of them."""

    def __init__(self) -> None:
        """Remember what was looked up for this one question."""
        self.by_asset = cache(self._by_asset)
        self.place = cache(self._place)
        self._pictures = cache(_pictures)

    def _by_asset(self, asset_id: str) -> Known | None:
        try:
            status = asset_status(asset_id)
        except NotFound:
            return None
        release = Release.objects.filter(asset_id=asset_id).first()
        sha256 = release.file_sha256 if release else ""
        return Known(asset_id, sha256, status.status, status.consent)

    def by_bytes(self, sha256: str) -> Known | None:
        """Return the release that has these bytes."""
        release = Release.objects.filter(file_sha256=sha256).first()
        return self.by_asset(release.asset_id) if release else None

    def reference(self, asset_id: str) -> bytes:
        """Return what copies of a release are laid over; empty where it is gone or damaged."""
        release = Release.objects.filter(asset_id=asset_id).first()
        try:
            return (reference_bytes(release) if release else None) or b""
        except RakkanError:
            return b""

    def by_pictures(self, examination: Examination) -> Found | None:
        """Return the release whose pictures fit best; wider around only if none fits closely."""
        hashes, clip = examination.print_hashes, unpack(examination.packed_pictures)
        for wide in (False, True):
            near = candidates(hashes, wide=wide, most=_LOOKED_AT)
            found = _best(clip, near, self._pictures)
            if found:
                return found
        return None

    def _place(self, examination: Examination, asset_id: str) -> Placement | None:
        """Return where a file's pictures lie in a release, whichever part of the picture it is."""
        fingerprint = Fingerprint.objects.filter(release__asset_id=asset_id).first()
        original = self._pictures(fingerprint.print_sha256) if fingerprint else None
        if original is None:
            return None
        clip = unpack(examination.packed_pictures)
        parts = [Part.middle(view) for view in VIEWS]
        if examination.mark.get("place"):  # where the search for the mark found it
            parts.append(_part(examination.mark["place"]))
        tries = [(part, mirrored) for part in parts for mirrored in (False, True)]
        return max(
            (place(clip, original, part=part, mirrored=m) for part, m in tries),
            key=lambda each: (each.score, each.likeness),
        )


def _part(found: dict[str, float]) -> Part:
    """Return what a copy shows of the original, as the search for the mark says it."""
    return Part(found["from_left"], found["from_top"], found["shown_across"], found["shown_down"])


def _best(clip: SmallPictures, found: list[Candidate], load: Load) -> Found | None:
    """Return the candidate whose pictures fit a clip best, if any does."""
    known = _fingerprints({each.fingerprint_id for each in found})
    placed: list[tuple[float, Found]] = []
    for each in found:
        fingerprint = known[each.fingerprint_id]
        asset_id = fingerprint.release.asset_id
        original = load(fingerprint.print_sha256)
        if original is None:
            if each.apart <= _SURE:
                placed.append((0.0, Found(asset_id, None)))
            continue
        for mirrored in (False, True):
            placement = place(clip, original, view=each.view, mirrored=mirrored)
            if placement.holds:
                placed.append((placement.score, Found(asset_id, placement)))
    return max(placed, key=lambda pair: pair[0])[1] if placed else None


def _fingerprints(ids: set[UUID]) -> dict[UUID, Fingerprint]:
    rows = Fingerprint.objects.filter(pk__in=ids).select_related("release")
    return {row.pk: row for row in rows}


def _pictures(sha256: str) -> SmallPictures | None:
    """Return the small pictures of a release, or None where they were deleted or are damaged."""
    try:
        return unpack(b"".join(blob_chunks(Area.PRINTS, sha256)))
    except (ComplianceError, RakkanError):
        return None

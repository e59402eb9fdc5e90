"""Write the fingerprint of a file with its release."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils import timezone

import compliance.fingerprint
from rakkan.core.blobs import Area, blob_put
from rakkan.releases.finding import signed
from rakkan.releases.models import Fingerprint, PrintHash, Release

_MOST_BYTES = 64 << 20  # of a manifest store, and of the small pictures


@dataclass(frozen=True, slots=True)
class Taken:
    """What was taken of a file and is not written yet."""

    code: str  # ISCC-CODE
    units: tuple[str, ...]  # its units
    manifest_id: str
    manifest: bytes  # the manifest store
    pictures: bytes  # as compliance.fingerprint.pictures packs them
    reference: bytes  # small pictures that copies are laid over
    hashes: list[compliance.fingerprint.PrintHash]
    frames: int
    seconds: float


def fingerprint_keep(release: Release, taken: Taken) -> Fingerprint:
    """Write the fingerprint of a release in the caller's transaction."""
    manifest = blob_put(Area.PRINTS, [taken.manifest], limit=_MOST_BYTES)
    pictures = blob_put(Area.PRINTS, [taken.pictures], limit=_MOST_BYTES)
    fingerprint = Fingerprint.objects.create(
        release=release,
        iscc=taken.code,
        iscc_units=list(taken.units),
        manifest_id=taken.manifest_id,
        manifest_sha256=manifest.sha256,
        print_sha256=pictures.sha256,
        frames=taken.frames,
        seconds=taken.seconds,
        taken_at=timezone.now(),
    )
    PrintHash.objects.bulk_create(
        PrintHash(
            fingerprint=fingerprint,
            kind=each.kind.value,
            view=each.view,
            at_ms=each.at_ms,
            bits=signed(each.bits),
        )
        for each in taken.hashes
    )
    return fingerprint

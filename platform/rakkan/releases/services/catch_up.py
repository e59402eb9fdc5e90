"""Take fingerprint and small pictures of releases that were made before these were taken.

Loads the media libraries: imported by its command alone, where the seal worker's parts are.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from django.db import IntegrityError, transaction
from django.db.models import Q

from compliance.errors import ComplianceError
from compliance.media import MAX_FRAMES
from rakkan.audit.names import EventName
from rakkan.audit.services import Subject, event_record, system
from rakkan.core.blobs import Area, blob_fetch
from rakkan.core.errors import RakkanError
from rakkan.releases.models import CopyReference, Fingerprint, Release
from rakkan.releases.services.fingerprint import fingerprint_take
from rakkan.releases.services.fingerprint_keep import Taken, fingerprint_keep
from rakkan.releases.services.reference_keep import reference_keep

_LACKS = Q(fingerprint=None) | Q(reference=None)


@dataclass(slots=True)
class CaughtUp:
    """What came of it.

    Attributes:
        taken: of how many releases something was taken.
        left: asset ids of those that stay as they are, with the reason.
    """

    taken: int = 0
    left: dict[str, str] = field(default_factory=dict)


def releases_catch_up(*, most: int) -> CaughtUp:
    """Take what releases lack, each in a transaction of its own, and tell the log of each.

    A second run takes nothing twice. What cannot be taken (the file was deleted, its manifest is
    not to be trusted any more) is left and said. The caller works for the system.

    Args:
        most: releases that are looked at, oldest first.
    """
    done = CaughtUp()
    for release in Release.objects.filter(_LACKS).order_by("released_at", "pk")[:most]:
        try:
            done.taken += _catch_up(release)
        except (ComplianceError, RakkanError) as error:
            done.left[release.asset_id] = str(error)
    return done


def _catch_up(release: Release) -> bool:
    with tempfile.TemporaryDirectory(prefix="rakkan-catch-up-") as folder:
        path = Path(folder, "released.mp4")
        blob_fetch(Area.RELEASES, release.file_sha256, path)
        taken = fingerprint_take(path, MAX_FRAMES, late=True)
    try:
        with transaction.atomic():
            _keep(release, taken)
    except IntegrityError:  # somebody else was faster: each release has one of both
        return False
    return True


def _keep(release: Release, taken: Taken) -> None:
    made: list[Fingerprint | CopyReference] = []
    if not Fingerprint.objects.filter(release=release).exists():
        made.append(fingerprint_keep(release, taken))
    if not CopyReference.objects.filter(release=release).exists():
        made.append(reference_keep(release, taken.reference))
    event_record(
        EventName.RELEASE_CAUGHT_UP,
        actor=system("catch-up", release.organisation_id),
        subject=Subject("release", str(release.pk), release.asset_id),
        data={"production": str(release.subject_id)},
        rows=made,
    )

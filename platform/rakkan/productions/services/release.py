"""Release: the last transition, and what may be done with a released file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from django.db.models import Model

from rakkan.accounts.models import User
from rakkan.accounts.permissions import check_user_has_role, user_actor
from rakkan.accounts.roles import Role
from rakkan.audit.names import EventName
from rakkan.audit.services import Subject, refusal_recorded, system
from rakkan.core.blobs import Area, blob_check
from rakkan.core.errors import NotFound, NotPermitted, Refused
from rakkan.productions.models import Production
from rakkan.productions.selectors import is_of_person
from rakkan.productions.services.covered import check_release_consents_cover
from rakkan.productions.services.transition import move, production_lock
from rakkan.productions.states import State
from rakkan.releases.models import GateReport, Release, Sealing
from rakkan.releases.selectors import captions_of, release_of
from rakkan.releases.services.captions_keep import captions_keep
from rakkan.releases.services.fingerprint_keep import Taken, fingerprint_keep
from rakkan.releases.services.reference_keep import reference_keep
from rakkan.releases.services.release import Marked, delivery_record, release_create
from rakkan.webhooks.models import Topic
from rakkan.webhooks.services import message_queue


@dataclass(frozen=True, slots=True)
class Finished:
    """A sealed file that passed the gate, and what was taken of it.

    Attributes:
        path: the file.
        taken: its fingerprint, and what copies are laid over.
        captions: WebVTT, as it was approved; empty where there are none.
    """

    path: Path
    taken: Taken
    captions: bytes = b""


def production_release(
    production: Production, sealing: Sealing, report: GateReport, finished: Finished
) -> Release:
    """Release a locked, sealed production whose gate has passed, in the caller's transaction."""
    marked = Marked(production.pk, production.asset_id, production.organisation_id)
    release = release_create(marked, sealing, report, finished.path)
    fingerprint = fingerprint_keep(release, finished.taken)
    rows: list[Model] = [reference_keep(release, finished.taken.reference)]
    if finished.captions:
        rows.append(captions_keep(release, finished.captions, production.language))
    move(
        production,
        State.RELEASED,
        actor=system("gate", production.organisation_id),
        data={"release": str(release.pk), "file_sha256": release.file_sha256},
        rows=[report, release, fingerprint, *rows],
    )
    said = {"asset_id": release.asset_id, "status": "released"}
    message_queue(Topic.RELEASE_RELEASED, production.organisation_id, [(production.pk, said)])
    return release


def release_deliver(*, user: User, production_id: UUID | str, captions: bool = False) -> Release:
    """Return the release to hand over to the acting user, after noting that they get it.

    Args:
        user: who gets it.
        production_id: what was released.
        captions: they get the captions, and not the video.

    Raises:
        NotFound: it is another organisation's, there is none, or it has no captions.
        NotPermitted: neither of the requesting team, nor an auditor, nor the person seen or heard.
        Refused: not released yet, revoked, or a consent is not live any more.
        Damaged: the stored file is not the one that passed the gate.
    """
    subject = Subject("production", str(production_id))
    with refusal_recorded(EventName.RELEASE_REFUSED, actor=user_actor(user), subject=subject):
        production = production_lock(production_id)
        if production.organisation_id != user.organisation_id:
            raise NotFound(f"There is no production {production_id}.")
        actor = check_user_has_role(
            user, Role.REQUESTER, Role.APPROVER, Role.AUDITOR, Role.DEPICTED_PERSON
        )
        if actor.role == Role.DEPICTED_PERSON and not is_of_person(production, user):
            raise NotPermitted("This video is not yours to see.")
        release = release_of(production.pk)
        if release is None:
            raise Refused(
                f"It is {production.state}; there is no released file.",
                code="not-released",
                remedy="Wait until it is released, or look at why it ended.",
            )
        check_release_consents_cover(production)
        sha256 = _captions_sha256(release) if captions else release.file_sha256
        blob_check(Area.RELEASES, sha256)
        delivery_record(release, user=user, actor=actor, file_sha256=sha256)
    return release


def _captions_sha256(release: Release) -> str:
    found = captions_of(release)
    if found is None:
        raise NotFound("The release has no captions.")
    return found.file_sha256

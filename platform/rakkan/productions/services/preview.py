"""A preview: a short look at what would be made, for those who decide on it; never a release.

It lives while its production waits for approval and the consent is live. Whatever ends one of
the two ends the preview: its job is called back and its file destroyed.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from compliance.permit import JobKind, JobSpec
from rakkan.accounts.models import User
from rakkan.accounts.permissions import check_user_has_role, user_actor
from rakkan.accounts.roles import Role
from rakkan.approvals.services import check_use_allowed
from rakkan.audit.names import EventName
from rakkan.audit.services import Actor, Subject, refusal_recorded, system
from rakkan.consents.models import Consent
from rakkan.core.errors import NotFound, NotPermitted, Refused
from rakkan.dispatch.models import Job
from rakkan.dispatch.services import job_create
from rakkan.likenesses.guardians import ever_acted_for
from rakkan.previews.models import Preview, PreviewFile
from rakkan.previews.selectors import (
    files_unread,
    preview_open,
    preview_was_read,
    previews_lapsed,
    previews_left_behind,
)
from rakkan.previews.services import Seen, preview_add, preview_destroy, preview_view
from rakkan.productions.models import Production
from rakkan.productions.services.covered import check_consents_cover
from rakkan.productions.services.labelling import label_place
from rakkan.productions.services.lips import is_about_lips, rendering_of_job
from rakkan.productions.services.preview_end import preview_close
from rakkan.productions.services.queue import read_send
from rakkan.productions.services.submit import (
    asked_of,
    check_request_is_unchanged,
    job_spec_of,
)
from rakkan.productions.services.transition import production_lock
from rakkan.productions.states import State

_SIDE = 256  # pixels of the shorter side: the smallest that carries the invisible mark
_FPS = 12
# Then a file that kills whoever reads it, or a worker that is not there, is waited for no longer.
_READ_WITHIN = timedelta(hours=1)


def preview_request(*, user: User, production_id: UUID | str) -> Preview:
    """Have a preview drawn of a production that waits for approval.

    Raises:
        NotPermitted: neither its requester nor somebody who may decide on it.
        Refused: it does not wait for approval, the consent is not live, there is a preview
            already, or there were too many.
    """
    with _refusals(user, production_id):
        production = production_lock(production_id)
        actor = check_may_see_previews(user, production)
        consent = check_may_preview(production)
        seen = Seen(production.pk, production.request_digest, production.organisation_id, consent)
        preview = preview_add(user=user, actor=actor, seen=seen)
        job_create(
            spec=preview_spec_of(production, consent),
            subject_id=preview.pk,
            person=production.likeness.person,
            request_digest=production.request_digest,
            asset_id=preview.asset_id,
        )
    return preview


def preview_watch(*, user: User, production_id: UUID | str) -> PreviewFile:
    """Return the preview's file for the acting user, after noting that they see it.

    Raises:
        NotPermitted: neither its requester nor somebody who may decide on it.
        NotFound: there is none to see.
        Refused: it does not wait for approval any more, or the consent is not live.
    """
    with _refusals(user, production_id):
        production = production_lock(production_id)
        actor = check_may_see_previews(user, production)
        preview = preview_open(production.pk)
        if preview is None or not preview_was_read(preview):
            raise NotFound("There is no preview to see.", remedy="Ask for one, or wait for it.")
        check_preview_goes_on(production, preview)
        preview_view(preview, user=user, actor=actor)
    return preview.file


@contextmanager
def _refusals(user: User, production_id: UUID | str) -> Iterator[None]:
    subject = Subject("production", str(production_id))
    with refusal_recorded(EventName.PREVIEW_REFUSED, actor=user_actor(user), subject=subject):
        yield


def check_may_see_previews(user: User, production: Production) -> Actor:
    """Return the user as an actor if previews of this production are for them.

    Raises:
        NotFound: it is another organisation's.
        NotPermitted: neither its requester nor somebody who may decide on it.
    """
    if production.organisation_id != user.organisation_id:
        raise NotFound(f"There is no production {production.pk}.")
    if production.requester_id == user.pk:
        return check_user_has_role(user, Role.REQUESTER)
    seen, heard = production.likeness.person, production.speaker
    if ever_acted_for(user, seen) or (heard and ever_acted_for(user, heard.person)):
        raise NotPermitted("A preview is for the requester and for those who decide.")
    return check_user_has_role(user, Role.APPROVER)


def check_may_preview(production: Production) -> Consent:
    """Return the likeness's consent under which a preview may be drawn or seen now.

    Raises:
        Refused: it does not wait for approval, the request has changed, a consent is
            not live or wide enough, or a rule forbids the use.
    """
    if State(production.state) is not State.IN_APPROVAL:
        raise Refused(
            f"It is {production.state}; a preview is of what waits for approval.",
            code="preview-over",
        )
    check_request_is_unchanged(production)
    consent = check_consents_cover(production).likeness
    check_use_allowed(production.organisation_id, asked_of(production))
    return consent


def check_preview_goes_on(production: Production, preview: Preview) -> None:
    """Raise unless a preview may still be drawn and seen.

    Raises:
        Refused: as :func:`check_may_preview`, or it has ended, or its term is over.
    """
    check_may_preview(production)
    if hasattr(preview, "end") or timezone.now() >= preview.expires_at:
        raise Refused("The preview has ended.", code="preview-over")


def preview_spec_of(production: Production, consent: Consent) -> JobSpec:
    """Return the preview's job: what was asked for, small and slow."""
    width, height, fps = preview_shape_of(production)
    spec = job_spec_of(production, consent)
    label = label_place(production).scaled(
        width / production.width, height / production.height, fps / production.fps
    )
    return replace(spec, kind=JobKind.PREVIEW, width=width, height=height, fps=fps, label=label)


def preview_shape_of(production: Production) -> tuple[int, int, int]:
    """Return a preview's width and height in pixels and its frames a second."""
    scale = _SIDE / min(production.width, production.height)
    width, height = (2 * round(side * scale / 2) for side in (production.width, production.height))
    return width, height, min(_FPS, production.fps)


def production_of_job(job: Job) -> UUID | None:
    """Return which production a job is about; None where it measures an input."""
    if job.kind == JobKind.RENDER:
        return job.subject_id
    if is_about_lips(job):
        return rendering_of_job(job).production_id
    if job.kind == JobKind.PREVIEW:
        return Preview.objects.values_list("subject_id", flat=True).get(pk=job.subject_id)
    return None


def preview_of_job(job: Job) -> Preview:
    """Return the preview that a preview job draws."""
    return Preview.objects.select_related("end").get(pk=job.subject_id)


@transaction.atomic
def preview_stop(*, job: Job, refused: Refused) -> None:
    """End the preview of a job that was refused because it may not be drawn any more."""
    production = production_lock(str(production_of_job(job)))
    actor = system("dispatch", production.organisation_id)
    preview_close(preview_of_job(job), reason=refused.code, actor=actor)


def previews_reconcile() -> None:
    """End previews whose time is over, have others read, delete what ended ones have left."""
    for preview in previews_lapsed():
        _lapse(preview, "preview-expired")
    now = timezone.now()
    for file in files_unread():
        if now - file.received_at > _READ_WITHIN:
            _lapse(file.preview, "preview-unread")
        elif (now - file.received_at).total_seconds() > settings.RAKKAN_RESEND_SECONDS:
            read_send(file.preview_id)
    for preview in previews_left_behind():
        preview_destroy(preview)


@transaction.atomic
def _lapse(preview: Preview, reason: str) -> None:
    production = production_lock(preview.subject_id)
    found = Preview.objects.select_related("end").get(pk=preview.pk)
    actor = system("reconciler", production.organisation_id)
    preview_close(found, reason=reason, actor=actor)

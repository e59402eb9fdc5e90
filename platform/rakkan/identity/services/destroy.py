"""Destroy recordings once what they were made for has ended. Safe to run at any time."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from rakkan.audit.names import EventName
from rakkan.audit.services import Subject, event_record, system
from rakkan.core.blobs import Area, blob_delete
from rakkan.identity.models import RecordingDestruction, RemoteAttempt

APPEAL = timedelta(days=30)  # a recording that was refused, or that nobody looked at, is kept
_BATCH = 200


def recordings_destroy_due() -> int:
    """Destroy every recording whose purpose has ended; return how many."""
    rows = RemoteAttempt.objects.filter(destruction=None).select_related(
        "check_made__decision", "check_made__person", "challenge__consent__withdrawal"
    )
    now, gone = timezone.now(), 0
    for attempt in rows.order_by("check_made__submitted_at").iterator(chunk_size=_BATCH):
        reason = why_over(attempt, now)
        if reason:
            gone += _destroy(attempt, reason, now)
    return gone


def why_over(attempt: RemoteAttempt, now: datetime) -> str:
    """Return why a recording is not needed any more, "" while it is."""
    consent, check = attempt.challenge.consent, attempt.check_made
    decision = getattr(check, "decision", None)
    if getattr(consent, "withdrawal", None) is not None:
        return "consent-withdrawn"
    if now >= consent.destroy_by:
        return "consent-ended"
    if decision is None:
        return "never-decided" if now >= check.submitted_at + APPEAL else ""
    if not decision.verified:
        return "not-verified" if now >= decision.decided_at + APPEAL else ""
    return "decision-expired" if now >= decision.valid_until else ""


def _destroy(attempt: RemoteAttempt, reason: str, now: datetime) -> int:
    with transaction.atomic():
        row, made = RecordingDestruction.objects.get_or_create(
            attempt=attempt, defaults={"reason": reason, "destroyed_at": now}
        )
        # Deleting twice does no harm; a row without the deletion would.
        blob_delete(Area.RECORDINGS, attempt.sealed_sha256)
        if made:
            check = attempt.check_made
            event_record(
                EventName.RECORDING_DESTROYED,
                actor=system("reconciler", check.person.organisation_id),
                subject=Subject("identity_check", str(check.pk)),
                data={"reason": reason},
                rows=[row],
            )
    return int(made)

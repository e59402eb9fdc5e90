"""What there is about a depicted person: for their own page, and as a copy to take away."""

from base64 import b64encode
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from rakkan.accounts.models import User
from rakkan.accounts.permissions import check_user_has_role, user_actor
from rakkan.accounts.roles import Role
from rakkan.audit.models import Event
from rakkan.audit.names import EventName
from rakkan.audit.selectors import events_about
from rakkan.audit.services import Subject, event_record, refusal_recorded
from rakkan.consents.models import Consent
from rakkan.consents.selectors import consent_state, consents_of
from rakkan.core.blobs import Area, blob_open
from rakkan.identity.models import AssuranceAnswer, IdentityCheck
from rakkan.identity.selectors import biometric_consent_state, biometric_consents_visible
from rakkan.likenesses.guardians import guardianships_of, persons_of
from rakkan.likenesses.models import Guardianship, Likeness, Trait, Voice
from rakkan.productions.models import Production
from rakkan.productions.selectors import of_person
from rakkan.productions.services.addresses import status_url
from rakkan.releases.models import Release
from rakkan.webhooks.models import Topic
from rakkan.webhooks.selectors import told_of

FORMAT = "rakkan-person-copy/1"


@dataclass(frozen=True, slots=True)
class Depiction:
    """One production that the person is seen or heard in, and who got copies of it."""

    production: Production
    release: Release | None
    status_url: str  # empty until it is released
    deliveries: list[Event]  # role and moment of each; who exactly stays in the log
    told: bool | None = None  # whether systems know of its end; None: none is to be told


def check_own_data(user: User) -> None:
    """Raise unless the account is, or was, a depicted person's.

    Raises:
        NotPermitted: there is nobody to hold data about.
    """
    if getattr(user, "person", None) is None:
        check_user_has_role(user, Role.DEPICTED_PERSON)


def depictions_of(user: User) -> list[Depiction]:
    """Return what was requested of their face and voice, the newest first; no unsent drafts."""
    rows = Production.objects.select_related(
        "likeness__person__user", "speaker__person__user", "rendering"
    )
    found = list(rows.filter(of_person(user), request__isnull=False))
    released = Release.objects.filter(subject_id__in=[production.pk for production in found])
    releases = {release.subject_id: release for release in released}
    deliveries: dict[str, list[Event]] = {str(release.pk): [] for release in releases.values()}
    about = events_about(list(deliveries)).filter(name=EventName.RELEASE_DELIVERED.value)
    for event in about:
        deliveries[event.object_id].append(event)
    told = told_of(Topic.RELEASE_REVOKED, releases)
    shown = [_depiction(row, releases.get(row.pk), deliveries) for row in found]
    return [replace(item, told=told.get(item.production.pk)) for item in shown]


def person_copy(*, user: User) -> dict[str, Any]:
    """Return a copy of all the platform holds about the acting person, and note that they took it.

    Raises:
        NotPermitted: the account is not a depicted person's.
        Unavailable: a portrait or voice sample cannot be read at the moment.
    """
    subject = Subject("person", str(getattr(getattr(user, "person", None), "pk", "")))
    with refusal_recorded(EventName.PERSON_COPY_REFUSED, actor=user_actor(user), subject=subject):
        check_own_data(user)
        copy = _copy(user)
        event_record(EventName.PERSON_COPY_EXPORTED, actor=user_actor(user), subject=subject)
    return copy


def _copy(user: User) -> dict[str, Any]:
    portraits = Likeness.objects.filter(person__in=persons_of(user))
    voices = Voice.objects.filter(person__in=persons_of(user))
    checks = IdentityCheck.objects.filter(person__in=persons_of(user))
    checks = checks.select_related("decision", "assurance")
    consents = Consent.objects.filter(consents_of(user))
    depictions = depictions_of(user)
    about: list[Any] = [user, *portraits, *voices, *checks, *consents]
    about += biometric_consents_visible(user)
    guardianships = list(guardianships_of(user))
    about += [*guardianships, *(row.person for row in guardianships)]
    about += [item.production for item in depictions]
    about += [item.release for item in depictions if item.release]
    person = getattr(user, "person", None)
    return {
        "format": FORMAT,
        "made_at": timezone.now().isoformat(),
        "person": {
            "id": str(person.pk) if person else None,
            "account": str(user.pk),
            "name": user.name,
            "email": user.email,
            "organisation": user.organisation.name,
        },
        "acts_for": [_guardianship(row) for row in guardianships],
        "portraits": [_portrait(row) for row in portraits],
        "voices": [_voice(row) for row in voices],
        "identity_checks": [_check(row) for row in checks],
        "biometric_consents": _biometric(user),
        "consents": [_consent(row) for row in consents],
        "productions": [_production(item) for item in depictions],
        "events": [_event(row) for row in _events(user, [*about, *([person] if person else [])])],
    }


def _depiction(
    production: Production, release: Release | None, deliveries: dict[str, list[Event]]
) -> Depiction:
    if release is None:
        return Depiction(production, None, "", [])
    url = status_url(release.asset_id)
    return Depiction(production, release, url, deliveries[str(release.pk)])


def _guardianship(row: Guardianship) -> dict[str, Any]:
    decision, end = getattr(row, "decision", None), getattr(row, "end", None)
    return {
        "id": str(row.pk),
        "person": str(row.person_id),
        "name": row.person.name,
        "person_class": row.person.person_class,
        "relation": row.relation,
        "evidence_sha256": row.evidence_sha256,
        "submitted_at": row.submitted_at.isoformat(),
        "verified": decision.verified if decision else None,
        "valid_until": decision.valid_until.isoformat() if decision else None,
        "ended_at": end.ended_at.isoformat() if end else None,
    }


def _portrait(row: Likeness) -> dict[str, Any]:
    return _trait(row, row.portrait_sha256, row.portrait_media_type)


def _voice(row: Voice) -> dict[str, Any]:
    return _trait(row, row.sample_sha256, row.sample_media_type)


def _trait(row: Trait, sha256: str, media_type: str) -> dict[str, Any]:
    with blob_open(Area.INPUTS, sha256) as stream:
        content = b64encode(stream.read()).decode()
    measurement = getattr(row, "measurement", None)
    return {
        "id": str(row.pk),
        "person": str(row.person_id),
        "label": row.label,
        "added_at": row.added_at.isoformat(),
        "sha256": sha256,
        "media_type": media_type,
        "verdict": measurement.verdict if measurement else None,
        "content_base64": content,
    }


def _check(row: IdentityCheck) -> dict[str, Any]:
    decision = getattr(row, "decision", None)
    return {
        "id": str(row.pk),
        "person": str(row.person_id),
        "method": row.method,
        "evidence_sha256": row.evidence_sha256,
        "verified_claims": _claims(getattr(row, "assurance", None)),
        "submitted_at": row.submitted_at.isoformat(),
        "verified": decision.verified if decision else None,
        "decided_at": decision.decided_at.isoformat() if decision else None,
        "valid_until": decision.valid_until.isoformat() if decision else None,
    }


def _claims(answer: AssuranceAnswer | None) -> dict[str, Any] | None:
    """Return what an identity provider vouched for, if that is how the person was checked."""
    if answer is None:
        return None
    return {
        "issuer": answer.issuer,
        "trust_framework": answer.framework,
        "assurance_level": answer.level,
        "verified_at": answer.verified_at.isoformat(),
        "evidence": answer.evidence,
        "claims": answer.claims,
    }


def _biometric(user: User) -> list[dict[str, Any]]:
    return [
        {
            "id": str(row.pk),
            "state": biometric_consent_state(row),
            "record": row.record,
            "receipt": row.receipt,
        }
        for row in biometric_consents_visible(user)
    ]


def _consent(row: Consent) -> dict[str, Any]:
    return {
        "id": str(row.pk),
        "state": consent_state(row).value,
        "record": row.record,
        "record_digest": row.record_digest,
        "receipt": row.receipt,
    }


def _production(item: Depiction) -> dict[str, Any]:
    production, release = item.production, item.release
    rendering = getattr(production, "rendering", None)
    return {
        "id": str(production.pk),
        "title": production.title,
        "state": production.state,
        "consent": str(production.consent_id),
        "voice_consent": str(production.voice_consent_id) if production.voice_consent_id else None,
        "voice_origin": production.voice_origin,
        "purpose": production.purpose,
        "channels": production.channels,
        "territories": production.territories,
        "language": production.language,
        "transcript": production.transcript,
        "heard": production.heard or "",
        "request_digest": production.request_digest,
        "created_at": production.created_at.isoformat(),
        "rendered_sha256": rendering.file_sha256 if rendering else None,
        "released_sha256": release.file_sha256 if release else None,
        "released_at": release.released_at.isoformat() if release else None,
        "status_url": item.status_url or None,
        "deliveries": [
            {"role": row.actor_role, "at": row.occurred_at.isoformat()} for row in item.deliveries
        ],
    }


def _events(user: User, about: list[Any]) -> QuerySet[Event]:
    """Return what the log has about these, without what strangers were refused."""
    own = ["", str(user.organisation_id)]
    return events_about([str(row.pk) for row in about]).filter(organisation_id__in=own)


def _event(row: Event) -> dict[str, Any]:
    """Return what happened, and its leaf hash; which colleague acted is not the person's data."""
    leaf = getattr(row, "leaf", None)
    return {
        "id": str(row.pk),
        "name": row.name,
        "occurred_at": row.occurred_at.isoformat(),
        "actor_role": row.actor_role,
        "object_type": row.object_type,
        "object_id": row.object_id,
        "sequence": leaf.sequence if leaf else None,
        "leaf_hash": bytes(leaf.leaf_hash).hex() if leaf else None,
    }

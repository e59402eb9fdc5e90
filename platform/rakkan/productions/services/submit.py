"""Submit a draft: pin every input by digest, check the consent's scope, open the approval."""

from typing import Any
from uuid import UUID

from django.db import transaction

from compliance.canonical import digest
from compliance.permit import InputFile, JobKind, JobSpec, Verdict
from rakkan.accounts.models import User
from rakkan.accounts.permissions import check_user_has_role, user_actor
from rakkan.accounts.roles import Role
from rakkan.approvals.services import (
    Asked,
    Question,
    UseForbidden,
    check_use_allowed,
    workflow_open,
)
from rakkan.audit.names import EventName
from rakkan.audit.services import Actor, Subject, refusal_recorded
from rakkan.consents.models import Consent
from rakkan.consents.selectors import consent_for_use
from rakkan.core.errors import BadInput, NotFound, NotPermitted, Refused
from rakkan.likenesses.guardians import ever_acted_for
from rakkan.likenesses.models import Voice
from rakkan.likenesses.selectors import check_trait_is_usable, first_reason
from rakkan.productions.models import Production
from rakkan.productions.services.behind import background_of, is_about_background
from rakkan.productions.services.captioning import captions_pin
from rakkan.productions.services.covered import pinned_consents, use_of, voice_use_of
from rakkan.productions.services.engines import check_engine_is_here
from rakkan.productions.services.labelling import label_input, label_of, label_pin, label_place
from rakkan.productions.services.measure import voice_of
from rakkan.productions.services.stop import end, problem_of
from rakkan.productions.services.transition import move, production_lock
from rakkan.productions.services.wording import check_transcript_is_measured
from rakkan.productions.states import State

FORMAT = "rakkan-request/3"


def production_submit(*, user: User, production_id: UUID | str) -> Production:
    """Hand a draft to the approvers.

    Raises:
        NotPermitted: it is somebody else's draft.
        BadInput: portrait or voice unusable or not measured yet, or the words of its label
            cannot be drawn.
        UseForbidden: a rule of the organisation forbids it; the draft has ended.
        Refused: no consent, not live, or out of scope; no policy; or submitted before.
    """
    subject = Subject("production", str(production_id))
    actor = user_actor(user)
    try:
        with refusal_recorded(EventName.PRODUCTION_REFUSED, actor=actor, subject=subject):
            return _submit(user, production_id)
    except UseForbidden as forbidden:
        _forbid(production_id, actor, forbidden)
        raise


def _submit(user: User, production_id: UUID | str) -> Production:
    actor = check_user_has_role(user, Role.REQUESTER)
    production = production_lock(production_id)
    if production.organisation_id != user.organisation_id:
        raise NotFound(f"There is no production {production_id}.")
    if production.requester_id != user.pk:
        raise NotPermitted("Only its requester submits a production.")
    if State(production.state) is State.DRAFT:
        _check_requester_is_neutral(production)
        check_use_allowed(production.organisation_id, asked_of(production))
        _pin(production)
    move(
        production,
        State.IN_APPROVAL,
        actor=actor,
        data={"request_digest": production.request_digest},
    )
    seen, heard = pinned_consents(production)
    workflow_open(
        Question(
            subject_id=production.pk,
            subject_digest=production.request_digest,
            organisation=production.organisation,
            requester=production.requester,
            depicted=seen.granted_by,
            person=production.likeness.person,
            speaking=_speaker(production).person,
            speaker=heard.granted_by,
            asked=asked_of(production),
        )
    )
    return production


def _check_requester_is_neutral(production: Production) -> None:
    people = (production.likeness.person, _speaker(production).person)
    if any(p.user_id is None and ever_acted_for(production.requester, p) for p in people):
        raise NotPermitted(
            "Who acts for a person does not request videos of them.",
            code="requester-acts-for-the-person",
            remedy="Let a colleague make the production.",
        )


@transaction.atomic
def _forbid(production_id: UUID | str, actor: Actor, forbidden: UseForbidden) -> None:
    """End a draft that no approval could ever allow; the refusal itself was rolled back."""
    production = production_lock(production_id)
    if State(production.state) is State.DRAFT:
        end(production, State.STOPPED, actor=actor, problem=problem_of(forbidden))


def _pin(production: Production) -> None:
    speaker = _speaker(production)
    check_trait_is_usable(production.likeness)
    check_trait_is_usable(speaker)
    check_voice_is_usable(production)
    production.consent = consent_for_use(production.likeness, use_of(production))
    production.voice_consent = consent_for_use(speaker, voice_use_of(production))
    production.weights_sha256 = check_engine_is_here(production.engine)
    label_pin(production, production.consent)
    captions_pin(production)
    production.request = request_document(production)
    production.request_digest = digest(production.request)


def _speaker(production: Production) -> Voice:
    if production.speaker is None:
        raise Refused(
            "The draft does not name who speaks.",
            code="speaker-missing",
            remedy="Discard it and make a new draft that names whose voice is heard.",
        )
    return production.speaker


def asked_of(production: Production) -> Asked:
    """Return what a production asks of the organisation's policies."""
    return Asked(
        production.purpose,
        tuple(production.channels),
        tuple(production.territories),
        production.likeness.person.person_class,
    )


def check_voice_is_usable(production: Production) -> None:
    """Raise unless the gate found the voice track usable, and the picture behind the person.

    Raises:
        BadInput: one is unusable, not measured yet, or was measured with another transcript.
    """
    measurement = getattr(production, "voice_measurement", None)
    if measurement is None:
        raise BadInput(
            "The voice track has not been measured yet.",
            code="voice-not-measured",
            remedy="Wait a few seconds and try again.",
            status=409,
        )
    if measurement.verdict == Verdict.UNUSABLE:
        _check_background_is_usable(measurement.findings)
        raise BadInput(
            f"The voice track is unusable: {first_reason(measurement.findings)}",
            code="voice-unusable",
            remedy="Make a new draft with another recording or another transcript.",
            status=409,
        )
    check_transcript_is_measured(production, measurement.facts)


def _check_background_is_usable(findings: list[dict[str, Any]]) -> None:
    about = [each for each in findings if is_about_background(each)]
    if any(each.get("verdict") == Verdict.UNUSABLE.value for each in about):
        raise BadInput(
            f"The picture behind the person is unusable: {first_reason(about)}",
            code="background-unusable",
            remedy="Make a new draft with another picture, or without one.",
            status=409,
        )


def job_spec_of(production: Production, consent: Consent) -> JobSpec:
    """Return the render job a production asks for, within what its consent permits to change."""
    likeness = production.likeness
    portrait = InputFile(
        "portrait",
        likeness.portrait_sha256,
        likeness.portrait_size,
        likeness.portrait_media_type,
    )
    behind = background_of(production)
    given = (portrait, voice_of(production), label_input(production))
    return JobSpec(
        JobKind.RENDER,
        production.engine,
        (*given, behind) if behind else given,
        prompt=production.prompt,
        permitted_changes=tuple(sorted(consent.permitted_changes)),
        language=production.language,
        width=production.width,
        height=production.height,
        fps=production.fps,
        seed=production.seed,
        label=label_place(production),
        weights=production.weights_sha256,
    )


def check_request_is_unchanged(production: Production) -> None:
    """Raise unless the inputs of a submitted production are still those it was pinned to.

    Raises:
        Refused: request-changed, or a consent, the speaker or the label is missing.
    """
    # The document that was shown and signed, and the one that the columns make now.
    both = {digest(production.request or {}), digest(request_document(production))}
    if both != {production.request_digest}:
        raise Refused(
            "The inputs are not those that were approved.",
            code="request-changed",
            remedy="Make a new production and have it approved.",
            status=403,
        )


def request_document(production: Production) -> dict[str, Any]:
    """Return what the approvers decide on; its digest pins every input bit.

    Raises:
        Refused: a consent, the speaker or the label is missing.
    """
    consent, voice_consent = pinned_consents(production)
    spec, speaker = job_spec_of(production, consent), _speaker(production)
    return {
        "format": FORMAT,
        "production": str(production.pk),
        "organisation": str(production.organisation_id),
        "requester": str(production.requester_id),
        "title": production.title,
        "likeness": str(production.likeness_id),
        "consent": {"id": str(consent.pk), "record_digest": consent.record_digest},
        "voice": {
            "id": str(speaker.pk),
            "speaker": str(speaker.person_id),
            "sample_sha256": speaker.sample_sha256,
            "origin": production.voice_origin,
            "engine": production.voice_engine,
            "consent": {
                "id": str(voice_consent.pk),
                "record_digest": voice_consent.record_digest,
            },
        },
        "purpose": production.purpose,
        "channels": sorted(production.channels),
        "territories": sorted(production.territories),
        "transcript": production.transcript,
        "label": label_of(production),
        **({"captions": production.captions_sha256} if production.captions_sha256 else {}),
        "asset_id": production.asset_id,
        **({"salt": production.salt} if production.salt else {}),
        "spec": spec.to_dict(),
        "spec_digest": spec.digest(),
    }

"""Read productions."""

from uuid import UUID

from django.db.models import Q, QuerySet

from compliance.permit import JobKind
from rakkan.accounts.models import User
from rakkan.accounts.permissions import user_roles
from rakkan.accounts.roles import Role
from rakkan.approvals.selectors import decisions_of
from rakkan.consents.models import Consent
from rakkan.core.errors import NotFound
from rakkan.dispatch.models import Job
from rakkan.dispatch.selectors import job_newest
from rakkan.dispatch.states import JobState
from rakkan.likenesses.guardians import acts_for, persons_ever_of, persons_of
from rakkan.productions.models import Production, Rendering


def of_person(user: User) -> Q:
    """Return the condition that who is seen or heard is the user, or somebody they act for."""
    own = persons_of(user).values("pk")
    return Q(likeness__person__in=own) | Q(speaker__person__in=own)


def of_their_side(user: User) -> Q:
    """Return the condition that the user is on the side of who is seen or heard, for good."""
    own = persons_ever_of(user).values("pk")
    return Q(likeness__person__in=own) | Q(speaker__person__in=own)


def is_of_person(production: Production, user: User) -> bool:
    """Say whether who is seen or heard is the user, or somebody they act for."""
    speaker = production.speaker
    heard = speaker is not None and acts_for(user, speaker.person)
    return heard or acts_for(user, production.likeness.person)


def made_under(consents: list[Consent]) -> Q:
    """Return the condition that a production was submitted under one of these consents."""
    return Q(consent__in=consents) | Q(voice_consent__in=consents)


def productions_visible(user: User) -> QuerySet[Production]:
    """Return what a user may see: all of their organisation, or what they are seen or heard in."""
    rows = Production.objects.select_related(
        "likeness__person__user",
        "speaker__person__user",
        "requester",
        "consent",
        "voice_consent",
        "voice_measurement",
        "rendering",
    ).filter(organisation=user.organisation_id)
    roles = user_roles(user)
    if roles & {Role.REQUESTER, Role.APPROVER, Role.AUDITOR}:
        return rows
    # A draft that nobody submitted is the requester's own business, cancelled or not.
    return rows.filter(of_person(user), request__isnull=False)


def production_get(user: User, production_id: UUID | str) -> Production:
    """Return one visible production.

    Raises:
        NotFound: there is none of that id for this user.
    """
    production = productions_visible(user).filter(pk=production_id).first()
    if production is None:
        raise NotFound(f"There is no production {production_id}.")
    return production


def production_decided_before(production: Production) -> Production | None:
    """Return the nearest production that this one was drafted from and somebody decided on."""
    earlier = production.made_from
    while earlier is not None and not decisions_of(earlier.pk):
        earlier = earlier.made_from
    return earlier


def lips_job_waiting(production_id: UUID) -> Job | None:
    """Return the job that is to look at a production's lips, while nobody has answered."""
    renderings = Rendering.objects.filter(production=production_id).values("pk")
    rows = Job.objects.filter(kind=JobKind.MEASURE.value, subject_id__in=renderings)
    return rows.filter(state__in=[JobState.QUEUED, JobState.LEASED]).first()


def production_progress(production: Production) -> dict[str, object]:
    """Return how far the render job is, for people: 0 to 1 and the name of the stage."""
    job = job_newest(production.pk, JobKind.RENDER)
    if job is None:
        return {"progress": 0.0, "stage": ""}
    return {"progress": job.progress, "stage": job.stage}

"""Jobs and the permits minted for them."""

from typing import ClassVar

import pgtrigger
from django.db import models
from django.db.models import Q

from compliance.permit import JobKind, JobSpec
from rakkan.audit.models import append_only
from rakkan.core.models import IdModel, starts_as
from rakkan.core.tenancy import Own, Through
from rakkan.dispatch.states import JobState, pairs
from rakkan.dispatch.walls import PERMIT_FITS
from rakkan.vault.fields import SealedJSON, SealedText

KINDS = [kind.value for kind in JobKind]
STATES = [state.value for state in JobState]
# What is to be done never changes; where it is and who does it may.
ORDER = (
    "kind",
    "queue",
    "subject_id",
    "person",
    "organisation",
    "request_digest",
    "spec",
    "asset_id",
)


class Job(IdModel):
    """Work for a worker. The row is the truth; the message in the queue is a reminder."""

    kind = models.CharField(max_length=10, choices=[(k, k) for k in KINDS])
    queue = models.CharField(max_length=20)
    subject_id = models.UUIDField()
    person = models.ForeignKey("likenesses.Person", on_delete=models.PROTECT)  # whose data it holds
    organisation = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT)
    request_digest = models.CharField(max_length=64)
    spec = SealedJSON(subject="person_id", default=dict)
    asset_id = models.CharField(max_length=16, blank=True)
    state = models.CharField(
        max_length=10, choices=[(s, s) for s in STATES], default=JobState.QUEUED.value
    )
    progress = models.FloatField(default=0.0)  # 0 to 1, for people
    stage = models.CharField(max_length=40, blank=True)
    fence = models.PositiveIntegerField(default=0)  # grows with every lease
    worker = models.CharField(max_length=120, blank=True)
    lease_hash = models.CharField(max_length=64, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    deliveries = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True, blank=True)
    error = SealedJSON(subject="person_id", null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    tenant: ClassVar = Own()

    class Meta:
        """A lease is there exactly while the job is leased; one live job per kind and subject."""

        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(state=JobState.LEASED, lease_until__isnull=False) & ~Q(lease_hash="")
                | ~Q(state=JobState.LEASED) & Q(lease_until__isnull=True, lease_hash=""),
                name="job_lease_while_leased",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["queued", "leased"], finished_at__isnull=True)
                | Q(state__in=["done", "failed", "cancelled"], finished_at__isnull=False),
                name="job_finished_when_final",
            ),
            models.UniqueConstraint(
                fields=["kind", "subject_id"],
                condition=Q(state__in=["queued", "leased", "done"]),
                name="job_once_per_subject",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["state", "lease_until"])]
        triggers: ClassVar = [
            starts_as(JobState.QUEUED.value, name="job_starts_queued"),
            pgtrigger.FSM(name="job_transitions", field="state", transitions=pairs()),
            pgtrigger.Protect(
                name="job_order_frozen",
                operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange(*ORDER),
            ),
            pgtrigger.Protect(name="job_no_delete", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        """Kind and subject."""
        return f"{self.kind} of {self.subject_id}"

    def job_spec(self) -> JobSpec:
        """Return the specification as both sides know it."""
        return JobSpec.from_dict(self.spec)


class IssuedPermit(IdModel):
    """A permit as it was signed."""

    job = models.ForeignKey(Job, on_delete=models.PROTECT, related_name="permits")
    fence = models.PositiveIntegerField()
    token = SealedText(subject="job.person_id")
    issued_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    tenant: ClassVar = Through("job")

    class Meta:
        """One permit a lease, of what was approved under consents that hold."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["job", "fence"], name="permit_once_per_lease")
        ]
        triggers: ClassVar = [
            *append_only("permit"),
            pgtrigger.Trigger(
                name="permit_fits",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func=pgtrigger.Func(PERMIT_FITS),
            ),
        ]

    def __str__(self) -> str:
        """Job and fence."""
        return f"{self.job_id}/{self.fence}"


class JobOutput(IdModel):
    """A file that a worker began to hand in: written before its first byte is stored."""

    tenant: ClassVar = Through("job")

    job = models.ForeignKey(Job, on_delete=models.PROTECT, related_name="outputs")
    sha256 = models.CharField(max_length=64)
    announced_at = models.DateTimeField()

    class Meta:
        """So that what was handed in and never accepted can be found and deleted."""

        triggers: ClassVar = append_only("job_output")

    def __str__(self) -> str:
        """Job and file."""
        return f"{self.job_id}: {self.sha256}"


class PermitUse(IdModel):
    """A permit was turned into a result: once."""

    permit = models.OneToOneField(IssuedPermit, on_delete=models.PROTECT, related_name="use")
    used_at = models.DateTimeField()

    tenant: ClassVar = Through("permit")

    class Meta:
        """A use is not undone."""

        triggers: ClassVar = append_only("permit_use")

    def __str__(self) -> str:
        """Permit."""
        return str(self.permit_id)


class PermitRevocation(IdModel):
    """A permit was called back before it was used."""

    permit = models.OneToOneField(IssuedPermit, on_delete=models.PROTECT, related_name="revocation")
    reason = models.CharField(max_length=80)
    revoked_at = models.DateTimeField()

    tenant: ClassVar = Through("permit")

    class Meta:
        """A revocation is not undone."""

        triggers: ClassVar = append_only("permit_revocation")

    def __str__(self) -> str:
        """Permit and reason."""
        return f"{self.permit_id}: {self.reason}"

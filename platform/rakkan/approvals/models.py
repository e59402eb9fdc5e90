"""Policies, workflows and decisions. What must be true of a decision is a constraint."""

from typing import ClassVar

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q

from rakkan.audit.models import append_only
from rakkan.core.models import IdModel


class PolicyStep(IdModel):
    """One approval an organisation asks for; no steps means nothing can be approved."""

    organisation = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT)
    order = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=60)  # e.g. "legal"

    class Meta:
        """One step at a place."""

        ordering: ClassVar = ["order"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["organisation", "order"], name="policy_step_place")
        ]

    def __str__(self) -> str:
        """Return its name."""
        return self.name


class Workflow(IdModel):
    """The approval of one exact request, named by its digest."""

    subject_id = models.UUIDField()
    subject_digest = models.CharField(max_length=64)
    organisation = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT)
    requester = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    depicted = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    opened_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    class Meta:
        """A production is approved once; what changes is asked for anew, as a new production."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["subject_id"], name="workflow_once_per_subject")
        ]
        triggers: ClassVar = append_only("workflow")

    def __str__(self) -> str:
        """Subject."""
        return str(self.subject_id)


class WorkflowStep(IdModel):
    """A step as the policy had it when the workflow was opened."""

    workflow = models.ForeignKey(Workflow, on_delete=models.PROTECT, related_name="steps")
    order = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=60)

    class Meta:
        """Steps stay as they were when the request was submitted."""

        ordering: ClassVar = ["order"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["workflow", "order"], name="workflow_step_place")
        ]
        triggers: ClassVar = append_only("workflow_step")

    def __str__(self) -> str:
        """Return its name."""
        return self.name


class Verdict(models.TextChoices):
    """What an approver says."""

    APPROVE = "approve"
    REJECT = "reject"


class Decision(IdModel):
    """One person's one-shot word on one step, bound to the digest they saw."""

    step = models.OneToOneField(WorkflowStep, on_delete=models.PROTECT, related_name="decision")
    workflow = models.ForeignKey(Workflow, on_delete=models.PROTECT, related_name="decisions")
    requester = models.ForeignKey(  # this and the next are copied for the constraints to see
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    depicted = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    approver = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    verdict = models.CharField(max_length=10, choices=Verdict.choices)
    subject_digest = models.CharField(max_length=64)
    comment = models.CharField(max_length=1000, blank=True)
    decided_at = models.DateTimeField()

    class Meta:
        """Four eyes by constraint, the copies and the digest by trigger."""

        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~Q(approver=F("requester")), name="approver_is_not_the_requester"
            ),
            models.CheckConstraint(
                condition=~Q(approver=F("depicted")), name="approver_is_not_depicted"
            ),
            models.UniqueConstraint(fields=["workflow", "approver"], name="approver_counts_once"),
        ]
        triggers: ClassVar = [
            *append_only("decision"),
            pgtrigger.Trigger(
                name="decision_fits_workflow",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func=pgtrigger.Func(
                    """
                    IF NOT EXISTS (
                        SELECT 1 FROM approvals_workflow w
                        JOIN approvals_workflowstep s ON s.workflow_id = w.id
                        WHERE w.id = NEW.workflow_id AND s.id = NEW.step_id
                          AND w.requester_id = NEW.requester_id
                          AND w.depicted_id = NEW.depicted_id
                          AND w.subject_digest = NEW.subject_digest
                          AND NEW.decided_at < w.expires_at
                    ) THEN
                        RAISE EXCEPTION 'the decision does not fit its workflow'
                            USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                    """
                ),
            ),
        ]

    def __str__(self) -> str:
        """Verdict and step."""
        return f"{self.verdict} {self.step_id}"

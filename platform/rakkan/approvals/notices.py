"""What goes out about a step that nobody decides: when a policy wants it, to whom, and that it did.

A row is one notice to one person. It is written once (a constraint), in the transaction of its
event; the message follows, and the row says when.
"""

from enum import StrEnum
from typing import Any, ClassVar

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q

from rakkan.approvals.matching import StepPlan
from rakkan.core.models import IdModel
from rakkan.core.tenancy import Through

LONGEST_HOURS = 999
_FIXED = ("id", "step_id", "kind", "number", "approver_id", "recipient_id", "made_at")


class NoticeKind(StrEnum):
    """Why somebody hears of a step."""

    REMINDER = "reminder"  # they have not decided
    ESCALATION = "escalation"  # others have not decided
    REPORT = "report"  # administrators are told of an escalation


class Step(IdModel):
    """What a policy's step and its copy in a workflow have in common."""

    stage = models.PositiveSmallIntegerField()  # steps of one stage are open at the same time
    name = models.CharField(max_length=60)  # e.g. "legal"
    quorum = models.PositiveSmallIntegerField(default=1)  # people
    remind_after = models.PositiveSmallIntegerField(default=24)  # hours; 0: never
    remind_every = models.PositiveSmallIntegerField(default=24)  # hours; 0: once
    escalate_after = models.PositiveSmallIntegerField(default=72)  # hours; 0: never
    escalate_to = models.ForeignKey(  # nobody: every approver who may decide
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )

    class Meta:
        """No table of its own."""

        abstract = True

    @property
    def plan(self) -> StepPlan:
        """Return it as a value."""
        return StepPlan(
            self.stage,
            self.name,
            self.quorum,
            self.remind_after,
            self.remind_every,
            self.escalate_after,
            self.escalate_to_id,
        )


def within_bounds() -> Q:
    """Return the condition that the hours of a step are ones that a policy may say."""
    names = ("remind_after", "remind_every", "escalate_after")
    return Q(**{f"{name}__lte": LONGEST_HOURS for name in names})


_FITS = """
IF NOT EXISTS (
    SELECT 1 FROM approvals_workflowstep s
    JOIN approvals_workflow w ON w.id = s.workflow_id
    JOIN productions_production p ON p.id = w.subject_id
    JOIN accounts_user u ON u.id = NEW.recipient_id
        AND u.organisation_id = w.organisation_id AND u.is_active
    JOIN accounts_membership m ON m.user_id = u.id
        AND m.role = CASE NEW.kind WHEN 'report' THEN 'administrator' ELSE 'approver' END
        AND (m.valid_until IS NULL OR m.valid_until > NEW.made_at)
    WHERE s.id = NEW.step_id AND p.state = 'in_approval'
      AND NEW.made_at < w.expires_at AND now() < w.expires_at
      AND NOT EXISTS (SELECT 1 FROM accounts_membershipend e WHERE e.membership_id = m.id)
      AND w.requester_id NOT IN (NEW.approver_id, NEW.recipient_id)
      AND w.depicted_id NOT IN (NEW.approver_id, NEW.recipient_id)
      AND w.speaker_id NOT IN (NEW.approver_id, NEW.recipient_id)
      AND NOT EXISTS (
          SELECT 1 FROM likenesses_guardianship g
          WHERE g.person_id IN (w.person_id, w.speaking_id)
            AND g.guardian_id IN (NEW.approver_id, NEW.recipient_id)
      )
      AND (NEW.kind = 'report' OR NOT EXISTS (
          SELECT 1 FROM approvals_decision d
          WHERE d.workflow_id = w.id AND (
              d.approver_id IN (NEW.approver_id, NEW.recipient_id)
              OR d.delegate_id IN (NEW.approver_id, NEW.recipient_id)
          )
      ))
      AND (NEW.recipient_id = NEW.approver_id OR EXISTS (
          SELECT 1 FROM approvals_delegation g
          WHERE g.from_user_id = NEW.approver_id AND g.to_user_id = NEW.recipient_id
            AND g.organisation_id = w.organisation_id
            AND g.valid_from <= NEW.made_at AND NEW.made_at < g.valid_until
      ))
      AND s.quorum > (SELECT COUNT(*) FROM approvals_decision d WHERE d.step_id = s.id)
      AND NOT EXISTS (
          SELECT 1 FROM approvals_decision d
          WHERE d.workflow_id = w.id AND d.verdict <> 'approve'
      )
) THEN
    RAISE EXCEPTION 'the notice goes to somebody who may not decide, or about nothing that waits'
        USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
"""


class Notice(IdModel):
    """One person is told once that a step waits."""

    step = models.ForeignKey(
        "approvals.WorkflowStep", on_delete=models.PROTECT, related_name="notices"
    )
    kind = models.CharField(max_length=10, choices=[(k.value, k.value) for k in NoticeKind])
    number = models.PositiveSmallIntegerField()  # of the reminder, from 1; 0 of an escalation
    approver = models.ForeignKey(  # whose word is awaited; of a report, who is told
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    recipient = models.ForeignKey(  # they, or a deputy while they are away
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    made_at = models.DateTimeField()
    mailed_at = models.DateTimeField(null=True, blank=True)

    tenant: ClassVar = Through("step")

    class Meta:
        """Once each, to nobody whom the four eyes keep out; then only mailed."""

        ordering: ClassVar = ["made_at"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["step", "kind", "number", "approver", "recipient"], name="notice_once"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=[k.value for k in NoticeKind]), name="notice_known_kind"
            ),
            models.CheckConstraint(
                condition=Q(kind=NoticeKind.REMINDER.value, number__gte=1)
                | ~Q(kind=NoticeKind.REMINDER.value) & Q(number=0),
                name="notice_number",
            ),
        ]
        triggers: ClassVar[list[Any]] = [
            pgtrigger.Protect(name="notice_no_delete", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="notice_only_mailed",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    " OR ".join(f"OLD.{c} IS DISTINCT FROM NEW.{c}" for c in _FIXED)
                    + " OR OLD.mailed_at IS NOT NULL"
                ),
            ),
            pgtrigger.Trigger(
                name="notice_fits_workflow",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func=pgtrigger.Func(_FITS),
            ),
        ]

    def __str__(self) -> str:
        """Kind, number and step."""
        return f"{self.kind} {self.number} {self.step_id}"

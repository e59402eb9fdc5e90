"""Policies, workflows and decisions. What must be true of a decision is a constraint."""

from typing import ClassVar

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from rakkan.approvals.matching import Asked, Match
from rakkan.approvals.notices import Step, within_bounds
from rakkan.approvals.progress import Verdict
from rakkan.approvals.ruling import RuleQuerySet, steps_are_complete
from rakkan.audit.models import append_only
from rakkan.consents.scope import TERRITORIES, Channel, Purpose
from rakkan.core.models import IdModel, words
from rakkan.core.tenancy import Own, Through
from rakkan.likenesses.classes import PersonClass
from rakkan.vault.fields import SealedText

VOCABULARY: dict[str, list[str]] = {  # what the lists of a rule may hold
    "purposes": [purpose.value for purpose in Purpose],
    "channels": [channel.value for channel in Channel],
    "territories": list(TERRITORIES),
    "person_classes": [kind.value for kind in PersonClass],
}


def _known_words() -> Q:
    """A misspelt word would match nothing: a forbidden use would be one in name only."""
    return Q(**{f"{name}__contained_by": known for name, known in VOCABULARY.items()})


_DELEGATION_FIXED = ("id", "organisation_id", "from_user_id", "to_user_id", "valid_from")


class _Matching(IdModel):
    """The lists of a rule; an empty one means any. Whether it counts, its changes say."""

    change_key: ClassVar[str]  # the column of a change that names it
    name_key: ClassVar[str]  # the column that versions have in common

    purposes = words(blank=True)
    channels = words(blank=True)
    territories = words(blank=True)
    person_classes = words(blank=True)
    version = models.PositiveSmallIntegerField(default=1)

    objects = RuleQuerySet.as_manager()

    class Meta:
        """No table of its own."""

        abstract = True

    @property
    def match(self) -> Match:
        """Return the lists as a value."""
        return Match(**{name: tuple(getattr(self, name)) for name in VOCABULARY})

    @property
    def label(self) -> str:
        """Return its name, with the version if it is not the first."""
        name = str(getattr(self, self.name_key))
        return name if self.version == 1 else f"{name} (v{self.version})"


class Policy(_Matching):
    """Which steps an organisation asks for, and for which requests; no policy means no."""

    change_key: ClassVar = "policy"
    name_key: ClassVar = "name"

    organisation = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT)
    name = models.CharField(max_length=60)
    priority = models.SmallIntegerField(default=0)  # the larger one speaks first
    reviewers = models.PositiveSmallIntegerField(default=0)  # who watch the result before release

    tenant: ClassVar = Own()

    class Meta:
        """One of a name and version, with known words only; never rewritten."""

        ordering: ClassVar = ["-priority", "name"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["organisation", "name", "version"], name="policy_version_once"
            ),
            models.CheckConstraint(condition=_known_words(), name="policy_known_words"),
        ]
        triggers: ClassVar = append_only("policy")

    def __str__(self) -> str:
        """Return its name."""
        return self.name


class PolicyStep(Step):
    """One approval a policy asks for; a policy without steps approves nothing."""

    policy = models.ForeignKey(Policy, on_delete=models.PROTECT, related_name="steps")

    tenant: ClassVar = Through("policy")

    class Meta:
        """A step is in its policy once and asks for somebody."""

        ordering: ClassVar = ["stage", "name"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["policy", "name"], name="policy_step_once"),
            models.CheckConstraint(condition=Q(quorum__gte=1), name="policy_step_quorum"),
            models.CheckConstraint(condition=within_bounds(), name="policy_step_hours"),
        ]
        triggers: ClassVar = [*append_only("policy_step"), steps_are_complete()]

    def __str__(self) -> str:
        """Return its name."""
        return self.name


class ForbiddenUse(_Matching):
    """A use that an organisation never makes, whoever would approve it."""

    change_key: ClassVar = "forbidden_use"
    name_key: ClassVar = "rule"

    organisation = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT)
    rule = models.CharField(max_length=60)
    reason_en = models.CharField(max_length=300)
    reason_ja = models.CharField(max_length=300)

    tenant: ClassVar = Own()

    class Meta:
        """One of a name and version, with known words only; never rewritten."""

        ordering: ClassVar = ["rule"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["organisation", "rule", "version"], name="forbidden_use_version_once"
            ),
            models.CheckConstraint(condition=_known_words(), name="forbidden_use_known_words"),
        ]
        triggers: ClassVar = append_only("forbidden_use")

    def __str__(self) -> str:
        """Return its name."""
        return self.rule


class Workflow(IdModel):
    """The approval of one exact request, named by its digest."""

    subject_id = models.UUIDField()
    subject_digest = models.CharField(max_length=64)
    person = models.ForeignKey("likenesses.Person", on_delete=models.PROTECT)  # who is depicted
    organisation = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT)
    requester = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    depicted = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    speaking = models.ForeignKey(  # whose voice is heard; null: opened before it was written down
        "likenesses.Person", on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    speaker = models.ForeignKey(  # null: opened before voices had owners, and decided no more
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True
    )
    policies = ArrayField(models.CharField(max_length=60), default=list)  # names, as they were
    reviewers = models.PositiveSmallIntegerField(default=0)  # who watch the result before release
    purpose = models.CharField(max_length=40, default="")  # from here on: what rules ask for
    channels = words()
    territories = words()
    person_class = models.CharField(max_length=20, default=PersonClass.ADULT.value)
    opened_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    tenant: ClassVar = Own()

    class Meta:
        """A production is approved once; what changes is asked for anew, as a new production."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["subject_id"], name="workflow_once_per_subject"),
            # Added without a look at older rows.
            models.CheckConstraint(
                condition=Q(speaker__isnull=False), name="workflow_names_speaker"
            ),
        ]
        triggers: ClassVar = [
            *append_only("workflow"),
            pgtrigger.Trigger(
                name="workflow_requester_is_no_proxy",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func=pgtrigger.Func(
                    """
                    IF EXISTS (
                        SELECT 1 FROM likenesses_guardianship g
                        WHERE g.person_id IN (NEW.person_id, NEW.speaking_id)
                          AND g.guardian_id = NEW.requester_id
                    ) THEN
                        RAISE EXCEPTION 'who acts for the person is not the requester'
                            USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                    """
                ),
            ),
        ]

    def __str__(self) -> str:
        """Subject."""
        return str(self.subject_id)

    @property
    def asked(self) -> Asked:
        """Return what the request asked for, as the rules see it."""
        return Asked(self.purpose, tuple(self.channels), tuple(self.territories), self.person_class)


class WorkflowStep(Step):
    """A step as the policies had it when the workflow was opened."""

    workflow = models.ForeignKey(Workflow, on_delete=models.PROTECT, related_name="steps")

    tenant: ClassVar = Through("workflow")

    class Meta:
        """Steps stay as they were when the request was submitted."""

        ordering: ClassVar = ["stage", "name"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["workflow", "name"], name="workflow_step_once"),
            models.CheckConstraint(condition=Q(quorum__gte=1), name="workflow_step_quorum"),
            models.CheckConstraint(condition=within_bounds(), name="workflow_step_hours"),
        ]
        triggers: ClassVar = append_only("workflow_step")

    def __str__(self) -> str:
        """Return its name."""
        return self.name


class Delegation(IdModel):
    """An approver is away for a term; another one decides in their name, or nobody does."""

    organisation = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT)
    from_user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    to_user = models.ForeignKey(  # nobody: away without a deputy
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    valid_from = models.DateTimeField()
    valid_until = models.DateTimeField()

    tenant: ClassVar = Own()

    class Meta:
        """Never to oneself, with an end; afterwards it can only be shortened."""

        ordering: ClassVar = ["valid_from"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~Q(from_user=F("to_user")), name="delegation_to_somebody_else"
            ),
            models.CheckConstraint(
                condition=Q(valid_until__gte=F("valid_from")), name="delegation_has_a_term"
            ),
        ]
        triggers: ClassVar = [
            pgtrigger.Protect(name="delegation_no_delete", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="delegation_only_shortens",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    " OR ".join(f"OLD.{c} IS DISTINCT FROM NEW.{c}" for c in _DELEGATION_FIXED)
                    + " OR NEW.valid_until > OLD.valid_until"
                ),
            ),
        ]

    def __str__(self) -> str:
        """From and to."""
        return f"{self.from_user_id} to {self.to_user_id}"


class Decision(IdModel):
    """One person's one-shot word on one step, bound to the digest they saw."""

    step = models.ForeignKey(WorkflowStep, on_delete=models.PROTECT, related_name="decisions")
    workflow = models.ForeignKey(Workflow, on_delete=models.PROTECT, related_name="decisions")
    requester = models.ForeignKey(  # this and the next two are copied for the constraints to see
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    depicted = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    speaker = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True
    )
    approver = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    delegate = models.ForeignKey(  # who decided in the approver's name, where it was not they
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    verdict = models.CharField(max_length=10, choices=[(v.value, v.value) for v in Verdict])
    subject_digest = models.CharField(max_length=64)
    comment = SealedText(subject="workflow.person_id", max_length=1000, blank=True)
    decided_at = models.DateTimeField()
    sign_in = models.CharField(max_length=50, db_default="", blank=True)  # where it was said

    tenant: ClassVar = Through("workflow")

    class Meta:
        """Four eyes by constraint; copies, digest, term, stage, quorum, delegation by trigger."""

        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~Q(approver=F("requester")), name="approver_is_not_the_requester"
            ),
            models.CheckConstraint(
                condition=~Q(approver=F("depicted")), name="approver_is_not_depicted"
            ),
            models.CheckConstraint(
                condition=~Q(approver=F("speaker")), name="approver_is_not_the_speaker"
            ),
            models.CheckConstraint(
                condition=~Q(delegate=F("speaker")), name="delegate_is_not_the_speaker"
            ),
            models.CheckConstraint(
                condition=~Q(delegate=F("requester")), name="delegate_is_not_the_requester"
            ),
            models.CheckConstraint(
                condition=~Q(delegate=F("depicted")), name="delegate_is_not_depicted"
            ),
            models.CheckConstraint(
                condition=~Q(delegate=F("approver")), name="delegate_is_somebody_else"
            ),
            models.CheckConstraint(
                condition=Q(verdict__in=[v.value for v in Verdict]), name="decision_known_verdict"
            ),
            models.UniqueConstraint(fields=["workflow", "approver"], name="approver_counts_once"),
        ]
        triggers: ClassVar = [
            *append_only("decision"),
            pgtrigger.Trigger(
                name="decision_fits_workflow",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                # The lock lets two who decide at once count each other.
                func=pgtrigger.Func(
                    """
                    PERFORM 1 FROM approvals_workflow WHERE id = NEW.workflow_id FOR UPDATE;
                    IF NOT EXISTS (
                        SELECT 1 FROM approvals_workflow w
                        JOIN approvals_workflowstep s ON s.workflow_id = w.id
                        WHERE w.id = NEW.workflow_id AND s.id = NEW.step_id
                          AND w.requester_id = NEW.requester_id
                          AND w.depicted_id = NEW.depicted_id
                          AND w.speaker_id = NEW.speaker_id
                          AND w.subject_digest = NEW.subject_digest
                          AND NEW.decided_at < w.expires_at AND now() < w.expires_at
                          AND NOT EXISTS (
                              SELECT 1 FROM approvals_decision d
                              WHERE d.workflow_id = w.id AND d.verdict <> 'approve'
                          )
                          AND s.quorum > (
                              SELECT COUNT(*) FROM approvals_decision d WHERE d.step_id = s.id
                          )
                          AND NOT EXISTS (
                              SELECT 1 FROM approvals_workflowstep e
                              WHERE e.workflow_id = w.id AND e.stage < s.stage
                                AND e.quorum > (
                                    SELECT COUNT(*) FROM approvals_decision d
                                    WHERE d.step_id = e.id
                                )
                          )
                          AND NOT EXISTS (
                              SELECT 1 FROM approvals_decision d
                              WHERE d.workflow_id = w.id AND (
                                  d.delegate_id IN (NEW.approver_id, NEW.delegate_id)
                                  OR d.approver_id = NEW.delegate_id
                              )
                          )
                          AND NOT EXISTS (
                              SELECT 1 FROM likenesses_guardianship p
                              WHERE p.person_id IN (w.person_id, w.speaking_id)
                                AND p.guardian_id IN (NEW.approver_id, NEW.delegate_id)
                          )
                          AND (NEW.delegate_id IS NULL OR EXISTS (
                              SELECT 1 FROM approvals_delegation g
                              WHERE g.from_user_id = NEW.approver_id
                                AND g.to_user_id = NEW.delegate_id
                                AND g.organisation_id = w.organisation_id
                                AND g.valid_from <= NEW.decided_at
                                AND NEW.decided_at < g.valid_until AND now() < g.valid_until
                          ))
                    ) THEN
                        RAISE EXCEPTION 'the decision does not fit its workflow'
                            USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                    """
                ),
            ),
            pgtrigger.Trigger(
                name="decision_confirmed",
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                func=pgtrigger.Func(
                    """
                    IF NOT EXISTS (
                        SELECT 1 FROM accounts_strongauthentication a
                        WHERE a.user_id = COALESCE(NEW.delegate_id, NEW.approver_id)
                          AND a.sign_in = NEW.sign_in
                          AND a.authenticated_at <= NEW.decided_at
                          AND a.authenticated_at >= NEW.decided_at - interval '5 minutes'
                    ) THEN
                        RAISE EXCEPTION 'who decides has not confirmed that it is them'
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


class Review(IdModel):
    """One person watched the finished video and says whether it may be released."""

    workflow = models.ForeignKey(Workflow, on_delete=models.PROTECT, related_name="reviews")
    reviewer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    accepted = models.BooleanField()
    file_sha256 = models.CharField(max_length=64)  # the sealed file that they watched
    comment = SealedText(subject="workflow.person_id", max_length=1000, blank=True)
    decided_at = models.DateTimeField()
    sign_in = models.CharField(max_length=50, db_default="", blank=True)  # where it was said

    tenant: ClassVar = Through("workflow")

    class Meta:
        """Of the sealed file, by somebody else, in time, confirmed; each counts once."""

        ordering: ClassVar = ["decided_at"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["workflow", "reviewer"], name="reviewer_counts_once")
        ]
        triggers: ClassVar = [
            *append_only("review"),
            pgtrigger.Trigger(
                name="review_fits_workflow",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                # The lock lets two who decide at once count each other.
                func=pgtrigger.Func(
                    """
                    PERFORM 1 FROM approvals_workflow WHERE id = NEW.workflow_id FOR UPDATE;
                    IF NOT EXISTS (
                        SELECT 1 FROM approvals_workflow w
                        JOIN productions_production p ON p.id = w.subject_id
                        JOIN releases_sealing s ON s.subject_id = w.subject_id
                        JOIN accounts_strongauthentication a ON a.user_id = NEW.reviewer_id
                          AND a.sign_in = NEW.sign_in
                          AND a.authenticated_at <= NEW.decided_at
                          AND a.authenticated_at >= NEW.decided_at - interval '5 minutes'
                        WHERE w.id = NEW.workflow_id AND p.state = 'in_review'
                          AND s.file_sha256 = NEW.file_sha256
                          AND NEW.reviewer_id NOT IN (w.requester_id, w.depicted_id, w.speaker_id)
                          AND NOT EXISTS (
                              SELECT 1 FROM likenesses_guardianship g
                              WHERE g.person_id IN (w.person_id, w.speaking_id)
                                AND g.guardian_id = NEW.reviewer_id
                          )
                          AND NEW.decided_at < w.expires_at AND now() < w.expires_at
                          AND NOT EXISTS (
                              SELECT 1 FROM approvals_review r
                              WHERE r.workflow_id = w.id AND NOT r.accepted
                          )
                          AND w.reviewers > (
                              SELECT COUNT(*) FROM approvals_review r WHERE r.workflow_id = w.id
                          )
                    ) THEN
                        RAISE EXCEPTION 'the review does not fit its workflow'
                            USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                    """
                ),
            ),
        ]

    def __str__(self) -> str:
        """Workflow and word."""
        return f"{self.workflow_id}: {'accepted' if self.accepted else 'refused'}"

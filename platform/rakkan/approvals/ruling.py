"""What puts a rule in force: a change that somebody proposed and somebody else confirmed.

A rule by itself says nothing. It counts from the moment a change that adds it was accepted and has
begun, until one that retires it has, or a later version of the same name has taken its place.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, Self

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from rakkan.audit.models import append_only
from rakkan.core.models import IdModel
from rakkan.core.tenancy import Own, Through

ALONE_AFTER_DAYS = 7  # without another administrator, before one confirms their own proposal


class ChangeKind(StrEnum):
    """What a change does with a rule."""

    ADD = "add"
    RETIRE = "retire"


class RuleQuerySet(models.QuerySet[Any]):
    """Rules, by whether they count."""

    def in_force(self, at: datetime | None = None) -> Self:
        """Return the rules that count at a moment, now if none is given."""
        key, name = self.model.change_key, self.model.name_key
        moment = at or timezone.now()
        begun = RuleChange.objects.filter(decision__accepted=True, effective_from__lte=moment)
        added, retired = (begun.filter(kind=kind.value) for kind in ChangeKind)
        later = added.filter(
            **{
                f"{key}__organisation": OuterRef("organisation"),
                f"{key}__{name}": OuterRef(name),
                f"{key}__version__gt": OuterRef("version"),
            }
        )
        own = {key: OuterRef("pk")}
        return self.filter(
            Exists(added.filter(**own)), ~Exists(retired.filter(**own)), ~Exists(later)
        )


_ADMINISTERS = """EXISTS (
    SELECT 1 FROM accounts_membership m
    JOIN accounts_user u ON u.id = m.user_id
    WHERE u.id = {user} AND u.is_active AND u.organisation_id = {organisation}
      AND m.role = 'administrator'
      AND NOT EXISTS (SELECT 1 FROM accounts_membershipend e WHERE e.membership_id = m.id)
)"""

_CHANGE_FITS = f"""
IF NEW.proposed_by_id IS NOT NULL AND NOT {
    _ADMINISTERS.format(user="NEW.proposed_by_id", organisation="NEW.organisation_id")
} THEN
    RAISE EXCEPTION 'rules are changed by administrators of the organisation'
        USING ERRCODE = 'check_violation';
END IF;
IF NOT EXISTS (
    SELECT 1 FROM approvals_policy p
    WHERE p.id = NEW.policy_id AND p.organisation_id = NEW.organisation_id
    UNION ALL SELECT 1 FROM approvals_forbiddenuse f
    WHERE f.id = NEW.forbidden_use_id AND f.organisation_id = NEW.organisation_id
) THEN
    RAISE EXCEPTION 'the rule is another organisation''s' USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
"""  # noqa: S608  made of constants

# A closed account counts as an administrator, or one could close the other's and go on alone.
_DECISION_FITS = f"""
PERFORM 1 FROM accounts_organisation WHERE id = (
    SELECT organisation_id FROM approvals_rulechange WHERE id = NEW.change_id
) FOR UPDATE;
IF NOT EXISTS (
    SELECT 1 FROM approvals_rulechange c WHERE c.id = NEW.change_id AND (
        (NEW.decided_by_id IS NULL AND c.proposed_by_id IS NULL)
        OR (
            c.proposed_by_id IS NOT NULL
            AND {_ADMINISTERS.format(user="NEW.decided_by_id", organisation="c.organisation_id")}
            AND (NOT NEW.accepted OR (
                EXISTS (
                    SELECT 1 FROM accounts_strongauthentication a
                    WHERE a.user_id = NEW.decided_by_id AND a.sign_in = NEW.sign_in
                      AND a.authenticated_at <= NEW.decided_at
                      AND a.authenticated_at >= NEW.decided_at - interval '5 minutes'
                ) AND (NEW.decided_by_id <> c.proposed_by_id OR NOT EXISTS (
                    SELECT 1 FROM accounts_membership m
                    JOIN accounts_user u ON u.id = m.user_id
                    LEFT JOIN accounts_membershipend e ON e.membership_id = m.id
                    WHERE u.organisation_id = c.organisation_id AND u.id <> c.proposed_by_id
                      AND m.role = 'administrator'
                      AND COALESCE(e.ended_at, 'infinity')
                        > NEW.decided_at - interval '{ALONE_AFTER_DAYS} days'
                ))
            ))
        )
    )
) THEN
    RAISE EXCEPTION 'a change of rules takes another administrator, who confirmed that it is them'
        USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
"""  # noqa: S608


def _trigger(name: str, text: str) -> pgtrigger.Trigger:
    return pgtrigger.Trigger(
        name=name,
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func=pgtrigger.Func(text),
    )


def steps_are_complete() -> pgtrigger.Trigger:
    """Return the trigger that lets nobody add steps to a policy that was proposed already."""
    return _trigger(
        "policy_step_before_change",
        """
        IF EXISTS (SELECT 1 FROM approvals_rulechange c WHERE c.policy_id = NEW.policy_id) THEN
            RAISE EXCEPTION 'the steps of a policy do not change; make a new version'
                USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
        """,
    )


class RuleChange(IdModel):
    """Somebody wants a rule to count, or to count no more, from a moment on."""

    organisation = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT)
    kind = models.CharField(max_length=10, choices=[(k.value, k.value) for k in ChangeKind])
    policy = models.ForeignKey(
        "approvals.Policy", on_delete=models.PROTECT, related_name="changes", null=True
    )
    forbidden_use = models.ForeignKey(
        "approvals.ForbiddenUse", on_delete=models.PROTECT, related_name="changes", null=True
    )
    proposed_by = models.ForeignKey(  # nobody: when the organisation was set up
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    proposed_at = models.DateTimeField()
    effective_from = models.DateTimeField()

    tenant: ClassVar = Own()

    class Meta:
        """About one rule of the organisation, by an administrator, not for the past."""

        ordering: ClassVar = ["-proposed_at"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(kind__in=[k.value for k in ChangeKind]), name="rule_change_known_kind"
            ),
            models.CheckConstraint(
                condition=Q(policy=None, forbidden_use__isnull=False)
                | Q(policy__isnull=False, forbidden_use=None),
                name="rule_change_about_one_rule",
            ),
            models.CheckConstraint(
                condition=Q(effective_from__gte=F("proposed_at")), name="rule_change_not_before"
            ),
            models.UniqueConstraint(
                fields=["policy"], condition=Q(kind="add"), name="policy_added_once"
            ),
            models.UniqueConstraint(
                fields=["forbidden_use"], condition=Q(kind="add"), name="forbidden_use_added_once"
            ),
        ]
        triggers: ClassVar = [
            *append_only("rule_change"),
            _trigger("rule_change_fits", _CHANGE_FITS),
        ]

    def __str__(self) -> str:
        """Kind and rule."""
        return f"{self.kind} {self.policy_id or self.forbidden_use_id}"

    @property
    def rule(self) -> Any:
        """Return the policy or the forbidden use that it is about."""
        return self.policy or self.forbidden_use


class RuleChangeDecision(IdModel):
    """The one word on a proposed change."""

    change = models.OneToOneField(RuleChange, on_delete=models.PROTECT, related_name="decision")
    accepted = models.BooleanField()
    decided_by = models.ForeignKey(  # nobody: when the organisation was set up
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    decided_at = models.DateTimeField()
    sign_in = models.CharField(max_length=50, db_default="", blank=True)  # where it was said

    tenant: ClassVar = Through("change")

    class Meta:
        """Four eyes by trigger, wherever the organisation has more than two."""

        triggers: ClassVar = [
            *append_only("rule_change_decision"),
            _trigger("rule_change_four_eyes", _DECISION_FITS),
        ]

    def __str__(self) -> str:
        """Change and word."""
        return f"{self.change_id}: {'accepted' if self.accepted else 'declined'}"

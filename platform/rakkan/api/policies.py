"""Approval policies and forbidden uses: for administrators' programs."""

from dataclasses import asdict
from typing import Any, ClassVar
from uuid import UUID

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from rakkan.api.answers import page_of, user_of
from rakkan.api.fields import fields_of
from rakkan.approvals.matching import LISTS, Asked, Match, StepPlan
from rakkan.approvals.models import VOCABULARY, ForbiddenUse, Policy, PolicyStep
from rakkan.approvals.notices import LONGEST_HOURS
from rakkan.approvals.rulebook import (
    forbidden_in_force,
    policies_in_force,
    rule_changes,
    ruling_on,
)
from rakkan.approvals.ruling import RuleChange
from rakkan.approvals.services import (
    ForbiddenText,
    PolicyText,
    Reason,
    forbidden_use_propose,
    policy_propose,
    rule_change_decide,
    rule_retire,
)


def _words(name: str, **options: Any) -> serializers.ListField:
    return serializers.ListField(child=serializers.ChoiceField(VOCABULARY[name]), **options)


def _hours(name: str) -> serializers.IntegerField:
    """Return the field of hours until something happens; 0 is never."""
    default: int = StepPlan.__dataclass_fields__[name].default  # type: ignore[assignment]
    return serializers.IntegerField(
        min_value=0, max_value=LONGEST_HOURS, required=False, default=default
    )


class RuleFields(serializers.Serializer[Any]):
    """The lists of a rule; one that is left out or empty means any."""

    purposes = _words("purposes", required=False, default=list)
    channels = _words("channels", required=False, default=list)
    territories = _words("territories", required=False, default=list)
    person_classes = _words("person_classes", required=False, default=list)
    effective_from = serializers.DateTimeField(required=False, default=None, allow_null=True)

    def match(self) -> Match:
        """Return the lists as a value."""
        return Match(**{name: tuple(self.validated_data[name]) for name in LISTS})


class StepFields(serializers.Serializer[Any]):
    """One step of a policy."""

    stage = serializers.IntegerField(min_value=1, max_value=99)
    name = serializers.CharField(max_length=60)
    quorum = serializers.IntegerField(min_value=1, max_value=99, required=False, default=1)
    remind_after = _hours("remind_after")
    remind_every = _hours("remind_every")
    escalate_after = _hours("escalate_after")
    escalate_to = serializers.UUIDField(
        source="escalate_to_id", required=False, default=None, allow_null=True
    )


class PolicyFields(RuleFields):
    """A policy; without steps it approves nothing."""

    name = serializers.CharField(max_length=50)
    priority = serializers.IntegerField(min_value=-999, max_value=999, required=False, default=0)
    reviewers = serializers.IntegerField(min_value=0, max_value=99, required=False, default=0)
    steps = StepFields(many=True)

    def text(self) -> PolicyText:
        """Return the validated fields."""
        given = self.validated_data
        steps = tuple(StepPlan(**step) for step in given["steps"])
        return PolicyText(given["name"], steps, self.match(), given["priority"], given["reviewers"])


class ForbiddenFields(RuleFields):
    """A forbidden use, with the reason in both languages."""

    rule = serializers.CharField(max_length=50)
    reason_en = serializers.CharField(max_length=300)
    reason_ja = serializers.CharField(max_length=300)

    def text(self) -> ForbiddenText:
        """Return the validated fields."""
        given = self.validated_data
        reason = Reason(given["reason_en"], given["reason_ja"])
        return ForbiddenText(given["rule"], self.match(), reason)


class RetireFields(serializers.Serializer[Any]):
    """From when a rule counts no more."""

    effective_from = serializers.DateTimeField(required=False, default=None, allow_null=True)


class WordFields(serializers.Serializer[Any]):
    """An administrator's word on a proposed change."""

    accepted = serializers.BooleanField()


class AskedFields(serializers.Serializer[Any]):
    """A request that nobody made yet."""

    purpose = serializers.ChoiceField(VOCABULARY["purposes"])
    channels = _words("channels", allow_empty=False)
    territories = _words("territories", allow_empty=False)
    person_class = serializers.ChoiceField(VOCABULARY["person_classes"], default="adult")

    def asked(self) -> Asked:
        """Return the validated fields."""
        given = self.validated_data
        return Asked(
            given["purpose"],
            tuple(given["channels"]),
            tuple(given["territories"]),
            given["person_class"],
        )


class StepSerializer(serializers.ModelSerializer[PolicyStep]):
    """A step."""

    class Meta:
        """Fields."""

        model = PolicyStep
        fields: ClassVar = [
            *("stage", "name", "quorum"),
            *("remind_after", "remind_every", "escalate_after", "escalate_to"),
        ]


class PolicySerializer(serializers.ModelSerializer[Policy]):
    """A version of a policy."""

    steps = StepSerializer(many=True, read_only=True)

    class Meta:
        """Fields."""

        model = Policy
        fields: ClassVar = ["id", "name", "version", "priority", "reviewers", *LISTS, "steps"]


class ForbiddenSerializer(serializers.ModelSerializer[ForbiddenUse]):
    """A version of a forbidden use."""

    class Meta:
        """Fields."""

        model = ForbiddenUse
        fields: ClassVar = ["id", "rule", "version", *LISTS, "reason_en", "reason_ja"]


class ChangeSerializer(serializers.ModelSerializer[RuleChange]):
    """A change of rules and what became of it."""

    policy = PolicySerializer(read_only=True)
    forbidden_use = ForbiddenSerializer(read_only=True)
    accepted = serializers.SerializerMethodField()

    class Meta:
        """Fields."""

        model = RuleChange
        fields: ClassVar = [
            *("id", "kind", "policy", "forbidden_use", "proposed_by", "proposed_at"),
            *("effective_from", "accepted"),
        ]

    def get_accepted(self, change: RuleChange) -> bool | None:
        """Return the word on it, if there is one."""
        decision = getattr(change, "decision", None)
        return decision.accepted if decision else None


def _proposed(change: RuleChange) -> Response:
    return Response(ChangeSerializer(change).data, status=201)


class Policies(APIView):
    """Policies."""

    def get(self, request: Request) -> Response:
        """List those in force."""
        rows = policies_in_force(user_of(request))
        return page_of(self, request, rows, PolicySerializer, "pk")

    def post(self, request: Request) -> Response:
        """Propose one, or the next version of the one of that name."""
        given = fields_of(PolicyFields, request)
        begins = given.validated_data["effective_from"]
        user = user_of(request)
        return _proposed(policy_propose(user=user, text=given.text(), effective_from=begins))


class PolicyEnd(APIView):
    """The end of a policy."""

    def post(self, request: Request, policy_id: UUID) -> Response:
        """Propose it."""
        given = fields_of(RetireFields, request).validated_data
        user = user_of(request)
        return _proposed(rule_retire(user=user, kind="policy", rule_id=policy_id, **given))


def _step(plan: StepPlan) -> dict[str, Any]:
    """Return a step as it is sent."""
    return dict(StepSerializer(PolicyStep(**asdict(plan))).data)


class PolicyTrial(APIView):
    """Which policies would apply."""

    def post(self, request: Request) -> Response:
        """Say what the rules in force say about a request; nothing is written."""
        asked = fields_of(AskedFields, request).asked()
        ruling = ruling_on(user_of(request), asked)
        return Response(
            {
                "forbidden_by": ruling.forbidden.label if ruling.forbidden else None,
                "policies": ruling.policies,
                "steps": [_step(step) for step in ruling.steps],
                "reviewers": ruling.reviewers,
                "can_be_approved": bool(ruling.steps) and ruling.forbidden is None,
            }
        )


class ForbiddenUses(APIView):
    """Forbidden uses."""

    def get(self, request: Request) -> Response:
        """List those in force."""
        rows = forbidden_in_force(user_of(request))
        return page_of(self, request, rows, ForbiddenSerializer, "pk")

    def post(self, request: Request) -> Response:
        """Propose one, or the next version of the one of that name."""
        given = fields_of(ForbiddenFields, request)
        begins = given.validated_data["effective_from"]
        user = user_of(request)
        return _proposed(forbidden_use_propose(user=user, text=given.text(), effective_from=begins))


class ForbiddenUseEnd(APIView):
    """The end of a forbidden use."""

    def post(self, request: Request, rule_id: UUID) -> Response:
        """Propose it."""
        given = fields_of(RetireFields, request).validated_data
        user = user_of(request)
        return _proposed(rule_retire(user=user, kind="forbidden_use", rule_id=rule_id, **given))


class RuleChanges(APIView):
    """Changes of rules."""

    def get(self, request: Request) -> Response:
        """List them, decided or not."""
        return page_of(
            self, request, rule_changes(user_of(request)), ChangeSerializer, "-proposed_at"
        )


class RuleChangeWord(APIView):
    """The word on a change."""

    def post(self, request: Request, change_id: UUID) -> Response:
        """Confirm or decline it."""
        given = fields_of(WordFields, request).validated_data
        decision = rule_change_decide(user=user_of(request), change_id=change_id, **given)
        return Response({"id": str(change_id), "accepted": decision.accepted}, status=201)

"""Acting for a minor or deceased person: claimed with evidence, reviewed, renewed, ended."""

from typing import Any, ClassVar
from uuid import UUID

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from rakkan.api.answers import document_of, page_of, user_of
from rakkan.api.fields import fields_of
from rakkan.likenesses.classes import RELATIONS, PersonClass, Relation
from rakkan.likenesses.guardians import guardianship_get, guardianships_visible
from rakkan.likenesses.models import Guardianship
from rakkan.likenesses.services import (
    Represented,
    guardianship_claim,
    guardianship_decide,
    guardianship_renew,
)
from rakkan.productions.services.guardian import guardianship_end


class RepresentedFields(serializers.Serializer[Any]):
    """Who is represented; the evidence is the part named ``evidence``."""

    name = serializers.CharField(max_length=120)
    person_class = serializers.ChoiceField(choices=[kind.value for kind in RELATIONS])
    relation = serializers.ChoiceField(choices=[relation.value for relation in Relation])
    majority_at = serializers.DateTimeField(required=False, default=None, allow_null=True)

    def represented(self) -> Represented:
        """Return the validated fields."""
        given = self.validated_data
        return Represented(
            given["name"],
            PersonClass(given["person_class"]),
            Relation(given["relation"]),
            given["majority_at"],
        )


class ReviewFields(serializers.Serializer[Any]):
    """A reviewer's word."""

    verified = serializers.BooleanField()


class GuardianshipSerializer(serializers.ModelSerializer[Guardianship]):
    """A guardianship and what became of it."""

    person_name = serializers.CharField(source="person.name", read_only=True)
    person_class = serializers.CharField(source="person.person_class", read_only=True)
    verified = serializers.SerializerMethodField()
    valid_until = serializers.SerializerMethodField()
    ended = serializers.SerializerMethodField()

    class Meta:
        """Fields."""

        model = Guardianship
        fields: ClassVar = [
            *("id", "person", "person_name", "person_class", "guardian", "relation"),
            *("submitted_at", "verified", "valid_until", "ended"),
        ]

    def get_verified(self, row: Guardianship) -> bool | None:
        """Return a reviewer's word, if there is one."""
        decision = getattr(row, "decision", None)
        return decision.verified if decision else None

    def get_valid_until(self, row: Guardianship) -> Any:
        """Return how long it is good for, once it is verified."""
        decision = getattr(row, "decision", None)
        return decision.valid_until if decision and decision.verified else None

    def get_ended(self, row: Guardianship) -> bool:
        """Say whether somebody ended it."""
        return getattr(row, "end", None) is not None


class Guardianships(APIView):
    """Guardianships."""

    def get(self, request: Request) -> Response:
        """List one's own; a reviewer sees all of the organisation."""
        rows = guardianships_visible(user_of(request))
        return page_of(self, request, rows, GuardianshipSerializer, "-submitted_at")

    def post(self, request: Request) -> Response:
        """Make the record of a minor or deceased person, and say that one acts for them."""
        given = fields_of(RepresentedFields, request).represented()
        evidence = request.FILES.get("evidence")
        row = guardianship_claim(user=user_of(request), represented=given, evidence=evidence)
        return Response(GuardianshipSerializer(row).data, status=201)


class GuardianshipRenewal(APIView):
    """Newer evidence."""

    def post(self, request: Request, guardianship_id: UUID) -> Response:
        """Hand it in (multipart, part ``evidence``)."""
        row = guardianship_renew(
            user=user_of(request),
            guardianship_id=guardianship_id,
            evidence=request.FILES.get("evidence"),
        )
        return Response(GuardianshipSerializer(row).data, status=201)


class GuardianshipReview(APIView):
    """A reviewer's decision."""

    def post(self, request: Request, guardianship_id: UUID) -> Response:
        """Decide."""
        given = fields_of(ReviewFields, request).validated_data
        guardianship_decide(user=user_of(request), guardianship_id=guardianship_id, **given)
        row = guardianship_get(user_of(request), guardianship_id)
        return Response(document_of(request, GuardianshipSerializer, row), status=201)


class GuardianshipEnding(APIView):
    """The end."""

    def post(self, request: Request, guardianship_id: UUID) -> Response:
        """End it, with every consent that was given under it."""
        row = guardianship_end(user=user_of(request), guardianship_id=guardianship_id)
        return Response({"id": str(row.pk), "ended": True})

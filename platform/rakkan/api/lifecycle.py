"""The end of personal data: erasure, legal holds, retention periods."""

from typing import Any, cast
from uuid import UUID

from django.urls import reverse
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from rakkan.accounts.models import User
from rakkan.accounts.permissions import check_user_has_role
from rakkan.accounts.roles import Role
from rakkan.api.fields import ForFields, fields_of
from rakkan.inspection.services import reading_note
from rakkan.lifecycle.models import Kind, LegalHold
from rakkan.lifecycle.selectors import holds_visible, period_days
from rakkan.lifecycle.services import (
    erasure_ask,
    erasure_certificate,
    hold_end,
    hold_set,
    retention_set,
)


def _user(request: Request) -> User:
    return cast("User", request.user)


class HoldFields(serializers.Serializer[Any]):
    """Whom, why, until when, and whether they may know."""

    person = serializers.UUIDField()
    reason = serializers.CharField(max_length=500)
    valid_until = serializers.DateTimeField()
    told = serializers.BooleanField()


class RetentionFields(serializers.Serializer[Any]):
    """A kind and its days."""

    kind = serializers.ChoiceField([kind.value for kind in Kind])
    days = serializers.IntegerField()


def _hold(hold: LegalHold) -> dict[str, Any]:
    end = getattr(hold, "end", None)
    return {
        "id": str(hold.pk),
        "person": str(hold.person_id),
        "reason": hold.reason,
        "told": hold.told,
        "set_by": str(hold.set_by_id),
        "set_at": hold.set_at.isoformat(),
        "valid_until": hold.valid_until.isoformat(),
        "ended_at": end.ended_at.isoformat() if end else None,
    }


class MyErasure(APIView):
    """Ask that what is personal about oneself goes, or about a person whom one acts for."""

    def post(self, request: Request) -> Response:
        """Ask; the address in the answer is the only way to the certificate."""
        given = fields_of(ForFields, request).validated_data
        erasure, secret = erasure_ask(user=_user(request), person_id=given["person"])
        address = reverse("erasure-certificate", args=[secret])
        body = {"id": str(erasure.pk), "certificate": request.build_absolute_uri(address)}
        return Response(body, status=202)


class ErasureState(APIView):
    """How far an erasure is, and its certificate: for whoever has the address."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    def get(self, request: Request, secret: str) -> Response:
        """Return it."""
        return Response(erasure_certificate(secret=secret))


class Holds(APIView):
    """Legal holds."""

    def get(self, request: Request) -> Response:
        """List those of the organisation."""
        holds = list(holds_visible(_user(request)))
        reading_note(user=_user(request), shown=holds)
        return Response([_hold(hold) for hold in holds])

    def post(self, request: Request) -> Response:
        """Set one."""
        given = dict(fields_of(HoldFields, request).validated_data)
        hold = hold_set(user=_user(request), person_id=given.pop("person"), **given)
        return Response(_hold(hold), status=201)


class HoldEnd(APIView):
    """End a hold before its time."""

    def post(self, request: Request, hold_id: UUID) -> Response:
        """End it."""
        hold = hold_end(user=_user(request), hold_id=hold_id)
        return Response(_hold(LegalHold.objects.select_related("end").get(pk=hold.pk)))


class Retention(APIView):
    """How long the organisation keeps what."""

    def get(self, request: Request) -> Response:
        """List the periods, in days."""
        user = _user(request)
        check_user_has_role(user, Role.ADMINISTRATOR, Role.AUDITOR)
        return Response({kind.value: period_days(user.organisation_id, kind) for kind in Kind})

    def post(self, request: Request) -> Response:
        """Set one."""
        given = fields_of(RetentionFields, request).validated_data
        user = _user(request)
        period = retention_set(user=user, kind=Kind(given["kind"]), days=given["days"])
        return Response({"kind": period.kind, "days": period.days}, status=201)

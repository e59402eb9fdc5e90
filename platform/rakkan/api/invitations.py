"""Invitations: sent, taken back, sent anew. The link is in the message and nowhere else."""

from typing import Any, ClassVar
from uuid import UUID

from django.conf import settings
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from rakkan.accounts.models import Invitation
from rakkan.accounts.roles import Role
from rakkan.accounts.selectors import invitations_visible
from rakkan.accounts.services import (
    Ask,
    invitation_resend,
    invitation_revoke,
    invitation_send,
)
from rakkan.api.answers import page_of, user_of
from rakkan.api.fields import fields_of


class AskFields(serializers.Serializer[Any]):
    """Who is asked to be what."""

    email = serializers.EmailField()
    role = serializers.ChoiceField(
        choices=[role.value for role in Role], default=Role.DEPICTED_PERSON.value
    )
    role_until = serializers.DateTimeField(required=False, default=None, allow_null=True)
    language = serializers.ChoiceField(choices=settings.LANGUAGES, default="en")

    def ask(self) -> Ask:
        """Return the validated fields."""
        given = self.validated_data
        return Ask(given["email"], Role(given["role"]), given["role_until"], given["language"])


class InvitationSerializer(serializers.ModelSerializer[Invitation]):
    """An invitation; where it went, while it is open."""

    email = serializers.SerializerMethodField()
    ended = serializers.SerializerMethodField()

    class Meta:
        """Fields."""

        model = Invitation
        fields: ClassVar = [
            *("id", "role", "role_until", "language", "invited_at", "expires_at"),
            *("email", "ended"),
        ]

    def get_email(self, invitation: Invitation) -> str | None:
        """Return the address of an open one."""
        address = getattr(invitation, "address", None)
        return address.email if address else None

    def get_ended(self, invitation: Invitation) -> str | None:
        """Return how it ended."""
        end = getattr(invitation, "end", None)
        return end.kind if end else None


class Invitations(APIView):
    """Invitations."""

    def get(self, request: Request) -> Response:
        """List them: an administrator's organisation's, a requester's own."""
        rows = invitations_visible(user_of(request))
        return page_of(self, request, rows, InvitationSerializer, "-invited_at")

    def post(self, request: Request) -> Response:
        """Invite somebody."""
        ask = fields_of(AskFields, request).ask()
        invitation = invitation_send(user=user_of(request), ask=ask)
        return Response(InvitationSerializer(invitation).data, status=201)


class InvitationRevocation(APIView):
    """Invitations taken back."""

    def post(self, request: Request, invitation_id: UUID) -> Response:
        """Take one back."""
        end = invitation_revoke(user=user_of(request), invitation_id=invitation_id)
        return Response({"id": str(end.invitation_id), "ended": end.kind})


class InvitationResending(APIView):
    """Invitations sent anew."""

    def post(self, request: Request, invitation_id: UUID) -> Response:
        """Send one anew, with another link."""
        invitation = invitation_resend(user=user_of(request), invitation_id=invitation_id)
        return Response(InvitationSerializer(invitation).data, status=201)

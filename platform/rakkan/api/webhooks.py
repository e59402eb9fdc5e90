"""Webhooks: endpoints of an organisation and what they were told."""

from typing import Any, cast
from uuid import UUID

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from rakkan.accounts.models import User
from rakkan.api.fields import fields_of
from rakkan.webhooks.models import TOPICS, Endpoint, Message
from rakkan.webhooks.selectors import (
    endpoint_get,
    endpoint_messages,
    endpoints_visible,
    message_state,
)
from rakkan.webhooks.services import endpoint_add, endpoint_end, message_resend

_SHOWN = 200  # messages in a list, the newest


def _user(request: Request) -> User:
    return cast("User", request.user)


class EndpointFields(serializers.Serializer[Any]):
    """Where to, and what about."""

    url = serializers.CharField(max_length=500)
    topics = serializers.ListField(child=serializers.ChoiceField(TOPICS))


def _endpoint(endpoint: Endpoint) -> dict[str, Any]:
    end = getattr(endpoint, "end", None)
    return {
        "id": str(endpoint.pk),
        "url": endpoint.url,
        "topics": endpoint.topics,
        "added_at": endpoint.added_at.isoformat(),
        "ended_at": end.ended_at.isoformat() if end else None,
    }


def _message(message: Message) -> dict[str, Any]:
    attempts = list(message.attempts.all())
    return {
        "id": str(message.pk),
        "state": message_state(message).value,
        "payload": message.payload,
        "attempts": [
            {
                "made_at": attempt.made_at.isoformat(),
                "delivered": attempt.delivered,
                "status": attempt.status,
                "problem": attempt.problem,
                "next_at": attempt.next_at.isoformat() if attempt.next_at else None,
            }
            for attempt in attempts
        ],
    }


class Webhooks(APIView):
    """Endpoints."""

    def get(self, request: Request) -> Response:
        """List those of the organisation."""
        return Response([_endpoint(row) for row in endpoints_visible(_user(request))])

    def post(self, request: Request) -> Response:
        """Add one; its secret is in this answer and nowhere else."""
        given = fields_of(EndpointFields, request).validated_data
        endpoint, secret = endpoint_add(user=_user(request), **given)
        return Response({**_endpoint(endpoint), "secret": secret}, status=201)


class WebhookEnd(APIView):
    """End an endpoint."""

    def post(self, request: Request, endpoint_id: UUID) -> Response:
        """End it."""
        endpoint_end(user=_user(request), endpoint_id=endpoint_id)
        return Response(_endpoint(endpoint_get(_user(request), endpoint_id)))


class WebhookMessages(APIView):
    """What an endpoint was told, and every try."""

    def get(self, request: Request, endpoint_id: UUID) -> Response:
        """List the newest."""
        rows = endpoint_messages(_user(request), endpoint_id)[:_SHOWN]
        return Response([_message(row) for row in rows])


class WebhookResending(APIView):
    """Send a message again whose tries are over."""

    def post(self, request: Request, endpoint_id: UUID, message_id: UUID) -> Response:
        """Begin another round."""
        user = _user(request)
        message_resend(user=user, endpoint_id=endpoint_id, message_id=message_id)
        return Response(_message(endpoint_messages(user, endpoint_id).get(pk=message_id)))

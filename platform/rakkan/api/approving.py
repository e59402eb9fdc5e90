"""The API around decisions: previews, the result, deputies, the draft after a refusal."""

from dataclasses import asdict, fields
from typing import Any, ClassVar, cast
from uuid import UUID

from django.http import FileResponse, HttpResponseBase
from django.utils import timezone
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from rakkan.accounts.models import User
from rakkan.accounts.permissions import check_user_has_role
from rakkan.accounts.roles import Role
from rakkan.api.answers import document_of, page_of
from rakkan.api.fields import ProductionFields, ReviewFields, fields_of
from rakkan.api.serializers import ProductionSerializer
from rakkan.approvals.models import Delegation
from rakkan.approvals.services import (
    Seen,
    delegation_add,
    delegation_end,
    delegations_given,
)
from rakkan.core.blobs import Area, blob_open
from rakkan.likenesses.selectors import likeness_get, voice_get
from rakkan.productions.selectors import production_get
from rakkan.productions.services.create import Draft
from rakkan.productions.services.preview import preview_request, preview_watch
from rakkan.productions.services.redraft import Changed, draft_of, production_redraft
from rakkan.productions.services.review import production_review, result_watch


def _user(request: Request) -> User:
    return cast("User", request.user)


class ProductionPreviewRequest(APIView):
    """Ask for a preview."""

    def post(self, request: Request, production_id: UUID) -> Response:
        """Have one drawn; it can be seen once a worker has handed it in."""
        preview = preview_request(user=_user(request), production_id=production_id)
        body = {"id": preview.pk, "asset_id": preview.asset_id, "expires_at": preview.expires_at}
        return Response(body, status=202)


class ProductionPreview(APIView):
    """The preview: never to be released."""

    def get(self, request: Request, production_id: UUID) -> HttpResponseBase:
        """Show it; the viewing is in the log before the first byte leaves."""
        file = preview_watch(user=_user(request), production_id=production_id)
        stream = blob_open(Area.PREVIEWS, file.file_sha256)
        headers = {"Cache-Control": "private, no-store"}
        return FileResponse(stream, content_type="video/mp4", headers=headers)


class DelegationFields(serializers.Serializer[Any]):
    """How long one is away, and who decides in one's name; without ``to``, nobody."""

    to = serializers.UUIDField(required=False, default=None, allow_null=True)
    valid_from = serializers.DateTimeField(required=False, default=None, allow_null=True)
    valid_until = serializers.DateTimeField()


class DelegationSerializer(serializers.ModelSerializer[Delegation]):
    """A delegation."""

    to = serializers.UUIDField(source="to_user_id", read_only=True)

    class Meta:
        """Fields."""

        model = Delegation
        fields: ClassVar = ["id", "to", "valid_from", "valid_until"]


class Delegations(APIView):
    """Absences and deputies."""

    def get(self, request: Request) -> Response:
        """List one's own delegations that are not over."""
        user = _user(request)
        check_user_has_role(user, Role.APPROVER)
        return page_of(self, request, delegations_given(user), DelegationSerializer, "-valid_from")

    def post(self, request: Request) -> Response:
        """Be away for a term, with a deputy or without."""
        given = fields_of(DelegationFields, request).validated_data
        delegation = delegation_add(
            user=_user(request),
            to_user_id=given["to"],
            valid_from=given["valid_from"] or timezone.now(),
            valid_until=given["valid_until"],
        )
        return Response(DelegationSerializer(delegation).data, status=201)


class DelegationEnd(APIView):
    """The end of a delegation."""

    def post(self, request: Request, delegation_id: UUID) -> Response:
        """End one's own now."""
        delegation = delegation_end(user=_user(request), delegation_id=delegation_id)
        return Response(DelegationSerializer(delegation).data)


class RedraftFields(ProductionFields):
    """What the new draft has of its own; what is left out is taken over."""

    without_background = serializers.BooleanField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Ask for nothing."""
        super().__init__(*args, partial=True, **kwargs)


class ProductionRedraft(APIView):
    """A new draft."""

    def post(self, request: Request, production_id: UUID) -> Response:
        """Make one from one's own production that has ended (multipart for a new ``voice``)."""
        user = _user(request)
        given = fields_of(RedraftFields, request).validated_data
        own = {field.name for field in fields(Draft)} & given.keys()
        old = draft_of(production_get(user, production_id))
        changed = Changed(
            draft=Draft(**asdict(old) | {name: given[name] for name in own}),
            likeness=likeness_get(user, given["likeness"]) if "likeness" in given else None,
            speaker=voice_get(user, given["speaker"]) if "speaker" in given else None,
            voice=request.FILES.get("voice"),
            background=request.FILES.get("background"),
            without_background=given.get("without_background", False),
        )
        made = production_redraft(user=user, production_id=production_id, changed=changed)
        return Response(document_of(request, ProductionSerializer, made), status=201)


class ProductionResult(APIView):
    """The sealed file, for those who have to watch it before its release."""

    def get(self, request: Request, production_id: UUID) -> HttpResponseBase:
        """Show it; that it was watched is in the log before the first byte leaves."""
        sealing = result_watch(user=_user(request), production_id=production_id)
        stream = blob_open(Area.QUARANTINE, sealing.file_sha256)
        headers = {"Cache-Control": "private, no-store", "ETag": f'"{sealing.file_sha256}"'}
        return FileResponse(stream, content_type="video/mp4", headers=headers)


class ProductionReview(APIView):
    """Say whether the result may be released."""

    def post(self, request: Request, production_id: UUID) -> Response:
        """Decide about exactly the file that was watched."""
        given = fields_of(ReviewFields, request).validated_data
        seen = Seen(given["accepted"], given["file_sha256"], given["comment"])
        production = production_review(user=_user(request), production_id=production_id, seen=seen)
        return Response(document_of(request, ProductionSerializer, production))

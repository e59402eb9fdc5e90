"""The API for evidence packs: ask for one, see how far it is, take it."""

from typing import Any, ClassVar
from uuid import UUID

from django.http import FileResponse, HttpResponseBase
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from rakkan.api.answers import page_of, user_of
from rakkan.api.fields import fields_of
from rakkan.core.blobs import Area, blob_open
from rakkan.evidence.models import Pack
from rakkan.evidence.selectors import pack_get, pack_state, packs_of
from rakkan.evidence.services import pack_deliver, pack_request
from rakkan.productions.selectors import production_get


class PackFields(serializers.Serializer[Any]):
    """What kind of pack."""

    language = serializers.CharField(max_length=2, required=False, default="en")
    with_video = serializers.BooleanField(required=False, default=False)


class PackSerializer(serializers.ModelSerializer[Pack]):
    """A pack and how far it is."""

    production = serializers.UUIDField(source="production_id", read_only=True)
    state = serializers.SerializerMethodField()
    size = serializers.SerializerMethodField()
    sha256 = serializers.SerializerMethodField()
    reason = serializers.SerializerMethodField()

    class Meta:
        """Fields."""

        model = Pack
        fields: ClassVar = [
            "id",
            "production",
            "language",
            "with_video",
            "state",
            "size",
            "sha256",
            "reason",
            "requested_at",
            "expires_at",
        ]

    def get_state(self, pack: Pack) -> str:
        """Return waiting, ready, failed or over."""
        return pack_state(pack)

    def get_size(self, pack: Pack) -> int | None:
        """Return the bytes of its file, once there is one."""
        ready = getattr(pack, "ready", None)
        return ready.size if ready else None

    def get_sha256(self, pack: Pack) -> str | None:
        """Return the digest of its file, once there is one."""
        ready = getattr(pack, "ready", None)
        return ready.file.file_sha256 if ready else None

    def get_reason(self, pack: Pack) -> str | None:
        """Return the code of why it ended."""
        end = getattr(pack, "end", None)
        return end.reason if end else None


class ProductionPacks(APIView):
    """The packs of a production."""

    def get(self, request: Request, production_id: UUID) -> Response:
        """List them, the newest first."""
        rows = packs_of(production_get(user_of(request), production_id))
        return page_of(self, request, rows, PackSerializer, "-requested_at")

    def post(self, request: Request, production_id: UUID) -> Response:
        """Ask for one; it can be taken once the seal worker has built it."""
        given = fields_of(PackFields, request).validated_data
        pack = pack_request(user=user_of(request), production_id=production_id, **given)
        return Response(PackSerializer(pack).data, status=202)


class PackDetail(APIView):
    """One pack."""

    def get(self, request: Request, pack_id: UUID) -> Response:
        """Return how far it is."""
        return Response(PackSerializer(pack_get(user_of(request), pack_id)).data)


class PackFile(APIView):
    """The file of a pack."""

    def get(self, request: Request, pack_id: UUID) -> HttpResponseBase:
        """Hand it over; that is in the log before the first byte leaves."""
        file = pack_deliver(user=user_of(request), pack_id=pack_id)
        stream = blob_open(Area.PACKS, file.sha256)
        headers = {"Cache-Control": "private, no-store"}
        return FileResponse(
            stream,
            as_attachment=True,
            filename=file.name,
            content_type="application/zip",
            headers=headers,
        )

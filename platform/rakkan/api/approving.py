"""The part of the API that is for those who decide: previews."""

from typing import cast
from uuid import UUID

from django.http import FileResponse, HttpResponseBase
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from rakkan.accounts.models import User
from rakkan.core.blobs import Area, blob_open
from rakkan.productions.services.preview import preview_request, preview_watch


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

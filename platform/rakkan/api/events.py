"""The audit log, for auditors' programs."""

from typing import Any, ClassVar
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from rakkan.accounts.permissions import check_user_has_role
from rakkan.accounts.roles import Role
from rakkan.api.answers import user_of
from rakkan.audit.models import Event
from rakkan.audit.services import Actor
from rakkan.inspection.filters import LogFilter
from rakkan.inspection.people import account_id
from rakkan.inspection.search import Found
from rakkan.inspection.services import Form, export_stream, log_read, proof_file


class EventSerializer(serializers.ModelSerializer[Event]):
    """An audit event and its place in the log."""

    sequence = serializers.IntegerField(source="leaf.sequence", read_only=True)
    leaf_hash = serializers.SerializerMethodField()

    class Meta:
        """Fields."""

        model = Event
        fields: ClassVar = [
            "id",
            "name",
            "occurred_at",
            "actor_id",
            "actor_role",
            "object_type",
            "object_id",
            "object_label",
            "request_id",
            "data",
            "canonical",
            "sequence",
            "leaf_hash",
        ]

    def get_leaf_hash(self, event: Event) -> str:
        """Return the RFC 6962 leaf hash of ``canonical``."""
        return bytes(event.leaf.leaf_hash).hex()


class FilterFields(serializers.Serializer[Any]):
    """What narrows the log; every condition has to hold."""

    name = serializers.CharField(max_length=80, required=False)
    domain = serializers.CharField(max_length=40, required=False)
    person = serializers.CharField(max_length=120, required=False)
    production = serializers.UUIDField(required=False)
    shown = serializers.UUIDField(required=False)
    actor = serializers.CharField(max_length=120, required=False)
    object = serializers.CharField(max_length=64, required=False)
    text = serializers.CharField(max_length=200, required=False)
    since = serializers.DateTimeField(required=False)
    until = serializers.DateTimeField(required=False)


class PageFields(FilterFields):
    """A page of what a filter finds."""

    cursor = serializers.CharField(max_length=64, required=False)
    page_size = serializers.IntegerField(min_value=1, max_value=500, required=False, default=50)
    order = serializers.ChoiceField(["newest", "oldest"], required=False, default="newest")


def asked_in(given: dict[str, Any], actor: Actor) -> LogFilter:
    """Return validated fields as a filter; people may be named by their address.

    Raises:
        NotFound: no account has the name or address.
    """
    found = {name: given[name] for name in map(str, FilterFields().fields) if given.get(name)}
    for name in ("person", "actor"):
        if name in found and not found[name].startswith("system:"):
            found[name] = account_id(actor.organisation_id, found[name])
    for name in ("production", "shown"):
        if name in found:
            found[name] = str(found[name])
    return LogFilter.of(found)


def query_of(kind: type[Any], request: Request) -> dict[str, Any]:
    """Return the validated parameters of an address; an empty one is none.

    Raises:
        ValidationError: some cannot be used.
    """
    given = {name: request.query_params.get(name) for name in kind().fields}
    fields = kind(data={name: value for name, value in given.items() if value})
    fields.is_valid(raise_exception=True)
    return dict(fields.validated_data)


class Events(APIView):
    """The log."""

    def get(self, request: Request) -> Response:
        """List the events that meet every condition; reading is one too."""
        actor = check_user_has_role(user_of(request), Role.AUDITOR)
        given = query_of(PageFields, request)
        found = log_read(
            actor=actor,
            asked=asked_in(given, actor),
            cursor=given.get("cursor", ""),
            limit=given["page_size"],
            oldest_first=given["order"] == "oldest",
        )
        return Response(page_document(request, found))


def page_document(request: Request, found: Found) -> dict[str, Any]:
    """Return a page of events with the addresses of its neighbours."""
    asked = {name: value for name, value in request.query_params.items() if name != "cursor"}

    def link(cursor: str) -> str | None:
        if not cursor:
            return None
        return request.build_absolute_uri(
            f"{request.path}?{urlencode({**asked, 'cursor': cursor})}"
        )

    rows = EventSerializer(found.events, many=True).data
    return {"next": link(found.on), "previous": link(found.back), "results": rows}


class ExportFields(FilterFields):
    """What to take away, and as what."""

    form = serializers.ChoiceField([form.value for form in Form], required=False, default="zip")


class EventsExport(APIView):
    """A selection of the log, to be checked offline."""

    def get(self, request: Request) -> HttpResponseBase:
        """Send the events that meet every condition, as they are read: there is no limit."""
        user = user_of(request)
        actor = check_user_has_role(user, Role.AUDITOR)
        given = query_of(ExportFields, request)
        form = Form(given["form"])
        pieces = export_stream(user=user, asked=asked_in(given, actor), form=form)
        headers = {"Cache-Control": "private, no-store", "X-Accel-Buffering": "no"}
        return StreamingHttpResponse(pieces, content_type=form.media_type, headers=headers)


class EventProof(APIView):
    """The proof of one event (C2SP tlog-proof)."""

    def get(self, request: Request, event_id: UUID) -> HttpResponse:
        """Return the file that ``python -m compliance log verify-proof`` checks."""
        _, content = proof_file(user=user_of(request), event_id=event_id)
        headers = {"Cache-Control": "private, no-store"}
        return HttpResponse(content, content_type="text/plain; charset=us-ascii", headers=headers)

"""Watch-lists, for auditors' programs."""

from typing import Any
from uuid import UUID

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from rakkan.accounts.permissions import check_user_has_role
from rakkan.accounts.roles import Role
from rakkan.api.answers import user_of
from rakkan.api.events import EventSerializer, FilterFields, asked_in, query_of
from rakkan.api.fields import fields_of
from rakkan.inspection.models import Watch
from rakkan.inspection.services import watch_add, watch_end, watch_look, watches_of


class WatchFields(FilterFields):
    """A filter and its name."""

    name_of_list = serializers.CharField(max_length=80)


class WatchPageFields(serializers.Serializer[Any]):
    """A page of matches."""

    before = serializers.IntegerField(min_value=0, max_value=(1 << 63) - 1, required=False)


def _document(watch: Watch) -> dict[str, Any]:
    return {
        "id": str(watch.pk),
        "name_of_list": watch.label,
        "asked": watch.asked,
        "made_at": watch.made_at.isoformat(),
    }


class Watches(APIView):
    """One's own watch-lists."""

    def get(self, request: Request) -> Response:
        """List them, each with how many matches there are and were not looked at."""
        user = user_of(request)
        check_user_has_role(user, Role.AUDITOR)
        return Response(
            [
                {**_document(row.watch), "fresh": row.fresh, "total": row.total}
                for row in watches_of(user)
            ]
        )

    def post(self, request: Request) -> Response:
        """Keep a filter: the same conditions as of ``/api/v1/events``."""
        user = user_of(request)
        actor = check_user_has_role(user, Role.AUDITOR)
        given = dict(fields_of(WatchFields, request).validated_data)
        label = given.pop("name_of_list")
        watch = watch_add(user=user, label=label, asked=asked_in(given, actor))
        return Response(_document(watch), status=201)


class WatchEvents(APIView):
    """What a watch-list has matched."""

    def get(self, request: Request, watch_id: UUID) -> Response:
        """List it, the newest first; what was matched until now counts as looked at."""
        before = query_of(WatchPageFields, request).get("before")
        events, on = watch_look(user=user_of(request), watch_id=watch_id, before=before)
        rows = EventSerializer(events, many=True).data
        return Response({"next_before": on, "results": rows})


class WatchEnd(APIView):
    """The end of a watch-list."""

    def post(self, request: Request, watch_id: UUID) -> Response:
        """Delete one's own."""
        watch_end(user=user_of(request), watch_id=watch_id)
        return Response({"id": str(watch_id), "ended": True})

"""How every answer of the API is made: who asks, and lists by cursor."""

from typing import Any, cast

from django.core.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from rakkan.accounts.models import User
from rakkan.api.pagination import Newest
from rakkan.core.errors import BadInput


def user_of(request: Request) -> User:
    """Return who is signed in."""
    return cast("User", request.user)


def page_of(view: APIView, request: Request, rows: Any, kind: Any, order: str) -> Response:
    """Return one page of a list.

    Args:
        view: whose list it is.
        request: names the page by its cursor.
        rows: of which a page is shown.
        kind: the serializer of a row.
        order: the column by which they are sorted.

    Raises:
        BadInput: the cursor is none of ours.
    """
    pages = Newest()
    pages.ordering = order
    try:
        page: Any = pages.paginate_queryset(rows, request, view=view)
    except (ValidationError, ValueError) as error:  # the cursor holds whatever a caller put there
        raise BadInput(
            "The cursor is none of ours.",
            code="cursor-invalid",
            remedy="Follow the links in next and previous, or start without a cursor.",
        ) from error
    return pages.get_paginated_response(kind(page, many=True).data)

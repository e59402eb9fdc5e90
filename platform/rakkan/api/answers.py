"""How every answer of the API is made: who asks, and lists by cursor."""

from typing import Any, cast

from django.core.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from rakkan.accounts.models import User
from rakkan.api.pagination import Newest
from rakkan.consents.models import Consent
from rakkan.core.errors import BadInput
from rakkan.identity.models import IdentityCheck
from rakkan.inspection.services import list_note, reading_note
from rakkan.likenesses.models import Guardianship, Likeness, Voice
from rakkan.productions.models import Production

# Their lists hold whole documents, not titles alone as a page's list does.
_DOCUMENTS = (Consent, Guardianship, IdentityCheck, Likeness, Production, Voice)


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
    told = [row for row in page if isinstance(row, _DOCUMENTS)]
    reading_note(user=user_of(request), shown=told)
    accounts = [row for row in page if isinstance(row, User)]
    list_note(user=user_of(request), listed="people", shown=accounts)
    return pages.get_paginated_response(kind(page, many=True).data)


def document_of(request: Request, kind: Any, row: Any) -> dict[str, Any]:
    """Return what a serializer shows of personal data, after noting that it is shown."""
    reading_note(user=user_of(request), shown=[row])
    return dict(kind(row).data)

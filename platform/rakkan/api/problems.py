"""Every error leaves the API as problem details (RFC 9457)."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response

from compliance.errors import ComplianceError
from rakkan.core.errors import RakkanError
from rakkan.core.faults import told_outside

CONTENT_TYPE = "application/problem+json"


def problem(*, status: int, code: str, title: str, **more: Any) -> Response:
    """Return a problem document; ``type`` is a stable URN built from the code."""
    body = {"type": f"urn:rakkan:problem:{code}", "title": title, "status": status, "code": code}
    body |= {key: value for key, value in more.items() if value}
    return Response(body, status=status, content_type=CONTENT_TYPE)


def handle(error: Exception, context: dict[str, Any]) -> Response | None:
    """Turn an exception into problem details; None lets Django answer 500 and log it."""
    if isinstance(error, (RakkanError, ComplianceError)):
        told = told_outside(error)
        return problem(status=told.status, code=told.code, title=str(told), remedy=told.remedy)
    if isinstance(error, exceptions.ValidationError):
        return problem(
            status=400,
            code="fields-invalid",
            title="Some fields cannot be used.",
            errors=error.detail,
            remedy="Correct the fields named in errors.",
        )
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    if isinstance(error, exceptions.APIException):
        return _api_problem(error)
    return None


def _api_problem(error: exceptions.APIException) -> Response:
    code = str(error.default_code).replace("_", "-")
    response = problem(status=error.status_code, code=code, title=str(error.detail))
    challenge = getattr(error, "auth_header", None)
    if challenge:
        response["WWW-Authenticate"] = challenge
    return response

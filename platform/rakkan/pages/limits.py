"""How large a form may be that anybody may send."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse

from rakkan.verification.services.examining import MAX_BYTES, too_large

_FORM_BYTES = 1 << 20  # what a form may hold beside its file


class UploadLimitMiddleware:
    """Turn away what anybody may send but is too large, before a byte of it is read.

    Django reads a form to its end to find the token in it, however long the file beside it is.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        """Keep the next handler."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Handle one request."""
        length = str(request.META.get("CONTENT_LENGTH") or "0")
        bounded = request.path_info == reverse("verify") and length.isdecimal()
        if bounded and int(length) > MAX_BYTES + _FORM_BYTES:
            error = too_large()
            return render(request, "verify.html", {"error": error}, status=error.status)
        return self.get_response(request)

"""Anybody drops a file and is told whether it was made here."""

from __future__ import annotations

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from rakkan.accounts.throttle import attempt_from
from rakkan.core.errors import BadInput, RakkanError
from rakkan.pages.asking import told
from rakkan.verification.services import ask


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def verify(request: HttpRequest) -> HttpResponseBase:
    """Show the form, or look at a file; nothing of it is kept."""
    if request.method != "POST":
        return render(request, "verify.html")
    try:
        attempt_from(request, "verify")
        answer = ask(_file(request).chunks())
    except RakkanError as error:
        return render(request, "verify.html", {"error": error}, status=error.status)
    return render(request, "verify.html", {"told": told(answer)})


def _file(request: HttpRequest) -> UploadedFile[bytes]:
    file = request.FILES.get("file")
    if not isinstance(file, UploadedFile):
        raise BadInput("No file was sent.", code="file-missing", remedy="Attach the file.")
    return file

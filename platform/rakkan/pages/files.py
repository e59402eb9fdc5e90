"""Hand out a stored file, whole or the part a player asks for (RFC 9110, section 14)."""

import re
from collections.abc import Iterator
from typing import IO, Any

from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.http import StreamingHttpResponse as Streaming

_CHUNK = 1 << 16
# No file is longer than these digits can say; a range that is no such number is not honoured,
# as RFC 9110 lets a server do.
_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})\Z")


def file_answer(
    request: HttpRequest, stream: IO[Any], *, size: int, media_type: str
) -> HttpResponseBase:
    """Return the file, or one range of it; what nobody may keep is not cached.

    Args:
        request: its ``Range`` header is honoured where it names one range.
        stream: the file, closed once it has been sent.
        size: in bytes.
        media_type: as stored; browsers are told not to guess another.
    """
    wanted = _RANGE.match(request.headers.get("Range", ""))
    response: HttpResponseBase
    if wanted is None or wanted.group() == "bytes=-":
        response = FileResponse(stream, content_type=media_type)
        response["Content-Length"] = str(size)
    else:
        response = _part(stream, *_bounds(wanted, size), size)
        response["Content-Type"] = media_type
    response["Accept-Ranges"] = "bytes"
    response["Cache-Control"] = "private, no-store"
    return response


def _bounds(wanted: re.Match[str], size: int) -> tuple[int, int]:
    first, last = wanted.groups()
    if not first:
        return max(0, size - int(last)), size - 1
    return int(first), min(int(last or size - 1), size - 1)


def _part(stream: IO[Any], first: int, last: int, size: int) -> HttpResponseBase:
    if first > last:
        stream.close()
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    stream.seek(first)
    response = Streaming(_read(stream, last - first + 1), status=206)
    response["Content-Range"] = f"bytes {first}-{last}/{size}"
    response["Content-Length"] = str(last - first + 1)
    return response


def _read(stream: IO[Any], left: int) -> Iterator[bytes]:
    with stream:
        while left > 0 and (chunk := stream.read(min(_CHUNK, left))):
            left -= len(chunk)
            yield chunk

"""Ask a time-stamp authority, witness or key service that the operator named; never for long."""

import http.client
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

_SECONDS = 3.0  # for connecting, and for each read and write: the clerk waits meanwhile
_LONGEST = 1 << 18  # bytes of an answer


class NotAnswered(Exception):
    """Nothing that could be used came back; the code says why."""

    def __init__(self, code: str) -> None:
        """Keep the code."""
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    content_type: str
    body: bytes


def post(
    url: str, body: bytes, content_type: str, headers: Mapping[str, str] | None = None
) -> Answer:
    """Send ``body`` and return the answer, whatever its status; redirects are not followed.

    Raises:
        NotAnswered: there was none, or it is longer than any should be.
    """
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    connection = kind(str(parts.hostname), parts.port, timeout=_SECONDS)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request(
            "POST", path, body=body, headers={"Content-Type": content_type, **(headers or {})}
        )
        answer = connection.getresponse()
        found = answer.read(_LONGEST + 1)
        told = answer.headers.get_content_type()
    except TimeoutError as error:
        raise NotAnswered("timeout") from error
    except ssl.SSLError as error:
        raise NotAnswered("tls") from error
    except (OSError, http.client.HTTPException) as error:
        raise NotAnswered("no-answer") from error
    finally:
        connection.close()
    if len(found) > _LONGEST:
        raise NotAnswered("answer-too-long")
    return Answer(answer.status, told, found)

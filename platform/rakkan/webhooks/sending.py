"""Send a body to an address of somebody's choice without being led astray by it.

The name is resolved once, every address it has must be public, and the connection goes to one of
those very addresses: a name that answers differently the second time gains nothing. Redirects
are answers like any other and are not followed.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
from urllib.parse import urlsplit

from django.conf import settings

from rakkan.core.errors import BadInput

TIMEOUT = 5.0  # seconds for connecting, and for each read and write
_ANSWER = 1024  # bytes that are read of an answer; what it says is not kept


class NotSent(Exception):
    """It could not be delivered; the code says why."""

    def __init__(self, code: str) -> None:
        """Keep the code."""
        super().__init__(code)
        self.code = code


def check_address(url: str) -> None:
    """Raise unless this could be an endpoint; asked again, with its name resolved, when sending.

    Raises:
        BadInput: no https address of a public host.
    """
    parts, allowed = urlsplit(url), settings.RAKKAN_WEBHOOK_PRIVATE_HOSTS
    host = parts.hostname or ""
    plain = parts.scheme == "http" and host in allowed
    if not host or parts.username or (parts.scheme != "https" and not plain):
        raise _refused("It must be an https address without a user name.")
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return
    if host not in allowed and not _is_public(address):
        raise _refused("Its host is not public.")


def send(url: str, headers: dict[str, str], body: bytes) -> int:
    """Send and return the status of the answer.

    Raises:
        NotSent: no answer, or an address that must not be reached.
    """
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    host = str(parts.hostname)
    address = _resolved(host, port)
    connection = _Pinned(host, port, address, secure=parts.scheme == "https")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request("POST", path, body=body, headers=headers)
        answer = connection.getresponse()
        answer.read(_ANSWER)
    except TimeoutError as error:
        raise NotSent("timeout") from error
    except ssl.SSLError as error:
        raise NotSent("tls") from error
    except (OSError, http.client.HTTPException) as error:
        raise NotSent("no-answer") from error
    finally:
        connection.close()
    return answer.status


class _Pinned(http.client.HTTPConnection):
    """A connection to one resolved address, for a host by its name."""

    def __init__(self, host: str, port: int, address: str, *, secure: bool) -> None:
        super().__init__(host, port, timeout=TIMEOUT)
        self._address, self._secure = address, secure

    def connect(self) -> None:
        self.sock = socket.create_connection((self._address, self.port), TIMEOUT)
        if self._secure:
            context = ssl.create_default_context()
            self.sock = context.wrap_socket(self.sock, server_hostname=self.host)


def _resolved(host: str, port: int) -> str:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise NotSent("name-unknown") from error
    addresses = [str(entry[4][0]) for entry in found]
    if host not in settings.RAKKAN_WEBHOOK_PRIVATE_HOSTS:
        for address in addresses:
            if not _is_public(ipaddress.ip_address(address)):
                raise NotSent("address-not-public")
    return addresses[0]


def _is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    mapped = getattr(address, "ipv4_mapped", None) or getattr(address, "sixtofour", None)
    return (mapped or address).is_global and not address.is_multicast


def _refused(why: str) -> BadInput:
    return BadInput(why, code="address-refused", remedy="Name a public https address.")

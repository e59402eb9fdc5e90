"""The worker's only way to the platform: one authenticated HTTP endpoint."""

import base64
import binascii
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import httpx

from compliance.permit import Capabilities
from generation.worker.errors import LeaseLost, PlatformError

_TIMEOUT = httpx.Timeout(30, connect=10)
_CHUNK = 1 << 18
_ATTEMPTS = 3
# The longest texts the platform takes; a longer one must not cost the whole report.
_MOST_DETAIL, _MOST_REMEDY, _MOST_STAGE = 2000, 500, 40


@dataclass(frozen=True)
class Lease:
    """The right to work on a job for a while, renewed by heartbeats."""

    token: str = field(repr=False)
    fence: int
    seconds: float
    heartbeat_seconds: float


@dataclass(frozen=True)
class Claim:
    """What the platform hands out with a job."""

    permit: str  # JWS
    lease: Lease
    urls: dict[str, str]  # SHA-256 of an input -> where it is
    watermark: bytes | None
    output_url: str

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """Read the platform's answer.

        Raises:
            PlatformError: it is not a claim ("platform-protocol").
        """
        try:
            mark = data["watermark"]
            return cls(
                permit=str(data["permit"]),
                lease=Lease(**data["lease"]),
                urls={item["sha256"]: item["url"] for item in data["inputs"]},
                watermark=None if mark is None else base64.b64decode(mark, validate=True),
                output_url=str(data["output_url"]),
            )
        except (KeyError, TypeError, binascii.Error) as error:
            raise PlatformError(
                f"The platform's answer is not a claim: {error!r}.", code="platform-protocol"
            ) from error


class PlatformClient:
    """Speaks version 1 of the worker endpoint; safe to use from several threads."""

    def __init__(self, base_url: str, token: str) -> None:
        """Prepare connections; nothing is sent yet."""
        headers = {"Authorization": f"Bearer {token}"}
        self._http = httpx.Client(
            base_url=base_url, headers=headers, timeout=_TIMEOUT, trust_env=False
        )

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def claim(self, job_id: str, capabilities: Capabilities) -> Claim:
        """Ask for a job.

        Raises:
            PlatformError: not claimable (409), not allowed (403), or no answer.
        """
        body = capabilities.to_dict()
        return Claim.from_dict(self._post(f"/worker/v1/jobs/{job_id}/claim", body))

    def announce(self, capabilities: Capabilities) -> float | None:
        """Say that this worker is here; returns after how many seconds to say so again.

        Raises:
            PlatformError: it is not allowed, or got no answer.
        """
        answer = self._post("/worker/v1/present", capabilities.to_dict())
        seconds = answer.get("seconds")
        return float(seconds) if isinstance(seconds, int | float) else None

    def job(self, job_id: str, lease: Lease) -> "JobClient":
        """Return the calls that need a lease."""
        return JobClient(self, job_id, lease)

    def _post(
        self,
        url: str,
        body: dict[str, Any],
        *,
        headers: dict[str, str] | None = None,
        attempts: int = 1,
    ) -> dict[str, Any]:
        response = self._send(lambda: self._http.post(url, json=body, headers=headers), attempts)
        try:
            answer = response.json()
        except ValueError as error:
            raise PlatformError(
                "The platform's answer is not JSON.", code="platform-protocol"
            ) from error
        return answer if isinstance(answer, dict) else {}

    def _send(self, request: Callable[[], httpx.Response], attempts: int = 1) -> httpx.Response:
        """Send a request, again on a broken connection, and turn problems into errors."""
        for left in reversed(range(attempts)):
            try:
                return _checked(request())
            except httpx.TransportError as error:
                if not left:
                    raise PlatformError(
                        f"The platform cannot be reached: {error!r}.",
                        remedy="Check RAKKAN_PLATFORM_URL and that the platform is running.",
                    ) from error
        raise AssertionError("attempts is at least 1")


class JobClient:
    """The calls of one leased job."""

    def __init__(self, client: PlatformClient, job_id: str, lease: Lease) -> None:
        """Use :meth:`PlatformClient.job`."""
        self._client = client
        self._path = f"/worker/v1/jobs/{job_id}"
        self._headers = {"X-Rakkan-Lease": lease.token}
        self._fence = lease.fence

    def heartbeat(self, progress: float, stage: str) -> bool:
        """Renew the lease; returns whether the job was cancelled.

        Raises:
            LeaseLost: the job belongs to somebody else.
            PlatformError: any other problem.
        """
        answer = self._call(
            "heartbeat", {"progress": round(progress, 3), "stage": stage[:_MOST_STAGE]}
        )
        return bool(answer.get("cancel"))

    def fetch(self, url: str, destination: Path, max_bytes: int) -> None:
        """Download an input; never more than ``max_bytes`` + one chunk of it.

        Raises:
            PlatformError: it cannot be had, or the address is not the platform's own.
        """
        if not url.startswith("/worker/v1/"):  # the token must not travel anywhere else
            raise PlatformError(f"Refused the address {url!r}.", code="platform-protocol")
        self._client._send(lambda: self._download(url, destination, max_bytes), _ATTEMPTS)

    def upload(self, url: str, path: Path, sha256: str) -> None:
        """Upload the finished file under its digest.

        Raises:
            LeaseLost: the job belongs to somebody else.
            PlatformError: any other problem.
        """
        if not url.startswith("/worker/v1/"):
            raise PlatformError(f"Refused the address {url!r}.", code="platform-protocol")
        headers = self._headers | {
            "Content-Length": str(path.stat().st_size),
            "Content-Type": "application/octet-stream",
        }
        target = f"{url.rstrip('/')}/{sha256}"
        self._client._send(
            lambda: self._client._http.put(target, content=_chunks(path), headers=headers),
            _ATTEMPTS,
        )

    def result(self, result: dict[str, Any]) -> None:
        """Report success; raises as :meth:`heartbeat`."""
        # A second copy is harmless: the fence lets the platform take one only.
        self._call("result", {"fence": self._fence, "result": result}, _ATTEMPTS)

    def failure(self, *, code: str, detail: str, remedy: str, fault: str) -> None:
        """Report failure; raises as :meth:`heartbeat`."""
        texts = {"detail": detail[:_MOST_DETAIL], "remedy": remedy[:_MOST_REMEDY]}
        body = {"fence": self._fence, "code": code, "fault": fault} | texts
        self._call("failure", body, _ATTEMPTS)

    def _call(self, action: str, body: dict[str, Any], attempts: int = 1) -> dict[str, Any]:
        url = f"{self._path}/{action}"
        return self._client._post(url, body, headers=self._headers, attempts=attempts)

    def _download(self, url: str, destination: Path, max_bytes: int) -> httpx.Response:
        with self._client._http.stream("GET", url, headers=self._headers) as response:
            if not response.is_success:
                response.read()
                return response
            written = 0
            with destination.open("wb") as file:
                for chunk in response.iter_bytes(_CHUNK):
                    file.write(chunk)
                    written += len(chunk)
                    if written > max_bytes:
                        break
            return response


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk


def _checked(response: httpx.Response) -> httpx.Response:
    """Return a good answer; raise what a problem document (RFC 9457) says."""
    if response.is_success:
        return response
    try:
        problem = response.json()
    except ValueError:
        problem = {}
    if not isinstance(problem, dict):
        problem = {}
    code = str(problem.get("code") or f"platform-http-{response.status_code}")
    detail = str(problem.get("detail") or problem.get("title") or response.reason_phrase)
    if code == LeaseLost.code:
        raise LeaseLost(detail)
    raise PlatformError(
        detail, code=code, remedy=str(problem.get("remedy", "")), status=response.status_code
    )

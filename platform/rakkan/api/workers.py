"""The one door for workers: presence, claim, heartbeat, inputs, output, result, failure."""

import secrets
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpResponseBase, StreamingHttpResponse
from rest_framework import serializers
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from compliance.permit import Capabilities, JobKind
from rakkan.api.fields import fields_of
from rakkan.core.tenancy import serve_system
from rakkan.dispatch.services import worker_announce
from rakkan.productions.services.dispatch import Handed, job_claim
from rakkan.productions.services.receive import (
    input_chunks,
    job_beat,
    job_failure,
    job_result,
    output_accept,
)

_CHUNK = 1 << 20


class Worker:
    """Whoever holds the worker token; the lease says which one it is."""

    is_authenticated = True


class WorkerAuthentication(BaseAuthentication):
    """Bearer token, compared in constant time."""

    def authenticate(self, request: Request) -> tuple[Worker, None]:
        """Return the worker.

        Raises:
            AuthenticationFailed: the token is missing or wrong.
        """
        given = get_authorization_header(request)
        wanted = f"Bearer {settings.RAKKAN_WORKER_TOKEN}".encode()
        if not secrets.compare_digest(given, wanted):
            raise AuthenticationFailed("The worker token is missing or wrong.")
        serve_system()  # a worker serves every organisation
        return Worker(), None

    def authenticate_header(self, request: Request) -> str:
        """Name the scheme, so that a refusal is 401."""
        return "Bearer"


class WorkerView(APIView):
    """For workers only."""

    authentication_classes = (WorkerAuthentication,)
    permission_classes = (IsAuthenticated,)

    @staticmethod
    def lease(request: Request) -> str:
        """Return the lease token the worker sent."""
        return str(request.headers.get("X-Rakkan-Lease", ""))


class WorkerFields(serializers.Serializer[Any]):
    """Who it is and what it can do."""

    worker = serializers.CharField(max_length=120)
    kinds = serializers.ListField(child=serializers.ChoiceField([k.value for k in JobKind]))
    engines = serializers.ListField(child=serializers.CharField(max_length=30))
    weights = serializers.DictField(
        child=serializers.RegexField(r"^[0-9a-f]{64}$"), required=False, default=dict
    )

    def capabilities(self) -> Capabilities:
        """Return the validated fields."""
        given = self.validated_data
        kinds = tuple(JobKind(kind) for kind in given["kinds"])
        return Capabilities(given["worker"], kinds, tuple(given["engines"]), given["weights"])


class Fraction(serializers.FloatField):
    """A float; a whole number too large to be one is refused as any other that is none."""

    def to_internal_value(self, data: Any) -> float:
        """Return it."""
        try:
            return float(super().to_internal_value(data))
        except OverflowError:
            self.fail("invalid")


class BeatFields(serializers.Serializer[Any]):
    """How far it is."""

    progress = Fraction(min_value=0, max_value=1)
    stage = serializers.CharField(max_length=40, allow_blank=True)


class ResultFields(serializers.Serializer[Any]):
    """A result and the fencing token it was made under."""

    fence = serializers.IntegerField(min_value=1)
    result = serializers.JSONField()  # its fields are checked by RenderResult and MeasureResult


class FailureFields(serializers.Serializer[Any]):
    """Why it could not be done."""

    fence = serializers.IntegerField(min_value=1)
    code = serializers.SlugField(max_length=60)
    detail = serializers.CharField(max_length=2000, allow_blank=True)
    remedy = serializers.CharField(max_length=500, allow_blank=True)
    fault = serializers.ChoiceField(["input", "system"])


class Presence(WorkerView):
    """Say that one is here."""

    def post(self, request: Request) -> Response:
        """Note it; the answer says how soon to say so again."""
        worker_announce(fields_of(WorkerFields, request).capabilities())
        return Response({"seconds": settings.RAKKAN_PRESENT_SECONDS / 3})


class Claim(WorkerView):
    """Take a job."""

    def post(self, request: Request, job_id: UUID) -> Response:
        """Lease it and hand out permit, inputs and the carrier of its marks."""
        worker = fields_of(WorkerFields, request).capabilities()
        return Response(_claim_document(job_claim(job_id=job_id, worker=worker)))


def _claim_document(handed: Handed) -> dict[str, Any]:
    job = handed.claim.job
    base = f"/worker/v1/jobs/{job.pk}"
    return {
        "permit": handed.claim.permit,
        "lease": {
            "token": handed.claim.token,
            "fence": job.fence,
            "seconds": settings.RAKKAN_LEASE_SECONDS,
            "heartbeat_seconds": settings.RAKKAN_HEARTBEAT_SECONDS,
        },
        "inputs": [
            {**item, "url": f"{base}/inputs/{item['sha256']}"} for item in job.spec["inputs"]
        ],
        "watermark": handed.watermark,
        "output_url": f"{base}/output/",
    }


class Heartbeat(WorkerView):
    """Keep a lease."""

    def post(self, request: Request, job_id: UUID) -> Response:
        """Extend it; a lost lease answers 409, and that is the order to stop."""
        given = fields_of(BeatFields, request).validated_data
        job_beat(job_id=job_id, lease=self.lease(request), **given)
        return Response({"cancel": False})


class Input(WorkerView):
    """Read an input."""

    def get(self, request: Request, job_id: UUID, sha256: str) -> HttpResponseBase:
        """Stream its bytes; the worker checks the digest itself."""
        chunks = input_chunks(job_id=job_id, lease=self.lease(request), sha256=sha256)
        return StreamingHttpResponse(chunks, content_type="application/octet-stream")


class Output(WorkerView):
    """Hand in a rendered file."""

    parser_classes = ()

    def put(self, request: Request, job_id: UUID, sha256: str) -> Response:
        """Store it in quarantine under its digest."""
        blob = output_accept(
            job_id=job_id, lease=self.lease(request), sha256=sha256, chunks=_body(request)
        )
        return Response({"sha256": blob.sha256, "size": blob.size}, status=201)


def _body(request: Request) -> Iterator[bytes]:
    stream = request._request
    while chunk := stream.read(_CHUNK):
        yield chunk


class Result(WorkerView):
    """Report a result."""

    def post(self, request: Request, job_id: UUID) -> Response:
        """Accept it, or refuse a late or forged one."""
        given = fields_of(ResultFields, request).validated_data
        job_result(
            job_id=job_id,
            lease=self.lease(request),
            fence=given["fence"],
            result=given["result"],
        )
        return Response({"accepted": True})


class Failure(WorkerView):
    """Report that it could not be done."""

    def post(self, request: Request, job_id: UUID) -> Response:
        """Note it; a fault of the system is tried again."""
        given = dict(fields_of(FailureFields, request).validated_data)
        fence = given.pop("fence")
        job_failure(job_id=job_id, lease=self.lease(request), fence=fence, error=given)
        return Response({"accepted": True})

"""Queues, workers and stuck productions: for operators' programs, without any content."""

from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from rakkan.accounts.permissions import check_user_has_role
from rakkan.accounts.roles import Role
from rakkan.api.answers import user_of
from rakkan.dispatch.models import Job
from rakkan.dispatch.selectors import leases_of, queues_of
from rakkan.productions.services.unblock import production_cancel_stuck
from rakkan.productions.stuck import Stuck, productions_stuck


def _lease(job: Job) -> dict[str, object]:
    return {
        "worker": job.worker,
        "queue": job.queue,
        "kind": job.kind,
        "job": str(job.pk),
        "lease_until": job.lease_until,
        "progress": job.progress,
        "deliveries": job.deliveries,
    }


def _stuck(item: Stuck) -> dict[str, object]:
    return {
        "production": str(item.production.pk),
        "state": item.production.state,
        "why": item.why.value,
        "since": item.since,
        "deliveries": item.deliveries,
        "error": item.error,
    }


class Operations(APIView):
    """How the machines are doing."""

    def get(self, request: Request) -> Response:
        """Return queues, leases and stuck productions of one's organisation."""
        check_user_has_role(user_of(request), Role.OPERATOR)
        organisation = user_of(request).organisation_id
        return Response(
            {
                "queues": [
                    {"name": q.name, "waiting": q.waiting, "leased": q.leased, "oldest": q.oldest}
                    for q in queues_of(organisation)
                ],
                "leases": [_lease(job) for job in leases_of(organisation)],
                "stuck": [_stuck(item) for item in productions_stuck(organisation)],
            }
        )


class StuckCancellation(APIView):
    """The one act."""

    def post(self, request: Request, production_id: UUID) -> Response:
        """Cancel a stuck production."""
        production = production_cancel_stuck(user=user_of(request), production_id=production_id)
        return Response({"production": str(production.pk), "state": production.state})

"""What this app does: jobs, leases, permits."""

from rakkan.dispatch.services.lease import (
    NOT_CLAIMABLE,
    Claim,
    check_claimable,
    check_lease,
    job_finish,
    job_heartbeat,
    job_lease,
    job_lock,
    output_announce,
    subject_type,
)
from rakkan.dispatch.services.presence import engines_offered, worker_announce
from rakkan.dispatch.services.queue import job_create, job_send
from rakkan.dispatch.services.stop import (
    deliveries_are_used_up,
    job_requeue,
    job_resend,
    job_stop,
    jobs_of,
    jobs_silent,
    jobs_stop_of,
    jobs_unclaimed,
)

__all__ = [
    "NOT_CLAIMABLE",
    "Claim",
    "check_claimable",
    "check_lease",
    "deliveries_are_used_up",
    "engines_offered",
    "job_create",
    "job_finish",
    "job_heartbeat",
    "job_lease",
    "job_lock",
    "job_requeue",
    "job_resend",
    "job_send",
    "job_stop",
    "jobs_of",
    "jobs_silent",
    "jobs_stop_of",
    "jobs_unclaimed",
    "output_announce",
    "subject_type",
    "worker_announce",
]

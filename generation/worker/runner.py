"""From a job's id to a result or a reason, by the platform's worker protocol (decision 0031)."""

import logging
import os
import re
import socket
import threading
from enum import StrEnum
from pathlib import Path

from compliance.carrier import Carrier
from compliance.errors import ComplianceError
from compliance.permit import Capabilities, JobKind, Permit, permit_verify
from generation import engines
from generation.errors import GenerationError, MemoryExhausted
from generation.worker.client import Claim, JobClient, PlatformClient
from generation.worker.errors import JobRefused, LeaseLost, PlatformError
from generation.worker.heartbeat import Heartbeat
from generation.worker.inputs import fetch_inputs
from generation.worker.jobs import IDENTITY, LIPS, MeasureJob, RenderJob
from generation.worker.settings import WorkerSettings
from generation.worker.workspace import sweep, workspace

_KINDS = (JobKind.RENDER, JobKind.PREVIEW, JobKind.MEASURE)
_GATE = "gate"
_JOB_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_log = logging.getLogger(__name__)


class Outcome(StrEnum):
    """How a run ended, for logs and tests; the platform has the details."""

    DONE = "done"
    NOT_CLAIMED = "not-claimed"  # somebody else has it, it is over, or it may not run
    FAILED = "failed"  # and reported
    LOST = "lost"  # the lease is gone, or nobody could be told
    EXHAUSTED = "exhausted"  # the card has no memory left: this process has to end


class JobRunner:
    """Does one job at a time; knows nothing of Celery."""

    def __init__(self, settings: WorkerSettings, stopping: threading.Event) -> None:
        """Prepare and sweep what dead predecessors left.

        Args:
            settings: of this worker.
            stopping: set it to end the current job between two frames.

        Raises:
            SignatureInvalid: the public permit key cannot be read.
        """
        self._settings = settings
        self._stopping = stopping
        self._verifier = settings.verifier()
        self._client = PlatformClient(settings.platform_url, settings.token)
        self.capabilities = Capabilities(
            worker=f"{socket.gethostname()[:100]}:{os.getpid()}",
            kinds=_KINDS,
            engines=(*settings.engines, _GATE, IDENTITY, LIPS),
            weights={
                name: weights for name in settings.engines if (weights := engines.get(name).weights)
            },
        )
        if removed := sweep(settings.work_dir):
            _log.warning("Removed %d work folders of workers that died.", removed)

    @property
    def engines(self) -> tuple[str, ...]:
        """Those that this worker draws with."""
        return self._settings.engines

    def announce(self) -> float | None:
        """Tell the platform what this worker draws with; see :meth:`PlatformClient.announce`."""
        return self._client.announce(self.capabilities)

    def close(self) -> None:
        """Close the connections to the platform."""
        self._client.close()

    def run(self, job_id: str) -> Outcome:
        """Claim and do the job; the platform learns the end of it, whatever it is.

        Raises:
            PlatformError: the claim got no answer; the platform sends the job again.
        """
        if self._stopping.is_set():  # the platform sends it again, to a worker that stays
            return Outcome.NOT_CLAIMED
        if not _JOB_ID.fullmatch(job_id):  # it becomes a part of an address
            _log.error("The queue carried something that is no job id: %r", job_id)
            return Outcome.NOT_CLAIMED
        try:
            claim = self._client.claim(job_id, self.capabilities)
        except PlatformError as error:
            if error.status not in (403, 404, 409, 410):
                raise
            _log.info("Job %s is not for this worker: %s (%s)", job_id, error, error.code)
            return Outcome.NOT_CLAIMED
        job = self._client.job(job_id, claim.lease)
        try:
            self._work(job_id, claim, job)
        except LeaseLost:
            _log.warning("Job %s: the lease is lost, everything of it is deleted.", job_id)
            return Outcome.LOST
        except MemoryExhausted as error:
            # Nothing is reported: the job goes back by its lease, when this process is gone.
            _log.error("Job %s: %s %s", job_id, error, error.remedy)
            return Outcome.EXHAUSTED
        except (GenerationError, ComplianceError) as error:
            return _report(job, job_id, error)
        except Exception as error:
            _report(job, job_id, GenerationError(f"{type(error).__name__}: {error}"))
            raise
        return Outcome.DONE

    def _work(self, job_id: str, claim: Claim, job: JobClient) -> None:
        permit = permit_verify(claim.permit, self._verifier, job_id=job_id)
        _check_allowed(permit, claim, self.capabilities)
        with (
            workspace(self._settings.work_dir) as folder,
            Heartbeat(job, claim.lease, self._stopping) as heartbeat,
        ):
            inputs = fetch_inputs(permit, claim, job, folder)
            heartbeat.check(0.0, "inputs fetched")
            if permit.kind is JobKind.MEASURE:
                measured = MeasureJob(permit, self._settings.threads).run(inputs, heartbeat.check)
                heartbeat.check(1.0, "reporting")
                job.result(measured.to_dict())
            else:
                self._render(permit, claim, job, inputs, heartbeat)

    def _render(
        self,
        permit: Permit,
        claim: Claim,
        job: JobClient,
        inputs: dict[str, Path],
        heartbeat: Heartbeat,
    ) -> None:
        carrier = Carrier.from_bytes(claim.watermark or b"")
        output = next(iter(inputs.values())).with_name("video.mp4")
        marked_twice = self._settings.second_mark.wanted()
        drawing = RenderJob(permit, carrier, marked_twice, self._settings.threads)
        rendered = drawing.run(inputs, output, heartbeat.check)
        heartbeat.renew()  # ask once more before anything leaves this machine
        heartbeat.check(0.97, "uploading")
        job.upload(claim.output_url, output, rendered.sha256)
        heartbeat.check(1.0, "reporting")
        job.result(rendered.to_dict())


def _check_allowed(permit: Permit, claim: Claim, able: Capabilities) -> None:
    """Refuse what the permit does not cover or this worker cannot do.

    Raises:
        JobRefused: with the code of the first rule that does not hold.
    """
    rules = (
        (permit.fence == claim.lease.fence, "permit-fence", "is for another lease"),
        (permit.kind is permit.spec.kind, "permit-kind", "is of another kind than its job"),
        (permit.kind in able.kinds, "kind-unsupported", f"is for a {permit.kind} job"),
        (permit.spec.engine in able.engines, "engine-missing", f"names {permit.spec.engine!r}"),
        (
            permit.spec.weights == able.weights.get(permit.spec.engine, ""),
            "weights-not-permitted",
            f"is for other weights of {permit.spec.engine!r} than those here",
        ),
        (
            permit.kind is JobKind.MEASURE or bool(claim.watermark),
            "watermark-missing",
            "came without the carrier of its marks",
        ),
        (
            permit.kind is JobKind.MEASURE or permit.spec.label is not None,
            "label-missing",
            "names no place for the visible label",
        ),
    )
    for holds, code, what in rules:
        if not holds:
            raise JobRefused(f"The permit {what}; this worker does not act on it.", code=code)


def _report(job: JobClient, job_id: str, error: GenerationError | ComplianceError) -> Outcome:
    """Tell the platform why the job failed; a platform that is gone finds out by the lease."""
    fault = error.fault if isinstance(error, GenerationError) else "system"
    _log.warning("Job %s failed (%s, %s): %s", job_id, error.code, fault, error)
    try:
        job.failure(code=error.code, detail=str(error), remedy=error.remedy, fault=fault)
    except (PlatformError, LeaseLost) as problem:
        _log.warning("Job %s: the failure could not be reported: %s", job_id, problem)
        return Outcome.LOST
    return Outcome.FAILED

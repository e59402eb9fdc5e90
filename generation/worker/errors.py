"""Why a job ends early: what the runner tells the platform, or why it tells nothing."""

from generation.errors import GenerationError, InputError


class PlatformError(GenerationError):
    """The platform answered with an error (RFC 9457) or not at all."""

    code = "platform-unreachable"

    def __init__(
        self, message: str, *, code: str | None = None, remedy: str = "", status: int = 0
    ) -> None:
        """Keep the HTTP status; 0 where there was no answer."""
        super().__init__(message, code=code, remedy=remedy)
        self.status = status


class LeaseLost(GenerationError):
    """The job belongs to somebody else now: stop, delete, say nothing."""

    code = "lease-lost"


class Cancelled(InputError):
    """The platform asked to stop; trying again is not wanted."""

    code = "job-cancelled"


class WorkerStopping(GenerationError):
    """This process was asked to end; another worker should take the job."""

    code = "worker-stopping"


class JobRefused(GenerationError):
    """The permit does not allow this, or this worker cannot do it."""

    code = "job-refused"


class InputMismatch(GenerationError):
    """What was delivered is not what the permit names. The stored original may still be right."""

    code = "input-mismatch"

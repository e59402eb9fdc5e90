"""End a preview: its job is called back, and its file goes with the commit."""

from compliance.permit import JobKind
from rakkan.audit.services import Actor
from rakkan.dispatch.services import job_stop, jobs_of
from rakkan.dispatch.states import JobState
from rakkan.previews.models import Preview
from rakkan.previews.services import preview_finish

_OVER = {
    "code": "preview-over",
    "title": "The preview has ended.",
    "detail": "",
    "remedy": "Ask for another one if it is still to be decided on.",
}


def preview_close(
    preview: Preview,
    *,
    reason: str,
    actor: Actor,
    failed: dict[str, str] | None = None,
) -> None:
    """End an open preview of a locked production and call its job back.

    Args:
        preview: ended ones stay as they are.
        reason: a code, for the log and for people.
        actor: whose act ended it.
        failed: the problem, where it ends because it could not be drawn.
    """
    if hasattr(preview, "end"):
        return
    state = JobState.FAILED if failed else JobState.CANCELLED
    for job in jobs_of(preview.pk, JobKind.PREVIEW):
        job_stop(job, state, failed or _OVER)
    preview_finish(preview, reason=reason, actor=actor)

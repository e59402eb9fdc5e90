"""The preview on a production's page: for those it is for, while there is something to decide."""

from dataclasses import dataclass
from typing import Any

from rakkan.accounts.models import User
from rakkan.core.errors import Refused
from rakkan.previews.models import Preview
from rakkan.previews.selectors import preview_newest, preview_was_read
from rakkan.productions.models import Production
from rakkan.productions.services.preview import check_may_see_previews
from rakkan.productions.states import State


@dataclass(frozen=True, slots=True)
class PreviewPanel:
    """Where the preview is."""

    newest: Preview | None

    @property
    def state(self) -> str:
        """Return "none", "drawing", "reading", "ready" or "ended"."""
        if self.newest is None:
            return "none"
        if hasattr(self.newest, "end"):
            return "ended"
        if preview_was_read(self.newest):
            return "ready"
        return "reading" if hasattr(self.newest, "file") else "drawing"

    @property
    def report(self) -> list[dict[str, Any]]:
        """Return how the prompt was understood, once a preview was drawn."""
        if self.newest is None or not preview_was_read(self.newest):
            return []
        return list(self.newest.file.result.get("prompt_report", []))


def preview_panel(user: User, production: Production) -> PreviewPanel | None:
    """Return the panel for this user; None where previews are not for them, or not any more."""
    if State(production.state) is not State.IN_APPROVAL:
        return None
    try:
        check_may_see_previews(user, production)
    except Refused:
        return None
    return PreviewPanel(preview_newest(production.pk))

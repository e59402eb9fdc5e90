"""The second gate on a production's page: what was said of the result, and who still has to."""

from dataclasses import dataclass

from rakkan.accounts.models import User
from rakkan.accounts.permissions import user_has_role
from rakkan.accounts.roles import Role
from rakkan.approvals.models import Review, Workflow
from rakkan.approvals.selectors import reviews_of, workflow_of
from rakkan.approvals.services import is_involved
from rakkan.productions.models import Production
from rakkan.productions.states import State
from rakkan.releases.models import Sealing
from rakkan.releases.selectors import sealing_of


@dataclass(frozen=True, slots=True)
class ReviewPanel:
    """Where the second gate stands."""

    workflow: Workflow
    sealing: Sealing | None
    said: list[Review]
    may: bool  # the acting user may watch the result and say yes or no

    @property
    def left(self) -> int:
        """Return how many people still have to watch it."""
        return max(0, self.workflow.reviewers - len(self.said))


def review_panel(user: User, production: Production) -> ReviewPanel | None:
    """Return the panel; None where no rule wants anybody to watch the result."""
    workflow = workflow_of(production.pk)
    if workflow is None or not workflow.reviewers:
        return None
    said = reviews_of(production.pk)
    waits = State(production.state) is State.IN_REVIEW
    may = (
        waits
        and len(said) < workflow.reviewers
        and user_has_role(user, Role.APPROVER)
        and user.pk not in {review.reviewer_id for review in said}
        and not is_involved(user, workflow)
    )
    return ReviewPanel(workflow, sealing_of(production.pk), said, may)

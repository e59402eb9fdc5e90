"""When somebody hears of a step that waits: pure functions over what its policy says."""

from datetime import timedelta

from rakkan.approvals.matching import StepPlan


def reminder_due(plan: StepPlan, waited: timedelta) -> int:
    """Return the number of the latest reminder that is due, 0 for none.

    One that was missed, because nothing ran for a while, is not made up for: the latest says it.
    """
    hours = waited / timedelta(hours=1)
    if not plan.remind_after or hours < plan.remind_after:
        return 0
    if not plan.remind_every:
        return 1
    return 1 + int((hours - plan.remind_after) // plan.remind_every)


def escalation_is_due(plan: StepPlan, waited: timedelta, *, reached: int, needed: int) -> bool:
    """Say whether a step is to be brought before somebody else.

    Args:
        plan: what its policy says.
        waited: since it is open.
        reached: people there to decide on it; those who are away and have no deputy are not.
        needed: approvals that are still awaited.
    """
    if not plan.escalate_after:
        return False
    return reached < needed or waited >= timedelta(hours=plan.escalate_after)

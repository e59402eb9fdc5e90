"""What somebody may be in an organisation."""

from datetime import timedelta
from enum import StrEnum


class Role(StrEnum):
    """One user may hold several that go together; none of them may bypass the workflow."""

    REQUESTER = "requester"
    DEPICTED_PERSON = "depicted_person"
    IDENTITY_REVIEWER = "identity_reviewer"
    APPROVER = "approver"
    AUDITOR = "auditor"  # reads, never writes, for a term
    OPERATOR = "operator"  # sees queues and workers, never content
    ADMINISTRATOR = "administrator"  # grants and takes roles, never sees content


# Who looks after people or machines neither sees portraits, voices and videos nor decides on them.
BLIND = frozenset({Role.OPERATOR, Role.ADMINISTRATOR})
SIGHTED = frozenset(Role) - BLIND
# Who decides or looks after people and machines: a password alone is not enough for them.
STRONG = BLIND | {Role.APPROVER, Role.IDENTITY_REVIEWER}
LONGEST_AUDIT = timedelta(days=366)


def may_be_held_together(one: Role, other: Role) -> bool:
    """Say whether one user may hold both roles at the same time."""
    return (one in BLIND) == (other in BLIND)

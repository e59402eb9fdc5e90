"""What a person may be in an organisation."""

from enum import StrEnum


class Role(StrEnum):
    """One user may hold several; none of them may bypass the workflow."""

    REQUESTER = "requester"
    DEPICTED_PERSON = "depicted_person"
    IDENTITY_REVIEWER = "identity_reviewer"
    APPROVER = "approver"
    AUDITOR = "auditor"  # reads, never writes

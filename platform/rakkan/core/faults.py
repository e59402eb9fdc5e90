"""Whose fault an error of `compliance` is: the sender's, or one of our keys and files."""

import logging

from compliance.errors import ComplianceError, InvalidInput
from rakkan.core.errors import BadInput, RakkanError, Unavailable

log = logging.getLogger(__name__)

# What reading a sender's document can say. Whatever else there is (a key that cannot be read, a
# signature of ours that does not hold) nobody outside caused or can mend, and its message may name
# files of the server.
_OF_THE_SENDER = frozenset({"invalid-input", "result-invalid", "spec-invalid", "asset-id-invalid"})


def told_outside(error: RakkanError | ComplianceError) -> RakkanError:
    """Return the error that may leave the house; one of ours is logged and becomes neutral."""
    if isinstance(error, RakkanError):
        return error
    if isinstance(error, InvalidInput) and error.code in _OF_THE_SENDER:
        return BadInput(str(error), code=error.code, remedy=error.remedy)
    log.error("%s: %s", error.code, error, exc_info=error)
    return Unavailable(
        "A part of the platform does not work at the moment.",
        remedy="Try again in a moment; if it stays so, tell whoever runs it.",
    )

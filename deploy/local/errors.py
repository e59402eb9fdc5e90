"""What can go wrong on one machine, said in a way that a person can act on."""

from __future__ import annotations


class LocalError(Exception):
    """A failure that the person at the keyboard can do something about.

    Attributes:
        code: Stable name of the failure, kebab-case.
        remedy: What to do about it, one sentence.
    """

    def __init__(self, code: str, message: str, remedy: str) -> None:
        """Keeps the parts apart so that they can be shown on lines of their own."""
        super().__init__(message)
        self.code = code
        self.remedy = remedy

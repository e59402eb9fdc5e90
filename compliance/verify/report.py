"""What a verification found: numbered checks and one exit status for all of them."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

FORMAT = "rakkan-verification/1"


class Outcome(StrEnum):
    """How one check ended."""

    PASS = "pass"  # noqa: S105  an outcome
    FAIL = "fail"
    NOT_MADE = "not-made"


class Fails(Exception):
    """What a check promised does not hold; the message is the sentence for the report."""


class CannotCheck(Exception):
    """A check lacks something (a key, the network, another check); the message says what."""


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the report."""

    number: int
    name: str
    outcome: Outcome
    detail: str


@dataclass(frozen=True, slots=True)
class Report:
    """All checks of one file."""

    file: str
    sha256: str | None  # None if there is no such file
    checks: tuple[Check, ...]

    @property
    def exit_status(self) -> int:
        """0 all hold, 1 something does not, 2 not readable, 3 a check could not be made."""
        outcomes = {check.outcome for check in self.checks}
        if self.checks[0].outcome is Outcome.FAIL:  # check 1 is that the file can be read
            return 2
        if Outcome.FAIL in outcomes:
            return 1
        return 3 if Outcome.NOT_MADE in outcomes else 0

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {
            "format": FORMAT,
            "file": self.file,
            "sha256": self.sha256,
            "exit_status": self.exit_status,
            "checks": [
                {
                    "number": check.number,
                    "name": check.name,
                    "outcome": check.outcome.value,
                    "detail": check.detail,
                }
                for check in self.checks
            ],
        }

"""What a verification found: numbered checks and one exit status for all of them."""

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from compliance.errors import ComplianceError
from compliance.verify.verdict import SENTENCES, Verdict

FORMAT = "rakkan-verification/1"


class Outcome(StrEnum):
    """How one check ended."""

    PASS = "pass"  # noqa: S105  an outcome
    FAIL = "fail"
    NOT_MADE = "not-made"


_WORDS = {Outcome.PASS: "pass", Outcome.FAIL: "FAIL", Outcome.NOT_MADE: "not made"}
Case = TypeVar("Case")


class Fails(Exception):
    """What a check promised does not hold; the message is the sentence for the report.

    Attributes:
        code: stable and kebab-case where programs tell reasons apart, else empty.
    """

    def __init__(self, message: str, *, code: str = "") -> None:
        """Keep sentence and code."""
        super().__init__(message)
        self.code = code


class CannotCheck(Exception):
    """A check lacks something (a key, the network, another check); the message says what."""


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the report."""

    number: int
    name: str
    outcome: Outcome
    detail: str
    code: str = ""  # why it failed, where a program may want to tell


@dataclass(frozen=True, slots=True)
class Report:
    """All checks of one file."""

    file: str
    sha256: str | None  # None if there is no such file
    checks: tuple[Check, ...]
    optional: frozenset[str] = frozenset()  # checks that somebody may well do without
    verdict: Verdict | None = None  # what a video or picture is, where that was asked

    @property
    def exit_status(self) -> int:
        """0 all hold, 1 something does not, 2 not readable, 3 a check could not be made."""
        outcomes = {check.outcome for check in self.checks}
        if self.checks[0].outcome is Outcome.FAIL:  # check 1 is that the file can be read
            return 2
        if Outcome.FAIL in outcomes:
            return 1
        left = (check for check in self.checks if check.name not in self.optional)
        return 3 if any(check.outcome is Outcome.NOT_MADE for check in left) else 0

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {
            "format": FORMAT,
            "file": self.file,
            "sha256": self.sha256,
            "exit_status": self.exit_status,
            **({"verdict": self.verdict.value} if self.verdict else {}),
            "checks": [
                {
                    "number": check.number,
                    "name": check.name,
                    "outcome": check.outcome.value,
                    "detail": check.detail,
                    **({"code": check.code} if check.code else {}),
                }
                for check in self.checks
            ],
        }

    def to_text(self, verdicts: Mapping[int, str]) -> str:
        """Return the report for people; ``verdicts`` has a sentence for each exit status."""
        lines = [self.file, f"SHA-256 {self.sha256}"] if self.sha256 else [self.file]
        lines.append("")
        for check in self.checks:
            word = _WORDS[check.outcome]
            lines.append(f"{check.number:>3}  {word:<8}  {check.name:<11}  {check.detail}")
        said = [SENTENCES[self.verdict]] if self.verdict else []
        return "\n".join([*lines, "", *said, verdicts[self.exit_status]])


def show(report: Report, verdicts: Mapping[int, str], *, as_json: bool) -> int:
    """Print a report and return its exit status."""
    if as_json:
        text = json.dumps(report.to_dict(), ensure_ascii=False, indent=2)
    else:
        text = report.to_text(verdicts)
    # what was checked may hold any character, or half of one: escape what the output cannot carry
    encoding = sys.stdout.encoding or "utf-8"
    sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding) + "\n")
    return report.exit_status


def make_checks(
    case: Case, checks: Sequence[tuple[str, Callable[[Case], str]]], subject: str
) -> tuple[Check, ...]:
    """Make checks, each on its own; if the first fails there is nothing to make the others on.

    Args:
        case: what the checks look at.
        checks: name and function; it returns a sentence, or raises Fails or CannotCheck.
        subject: what is malformed if a check trips over its shape.
    """
    made: list[Check] = []
    for number, (name, check) in enumerate(checks, start=1):
        if made and made[0].outcome is Outcome.FAIL:
            ended = Outcome.NOT_MADE, "The file cannot be read (check 1).", ""
        else:
            ended = _made(check, case, subject)
        made.append(Check(number, name, *ended))
    return tuple(made)


def _made(check: Callable[[Case], str], case: Case, subject: str) -> tuple[Outcome, str, str]:
    try:
        return Outcome.PASS, check(case), ""
    except CannotCheck as reason:
        return Outcome.NOT_MADE, str(reason), ""
    except (Fails, ComplianceError) as reason:
        return Outcome.FAIL, str(reason), reason.code
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        # it comes from outside: whatever shape it has, it must not stop the report
        return Outcome.FAIL, f"The {subject} is malformed: {error!r}.", "malformed"
    except RecursionError:
        return Outcome.FAIL, f"The {subject} is malformed: it is nested too deeply.", "malformed"

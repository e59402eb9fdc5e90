"""One check of the release gate and its outcome."""

from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class GateCheck:
    """A numbered line of a gate report."""

    number: int
    name: str
    outcome: str  # "pass" or "fail"
    detail: str


def gate_document(checks: list[GateCheck]) -> list[dict[str, object]]:
    """Return the checks as JSON."""
    return [asdict(check) for check in checks]

"""``python -m compliance receipt verify``: options, and the report for people and for programs."""

import argparse
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from compliance.receipt.checks import ReceiptCase, receipt_verify
from compliance.verify.report import show

_DEFAULT_TRUST = Path(".rakkan/trust")
_VERDICTS = {
    0: "All checks hold. Whether it was withdrawn since, only the publisher can say.",
    1: "At least one check does not hold: do not rely on this receipt.",
    2: "The file cannot be read.",
    3: "Nothing failed, but not every check could be made.",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the command."""
    parser.add_argument("receipt", type=Path, metavar="RECEIPT", help="the downloaded file")
    parser.add_argument(
        "--trust", type=Path, help="trust folder; by default RAKKAN_TRUST or ./.rakkan/trust"
    )
    parser.add_argument(
        "--at",
        type=_moment,
        metavar="TIME",
        help="ask about this moment (ISO 8601) instead of now",
    )
    parser.add_argument("--json", action="store_true", help="print the report as JSON")


def run(options: argparse.Namespace, environment: Mapping[str, str] = os.environ) -> int:
    """Check, print the report and return the exit status (0, 1, 2 or 3)."""
    moment = options.at or datetime.now(UTC)
    report = receipt_verify(ReceiptCase(options.receipt, _trust(options, environment), moment))
    return show(report, _VERDICTS, as_json=options.json)


def _trust(options: argparse.Namespace, environment: Mapping[str, str]) -> Path | None:
    named = environment.get("RAKKAN_TRUST")
    trust: Path | None = options.trust or (Path(named) if named else None)
    if trust is None and _DEFAULT_TRUST.is_dir():
        return _DEFAULT_TRUST
    return trust


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

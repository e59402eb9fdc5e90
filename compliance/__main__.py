"""``python -m compliance``: what an auditor runs."""

import argparse
import sys

from compliance import __version__
from compliance.evidence import cli as evidence_cli
from compliance.log import cli as log_cli
from compliance.provenance import certificates_cli
from compliance.receipt import cli as receipt_cli
from compliance.verify import cli

_STATUS = (
    "Exit status: 0 all checks hold, 1 one does not, 2 the file is not readable, "
    "3 nothing failed but a check could not be made."
)


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m compliance", description=__doc__)
    parser.add_argument("--version", action="version", version=f"rakkan {__version__}")
    commands = parser.add_subparsers(dest="command", required=True)
    verify = commands.add_parser(
        "verify",
        help="check a released video",
        description="Make the numbered checks of a released video.",
        epilog=_STATUS,
    )
    cli.add_arguments(verify)
    verify.set_defaults(run=cli.run)
    receipt = commands.add_parser("receipt", help="check a consent receipt")
    receipt_verify = receipt.add_subparsers(dest="act", required=True).add_parser(
        "verify",
        help="check a consent receipt",
        description="Make the numbered checks of a consent receipt, offline.",
        epilog=_STATUS,
    )
    receipt_cli.add_arguments(receipt_verify)
    receipt_verify.set_defaults(run=receipt_cli.run)
    evidence = commands.add_parser("evidence", help="check an evidence pack")
    evidence_verify = evidence.add_subparsers(dest="act", required=True).add_parser(
        "verify",
        help="check an evidence pack",
        description="Make the numbered checks of an evidence pack, offline.",
        epilog=evidence_cli.STATUS,
    )
    evidence_cli.add_arguments(evidence_verify)
    evidence_verify.set_defaults(run=evidence_cli.run)
    log_cli.add_commands(commands.add_parser("log", help="check the audit log"))
    certificate = commands.add_parser("certificate", help="check a claim signer's certificates")
    certificate_check = certificate.add_subparsers(dest="act", required=True).add_parser(
        "check",
        help="check a claim signer's certificates",
        description="Ask whether a certificate chain fits C2PA's profile for claim signers.",
        epilog=certificates_cli.STATUS,
    )
    certificates_cli.add_arguments(certificate_check)
    certificate_check.set_defaults(run=certificates_cli.run)
    options = parser.parse_args(arguments)
    return int(options.run(options))


if __name__ == "__main__":
    sys.exit(main())

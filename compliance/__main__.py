"""``python -m compliance``: what an auditor runs."""

import argparse
import sys
from typing import Protocol

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


class _Command(Protocol):
    """A module that declares the options of a command and runs it."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the options."""

    def run(self, options: argparse.Namespace) -> int:
        """Run it and return the exit status."""


# command and act: what it does, in words and in a sentence, its exit status, and who does it
_COMMANDS: dict[tuple[str, str], tuple[str, str, str, _Command]] = {
    ("verify", ""): (
        "check a released video",
        "Make the numbered checks of a released video.",
        _STATUS,
        cli,
    ),
    ("receipt", "verify"): (
        "check a consent receipt",
        "Make the numbered checks of a consent receipt, offline.",
        _STATUS,
        receipt_cli,
    ),
    ("evidence", "verify"): (
        "check an evidence pack",
        "Make the numbered checks of an evidence pack, offline.",
        evidence_cli.STATUS,
        evidence_cli,
    ),
    ("certificate", "check"): (
        "check a claim signer's certificates",
        "Ask whether a certificate chain fits C2PA's profile for claim signers.",
        certificates_cli.STATUS,
        certificates_cli,
    ),
}


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m compliance", description=__doc__)
    parser.add_argument("--version", action="version", version=f"rakkan {__version__}")
    commands = parser.add_subparsers(dest="command", required=True)
    for (name, act), (words, sentence, status, module) in _COMMANDS.items():
        place, last = commands, name
        if act:
            group = commands.add_parser(name, help=words)
            place, last = group.add_subparsers(dest="act", required=True), act
        command = place.add_parser(last, help=words, description=sentence, epilog=status)
        module.add_arguments(command)
        command.set_defaults(run=module.run)
    log_cli.add_commands(commands.add_parser("log", help="check the audit log"))
    options = parser.parse_args(arguments)
    return int(options.run(options))


if __name__ == "__main__":
    sys.exit(main())

"""``python -m compliance``: what an auditor runs."""

import argparse
import sys

from compliance import __version__
from compliance.verify import cli


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m compliance", description=__doc__)
    parser.add_argument("--version", action="version", version=f"rakkan {__version__}")
    commands = parser.add_subparsers(dest="command", required=True)
    verify = commands.add_parser(
        "verify",
        help="check a released video",
        description="Make the numbered checks of a released video.",
        epilog="Exit status: 0 all checks hold, 1 one does not, 2 the file is not readable, "
        "3 nothing failed but a check could not be made.",
    )
    cli.add_arguments(verify)
    return cli.run(parser.parse_args(arguments))


if __name__ == "__main__":
    sys.exit(main())

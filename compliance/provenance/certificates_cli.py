"""``python -m compliance certificate check``: may this chain sign claims, or packs?"""

import argparse
import json
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from compliance.errors import InvalidInput
from compliance.provenance.certificates import (
    CLAIMS,
    PACKS,
    chain_faults,
    claim_algorithm,
    read_chain,
)

_PROFILES = {profile.signs: profile for profile in (CLAIMS, PACKS)}
STATUS = "Exit status: 0 the chain fits, 1 it does not, 2 it cannot be read."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the command."""
    parser.add_argument("chain", type=Path, metavar="CHAIN", help="PEM, leaf first, without root")
    parser.add_argument(
        "--for", dest="signs", choices=_PROFILES, default=CLAIMS.signs, help="what it is to sign"
    )
    parser.add_argument("--json", action="store_true", help="print the report as JSON")


def run(options: argparse.Namespace) -> int:
    """Check, print the report and return the exit status (0, 1 or 2)."""
    try:
        chain = read_chain(options.chain.read_text(encoding="ascii"))
    except (OSError, ValueError, InvalidInput) as error:
        sys.stderr.write(f"{options.chain} cannot be read: {error}\n")
        return 2
    faults = chain_faults(chain, datetime.now(UTC), _PROFILES[options.signs])
    report = {
        "signs": options.signs,
        "subject": chain[0].subject.rfc4514_string(),
        "algorithm": claim_algorithm(chain[0]),
        "valid_until": chain[0].not_valid_after_utc.isoformat(),
        "faults": [{"code": fault.code, "text": fault.text} for fault in faults],
    }
    words = json.dumps(report, ensure_ascii=False, indent=2) if options.json else _words(report)
    sys.stdout.write(f"{words}\n")
    return 1 if faults else 0


def _words(report: Mapping[str, object]) -> str:
    faults = report["faults"]
    if not isinstance(faults, list) or not faults:
        signs = f"{report['subject']} may sign {report['signs']} with {report['algorithm']}"
        return f"{signs} until {report['valid_until']}."
    lines = [f"- {fault['text']} [{fault['code']}]" for fault in faults]
    return "\n".join([f"This chain may not sign {report['signs']}:", *lines])

"""``python -m compliance evidence verify``: options, and the report for people and for programs."""

import argparse
import logging
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from compliance.errors import ComplianceError, InvalidInput
from compliance.log.cli import add_trust, read_trust, trust_folder
from compliance.signing import KeyRole
from compliance.verify.case import TrustBundle
from compliance.verify.report import show
from compliance.watermark import KeyRing

if TYPE_CHECKING:
    from compliance.evidence.case import PackTrust

STATUS = "Exit status: 0 no check failed, 1 one failed, 2 the pack or a key cannot be read."
_UNREADABLE = 2
_VERDICTS = {
    0: "No check failed. Whether it was withdrawn since, only the publisher can say.",
    1: "At least one check does not hold: do not rely on this pack.",
    2: "The pack cannot be read.",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the command."""
    parser.add_argument("pack", type=Path, metavar="PACK", help="the zip")
    parser.add_argument("--video", type=Path, help="the released file, if it is not in the pack")
    parser.add_argument(
        "--watermark-key", type=Path, help="watermark key; by default RAKKAN_WATERMARK_KEY"
    )
    add_trust(parser)


def run(options: argparse.Namespace, environment: Mapping[str, str] = os.environ) -> int:
    """Verify, print the report and return the exit status (0, 1 or 2)."""
    # pyHanko takes half a second to load, and no other command needs it
    from compliance.evidence.case import PackCase, work_folder  # noqa: PLC0415
    from compliance.evidence.checks import pack_verify  # noqa: PLC0415

    logging.getLogger("pyhanko").setLevel(logging.CRITICAL)  # what it finds is in the report
    named = options.watermark_key or environment.get("RAKKAN_WATERMARK_KEY")
    try:
        if options.video is not None and not options.video.is_file():
            raise InvalidInput(f"There is no file {options.video}.", code="file-unreadable")
        trust = load_trust(options, environment)
        key = KeyRing.load(Path(named)) if named else None
    except ComplianceError as error:  # something that was named explicitly cannot be read
        sys.stderr.write(f"{error} {error.remedy}".rstrip() + "\n")
        return _UNREADABLE
    with work_folder() as work:
        report = pack_verify(PackCase(options.pack, trust, options.video, key, work))
    return show(report, _VERDICTS, as_json=options.json)


def load_trust(options: argparse.Namespace, environment: Mapping[str, str]) -> "PackTrust":
    """Return whom to trust: the folder of public keys, and the options about the log.

    Raises:
        ComplianceError: a key is missing or cannot be read; without it nothing would be proven.
    """
    from compliance.evidence.case import PackTrust  # noqa: PLC0415  as above
    from compliance.evidence.signatures import SignatureTrust  # noqa: PLC0415

    folder = trust_folder(options, environment)
    for role in (KeyRole.RECEIPT, KeyRole.PERMIT):
        if not (folder / f"{role.value}.pub.pem").is_file():
            raise InvalidInput(
                f"There is no {role.value}.pub.pem in {folder}.",
                code="trust-unreadable",
                remedy="Name the trust folder that the publisher gave you with --trust.",
            )
    return PackTrust(
        TrustBundle.load(folder), SignatureTrust.load(folder), read_trust(options, environment)
    )

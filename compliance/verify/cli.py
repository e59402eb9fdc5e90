"""``python -m compliance verify``: options, and the report for people and for programs."""

import argparse
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from compliance.errors import ComplianceError
from compliance.media import VIDEO_FORMAT, container_format, has_pictures, is_image
from compliance.verify.case import Case, TrustBundle, load_evidence
from compliance.verify.report import show
from compliance.verify.runner import copy_report, verify_file
from compliance.watermark import KeyRing

_DEFAULT_TRUST = Path(".rakkan/trust")
_BESIDE = (".evidence.json", ".evidence.zip")
_UNREADABLE = 2
_VERDICTS = {
    0: "All checks hold.",
    1: "At least one check does not hold: do not rely on this file.",
    2: "The file cannot be read.",
    3: "Nothing failed, but not every check could be made.",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the command."""
    parser.add_argument(
        "file",
        type=Path,
        metavar="FILE",
        help="the video, or what was made of it: a screenshot, a sound, a WebM",
    )
    parser.add_argument(
        "--evidence",
        type=Path,
        help="evidence file or pack; by default FILE with .evidence.json or .evidence.zip",
    )
    parser.add_argument(
        "--trust", type=Path, help="trust folder; by default RAKKAN_TRUST or ./.rakkan/trust"
    )
    parser.add_argument(
        "--watermark-key", type=Path, help="watermark key; by default RAKKAN_WATERMARK_KEY"
    )
    parser.add_argument("--offline", action="store_true", help="do not ask for the live status")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")


def run(options: argparse.Namespace, environment: Mapping[str, str] = os.environ) -> int:
    """Verify, print the report and return the exit status (0, 1, 2 or 3)."""
    try:
        case = _case(options, environment)
        released = not case.path.is_file() or _may_be_released(case.path)
        report = verify_file(case) if released else copy_report(case)
    except ComplianceError as error:  # something that was named explicitly cannot be read
        sys.stderr.write(f"{error} {error.remedy}".rstrip() + "\n")
        return _UNREADABLE
    return show(report, _VERDICTS, as_json=options.json)


def _may_be_released(path: Path) -> bool:
    """Say whether a file is what releases are; pictures, sounds and WebM are made of them."""
    form = None if is_image(path) else container_format(path)
    if form is None:
        return not is_image(path)
    return form == VIDEO_FORMAT and has_pictures(path, form)


def _case(options: argparse.Namespace, environment: Mapping[str, str]) -> Case:
    beside = [options.file.with_suffix(suffix) for suffix in _BESIDE]
    evidence = options.evidence or next(filter(Path.is_file, beside), None)
    trust = options.trust or _named(environment, "RAKKAN_TRUST")
    if trust is None and _DEFAULT_TRUST.is_dir():
        trust = _DEFAULT_TRUST
    key = options.watermark_key or _named(environment, "RAKKAN_WATERMARK_KEY")
    return Case(
        options.file,
        evidence=load_evidence(evidence) if evidence else None,
        trust=TrustBundle.load(trust) if trust else None,
        watermark_key=KeyRing.load(key) if key else None,
        offline=options.offline,
    )


def _named(environment: Mapping[str, str], name: str) -> Path | None:
    value = environment.get(name)
    return Path(value) if value else None

"""``python -m compliance log``: the commands, their options, and whom they trust."""

import argparse
import json
import os
import sys
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path

from compliance.errors import ComplianceError, InvalidInput
from compliance.ledger import LogTrust, VerifierKey
from compliance.ledger.store import replace_file
from compliance.log.consistency import ConsistencyCase, consistency_verify
from compliance.log.export import ExportCase, export_verify
from compliance.log.files import read_limited
from compliance.log.proof import ProofCase, proof_make, proof_verify
from compliance.verify.report import Report, show

LOG_KEY = "log.vkey"  # in the trust folder
_DEFAULT_TRUST = Path(".rakkan/trust")
_UNREADABLE = 2
_MAX_KEYS = 1 << 16  # bytes of a file of keys
_YEAR = 366 * 24 * 3600  # seconds
_VERDICTS = {
    0: "All checks hold.",
    1: "At least one check does not hold: do not rely on this log.",
    2: "It cannot be read.",
}
STATUS = "Exit status: 0 all checks hold, 1 one does not, 2 something cannot be read."


def add_commands(parser: argparse.ArgumentParser) -> None:
    """Declare the commands below ``log``."""
    acts = parser.add_subparsers(dest="act", required=True)
    verify = _command(acts, "verify", "check an export of the log")
    verify.add_argument("export", type=Path, metavar="EXPORT", help="folder or zip")
    verify.add_argument("--selection", action="store_true", help="it need not hold every event")
    verify.add_argument("--old", type=Path, metavar="CHECKPOINT", help="an earlier checkpoint")
    verify.add_argument(
        "--tolerance",
        type=_seconds,
        default=timedelta(minutes=10),
        metavar="SECONDS",
        help="how much earlier than one before it an event may say it happened; 600",
    )
    verify.set_defaults(run=_run(_verify))
    consistency = _command(acts, "consistency", "check that the log only grew")
    consistency.add_argument("old", type=Path, metavar="OLD", help="the earlier checkpoint")
    consistency.add_argument("new", type=Path, metavar="NEW", help="the later checkpoint")
    between = consistency.add_mutually_exclusive_group()
    between.add_argument("--tiles", type=Path, metavar="LOG", help="folder or zip with the tiles")
    between.add_argument("--proof", type=Path, help="consistency proof, a hash a line in base64")
    consistency.set_defaults(run=_run(_consistency))
    check = _command(acts, "verify-proof", "check the proof of one event")
    check.add_argument("proof", type=Path, metavar="FILE", help="the .tlog-proof file")
    check.add_argument("--event", type=Path, help="the event, if it is not in the file")
    check.set_defaults(run=_run(_verify_proof))
    prove = acts.add_parser("prove", help="make the proof of one event", epilog=STATUS)
    prove.add_argument("log", type=Path, metavar="LOG", help="folder or zip with the tiles")
    prove.add_argument("index", type=int, metavar="NUMBER", help="number of the event")
    prove.add_argument("--event", type=Path, help="the event, if it is not in LOG")
    prove.add_argument("--output", type=Path, help="by default NUMBER.tlog-proof")
    prove.add_argument("--json", action="store_true", help="print the outcome as JSON")
    prove.set_defaults(run=_prove)


def _command(
    acts: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, what: str
) -> argparse.ArgumentParser:
    parser = acts.add_parser(name, help=what, epilog=STATUS)
    add_trust(parser)
    return parser


def add_trust(parser: argparse.ArgumentParser) -> None:
    """Declare the options that say whom to trust, and how to print the report."""
    parser.add_argument(
        "--key",
        action="append",
        metavar="VKEY",
        help=f"the log's key or a file of it; by default {LOG_KEY} in the trust folder",
    )
    parser.add_argument("--origin", help="the log's name; by default that of its key")
    parser.add_argument(
        "--witness",
        action="append",
        default=[],
        metavar="VKEY",
        help="key of a witness, or a file of keys; may be given again",
    )
    parser.add_argument(
        "--quorum",
        type=int,
        metavar="N",
        help="how many witnesses must have cosigned; by default all",
    )
    parser.add_argument(
        "--trust", type=Path, help="trust folder; by default RAKKAN_TRUST or ./.rakkan/trust"
    )
    parser.add_argument("--json", action="store_true", help="print the report as JSON")


def trust_folder(options: argparse.Namespace, environment: Mapping[str, str]) -> Path:
    """Return the folder of public keys that is named, or the one of this machine."""
    return options.trust or Path(environment.get("RAKKAN_TRUST") or _DEFAULT_TRUST)


def _run(
    make: Callable[[argparse.Namespace, LogTrust], Report],
) -> Callable[[argparse.Namespace], int]:
    def run(options: argparse.Namespace) -> int:
        try:
            report = make(options, read_trust(options, os.environ))
        except ComplianceError as error:  # something that was named explicitly cannot be read
            return _unreadable(error)
        return show(report, _VERDICTS, as_json=options.json)

    return run


def _verify(options: argparse.Namespace, trust: LogTrust) -> Report:
    old = read_limited(options.old) if options.old else None
    return export_verify(
        ExportCase(
            options.export,
            trust,
            whole=not options.selection,
            tolerance=options.tolerance,
            old=old,
        )
    )


def _consistency(options: argparse.Namespace, trust: LogTrust) -> Report:
    return consistency_verify(
        ConsistencyCase(options.old, options.new, trust, options.tiles, options.proof)
    )


def _verify_proof(options: argparse.Namespace, trust: LogTrust) -> Report:
    return proof_verify(ProofCase(options.proof, trust, options.event))


def _prove(options: argparse.Namespace) -> int:
    output = options.output or Path(f"{options.index}.tlog-proof")
    try:
        proof = proof_make(options.log, options.index, options.event)
        replace_file(output, proof)
    except (ComplianceError, OSError) as error:
        return _unreadable(error)
    found = {"file": str(output), "index": options.index, "bytes": len(proof)}
    text = json.dumps(found) if options.json else f"{output}: proof of event {options.index}"
    sys.stdout.write(text + "\n")
    return 0


def read_trust(options: argparse.Namespace, environment: Mapping[str, str]) -> LogTrust:
    """Return whom to trust, from the options and the trust folder.

    Raises:
        ComplianceError: no key of the log is known, or one cannot be read.
    """
    witnesses = tuple(key for text in options.witness for key in _keys(text))
    quorum = len(witnesses) if options.quorum is None else options.quorum
    named = options.key or [_default_key(options, environment)]
    logs = tuple(key for text in named for key in _keys(text))
    return LogTrust(logs, witnesses, quorum, options.origin)


def _default_key(options: argparse.Namespace, environment: Mapping[str, str]) -> str:
    folder = trust_folder(options, environment)
    if not (folder / LOG_KEY).is_file():
        raise InvalidInput(
            f"There is no {folder / LOG_KEY}.",
            code="trust-log-key",
            remedy="Name the log's key with --key: a verification without one proves nothing.",
        )
    return str(folder / LOG_KEY)


def _keys(text: str) -> list[VerifierKey]:
    """Read a key, or a file with one a line."""
    if text.count("+") > 1:
        return [VerifierKey.parse(text)]
    lines = read_limited(Path(text), _MAX_KEYS).decode("utf-8", "replace").splitlines()
    return [VerifierKey.parse(line) for line in lines if line.strip() and line[0] != "#"]


def _seconds(text: str) -> timedelta:
    seconds = int(text)
    if not 0 <= seconds <= _YEAR:
        raise ValueError(text)
    return timedelta(seconds=seconds)


def _unreadable(error: Exception) -> int:
    sys.stderr.write(f"{error} {getattr(error, 'remedy', '')}".rstrip() + "\n")
    return _UNREADABLE

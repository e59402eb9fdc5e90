"""Make every check of a file and report each."""

from collections.abc import Callable

from compliance.canonical import file_sha256
from compliance.verify import approvals, governance, media, record
from compliance.verify.case import Case
from compliance.verify.report import Report, make_checks

# A check returns a sentence when it holds, raises Fails or CannotCheck when not.
_CHECKS: tuple[tuple[str, Callable[[Case], str]], ...] = (
    ("readable", media.check_readable),
    ("manifest", media.check_manifest),
    ("disclosure", media.check_disclosure),
    ("watermark", media.check_watermark),
    ("file", media.check_file),
    ("request", governance.check_request),
    ("consent", governance.check_consent),
    ("approvals", approvals.check_approvals),
    ("permit", governance.check_permit),
    ("gate", record.check_gate),
    ("log", record.check_events),
    ("status", record.check_status),
)


def verify_file(case: Case) -> Report:
    """Return the report on a released file.

    The checks, in order:

    1. ``readable``: it is a video and decodes to its end.
    2. ``manifest``: its C2PA manifest is Trusted under the given roots, with a time-stamp.
    3. ``disclosure``: the manifest says that the picture is synthetic.
    4. ``watermark``: the pixels carry the asset id that the manifest names.
    5. ``file``: it is byte for byte what was released.
    6. ``request``: the manifest was signed for the request in the evidence.
    7. ``consent``: the signed consents of who is seen and who is heard cover that request.
    8. ``approvals``: others than requester, depicted person and speaker approved exactly it.
    9. ``permit``: a signed permit allowed this rendering of these inputs.
    10. ``gate``: the release gate made all its checks, and they passed.
    11. ``log``: the events of this production are complete, in the log, and hash to their leaves.
    12. ``status``: the publisher says today that it stands.

    Checks 8, 10 and 11 rest on the publisher's own log; their sentences say so.

    Every check is made on its own; if the first fails there is nothing to make the others on.
    """
    sha256 = file_sha256(case.path) if case.path.is_file() else None
    return Report(str(case.path), sha256, make_checks(case, _CHECKS, "evidence"))

"""Make every check of a file and report each."""

from collections.abc import Callable

from compliance.canonical import file_sha256
from compliance.errors import ComplianceError
from compliance.provenance import ManifestReport, ManifestState
from compliance.verify import approvals, governance, media, record
from compliance.verify.asking import Question, answer
from compliance.verify.case import Case
from compliance.verify.examine import examine
from compliance.verify.record import STATUS_ENDED
from compliance.verify.report import CannotCheck, Check, Outcome, Report, make_checks
from compliance.verify.verdict import Heard, conclude

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
    ("audiomark", media.check_audiomark),
    ("label", media.check_label),
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
    13. ``audiomark``: the sound carries the asset id that the manifest names.
    14. ``label``: the picture shows the visible AI label that the manifest carries.

    Checks 8, 10 and 11 rest on the publisher's own log; their sentences say so.

    Every check is made on its own; if the first fails there is nothing to make the others on. The
    verdict says in a word what the file is (:mod:`compliance.verify.verdict`); whether its pictures
    are those of a release nobody but the publisher can look up.
    """
    sha256 = file_sha256(case.path) if case.path.is_file() else None
    checks = make_checks(case, _CHECKS, "evidence")
    return Report(str(case.path), sha256, checks, verdict=conclude(_heard(case, checks)))


def copy_report(case: Case) -> Report:
    """Return the report on a picture, a sound or a WebM, which no release is.

    It makes the seven checks of :mod:`compliance.verify.asking`.
    """
    trust = case.trust.anchors if case.trust else None
    told = answer(Question(examine(case.path, trust, case.mark_keys)))
    return Report(
        str(case.path), told.question.examination.sha256, told.checks, verdict=told.verdict
    )


def _heard(case: Case, checks: tuple[Check, ...]) -> Heard:
    """Return what the checks say of where a file comes from; nothing where they were not made."""
    made = {check.name: check for check in checks}
    try:
        manifest = case.manifest if case.path.is_file() else ManifestReport(ManifestState.NONE)
    except CannotCheck:
        manifest = ManifestReport(ManifestState.NONE)
    named = manifest.asset_id or manifest.recovered_for
    trusted = manifest.state is ManifestState.TRUSTED
    return Heard(
        trusted=trusted and named is not None,
        claims=named is not None and not trusted,
        same_bytes=_holds(made["file"], "file-changed"),
        recovered=manifest.recovered_for is not None,
        marked=_marked(case, made["watermark"]),
        looks_like_it=False if made["watermark"].code == "mark-of-another" else None,
        stands=_holds(made["status"], STATUS_ENDED),
    )


def _holds(check: Check, code: str) -> bool | None:
    """Say whether a check held; not where it failed for another reason than ``code``."""
    if check.outcome is Outcome.PASS:
        return True
    return False if check.code == code else None


def _marked(case: Case, check: Check) -> bool | None:
    if case.watermark_key is None or check.code in ("malformed", "video-unreadable"):
        return None
    try:
        return case.detection.asset_id is not None
    except ComplianceError:
        return None

"""Checks 10 to 12: the release gate, the log and what the publisher says today."""

import json
import urllib.error
import urllib.request
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from compliance.errors import SignatureInvalid
from compliance.signing import KeyRole
from compliance.verify import journal
from compliance.verify.case import Case
from compliance.verify.report import CannotCheck, Fails

# what every release gate has ever checked; later gates may check more
_GATE_CHECKS = ("file", "manifest", "binding", "watermark", "playable", "consent")
STATUS_ENDED = "release-ended"
_STATUS_SECONDS = 10.0
_STATUS_BYTES = 65_536


def check_gate(case: Case) -> str:
    """10. The release gate made every check it has to make, and every one passed."""
    checks = case.need_evidence()["gate"]["checks"]
    missing = set(_GATE_CHECKS) - {str(check["name"]) for check in checks}
    if missing:
        raise Fails(
            f"The gate did not check: {', '.join(sorted(missing))}.", code="gate-incomplete"
        )
    failed = [str(check["name"]) for check in checks if check["outcome"] != "pass"]
    if failed:
        raise Fails(f"The gate did not pass: {', '.join(failed)}.", code="gate-failed")
    return f"All {len(checks)} checks of the gate passed ({case.word})."


def check_events(case: Case) -> str:
    """11. The log holds the whole story of this production.

    Consent, submission, decision and release each have an event about this very consent and this
    very production, with a place in the log and the leaf hash it has there.
    """
    evidence = case.need_evidence()
    placed = journal.placed_events(evidence)
    everything = [entry["event"] for entry in evidence["events"]]
    for needed in journal.needed_events(evidence):
        if not any(needed.is_told_by(event) for event in everything):
            raise Fails(
                f"There is no event {needed.name} of {needed.object_id}.", code="event-missing"
            )
        if not any(needed.is_told_by(event) for event in placed):
            raise Fails(
                f"Event {needed.name} has no place in the log. Fetch the evidence again; "
                "a true release gets its places within seconds."
            )
    waiting = len(everything) - len(placed)
    return (
        f"{len(placed)} events with their hashes"
        + (f", {waiting} not in the log yet" if waiting else "")
        + f" ({case.word})."
    )


def check_status(case: Case) -> str:
    """12. The publisher says, today, that the release stands and the consent lives.

    Only an address from a trusted manifest is asked: a stranger's file makes no calls.
    """
    manifest = case.need_manifest()
    if case.offline:
        raise CannotCheck("Not asked (--offline).")
    if not manifest.status_url:
        raise CannotCheck("The manifest names no status address.")
    answer, signed = _said(case, _ask(manifest.status_url))
    if answer.get("asset_id") != manifest.asset_id:
        raise Fails(f"The publisher answered for asset {answer.get('asset_id')}.")
    status, consent = answer.get("status"), answer.get("consent")
    if (status, consent) != ("released", "live"):
        raise Fails(
            f"The publisher says: {status}, consent {consent}. Do not use it.", code=STATUS_ENDED
        )
    return f"The publisher says{signed}: released, consent live."


def _said(case: Case, answer: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """Return what the publisher signed, where the trust folder has a key for statuses.

    Raises:
        Fails: it has, and the answer is signed by nobody, by another, or is too old.
    """
    try:
        verifier = case.need_trust().verifier(KeyRole.STATUS)
    except CannotCheck:
        return answer, ""
    try:
        said = verifier.verify(str(answer.get("statement")))
    except SignatureInvalid as error:
        raise Fails(f"The answer is not signed by the publisher: {error}") from error
    if datetime.now(UTC) > datetime.fromisoformat(said["expires_at"]):
        raise Fails("The publisher's answer is an old one.")
    return said, ", signed"


def _ask(url: str) -> dict[str, Any]:
    if urlsplit(url).scheme not in ("http", "https"):
        raise CannotCheck(f"The status address {url!r} is not a web address.")
    request = urllib.request.Request(url, headers={"Accept": "application/json"})  # noqa: S310  checked
    try:
        with urllib.request.urlopen(request, timeout=_STATUS_SECONDS) as reply:  # noqa: S310
            answer = json.loads(reply.read(_STATUS_BYTES))
    except urllib.error.HTTPError as error:
        with error:
            if error.code in (404, 410):
                raise Fails(f"The publisher knows no such release ({error.code}).") from error
            raise CannotCheck(f"{url} answered {error.code}.") from error
    except (OSError, ValueError, RecursionError) as error:
        raise CannotCheck(f"{url} does not answer: {error}.") from error
    if not isinstance(answer, dict):
        raise CannotCheck(f"{url} answered something else.")
    return answer

"""Checks 10 to 12: the release gate, the log and what the publisher says today."""

import json
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import urlsplit

from compliance.canonical import canonical_json
from compliance.ledger import leaf_hash
from compliance.verify.case import Case
from compliance.verify.report import CannotCheck, Fails

# the acts without which nothing is released
_NEEDED_EVENTS = (
    "consents.consent.granted",
    "productions.production.submitted",
    "approvals.decision.recorded",
    "productions.production.released",
)
_STATUS_SECONDS = 10.0
_STATUS_BYTES = 65_536


def check_gate(case: Case) -> str:
    """10. Every check of the release gate passed."""
    checks = case.need_evidence()["gate"]["checks"]
    if not checks:
        raise Fails("The gate made no check.")
    failed = [str(check["name"]) for check in checks if check["outcome"] != "pass"]
    if failed:
        raise Fails(f"The gate did not pass: {', '.join(failed)}.")
    return f"All {len(checks)} checks of the gate passed."


def check_events(case: Case) -> str:
    """11. The events tell the whole story, and each has the hash under which it is in the log.

    Leaf hashes are those of RFC 6962, section 2.1, over the canonical JSON of the event.
    """
    entries = case.need_evidence()["events"]
    names = {entry["event"]["name"] for entry in entries}
    missing = [name for name in _NEEDED_EVENTS if name not in names]
    if missing:
        raise Fails(f"There is no event {', '.join(missing)}.")
    placed = [entry for entry in entries if entry["leaf_hash"] is not None]
    for entry in placed:
        if leaf_hash(canonical_json(entry["event"])).hex() != entry["leaf_hash"]:
            raise Fails(f"Event {entry['sequence']} was changed: its hash is another.")
    sequences = [entry["sequence"] for entry in placed]
    if len(set(sequences)) != len(sequences):
        raise Fails("Two events claim the same place in the log.")
    waiting = len(entries) - len(placed)
    return f"{len(placed)} events with their hashes" + (
        f", {waiting} not in the log yet." if waiting else "."
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
    answer = _ask(manifest.status_url)
    if answer.get("asset_id") != manifest.asset_id:
        raise Fails(f"The publisher answered for asset {answer.get('asset_id')}.")
    status, consent = answer.get("status"), answer.get("consent")
    if (status, consent) != ("released", "live"):
        raise Fails(f"The publisher says: {status}, consent {consent}. Do not use it.")
    return "The publisher says: released, consent live."


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
    except (OSError, ValueError) as error:
        raise CannotCheck(f"{url} does not answer: {error}.") from error
    if not isinstance(answer, dict):
        raise CannotCheck(f"{url} answered something else.")
    return answer

"""Which addresses show somebody's personal content, and what the log says of it.

Every address that can be read stands in one of the two: a new one without a word fails a test.
"""

from __future__ import annotations

from rakkan.audit.names import EventName
from tests.access_table import TABLE, Endpoint, Who

_READ = EventName.PERSONAL_DATA_READ
_OWN = "the reader's own"
_STATE = "a state or a progress, no content"
_ACT = "opened by hand an act leads to its page"
_RULES = "rules of the organisation"
_DOOR = "finds out who somebody is"
_MACHINES = "queues and workers, no content"

NOTED: dict[str, EventName] = {
    "api/v1/likenesses": _READ,
    "api/v1/likenesses/<uuid:likeness_id>": _READ,
    "api/v1/voices": _READ,
    "api/v1/voices/<uuid:voice_id>": _READ,
    "api/v1/identity-checks": _READ,
    "api/v1/consents": _READ,
    "api/v1/consents/<uuid:consent_id>": _READ,
    "api/v1/productions": _READ,
    "api/v1/productions/<uuid:production_id>": _READ,
    "api/v1/productions/<uuid:production_id>/preview": EventName.PREVIEW_VIEWED,
    "api/v1/productions/<uuid:production_id>/result": EventName.REVIEW_WATCHED,
    "api/v1/productions/<uuid:production_id>/captions": EventName.RELEASE_DELIVERED,
    "api/v1/productions/<uuid:production_id>/video": EventName.RELEASE_DELIVERED,
    "api/v1/productions/<uuid:production_id>/evidence": EventName.EVIDENCE_EXPORTED,
    "api/v1/packs/<uuid:pack_id>/file": EventName.PACK_DELIVERED,
    "packs/<uuid:pack_id>/file": EventName.PACK_DELIVERED,
    "productions/<uuid:production_id>/packs": _READ,
    "api/v1/guardianships": _READ,
    "api/v1/people/<uuid:user_id>": _READ,
    "api/v1/holds": _READ,
    "holds": _READ,
    "likenesses/<uuid:likeness_id>": _READ,
    "likenesses/<uuid:likeness_id>/portrait": _READ,
    "voices/<uuid:voice_id>": _READ,
    "voices/<uuid:voice_id>/sample": _READ,
    "identity/<uuid:check_id>": _READ,
    "identity/<uuid:check_id>/evidence": EventName.EVIDENCE_VIEWED,
    "guardianships/<uuid:guardianship_id>": _READ,
    "guardianships/<uuid:guardianship_id>/evidence": EventName.EVIDENCE_VIEWED,
    "consents/<uuid:consent_id>": _READ,
    "consents/<uuid:consent_id>/receipt": _READ,
    "consents/<uuid:consent_id>/narrow": _READ,
    "consents/<uuid:consent_id>/withdraw": _READ,
    "productions/<uuid:production_id>": _READ,
    "productions/<uuid:production_id>/preview": EventName.PREVIEW_VIEWED,
    "productions/<uuid:production_id>/result": EventName.REVIEW_WATCHED,
    "productions/<uuid:production_id>/captions": EventName.RELEASE_DELIVERED,
    "productions/<uuid:production_id>/label": _READ,
    "productions/<uuid:production_id>/background": _READ,
    "productions/<uuid:production_id>/voice": _READ,
    "productions/<uuid:production_id>/video": EventName.RELEASE_DELIVERED,
    "productions/<uuid:production_id>/evidence": EventName.EVIDENCE_EXPORTED,
    "people/<uuid:user_id>": _READ,
    "events": EventName.LOG_READ,
    "events/about/<uuid:about_id>": EventName.LOG_READ,
    "events/<uuid:event_id>/proof": EventName.LOG_READ,
    "events/export": EventName.LOG_EXPORTED,
    "watches/<uuid:watch_id>": EventName.LOG_READ,
    "api/v1/events": EventName.LOG_READ,
    "api/v1/events/<uuid:event_id>/proof": EventName.LOG_READ,
    "api/v1/events/export": EventName.LOG_EXPORTED,
    "api/v1/watches/<uuid:watch_id>/events": EventName.LOG_READ,
}
# Lists of titles, names and states: who is shown those of somebody else. A thumbnail in them, and
# what a row leads to, leave an event of their own.
_SIGHTED = frozenset({Who.APPROVER, Who.COLLEAGUE, Who.AUDITOR, Who.REQUESTER, Who.REVIEWER})
LISTED: dict[str, frozenset[Who]] = {
    "": frozenset({Who.APPROVER, Who.REQUESTER, Who.REVIEWER}),
    "likenesses": _SIGHTED,
    "voices": _SIGHTED,
    "identity": frozenset({Who.REVIEWER}),
    "consents": _SIGHTED,
    "productions": _SIGHTED - {Who.REVIEWER},
    "productions/new": _SIGHTED,
    "approvals": frozenset({Who.APPROVER, Who.COLLEAGUE, Who.AUDITOR}),
    "guardianships": frozenset({Who.REVIEWER}),
    "people": frozenset({Who.ADMINISTRATOR}),
    "api/v1/people": frozenset({Who.ADMINISTRATOR}),
}
QUIET: dict[str, str] = {
    "api/v1/productions/<uuid:production_id>/packs": _STATE,
    "api/v1/packs/<uuid:pack_id>": _STATE,
    "invitations": "what the reader sent; whoever is invited has no account yet",
    "api/v1/invitations": "as invitations",
    "invitation": "what an invitation says of who sent it",
    "approvals/delegations": _OWN,
    "api/v1/delegations": _OWN,
    "likenesses/new": _OWN,
    "voices/new": _OWN,
    "identity/new": _OWN,
    "identity/provider/<slug:provider_id>": "what a provider would be asked, and nobody's answer",
    "identity/provider/<slug:provider_id>/answer": "takes what is answered about the reader",
    "identity/remote": _OWN,
    "identity/remote/challenge": _ACT,
    "identity/remote/<uuid:challenge_id>": _ACT,
    "identity/biometric-consent": _OWN,
    "identity/biometric-consent/<uuid:biometric_id>/receipt": _OWN,
    "identity/biometric-consent/<uuid:biometric_id>/withdraw": _ACT,
    "consents/new": _OWN,
    "my-data": _OWN,
    "my-data/copy": _OWN,
    "my-data/erasure": _OWN,
    "guardianships/<uuid:guardianship_id>/erasure": "of whom the reader acts for",
    "api/v1/me": _OWN,
    "api/v1/me/data": _OWN,
    "api/v1/biometric-consents": _OWN,
    "api/v1/erasures/<slug:secret>": "that an erasure was carried out, and no name",
    "likenesses/<uuid:likeness_id>/live": _STATE,
    "voices/<uuid:voice_id>/live": _STATE,
    "identity/<uuid:check_id>/live": _STATE,
    "productions/<uuid:production_id>/live": _STATE,
    "status/<slug:asset_id>": "public by its purpose, and names nobody",
    "verify": "a form; what it answers names nobody",
    "c2pa/v1/matches/byBinding": "names of manifests",
    "c2pa/v1/manifests/<str:manifest_id>": "the manifest that the released file carries in public",
    "c2pa/v1/services/supportedAlgorithms": "names of algorithms",
    "c2pa/v1/services/capabilities": "names of routes",
    "c2pa/v1/services/status": "that it works",
    ".well-known/c2pa-soft-binding-resolution": "where the service is",
    "log/checkpoint": "size and root of the log",
    "log/tile/<path:name>": "hashes of the log",
    "guardianships/<uuid:guardianship_id>/end": _ACT,
    "productions/<uuid:production_id>/submit": _ACT,
    "productions/<uuid:production_id>/cancel": _ACT,
    "productions/<uuid:production_id>/decide": _ACT,
    "productions/<uuid:production_id>/preview/request": _ACT,
    "productions/<uuid:production_id>/review": _ACT,
    "invitations/<uuid:invitation_id>/revoke": _ACT,
    "invitations/<uuid:invitation_id>/resend": _ACT,
    "people/<uuid:user_id>/revoke": _ACT,
    "people/<uuid:user_id>/deactivate": _ACT,
    "people/<uuid:user_id>/reactivate": _ACT,
    "operations/<uuid:production_id>/cancel": _ACT,
    "holds/new": "names of who may be chosen",
    "holds/<uuid:hold_id>/end": _ACT,
    "retention": "periods, and kinds, ids and days of what they end",
    "operations": _MACHINES,
    "api/v1/operations": _MACHINES,
    "watches": _OWN,
    "api/v1/watches": _OWN,
    "watches/<uuid:watch_id>/end": _ACT,
    "api/v1/webhooks": "addresses of the organisation",
    "api/v1/webhooks/<uuid:endpoint_id>/messages": "ids, states and codes",
    "api/v1/retention": _RULES,
    "worker/v1/jobs/<uuid:job_id>/inputs/<slug:sha256>": "to a worker, under a permit in the log",
}
# By how an address begins.
_QUIET_BELOW = {
    "api/v1/schema": _RULES,
    "api/v1/policies": _RULES,
    "api/v1/forbidden-uses": _RULES,
    "api/v1/rule-changes": _RULES,
    "policies": _RULES,
    "webhooks": "addresses of the organisation; ids, states and codes",
    "sign-in": _DOOR,
    "sign-out": _DOOR,
    "confirm": _DOOR,
    "security": _OWN,
    "password-reset": _DOOR,
}


def read_endpoints() -> list[Endpoint]:
    """Every address that can be read."""
    return [endpoint for endpoint in TABLE if endpoint[0] == "GET"]


def quiet(path: str) -> str:
    """Why an address leaves no event, or nothing if nobody has said so."""
    below = (why for start, why in _QUIET_BELOW.items() if path.startswith(start))
    return QUIET.get(path) or next(below, "")

"""Who may do what over HTTP: the one table that the tests assert cell by cell.

``python -m tests.access_table > docs/access.md`` prints it as a page. A cell says whether the
endpoint serves that caller at all; *when* it does (states, consent, scope) is the services' word.
"""

from __future__ import annotations

import sys
from enum import StrEnum


class Who(StrEnum):
    """A caller, seen from the objects of one organisation."""

    ANONYMOUS = "nobody signed in"
    REQUESTER = "requester"
    COLLEAGUE = "another requester"
    PERSON = "depicted person"
    OTHER_PERSON = "another depicted person"
    REVIEWER = "identity reviewer"
    APPROVER = "approver"
    AUDITOR = "auditor"
    OPERATOR = "operator"
    ADMINISTRATOR = "administrator"
    WORKER = "worker token"


Callers = frozenset[Who]
Endpoint = tuple[str, str]  # method and route, as the URL configuration writes it

ALL: Callers = frozenset(Who)
ACCOUNTS: Callers = ALL - {Who.ANONYMOUS, Who.WORKER}
PERSONS: Callers = frozenset({Who.PERSON, Who.OTHER_PERSON})
REQUESTERS: Callers = frozenset({Who.REQUESTER, Who.COLLEAGUE})
TEAM: Callers = REQUESTERS | {Who.APPROVER, Who.AUDITOR}
BLIND: Callers = frozenset({Who.OPERATOR, Who.ADMINISTRATOR})  # see no content
SEE_LIKENESS: Callers = ACCOUNTS - {Who.OTHER_PERSON} - BLIND
HEAR_SAMPLE: Callers = frozenset({Who.PERSON, Who.APPROVER, Who.AUDITOR})
SEE_PRODUCTION: Callers = TEAM | {Who.PERSON}
REQUESTER: Callers = frozenset({Who.REQUESTER})
PERSON: Callers = frozenset({Who.PERSON})
REVIEWER: Callers = frozenset({Who.REVIEWER})
# Have an authenticator app, because their roles demand a second factor.
STRONG: Callers = frozenset({Who.REVIEWER, Who.APPROVER, Who.OPERATOR, Who.ADMINISTRATOR})
APPROVER: Callers = frozenset({Who.APPROVER})
AUDITOR: Callers = frozenset({Who.AUDITOR})
OPERATOR: Callers = frozenset({Who.OPERATOR})
ADMINISTRATOR: Callers = frozenset({Who.ADMINISTRATOR})
INVITING: Callers = REQUESTERS | ADMINISTRATOR
SEE_PREVIEW: Callers = REQUESTER | APPROVER
WORKER: Callers = frozenset({Who.WORKER})

_API, _JOB = "api/v1", "worker/v1/jobs/<uuid:job_id>"
_API_PRODUCTION = f"{_API}/productions/<uuid:production_id>"
_LIKENESS, _CHECK = "likenesses/<uuid:likeness_id>", "identity/<uuid:check_id>"
_VOICE = "voices/<uuid:voice_id>"
_BIOMETRIC = "identity/biometric-consent/<uuid:biometric_id>"
_PROVIDER = "identity/provider/<slug:provider_id>"
_CONSENT, _PRODUCTION = "consents/<uuid:consent_id>", "productions/<uuid:production_id>"
_PACK = "packs/<uuid:pack_id>"
_MEMBER = "people/<uuid:user_id>"
_EVENT, _WATCH = "events/<uuid:event_id>", "watches/<uuid:watch_id>"
_GUARDIANSHIP = "guardianships/<uuid:guardianship_id>"
_ENDPOINT = "webhooks/<uuid:endpoint_id>"
_MESSAGE = f"{_ENDPOINT}/messages/<uuid:message_id>"
_INVITATION = "invitations/<uuid:invitation_id>"

_WITH = "sign-in/with/<slug:provider_id>"
_SAML = "sign-in/with/<slug:organization_slug>/saml"

SECTIONS: dict[str, dict[Endpoint, Callers]] = {
    "API for people's programs": {
        ("GET", f"{_API}/schema"): ALL,
        ("POST", f"{_API}/auth/login"): ALL,
        ("POST", f"{_API}/auth/logout"): ACCOUNTS,
        ("POST", f"{_API}/auth/confirm"): STRONG,
        ("GET", f"{_API}/me"): ACCOUNTS,
        ("GET", f"{_API}/me/data"): PERSONS,
        ("GET", f"{_API}/likenesses"): ACCOUNTS,
        ("POST", f"{_API}/likenesses"): PERSONS,
        ("GET", f"{_API}/{_LIKENESS}"): SEE_LIKENESS,
        ("GET", f"{_API}/voices"): ACCOUNTS,
        ("POST", f"{_API}/voices"): PERSONS,
        ("GET", f"{_API}/{_VOICE}"): SEE_LIKENESS,
        ("GET", f"{_API}/identity-checks"): ACCOUNTS,
        ("POST", f"{_API}/identity-checks"): PERSONS,
        ("POST", f"{_API}/identity-checks/<uuid:check_id>/decision"): REVIEWER,
        ("GET", f"{_API}/biometric-consents"): ACCOUNTS,
        ("POST", f"{_API}/biometric-consents"): PERSONS,
        ("POST", f"{_API}/biometric-consents/<uuid:biometric_id>/withdraw"): PERSON,
        ("GET", f"{_API}/consents"): ACCOUNTS,
        ("POST", f"{_API}/consents"): PERSON,
        ("GET", f"{_API}/{_CONSENT}"): SEE_LIKENESS,
        ("POST", f"{_API}/{_CONSENT}/narrow"): PERSON,
        ("POST", f"{_API}/{_CONSENT}/withdraw"): PERSON,
        ("GET", f"{_API}/productions"): ACCOUNTS,
        ("POST", f"{_API}/productions"): REQUESTERS,
        ("GET", _API_PRODUCTION): SEE_PRODUCTION,
        ("POST", f"{_API_PRODUCTION}/submit"): REQUESTER,
        ("POST", f"{_API_PRODUCTION}/decision"): APPROVER,
        ("POST", f"{_API_PRODUCTION}/cancel"): REQUESTER,
        ("POST", f"{_API_PRODUCTION}/redraft"): REQUESTER,
        ("POST", f"{_API_PRODUCTION}/preview/request"): SEE_PREVIEW,
        ("GET", f"{_API_PRODUCTION}/preview"): SEE_PREVIEW,
        ("GET", f"{_API_PRODUCTION}/result"): APPROVER,
        ("POST", f"{_API_PRODUCTION}/review"): APPROVER,
        ("GET", f"{_API_PRODUCTION}/captions"): SEE_PRODUCTION,
        ("GET", f"{_API_PRODUCTION}/video"): SEE_PRODUCTION,
        ("GET", f"{_API_PRODUCTION}/evidence"): SEE_PRODUCTION,
        ("GET", f"{_API_PRODUCTION}/packs"): SEE_PRODUCTION,
        ("POST", f"{_API_PRODUCTION}/packs"): SEE_PRODUCTION,
        ("GET", f"{_API}/{_PACK}"): SEE_PRODUCTION,
        ("GET", f"{_API}/{_PACK}/file"): SEE_PRODUCTION,
        ("POST", f"{_API}/me/erasure"): PERSONS,
        ("GET", f"{_API}/erasures/<slug:secret>"): ALL,
        ("GET", f"{_API}/webhooks"): ADMINISTRATOR,
        ("POST", f"{_API}/webhooks"): ADMINISTRATOR,
        ("POST", f"{_API}/webhooks/<uuid:endpoint_id>/end"): ADMINISTRATOR,
        ("GET", f"{_API}/webhooks/<uuid:endpoint_id>/messages"): ADMINISTRATOR,
        ("POST", f"{_API}/{_MESSAGE}/resend"): ADMINISTRATOR,
        ("GET", f"{_API}/holds"): APPROVER | AUDITOR,
        ("POST", f"{_API}/holds"): APPROVER,
        ("POST", f"{_API}/holds/<uuid:hold_id>/end"): APPROVER,
        ("GET", f"{_API}/retention"): ADMINISTRATOR | AUDITOR,
        ("POST", f"{_API}/retention"): ADMINISTRATOR,
        ("GET", f"{_API}/events"): AUDITOR,
        ("GET", f"{_API}/events/export"): AUDITOR,
        ("GET", f"{_API}/{_EVENT}/proof"): AUDITOR,
        ("GET", f"{_API}/watches"): AUDITOR,
        ("POST", f"{_API}/watches"): AUDITOR,
        ("GET", f"{_API}/{_WATCH}/events"): AUDITOR,
        ("POST", f"{_API}/{_WATCH}/end"): AUDITOR,
        ("GET", f"{_API}/guardianships"): ACCOUNTS,
        ("POST", f"{_API}/guardianships"): PERSONS,
        ("POST", f"{_API}/{_GUARDIANSHIP}/renew"): PERSON,
        ("POST", f"{_API}/{_GUARDIANSHIP}/decision"): REVIEWER,
        ("POST", f"{_API}/{_GUARDIANSHIP}/end"): PERSON | REVIEWER,
        ("GET", f"{_API}/invitations"): INVITING,
        ("POST", f"{_API}/invitations"): INVITING,
        ("POST", f"{_API}/{_INVITATION}/revoke"): REQUESTER | ADMINISTRATOR,
        ("POST", f"{_API}/{_INVITATION}/resend"): REQUESTER | ADMINISTRATOR,
        ("GET", f"{_API}/people"): ADMINISTRATOR,
        ("GET", f"{_API}/{_MEMBER}"): ADMINISTRATOR,
        ("POST", f"{_API}/{_MEMBER}/roles"): ADMINISTRATOR,
        ("POST", f"{_API}/{_MEMBER}/roles/revoke"): ADMINISTRATOR,
        ("POST", f"{_API}/{_MEMBER}/deactivate"): ADMINISTRATOR,
        ("POST", f"{_API}/{_MEMBER}/reactivate"): ADMINISTRATOR,
        ("GET", f"{_API}/delegations"): APPROVER,
        ("POST", f"{_API}/delegations"): APPROVER,
        ("POST", f"{_API}/delegations/<uuid:delegation_id>/end"): APPROVER,
        ("GET", f"{_API}/policies"): ADMINISTRATOR,
        ("POST", f"{_API}/policies"): ADMINISTRATOR,
        ("POST", f"{_API}/policies/applying"): ADMINISTRATOR,
        ("POST", f"{_API}/policies/<uuid:policy_id>/retire"): ADMINISTRATOR,
        ("GET", f"{_API}/forbidden-uses"): ADMINISTRATOR,
        ("POST", f"{_API}/forbidden-uses"): ADMINISTRATOR,
        ("POST", f"{_API}/forbidden-uses/<uuid:rule_id>/retire"): ADMINISTRATOR,
        ("GET", f"{_API}/rule-changes"): ADMINISTRATOR,
        ("POST", f"{_API}/rule-changes/<uuid:change_id>/decision"): ADMINISTRATOR,
        ("GET", f"{_API}/operations"): OPERATOR,
        ("POST", f"{_API}/operations/<uuid:production_id>/cancel"): OPERATOR,
    },
    "Worker endpoint": {
        ("POST", "worker/v1/present"): WORKER,
        ("POST", f"{_JOB}/claim"): WORKER,
        ("POST", f"{_JOB}/heartbeat"): WORKER,
        ("GET", f"{_JOB}/inputs/<slug:sha256>"): WORKER,
        ("PUT", f"{_JOB}/output/<slug:sha256>"): WORKER,
        ("POST", f"{_JOB}/result"): WORKER,
        ("POST", f"{_JOB}/failure"): WORKER,
    },
    "Public": {
        ("GET", "status/<slug:asset_id>"): ALL,
        ("GET", "verify"): ALL,
        ("POST", "verify"): ALL,
        ("GET", "c2pa/v1/matches/byBinding"): ALL,
        ("POST", "c2pa/v1/matches/byBinding"): ALL,
        ("POST", "c2pa/v1/matches/byContent"): ALL,
        ("GET", "c2pa/v1/manifests/<str:manifest_id>"): ALL,
        ("GET", "c2pa/v1/services/supportedAlgorithms"): ALL,
        ("GET", "c2pa/v1/services/capabilities"): ALL,
        ("GET", "c2pa/v1/services/status"): ALL,
        ("GET", ".well-known/c2pa-soft-binding-resolution"): ALL,
        ("GET", "log/checkpoint"): ALL,
        ("GET", "log/tile/<path:name>"): ALL,
        ("POST", "i18n/setlang/"): ALL,
    },
    "Pages": {
        ("GET", ""): ACCOUNTS,
        ("GET", "sign-in"): ALL,
        ("POST", "sign-in"): ALL,
        # The second step of a sign-in: without the first it leads back to it.
        ("GET", "sign-in/code"): ALL,
        ("POST", "sign-in/code"): ALL,
        ("GET", "sign-in/passkey"): ALL,
        ("POST", "sign-in/passkey"): ALL,
        ("GET", f"{_WITH}"): ALL,
        ("POST", f"{_WITH}"): ALL,
        ("GET", f"{_WITH}/refused"): ALL,
        ("GET", f"{_WITH}/oidc"): ALL,
        ("POST", f"{_SAML}"): ALL,
        ("GET", f"{_SAML}/finish"): ALL,
        ("GET", f"{_SAML}/metadata"): ALL,
        ("GET", f"{_SAML}/sign-out"): ALL,
        ("GET", "sign-out"): ALL,
        ("POST", "sign-out"): ALL,
        ("GET", "confirm"): ACCOUNTS,
        ("POST", "confirm"): ACCOUNTS,
        ("GET", "security"): ACCOUNTS,
        ("GET", "security/app"): ACCOUNTS,
        ("POST", "security/app"): ACCOUNTS,
        ("GET", "security/app/remove"): STRONG,
        ("POST", "security/app/remove"): STRONG,
        ("GET", "security/passkeys/new"): ACCOUNTS,
        ("POST", "security/passkeys/new"): ACCOUNTS,
        ("GET", "security/passkeys/<int:pk>/remove"): APPROVER,
        ("POST", "security/passkeys/<int:pk>/remove"): APPROVER,
        ("GET", "security/recovery-codes"): ACCOUNTS,
        ("GET", "security/recovery-codes/new"): ACCOUNTS,
        ("POST", "security/recovery-codes/new"): ACCOUNTS,
        ("GET", "security/password"): ACCOUNTS,
        ("POST", "security/password"): ACCOUNTS,
        ("GET", "security/sessions"): ACCOUNTS,
        ("POST", "security/sessions"): ACCOUNTS,
        ("GET", "password-reset"): ALL,
        ("POST", "password-reset"): ALL,
        ("GET", "password-reset/sent"): ALL,
        ("GET", "password-reset/done"): ALL,
        ("GET", "password-reset/<base36:uidb36>-<slug:key>"): ALL,
        ("POST", "password-reset/<base36:uidb36>-<slug:key>"): ALL,
        ("GET", "likenesses"): ACCOUNTS,
        ("GET", "likenesses/new"): ACCOUNTS,
        ("POST", "likenesses/new"): PERSONS,
        ("GET", _LIKENESS): SEE_LIKENESS,
        ("GET", f"{_LIKENESS}/live"): SEE_LIKENESS,
        ("GET", f"{_LIKENESS}/portrait"): SEE_LIKENESS,
        ("GET", "voices"): ACCOUNTS,
        ("GET", "voices/new"): ACCOUNTS,
        ("POST", "voices/new"): PERSONS,
        ("GET", _VOICE): SEE_LIKENESS,
        ("GET", f"{_VOICE}/live"): SEE_LIKENESS,
        ("GET", f"{_VOICE}/sample"): HEAR_SAMPLE,
        ("GET", "identity"): ACCOUNTS,
        ("GET", "identity/new"): ACCOUNTS,
        ("POST", "identity/new"): PERSONS,
        ("GET", "identity/biometric-consent"): ACCOUNTS,
        ("POST", "identity/biometric-consent"): PERSONS,
        ("GET", f"{_BIOMETRIC}/receipt"): PERSON,
        ("GET", f"{_BIOMETRIC}/withdraw"): ALL,
        ("POST", f"{_BIOMETRIC}/withdraw"): PERSON,
        # Any account of the organisation may read what would be asked; a depicted person asks.
        ("GET", f"{_PROVIDER}"): ACCOUNTS,
        ("POST", f"{_PROVIDER}"): PERSONS,
        ("GET", f"{_PROVIDER}/answer"): PERSONS,
        ("GET", "identity/remote"): ACCOUNTS,
        ("GET", "identity/remote/challenge"): ALL,
        ("POST", "identity/remote/challenge"): PERSON,
        ("GET", "identity/remote/<uuid:challenge_id>"): ALL,
        ("POST", "identity/remote/<uuid:challenge_id>"): PERSON,
        ("GET", f"{_CHECK}/live"): REVIEWER | PERSON,
        ("GET", _CHECK): REVIEWER | PERSON,
        ("POST", _CHECK): REVIEWER,
        ("GET", f"{_CHECK}/evidence"): REVIEWER,
        ("GET", "consents"): ACCOUNTS,
        ("GET", "consents/new"): ACCOUNTS,
        ("POST", "consents/new"): PERSON,
        ("GET", _CONSENT): SEE_LIKENESS,
        ("GET", f"{_CONSENT}/receipt"): SEE_LIKENESS,
        ("GET", f"{_CONSENT}/narrow"): SEE_LIKENESS,
        ("POST", f"{_CONSENT}/narrow"): PERSON,
        ("GET", f"{_CONSENT}/withdraw"): SEE_LIKENESS,
        ("POST", f"{_CONSENT}/withdraw"): PERSON,
        ("GET", "approvals"): ACCOUNTS,
        ("GET", "approvals/delegations"): APPROVER,
        ("POST", "approvals/delegations"): APPROVER,
        ("GET", "productions"): ACCOUNTS,
        ("GET", "productions/new"): ACCOUNTS,
        ("POST", "productions/new"): REQUESTERS,
        ("GET", _PRODUCTION): SEE_PRODUCTION,
        ("GET", f"{_PRODUCTION}/live"): SEE_PRODUCTION,
        # Opened by hand, an act does nothing: it leads to its page, which asks who is there.
        ("GET", f"{_PRODUCTION}/submit"): ALL,
        ("POST", f"{_PRODUCTION}/submit"): REQUESTER,
        ("GET", f"{_PRODUCTION}/cancel"): ALL,
        ("POST", f"{_PRODUCTION}/cancel"): REQUESTER,
        ("GET", f"{_PRODUCTION}/decide"): ALL,
        ("POST", f"{_PRODUCTION}/decide"): APPROVER,
        ("GET", f"{_PRODUCTION}/preview"): SEE_PREVIEW,
        ("GET", f"{_PRODUCTION}/preview/request"): ALL,
        ("POST", f"{_PRODUCTION}/preview/request"): SEE_PREVIEW,
        ("GET", f"{_PRODUCTION}/result"): APPROVER,
        ("GET", f"{_PRODUCTION}/review"): ALL,
        ("POST", f"{_PRODUCTION}/review"): APPROVER,
        ("GET", f"{_PRODUCTION}/captions"): SEE_PRODUCTION,
        ("GET", f"{_PRODUCTION}/label"): SEE_PRODUCTION,
        ("GET", f"{_PRODUCTION}/background"): SEE_PRODUCTION,
        ("GET", f"{_PRODUCTION}/voice"): SEE_PRODUCTION,
        ("GET", f"{_PRODUCTION}/video"): SEE_PRODUCTION,
        ("GET", f"{_PRODUCTION}/evidence"): SEE_PRODUCTION,
        ("GET", f"{_PRODUCTION}/packs"): SEE_PRODUCTION,
        ("POST", f"{_PRODUCTION}/packs"): SEE_PRODUCTION,
        ("GET", f"{_PACK}/file"): SEE_PRODUCTION,
        ("GET", "my-data"): PERSONS,
        ("GET", "my-data/copy"): PERSONS,
        ("GET", "my-data/erasure"): PERSONS,
        ("POST", "my-data/erasure"): PERSONS,
        ("GET", "events"): AUDITOR,
        ("GET", "events/export"): AUDITOR,
        ("GET", "events/about/<uuid:about_id>"): AUDITOR,
        ("GET", f"{_EVENT}/proof"): AUDITOR,
        ("GET", "watches"): AUDITOR,
        ("POST", "watches"): AUDITOR,
        ("GET", _WATCH): AUDITOR,
        ("GET", f"{_WATCH}/end"): ALL,
        ("POST", f"{_WATCH}/end"): AUDITOR,
        ("GET", "guardianships"): ACCOUNTS,
        ("POST", "guardianships"): PERSONS,
        ("GET", _GUARDIANSHIP): PERSON | REVIEWER,
        ("POST", _GUARDIANSHIP): PERSON | REVIEWER,  # newer evidence; a decision
        ("GET", f"{_GUARDIANSHIP}/evidence"): REVIEWER,
        ("GET", f"{_GUARDIANSHIP}/erasure"): PERSON,
        ("POST", f"{_GUARDIANSHIP}/erasure"): PERSON,
        ("GET", f"{_GUARDIANSHIP}/end"): ALL,
        ("POST", f"{_GUARDIANSHIP}/end"): PERSON | REVIEWER,
        # Whoever holds the link reads it; it is accepted by its addressee, who has no account yet.
        ("GET", "invitation"): ALL,
        ("POST", "invitation"): frozenset({Who.ANONYMOUS, Who.WORKER}),
        ("GET", "invitations"): INVITING,
        ("POST", "invitations"): INVITING,
        ("GET", f"{_INVITATION}/revoke"): ALL,
        ("POST", f"{_INVITATION}/revoke"): REQUESTER | ADMINISTRATOR,
        ("GET", f"{_INVITATION}/resend"): ALL,
        ("POST", f"{_INVITATION}/resend"): REQUESTER | ADMINISTRATOR,
        ("GET", "people"): ADMINISTRATOR,
        ("GET", _MEMBER): ADMINISTRATOR,
        ("POST", _MEMBER): ADMINISTRATOR,
        ("GET", f"{_MEMBER}/revoke"): ALL,
        ("POST", f"{_MEMBER}/revoke"): ADMINISTRATOR,
        ("GET", f"{_MEMBER}/deactivate"): ALL,
        ("POST", f"{_MEMBER}/deactivate"): ADMINISTRATOR,
        ("GET", f"{_MEMBER}/reactivate"): ALL,
        ("POST", f"{_MEMBER}/reactivate"): ADMINISTRATOR,
        ("GET", "policies"): ADMINISTRATOR,
        ("GET", "policies/new"): ADMINISTRATOR,
        ("POST", "policies/new"): ADMINISTRATOR,
        ("GET", "policies/applying"): ADMINISTRATOR,
        ("POST", "policies/applying"): ADMINISTRATOR,
        ("GET", "policies/forbidden/new"): ADMINISTRATOR,
        ("POST", "policies/forbidden/new"): ADMINISTRATOR,
        ("GET", "policies/forbidden/<uuid:rule_id>/retire"): ALL,
        ("POST", "policies/forbidden/<uuid:rule_id>/retire"): ADMINISTRATOR,
        ("GET", "policies/<uuid:policy_id>/retire"): ALL,
        ("POST", "policies/<uuid:policy_id>/retire"): ADMINISTRATOR,
        ("GET", "policies/changes/<uuid:change_id>/decide"): ALL,
        ("POST", "policies/changes/<uuid:change_id>/decide"): ADMINISTRATOR,
        ("GET", "holds"): APPROVER | AUDITOR,
        ("GET", "holds/new"): APPROVER,
        ("POST", "holds/new"): APPROVER,
        ("GET", "holds/<uuid:hold_id>/end"): ALL,
        ("POST", "holds/<uuid:hold_id>/end"): APPROVER,
        ("GET", "retention"): ADMINISTRATOR | AUDITOR,
        ("POST", "retention"): ADMINISTRATOR,
        ("GET", "webhooks"): ADMINISTRATOR,
        ("POST", "webhooks"): ADMINISTRATOR,
        ("GET", _ENDPOINT): ADMINISTRATOR,
        ("GET", f"{_ENDPOINT}/end"): ALL,
        ("POST", f"{_ENDPOINT}/end"): ADMINISTRATOR,
        ("GET", f"{_MESSAGE}/resend"): ALL,
        ("POST", f"{_MESSAGE}/resend"): ADMINISTRATOR,
        ("GET", "operations"): OPERATOR,
        ("GET", "operations/<uuid:production_id>/cancel"): ALL,
        ("POST", "operations/<uuid:production_id>/cancel"): OPERATOR,
    },
}

TABLE: dict[Endpoint, Callers] = {
    endpoint: callers for section in SECTIONS.values() for endpoint, callers in section.items()
}

_INTRODUCTION = """\
# Who may do what

Generated from the table that the tests assert cell by cell, for every address the site has:
`python -m tests.access_table > docs/access.md`. A new endpoint without a row fails the tests.

`x` means: the endpoint serves this caller. An empty cell means 401, 403, 404 or the sign-in page,
and nothing changes. A list shows each caller only what they may see: depicted persons their own, an
organisation its own. Every other organisation's objects do not exist for a caller (404). *When*
something may be done (states, consent, scope, whose step it is) is a matter of the services:
[the life of a production](production-states.md).

The requester is the one who made the production; the depicted person is the one whose likeness,
voice, consent and identity check it is. HEAD is answered as GET. A form that opens for everybody
(`GET .../new`) offers only what the caller may use, and its POST is what is guarded.
"""


def document() -> str:
    """Return the page docs/access.md."""
    parts = [_INTRODUCTION]
    for title, rows in SECTIONS.items():
        parts += ["", f"## {title}", "", _heading(), *(_row(*row) for row in rows.items())]
    return "\n".join(parts) + "\n"


def _heading() -> str:
    names = " | ".join(who.value for who in Who)
    return f"| endpoint | {names} |\n|---|{'---|' * len(Who)}"


def _row(endpoint: Endpoint, callers: Callers) -> str:
    method, route = endpoint
    cells = " | ".join("x" if who in callers else " " for who in Who)
    return f"| {method} `/{route}` | {cells} |"


if __name__ == "__main__":
    sys.stdout.write(document())

"""One organisation with an object of every kind, and a caller of every kind who asks for it.

Built once for a whole module of tests, inside a transaction that is rolled back at the end; each
request runs in a savepoint of its own, so that every cell of the walk starts from the same world.
"""

from __future__ import annotations

import base64
import hashlib
import html
import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import uuid4

import requests
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth.hashers import MD5PasswordHasher
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.test import Client, override_settings
from rest_framework.test import APIClient

from compliance.permit import MeasureResult, RenderResult, Verdict
from rakkan.accounts.models import Invitation, User
from rakkan.accounts.roles import Role
from rakkan.accounts.services import user_deactivate
from rakkan.approvals.models import Delegation, ForbiddenUse, Policy
from rakkan.approvals.ruling import RuleChange
from rakkan.approvals.services import (
    Match,
    PolicyText,
    Reason,
    StepPlan,
    delegation_add,
    forbidden_use_ensure,
    policy_propose,
)
from rakkan.audit.models import Event
from rakkan.audit.services import checkpoint_publish, log_advance, newest_checkpoint
from rakkan.config.providers import Provider, providers_of
from rakkan.consents.models import Consent
from rakkan.evidence.models import Pack
from rakkan.evidence.services import pack_request
from rakkan.evidence.services.build import pack_build
from rakkan.identity.models import BiometricConsent, IdentityChallenge, IdentityCheck
from rakkan.identity.services import (
    biometric_consent_grant,
    challenge_issue,
    identity_submit,
)
from rakkan.inspection.filters import LogFilter
from rakkan.inspection.models import Watch
from rakkan.inspection.services import index_update, watch_add
from rakkan.lifecycle.models import LegalHold
from rakkan.lifecycle.services import erasure_ask, hold_set
from rakkan.likenesses.models import Guardianship, Likeness, Voice
from rakkan.likenesses.services import person_ensure
from rakkan.previews.models import Preview
from rakkan.productions.models import Production
from rakkan.productions.services.create import production_create
from rakkan.productions.services.finish import production_finish
from rakkan.productions.services.preview import preview_request
from rakkan.productions.services.preview_read import preview_read
from rakkan.productions.services.stop import production_cancel
from rakkan.productions.services.submit import production_submit
from rakkan.releases.models import Fingerprint, Sealing
from rakkan.webhooks.models import Attempt, Endpoint, Message
from rakkan.webhooks.services import endpoint_add
from tests.access_table import Who
from tests.integration import clips, oidc_provider, people
from tests.integration.oidc_provider import OidcProvider
from tests.integration.routes import address
from tests.integration.saml_provider import SamlProvider

DAY = timedelta(days=1)
FILE = b"the bytes of a rendered file"
SHA256 = hashlib.sha256(FILE).hexdigest()
_FILES = "rakkan.core.storage.AtomicFileStorage"


@contextmanager
def own_settings(folder: Path) -> Iterator[None]:
    """Cheap password hashes, files in ``folder`` unless the caller named a storage, long leases.

    A world serves a whole module of tests, however slow the machine.
    """
    storages = settings.STORAGES
    if storages["blobs"]["BACKEND"] == _FILES:
        options = {"location": str(folder), "base_url": None}
        storages = {**storages, "blobs": {"BACKEND": _FILES, "OPTIONS": options}}
    hasher = f"{MD5PasswordHasher.__module__}.{MD5PasswordHasher.__name__}"
    with (
        _providers(folder) as (providers, of_allauth),
        override_settings(
            PASSWORD_HASHERS=[hasher],
            STORAGES=storages,
            RAKKAN_PROVIDERS=providers,
            SOCIALACCOUNT_PROVIDERS=of_allauth,
            RAKKAN_CHALLENGE_SECONDS=3600,
            RAKKAN_LEASE_SECONDS=3600,  # the world's worker holds its job as long as all is asked
        ),
    ):
        yield


@contextmanager
def _providers(folder: Path) -> Iterator[tuple[dict[str, Provider], dict[str, Any]]]:
    """Identity providers, of an organisation that nobody of the world is in.

    One says who people are, and runs: each world has it as its own (:func:`_own_provider`).
    """
    with oidc_provider.running() as oidc:
        named = {"given_name": "Dana", "family_name": "Doe", "birthdate": "1988-02-29"}
        oidc.claims = {"sub": "1", "verified_claims": oidc_provider.vouched_for(**named)}
        yield providers_of(str(_providers_file(folder, oidc)))


def _own_provider(team: people.Team) -> str:
    """Let the team's people be asked for by the provider that runs; return its name."""
    name = f"proof-{team.organisation.pk.hex[:8]}"
    of_nobody = settings.RAKKAN_PROVIDERS["acme-proof"]
    own = replace(of_nobody, id=name, organisation=team.organisation.pk)
    settings.RAKKAN_PROVIDERS[name] = own
    return name


def _providers_file(folder: Path, oidc: OidcProvider) -> Path:
    (folder / "proof").write_text(oidc.client_secret)
    (folder / "secret").write_text("a secret")
    (folder / "certificate.pem").write_text(SamlProvider().certificate)
    common = 'name = "Acme"\norganisation = "00000000-0000-4000-8000-000000000000"\n'
    file = folder / "providers.toml"
    file.write_text(
        f'[acme-oidc]\nkind = "oidc"\n{common}server = "http://127.0.0.1:9"\nclient_id = "x"\n'
        f'client_secret_file = "{folder}/secret"\n'
        f'[acme-saml]\nkind = "saml"\n{common}entity_id = "x"\n'
        f'sso_url = "https://idp.example/sso"\ncertificate_file = "{folder}/certificate.pem"\n'
        f'[acme-proof]\nkind = "identity"\n{common}server = "{oidc.url}"\n'
        f'client_id = "{oidc.client_id}"\nclient_secret_file = "{folder}/proof"\n'
        'claims_in = "id_token"\nverified_within_days = 365\n'
        'frameworks = { eidas = ["substantial"] }\n'
    )
    return file


@contextmanager
def undone() -> Iterator[None]:
    """Roll back whatever the block writes."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def _tile() -> str:
    """Return the name of a hash tile of the published log."""
    newest = newest_checkpoint()
    assert newest is not None
    return "0/000" if newest.size >= 256 else f"0/000.p/{newest.size}"


@dataclass
class World:
    """What there is; one production for each thing that can be asked of one."""

    team: people.Team
    users: dict[Who, User]
    likeness: Likeness
    voice: Voice
    check: IdentityCheck
    challenge: IdentityChallenge  # of the depicted person's session
    biometric: BiometricConsent
    consent: Consent
    draft: Production
    waiting: Production
    previewed: Production  # waits too, with a preview to see
    queued: Production
    rendering: people.Worker
    released: Production
    ended: Production  # cancelled as a draft
    finished: Production  # waits for somebody to watch it
    deputy: User  # another approver
    closed: User  # nobody signs in with this account
    guardianship: Guardianship  # of the depicted person for a minor, not decided
    acting: Guardianship  # of the depicted person for another minor, verified
    invitation: Invitation
    provider: str  # that says who people of the organisation are
    link: str  # of the invitation, as its message has it
    passkey: Authenticator  # of the approver
    hold: LegalHold  # on somebody who is nobody else here
    endpoint: Endpoint  # of a webhook
    message: Message  # that was delivered to it
    policy: Policy  # in force
    forbidden: ForbiddenUse  # in force
    change: RuleChange  # of rules, proposed by a second administrator
    delegation: Delegation  # of the approver to the deputy
    erasure_secret: str  # of a third person's erasure
    pack: Pack  # of the released production, built
    watch: Watch  # of the auditor
    event: Event  # in the organisation's log, and proven by a checkpoint
    tile: str = ""  # a hash tile of the log
    tokens: dict[Who, str] = field(default_factory=dict)
    cookies: dict[Who, str] = field(default_factory=dict)

    def values(self, path: str) -> dict[str, object]:
        """Ids for a route's parameters: objects in a state in which the act is possible."""
        return {
            "likeness_id": self.likeness.pk,
            "voice_id": self.voice.pk,
            "check_id": self.check.pk,
            "challenge_id": self.challenge.pk,
            "biometric_id": self.biometric.pk,
            "consent_id": self.consent.pk,
            "production_id": self._production(path).pk,
            "guardianship_id": (self.acting if "erasure" in path else self.guardianship).pk,
            "invitation_id": self.invitation.pk,
            "user_id": (self.closed if "reactivate" in path else self.deputy).pk,
            "pk": self.passkey.pk,
            "provider_id": self._provider(path),
            "organization_slug": "acme-saml",
            "asset_id": self.released.asset_id,
            "about_id": self.released.pk,
            "manifest_id": _manifest_id(self.released),
            "event_id": self.event.pk,
            "watch_id": self.watch.pk,
            "hold_id": self.hold.pk,
            "delegation_id": self.delegation.pk,
            "policy_id": self.policy.pk,
            "rule_id": self.forbidden.pk,
            "change_id": self.change.pk,
            "secret": self.erasure_secret,
            "pack_id": self.pack.pk,
            "name": self.tile,
            "endpoint_id": self.endpoint.pk,
            "message_id": self.message.pk,
            "job_id": self._job(path),
            "sha256": SHA256 if "output" in path else self.waiting.voice_sha256,
        }

    def _production(self, path: str) -> Production:
        if "operations/" in path:
            return self.queued
        if path.endswith(("/submit", "/cancel")):
            return self.draft
        if path.endswith(("/video", "/captions", "/background", "/evidence", "/packs")):
            return self.released
        if path.endswith("/redraft"):
            return self.ended
        if path.endswith(("/result", "/review")):
            return self.finished
        if path.endswith("/preview"):
            return self.previewed
        return self.waiting

    def _provider(self, path: str) -> str:
        if path.startswith("identity/"):
            return self.provider
        return "acme-oidc" if path.endswith("/oidc") else "acme-saml"

    def _job(self, path: str) -> object:
        if path.endswith("/claim"):
            return people.render_worker(self.queued).job_id
        return self.rendering.job_id

    def ids(self) -> list[str]:
        """What would tell a stranger that these objects and people exist."""
        rows: list[Any] = [
            self.closed,
            self.invitation,
            self.guardianship,
            self.acting,
            self.likeness,
            self.voice,
            self.check,
            self.biometric,
            self.consent,
            self.team.organisation,
            self.hold,
            self.hold.person,
            self.endpoint,
            self.message,
            self.policy,
            self.forbidden,
            self.change,
            self.delegation,
            self.pack,
            self.watch,
        ]
        rows += [
            self.draft,
            self.waiting,
            self.previewed,
            self.queued,
            self.released,
            self.finished,
            self.ended,
            self.deputy,
        ]
        rows += self.users.values()
        emails = [user.email for user in self.users.values()]
        return [str(row.pk) for row in rows] + emails + [self.released.asset_id]


def world_make() -> World:
    """Build a world: some four seconds, most of them for the released video."""
    team = people.team_make()
    likeness = people.likeness_make(team)
    people.identity_make(team)
    voice = people.voice_ready(team)
    consent = people.consent_make(team, likeness, permitted_changes=["background", "expression"])
    released = _released(team, likeness)
    users = {
        Who.REQUESTER: team.requester,
        Who.COLLEAGUE: people.user_make(team.organisation, Role.REQUESTER),
        Who.PERSON: team.person,
        Who.OTHER_PERSON: people.user_make(team.organisation, Role.DEPICTED_PERSON),
        Who.REVIEWER: team.reviewer,
        Who.APPROVER: team.approver,
        Who.AUDITOR: team.auditor,
        Who.OPERATOR: people.user_make(team.organisation, Role.OPERATOR),
        Who.ADMINISTRATOR: people.administrator_of(team),
    }
    deputy = people.user_make(team.organisation, Role.APPROVER)
    invitation, link = people.invitation_make(team.requester)
    rendering = people.render_worker(_approved(team, likeness))
    assert rendering.claim().status_code == 200
    assert rendering.upload(SHA256, FILE).status_code == 201
    endpoint, _ = endpoint_add(
        user=users[Who.ADMINISTRATOR],
        url="https://hooks.example/one",
        topics=["consent.withdrawn"],
    )
    cookies = {who: _cookie(user) for who, user in users.items()}
    world = World(
        team=team,
        users=users,
        likeness=likeness,
        voice=voice,
        check=identity_submit(user=team.person, evidence=people.portrait_file()),
        biometric=biometric_consent_grant(user=team.person, agreed=True),
        challenge=challenge_issue(
            user=team.person, likeness_id=likeness.pk, session=cookies[Who.PERSON]
        ),
        cookies=cookies,
        consent=consent,
        draft=people.draft_make(team, likeness),
        waiting=_submitted(team, people.draft_make(team, likeness)),
        previewed=_previewed(team, likeness),
        queued=_approved(team, likeness),
        rendering=rendering,
        released=released,
        pack=_pack(team, released),
        ended=_ended(team, likeness),
        passkey=people.passkey_make(team.approver)[0],
        deputy=deputy,
        delegation=_delegation(team, deputy),
        finished=_finished(team, likeness),
        closed=people.user_make(team.organisation, Role.REQUESTER),
        guardianship=people.guardianship_make(team.person),
        acting=people.represented_make(team, name="Another Minor"),
        invitation=invitation,
        link=link,
        provider=_own_provider(team),
        hold=_hold(team),
        endpoint=endpoint,
        message=_delivered(endpoint),
        policy=Policy.objects.in_force().get(organisation=team.organisation),
        forbidden=_forbidden(team),
        change=_change(team),
        erasure_secret=erasure_ask(user=people.user_make(team.organisation, Role.DEPICTED_PERSON))[
            1
        ],
        watch=watch_add(user=team.auditor, label="Gate", asked=LogFilter(domain="releases")),
        event=Event.objects.filter(organisation_id=str(team.organisation.pk))[0],
    )
    user_deactivate(user=users[Who.ADMINISTRATOR], member_id=world.closed.pk)
    long_ago = datetime.now(UTC) - timedelta(hours=1)
    Production.objects.filter(pk=world.queued.pk).update(changed_at=long_ago)  # nobody takes it
    for who, user in users.items():
        world.tokens[who] = _token(user)
    _prove()  # auditors find what has a number
    index_update()
    world.tile = _tile()
    return world


def _delivered(endpoint: Endpoint) -> Message:
    now = datetime.now(UTC)
    message = Message.objects.create(
        endpoint=endpoint,
        topic="consent.withdrawn",
        subject_id=uuid4(),
        payload={},
        queued_at=now,
    )
    Attempt.objects.create(message=message, number=1, delivered=True, status=204, made_at=now)
    return message


def _hold(team: people.Team) -> LegalHold:
    held = person_ensure(user=people.user_make(team.organisation, Role.DEPICTED_PERSON))
    until = datetime.now(UTC) + timedelta(days=30)
    return hold_set(
        user=team.approver, person_id=held.pk, reason="A lawsuit", valid_until=until, told=True
    )


def _delegation(team: people.Team, deputy: User) -> Delegation:
    now = datetime.now(UTC)
    return delegation_add(
        user=team.approver, to_user_id=deputy.pk, valid_from=now, valid_until=now + DAY
    )


def _forbidden(team: people.Team) -> ForbiddenUse:
    return forbidden_use_ensure(
        organisation=team.organisation,
        rule="no-minors-in-marketing",
        match=Match(purposes=("marketing",), person_classes=("minor",)),
        reason=Reason("Not with minors.", "未成年者は対象外です。"),
    )


def _change(team: people.Team) -> RuleChange:
    text = PolicyText("website", (StepPlan(1, "legal"),), Match(channels=("website",)))
    return policy_propose(user=people.administrator_of(team), text=text)


def _token(user: User) -> str:
    return str(APIClient().post("/api/v1/auth/login", people.credentials_of(user)).json()["token"])


def _cookie(user: User) -> str:
    client = Client()
    client.force_login(user)
    return str(client.cookies[settings.SESSION_COOKIE_NAME].value)


def _submitted(team: people.Team, draft: Production) -> Production:
    return production_submit(user=team.requester, production_id=draft.pk)


def _previewed(team: people.Team, likeness: Likeness) -> Production:
    production = _submitted(team, people.draft_make(team, likeness))
    preview = preview_request(user=team.requester, production_id=production.pk)
    preview_drawn(preview)
    return production


def preview_drawn(preview: Preview) -> None:
    """Let a worker draw a preview, and its mark be read back."""
    with tempfile.TemporaryDirectory() as folder:
        data = clips.preview_clip(Path(folder), preview.asset_id)
    people.preview_handed_in(preview, data, render_result(data))
    preview_read(preview.pk)


def _approved(team: people.Team, likeness: Likeness) -> Production:
    return people.approve(team.approver, _submitted(team, people.draft_make(team, likeness)))


def _ended(team: people.Team, likeness: Likeness) -> Production:
    draft = people.draft_make(team, likeness)
    return production_cancel(user=team.requester, production_id=draft.pk)


def _released(team: people.Team, likeness: Likeness) -> Production:
    production = sealed_make(team, likeness, background=people.background_file())
    assert production.state == "released", production.problem
    return production


def _prove() -> None:
    """Number every event and sign a checkpoint over them, as a moment later the clerk would."""
    while log_advance():
        pass
    checkpoint_publish(due=True)


def _pack(team: people.Team, released: Production) -> Pack:
    _prove()
    pack = pack_request(
        user=team.auditor, production_id=released.pk, language="en", with_video=False
    )
    pack_build(pack.pk)
    return pack


def _finished(team: people.Team, likeness: Likeness) -> Production:
    policy = people.second_gate(team)
    production = sealed_make(team, likeness)
    people.policy_end(policy)
    assert production.state == "in_review", production.problem
    return production


def sealed_make(
    team: people.Team,
    likeness: Likeness,
    clip: Callable[[Path, str], bytes] = clips.marked_clip,
    background: SimpleUploadedFile | None = None,
) -> Production:
    """A production that was approved, drawn and sealed; where it is then, the policies say."""
    draft = production_create(
        user=team.requester,
        cast=people.cast_of(team, likeness),
        draft=people.draft(transcript=people.SPOKEN),
        voice=people.voice_file(),
        background=background,
    )
    people.measured(draft.pk, MeasureResult(Verdict.USABLE, (), people.heard(clips.SECONDS)))
    draft.refresh_from_db()
    production = people.approve(team.approver, _submitted(team, draft))
    worker = people.render_worker(production)
    assert worker.claim().status_code == 200
    with tempfile.TemporaryDirectory() as folder:
        data = clip(Path(folder), production.asset_id)
    result = render_result(data)
    assert worker.upload(result["sha256"], data).status_code == 201
    assert worker.result(result).status_code == 200
    people.lips_measured(production)
    production_finish(production.pk)
    production.refresh_from_db()
    return production


def render_result(data: bytes, **changes: Any) -> dict[str, Any]:
    """What a worker reports about these bytes."""
    result = RenderResult(
        sha256=hashlib.sha256(data).hexdigest(),
        size=len(data),
        frames=60,
        seconds=clips.SECONDS,
        engine="mesh",
        engine_version="1",
        models={},
        prompt_report=[],
        cpu_seconds=1.0,
        wall_seconds=1.0,
    )
    return result.to_dict() | changes


def ask(world: World, who: Who, method: str, path: str, caller: World | None = None) -> Any:
    """Send a request that would do what the endpoint is for, about the objects of ``world``.

    Args:
        world: whose objects are asked for.
        who: the caller.
        method: of HTTP.
        path: a route of the table.
        caller: the world the caller comes from, if it is another one.
    """
    caller = caller or world
    if path.startswith("worker/"):
        answer = _ask_as_worker(world, caller, who, method, path)
    elif path.startswith("api/"):
        answer = _ask_by_program(world, caller, who, method, path)
    else:
        answer = _ask_by_browser(world, caller, who, method, path)
    # Reading a stream to its end closes its file.
    answer.body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return answer


def _ask_by_program(world: World, caller: World, who: Who, method: str, path: str) -> Any:
    url, body = address(path, world.values(path)), _body(world, caller, who, path)
    kind = "multipart" if any(hasattr(value, "read") for value in body.values()) else "json"
    sent = {} if method == "GET" else {"data": body, "format": kind}
    return getattr(APIClient(), method.lower())(url, headers=_headers(caller, who), **sent)


def _ask_by_browser(world: World, caller: World, who: Who, method: str, path: str) -> Any:
    headers = _headers(caller, who) if who is Who.WORKER else {}
    client = Client(headers={**headers, "host": "testserver"})
    if who in caller.cookies:
        client.cookies[settings.SESSION_COOKIE_NAME] = caller.cookies[who]
    query = {"link": world.link} if path == "invitation" else None
    if path.endswith("/<slug:provider_id>/answer"):
        query = _vouched(world, client)
    if path.endswith("/byBinding"):
        sent = {"content_type": "application/json"} if method == "POST" else {}
        return getattr(client, method.lower())(f"/{path}", _binding(world), **sent)
    body = _body(world, caller, who, path) if method != "GET" else query
    return getattr(client, method.lower())(address(path, world.values(path)), body)


def _binding(world: World) -> dict[str, str]:
    """The mark of a release, as the Soft Binding Resolution API is asked for it."""
    value = base64.b64encode(bytes.fromhex(world.released.asset_id)).decode()
    return {"alg": "org.rakkan.dwtdctsvd.1", "value": value}


def _manifest_id(released: Production) -> str:
    found = Fingerprint.objects.filter(release__subject_id=released.pk).first()
    return str(found.manifest_id if found else released.pk)  # nothing was released: any id


def _vouched(world: World, client: Client) -> dict[str, str]:
    """Send this browser to the identity provider; return with what it is sent back."""
    start = client.post(f"/identity/provider/{world.provider}").content.decode()
    found = re.search(r'content="0; url=([^"]+)"', start)
    if found is None:
        return {"state": "of nothing", "code": "of nothing"}
    with requests.get(html.unescape(found[1]), allow_redirects=False, timeout=10) as sent:
        return dict(parse_qsl(urlsplit(sent.headers["Location"]).query))


def _headers(world: World, who: Who) -> dict[str, str]:
    if who is Who.WORKER:
        return {"authorization": f"Bearer {settings.RAKKAN_WORKER_TOKEN}"}
    token = world.tokens.get(who)
    return {"authorization": f"Token {token}"} if token else {}


def _ask_as_worker(world: World, caller: World, who: Who, method: str, path: str) -> Any:
    """Everybody knows the lease here: what is asked is whether the token alone opens the door."""
    url = address(path, world.values(path))
    headers = {**_headers(caller, who), "x-rakkan-lease": world.rendering.lease}
    client = Client(headers=headers)
    if method == "GET":
        return client.get(url)
    if method == "PUT":
        return client.put(url, FILE, content_type="video/mp4")
    fence = world.rendering.fence
    words = {"code": "disk-full", "detail": "", "remedy": "", "fault": "system"}
    bodies: dict[str, dict[str, Any]] = {
        "claim": {"worker": "test:1", "kinds": ["render"], "engines": ["mesh"]},
        "present": {"worker": "test:1", "kinds": ["render"], "engines": ["mesh"]},
        "heartbeat": {"progress": 0.5, "stage": "frames"},
        "result": {"fence": fence, "result": render_result(FILE)},
        "failure": {"fence": fence, **words},
    }
    return client.post(url, bodies[path.rpartition("/")[2]], content_type="application/json")


def _body(world: World, caller: World, who: Who, path: str) -> dict[str, Any]:
    """The fields of a form or an API call, by what the address ends in."""
    user = caller.users.get(who, caller.team.requester)
    now = datetime.now(UTC)
    use = {"channels": ["intranet"], "territories": ["JP"], "likeness": str(world.likeness.pk)}
    consent = {
        **use,
        "purposes": ["product_briefing"],
        "languages": ["en"],
        "permitted_changes": ["expression"],
        "ai_label": "Made with AI",
    }
    day = now + timedelta(days=30)
    api = path.startswith("api/")
    if api:
        consent |= {"valid_from": now.isoformat(), "valid_until": day.isoformat()}
    else:
        consent |= {"valid_until": day.date().isoformat()}
    production = {
        **use,
        "title": "A briefing",
        "purpose": "product_briefing",
        "language": "en",
        "speaker": str(world.voice.pk),
        "voice_origin": "recorded",
        "voice": people.voice_file(),
    }
    decision = {"decision": "approve", "request_digest": world.waiting.request_digest}
    code = {"code": people.code_of(user), "password": people.PASSWORD}
    likeness = {"label": "New", "portrait": people.portrait_file()}
    voice = {"label": "New", "sample": people.voice_file()}
    evidence = {"evidence": SimpleUploadedFile("passport.pdf", b"%PDF-1.7 passport")}
    member = "people/<uuid:user_id>"
    guardianship = "guardianships/<uuid:guardianship_id>"
    represented = {"name": "A Child", "person_class": "minor", "relation": "parent", **evidence}
    bodies: dict[str, dict[str, Any]] = {
        "api/v1/watches": {"name_of_list": "Refusals", "text": "consent-missing"},
        "watches": {"label": "Refusals", "text": "consent-missing"},
        "api/v1/auth/login": people.credentials_of(user),
        "sign-in": {"login": user.email, "password": people.PASSWORD},
        "password-reset": {"email": user.email},
        "api/v1/auth/confirm": code,
        "confirm": code,
        "api/v1/likenesses": likeness,
        "likenesses/new": likeness,
        "api/v1/voices": voice,
        "api/v1/holds": {
            "person": str(world.hold.person_id),
            "reason": "Another lawsuit",
            "valid_until": day.isoformat(),
            "told": False,
        },
        "holds/new": {
            "person": str(world.hold.person_id),
            "reason": "Another lawsuit",
            "valid_until": day.date().isoformat(),
        },
        "my-data/erasure": {"sure": "on"},
        "verify": {"file": people.portrait_file()},
        "productions/<uuid:production_id>/packs": {"language": "en"},
        f"{guardianship}/erasure": {"sure": "on"},
        "api/v1/webhooks": {
            "url": "https://hooks.example/two",
            "topics": ["release.revoked"],
        },
        "webhooks": {"url": "https://hooks.example/two", "topics": ["release.revoked"]},
        "api/v1/retention": {"kind": "input", "days": 90},
        "retention": {"kind": "input", "days": "90"},
        "voices/new": voice,
        "api/v1/identity-checks": evidence,
        "identity/new": evidence,
        "api/v1/identity-checks/<uuid:check_id>/decision": {"verified": True},
        "identity/<uuid:check_id>": {"verified": "yes"},
        "identity/remote/challenge": {"likeness": str(world.likeness.pk)},
        "identity/remote/<uuid:challenge_id>": {"recording": people.recording_file()},
        "api/v1/biometric-consents": {"agreed": True},
        "identity/biometric-consent": {"agreed": "on"},
        "api/v1/consents": consent,
        "consents/new": consent,
        "api/v1/consents/<uuid:consent_id>/narrow": {"valid_until": day.isoformat()},
        "consents/<uuid:consent_id>/narrow": consent,
        "api/v1/productions": production,
        "productions/new": production,
        "api/v1/productions/<uuid:production_id>/decision": decision,
        "productions/<uuid:production_id>/decide": decision,
        "api/v1/productions/<uuid:production_id>/review": {"accepted": True, **_watched(world)},
        "productions/<uuid:production_id>/review": {"accepted": "yes", **_watched(world)},
        "approvals/delegations": {
            "to_user": str(world.deputy.pk),
            "valid_until": day.date().isoformat(),
        },
        "api/v1/guardianships": represented | {"majority_at": (now + 4000 * DAY).isoformat()},
        "guardianships": represented | {"majority": (now + 4000 * DAY).date().isoformat()},
        f"api/v1/{guardianship}/renew": dict(evidence),
        f"api/v1/{guardianship}/decision": {"verified": True},
        guardianship: evidence | {"verified": "yes"},
        "api/v1/invitations": {"email": "somebody@test.example"},
        "invitations": {
            "email": "somebody@test.example",
            "role": "depicted_person",
            "language": "ja",
        },
        "invitation": {
            "link": world.link,
            "name": "New Face",
            "password": people.PASSWORD,
            "person_class": "adult",
        },
        "api/v1/policies": {
            "name": "events",
            "channels": ["events"],
            "steps": [{"stage": 1, "name": "legal"}],
        },
        "api/v1/policies/applying": {
            "purpose": "marketing",
            "channels": ["website"],
            "territories": ["JP"],
        },
        "api/v1/forbidden-uses": {
            "rule": "no-broadcast",
            "channels": ["broadcast"],
            "reason_en": "Not on air.",
            "reason_ja": "放送には使いません。",
        },
        "policies/new": {
            "name": "events",
            "priority": "0",
            "reviewers": "1",
            "steps": "1, legal, 1",
        },
        "policies/applying": {
            "purpose": "marketing",
            "channels": ["website"],
            "territories": ["JP"],
            "person_class": "adult",
        },
        "policies/forbidden/new": {
            "rule": "no-broadcast",
            "channels": ["broadcast"],
            "reason_en": "Not on air.",
            "reason_ja": "放送には使いません。",
        },
        "policies/changes/<uuid:change_id>/decide": {"accepted": "yes"},
        "api/v1/delegations": {"to": str(world.deputy.pk), "valid_until": day.isoformat()},
        "api/v1/rule-changes/<uuid:change_id>/decision": {"accepted": True},
        f"api/v1/{member}/roles": {"role": "requester"},
        f"api/v1/{member}/roles/revoke": {"role": "approver"},
        member: {"role": "requester"},
        f"{member}/revoke": {"role": "approver"},
        "i18n/setlang/": {"language": "ja"},
    }
    return bodies.get(path, {})


def _watched(world: World) -> dict[str, str]:
    return {"file_sha256": Sealing.objects.get(subject_id=world.finished.pk).file_sha256}


# Written by a refusal too (the event that says so), or by nobody's act.
_NOT_COUNTED = (
    "audit_event",
    "audit_waiting",
    "inspection_posting",  # the application may not read it
    "inspection_shown",
    "django_session",
    "django_migrations",
    "knox_authtoken",
    "core_cache",
)


def fingerprint() -> str:
    """A digest of every row of every table but the log and the sessions."""
    with connection.cursor() as cursor:
        names = set(connection.introspection.table_names(cursor)) - set(_NOT_COUNTED)
        parts = [
            f"SELECT '{name}', count(*), coalesce(sum(hashtext(t::text)::bigint), 0)"  # noqa: S608
            f" FROM {name} t"
            for name in sorted(names)
        ]
        cursor.execute(" UNION ALL ".join(parts))
        return repr(sorted(cursor.fetchall()))


def refused(answer: Any) -> bool:
    """Whether the caller was turned away: by status, or by being sent to sign in first."""
    if answer.status_code in (301, 302, 303):
        return str(answer["Location"]).startswith(f"{settings.LOGIN_URL}?next=")
    return answer.status_code in (401, 403, 404)

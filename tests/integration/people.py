"""Plain functions that bring a test to where it starts: people, likeness, consent, production.

What a worker does is done here by speaking its HTTP protocol, so that the door it comes through
is the real one.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client, TestCase
from django.utils import timezone
from PIL import Image
from rest_framework.test import APIClient

from compliance.permit import JobKind, MeasureResult, Verdict
from rakkan.accounts.confirmation import check_recently_authenticated
from rakkan.accounts.factors import has_second_factor, totp_code, totp_steps_now
from rakkan.accounts.models import Invitation, Organisation, StrongAuthentication, User
from rakkan.accounts.roles import SIGHTED, STRONG, Role
from rakkan.accounts.services import (
    Ask,
    code_confirm,
    invitation_send,
    organisation_ensure,
    totp_ensure,
    user_ensure,
)
from rakkan.approvals.models import Policy
from rakkan.approvals.ruling import ChangeKind, RuleChange, RuleChangeDecision
from rakkan.approvals.services import StepPlan, Word, policy_add, policy_ensure
from rakkan.approvals.services import Verdict as Vote
from rakkan.consents.models import Consent
from rakkan.consents.services import VOCABULARY, Terms, consent_grant
from rakkan.core.errors import NotPermitted
from rakkan.dispatch.models import Job
from rakkan.identity.services import identity_decide, identity_submit
from rakkan.likenesses.classes import PersonClass, Relation
from rakkan.likenesses.models import Guardianship, Likeness, Voice
from rakkan.likenesses.services import Represented, guardianship_claim, guardianship_decide
from rakkan.previews.models import Preview
from rakkan.productions.models import Production, Rendering
from rakkan.productions.services.create import Cast, Draft, production_create
from rakkan.productions.services.decide import production_decide
from rakkan.productions.services.portray import portrait_add, voice_enrol
from rakkan.productions.services.submit import production_submit
from tests.integration.passkeys import SoftPasskey

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures"
SPOKEN = "Please leave your message after the tone. When done, hang up or press the pound key."
PASSWORD = "correct horse battery staple"  # noqa: S105  of accounts that live as long as a test

LIPS_IN_STEP = {  # what a worker measures of a right video of 5.6 s
    **{"frames": 140, "faces": 140, "seconds": 5.6, "speech_seconds": 4.2},
    **{"in_time": 0.71, "best": 0.72, "lag_ms": 40, "moved_cm": 0.84},
}
TOTP_SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"  # noqa: S105  as above


@dataclass(frozen=True)
class Team:
    """One organisation and the five people of a production."""

    organisation: Organisation
    requester: User
    person: User
    reviewer: User
    approver: User
    auditor: User


def team_make(steps: list[str] | None = None) -> Team:
    """A new organisation with its people and a policy."""
    name = f"Organisation {uuid4().hex[:8]}"
    organisation = organisation_ensure(name=name)
    if steps is None:
        steps = ["legal"]
    policy_ensure(organisation=organisation, steps=steps)

    def user(role: Role) -> User:
        return user_make(organisation, role)

    return Team(
        organisation,
        requester=user(Role.REQUESTER),
        person=user(Role.DEPICTED_PERSON),
        reviewer=user(Role.IDENTITY_REVIEWER),
        approver=user(Role.APPROVER),
        auditor=user(Role.AUDITOR),
    )


def confirm(user: User) -> None:
    """Let this user show outside of any session that it is them, unless they just did."""
    try:
        check_recently_authenticated(user)
    except NotPermitted:
        code_confirm(user=user, code=code_of(user))


def confirm_in(browser: Client, user: User) -> None:
    """Let this user show on the page, in this browser's session, that it is them."""
    answer = browser.post("/confirm", {"next": "/", "code": code_of(user)})
    assert answer.status_code == 302, answer.content.decode()


def code_of(user: User) -> str:
    """A code of this user's authenticator app that was not used yet."""
    rows = StrongAuthentication.objects.filter(user=user)
    used = set(rows.values_list("totp_step", flat=True))
    step = next(step for step in totp_steps_now() if step not in used)
    return totp_code(TOTP_SECRET, step)


def credentials_of(user: User) -> dict[str, str]:
    """What this user sends to sign in by the API."""
    code = code_of(user) if has_second_factor(user) else ""
    return {"email": user.email, "password": PASSWORD, "code": code}


def passkey_make(user: User) -> tuple[Authenticator, SoftPasskey]:
    """A passkey of this user, as if they had added it."""
    passkey = SoftPasskey()
    made = passkey.register("", user_pk_to_url_str(user).encode())
    data = {"name": "Key", "credential": made}
    return Authenticator.objects.create(user=user, type="webauthn", data=data), passkey


def user_make(organisation: Organisation, *roles: Role) -> User:
    """One more account."""
    email = f"{roles[0].value}-{uuid4().hex[:8]}@test.example"
    user = user_ensure(
        organisation=organisation,
        email=email,
        name=roles[0].value.replace("_", " ").title(),
        password=PASSWORD,
        roles=roles,
    )
    if STRONG & set(roles):
        totp_ensure(user=user, secret=TOTP_SECRET)
    return user


def administrator_of(team: Team) -> User:
    """Somebody who gives and takes roles in the team's organisation."""
    return user_make(team.organisation, Role.ADMINISTRATOR)


def invitation_make(user: User, **ask: Any) -> tuple[Invitation, str]:
    """An invitation by this user, and the link as its message has it."""
    values = {"email": f"{uuid4().hex[:8]}@invited.example"} | ask
    with TestCase.captureOnCommitCallbacks(execute=True):
        invitation = invitation_send(user=user, ask=Ask(**values))
    return invitation, link_in(mail.outbox[-1])


def link_in(message: Any) -> str:
    """The link of an invitation in its message."""
    (url,) = re.findall(r"https?://\S+", message.body)
    return parse_qs(urlsplit(url).query)["link"][0]


def guardianship_make(user: User, **changes: Any) -> Guardianship:
    """Somebody who says that they are the parent of a minor; no reviewer has looked yet."""
    values: dict[str, Any] = {
        "name": "Mika Minor",
        "person_class": PersonClass.MINOR,
        "relation": Relation.PARENT,
        "majority_at": datetime.now(UTC) + timedelta(days=2000),
    }
    return guardianship_claim(
        user=user, represented=Represented(**values | changes), evidence=portrait_file()
    )


def represented_make(team: Team, **changes: Any) -> Guardianship:
    """A person whom the team's person acts for, verified by the team's reviewer."""
    made = guardianship_make(team.person, **changes)
    guardianship_decide(user=team.reviewer, guardianship_id=made.pk, verified=True)
    return Guardianship.objects.get(pk=made.pk)


def every_sighted_role() -> list[Role]:
    """Every role that one account can hold at the same time, in the order of the list."""
    return [role for role in Role if role in SIGHTED]


def portrait_file() -> SimpleUploadedFile:
    """The sample portrait as a browser sends it."""
    path = next(FIXTURES.glob("portrait.*"))
    return SimpleUploadedFile(path.name, path.read_bytes(), "image/png")


def background_file() -> SimpleUploadedFile:
    """A picture for behind a person, with nobody in it."""
    data = BytesIO()
    Image.new("RGB", (64, 36), (40, 90, 160)).save(data, "PNG")
    return SimpleUploadedFile("wall.png", data.getvalue(), "image/png")


def recording_file() -> SimpleUploadedFile:
    """Bytes that begin as the recording of a browser does; nobody here decodes them."""
    content = b"\x1a\x45\xdf\xa3" + bytes(range(256)) * 8
    return SimpleUploadedFile("recording.webm", content, "video/webm")


def voice_file() -> SimpleUploadedFile:
    """The sample speech as a browser sends it."""
    return SimpleUploadedFile("speech.wav", (FIXTURES / "speech.wav").read_bytes(), "audio/wav")


def terms(**changes: Any) -> Terms:
    """A scope that covers :func:`draft`, for a year."""
    now = datetime.now(UTC)
    values: dict[str, Any] = {
        "purposes": ["product_briefing"],
        "channels": ["intranet"],
        "territories": ["JP"],
        "languages": ["en"],
        "permitted_changes": ["expression"],
        "ai_label": "Made with AI",
        "valid_from": now - timedelta(minutes=1),
        "valid_until": now + timedelta(days=365),
    }
    return Terms(**values | changes)


def heard(seconds: float) -> dict[str, Any]:
    """What a worker measures of a track of ``seconds`` that says :data:`SPOKEN`."""
    end, ms = SPOKEN.index(" When"), int(1000 * min(seconds, 5.6))
    cues = [[0, end, ms // 100, ms * 4 // 11], [end, len(SPOKEN), ms * 3 // 7, ms * 14 // 15]]
    return {"seconds": seconds, "transcript": {"compared": True, "distance": 0.1}, "cues": cues}


def draft(**changes: Any) -> Draft:
    """A request that :func:`terms` covers."""
    values: dict[str, Any] = {
        "title": "Quarterly briefing",
        "purpose": "product_briefing",
        "channels": ["intranet"],
        "territories": ["JP"],
        "language": "en",
        "voice_origin": "recorded",
        "prompt": "calm, product briefing",
        "transcript": "",
    }
    return Draft(**values | changes)


def likeness_make(team: Team, verdict: Verdict = Verdict.USABLE) -> Likeness:
    """A measured portrait of the team's person."""
    likeness = portrait_add(user=team.person, label="Portrait", portrait=portrait_file())
    measured(likeness.pk, MeasureResult(verdict, (), {}))
    return Likeness.objects.get(pk=likeness.pk)


def voice_make(team: Team, verdict: Verdict = Verdict.USABLE) -> Voice:
    """A measured voice sample of the team's person."""
    voice = voice_enrol(user=team.person, label="Voice", sample=voice_file())
    measured(voice.pk, MeasureResult(verdict, (), {}))
    return Voice.objects.get(pk=voice.pk)


def sql(statement: str) -> None:
    """Run one statement as the owner of the tables."""
    with connection.cursor() as cursor:
        cursor.execute(statement)


def identity_make(team: Team) -> None:
    """A verified identity."""
    check = identity_submit(user=team.person, evidence=portrait_file())
    identity_decide(user=team.reviewer, check_id=check.pk, verified=True)


def consent_make(team: Team, likeness: Likeness, **changes: Any) -> Consent:
    """A consent of the team's person to a likeness; to their voice they consent in everything."""
    consent = consent_grant(user=team.person, trait=likeness, terms=terms(**changes))
    voice_ready(team)
    return consent


def voice_ready(team: Team) -> Voice:
    """A voice of the team's person that may be used for everything; made where there is none."""
    voice = voice_of(team)
    if not voice.consents.exists():
        everything = {name: sorted(words) for name, words in VOCABULARY.items()}
        voice_consent_make(team, voice, **everything | {"permitted_changes": ["synthetic_speech"]})
    return voice


def voice_of(team: Team) -> Voice:
    """The first voice of the team's person; made where there is none."""
    own = Voice.objects.filter(person__user=team.person).order_by("added_at")
    return own.first() or voice_make(team)


def cast_of(team: Team, likeness: Likeness) -> Cast:
    """The likeness, and the voice of the team's person."""
    return Cast(likeness, voice_of(team))


def voice_consent_make(team: Team, voice: Voice, **changes: Any) -> Consent:
    """A consent of the team's person to the use of their voice."""
    scope = terms(**{"permitted_changes": [], **changes})
    return consent_grant(user=team.person, trait=voice, terms=scope)


def draft_make(team: Team, likeness: Likeness, **changes: Any) -> Production:
    """A draft whose voice track was measured."""
    production = production_create(
        user=team.requester,
        cast=cast_of(team, likeness),
        draft=draft(**changes),
        voice=voice_file(),
    )
    measured(production.pk, MeasureResult(Verdict.USABLE, (), {"seconds": 5.0}))
    return Production.objects.get(pk=production.pk)


def submitted_make(team: Team, **changes: Any) -> Production:
    """A production that waits for approval."""
    likeness = likeness_make(team)
    identity_make(team)
    consent_make(team, likeness)
    return submit(team.requester, draft_make(team, likeness, **changes))


def approved_make(team: Team, **changes: Any) -> Production:
    """A production that waits for a worker."""
    production = submitted_make(team, **changes)
    return approve(team.approver, production)


def submit(user: User, production: Production) -> Production:
    """Submit as this user."""
    return production_submit(user=user, production_id=production.pk)


def approve(user: User, production: Production) -> Production:
    """Approve as this user, who has just confirmed that it is them."""
    confirm(user)
    return production_decide(
        user=user,
        production_id=production.pk,
        request_digest=production.request_digest,
        word=Word(Vote.APPROVE),
    )


def page_of(user: User, production: Production, language: str) -> str:
    """A production's page as a user reads it in a language."""
    client = Client(headers={"accept-language": language})
    client.force_login(user)
    return client.get(f"/productions/{production.pk}").content.decode()


def signed_in(user: User) -> APIClient:
    """An API client of this user, with a token it got by signing in."""
    client = APIClient()
    answer = client.post("/api/v1/auth/login", credentials_of(user))
    assert answer.status_code == 200, answer.json()
    client.credentials(HTTP_AUTHORIZATION=f"Token {answer.json()['token']}")
    return client


@dataclass
class Worker:
    """Speaks the worker's protocol, one call a method."""

    job_id: str
    lease: str = ""
    fence: int = 0

    def _call(self, method: Callable[..., Any], path: str, body: Any) -> Any:
        headers = {"authorization": f"Bearer {settings.RAKKAN_WORKER_TOKEN}"}
        if self.lease:
            headers["x-rakkan-lease"] = self.lease
        return method(
            f"/worker/v1/jobs/{self.job_id}/{path}",
            body,
            content_type="application/json",
            headers=headers,
        )

    def claim(
        self,
        engines: tuple[str, ...] = ("mesh", "lips"),
        weights: dict[str, str] | None = None,
    ) -> Any:
        """Claim; keeps the lease when it is given."""
        kinds = [kind.value for kind in JobKind]
        body = {"worker": "test:1", "kinds": kinds, "engines": list(engines)}
        body |= {"weights": weights} if weights else {}
        answer = self._call(Client().post, "claim", body)
        if answer.status_code == 200:
            lease = answer.json()["lease"]
            self.lease, self.fence = lease["token"], lease["fence"]
        return answer

    def heartbeat(self) -> Any:
        """Say that it is alive."""
        return self._call(Client().post, "heartbeat", {"progress": 0.5, "stage": "frames"})

    def upload(self, sha256: str, data: bytes) -> Any:
        """Hand in a file."""
        return Client().put(
            f"/worker/v1/jobs/{self.job_id}/output/{sha256}",
            data,
            content_type="video/mp4",
            headers={
                "authorization": f"Bearer {settings.RAKKAN_WORKER_TOKEN}",
                "x-rakkan-lease": self.lease,
            },
        )

    def result(self, result: dict[str, Any]) -> Any:
        """Report a result."""
        return self._call(Client().post, "result", {"fence": self.fence, "result": result})

    def failure(self, code: str, fault: str) -> Any:
        """Report that it could not be done."""
        body = {
            "fence": self.fence,
            "code": code,
            "detail": "What went wrong.",
            "remedy": "What helps.",
            "fault": fault,
        }
        return self._call(Client().post, "failure", body)


def job_of(subject_id: object, kind: JobKind) -> Job:
    """The newest job about a subject."""
    rows = Job.objects.filter(subject_id=subject_id, kind=kind.value)
    return rows.latest("created_at")


def measured(subject_id: object, result: MeasureResult) -> None:
    """Let a worker measure a subject and say this."""
    worker = Worker(str(job_of(subject_id, JobKind.MEASURE).pk))
    assert worker.claim().status_code == 200
    answer = worker.result(result.to_dict())
    assert answer.status_code == 200, answer.json()


def lips_measured(production: Production, **numbers: float) -> None:
    """Let a worker look at the lips of a production's rendered file and say this."""
    rendering = Rendering.objects.get(production=production)
    measured(rendering.pk, MeasureResult(Verdict.USABLE, (), LIPS_IN_STEP | numbers))


def input_of(subject_id: object, sha256: str) -> bytes:
    """What a worker that claims the measure job about a subject is given under a digest."""
    worker = Worker(str(job_of(subject_id, JobKind.MEASURE).pk))
    assert worker.claim().status_code == 200
    answer = Client().get(
        f"/worker/v1/jobs/{worker.job_id}/inputs/{sha256}",
        headers={
            "authorization": f"Bearer {settings.RAKKAN_WORKER_TOKEN}",
            "x-rakkan-lease": worker.lease,
        },
    )
    assert answer.status_code == 200
    return b"".join(answer.streaming_content)


def render_worker(production: Production) -> Worker:
    """A worker for the production's render job, not claimed yet."""
    return Worker(str(job_of(production.pk, JobKind.RENDER).pk))


def preview_worker(preview: Preview) -> Worker:
    """A worker for a preview's job, not claimed yet."""
    return Worker(str(job_of(preview.pk, JobKind.PREVIEW).pk))


def preview_handed_in(preview: Preview, data: bytes, result: dict[str, Any]) -> Worker:
    """Let a worker draw a preview."""
    worker = preview_worker(preview)
    assert worker.claim().status_code == 200
    assert worker.upload(result["sha256"], data).status_code == 201
    answer = worker.result(result)
    assert answer.status_code == 200, answer.json()
    return worker


def policy_end(policy: Policy) -> None:
    """Retire a policy as whoever set the organisation up does."""
    now = timezone.now()
    change = RuleChange.objects.create(
        organisation=policy.organisation,
        kind=ChangeKind.RETIRE.value,
        policy=policy,
        proposed_at=now,
        effective_from=now,
    )
    RuleChangeDecision.objects.create(change=change, accepted=True, decided_at=now)


def second_gate(team: Team, steps: list[str] | None = None, reviewers: int = 1) -> Policy:
    """A policy of the team by which people watch every result before its release."""
    plan = [StepPlan(stage, name) for stage, name in enumerate(steps or ["legal"], start=1)]
    return policy_add(
        organisation=team.organisation, name="watched", steps=plan, priority=1, reviewers=reviewers
    )

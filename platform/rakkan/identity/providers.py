"""The ways to show who somebody is. One that is not listed here is refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from django.core.files.uploadedfile import UploadedFile

from compliance.permit import Verdict
from rakkan.accounts.models import User
from rakkan.core.errors import BadInput, Refused
from rakkan.core.uploads import evidence_accept
from rakkan.identity.attempts import Attempt, attempt_keep, check_attempt
from rakkan.identity.models import AssuranceAnswer, IdentityCheck, RemoteMeasurement
from rakkan.identity.questions import Assurance, assurance_keep
from rakkan.likenesses.models import Person

REVIEWED_EVIDENCE = "reviewed-evidence"
REMOTE_CHECK = "remote-check"
VERIFIED_CLAIMS = "verified-claims"


@dataclass(frozen=True, slots=True)
class HandedIn:
    """What a person hands in: a file and, for a remote check, what it answers; or an answer."""

    user: User  # who hands it in: the person, or who acts for them
    evidence: UploadedFile[Any] | None
    attempt: Attempt | Assurance | None = None


class Provider(Protocol):
    """One way to show who somebody is. Whatever it says, a reviewer decides."""

    @property
    def name(self) -> str:
        """Name it as it is stored with each check."""
        ...

    @property
    def compares(self) -> bool:
        """Say whether it compares faces or voices: then it needs consent to that."""
        ...

    @property
    def in_person(self) -> bool:
        """Say whether only the person themself can do it, and nobody who acts for them."""
        ...

    def keep(self, person: Person, handed: HandedIn) -> IdentityCheck:
        """Store what was handed in and return the check.

        Raises:
            Refused: it is not what this provider takes.
        """
        ...

    def check_verifiable(self, check: IdentityCheck) -> None:
        """Raise unless a reviewer may say yes to this check now.

        Raises:
            Refused: something is missing or speaks against it.
        """
        ...


@dataclass(frozen=True, slots=True)
class ReviewedEvidence:
    """A picture or a PDF that a reviewer looks at; no program compares anything."""

    name: str = REVIEWED_EVIDENCE
    compares: bool = False
    in_person: bool = False

    def keep(self, person: Person, handed: HandedIn) -> IdentityCheck:
        """Store the file."""
        upload = evidence_accept(handed.evidence)
        return IdentityCheck.objects.create(
            person=person,
            method=self.name,
            evidence_sha256=upload.sha256,
            evidence_media_type=upload.media_type,
            submitted_by=handed.user,
        )

    def check_verifiable(self, check: IdentityCheck) -> None:
        """The reviewer's eyes decide."""


@dataclass(frozen=True, slots=True)
class RemoteCheck:
    """A recording of the person doing what a challenge asks: liveness signals for a reviewer."""

    name: str = REMOTE_CHECK
    compares: bool = True
    in_person: bool = True

    def keep(self, person: Person, handed: HandedIn) -> IdentityCheck:
        """Seal the recording and use up the challenge."""
        if not isinstance(handed.attempt, Attempt):
            raise BadInput("It answers no challenge.", code="challenge-missing")
        challenge = check_attempt(person, handed.attempt)
        return attempt_keep(handed.user, self.name, challenge, handed.evidence, handed.attempt)

    def check_verifiable(self, check: IdentityCheck) -> None:
        """A worker has measured it, and nothing decisive speaks against it."""
        measured = RemoteMeasurement.objects.filter(check_made=check).first()
        if measured is None:
            raise Refused(
                "The recording has not been measured yet.",
                code="recording-not-measured",
                remedy="Wait until the measurement is there.",
            )
        if measured.verdict == Verdict.UNUSABLE:
            raise Refused(
                "The recording did not pass the measurement.",
                code="recording-unusable",
                remedy="Say no; the person can start a new check or hand in evidence.",
            )


@dataclass(frozen=True, slots=True)
class VerifiedClaims:
    """A name and a date of birth that an identity provider vouches for, for a reviewer."""

    name: str = VERIFIED_CLAIMS
    compares: bool = False
    in_person: bool = True

    def keep(self, person: Person, handed: HandedIn) -> IdentityCheck:
        """Seal the claims and use up the question."""
        if not isinstance(handed.attempt, Assurance):
            raise BadInput(
                "No identity provider has answered.",
                code="assurance-missing",
                remedy="Start from your identity checks on the site: the provider is asked there.",
            )
        return assurance_keep(handed.user, self.name, person, handed.attempt)

    def check_verifiable(self, check: IdentityCheck) -> None:
        """There is an answer; whether it is the person in the portrait is for the reviewer."""
        if not AssuranceAnswer.objects.filter(check_made=check).exists():
            raise Refused("No identity provider has answered.", code="assurance-missing")


_ALL: tuple[Provider, ...] = (ReviewedEvidence(), RemoteCheck(), VerifiedClaims())
PROVIDERS = {provider.name: provider for provider in _ALL}


def provider_of(name: str) -> Provider:
    """Return a provider.

    Raises:
        BadInput: there is none of that name.
    """
    if name not in PROVIDERS:
        raise BadInput(
            f"There is no identity check by {name}.",
            code="method-unknown",
            remedy=f"Choose among: {', '.join(PROVIDERS)}.",
        )
    return PROVIDERS[name]

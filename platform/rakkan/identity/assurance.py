"""What an identity provider vouches for: OpenID Connect for Identity Assurance 1.0, checked.

Plain functions: no database, no network. Whatever cannot be believed is refused with a code.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

import jwt

from rakkan.core.errors import Refused
from rakkan.likenesses.classes import MAJORITY_YEARS

ANY_LEVEL = "any"  # said of a trust framework that knows no levels
ALGORITHMS = frozenset({"RS256", "PS256", "ES256", "EdDSA"})  # public keys only
CLAIMS = ("given_name", "family_name", "birthdate")  # what a reviewer compares, and no more
EVIDENCE = ("document", "electronic_record", "vouch", "electronic_signature")
_SKEW = timedelta(minutes=1)  # between the provider's clock and ours
_LONGEST = 200  # characters of a claim
_AGAIN = "Start again from your identity checks; if it stays so, hand in evidence instead."


class Delivery(StrEnum):
    """Where a provider puts the verified claims; both are signed."""

    ID_TOKEN = "id_token"  # noqa: S105  the name of a member
    USERINFO = "userinfo"  # as a JWT


@dataclass(frozen=True, slots=True)
class Accepted:
    """What the operator believes a provider: an answer below it is refused."""

    frameworks: dict[str, tuple[str, ...]]  # trust framework -> its accepted assurance levels
    verified_within: timedelta  # how long ago the provider may have verified the person
    claims_in: Delivery


@dataclass(frozen=True, slots=True)
class Relying:
    """How we are known to a provider, and what of it is believed."""

    server: str
    client_id: str
    secret: str = field(repr=False)
    accepted: Accepted


@dataclass(frozen=True, slots=True)
class Expected:
    """What an answer has to fit."""

    issuer: str
    client_id: str
    nonce: str = field(repr=False)
    accepted: Accepted
    now: datetime


@dataclass(frozen=True, slots=True)
class Vouched:
    """What is left of an answer that was believed."""

    issuer: str
    framework: str
    level: str  # "" where the framework knows none
    verified_at: datetime
    evidence: tuple[str, ...]  # kinds only
    token_sha256: str
    claims: dict[str, str] = field(repr=False)


def claims_asked(accepted: Accepted) -> dict[str, Any]:
    """Return the ``claims`` parameter of the request (Identity Assurance 1.0, section 6).

    A provider that cannot keep within these leaves the element out; nothing else is asked of it.
    """
    levels = sorted({level for found in accepted.frameworks.values() for level in found})
    verification: dict[str, Any] = {
        "trust_framework": {"values": sorted(accepted.frameworks)},
        "time": {"max_age": int(accepted.verified_within.total_seconds())},
        "evidence": [{"type": {"value": kind}} for kind in EVIDENCE],  # any of these
        "assurance_level": None if ANY_LEVEL in levels else {"values": levels},
    }
    asked = {"verification": verification, "claims": dict.fromkeys(CLAIMS)}
    return {accepted.claims_in.value: {"verified_claims": asked}}


def answer_check(
    expected: Expected, keys: dict[str, Any], *, id_token: str, userinfo: str = ""
) -> Vouched:
    """Return what a provider vouches for.

    1. The ID token is signed by a public key of the provider (OpenID Connect Core 1.0, section
       3.1.3.7, steps 6 to 8: never by the client's secret, never not at all).
    2. It was issued by this provider (step 2).
    3. It is for us, and for nobody else (steps 3 to 5).
    4. It has not expired (steps 9 and 10).
    5. It answers our question: the nonce is ours (step 11).
    6. Where the claims come with the user info, that is signed too, of the same issuer, for us,
       and about the same subject (section 5.3.2).
    7. There are verified claims, of a trust framework that is accepted (Identity Assurance 1.0,
       section 5).
    8. Their assurance level is accepted.
    9. The verification has a time, which is neither to come nor too long ago.
    10. Name and date of birth are among them.
    11. The person is of age.

    Args:
        expected: what it has to fit.
        keys: the provider's JSON Web Key Set.
        id_token: as it came from the token endpoint.
        userinfo: the body of the user info, if the claims come with that.

    Raises:
        Refused: a step fails.
    """
    said = _signed(id_token, keys, ["exp", "iat"])  # 1, 4
    _check_from_and_for(said, expected)  # 2, 3
    if not hmac.compare_digest(str(said.get("nonce", "")), expected.nonce):  # 5
        raise _refused("nonce", "The answer is not one to our question.")
    token = id_token
    if expected.accepted.claims_in is Delivery.USERINFO:  # 6
        token, subject = userinfo, said.get("sub")
        said = _signed(userinfo, keys, [])
        _check_from_and_for(said, expected)
        if subject is None or said.get("sub") != subject:
            raise _refused("subject", "The user info is about somebody else.")
    vouched = _first_that_fits(said, expected, hashlib.sha256(token.encode()).hexdigest())
    if years_old(vouched.claims["birthdate"], expected.now.date()) < MAJORITY_YEARS:  # 11
        raise Refused(
            "By the date of birth that the provider vouches for, the person is a minor.",
            code="assurance-minor",
            remedy="A parent or legal guardian acts for a minor: ask for their invitation.",
        )
    return vouched


def _signed(token: str, keys: dict[str, Any], required: list[str]) -> dict[str, Any]:
    """Return what a token says, once its signature holds (1) and its time is not over (4)."""
    try:
        header = jwt.get_unverified_header(token)
        if header.get("alg") not in ALGORITHMS:
            raise jwt.InvalidAlgorithmError
        key = jwt.PyJWKSet.from_dict(keys)[header["kid"]]
        return jwt.decode(
            token,
            key=key.key,
            algorithms=[header["alg"]],
            leeway=_SKEW,
            options={"require": required, "verify_aud": False},  # 3 asks more than that would
        )
    except (jwt.ExpiredSignatureError, jwt.ImmatureSignatureError) as error:
        raise _refused("stale", "The provider's answer is not of now.") from error
    except (jwt.PyJWTError, KeyError, TypeError, ValueError) as error:
        raise _refused("unsigned", "The provider has not signed its answer.") from error


def _check_from_and_for(said: dict[str, Any], expected: Expected) -> None:
    if said.get("iss") != expected.issuer:  # 2
        raise _refused("issuer", "The answer comes from somebody else.")
    if said.get("aud") not in (expected.client_id, [expected.client_id]):  # 3
        raise _refused("audience", "The answer is for somebody else.")


def _first_that_fits(said: dict[str, Any], expected: Expected, token_sha256: str) -> Vouched:
    """Return the first of the verified claims that holds; without one, why the first does not."""
    first: Refused | None = None
    for element in _elements(said):
        try:
            return _element_check(element, expected, token_sha256)
        except Refused as refused:
            first = first or refused
    raise first or _refused("missing", "The provider vouches for nothing that was asked for.")


def _elements(said: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the verified claims: one object, or a list of them."""
    found = said.get("verified_claims")
    for element in found if isinstance(found, list) else [found]:
        if isinstance(element, dict) and isinstance(element.get("verification"), dict):
            yield element


def _element_check(element: dict[str, Any], expected: Expected, token_sha256: str) -> Vouched:
    verification, claims = element["verification"], element.get("claims")
    framework = verification.get("trust_framework")
    levels = expected.accepted.frameworks.get(framework) if isinstance(framework, str) else None
    if levels is None:  # 7
        raise _refused("framework", "The trust framework is not one that is accepted here.")
    level = verification.get("assurance_level")
    if levels != (ANY_LEVEL,) and level not in levels:  # 8
        raise _refused("level", "The assurance level is below what is accepted here.")
    verified_at = _verified_at(verification, expected)  # 9
    found = claims if isinstance(claims, dict) else {}
    kept = {name: str(found.get(name) or "").strip()[:_LONGEST] for name in CLAIMS}
    if not all(kept.values()) or years_old(kept["birthdate"], expected.now.date()) < 0:  # 10
        raise _refused("incomplete", "The provider vouches for no full name and date of birth.")
    return Vouched(
        issuer=expected.issuer,
        framework=str(framework),
        level=level if level in levels else "",
        verified_at=verified_at,
        evidence=_kinds(verification.get("evidence")),
        token_sha256=token_sha256,
        claims=kept,
    )


def _verified_at(verification: dict[str, Any], expected: Expected) -> datetime:
    try:
        moment = datetime.fromisoformat(str(verification.get("time")))
        age = expected.now - moment  # TypeError: the time has no zone
    except (ValueError, TypeError) as error:
        raise _refused("undated", "It does not say when the person was verified.") from error
    if not -_SKEW <= age <= expected.accepted.verified_within:
        raise _refused("old", "The provider verified the person too long ago.")
    return moment


def _kinds(evidence: Any) -> tuple[str, ...]:
    """Return the kinds of evidence that the provider has seen, in the words of the standard."""
    rows = evidence if isinstance(evidence, list) else []
    seen = [row.get("type") for row in rows if isinstance(row, dict)]
    return tuple(kind for kind in EVIDENCE if kind in seen)


def years_old(birthdate: str, today: date) -> int:
    """Return the age in years; below 0 if it is no full date (a year alone says too little)."""
    try:
        born = date.fromisoformat(birthdate)
    except ValueError:
        return -1
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def _refused(step: str, message: str) -> Refused:
    return Refused(message, code=f"assurance-{step}", remedy=_AGAIN)

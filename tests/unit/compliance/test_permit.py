"""The permit: nobody forges one, and nobody uses one for anything else."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from compliance.errors import InvalidInput, PermitInvalid
from compliance.permit import (
    InputFile,
    JobKind,
    JobSpec,
    MeasureResult,
    Permit,
    RenderResult,
    Verdict,
    permit_issue,
    permit_verify,
)
from compliance.signing import KeyRole, StatementSigner, StatementVerifier

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
SPEC = JobSpec(
    JobKind.RENDER,
    "mesh",
    (
        InputFile("portrait", "aa" * 32, 1000, "image/png"),
        InputFile("voice", "bb" * 32, 2000, "audio/wav"),
    ),
    prompt="calm",
    language="ja",
)
SIGNER = StatementSigner.generate(KeyRole.PERMIT)
VERIFIER = StatementVerifier.from_pems(KeyRole.PERMIT, [SIGNER.public_pem()])
PERMIT = Permit(
    permit_id="permit",
    kind=JobKind.RENDER,
    job_id="job",
    subject_id="production",
    request_digest="cc" * 32,
    spec=SPEC,
    spec_digest=SPEC.digest(),
    asset_id="0123456789abcdef",
    fence=3,
    max_seconds=60.0,
    issued_at=NOON,
    expires_at=NOON + timedelta(minutes=5),
)


def _refused(token: str, **question: Any) -> str:
    with pytest.raises(PermitInvalid) as caught:
        permit_verify(token, VERIFIER, **{"now": NOON} | question)
    return caught.value.code


def test_a_permit_comes_back_as_it_was_issued() -> None:
    assert permit_verify(permit_issue(PERMIT, SIGNER), VERIFIER, job_id="job", now=NOON) == PERMIT


def test_a_permit_signed_by_a_stranger_is_refused() -> None:
    stranger = StatementSigner.generate(KeyRole.PERMIT)
    assert _refused(permit_issue(PERMIT, stranger)) == "permit-signature"


def test_a_receipt_key_cannot_issue_permits() -> None:
    receipts = StatementSigner(KeyRole.RECEIPT, SIGNER.private)
    assert _refused(permit_issue(PERMIT, receipts)) == "permit-signature"


def test_a_permit_for_another_job_is_refused() -> None:
    assert _refused(permit_issue(PERMIT, SIGNER), job_id="another") == "permit-other-job"


@pytest.mark.parametrize(
    "changes",
    [
        {"prompt": "angry"},
        {"width": 1024},
        {"seed": 1},
        {"inputs": (replace(SPEC.inputs[0], sha256="ab" * 32), SPEC.inputs[1])},
        {"inputs": SPEC.inputs[::-1]},
    ],
    ids=["prompt", "width", "seed", "portrait", "order"],
)
def test_a_changed_specification_is_refused_although_it_is_signed(changes: dict[str, Any]) -> None:
    changed = replace(PERMIT, spec=replace(SPEC, **changes))
    assert _refused(permit_issue(changed, SIGNER)) == "permit-digest"


@pytest.mark.parametrize(
    ("seconds", "valid"), [(-31, False), (-29, True), (0, True), (329, True), (331, False)]
)
def test_a_permit_lives_from_issue_to_expiry_with_half_a_minute_of_skew(
    seconds: int, valid: bool
) -> None:
    token, moment = permit_issue(PERMIT, SIGNER), NOON + timedelta(seconds=seconds)
    if valid:
        assert permit_verify(token, VERIFIER, now=moment) == PERMIT
    else:
        assert _refused(token, now=moment) == "permit-expired"


def test_a_permit_of_another_time_is_refused_by_todays_clock() -> None:
    old = replace(
        PERMIT, issued_at=NOON - timedelta(days=999), expires_at=NOON - timedelta(days=998)
    )
    with pytest.raises(PermitInvalid):
        permit_verify(permit_issue(old, SIGNER), VERIFIER)


@pytest.mark.parametrize(
    "changes",
    [
        {"format": "rakkan-permit/2"},
        {"kind": "anything"},
        {"issued_at": "yesterday"},
        {"surprise": 1},
        {"spec": {}},
        {"spec": None},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_a_signed_statement_that_is_no_permit_is_refused(changes: dict[str, Any]) -> None:
    statement = PERMIT.to_dict() | changes
    with pytest.raises((PermitInvalid, InvalidInput)):
        permit_verify(SIGNER.sign(statement), VERIFIER, now=NOON)


def test_equal_specifications_have_equal_digests_and_survive_json() -> None:
    again = JobSpec.from_dict(SPEC.to_dict())
    assert again == SPEC
    assert again.digest() == SPEC.digest() != replace(SPEC, fps=24).digest()


def test_results_survive_json_and_refuse_what_they_do_not_know() -> None:
    render = RenderResult("aa" * 32, 9, 25, 1.0, "mesh", "1", {}, [], 0.5, 0.5)
    assert RenderResult.from_dict(render.to_dict()) == render
    measure = MeasureResult(Verdict.USABLE, (), {"seconds": 4.1})
    assert MeasureResult.from_dict(measure.to_dict()) == measure
    for kind, data in (
        (RenderResult, {}),
        (RenderResult, render.to_dict() | {"surprise": 1}),
        (MeasureResult, {"verdict": "perfect", "findings": []}),
        (JobSpec, {"kind": "render"}),
    ):
        with pytest.raises(InvalidInput):
            kind.from_dict(data)

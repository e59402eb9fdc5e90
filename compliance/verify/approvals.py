"""Check 8: who approved it."""

from datetime import datetime, timedelta
from typing import Any

from compliance.errors import ComplianceError
from compliance.verify import journal
from compliance.verify.case import Case
from compliance.verify.governance import CLOCK_SKEW, consent_terms, stamped_at, voice_consent_terms
from compliance.verify.report import CannotCheck, Fails

_SAME_MOMENT = timedelta(minutes=1)  # between a decision and its event: one transaction


def check_approvals(case: Case) -> str:
    """8. Others than requester, depicted person and speaker approved exactly this request.

    Evidence and log have to name the same decisions, one for one: none is invented and none,
    least of all a refusal, is left out.
    """
    evidence = case.need_evidence()
    approvals, requester = evidence["approvals"], evidence["requester"]
    if not approvals:
        raise Fails("Nobody approved it.", code="approval-missing")
    if requester != evidence["request"]["requester"]:
        raise Fails("The evidence names another requester than the request.")
    recorded = journal.decisions(evidence)
    for approval in approvals:
        _check_decision(approval, evidence["request_digest"])
        event = _recorded(approval, recorded)
        recorded.remove(event)
        if requester in _people(approval, event):
            raise Fails(
                f"The requester approved step {approval['step']!r} themselves.",
                code="approval-by-requester",
            )
    if recorded:
        raise Fails(
            "The log holds a decision that the evidence leaves out.", code="decision-left-out"
        )
    _check_moments(case, approvals)
    _check_consenting(case, approvals)
    steps = ", ".join(str(approval["step"]) for approval in approvals)
    who = "others than requester, depicted person and speaker"
    return f"Approved by {who}: {steps} ({case.word})."


def _check_decision(approval: dict[str, Any], request_digest: str) -> None:
    step = approval["step"]
    if approval["decision"] != "approve":
        raise Fails(f"Step {step!r} was decided {approval['decision']!r}.", code="approval-refused")
    if approval["request_digest"] != request_digest:
        raise Fails(f"Step {step!r} approved another request.", code="approval-of-another-request")


def _recorded(approval: dict[str, Any], events: list[dict[str, Any]]) -> dict[str, Any]:
    for event in events:
        said = event["data"]
        away = abs(_moment(event["occurred_at"]) - _moment(approval["decided_at"]))
        if (
            approval["approver"] == _in_whose_name(event)
            and said["step"] == approval["step"]
            and said["verdict"] == approval["decision"]
            and said["request_digest"] == approval["request_digest"]
            and away <= _SAME_MOMENT
        ):
            return event
    raise Fails(
        f"The log has no such decision on step {approval['step']!r}.", code="decision-not-in-log"
    )


def _in_whose_name(event: dict[str, Any]) -> Any:
    """Return whose decision it is: a delegate acts, in the name of an approver."""
    return event["data"].get("in_name_of", event["actor_id"])


def _people(approval: dict[str, Any], event: dict[str, Any]) -> set[Any]:
    return {approval["approver"], event["actor_id"]}


def _check_moments(case: Case, approvals: list[dict[str, Any]]) -> None:
    latest = stamped_at(case) + CLOCK_SKEW
    for approval in approvals:
        if _moment(approval["decided_at"]) > latest:
            raise Fails(
                f"Step {approval['step']!r} was decided after the file was sealed.",
                code="approval-too-late",
            )


def _check_consenting(case: Case, approvals: list[dict[str, Any]]) -> None:
    try:
        consenting = {
            "The depicted person": consent_terms(case).granted_by,
            "The person who speaks": voice_consent_terms(case).granted_by,
        }
    except (Fails, ComplianceError) as error:
        raise CannotCheck("It is not certain who is seen and heard (check 7).") from error
    recorded = journal.decisions(case.need_evidence())
    for people in ({item["approver"] for item in approvals}, {e["actor_id"] for e in recorded}):
        for who, account in consenting.items():
            if account in people:
                raise Fails(
                    f"{who} approved it: consent and approval are two people's.",
                    code="approval-by-the-person",
                )


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)

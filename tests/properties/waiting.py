"""What must be true of what goes out about a step that waits, asked right after it went out."""

from __future__ import annotations

from collections import Counter

from django.core import mail

from rakkan.accounts.models import Membership
from rakkan.approvals.models import Decision, Delegation
from rakkan.approvals.notices import Notice
from tests.properties.invariants import production_of, proxies


def check_notice(notice: Notice) -> None:
    """It goes to who could decide at that moment, or to administrators, and to nobody involved."""
    workflow, moment = notice.step.workflow, notice.made_at
    production = production_of(workflow.subject_id)
    assert production.state == "in_approval", "told of what does not wait"
    assert moment < workflow.expires_at
    involved = {workflow.requester_id, workflow.depicted_id, workflow.speaker_id}
    for person in (workflow.person, workflow.speaking):
        involved |= {person.user_id} | proxies(person) if person else set()
    told = {notice.approver_id, notice.recipient_id}
    assert not told & involved, "told of what they asked for, or are seen or heard in"
    assert notice.recipient.organisation_id == workflow.organisation_id
    role = "administrator" if notice.kind == "report" else "approver"
    held = Membership.objects.filter(user=notice.recipient, role=role, end=None)
    held = held.exclude(valid_until__lte=moment)
    assert held.exists(), f"told without being {role}"
    assert notice.recipient.is_active
    if notice.kind != "report":
        said = Decision.objects.filter(workflow=workflow)
        hands = {one for row in said for one in (row.approver_id, row.delegate_id)}
        assert not told & hands, "told of what they decided"
    if notice.approver_id != notice.recipient_id:
        named = Delegation.objects.filter(
            from_user=notice.approver, to_user=notice.recipient, valid_from__lte=moment
        )
        assert named.filter(valid_until__gt=moment).exists(), "told in the name of nobody"


def check_mails() -> None:
    """What says that it was mailed was, once."""
    ids = [message.extra_headers.get("Message-ID", "") for message in mail.outbox]
    sent = Counter(one for one in ids if one.startswith("<notice."))
    mailed = Notice.objects.exclude(mailed_at=None).values_list("pk", flat=True)
    assert all(count == 1 for count in sent.values()), "somebody was told twice"
    assert {one.split("@")[0][8:] for one in sent} == {str(pk) for pk in mailed}

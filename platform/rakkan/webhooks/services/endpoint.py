"""Add and end an endpoint."""

from uuid import UUID

from django.utils import timezone

from rakkan.accounts.models import User
from rakkan.accounts.permissions import check_user_has_role, user_actor
from rakkan.accounts.roles import Role
from rakkan.audit.names import EventName
from rakkan.audit.services import Subject, event_record, refusal_recorded
from rakkan.core.errors import BadInput, NotFound, Refused
from rakkan.vault.models import SubjectKey
from rakkan.vault.services import subject_key_destroy
from rakkan.webhooks.models import TOPICS, Endpoint, EndpointEnd
from rakkan.webhooks.sending import check_address
from rakkan.webhooks.signing import secret_make

MOST = 5  # endpoints of an organisation at a time


def endpoint_add(*, user: User, url: str, topics: list[str]) -> tuple[Endpoint, str]:
    """Have an address of the administrator's organisation told; return it and its secret, once.

    Raises:
        NotPermitted: no administrator.
        BadInput: no public https address, or an unknown topic.
        Refused: there are enough.
    """
    subject = Subject("webhook", "", "new endpoint")
    with refusal_recorded(EventName.WEBHOOK_REFUSED, actor=user_actor(user), subject=subject):
        actor = check_user_has_role(user, Role.ADMINISTRATOR)
        check_address(url)
        if not topics or set(topics) - set(TOPICS):
            raise BadInput(
                "These are not topics.",
                code="topics-invalid",
                remedy=f"Choose among: {', '.join(TOPICS)}.",
            )
        live = Endpoint.objects.filter(organisation=user.organisation_id, end=None)
        if live.count() >= MOST:
            raise Refused(
                f"There are {MOST} endpoints.", code="endpoints-enough", remedy="End one first."
            )
        secret = secret_make()
        endpoint = Endpoint.objects.create(
            organisation=user.organisation,
            url=url,
            topics=sorted(set(topics)),
            secret=secret,
            added_by=user,
            added_at=timezone.now(),
        )
        event_record(
            EventName.WEBHOOK_ADDED,
            actor=actor,
            subject=Subject("webhook", str(endpoint.pk)),
            data={"topics": endpoint.topics},
            rows=[endpoint],
        )
    return endpoint, secret


def endpoint_end(*, user: User, endpoint_id: UUID | str) -> Endpoint:
    """Tell an endpoint nothing more; its secret is destroyed.

    Raises:
        NotPermitted: no administrator.
        NotFound: there is none in the organisation, or it has ended.
    """
    subject = Subject("webhook", str(endpoint_id))
    with refusal_recorded(EventName.WEBHOOK_REFUSED, actor=user_actor(user), subject=subject):
        actor = check_user_has_role(user, Role.ADMINISTRATOR)
        rows = Endpoint.objects.filter(organisation=user.organisation_id, end=None)
        endpoint = rows.filter(pk=endpoint_id).first()
        if endpoint is None:
            raise NotFound(f"There is no endpoint {endpoint_id}.")
        end = EndpointEnd.objects.create(endpoint=endpoint, ended_by=user, ended_at=timezone.now())
        subject_key_destroy(subject_id=endpoint.pk)
        keys = SubjectKey.objects.filter(pk=endpoint.pk)
        event_record(EventName.WEBHOOK_ENDED, actor=actor, subject=subject, rows=[end, *keys])
    return endpoint

"""Webhooks: signed, tried again, never in the way, never led to where they must not go."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.db import IntegrityError
from pytest_django import Settings

from rakkan.accounts.models import User
from rakkan.core.errors import BadInput, NotFound, NotPermitted, Refused
from rakkan.productions.services.withdraw import withdraw
from rakkan.vault.services import subject_is_erased
from rakkan.webhooks.models import TOPICS, Attempt, Message, Resending
from rakkan.webhooks.selectors import MessageState, endpoint_messages, message_state
from rakkan.webhooks.sending import NotSent, check_address, send
from rakkan.webhooks.services import endpoint_add, endpoint_end, message_resend, messages_deliver
from rakkan.webhooks.services.deliver import PAUSES
from rakkan.webhooks.signing import headers_of
from tests.integration import people

pytestmark = pytest.mark.django_db


@dataclass
class Receiver:
    """A real HTTP server that keeps what it is sent and answers what it is told to."""

    url: str = ""
    status: int = 204
    location: str = ""
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)


@pytest.fixture
def receiver(settings: Settings) -> Iterator[Receiver]:
    kept = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            kept.got.append(({key.lower(): value for key, value in self.headers.items()}, body))
            self.send_response(kept.status)
            if kept.location:
                self.send_header("location", kept.location)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    settings.RAKKAN_WEBHOOK_PRIVATE_HOSTS = frozenset({"127.0.0.1"})
    kept.url = f"http://127.0.0.1:{server.server_port}/hook?of=rakkan"
    yield kept
    server.shutdown()
    thread.join()
    server.server_close()


def told(team: people.Team, url: str) -> str:
    """Have everything told to this address; returns the secret."""
    return endpoint_add(user=people.administrator_of(team), url=url, topics=TOPICS)[1]


def withdrawn(team: people.Team) -> object:
    likeness = people.likeness_make(team)
    people.identity_make(team)
    consent = people.consent_make(team, likeness)
    withdraw(user=team.person, consent_id=consent.pk)
    withdraw(user=team.person, consent_id=consent.pk)
    return consent.pk


def now_due() -> None:
    """As if the pauses were over."""
    people.sql("SET CONSTRAINTS ALL IMMEDIATE")  # no ALTER TABLE while checks are pending
    people.sql("ALTER TABLE webhooks_attempt DISABLE TRIGGER USER")
    Attempt.objects.exclude(next_at=None).update(next_at="2020-01-01T00:00Z")
    people.sql("ALTER TABLE webhooks_attempt ENABLE TRIGGER USER")


def test_a_signature_is_that_of_the_specifications_example() -> None:
    headers = headers_of(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1614265330,
        b'{"test": 2432232314}',
    )
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_withdrawal_is_told_once_with_ids_and_states_and_a_signature(receiver) -> None:
    team = people.team_make()
    secret = told(team, receiver.url)
    consent_id = withdrawn(team)

    assert messages_deliver() == 1
    assert messages_deliver() == 0

    ((headers, body),) = receiver.got
    said = json.loads(body)
    assert said["type"] == "consent.withdrawn"
    assert said["data"] == {"consent": str(consent_id), "consent_state": "withdrawn"}
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    key = base64.b64decode(secret.removeprefix("whsec_"))
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"


def test_an_endpoint_that_does_not_answer_holds_up_neither_the_withdrawal_nor_others(
    receiver,
) -> None:
    team = people.team_make()
    told(team, "http://127.0.0.1:9/nobody-listens")
    told(team, receiver.url)
    withdrawn(team)

    assert messages_deliver() == 1
    assert len(receiver.got) == 1
    assert Attempt.objects.get(delivered=False).problem == "no-answer"


def test_what_fails_is_tried_again_after_growing_pauses_and_then_given_up(
    receiver, as_owner
) -> None:
    team = people.team_make()
    told(team, receiver.url)
    withdrawn(team)
    receiver.status = 500
    for _ in range(len(PAUSES) + 3):
        messages_deliver()
        messages_deliver()  # not due yet
        now_due()

    assert len(receiver.got) == len(PAUSES) + 1
    assert Attempt.objects.order_by("number").last().next_at is None
    assert len({headers["webhook-id"] for headers, _ in receiver.got}) == 1


def test_what_was_given_up_is_sent_again_with_its_own_id_and_gets_all_its_tries(
    receiver, as_owner
) -> None:
    team = people.team_make()
    administrator = people.administrator_of(team)
    endpoint, _ = endpoint_add(user=administrator, url=receiver.url, topics=TOPICS)
    withdrawn(team)
    message = endpoint.messages.get()
    again = {"user": administrator, "endpoint_id": endpoint.pk, "message_id": message.pk}
    receiver.status = 500
    messages_deliver()
    with pytest.raises(Refused, match="still being tried"):
        message_resend(**again)
    for _ in range(len(PAUSES)):
        now_due()
        messages_deliver()
    (told,) = endpoint_messages(administrator, endpoint.pk)
    assert message_state(told) is MessageState.GIVEN_UP

    with pytest.raises(NotPermitted):
        message_resend(**again | {"user": team.approver})
    message_resend(**again)
    with pytest.raises(Refused, match="still being tried"):
        message_resend(**again)
    messages_deliver()
    newest = Attempt.objects.order_by("number").last()
    assert newest.next_at is not None  # the pauses begin anew
    assert newest.next_at - newest.made_at < 2 * PAUSES[0]
    receiver.status = 204
    now_due()
    assert messages_deliver() == 1
    (told,) = endpoint_messages(administrator, endpoint.pk)
    assert message_state(told) is MessageState.DELIVERED
    assert len({headers["webhook-id"] for headers, _ in receiver.got}) == 1


def test_the_database_takes_no_resending_of_what_is_being_tried(receiver, as_owner) -> None:
    team = people.team_make()
    told(team, receiver.url)
    withdrawn(team)
    receiver.status = 500
    messages_deliver()

    with pytest.raises(IntegrityError, match="still being tried"):
        Resending.objects.create(
            attempt=Attempt.objects.get(), asked_by=team.approver, asked_at=datetime.now(UTC)
        )


def test_a_redirect_is_not_followed(receiver) -> None:
    team = people.team_make()
    told(team, receiver.url)
    receiver.status, receiver.location = 307, receiver.url
    withdrawn(team)
    messages_deliver()

    assert len(receiver.got) == 1
    assert Attempt.objects.get().status == 307


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example/plain",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://169.254.169.254/latest/meta-data",
        "https://10.1.2.3/",
        "https://user@hooks.example/",
        "file:///etc/passwd",
        "https:///nothing",
    ],
)
def test_an_address_that_is_not_public_https_is_refused(url: str) -> None:
    with pytest.raises(BadInput):
        check_address(url)


def test_a_name_that_leads_to_this_machine_is_not_followed_there() -> None:
    with pytest.raises(NotSent, match="address-not-public"):
        send("https://localhost/", {}, b"{}")


def test_an_administrator_ends_an_endpoint_and_its_secret_is_gone(receiver) -> None:
    team, other = people.team_make(), people.team_make()
    administrator: User = people.administrator_of(team)
    endpoint, _ = endpoint_add(user=administrator, url=receiver.url, topics=TOPICS)
    withdrawn(team)
    with pytest.raises(NotPermitted):
        endpoint_end(user=team.approver, endpoint_id=endpoint.pk)
    with pytest.raises(NotFound):
        endpoint_end(user=people.administrator_of(other), endpoint_id=endpoint.pk)

    endpoint_end(user=administrator, endpoint_id=endpoint.pk)

    assert subject_is_erased(endpoint.pk)
    assert messages_deliver() == 0
    assert Message.objects.count() == 1
    assert receiver.got == []

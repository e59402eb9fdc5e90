"""Endpoints, what they are to be told, and every try: rows that are only added."""

from enum import StrEnum
from typing import ClassVar

import pgtrigger
from django.conf import settings
from django.db import models

from rakkan.audit.models import append_only
from rakkan.core.models import IdModel, words
from rakkan.core.tenancy import Own, Through
from rakkan.vault.fields import SealedText


class Topic(StrEnum):
    """What an endpoint can be told."""

    CONSENT_WITHDRAWN = "consent.withdrawn"
    RELEASE_RELEASED = "release.released"
    RELEASE_REVOKED = "release.revoked"


TOPICS = [topic.value for topic in Topic]


class Endpoint(IdModel):
    """An address of an organisation that wants to be told."""

    organisation = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT)
    url = models.CharField(max_length=500)
    topics = words()
    secret = SealedText(subject="id")  # the key goes when the endpoint ends
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    added_at = models.DateTimeField()

    tenant: ClassVar = Own()

    class Meta:
        """Another address is another endpoint."""

        ordering: ClassVar = ["-added_at"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(topics__contained_by=TOPICS, topics__len__gt=0),
                name="endpoint_known_topics",
            )
        ]
        triggers: ClassVar = append_only("endpoint")

    def __str__(self) -> str:
        """Address."""
        return self.url


class EndpointEnd(IdModel):
    """An endpoint that is told nothing more."""

    endpoint = models.OneToOneField(Endpoint, on_delete=models.PROTECT, related_name="end")
    ended_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    ended_at = models.DateTimeField()

    tenant: ClassVar = Through("endpoint")

    class Meta:
        """It stays ended."""

        triggers: ClassVar = append_only("endpoint_end")

    def __str__(self) -> str:
        """Endpoint."""
        return str(self.endpoint_id)


class Message(IdModel):
    """Something an endpoint is to be told: written in the transaction of what it tells."""

    endpoint = models.ForeignKey(Endpoint, on_delete=models.PROTECT, related_name="messages")
    topic = models.CharField(max_length=40, choices=[(t, t) for t in TOPICS])
    subject_id = models.UUIDField(db_index=True)  # the production or the consent it is about
    payload = models.JSONField()  # ids and states
    queued_at = models.DateTimeField()

    tenant: ClassVar = Through("endpoint")

    class Meta:
        """What was said is not changed afterwards."""

        ordering: ClassVar = ["queued_at", "id"]
        triggers: ClassVar = append_only("webhook_message")

    def __str__(self) -> str:
        """Topic."""
        return self.topic


class Attempt(IdModel):
    """One try to deliver a message."""

    message = models.ForeignKey(Message, on_delete=models.PROTECT, related_name="attempts")
    number = models.PositiveSmallIntegerField()
    delivered = models.BooleanField()
    status = models.PositiveSmallIntegerField(null=True)  # of HTTP, where there was an answer
    problem = models.CharField(max_length=60, blank=True)  # a code
    made_at = models.DateTimeField()
    next_at = models.DateTimeField(null=True)  # null: delivered, or given up

    tenant: ClassVar = Through("message")

    class Meta:
        """Each number once: a message is delivered once or given up once."""

        ordering: ClassVar = ["number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["message", "number"], name="attempt_once"),
            models.CheckConstraint(
                condition=models.Q(delivered=False) | models.Q(next_at__isnull=True),
                name="attempt_delivered_is_the_last",
            ),
        ]
        triggers: ClassVar = append_only("webhook_attempt")

    def __str__(self) -> str:
        """Message and number."""
        return f"{self.message_id}: {self.number}"


class Resending(IdModel):
    """An administrator asked that a message is sent again: a new round of tries begins."""

    attempt = models.OneToOneField(Attempt, on_delete=models.PROTECT, related_name="resending")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    asked_at = models.DateTimeField()

    tenant: ClassVar = Through("attempt")

    class Meta:
        """After the last try of a round, once."""

        triggers: ClassVar = [
            *append_only("webhook_resending"),
            pgtrigger.Trigger(
                name="webhook_resending_after_a_round",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func=pgtrigger.Func(
                    """
                    IF EXISTS (
                        SELECT 1 FROM webhooks_attempt a
                        WHERE a.id = NEW.attempt_id AND a.next_at IS NOT NULL
                    ) THEN
                        RAISE EXCEPTION 'the message is still being tried'
                            USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                    """
                ),
            ),
        ]

    def __str__(self) -> str:
        """Attempt."""
        return str(self.attempt_id)

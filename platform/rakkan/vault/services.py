"""Seal and open what is personal; destroy a subject's key, and all of it is gone at once.

AES-256-SIV (RFC 5297) with the place of the value as associated data: a ciphertext opens in its own
table, column and row only, equal text in two rows looks different, and sealing the same text for
the same place again gives the same bytes.
"""

from __future__ import annotations

import secrets
from contextvars import ContextVar
from dataclasses import dataclass
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from django.db import transaction
from django.utils import timezone

from rakkan.core.errors import Damaged, Refused
from rakkan.core.requests import request_id
from rakkan.vault.keys import KEY_BYTES, WrappingKey, current_key, wrapping_keys
from rakkan.vault.models import SubjectKey

_VERSION = b"\x01"
_HEAD = len(_VERSION) + 16  # then the subject's id
_LABEL = b"rakkan-sealed/1"


class Erased(Refused):
    """What is asked for was sealed under a key that was destroyed: nobody can open it again."""

    code = "erased"
    status = 410


@dataclass(frozen=True, slots=True)
class Place:
    """Where a sealed value lies: it opens nowhere else."""

    table: str
    column: str
    row: str  # the primary key

    def about(self, subject_id: UUID) -> list[bytes]:
        """Return the associated data."""
        words = [self.table.encode(), self.column.encode(), self.row.encode()]
        return [_LABEL, subject_id.bytes, *words]


def subject_seal(*, subject_id: UUID, content: bytes, place: Place) -> bytes:
    """Return ``content`` sealed under the subject's key, which is made if there is none.

    Args:
        subject_id: a person's or an account's id.
        content: at least one byte.
        place: where the result will be kept.

    Raises:
        Erased: the subject's key was destroyed.
    """
    cipher = AESSIV(_data_key(subject_id, make=True))
    return _VERSION + subject_id.bytes + cipher.encrypt(content, place.about(subject_id))


def subject_open(*, sealed: bytes, place: Place) -> bytes:
    """Return what :func:`subject_seal` was given.

    Raises:
        Erased: the subject's key was destroyed.
        Damaged: it is not a sealed value, or was moved here from another place.
    """
    if sealed[: len(_VERSION)] != _VERSION or len(sealed) <= _HEAD:
        raise Damaged(f"{place.table}.{place.column} is not sealed.", code="not-sealed")
    subject_id = subject_of(sealed)
    cipher = AESSIV(_data_key(subject_id, make=False))
    try:
        return cipher.decrypt(sealed[_HEAD:], place.about(subject_id))
    except InvalidTag as error:
        raise Damaged(
            f"{place.table}.{place.column} of {place.row} does not open.", code="sealed-damaged"
        ) from error


def is_sealed(content: bytes) -> bool:
    """Say whether what was opened is sealed under another key again; no text begins like that."""
    return content[: len(_VERSION)] == _VERSION


def subject_of(sealed: bytes) -> UUID:
    """Return under whose key a value is sealed."""
    return UUID(bytes=bytes(sealed[len(_VERSION) : _HEAD]))


def subject_key_destroy(*, subject_id: UUID) -> bool:
    """Destroy a subject's key, also of one that never had any; say whether there was one.

    From the commit of the caller's transaction on, nothing sealed under it opens, and nothing
    can be sealed for the subject again.
    """
    now = timezone.now()
    with transaction.atomic():
        row, made = SubjectKey.objects.select_for_update().get_or_create(
            subject_id=subject_id,
            defaults={"wrapped": None, "wrapped_by": "", "made_at": now, "destroyed_at": now},
        )
        if made or row.destroyed_at is not None:
            return False
        row.wrapped, row.destroyed_at = None, now
        row.save(update_fields=["wrapped", "destroyed_at"])
    _kept().pop(subject_id, None)
    return True


def subject_is_erased(subject_id: UUID) -> bool:
    """Say whether the subject's key was destroyed."""
    rows = SubjectKey.objects.filter(subject_id=subject_id, destroyed_at__isnull=False)
    return rows.exists()


def subject_keys_rewrap(*, limit: int = 500) -> int:
    """Wrap keys anew that an older key-encryption key wraps; return how many, at most ``limit``.

    Afterwards the old line of ``subjects.key`` can go.
    """
    key, known = current_key(), wrapping_keys()
    with transaction.atomic():
        rows = SubjectKey.objects.select_for_update(skip_locked=True)
        old = list(rows.filter(wrapped__isnull=False).exclude(wrapped_by=key.key_id)[:limit])
        for row in old:
            secret = _unwrap(row, known)
            row.wrapped, row.wrapped_by = key.wrap(row.subject_id, secret), key.key_id
            row.save(update_fields=["wrapped", "wrapped_by"])
    return len(old)


# Opened keys of the request (or task) at work: a page opens many values of few people.
_opened: ContextVar[tuple[str, dict[UUID, bytes]]] = ContextVar("opened_keys", default=("", {}))


def _kept() -> dict[UUID, bytes]:
    current = request_id()
    name, keys = _opened.get()
    if name != current or not current:
        keys = {}
        _opened.set((current, keys))
    return keys


def _data_key(subject_id: UUID, *, make: bool) -> bytes:
    kept = _kept()
    if subject_id not in kept:
        kept[subject_id] = _data_key_load(subject_id, make=make)
    return kept[subject_id]


def _data_key_load(subject_id: UUID, *, make: bool) -> bytes:
    row = SubjectKey.objects.filter(pk=subject_id).first()
    if row is None and make:
        row = _make(subject_id)
    if row is None:
        raise Damaged(f"Subject {subject_id} has no key.", code="subject-key-missing")
    if row.destroyed_at is not None:
        raise Erased(
            "This was erased: the key that opened it was destroyed.",
            remedy="Nothing can bring it back; ids, digests and the log remain.",
        )
    return _unwrap(row, wrapping_keys())


def _make(subject_id: UUID) -> SubjectKey:
    key = current_key()
    return SubjectKey.objects.get_or_create(
        subject_id=subject_id,
        defaults={
            "wrapped": key.wrap(subject_id, secrets.token_bytes(KEY_BYTES)),
            "wrapped_by": key.key_id,
            "made_at": timezone.now(),
        },
    )[0]


def _unwrap(row: SubjectKey, known: dict[str, WrappingKey]) -> bytes:
    key = known.get(row.wrapped_by)
    if key is None:
        raise Damaged(
            f"No line of subjects.key is the key {row.wrapped_by}.",
            code="wrapping-key-missing",
            remedy="Restore the line that was taken out before everything was wrapped anew.",
        )
    return key.unwrap(row.subject_id, bytes(row.wrapped or b""))

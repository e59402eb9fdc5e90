"""Per-subject keys: what is sealed opens in its place only, and never after the key is gone."""

from __future__ import annotations

import secrets
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from rakkan.core.errors import Damaged, Unavailable
from rakkan.core.requests import request_id_start
from rakkan.vault.keys import wrapping_keys
from rakkan.vault.models import SubjectKey
from rakkan.vault.services import (
    Erased,
    Place,
    subject_is_erased,
    subject_key_destroy,
    subject_open,
    subject_seal,
)

PLACE = Place("some_table", "some_column", "row-1")


def _sealed(subject: UUID, content: bytes = b"Dana Depicted") -> bytes:
    return subject_seal(subject_id=subject, content=content, place=PLACE)


class TestSealing(TestCase):
    @given(content=st.binary(min_size=1, max_size=300))
    def test_what_is_sealed_opens_as_it_was_and_shows_nothing_of_itself(self, content):
        sealed = _sealed(uuid4(), content)
        assert subject_open(sealed=sealed, place=PLACE) == content
        assert len(content) < 4 or content not in sealed


@pytest.mark.django_db
@pytest.mark.parametrize(
    "place",
    [
        Place("other_table", "some_column", "row-1"),
        Place("some_table", "other_column", "row-1"),
        Place("some_table", "some_column", "row-2"),
    ],
)
def test_a_ciphertext_moved_to_another_place_does_not_open(place) -> None:
    sealed = _sealed(uuid4())
    with pytest.raises(Damaged):
        subject_open(sealed=sealed, place=place)


@pytest.mark.django_db
def test_one_changed_bit_anywhere_does_not_open() -> None:
    sealed = _sealed(uuid4())
    for position in range(len(sealed)):
        changed = bytearray(sealed)
        changed[position] ^= 1
        with pytest.raises(Damaged):
            subject_open(sealed=bytes(changed), place=PLACE)


@pytest.mark.django_db
def test_a_wrapped_key_copied_to_another_subject_does_not_open() -> None:
    one, other = uuid4(), uuid4()
    sealed = _sealed(one)
    _sealed(other)
    foreign = SubjectKey.objects.get(pk=other).wrapped
    SubjectKey.objects.filter(pk=one).update(wrapped=foreign)
    request_id_start()  # an opened key is kept for one unit of work only
    with pytest.raises(Damaged):
        subject_open(sealed=sealed, place=PLACE)


@pytest.mark.django_db
def test_after_the_key_is_destroyed_nothing_opens_and_nothing_can_be_sealed_again() -> None:
    subject, other = uuid4(), uuid4()
    sealed, kept = _sealed(subject), _sealed(other)
    assert subject_key_destroy(subject_id=subject)
    assert not subject_key_destroy(subject_id=subject)  # safe to run again
    row = SubjectKey.objects.get(pk=subject)
    assert row.wrapped is None
    assert row.destroyed_at is not None
    with pytest.raises(Erased):
        subject_open(sealed=sealed, place=PLACE)
    with pytest.raises(Erased):
        _sealed(subject)
    assert subject_is_erased(subject)
    assert subject_open(sealed=kept, place=PLACE) == b"Dana Depicted"


@pytest.mark.django_db
def test_a_subject_without_a_key_can_be_closed_for_good_too() -> None:
    subject = uuid4()
    assert not subject_key_destroy(subject_id=subject)
    with pytest.raises(Erased):
        _sealed(subject)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE vault_subjectkey SET wrapped = '\\x00', destroyed_at = NULL",
        "UPDATE vault_subjectkey SET made_at = now()",
        "DELETE FROM vault_subjectkey",
    ],
)
def test_the_database_lets_no_destroyed_key_come_back(statement) -> None:
    subject_key_destroy(subject_id=uuid4())
    with (
        pytest.raises(DatabaseError),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


@pytest.fixture
def own_keys(tmp_path: Path, settings):
    """A subjects.key of the test's own; says what it holds."""
    settings.RAKKAN_KEYS = str(tmp_path)

    def write(*lines: str) -> None:
        (tmp_path / "subjects.key").write_text("".join(f"{line}\n" for line in lines))
        wrapping_keys.cache_clear()
        request_id_start()  # an opened key is kept for one unit of work only

    yield write
    wrapping_keys.cache_clear()


@pytest.mark.django_db
def test_the_wrapping_key_is_rotated_without_touching_what_is_sealed(own_keys) -> None:
    old, new = secrets.token_hex(64), secrets.token_hex(64)
    own_keys(old)
    subject, erased = uuid4(), uuid4()
    sealed = _sealed(subject)
    subject_key_destroy(subject_id=erased)
    own_keys(new, old)
    assert subject_open(sealed=sealed, place=PLACE) == b"Dana Depicted"
    call_command("subject_keys_rewrap", verbosity=0)
    own_keys(new)
    assert subject_open(sealed=sealed, place=PLACE) == b"Dana Depicted"
    assert subject_is_erased(erased)
    own_keys(old)
    with pytest.raises(Damaged, match="No line of"):
        subject_open(sealed=sealed, place=PLACE)


@pytest.mark.django_db
@pytest.mark.parametrize("content", [[], ["not hexadecimal"], ["00" * 32]])
def test_a_process_without_a_wrapping_key_says_so_and_seals_nothing(own_keys, content) -> None:
    own_keys(*content)
    with pytest.raises(Unavailable, match=r"cannot read subjects\.key"):
        _sealed(uuid4())

"""Columns that hold what is personal, sealed under the key of the person it is about.

A model declares whose key by a path from its row: ``SealedText(subject="likeness.person_id")``.
What is about two people is sealed under both keys, one inside the other, so that destroying either
ends it: ``SealedText(subject="likeness.person_id&speaker.person_id")``.
Values are sealed on their way into the database and opened when they are read. Once the key is
destroyed they read as empty text, an empty document or None; writing one then raises ``Erased``.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from django.db import models
from django.db.models.query_utils import DeferredAttribute

from rakkan.vault.services import Erased, Place, is_sealed, subject_open, subject_seal

if TYPE_CHECKING:  # the classes take no parameters when the program runs
    _Field = models.Field[Any, Any]
    _TextField = models.TextField[str, str]
    _JSONField = models.JSONField[Any, Any]
else:
    _Field, _TextField, _JSONField = models.Field, models.TextField, models.JSONField


class Sealed(bytes):
    """What lies in the column."""


def subject_at(instance: Any, path: str) -> UUID:
    """Return the id at the end of the first of the paths ("a.b_id|c.d_id") that leads anywhere.

    Raises:
        ValueError: none does.
    """
    found = _followed(instance, path)
    if found is None:
        raise ValueError(f"{instance._meta.label} is about nobody: {path} leads nowhere.")
    return found


def subjects_at(instance: Any, path: str) -> list[UUID]:
    """Return the ids at the end of the paths of "a.b_id&c.d_id", each once.

    Raises:
        ValueError: the first leads nowhere; the others may.
    """
    first, *others = path.split("&")
    found = [subject_at(instance, first)]
    for other in others:
        subject = _followed(instance, other)
        if subject is not None and subject not in found:
            found.append(subject)
    return found


def _followed(instance: Any, path: str) -> UUID | None:
    for steps in path.split("|"):
        found = instance
        for step in steps.split("."):
            found = getattr(found, step) if found is not None else None
        if found is not None:
            return cast("UUID", found)
    return None


def seal_under(subjects: list[UUID], content: bytes, place: Place) -> bytes:
    """Return ``content`` sealed under each key, the first outermost.

    Raises:
        Erased: one of them was destroyed.
    """
    for subject_id in reversed(subjects):
        content = subject_seal(subject_id=subject_id, content=content, place=place)
    return content


def open_all(content: bytes, place: Place) -> bytes:
    """Return what lies under one key, or one inside the other.

    Raises:
        Erased: one of them was destroyed.
    """
    content = subject_open(sealed=content, place=place)
    return open_all(content, place) if is_sealed(content) else content


class _Opening(DeferredAttribute):
    """Keeps what was read as it was, so that saving the row again does not touch it."""

    def __get__(self, instance: Any, cls: Any = None) -> Any:
        if instance is None:
            return self
        name = self.field.attname
        value = instance.__dict__.get(name, self)
        if value is self:
            value = super().__get__(instance, cls)
        if not isinstance(value, Sealed):
            return value
        kept = instance.__dict__.get(f"_opened_{name}")
        if kept is None or kept[0] is not value:
            kept = value, cast("_SealedField", self.field).opened(instance, value)
            instance.__dict__[f"_opened_{name}"] = kept
        return kept[1]

    def __set__(self, instance: Any, value: Any) -> None:
        instance.__dict__[self.field.attname] = value


class _SealedField(_Field):
    """What text and documents have in common."""

    descriptor_class = _Opening

    def __init__(self, *args: Any, subject: str, **options: Any) -> None:
        self.subject = subject
        super().__init__(*args, **options)

    def deconstruct(self) -> Any:
        name, path, args, options = super().deconstruct()
        return name, path, args, {**options, "subject": self.subject}

    def get_internal_type(self) -> str:
        return "BinaryField"

    def empty(self) -> Any:
        """What a reader sees once the key is gone."""
        raise NotImplementedError

    def place(self, instance: models.Model) -> Place:
        """Return where the value of a row lies."""
        return Place(self.model._meta.db_table, str(self.column), str(instance.pk))

    def sealed(self, instance: models.Model, value: Any) -> Sealed | None:
        """Return ``value`` as it lies in the row's column.

        Raises:
            Erased: the key of a person it is about was destroyed.
        """
        if value is None or isinstance(value, Sealed):
            return value
        subjects = subjects_at(instance, self.subject)
        content = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return Sealed(seal_under(subjects, content.encode(), self.place(instance)))

    def opened(self, instance: models.Model, value: Sealed) -> Any:
        """Return what lies in the row's column, or the empty value once the key is gone."""
        try:
            return json.loads(open_all(value, self.place(instance)))
        except Erased:
            return self.empty()

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        return self.sealed(model_instance, model_instance.__dict__[self.attname])

    def from_db_value(self, value: Any, *_: Any) -> Any:
        return None if value is None else Sealed(value)

    def to_python(self, value: Any) -> Any:
        return value

    def get_prep_value(self, value: Any) -> Any:
        if value is None or isinstance(value, Sealed) or hasattr(value, "resolve_expression"):
            return value
        raise TypeError(
            f"{self.name} is sealed: set it on a row and save that; it cannot be searched."
        )

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        value = value if prepared else self.get_prep_value(value)
        if isinstance(value, Sealed):
            return connection.Database.Binary(bytes(value))
        return value

    def get_db_prep_save(self, value: Any, connection: Any) -> Any:
        return self.get_db_prep_value(value, connection)

    def value_to_string(self, obj: models.Model) -> Any:
        return self.value_from_object(obj)


class SealedText(_SealedField, _TextField):
    """Text under a person's key."""

    def empty(self) -> Any:
        """Return no text."""
        return ""


class SealedJSON(_SealedField, _JSONField):
    """A document under a person's key."""

    def empty(self) -> Any:
        """Return the document that the column starts with."""
        return self.get_default()

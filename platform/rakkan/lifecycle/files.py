"""Which stored files belong to whom: read off the rows that name them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Model, Q, QuerySet

from rakkan.core.blobs import Area, blob_delete
from rakkan.dispatch.models import JobOutput
from rakkan.identity.models import IdentityChallenge, IdentityCheck, RemoteAttempt
from rakkan.lifecycle.models import Disposal, ErasureStep, Kind, Step
from rakkan.likenesses.models import Guardianship, Likeness, Voice
from rakkan.previews.models import PreviewUpload
from rakkan.productions.models import Production, Rendering
from rakkan.releases.models import Captions, CopyReference, Fingerprint, Release, Sealing

AREA_OF = {  # where the files of each kind lie
    Kind.DRAFT: Area.INPUTS,
    Kind.INPUT: Area.INPUTS,
    Kind.EVIDENCE: Area.INPUTS,
    Kind.RENDERING: Area.QUARANTINE,
    Kind.RELEASE: Area.RELEASES,
}


@dataclass(frozen=True, slots=True)
class Held:
    """A file that a row names.

    Attributes:
        area: where it lies.
        sha256: what it is called.
        row: what names it, as a disposal would: a production for what was made of it.
        person: whom it shows or whose words it holds.
    """

    area: Area
    sha256: str
    row: UUID
    person: UUID


def files_of(person_id: UUID) -> list[Held]:
    """Return every file about a person."""
    return list(_files(person_id=person_id))


def is_named_elsewhere(file: Held, gone: frozenset[UUID]) -> bool:
    """Say whether a row of somebody else, or one that keeps its file, names the same bytes.

    Args:
        file: the one to delete.
        gone: rows whose files are not kept any more.
    """
    return any(
        other.area is file.area
        and other.row not in gone
        and other.row != file.row
        and not _was_deleted(other)
        for other in _files(sha256=file.sha256)
    )


def _was_deleted(file: Held) -> bool:
    kinds = [kind.value for kind, area in AREA_OF.items() if area is file.area]
    if Disposal.objects.filter(kind__in=kinds, object_id=file.row).exists():
        return True
    done = ErasureStep.objects.filter(name=Step.FILES.value, erasure__person=file.person)
    return done.exists()


def file_delete(file: Held, gone: frozenset[UUID] = frozenset()) -> bool:
    """Delete a file unless somebody else's row names the same bytes; say whether it went."""
    if is_named_elsewhere(file, gone):
        return False
    blob_delete(file.area, file.sha256)
    return True


def _files(*, person_id: UUID | None = None, sha256: str = "") -> Iterator[Held]:
    """Yield the files about a person, or the rows that name some bytes."""
    for model, area, column, row, people in _NAMED_BY:
        asked = Q(**{column: sha256}) if sha256 else _about(people, person_id)
        named = model._default_manager.filter(asked).exclude(**{column: ""})
        found = named.values_list(column, row, people[0])
        for name, about, whose in found:
            yield Held(area, name, about, whose)
    for model, area, column, subject, row in _MADE_OF:
        rows = model._default_manager.filter(**{column: sha256}) if sha256 else None
        whose_by = _people_of(person_id, rows, subject)
        if rows is None:
            rows = model._default_manager.filter(**{f"{subject}__in": whose_by})
        for name, about, production in rows.values_list(column, row, subject):
            if production in whose_by:  # a job may be about something else
                yield Held(area, name, about, whose_by[production])


def _about(people: tuple[str, ...], person_id: UUID | None) -> Q:
    found = Q()
    for path in people:
        found |= Q(**{path: person_id})
    return found


def _people_of(
    person_id: UUID | None, rows: QuerySet[Any] | None, subject: str
) -> dict[UUID, UUID]:
    """Return the person by production: of one person, or of what these rows were made of."""
    asked = _about(("likeness__person", "speaker__person"), person_id)
    if rows is not None:
        asked = Q(pk__in=list(rows.values_list(subject, flat=True)))
    return dict(Production.objects.filter(asked).values_list("pk", "likeness__person"))


# The rows that name a stored file: where it lies, the column, what names it, and whom it is about:
# the first is whose keys it goes by, the others are heard in it.
_NAMED_BY: tuple[tuple[type[Model], Area, str, str, tuple[str, ...]], ...] = (
    (Likeness, Area.INPUTS, "portrait_sha256", "pk", ("person",)),
    (Voice, Area.INPUTS, "sample_sha256", "pk", ("person",)),
    (IdentityCheck, Area.INPUTS, "evidence_sha256", "pk", ("person",)),
    (IdentityChallenge, Area.INPUTS, "document_sha256", "pk", ("person",)),
    (RemoteAttempt, Area.RECORDINGS, "sealed_sha256", "pk", ("check_made__person",)),
    (Guardianship, Area.INPUTS, "evidence_sha256", "pk", ("person",)),
    (Production, Area.INPUTS, "voice_sha256", "pk", ("likeness__person", "speaker__person")),
    (Production, Area.INPUTS, "label_sha256", "pk", ("likeness__person", "speaker__person")),
    (Production, Area.INPUTS, "captions_sha256", "pk", ("likeness__person", "speaker__person")),
    (Production, Area.INPUTS, "background_sha256", "pk", ("likeness__person", "speaker__person")),
    (
        PreviewUpload,
        Area.PREVIEWS,
        "file_sha256",
        "pk",
        ("preview__consent__likeness__person",),
    ),
    (JobOutput, Area.QUARANTINE, "sha256", "job__subject_id", ("job__person",)),
    (
        Rendering,
        Area.QUARANTINE,
        "file_sha256",
        "production_id",
        ("production__likeness__person", "production__speaker__person"),
    ),
)
# Rows that know their production by its id only: the columns of the file and of the production, and
# what names the file.
_MADE_OF: tuple[tuple[type[Model], Area, str, str, str], ...] = (
    (Sealing, Area.QUARANTINE, "file_sha256", "subject_id", "subject_id"),
    (Release, Area.RELEASES, "file_sha256", "subject_id", "pk"),
    (Captions, Area.RELEASES, "file_sha256", "release__subject_id", "release_id"),
    (Fingerprint, Area.PRINTS, "manifest_sha256", "release__subject_id", "pk"),
    (Fingerprint, Area.PRINTS, "print_sha256", "release__subject_id", "pk"),
    (CopyReference, Area.PRINTS, "file_sha256", "release__subject_id", "pk"),
    (JobOutput, Area.QUARANTINE, "sha256", "job__subject_id", "job__subject_id"),
    (PreviewUpload, Area.PREVIEWS, "file_sha256", "preview__subject_id", "pk"),
)

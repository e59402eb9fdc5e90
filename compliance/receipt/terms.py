"""What a consent says, whatever the version of the record that says it."""

from dataclasses import dataclass, field
from datetime import datetime

from compliance.errors import ComplianceError

LIKENESS = "likeness"  # what a consent can be about: a face in one photo
VOICE = "voice"  # or a voice in one sample


class ReceiptInvalid(ComplianceError):
    """A receipt or its record is not of a form this program knows, or contradicts itself."""

    code = "receipt-invalid"


@dataclass(frozen=True, slots=True)
class ConsentTerms:
    """A consent in the words of Rakkan.

    Ids are UUIDs as text, moments ISO 8601 text exactly as signed, word lists sorted and unique.
    """

    consent_id: str
    principal: str  # pseudonym of the person: an id that says nothing by itself
    controller: str  # name of the organisation
    target_id: str  # the likeness or the voice that it is about
    target_sha256: str  # of the portrait, or of the voice sample
    granted_by: str
    granted_at: str
    purposes: tuple[str, ...]
    channels: tuple[str, ...]
    territories: tuple[str, ...]
    languages: tuple[str, ...]
    permitted_changes: tuple[str, ...]  # empty: none
    ai_label: str
    valid_from: str
    valid_until: str
    withdrawal: str  # how the person withdraws, in a sentence
    identity: dict[str, str] = field(default_factory=dict)  # decision, method, digest, until
    controller_id: str = ""  # version 1 had only the name
    target: str = LIKENESS  # or VOICE; versions 1 and 2 knew likenesses only
    supersedes: str = ""  # consent id of the wider consent that this one narrows

    @property
    def starts(self) -> datetime:
        """First moment of the term."""
        return moment_of(self.valid_from)

    @property
    def ends(self) -> datetime:
        """First moment after the term."""
        return moment_of(self.valid_until)

    @property
    def given(self) -> datetime:
        """When it was granted."""
        return moment_of(self.granted_at)


def moment_of(text: str) -> datetime:
    """Return the moment that ISO 8601 text names.

    Raises:
        ReceiptInvalid: it names none, or has no time zone.
    """
    try:
        moment = datetime.fromisoformat(text)
    except (TypeError, ValueError) as error:
        raise ReceiptInvalid(f"{text!r} is not a moment.", code="receipt-term") from error
    if moment.tzinfo is None:
        raise ReceiptInvalid(f"{text!r} has no time zone.", code="receipt-term")
    return moment

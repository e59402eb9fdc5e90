"""What a worker found in a recording."""

from compliance.permit import MeasureResult
from rakkan.audit.names import EventName
from rakkan.audit.services import Subject, event_record, system
from rakkan.identity.models import IdentityCheck, RemoteMeasurement


def recording_measured(*, check: IdentityCheck, result: MeasureResult) -> RemoteMeasurement:
    """Keep the first measurement of a recording; a second one changes nothing."""
    row, made = RemoteMeasurement.objects.get_or_create(
        check_made=check,
        defaults={
            "verdict": result.verdict.value,
            "findings": result.to_dict()["findings"],
            "facts": result.facts,
        },
    )
    if made:
        event_record(
            EventName.IDENTITY_MEASURED,
            actor=system("measure-worker", check.person.organisation_id),
            subject=Subject("identity_check", str(check.pk)),
            data={"verdict": result.verdict.value},
            rows=[row],
        )
    return row

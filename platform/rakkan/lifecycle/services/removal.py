"""Destroy what refused videos have left, but nothing that a legal hold keeps."""

from rakkan.approvals.selectors import reviews_refused
from rakkan.lifecycle.selectors import holds_live
from rakkan.productions.models import Production
from rakkan.releases.services.remove import files_remove, sealings_kept


def removals_resume() -> None:
    """Destroy the files of refused videos that a crash, or a hold that has ended, left behind.

    What a hold keeps is not tried: the database would refuse it, and say so, each time.
    """
    refused = reviews_refused().values("workflow__subject_id")
    held = set(holds_live().values_list("person", flat=True))
    for sealing in sealings_kept().filter(subject_id__in=refused):
        rows = Production.objects.select_related("likeness", "speaker")
        production = rows.get(pk=sealing.subject_id)
        if not held & production.seen_or_heard:
            files_remove(sealing, production.organisation_id)

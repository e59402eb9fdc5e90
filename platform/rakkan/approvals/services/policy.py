"""Set up an organisation's policy."""

from django.db import transaction

from rakkan.accounts.models import Organisation
from rakkan.approvals.models import PolicyStep


@transaction.atomic
def policy_ensure(*, organisation: Organisation, steps: list[str]) -> None:
    """Give an organisation these steps, in order, if it has none."""
    if PolicyStep.objects.filter(organisation=organisation).exists():
        return
    for order, name in enumerate(steps, start=1):
        PolicyStep.objects.create(organisation=organisation, order=order, name=name)

"""What is filled in about holds, periods and webhooks. Forms only read; the services decide."""

from datetime import UTC, datetime
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from rakkan.lifecycle.services.retention import LONGEST_DAYS
from rakkan.likenesses.models import Person
from rakkan.pages.forms import LAST_SECOND, Form
from rakkan.pages.words import RETAINED, TOPIC_WORDS, choices


class HoldForm(Form):
    """Whose data is kept, why, until when."""

    person = forms.UUIDField(label=_("Person"), widget=forms.Select)
    reason = forms.CharField(
        label=_("Reason"),
        max_length=500,
        help_text=_("Approvers and auditors read it. It is sealed under the person's key."),
        widget=forms.Textarea({"rows": 3}),
    )
    valid_until = forms.DateField(
        label=_("Until"),
        help_text=_("The last day of the term (UTC)."),
        widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
    )
    told = forms.BooleanField(
        label=_("The person may know of it"),
        required=False,
        help_text=_("Without the tick, an erasure they ask for is refused without the reason."),
    )

    def __init__(self, *args: Any, persons: QuerySet[Person], **kwargs: Any) -> None:
        """Offer these persons; whether one may be held, the service says."""
        super().__init__(*args, **kwargs)
        named = sorted((one.name, str(one.pk)) for one in persons)
        offered = [(pk, name) for name, pk in named]
        self.fields["person"].widget = forms.Select(choices=offered)

    def hold(self) -> dict[str, Any]:
        """Return what was filled in."""
        given = self.cleaned_data
        end = datetime.combine(given["valid_until"], LAST_SECOND, tzinfo=UTC)
        return {
            "person_id": given["person"],
            "reason": given["reason"],
            "valid_until": end,
            "told": given["told"],
        }


class PeriodForm(Form):
    """How many days a kind of thing is kept."""

    kind = forms.ChoiceField(label=_("What"), choices=choices(RETAINED))
    days = forms.IntegerField(label=_("Days"), min_value=1, max_value=LONGEST_DAYS)


class EndpointForm(Form):
    """An address, and what it is told."""

    url = forms.CharField(
        label=_("Address"),
        max_length=500,
        help_text=_("A public https address that takes POST requests."),
        widget=forms.URLInput({"placeholder": "https://"}),
    )
    topics = forms.MultipleChoiceField(
        label=_("It is told when"),
        choices=choices(TOPIC_WORDS),
        widget=forms.CheckboxSelectMultiple,
    )

"""What auditors fill in."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from rakkan.core.errors import NotFound
from rakkan.inspection.filters import LogFilter
from rakkan.inspection.people import account_id
from rakkan.pages.events import event_choices
from rakkan.pages.forms import Form
from rakkan.pages.problems import problem_of

_DAY = {"type": "date"}


class EventFilter(Form):
    """What narrows the log down."""

    text = forms.CharField(
        label=_("Words"),
        help_text=_("Codes, ids and digests: all of it, or its first eight characters."),
        required=False,
        max_length=200,
    )
    name = forms.ChoiceField(label=_("Event"), required=False)
    person = forms.CharField(
        label=_("Concerns the person"),
        help_text=_("Name, e-mail address or id."),
        required=False,
        max_length=120,
    )
    production = forms.UUIDField(label=_("Concerns the production"), required=False)
    actor = forms.CharField(
        label=_("Done by"),
        help_text=_("Name, e-mail address or id; system:seal for a process."),
        required=False,
        max_length=120,
    )
    object = forms.CharField(label=_("Object id"), required=False, max_length=64)
    since = forms.DateField(
        label=_("From (UTC)"), required=False, widget=forms.DateInput(_DAY, format="%Y-%m-%d")
    )
    until = forms.DateField(
        label=_("To, with that day"),
        required=False,
        widget=forms.DateInput(_DAY, format="%Y-%m-%d"),
    )

    def __init__(self, *args: Any, organisation_id: str, **kwargs: Any) -> None:
        """Offer every event there is."""
        super().__init__(*args, **kwargs)
        self._organisation_id = organisation_id
        field = self.fields["name"]
        if isinstance(field, forms.ChoiceField):
            field.choices = [("", _("All events")), *event_choices()]

    def clean_person(self) -> str:
        """Find who is meant."""
        return self._account("person")

    def clean_actor(self) -> str:
        """Find who is meant; a process is named as it is."""
        if self.cleaned_data["actor"].startswith("system:"):
            return str(self.cleaned_data["actor"])
        return self._account("actor")

    def _account(self, field: str) -> str:
        text = self.cleaned_data[field].strip()
        try:
            return account_id(self._organisation_id, text) if text else ""
        except NotFound as error:
            told = problem_of(error)
            raise forms.ValidationError(told.title if told else str(error)) from error

    @staticmethod
    def fields_of(told: dict[str, str]) -> dict[str, str]:
        """Return a stored filter as what the form would have been given."""
        asked = LogFilter.of(told)
        given = {name: value for name, value in asked.told().items() if name != "domain"}
        if asked.domain:
            given["name"] = asked.domain
        if asked.since:
            given["since"] = asked.since.date().isoformat()
        if asked.until:
            given["until"] = (asked.until - timedelta(microseconds=1)).date().isoformat()
        return given

    def asked(self) -> LogFilter:
        """Return the valid fields as a filter: days are whole, in UTC."""
        given = {name: value for name, value in self.cleaned_data.items() if value}
        if "." not in given.get("name", "."):
            given["domain"] = given.pop("name")
        for name, days in (("since", 0), ("until", 1)):
            if name in given:
                day = given[name] + timedelta(days=days)
                given[name] = datetime.combine(day, time(), UTC)
        if "production" in given:
            given["production"] = str(given["production"])
        return LogFilter.of({**given, "object": given.get("object", "").strip()})


class WatchForm(EventFilter):
    """A filter, and its name."""

    label = forms.CharField(label=_("Name of the watch-list"), max_length=80)

    field_order = ("label",)

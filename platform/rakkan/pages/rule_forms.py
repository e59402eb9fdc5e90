"""What administrators fill in about rules. Forms only read; what may be done, the services say."""

import re
from datetime import UTC, datetime, time
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from rakkan.accounts.models import User
from rakkan.approvals.matching import LISTS, Asked, Match, StepPlan
from rakkan.approvals.models import Policy, PolicyStep
from rakkan.approvals.services import ForbiddenText, PolicyText, Reason
from rakkan.pages.words import CHANNELS, PERSON_CLASSES, PURPOSES, TERRITORIES, Words, choices

_AFTER_NAME = ("quorum", "remind_after", "remind_every", "escalate_after")
_NUMBER = re.compile(r"\d{1,3}")
_NAMES: dict[str, tuple[Any, Words]] = {
    "purposes": (_("Purposes"), PURPOSES),
    "channels": (_("Channels"), CHANNELS),
    "territories": (_("Territories"), TERRITORIES),
    "person_classes": (_("Who is shown"), PERSON_CLASSES),
}


def _several(name: str, *, required: bool = False) -> forms.MultipleChoiceField:
    label, words = _NAMES[name]
    return forms.MultipleChoiceField(
        label=label,
        choices=choices(words),
        required=required,
        widget=forms.CheckboxSelectMultiple,
    )


class _RuleForm(forms.Form):
    """The lists of a rule, and the day it begins."""

    purposes = _several("purposes")
    channels = _several("channels")
    territories = _several("territories")
    person_classes = _several("person_classes")
    begins = forms.DateField(
        label=_("Begins"),
        required=False,
        help_text=_("The first day (UTC). Empty: once it is confirmed."),
        widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Labels without a colon."""
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)

    def match(self) -> Match:
        """Return the lists as a value."""
        return Match(**{name: tuple(self.cleaned_data[name]) for name in LISTS})

    def begin(self) -> datetime | None:
        """Return the first moment of the first day, if there is one."""
        day = self.cleaned_data["begins"]
        return datetime.combine(day, time.min, tzinfo=UTC) if day else None


class PolicyForm(_RuleForm):
    """Who has to approve what."""

    name = forms.CharField(
        label=_("Name"),
        max_length=50,
        help_text=_("A name that there is already makes the next version of that policy."),
    )
    steps = forms.CharField(
        label=_("Steps"),
        required=False,
        max_length=2000,
        help_text=_(
            "One a line: stage, name, number of people. For example: 1, legal, 2. After that, if "
            "you like: hours until the first reminder, between two reminders, until it is "
            "escalated (0: never), and the e-mail address of the approver it is escalated to. For "
            "example: 1, legal, 2, 24, 24, 72. Without steps nothing can be approved."
        ),
        widget=forms.Textarea({"rows": 4}),
    )
    priority = forms.IntegerField(
        label=_("Priority"),
        initial=0,
        min_value=-999,
        max_value=999,
        help_text=_("Where several policies match, the largest number speaks."),
    )

    reviewers = forms.IntegerField(
        label=_("People who watch the result before its release"),
        initial=0,
        min_value=0,
        max_value=99,
        help_text=_("0: it is released without being watched."),
    )

    field_order = ("name", "steps", *LISTS, "priority", "reviewers", "begins")

    def __init__(self, *args: Any, approvers: list[User], **kwargs: Any) -> None:
        """Know whom a step can be escalated to."""
        super().__init__(*args, **kwargs)
        self.approvers = {one.email: one.pk for one in approvers}

    def clean_steps(self) -> tuple[StepPlan, ...]:
        """Return the steps."""
        lines = str(self.cleaned_data["steps"]).splitlines()
        return tuple(self._step(line) for line in lines if line.strip())

    def _step(self, line: str) -> StepPlan:
        """Return the step of one line: stage, name, people, three times of hours, an address."""
        parts = [part.strip() for part in re.split("[,、]", line)]
        numbers = parts[:1] + parts[2:6]
        if len(parts) not in range(2, 8) or not all(_NUMBER.fullmatch(one) for one in numbers):
            raise forms.ValidationError(
                _("A line is no step: write stage, name, number of people.")
            )
        named = None
        if len(parts) == 7:
            named = self.approvers.get(parts[6].lower())
            if named is None:
                raise forms.ValidationError(
                    _("%(address)s is no approver of the organisation."),
                    params={"address": parts[6]},
                )
        stage, *others = map(int, numbers)
        plan = dict(zip(_AFTER_NAME, others, strict=False))
        return StepPlan(stage, parts[1][:60], escalate_to_id=named, **plan)

    def text(self) -> PolicyText:
        """Return what was filled in."""
        given = self.cleaned_data
        return PolicyText(
            given["name"], given["steps"], self.match(), given["priority"], given["reviewers"]
        )

    @staticmethod
    def of(policy: Policy) -> dict[str, Any]:
        """Return what a policy says, to start a next version from."""
        steps = [_line(step) for step in policy.steps.all()]
        lists = {name: getattr(policy, name) for name in LISTS}
        return {
            "name": policy.name,
            "priority": policy.priority,
            "reviewers": policy.reviewers,
            "steps": "\n".join(steps),
            **lists,
        }


def _line(step: PolicyStep) -> str:
    """Return a step as a line of the form has it."""
    said = [step.stage, step.name, *(getattr(step, name) for name in _AFTER_NAME)]
    named = [step.escalate_to.email] if step.escalate_to else []
    return ", ".join(str(one) for one in [*said, *named])


class ForbiddenForm(_RuleForm):
    """A use that the organisation never makes."""

    rule = forms.CharField(
        label=_("Name"),
        max_length=50,
        help_text=_("A name that there is already makes the next version of that rule."),
    )
    reason_en = forms.CharField(label=_("Reason, in English"), max_length=300)
    reason_ja = forms.CharField(label=_("Reason, in Japanese"), max_length=300)

    field_order = ("rule", "reason_en", "reason_ja", *LISTS, "begins")

    def text(self) -> ForbiddenText:
        """Return what was filled in."""
        given = self.cleaned_data
        reason = Reason(given["reason_en"], given["reason_ja"])
        return ForbiddenText(given["rule"], self.match(), reason)


class AskedForm(forms.Form):
    """A request that nobody made yet."""

    purpose = forms.ChoiceField(label=_("Purpose"), choices=choices(PURPOSES))
    channels = _several("channels", required=True)
    territories = _several("territories", required=True)
    person_class = forms.ChoiceField(label=_("Who is shown"), choices=choices(PERSON_CLASSES))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Labels without a colon."""
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)

    def asked(self) -> Asked:
        """Return what was filled in."""
        given = self.cleaned_data
        return Asked(
            given["purpose"],
            tuple(given["channels"]),
            tuple(given["territories"]),
            given["person_class"],
        )

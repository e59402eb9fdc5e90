"""Requester and approvers see what becomes of a prompt before they decide."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from compliance.permit import MeasureResult, Verdict
from rakkan.dispatch.models import Job
from rakkan.productions.models import Production
from rakkan.productions.prompted import prompt_report_of
from rakkan.productions.services.create import production_create
from rakkan.productions.services.submit import production_submit
from tests.integration import people

pytestmark = pytest.mark.django_db
LINES = [
    {"words": "calm", "honoured": True, "effect": "smaller movement"},
    {"words": "on the moon", "honoured": False, "why": "no such place"},
]


@pytest.fixture
def team() -> people.Team:
    team = people.team_make()
    people.identity_make(team)
    return team


def _measured(team: people.Team, facts: dict[str, Any], consented: bool = True) -> Production:
    likeness = people.likeness_make(team)
    if consented:
        people.consent_make(team, likeness, permitted_changes=["expression"])
    made = production_create(
        user=team.requester,
        cast=people.cast_of(team, likeness),
        draft=people.draft(prompt="calm, on the moon"),
        voice=people.voice_file(),
    )
    people.measured(made.pk, MeasureResult(Verdict.USABLE, (), {"seconds": 5.0} | facts))
    made.refresh_from_db()
    return made


def _asked(production: Production) -> Any:
    return Job.objects.get(subject_id=production.pk, kind="measure").job_spec()


def test_it_stands_on_the_page_of_whoever_decides(team: people.Team) -> None:
    made = _measured(team, {"prompt_report": LINES})
    production = production_submit(user=team.requester, production_id=made.pk)
    browser = Client()
    browser.force_login(team.approver)

    page = browser.get(f"/productions/{production.pk}").content.decode()

    asked = _asked(made)
    assert (asked.prompt, asked.permitted_changes) == ("calm, on the moon", ("expression",))
    assert "smaller movement" in page
    assert "no such place" in page
    assert "So it would be under the consent." in page


def test_it_says_nothing_where_the_consent_permits_other_changes_by_then(team: people.Team) -> None:
    made = _measured(team, {"prompt_report": LINES})
    assert prompt_report_of(made) == LINES
    newer = people.consent_make(team, made.likeness, permitted_changes=["expression", "background"])

    made.consent = newer

    assert prompt_report_of(made) == []


def test_without_a_consent_at_hand_no_worker_is_asked(team: people.Team) -> None:
    made = _measured(team, {}, consented=False)

    assert (_asked(made).prompt, _asked(made).permitted_changes) == ("", ())
    assert prompt_report_of(made) == []


@pytest.mark.parametrize("junk", ["calm", ["calm"], [{"words": "calm"}], {}])
def test_a_report_that_is_none_is_refused_as_a_result(team: people.Team, junk: Any) -> None:
    with pytest.raises(AssertionError, match="result-invalid"):
        _measured(team, {"prompt_report": junk})

"""Who decides again sees what has changed since the last decision, and that is all of it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st

from compliance.permit import MeasureResult
from compliance.permit import Verdict as Usable
from rakkan.approvals.services import Verdict, Word
from rakkan.pages.changes import changes_of, text_changes
from rakkan.productions.models import Production
from rakkan.productions.services.decide import production_decide
from rakkan.productions.services.redraft import Changed, draft_of, production_redraft
from rakkan.productions.services.stop import production_cancel
from tests.integration import people

_WORDS = st.lists(
    st.sampled_from(["now", "wir", "今日", "は", " ", "\n", ",", "it's"]), max_size=30
)


@settings(deadline=None)  # a promise about the result, not about this machine
@given(_WORDS.map("".join), _WORDS.map("".join))
def test_both_texts_can_be_read_off_what_is_shown(old: str, new: str) -> None:
    pieces = text_changes(old, new)
    assert "".join(p.text for p in pieces if p.kind != "gone") == new
    assert "".join(p.text for p in pieces if p.kind != "new") == old


def test_a_text_of_any_length_is_shown_in_time() -> None:
    pieces = text_changes("a " * 10_000, "b " * 10_000)
    assert [piece.kind for piece in pieces] == ["gone", "new"]


def test_japanese_is_compared_sign_by_sign() -> None:
    pieces = text_changes("明日は休みです", "今日は休みです")
    assert [(p.kind, p.text) for p in pieces] == [
        ("gone", "明"),
        ("new", "今"),
        ("same", "日は休みです"),
    ]


def _sent_back(team: people.Team) -> Production:
    production = people.submitted_make(team, transcript="Good morning, all of you.")
    people.confirm(team.approver)
    word = Word(Verdict.CHANGES, "Say it shorter.")
    return production_decide(
        user=team.approver,
        production_id=production.pk,
        request_digest=production.request_digest,
        word=word,
    )


def _again(team: people.Team, old: Production, changed: Changed) -> Production:
    draft = production_redraft(user=team.requester, production_id=old.pk, changed=changed)
    people.measured(draft.pk, MeasureResult(Usable.USABLE, (), {"seconds": 5.0}))
    draft = Production.objects.get(pk=draft.pk)
    return people.submit(team.requester, draft)


@pytest.mark.django_db
def test_what_was_changed_is_named_field_by_field() -> None:
    team = people.team_make()
    old = _sent_back(team)
    data = people.voice_file().read() + b"\0\0"
    voice = SimpleUploadedFile("speech.wav", data, "audio/wav")
    draft = replace(draft_of(old), title="Shorter", transcript="Good morning.")
    new = _again(team, old, Changed(draft=draft, voice=voice))

    changes = changes_of(new)

    assert changes is not None
    assert [row.field for row in changes.fields] == ["title"]
    assert [name for name, _ in changes.texts] == ["transcript"]
    assert changes.voice
    assert not changes.portrait
    assert [decision.comment for decision in changes.decisions] == ["Say it shorter."]
    client = Client()
    client.force_login(team.approver)
    page = client.get(f"/productions/{new.pk}").content.decode()
    assert "<del>, all of you</del>" in page
    assert f"/productions/{old.pk}/voice" in page
    assert f"/productions/{new.pk}/voice" in page
    answer = client.get(f"/productions/{old.pk}/voice")
    assert len(b"".join(answer.streaming_content)) == old.voice_size


@pytest.mark.django_db
def test_a_version_that_nobody_decided_on_is_passed_over() -> None:
    team = people.team_make()
    first = _sent_back(team)
    second = _again(team, first, Changed(draft=replace(draft_of(first), title="Second")))
    production_cancel(user=team.requester, production_id=second.pk)
    second.refresh_from_db()
    third = _again(team, second, Changed())

    changes = changes_of(third)

    assert changes is not None
    assert changes.earlier == first
    assert [row.field for row in changes.fields] == ["title"]


@pytest.mark.django_db
def test_a_first_request_has_nothing_to_compare_with() -> None:
    assert changes_of(people.submitted_make(people.team_make())) is None

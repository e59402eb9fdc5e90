"""What the gate says of a photo is on the production's page, in both languages, and it decides."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from compliance.permit import MeasureResult, Verdict
from generation.gate import check_portrait
from rakkan.core.errors import BadInput
from rakkan.likenesses.models import Likeness
from rakkan.productions.models import Production
from rakkan.productions.services.create import production_create
from rakkan.productions.services.portray import portrait_add
from tests.integration import people

pytestmark = pytest.mark.django_db
FIXTURE = Path(__file__).parents[1] / "fixtures" / "portrait.png"


def drafted(team: people.Team, result: MeasureResult) -> Production:
    likeness = portrait_add(user=team.person, label="Portrait", portrait=people.portrait_file())
    people.measured(likeness.pk, result)
    likeness = Likeness.objects.get(pk=likeness.pk)
    people.identity_make(team)
    people.consent_make(team, likeness)
    production = production_create(
        user=team.requester,
        cast=people.cast_of(team, likeness),
        draft=people.draft(),
        voice=people.voice_file(),
    )
    people.measured(production.pk, MeasureResult(Verdict.USABLE, (), {"seconds": 5.0}))
    return Production.objects.get(pk=production.pk)


def test_approvers_read_what_was_measured_with_its_limit_and_what_helps(tmp_path: Path) -> None:
    with Image.open(FIXTURE) as photo:  # nearly grey: without any colour its lips are not followed
        colour = photo.convert("RGB")
        grey = colour.convert("L").convert("RGB")
    Image.blend(grey, colour, 0.2).save(tmp_path / "grey.png")
    result = check_portrait(tmp_path / "grey.png")
    assert result.verdict is Verdict.WARNINGS
    team = people.team_make()
    production = drafted(team, result)

    english, japanese = (
        people.page_of(team.requester, production, language) for language in ("en", "ja")
    )

    assert "The face has no colour: a black-and-white photo, or a statue." in english
    assert "Use a colour photo of the person themself." in english
    assert " chroma · limit 5<" in english
    assert "顔に色がありません(白黒写真または像)。" in japanese
    assert "本人を撮ったカラー写真を使ってください。" in japanese
    assert "画素 · 基準 200" in japanese  # the face's height


def test_a_photo_that_the_gate_calls_unusable_cannot_be_submitted(tmp_path: Path) -> None:
    with Image.open(FIXTURE) as photo:
        photo.resize((160, 160)).save(tmp_path / "tiny.png")
    result = check_portrait(tmp_path / "tiny.png")
    assert result.verdict is Verdict.UNUSABLE
    team = people.team_make()

    with pytest.raises(BadInput) as refused:
        people.submit(team.requester, drafted(team, result))

    assert refused.value.code == "portrait-unusable"
    assert refused.value.remedy

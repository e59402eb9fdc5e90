import pytest

from compliance.errors import InvalidInput
from compliance.permit import Action, Challenge, Prompt

GOOD = tuple(
    Prompt(action, 2.0 + 3 * index, 4.5 + 3 * index)
    for index, action in enumerate(
        (Action.BLINK, Action.TURN_RIGHT, Action.SMILE, Action.OPEN_MOUTH)
    )
)


def test_a_challenge_survives_its_way_through_json():
    challenge = Challenge(GOOD, 14.0)
    assert Challenge.from_dict(challenge.to_dict()) == challenge


@pytest.mark.parametrize(
    "prompts",
    [
        GOOD[:3],
        (*GOOD[:3], Prompt(Action.BLINK, 11, 13)),
        (GOOD[0], Prompt(Action.RAISE_BROWS, 5, 7.5), *GOOD[2:]),
        (*GOOD[:3], Prompt(Action.OPEN_MOUTH, 10.0, 13.0)),
        (*GOOD[:3], Prompt(Action.OPEN_MOUTH, 11, 12.5)),
        (Prompt(Action.BLINK, 0.5, 3.0), *GOOD[1:]),
        (*GOOD[:3], Prompt(Action.OPEN_MOUTH, 38.0, 42.0)),
    ],
    ids=["three", "twice the same", "no turn", "overlapping", "short", "no lead", "too late"],
)
def test_what_could_not_be_judged_is_no_challenge(prompts):
    with pytest.raises(InvalidInput):
        Challenge(prompts, 14.0)


@pytest.mark.parametrize("data", [{}, {"prompts": 3}, {"prompts": [{"action": "dance"}]}, []])
def test_other_documents_are_refused_with_a_code(data):
    with pytest.raises(InvalidInput) as refused:
        Challenge.from_dict(data)
    assert refused.value.code == "challenge-invalid"

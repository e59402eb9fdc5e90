"""A permit that somebody changed or made by hand: the worker refuses it and writes nothing.

Every value of a permit is changed, one at a time; a new field joins by itself.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest

from compliance.canonical import canonical_json
from compliance.label import LabelPlace
from compliance.permit import InputFile, JobKind, JobSpec
from compliance.signing import KeyRole, StatementSigner
from generation.worker.runner import Outcome

# A permit of the same form as the worker gets, for the names of its values.
SAMPLE_SPEC = JobSpec(
    JobKind.RENDER,
    "mesh",
    tuple(InputFile(role, "0" * 64, 1, "x/y") for role in ("portrait", "voice", "label")),
    label=LabelPlace(2, 2, 8, 8),
).to_dict()
FIELDS = (
    *("format", "permit_id", "kind", "job_id", "subject_id", "request_digest", "spec_digest"),
    *("asset_id", "fence", "max_seconds", "issued_at", "expires_at"),
)


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to each single value."""
    if isinstance(value, dict):
        for key in value:
            yield from leaves(value[key], (*path, key))
    elif isinstance(value, list) and value:
        for place, item in enumerate(value):
            yield from leaves(item, (*path, place))
    else:
        yield path


PATHS = [(name,) for name in FIELDS] + [("spec", *path) for path in leaves(SAMPLE_SPEC)]
EACH = pytest.mark.parametrize("path", PATHS, ids=lambda path: ".".join(map(str, path)))


@pytest.fixture
def permit(desk, portrait, short_voice) -> dict[str, Any]:
    """What a real permit of a job that could be drawn says."""
    files = {"portrait": portrait, "voice": short_voice}
    return desk.offer(JobKind.RENDER, files, spec={"permitted_changes": ("expression",)}).to_dict()


def changed(statement: dict[str, Any], path: tuple[Any, ...]) -> dict[str, Any]:
    copy: Any = json.loads(json.dumps(statement))
    place = copy
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = _other(place[path[-1]])
    return dict(copy)


def _other(value: Any) -> Any:
    if isinstance(value, (int, float)):
        return value + 1
    if isinstance(value, str):
        return value[:-1] + chr(ord(value[-1]) ^ 1) if value else "x"
    return [*value, "background"]


def expect_nothing_is_made(desk) -> str:
    """Run the job: it fails, and neither a result, an upload nor a file is there."""
    assert desk.runner.run("job-1") is Outcome.FAILED
    assert not desk.platform.uploads
    assert not desk.platform.results
    assert not desk.leftovers()
    [failure] = desk.platform.failures
    return str(failure["code"])


def test_every_value_of_a_permit_is_tried(permit) -> None:
    assert {name for name in permit if name != "spec"} == set(FIELDS)
    assert {path[1] for path in PATHS if path[0] == "spec"} == set(permit["spec"])


@EACH
def test_a_stolen_permit_with_one_value_changed_makes_nothing(desk, permit, path) -> None:
    head, _, signature = desk.platform.permit.split(".")
    payload = base64.urlsafe_b64encode(canonical_json(changed(permit, path))).decode().rstrip("=")
    desk.platform.permit = f"{head}.{payload}.{signature}"

    assert expect_nothing_is_made(desk) == "permit-signature"


@EACH
@pytest.mark.parametrize("role", [role for role in KeyRole if role is not KeyRole.PERMIT])
def test_a_permit_made_by_hand_with_a_key_of_another_role_makes_nothing(
    desk, permit, path, role
) -> None:
    stolen = StatementSigner(role, desk.signer.private)  # even were it the same key
    for signer in (StatementSigner.generate(role), stolen):
        desk.platform.permit = signer.sign(changed(permit, path))
        desk.platform.failures.clear()

        assert expect_nothing_is_made(desk) == "permit-signature"


@pytest.mark.parametrize("role", ["portrait", "voice", "label"])
def test_a_real_permit_with_one_bit_of_an_input_changed_makes_nothing(desk, permit, role) -> None:
    (item,) = (item for item in permit["spec"]["inputs"] if item["role"] == role)
    data = bytearray(desk.platform.inputs[item["sha256"]])
    data[len(data) // 2] ^= 1
    desk.platform.inputs[item["sha256"]] = bytes(data)

    assert expect_nothing_is_made(desk) == "input-mismatch"

"""Results come from workers, which are not trusted: nothing odd gets past reading them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from compliance.errors import InvalidInput
from compliance.permit import Finding, MeasureResult, RenderResult, Verdict

LINE = {"words": "calm", "honoured": True, "concept": "calm", "effect": "smaller movements"}
RENDER = RenderResult(
    "aa" * 32, 9, 25, 1.0, "mesh", "1", {"a.task": "bb" * 32}, [LINE], 0.5, 0.5
).to_dict()
FINDING = Finding(
    "face-height", Verdict.WARNINGS, 1.5, None, "px", {"en": "Too small."}, {"en": "Come closer."}
)
MEASURE = MeasureResult(Verdict.WARNINGS, (FINDING,), {"seconds": 4, "size": [3, 4]}).to_dict()
NAN, HUGE = float("nan"), 10**400


def _deep(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


def _code(kind: Any, data: Any) -> str:
    with pytest.raises(InvalidInput) as caught:
        kind.from_dict(data)
    return caught.value.code


def test_what_a_true_worker_sends_is_read_back_the_same() -> None:
    assert RenderResult.from_dict(json.loads(json.dumps(RENDER))).to_dict() == RENDER
    read = MeasureResult.from_dict(json.loads(json.dumps(MEASURE)))
    assert read.findings == (FINDING,)
    assert read.facts == {"seconds": 4, "size": [3, 4]}
    whole = RenderResult.from_dict(RENDER | {"seconds": 1})  # RFC 8785 writes 1.0 as 1
    assert isinstance(whole.seconds, float)


@pytest.mark.parametrize(
    "changes",
    [
        {"sha256": 5},
        {"sha256": "AA" * 32},
        {"sha256": "aa" * 32 + "\n"},
        {"sha256": "../../etc/passwd"},
        {"size": "9"},
        {"size": 0},
        {"size": -1},
        {"size": 9.0},
        {"size": True},
        {"size": HUGE},
        {"frames": 0},
        {"frames": None},
        {"seconds": 0},
        {"seconds": -1.0},
        {"seconds": NAN},
        {"seconds": float("inf")},
        {"seconds": HUGE},
        {"cpu_seconds": "fast"},
        {"cpu_seconds": NAN},
        {"wall_seconds": -0.1},
        {"engine": ["mesh"]},
        {"engine": ""},
        {"engine": "m" * 201},
        {"engine_version": "1\x00"},
        {"engine_version": {}},
        {"models": ["a.task"]},
        {"models": {"a.task": "of last week"}},
        {"models": {"a.task": None}},
        {"models": {"": "bb" * 32}},
        {"models": {"a\x00": "bb" * 32}},
        {"models": {str(i): "bb" * 32 for i in range(1_001)}},
        {"prompt_report": {}},
        {"prompt_report": ["calm"]},
        {"prompt_report": [{"words": "calm"}]},
        {"prompt_report": [LINE | {"honoured": "yes"}]},
        {"prompt_report": [LINE | {"words": 5}]},
        {"prompt_report": [LINE | {"effect": "a\x00b"}]},
        {"prompt_report": [LINE | {"effect": "\ud800"}]},
        {"prompt_report": [LINE | {"effect": "x" * 4_001}]},
        {"prompt_report": [LINE] * 1_001},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_a_render_result_with_an_odd_value_is_refused(changes: dict[str, Any]) -> None:
    assert _code(RenderResult, RENDER | changes) == "result-invalid"


@pytest.mark.parametrize("name", sorted(RENDER))
def test_a_render_result_without_a_field_is_refused(name: str) -> None:
    assert _code(RenderResult, {k: v for k, v in RENDER.items() if k != name}) == "result-invalid"


@pytest.mark.parametrize(
    "changes",
    [
        {"verdict": "perfect"},
        {"verdict": ["usable"]},
        {"findings": {"a": 1}},
        {"findings": ["face"]},
        {"findings": MEASURE["findings"] * 1_001},
        {"facts": []},
        {"facts": {"seconds": NAN}},
        {"facts": {"seconds": HUGE}},
        {"facts": {"a": {"b": [float("inf")]}}},
        {"facts": {"a": "\x00"}},
        {"facts": {"a\x00": 1}},
        {"facts": {"a": "x" * 4_001}},
        {"facts": {"a": _deep(5_000)}},
        {"facts": {"a": [[0] * 900] * 12}},
        {"facts": {"a": b"bytes"}},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_a_measure_result_with_an_odd_value_is_refused(changes: dict[str, Any]) -> None:
    assert _code(MeasureResult, MEASURE | changes) == "result-invalid"


@pytest.mark.parametrize(
    "changes",
    [
        {"check": 5},
        {"check": ""},
        {"verdict": "fine"},
        {"value": "big"},
        {"value": NAN},
        {"value": True},
        {"threshold": float("-inf")},
        {"unit": None},
        {"unit": "p" * 41},
        {"reason": "Too small."},
        {"reason": {"en": 5}},
        {"remedy": {"en": "a\x00"}},
        {"surprise": 1},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_a_finding_with_an_odd_value_is_refused(changes: dict[str, Any]) -> None:
    finding = MEASURE["findings"][0] | changes
    assert _code(Finding, finding) == "result-invalid"
    assert _code(MeasureResult, MEASURE | {"findings": [finding]}) == "result-invalid"


@pytest.mark.parametrize("kind", [RenderResult, MeasureResult, Finding])
@pytest.mark.parametrize("data", [None, [], "result", 5, {}])
def test_what_is_no_object_is_refused(kind: Any, data: Any) -> None:
    assert _code(kind, data) == "result-invalid"

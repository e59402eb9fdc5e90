"""Canonical JSON is read as RFC 8785 writes it, and in no other form."""

from __future__ import annotations

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from compliance.canonical import canonical_json, read_canonical

_LIMIT = (1 << 53) - 1
_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-_LIMIT, _LIMIT) | _TEXT
    | st.floats(-_LIMIT, _LIMIT),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXT, inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


def _is_read(data: bytes) -> bool:
    try:
        read_canonical(data)
    except ValueError:
        return False
    return True


@settings(deadline=None, max_examples=300)
@given(_VALUES)
def test_what_the_reference_implementation_writes_is_read(value: object) -> None:
    data = rfc8785.dumps(value)  # type: ignore[arg-type]
    assert rfc8785.dumps(read_canonical(data)) == data


@settings(deadline=None, max_examples=300)
@given(_VALUES, st.data())
def test_nothing_is_read_that_it_would_write_differently(
    value: object, data: st.DataObject
) -> None:
    whole = rfc8785.dumps(value)  # type: ignore[arg-type]
    at = data.draw(st.integers(0, len(whole)))
    rest = whole[at + data.draw(st.integers(0, 2)) :]
    changed = whole[:at] + data.draw(st.binary(max_size=2)) + rest
    try:
        found = read_canonical(changed)
    except ValueError:
        return
    assert rfc8785.dumps(found) == changed


@pytest.mark.parametrize(
    "data",
    [
        b"", b" {}", b"{}\n", b'{"a": 1}', b'{"b":1,"a":2}', b'{"a":1,"a":1}', b'{"a":1,"a":2}',
        b'{"a":1.0}', b'{"a":1e2}', b'{"a":-0}', b'{"a":01}', b'{"a":NaN}', b'{"a":Infinity}',
        b'{"a":-Infinity}', b'{"a":9007199254740992}', b'{"a":1e400}',
        b'{"a":' + b"9" * 5000 + b"}",
        b'{"a":"\\u0041"}', b'{"a":"\\/"}', b'{"a":"\\ud800"}', b'{"a":"\\u00e9"}', b'{"a":"\t"}',
        b'{"a":"\\u000A"}', b'{"a":"\xff"}', b'\xef\xbb\xbf{}', b"{'a':1}", b'{"a":1,}', b"[1,]",
        b"[" * 100_000, b"[" * 100_000 + b"]" * 100_000, b'{"a":' * 50_000 + b"1.5" + b"}" * 50_000,
        b"[1.5," + b"[" * 100_000 + b"]" * 100_000 + b"]",
        '{"\U0001f600":1,"\uffff":2}'.encode() + b" ", '{"\uffff":2,"\U0001f600":1}'.encode(),
    ],
)  # fmt: skip
def test_other_forms_are_refused(data: bytes) -> None:
    assert not _is_read(data)


def test_keys_are_sorted_as_utf_16() -> None:
    data = '{"\U0001f600":1,"\uffff":2}'.encode()
    assert canonical_json({"\uffff": 2, "\U0001f600": 1}) == data
    assert read_canonical(data) == {"\uffff": 2, "\U0001f600": 1}

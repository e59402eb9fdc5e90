"""Who signs claims: never a development key in production."""

from __future__ import annotations

import pytest

from compliance.development import DevelopmentKeys
from compliance.errors import InvalidInput
from compliance.provenance import DevelopmentSigner


def test_a_development_key_never_signs_in_production(
    keys: DevelopmentKeys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAKKAN_ENV", "production")
    with pytest.raises(InvalidInput) as refused:
        DevelopmentSigner(keys.release_chain, keys.release_key)
    assert refused.value.code == "key-development"

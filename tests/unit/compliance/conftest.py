"""Keys, a time-stamp authority and one small marked video, made once for the folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from compliance.development import DevelopmentKeys, development_keys
from compliance.development.tsa import DevelopmentTimestampAuthority
from compliance.errors import RakkanDevelopmentWarning
from compliance.evidence.signers import EvidenceSigner
from compliance.provenance import DevelopmentSigner
from compliance.provenance.certificates import PACKS
from tests.unit.compliance.productions import ASSET, Inputs, make_inputs, make_video


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> DevelopmentKeys:
    return development_keys(tmp_path_factory.mktemp("development"))


@pytest.fixture(scope="session")
def other_keys(tmp_path_factory: pytest.TempPathFactory) -> DevelopmentKeys:
    """Somebody else's keys."""
    return development_keys(tmp_path_factory.mktemp("somebody"))


@pytest.fixture(scope="session")
def authority(keys: DevelopmentKeys) -> DevelopmentTimestampAuthority:
    with pytest.warns(RakkanDevelopmentWarning):
        return DevelopmentTimestampAuthority(keys.keys / "tsa_chain.pem", keys.keys / "tsa_key.pem")


@pytest.fixture(scope="session")
def tsa_url(authority: DevelopmentTimestampAuthority) -> Iterator[str]:
    server = authority.serve()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def signer(keys: DevelopmentKeys) -> DevelopmentSigner:
    with pytest.warns(RakkanDevelopmentWarning):
        return DevelopmentSigner(keys.release_chain, keys.release_key)


@pytest.fixture(scope="session")
def evidence_signer(keys: DevelopmentKeys, tsa_url: str) -> EvidenceSigner:
    with pytest.warns(RakkanDevelopmentWarning):
        own = DevelopmentSigner(keys.evidence_chain, keys.evidence_key, PACKS)
    return EvidenceSigner(own, tsa_url)


@pytest.fixture(scope="session")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Inputs:
    return make_inputs(tmp_path_factory.mktemp("inputs"))


@pytest.fixture(scope="session")
def video(keys: DevelopmentKeys, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A marked video of 1.2 s, 256x256, not signed yet."""
    return make_video(tmp_path_factory.mktemp("video") / "marked.mp4", keys.watermark_key, ASSET)

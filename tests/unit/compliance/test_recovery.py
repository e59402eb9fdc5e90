"""A copy gets its manifest back as what it came from, and never passes for the original."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path

import av
import pytest

from compliance.development.keys import DevelopmentKeys
from compliance.errors import InvalidInput
from compliance.provenance import (
    DevelopmentSigner,
    ManifestState,
    TrustAnchors,
    read_manifest,
    sign_file,
)
from compliance.provenance.recovery import RecoveryFacts, recover_file
from compliance.provenance.sealing import Sealer
from compliance.provenance.store import manifest_store
from tests.unit.compliance.productions import ASSET, Inputs, make_facts

FACTS = RecoveryFacts(
    asset_id=ASSET,
    manifest_id="urn:c2pa:1",
    released_sha256="a" * 64,
    found_by="watermark",
    second=1.5,
    status_url=f"https://example.test/status/{ASSET}",
    recovered_at=datetime(2026, 11, 28, tzinfo=UTC),
)


def stripped(path: Path, copy: Path) -> Path:
    """The same packets in a new file: every manifest is gone."""
    with av.open(str(path)) as old, av.open(str(copy), "w", format="mp4") as new:
        streams = {s.index: new.add_stream_from_template(s) for s in old.streams}
        for packet in old.demux():
            if packet.dts is not None:
                packet.stream = streams[packet.stream.index]
                new.mux(packet)
    return copy


def test_a_recovered_manifest_says_so_and_names_its_original(
    keys: DevelopmentKeys,
    inputs: Inputs,
    video: Path,
    signer: DevelopmentSigner,
    tsa_url: str,
    tmp_path: Path,
) -> None:
    released, trust = tmp_path / "released.mp4", TrustAnchors.load(keys.trust)
    sign_file(video, released, make_facts(inputs), signer, tsa_url)
    store = manifest_store(released)
    copy = stripped(released, tmp_path / "copy.mp4")
    assert read_manifest(copy, trust).state is ManifestState.NONE
    found = hashlib.sha256(copy.read_bytes()).hexdigest()

    given = tmp_path / "given.mp4"
    recover_file(copy, given, store, FACTS, Sealer(signer, tsa_url))

    report = read_manifest(given, trust)
    assert report.state is ManifestState.TRUSTED, report.failures
    assert report.recovered_for == ASSET
    assert report.asset_id is None, "it must not pass for the original"
    assert hashlib.sha256(copy.read_bytes()).hexdigest() == found
    assert manifest_store(given) != store

    with pytest.raises(InvalidInput, match="cannot be read"):
        recover_file(copy, tmp_path / "never.mp4", b"words", FACTS, Sealer(signer, tsa_url))
    assert not (tmp_path / "never.mp4").exists()

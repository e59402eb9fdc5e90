"""Manifests: what Trusted demands, and that signing leaves a whole file or none."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import av
import c2pa
import cv2
import numpy as np
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from compliance.canonical import digest
from compliance.development import DevelopmentKeys
from compliance.development.pki import CLAIM_SIGNING, claim_hierarchy
from compliance.errors import ComplianceError, InvalidInput, RakkanDevelopmentWarning
from compliance.provenance import (
    DevelopmentSigner,
    InputFact,
    ManifestState,
    Signer,
    SignerUnavailable,
    TrustAnchors,
    read_manifest,
    sign_file,
)
from compliance.provenance.facts import SOURCE_TYPE
from tests.unit.compliance.productions import (
    ASSET,
    PERMIT_ID,
    Inputs,
    input_fact,
    make_facts,
)
from tests.unit.compliance.videos import encode, synthetic_frames

NOBODY = "http://127.0.0.1:9/"  # the discard port: nothing answers


class KeySigner:
    """Signs with an EC key in memory."""

    algorithm = "es256"

    def __init__(self, chain: bytes, key: ec.EllipticCurvePrivateKey) -> None:
        self.chain_pem = chain.decode()
        self._private = key

    def sign(self, data: bytes) -> bytes:
        return self._private.sign(data, ec.ECDSA(hashes.SHA256()))


@pytest.fixture(scope="module")
def trust(keys: DevelopmentKeys) -> TrustAnchors:
    return TrustAnchors.load(keys.trust)


@pytest.fixture(scope="module")
def signed(
    video: Path,
    inputs: Inputs,
    signer: Signer,
    tsa_url: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    path = tmp_path_factory.mktemp("signed") / "signed.mp4"
    sign_file(video, path, make_facts(inputs), signer, tsa_url)
    return path


@pytest.fixture
def copy(signed: Path, tmp_path: Path) -> Path:
    path = tmp_path / "copy.mp4"
    path.write_bytes(signed.read_bytes())
    return path


def test_what_was_stated_is_read_back_and_trusted(signed: Path, trust: TrustAnchors) -> None:
    before = datetime.now(UTC)
    report = read_manifest(signed, trust)
    assert report.state is ManifestState.TRUSTED
    assert report.failures == []
    assert report.asset_id == ASSET
    assert report.request_digest == "ef" * 32
    assert report.consent_receipt_sha256 == "cd" * 32
    assert report.permit_id == PERMIT_ID
    assert report.status_url == f"http://127.0.0.1:9/status/{ASSET}"
    assert report.ai_label == "Made with AI"
    assert report.digital_source_type == SOURCE_TYPE
    assert report.signer == "Rakkan development claim signer"
    assert report.timestamped_at is not None
    assert before - timedelta(minutes=5) < report.timestamped_at <= before


def test_the_digests_of_the_inputs_are_in_it(
    signed: Path, inputs: Inputs, trust: TrustAnchors
) -> None:
    assert read_manifest(signed, trust).inputs == {
        "portrait": inputs.portrait.sha256,
        "voice": inputs.voice.sha256,
        "label": inputs.label.sha256,
    }


def test_c2pas_own_reader_agrees_and_finds_the_binding(signed: Path, keys: DevelopmentKeys) -> None:
    roots = [(keys.trust / name).read_text() for name in ("root.pem", "tsa_root.pem")]
    settings = {
        "version": 1,
        "trust": {"trust_anchors": "".join(roots), "trust_config": CLAIM_SIGNING.dotted_string},
        "verify": {"verify_trust": True},
    }
    context = c2pa.Context(c2pa.Settings.from_dict(settings))
    with c2pa.Reader(signed, context=context) as reader:
        assert reader.get_validation_state() == "Trusted"
        manifest = reader.get_active_manifest()
        assertions = {item["label"]: item["data"] for item in manifest["assertions"]}
        bound = [a["data"] for a in manifest["assertions"] if a["label"] == "c2pa.soft-binding"]
        assert [binding["alg"] for binding in bound] == [
            "org.rakkan.dwtdctsvd.1",
            "org.rakkan.contrast.1",
        ]
        for binding in bound:
            [block] = binding["blocks"]
            assert block["value"] == "ASNFZ4mrze8="  # the asset id in base64
        actions = [item["action"] for item in assertions["c2pa.actions.v2"]["actions"]]
        assert actions == ["c2pa.created", "c2pa.placed", *["c2pa.watermarked.bound"] * 2]
        assert [item["title"] for item in manifest["ingredients"]] == ["portrait", "voice", "label"]


@pytest.mark.parametrize(
    ("watched", "level"), [(False, "prompt_guided"), (True, "human_validated")]
)
def test_it_says_which_model_made_it_and_where_the_receipts_and_the_status_are(
    watched: bool,
    level: str,
    video: Path,
    inputs: Inputs,
    signer: Signer,
    tsa_url: str,
    tmp_path: Path,
) -> None:
    facts, path = make_facts(inputs, watched=watched), tmp_path / "signed.mp4"
    sign_file(video, path, facts, signer, tsa_url)
    with c2pa.Reader(path) as reader:
        assertions = (reader.get_active_manifest() or {})["assertions"]
    [disclosure] = [a["data"] for a in assertions if a["label"] == "c2pa.ai-disclosure"]
    assert disclosure["modelName"] == "mesh 1"
    assert disclosure["modelIdentifier"].endswith(digest(facts.models))
    assert disclosure["contentProfile"] == {"humanOversightLevel": level}
    places = [
        a["data"]["location"]
        for a in assertions
        if a["label"].startswith("c2pa.external-reference")
    ]
    assert {place["url"]: place.get("hash") for place in places} == {
        facts.consent_receipt_url: base64.b64encode(bytes.fromhex("cd" * 32)).decode(),
        facts.voice_consent_receipt_url: base64.b64encode(bytes.fromhex("ce" * 32)).decode(),
        facts.status_url: None,
    }


def test_it_names_no_person_and_stays_small(signed: Path, video: Path) -> None:
    assert b"Taro" not in signed.read_bytes()
    assert signed.stat().st_size - video.stat().st_size < 60_000


def test_the_signed_file_plays_like_the_unsigned(signed: Path, video: Path) -> None:
    with av.open(str(signed)) as after, av.open(str(video)) as before:
        frames = [
            [frame.to_ndarray() for frame in container.decode(video=0)]
            for container in (after, before)
        ]
    assert len(frames[0]) == len(frames[1]) == 30
    assert all(np.array_equal(a, b) for a, b in zip(*frames, strict=True))


# What is not to be trusted ------------------------------------------------------------------


def test_a_byte_changed_in_the_picture_is_invalid(copy: Path, trust: TrustAnchors) -> None:
    data = bytearray(copy.read_bytes())
    data[data.index(b"mdat") + 2000] ^= 1
    copy.write_bytes(data)
    report = read_manifest(copy, trust)
    assert report.state is ManifestState.INVALID
    assert "assertion.bmffHash.mismatch" in report.failures


def test_a_byte_changed_in_the_manifest_is_invalid(copy: Path, trust: TrustAnchors) -> None:
    data = copy.read_bytes()
    changed = data.replace(b"Made with AI", b"Made by hand", 2)
    assert changed != data
    copy.write_bytes(changed)
    assert read_manifest(copy, trust).state is ManifestState.INVALID


def test_a_truncated_file_is_invalid(copy: Path, trust: TrustAnchors) -> None:
    copy.write_bytes(copy.read_bytes()[:-3000])
    assert read_manifest(copy, trust).state is ManifestState.INVALID


def test_a_manifest_moved_to_another_video_is_invalid(
    copy: Path, trust: TrustAnchors, tmp_path: Path
) -> None:
    other = encode(synthetic_frames(256, 256, 30, seed=9), tmp_path / "other.mp4").read_bytes()
    data = copy.read_bytes()
    start = data.index(b"uuid") - 4
    size = int.from_bytes(data[start : start + 4], "big")
    head = int.from_bytes(other[:4], "big")  # behind its ftyp box
    copy.write_bytes(other[:head] + data[start : start + size] + other[head:])
    assert read_manifest(copy, trust).state is ManifestState.INVALID


def test_another_root_makes_it_valid_but_not_trusted(
    signed: Path, other_keys: DevelopmentKeys
) -> None:
    report = read_manifest(signed, TrustAnchors.load(other_keys.trust))
    assert report.state is ManifestState.VALID
    assert "signingCredential.untrusted" in report.failures
    assert report.timestamped_at is None


def test_a_self_signed_certificate_is_never_trusted(
    video: Path, inputs: Inputs, tsa_url: str, trust: TrustAnchors, tmp_path: Path
) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, "Mallory")])
    certificate = _certificate(name, name, key, key, datetime.now(UTC) + timedelta(days=1))
    path = tmp_path / "self.mp4"
    try:
        sign_file(video, path, make_facts(inputs), KeySigner(certificate, key), tsa_url)
    except ComplianceError:
        assert not path.exists()  # c2pa may refuse such a certificate outright
    else:
        assert read_manifest(path, trust).state in (ManifestState.VALID, ManifestState.INVALID)


def test_a_time_stamp_authority_cannot_sign_claims(
    video: Path,
    inputs: Inputs,
    keys: DevelopmentKeys,
    tsa_url: str,
    trust: TrustAnchors,
    tmp_path: Path,
) -> None:
    """c2pa calls this file Trusted: both roots are anchors, and it accepts the usage."""
    path = tmp_path / "stamped.mp4"
    sign_file(video, path, make_facts(inputs), _TimestampKey(keys), tsa_url)
    report = read_manifest(path, trust)
    assert report.state is ManifestState.VALID
    assert report.failures == ["signingCredential.notForClaims"]


class _TimestampKey:
    algorithm = "ps256"

    def __init__(self, keys: DevelopmentKeys) -> None:
        self.chain_pem = (keys.keys / "tsa_chain.pem").read_text()
        pem = (keys.keys / "tsa_key.pem").read_bytes()
        key = serialization.load_pem_private_key(pem, None)
        assert isinstance(key, rsa.RSAPrivateKey)
        self._key = key

    def sign(self, data: bytes) -> bytes:
        return self._key.sign(data, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())


def test_a_time_stamp_of_an_unknown_authority_is_not_trusted(
    signed: Path, trust: TrustAnchors, other_keys: DevelopmentKeys
) -> None:
    mixed = TrustAnchors(trust.claim_roots, TrustAnchors.load(other_keys.trust).timestamp_roots)
    report = read_manifest(signed, mixed)
    assert report.state is ManifestState.VALID
    assert report.failures == ["timeStamp.untrusted"]


def test_the_time_stamp_outlives_the_certificate(
    video: Path, inputs: Inputs, tsa_url: str, trust: TrustAnchors, tmp_path: Path
) -> None:
    hierarchy, key = claim_hierarchy(), ec.generate_private_key(ec.SECP256R1())
    authority = hierarchy.intermediate
    end = datetime.now(UTC) + timedelta(seconds=2)
    issuer = authority.certificate.subject
    leaf = _certificate(x509.Name([]), issuer, key, authority.key, end)
    path = tmp_path / "short.mp4"
    chain = leaf + authority.certificate_pem()
    sign_file(video, path, make_facts(inputs), KeySigner(chain, key), tsa_url)
    roots = hierarchy.root.certificate_pem().decode()
    stamped = TrustAnchors(roots, trust.timestamp_roots)
    while datetime.now(UTC) <= end + timedelta(seconds=1):
        assert read_manifest(path, stamped).state is ManifestState.TRUSTED
    assert read_manifest(path, stamped).state is ManifestState.TRUSTED
    unstamped = TrustAnchors(roots, roots)
    assert "signingCredential.expired" in read_manifest(path, unstamped).failures


def _certificate(
    name: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, by: object, end: datetime
) -> bytes:
    assert isinstance(by, ec.EllipticCurvePrivateKey)
    identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(by.public_key())
    usage = dict.fromkeys(_USAGES, False) | {"digital_signature": True}
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name if list(name) else _short_name())
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(end - timedelta(days=1))
        .not_valid_after(end)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(identifier, critical=False)
        .add_extension(x509.KeyUsage(**usage), critical=True)
        .add_extension(x509.ExtendedKeyUsage([CLAIM_SIGNING]), critical=False)
        .sign(by, hashes.SHA256())
    )
    return certificate.public_bytes(serialization.Encoding.PEM)


_USAGES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)


def _short_name() -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, "Short-lived")])


def test_a_file_without_manifest_has_none(video: Path, trust: TrustAnchors) -> None:
    assert read_manifest(video, trust).state is ManifestState.NONE


def test_a_file_that_is_no_video_is_invalid_and_a_missing_one_an_error(
    tmp_path: Path, trust: TrustAnchors
) -> None:
    (tmp_path / "a.mp4").write_bytes(b"not a video")
    assert read_manifest(tmp_path / "a.mp4", trust).state is ManifestState.INVALID
    with pytest.raises(InvalidInput):
        read_manifest(tmp_path / "none.mp4", trust)


# Signing ------------------------------------------------------------------------------------


@pytest.fixture
def destination(tmp_path: Path) -> Iterator[Path]:
    """A place where nothing may be left when signing fails."""
    folder = tmp_path / "out"
    folder.mkdir()
    yield folder / "signed.mp4"
    assert list(folder.iterdir()) == []


def test_no_time_stamp_authority_means_no_file(
    video: Path, inputs: Inputs, signer: Signer, destination: Path
) -> None:
    with pytest.raises(ComplianceError) as caught:
        sign_file(video, destination, make_facts(inputs), signer, NOBODY)
    assert caught.value.code == "signing-unavailable"
    assert NOBODY in caught.value.remedy
    for url in ("", "ftp://nowhere/"):
        with pytest.raises(ComplianceError):
            sign_file(video, destination, make_facts(inputs), signer, url)


@pytest.mark.parametrize(
    "raised", [ConnectionError("the key store is away"), SignerUnavailable("the key store is away")]
)
def test_what_the_signer_raises_is_said(
    raised: Exception,
    video: Path,
    inputs: Inputs,
    signer: Signer,
    tsa_url: str,
    destination: Path,
) -> None:
    class Broken:
        algorithm, chain_pem = "es256", signer.chain_pem

        def sign(self, data: bytes) -> bytes:
            raise raised

    with pytest.raises(SignerUnavailable, match="the key store is away"):
        sign_file(video, destination, make_facts(inputs), Broken(), tsa_url)


def test_a_signature_by_the_wrong_key_means_no_file(
    video: Path, inputs: Inputs, signer: Signer, tsa_url: str, destination: Path
) -> None:
    wrong = KeySigner(signer.chain_pem.encode(), ec.generate_private_key(ec.SECP256R1()))
    with pytest.raises(ComplianceError) as caught:
        sign_file(video, destination, make_facts(inputs), wrong, tsa_url)
    assert caught.value.code == "signing-unavailable"


def test_a_source_that_is_no_video_means_no_file(
    inputs: Inputs, signer: Signer, tsa_url: str, destination: Path, tmp_path: Path
) -> None:
    (tmp_path / "a.mp4").write_bytes(b"not a video")
    for source in (tmp_path / "a.mp4", tmp_path / "none.mp4"):
        with pytest.raises(ComplianceError):
            sign_file(source, destination, make_facts(inputs), signer, tsa_url)


def test_an_asset_id_that_is_none_means_no_file(
    video: Path, inputs: Inputs, signer: Signer, tsa_url: str, destination: Path
) -> None:
    with pytest.raises(InvalidInput):
        sign_file(video, destination, make_facts(inputs, asset_id="abc"), signer, tsa_url)


def test_a_file_is_never_signed_onto_itself(copy: Path, inputs: Inputs, signer: Signer) -> None:
    before = copy.read_bytes()
    link = copy.with_name("link.mp4")
    link.symlink_to(copy)
    for destination in (copy, link):
        with pytest.raises(InvalidInput):
            sign_file(copy, destination, make_facts(inputs), signer, NOBODY)
    assert copy.read_bytes() == before


def test_an_older_file_survives_a_failure_and_is_replaced_by_a_success(
    video: Path, inputs: Inputs, signer: Signer, tsa_url: str, tmp_path: Path
) -> None:
    old = tmp_path / "release.mp4"
    old.write_bytes(b"older")
    with pytest.raises(ComplianceError):
        sign_file(video, old, make_facts(inputs), signer, NOBODY)
    assert old.read_bytes() == b"older"
    sign_file(video, old, make_facts(inputs), signer, tsa_url)
    assert old.stat().st_size > video.stat().st_size
    assert [path.name for path in tmp_path.iterdir()] == ["release.mp4"]


def test_inputs_c2pa_cannot_look_into_are_named_by_digest(
    video: Path, inputs: Inputs, signer: Signer, tsa_url: str, trust: TrustAnchors, tmp_path: Path
) -> None:
    (tmp_path / "voice.ogg").write_bytes(b"OggS" + bytes(400))
    picture = cv2.imread(str(inputs.portrait.path))
    cv2.imwrite(str(tmp_path / "portrait.png"), picture)
    odd = Inputs(
        input_fact(tmp_path / "portrait.png", "image/jpeg"),  # not what it says
        input_fact(tmp_path / "voice.ogg", "audio/ogg"),
        inputs.label,
    )
    sign_file(video, tmp_path / "signed.mp4", make_facts(odd), signer, tsa_url)
    report = read_manifest(tmp_path / "signed.mp4", trust)
    assert report.state is ManifestState.TRUSTED
    assert report.inputs["portrait"] == odd.portrait.sha256
    assert report.inputs["voice"] == odd.voice.sha256


def test_a_portrait_that_is_no_picture_is_an_error(
    video: Path, inputs: Inputs, signer: Signer, tsa_url: str, destination: Path, tmp_path: Path
) -> None:
    (tmp_path / "text.jpg").write_text("not a picture")
    for path in (tmp_path / "text.jpg", tmp_path / "none.jpg"):
        facts = make_facts(inputs, portrait=InputFact(path, "00" * 32, "image/jpeg"))
        with pytest.raises(InvalidInput) as caught:
            sign_file(video, destination, facts, signer, tsa_url)
        assert caught.value.code == "input-unreadable"


def test_the_development_signer_warns_and_wants_its_own_key(
    keys: DevelopmentKeys, other_keys: DevelopmentKeys, tmp_path: Path
) -> None:
    with pytest.warns(RakkanDevelopmentWarning):
        DevelopmentSigner(keys.release_chain, keys.release_key)
    for chain, key, code in (
        (keys.release_chain, other_keys.release_key, "key-mismatch"),
        (keys.release_chain, keys.keys / "tsa_key.pem", "key-mismatch"),
        (keys.release_chain, tmp_path / "none.pem", "key-unreadable"),
        (tmp_path / "none.pem", keys.release_key, "key-unreadable"),
    ):
        with pytest.warns(RakkanDevelopmentWarning), pytest.raises(InvalidInput) as caught:
            DevelopmentSigner(chain, key)
        assert caught.value.code == code


def test_a_trust_folder_without_roots_says_so(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput) as caught:
        TrustAnchors.load(tmp_path)
    assert caught.value.code == "trust-unreadable"
    (tmp_path / "root.pem").write_text("nothing")
    with pytest.raises(InvalidInput):
        TrustAnchors.load(tmp_path)

"""The development time-stamp authority answers real RFC 3161 requests over HTTP."""

import hashlib
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from asn1crypto import core, tsp
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509 import load_der_x509_certificate, load_pem_x509_certificate

from compliance.development import DevelopmentKeys
from compliance.development.tsa import DevelopmentTimestampAuthority
from compliance.errors import InvalidInput, RakkanDevelopmentWarning

DIGEST = hashlib.sha256(b"something").digest()


def _request(algorithm: str = "sha256", digest: bytes = DIGEST) -> bytes:
    imprint = {"hash_algorithm": {"algorithm": algorithm}, "hashed_message": digest}
    request = {"version": "v1", "message_imprint": imprint, "nonce": 77, "cert_req": True}
    return bytes(tsp.TimeStampReq(request).dump())


def _post(url: str, body: bytes) -> bytes:
    with urllib.request.urlopen(urllib.request.Request(url, body), timeout=10) as reply:  # noqa: S310  loopback
        assert reply.headers["Content-Type"] == "application/timestamp-reply"
        return bytes(reply.read())


def test_a_token_repeats_digest_and_nonce_and_its_signature_holds(
    tsa_url: str, keys: DevelopmentKeys
) -> None:
    reply = tsp.TimeStampResp.load(_post(tsa_url, _request()))
    assert reply["status"]["status"].native == "granted"
    signed = reply["time_stamp_token"]["content"]
    info = signed["encap_content_info"]["content"].parsed
    assert info["message_imprint"]["hashed_message"].native == DIGEST
    assert info["nonce"].native == 77
    signer = signed["signer_infos"][0]
    named = signer["sid"].chosen["serial_number"].native
    sent = [load_der_x509_certificate(item.chosen.dump()) for item in signed["certificates"]]
    leaf = next(certificate for certificate in sent if certificate.serial_number == named)
    public = leaf.public_key()
    assert isinstance(public, rsa.RSAPublicKey)
    attributes = signer["signed_attrs"]
    public.verify(
        signer["signature"].native,
        attributes.untag().dump(),
        padding.PKCS1v15(),
        hashes.SHA256(),
    )
    by_name = {item["type"].native: item["values"][0].native for item in attributes}
    assert by_name["message_digest"] == hashlib.sha256(info.dump()).digest()
    root = load_pem_x509_certificate((keys.trust / "tsa_root.pem").read_bytes())
    assert root in sent


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"not DER at all", "bad_data_format"),
        (_request("sha1", b"1" * 20), "bad_alg"),
        (_request("sha256", b"too short"), "bad_data_format"),
    ],
    ids=["not-der", "sha1", "short-digest"],
)
def test_what_cannot_be_stamped_is_rejected_with_a_reason(
    tsa_url: str, body: bytes, reason: str
) -> None:
    status = tsp.PKIStatusInfo.load(core.Sequence.load(_post(tsa_url, body))[0].dump())
    assert status["status"].native == "rejection"
    assert status["fail_info"].native == {reason}


def test_an_oversized_request_is_refused_before_it_is_read(tsa_url: str) -> None:
    with pytest.raises(urllib.error.HTTPError) as caught:
        _post(tsa_url, b"0" * 5000)
    with caught.value:
        assert caught.value.code == 413


def test_missing_keys_say_what_to_do(tmp_path: Path) -> None:
    with pytest.warns(RakkanDevelopmentWarning), pytest.raises(InvalidInput) as caught:
        DevelopmentTimestampAuthority(tmp_path / "tsa_chain.pem", tmp_path / "tsa_key.pem")
    assert "make setup" in caught.value.remedy


def test_it_runs_as_a_program(keys: DevelopmentKeys) -> None:
    command = [sys.executable, "-m", "compliance.development.tsa"]
    command += ["--port", "0", "--keys", str(keys.keys)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        line = program.stdout.readline()
        reply = tsp.TimeStampResp.load(_post(line.split()[-1], _request()))
        program.terminate()
    assert reply["status"]["status"].native == "granted"

"""What can be done to a released file, each by itself: our verifier finds it, and others agree.

Ours is ``compliance verify`` with the evidence file, as whoever was handed both would run it. The
others are c2pa's own reader and encypher-c2pa, which shares no code with it; they judge the
manifest, and must agree about it. Neither of them sees what C2PA leaves out of its hashes (the
``ftyp`` and ``free`` boxes, the order of assertions): there ours goes by the whole file's digest.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import c2pa
import encypher_c2pa
import pytest

from compliance.development import DevelopmentKeys
from compliance.provenance import DevelopmentSigner, Signer, TrustAnchors, read_manifest, sign_file
from compliance.provenance.sealing import _builder
from compliance.verify.case import Case, TrustBundle
from compliance.verify.report import Outcome
from compliance.verify.runner import verify_file
from compliance.watermark import KeyRing
from tests.unit.compliance.jumbf import Box, box, c2pa_box, superbox, superboxes
from tests.unit.compliance.productions import Inputs, Paper, make_evidence, make_facts, make_paper
from tests.unit.compliance.videos import encode, synthetic_frames

STATUS_URL = "http://127.0.0.1:9/status"  # never asked: these tests are offline
Attack = Callable[[bytes], bytes]


@pytest.fixture(scope="module")
def paper(keys: DevelopmentKeys, inputs: Inputs) -> Paper:
    return make_paper(keys, inputs)


@pytest.fixture(scope="module")
def genuine(
    video: Path,
    paper: Paper,
    inputs: Inputs,
    signer: Signer,
    tsa_url: str,
    keys: DevelopmentKeys,
    tmp_path_factory: pytest.TempPathFactory,
) -> Case:
    path = tmp_path_factory.mktemp("tampering") / "release.mp4"
    sign_file(video, path, paper.facts(inputs, STATUS_URL), signer, tsa_url)
    trust, mark = TrustBundle.load(keys.trust), KeyRing.load(keys.watermark_key)
    return Case(path, make_evidence(paper, path), trust, mark, offline=True)


@pytest.fixture(scope="module")
def trust(keys: DevelopmentKeys) -> TrustAnchors:
    return TrustAnchors.load(keys.trust)


def flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def in_box(name: str, share: float) -> Attack:
    """Flip a bit of a box, so far into it."""

    def attack(data: bytes) -> bytes:
        found = box(data, name)
        return flipped(
            data, min(found.end - 1, found.inside + int(share * (found.end - found.inside)))
        )

    return attack


def after(name: str, offset: int) -> Attack:
    """Flip a bit of a table in ``moov``, so many bytes after its four letters."""
    return lambda data: flipped(data, data.rindex(name.encode()) + 4 + offset)


def in_assertion(label: str) -> Attack:
    """Flip a bit in the middle of what a JUMBF box holds."""

    def attack(data: bytes) -> bytes:
        found = superbox(data, label)
        return flipped(data, (found.inside + 8 + found.end) // 2)

    return attack


def reworded(old: bytes, new: bytes) -> Attack:
    """Write other words of the same length into the manifest."""

    def attack(data: bytes) -> bytes:
        assert len(old) == len(new)
        assert old in data
        return data.replace(old, new)

    return attack


def emptied(found: Box, data: bytes) -> bytes:
    """Leave a box's place, as one that says nothing."""
    return data[: found.start + 4] + b"free" + data[found.start + 8 :]


def exchanged(data: bytes) -> bytes:
    """Let portrait and voice change places."""
    one, other = (superbox(data, f"c2pa.ingredient.v3{end}") for end in ("", "__1"))
    return (
        data[: one.start]
        + data[other.start : other.end]
        + data[one.start : one.end]
        + data[other.end :]
    )


def removed(data: bytes) -> bytes:
    found = c2pa_box(data)
    return data[: found.start] + data[found.end :]


def doubled(data: bytes) -> bytes:
    found = c2pa_box(data)
    return data[: found.end] + data[found.start : found.end] + data[found.end :]


def another_kind(data: bytes) -> bytes:
    return flipped(data, c2pa_box(data).inside)


def wiped(data: bytes) -> bytes:
    found = superboxes(data)[0]
    return data[: found.start] + bytes(found.end - found.start) + data[found.end :]


def longer_than_it_is(data: bytes) -> bytes:
    start = superbox(data, "c2pa.assertions").start
    return data[:start] + (1 << 30).to_bytes(4, "big") + data[start + 4 :]


def shifted(data: bytes) -> bytes:
    found = box(data, "mdat")
    return data[: found.start] + b"\0\0\0\x10free" + b"\0" * 8 + data[found.start :]


ON_BYTES: dict[str, Attack] = {
    "first byte of the picture": in_box("mdat", 0.0),
    "middle of the picture": in_box("mdat", 0.5),
    "last byte of the sound": in_box("mdat", 1.0),
    "last byte cut off": lambda data: data[:-1],
    "second half cut off": lambda data: data[: len(data) // 2],
    "bytes behind the end": lambda data: data + b"\0" * 64,
    "another picture behind the end": lambda data: data + b"\0\0\0\x18mdat" + b"\1" * 16,
    "duration": after("mvhd", 19),
    "place of the chunks": after("stco", 11),
    "sizes of the samples": after("stsz", 15),
    "timing of the samples": after("stts", 15),
    "a hole before the picture": shifted,
    "manifest removed": removed,
    "manifest twice": doubled,
    "manifest under another name": another_kind,
    "manifest wiped": wiped,
    "a length that lies": longer_than_it_is,
    **{
        f"a bit of {label}": in_assertion(label)
        for label in (
            *("c2pa.thumbnail.ingredient", "c2pa.ingredient.v3", "c2pa.ingredient.v3__1"),
            *("c2pa.actions.v2", "c2pa.soft-binding", "cawg.training-mining"),
            *("org.rakkan.production", "c2pa.hash.bmff.v3", "c2pa.claim.v2"),
        )
    },
    "a bit of the signature": lambda data: flipped(
        data, superbox(data, "c2pa.signature").inside + 60
    ),
    "an assertion left out": lambda data: emptied(superbox(data, "cawg.training-mining"), data),
    "the claim left out": lambda data: emptied(superbox(data, "c2pa.claim.v2"), data),
    "the signature left out": lambda data: emptied(superbox(data, "c2pa.signature"), data),
    "a label of an assertion": reworded(b"cawg.training-mining", b"cawg.training-minins"),
    "another asset": reworded(b"0123456789abcdef", b"fedcba9876543210"),
    "another address to ask": reworded(b"127.0.0.1:9/status", b"127.0.0.1:8/status"),
    "mining allowed": reworded(b"notAllowed", b"allowed..."),
    "made by a camera": reworded(
        b"compositeWithTrainedAlgorithmicMedia", b"digitalCapture".ljust(36)
    ),
}
ONLY_BY_DIGEST: dict[str, Attack] = {  # C2PA leaves these out of its hashes
    "two ingredients in the other order": exchanged,
    "a brand of the container": in_box("ftyp", 0.2),
    "an empty box behind the end": lambda data: data + b"\0\0\0\x10free" + b"\0" * 8,
}


def failures(case: Case, path: Path) -> set[str]:
    """What our verifier finds wrong with a file beside the genuine evidence."""
    report = verify_file(replace(case, path=path))
    return {check.name for check in report.checks if check.outcome is Outcome.FAIL}


def c2pa_says(path: Path, trust: TrustAnchors) -> str:
    try:
        with c2pa.Reader(path, context=trust.context()) as reader:
            return str(reader.get_validation_state())
    except c2pa.C2paError:
        return "unreadable"


def encypher_says(path: Path, trust: TrustAnchors) -> str:
    try:
        report: Any = encypher_c2pa.verify(
            path.read_bytes(),
            "video/mp4",
            trust_pem=trust.claim_roots,
            tsa_trust_pem=trust.timestamp_roots,
            no_default_trust=True,
            online=False,
        )
    except ValueError:  # a container that is cut off
        return "unreadable"
    return str(report["validation_state"])


def agree(path: Path, trust: TrustAnchors) -> bool:
    """Whether both call the manifest Trusted; fails where they differ."""
    words = c2pa_says(path, trust), encypher_says(path, trust)
    assert len({word == "Trusted" for word in words}) == 1, words
    return words[0] == "Trusted"


def test_the_genuine_file_is_found_whole_by_all_three(genuine: Case, trust: TrustAnchors) -> None:
    assert failures(genuine, genuine.path) == set()
    assert agree(genuine.path, trust)


@pytest.mark.parametrize("what", ON_BYTES)
def test_what_is_done_to_the_bytes_is_found(
    what: str, genuine: Case, trust: TrustAnchors, tmp_path: Path
) -> None:
    path = tmp_path / "tampered.mp4"
    path.write_bytes(ON_BYTES[what](genuine.path.read_bytes()))
    assert failures(genuine, path)
    assert not agree(path, trust)
    assert read_manifest(path, trust).state != "Trusted"


@pytest.mark.parametrize("what", ONLY_BY_DIGEST)
def test_what_c2pa_does_not_hash_is_found_by_the_digest(
    what: str, genuine: Case, trust: TrustAnchors, tmp_path: Path
) -> None:
    path = tmp_path / "tampered.mp4"
    path.write_bytes(ONLY_BY_DIGEST[what](genuine.path.read_bytes()))
    assert failures(genuine, path)
    assert agree(path, trust), "they judge the manifest, and it is whole"


def remuxed(source: Path, target: Path, kinds: tuple[str, ...]) -> None:
    """Copy the streams, undecoded, into a new container."""
    with av.open(str(source)) as given, av.open(str(target), "w") as made:
        streams = {
            s.index: made.add_stream_from_template(s) for s in given.streams if s.type in kinds
        }
        for packet in given.demux():
            if packet.stream.index in streams and packet.dts is not None:
                packet.stream = streams[packet.stream.index]
                made.mux(packet)


def reencoded(source: Path, target: Path) -> None:
    with av.open(str(source)) as given:
        encode((f.to_ndarray(format="yuv420p") for f in given.decode(video=0)), target, crf=30)


REMADE: dict[str, Callable[[Path, Path], None]] = {
    "copied into another container": lambda a, b: remuxed(a, b, ("video", "audio")),
    "sound left out": lambda a, b: remuxed(a, b, ("video",)),
    "encoded again": reencoded,
}


@pytest.mark.parametrize("how", REMADE)
def test_a_copy_that_was_made_anew_has_lost_its_manifest(
    how: str, genuine: Case, trust: TrustAnchors, tmp_path: Path
) -> None:
    path = tmp_path / "remade.mp4"
    REMADE[how](genuine.path, path)
    assert failures(genuine, path) & {"manifest", "readable"}
    assert not agree(path, trust)
    assert read_manifest(path, trust).state == "none"


@pytest.fixture(scope="module")
def other_video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("other") / "other.mp4"
    return encode(synthetic_frames(256, 256, 30, seed=5), path)


def test_our_manifest_on_another_video(
    genuine: Case, other_video: Path, trust: TrustAnchors, tmp_path: Path
) -> None:
    data, found = genuine.path.read_bytes(), c2pa_box(genuine.path.read_bytes())
    other = other_video.read_bytes()
    path, at = tmp_path / "grafted.mp4", box(other, "ftyp").end
    path.write_bytes(other[:at] + data[found.start : found.end] + other[at:])
    assert failures(genuine, path)
    assert not agree(path, trust)


@pytest.mark.parametrize(
    "whose", ["a stranger's root", "a time-stamp of a stranger", "no time-stamp"]
)
def test_signed_again_by_somebody_else(
    whose: str,
    genuine: Case,
    other_video: Path,
    inputs: Inputs,
    keys: DevelopmentKeys,
    other_keys: DevelopmentKeys,
    trust: TrustAnchors,
    tsa_url: str,
    tmp_path: Path,
) -> None:
    """The words of the genuine manifest over another video."""
    path, facts = tmp_path / "forged.mp4", make_facts(inputs)
    if whose == "a stranger's root":
        with pytest.warns(UserWarning, match="development key"):
            stranger = DevelopmentSigner(other_keys.release_chain, other_keys.release_key)
        sign_file(other_video, path, facts, stranger, tsa_url)
        assert not agree(path, trust)
    elif whose == "a time-stamp of a stranger":
        shutil.copy(genuine.path, path)
        others = TrustAnchors.load(other_keys.trust)
        mixed = TrustAnchors(trust.claim_roots, others.timestamp_roots)
        assert read_manifest(path, mixed).state == "Valid"
        return
    else:
        unstamped(other_video, path, facts, keys)
    assert read_manifest(path, trust).state != "Trusted", "a time-stamp is mandatory here"
    assert failures(genuine, path)


def unstamped(source: Path, target: Path, facts: Any, keys: DevelopmentKeys) -> None:
    """Sign as c2pa would without a time-stamp authority: ours never does."""
    with pytest.warns(UserWarning, match="development key"):
        signer = DevelopmentSigner(keys.release_chain, keys.release_key)
    chain = signer.chain_pem
    with (
        _builder(facts) as builder,
        c2pa.Signer.from_callback(signer.sign, c2pa.C2paSigningAlg.ES256, chain, None) as by,
        source.open("rb") as given,
        target.open("w+b") as made,
    ):
        builder.sign(by, "video/mp4", given, made)


def test_there_are_at_least_thirty_kinds() -> None:
    assert len(ON_BYTES) + len(ONLY_BY_DIGEST) + len(REMADE) + 4 >= 30

"""What whoever has a pack in their hands can do to it: no key is needed, but those of strangers."""

from __future__ import annotations

import stat
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from compliance.errors import RakkanDevelopmentWarning
from compliance.evidence import layout
from compliance.evidence.archive import write_archive
from compliance.evidence.signers import EvidenceSigner
from compliance.provenance import DevelopmentSigner
from tests.unit.compliance.packs import (
    Made,
    Publisher,
)


@dataclass(frozen=True)
class Lab:
    """An honest pack with its video and one without, and two who sign: publisher and stranger."""

    publisher: Publisher
    stranger: Publisher
    full: Made
    lean: Made
    folder: Path

    @property
    def path(self) -> Path:
        """Where the mutated pack goes."""
        return self.folder / "mutated.zip"


Mutation = tuple[str, str, Callable[[Lab], Path]]  # what finds it, its reason, and the change


def _zipped(
    lab: Lab,
    change: Callable[[dict[str, bytes]], None] = lambda members: None,
    more: Callable[[zipfile.ZipFile], None] = lambda archive: None,
) -> Path:
    """Write the full pack anew with its members changed and more added, and nothing signed."""
    with zipfile.ZipFile(lab.full.path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    change(members)
    write_archive(lab.path, members)
    with zipfile.ZipFile(lab.path, "a") as archive:
        more(archive)
    return lab.path


def _twice(archive: zipfile.ZipFile) -> None:
    with pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr(zipfile.ZipInfo(layout.EVIDENCE), b"{}")


def _added(name: str, content: bytes = b"x", mode: int = stat.S_IFREG) -> Callable[[Lab], Path]:
    def add(archive: zipfile.ZipFile) -> None:
        info = zipfile.ZipInfo(name)
        info.external_attr, info.compress_type = (mode | 0o644) << 16, zipfile.ZIP_DEFLATED
        archive.writestr(info, content)

    return lambda lab: _zipped(lab, more=add)


def _bytes(change: Callable[[bytes], bytes]) -> Callable[[Lab], Path]:
    def mutate(lab: Lab) -> Path:
        lab.path.write_bytes(change(lab.full.path.read_bytes()))
        return lab.path

    return mutate


def _member(name: str, change: Callable[[bytes], bytes]) -> Callable[[Lab], Path]:
    def mutate(members: dict[str, bytes]) -> None:
        changed = change(members[name])
        assert changed != members[name]
        members[name] = changed

    return lambda lab: _zipped(lab, mutate)


def _without(name: str) -> Callable[[Lab], Path]:
    return lambda lab: _zipped(lab, lambda members: members.pop(name) and None)


def flipped(data: bytes) -> bytes:
    at = data.rindex(b"mdat") + 5_000
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def _followed(data: bytes) -> bytes:
    return data + b"x" * 70_000


def _edited(evidence: bytes) -> bytes:
    return evidence.replace(b"legal", b"lagel")


def _encrypted(data: bytes) -> bytes:
    """Set the flag that a member is encrypted, where its directory entry says so."""
    at = data.rindex(b"PK\x01\x02") + 8
    return data[:at] + b"\x01" + data[at + 1 :]


def _hidden(data: bytes) -> bytes:
    """Put something between the members and their directory."""
    end = data.rindex(b"PK\x05\x06")
    start = int.from_bytes(data[end + 16 : end + 20], "little")
    moved = (start + 6).to_bytes(4, "little")
    return (
        data[:start] + b"hidden" + data[start:end] + data[end : end + 16] + moved + data[end + 20 :]
    )


def _signed_by(role: str) -> Callable[[Lab], Path]:
    def mutate(lab: Lab) -> Path:
        keys, url = lab.publisher.keys, lab.publisher.tsa_url
        signer = lab.stranger.evidence
        if role == "claims":
            with pytest.warns(RakkanDevelopmentWarning):
                claims = DevelopmentSigner(keys.release_chain, keys.release_key)
            signer = EvidenceSigner(claims, url)

        def change(members: dict[str, bytes]) -> None:
            members[layout.SIGNATURE] = signer.sign_manifest(members[layout.MANIFEST])

        return _zipped(lab, change)

    return mutate


OUTSIDER: dict[str, Mutation] = {
    "the zip is cut short": ("structure", "structure-zip", _bytes(lambda data: data[:-300])),
    "something stands before it": ("structure", "structure-hidden", _bytes(lambda d: b"x" * 9 + d)),
    "something hides between members": ("structure", "structure-hidden", _bytes(_hidden)),
    "something follows it": ("structure", "structure-zip", _bytes(_followed)),
    "a name leads out of the folder": ("structure", "structure-name", _added("../keys/log.vkey")),
    "a name is absolute": ("structure", "structure-name", _added("/etc/cron.d/x")),
    "a name no pack has": ("structure", "structure-name", _added("run-me.exe")),
    "two members of one name": (
        "structure",
        "structure-duplicate",
        lambda lab: _zipped(lab, more=_twice),
    ),
    "two names that differ in case": (
        "structure",
        "structure-duplicate",
        _added("models/FACE_LANDMARKER.md"),
    ),
    "a link": ("structure", "structure-kind", _added("models/a.md", b"/etc/passwd", stat.S_IFLNK)),
    "an encrypted member": ("structure", "structure-kind", _bytes(_encrypted)),
    "a member that unpacks to too much": (
        "structure",
        "structure-size",
        _added("models/a.md", b"\0" * (2 << 20)),
    ),
    "a part is missing": ("structure", "structure-missing", _without(layout.STAMP)),
    "a member nobody listed": ("digests", "unlisted", _added("models/a.md")),
    "the video is taken out": ("digests", "member-missing", _without(layout.VIDEO)),
    "the evidence is edited": ("digests", "member-changed", _member(layout.EVIDENCE, _edited)),
    "the video is exchanged": ("digests", "member-changed", _member(layout.VIDEO, flipped)),
    "the manifest is edited": (
        "signature",
        "signature-invalid",
        _member(layout.MANIFEST, lambda data: data.replace(b'"en"', b'"ja"')),
    ),
    "the manifest is signed by a stranger": (
        "signature",
        "signature-untrusted",
        _signed_by("other"),
    ),
    "the manifest is signed by the key of releases": (
        "signature",
        "signature-untrusted",
        _signed_by("claims"),
    ),
}

"""The zip of a pack: written one way only, and read with nothing taken on trust."""

import hashlib
import shutil
import stat
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO

from compliance.evidence.layout import (
    EVIDENCE,
    MAX_MEMBERS,
    VIDEO,
    limit_of,
    missing_from,
)
from compliance.log.files import ZIP_ERRORS
from compliance.verify.report import Fails

_EPOCH = (1980, 1, 1, 0, 0, 0)  # a zip knows no earlier time; when it was made the manifest says
_CHUNK = 1 << 20
_LOCAL_HEADER, _END = 30, 22  # bytes, without names and fields (APPNOTE 4.3.7, 4.3.16)
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_BAD = "structure"


def write_archive(path: Path, members: Mapping[str, bytes | Path]) -> None:
    """Write a zip: the same members give the same bytes."""
    with zipfile.ZipFile(path, "w") as archive:
        for name in sorted(members):
            content = members[name]
            info = zipfile.ZipInfo(name, _EPOCH)
            info.external_attr = (stat.S_IFREG | 0o644) << 16
            if isinstance(content, bytes):
                info.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(info, content)
            else:  # a video is packed already
                info.compress_type, info.file_size = zipfile.ZIP_STORED, content.stat().st_size
                with content.open("rb") as source, archive.open(info, "w") as target:
                    shutil.copyfileobj(source, target, _CHUNK)


class Archive:
    """A pack's zip whose structure was checked; what its members say was not."""

    def __init__(self, path: Path) -> None:
        """Open a zip and check it.

        1. It is one zip from its first byte to its last, with nothing before, between or behind
           its members, and no comment.
        2. It has not too many members, and no name twice, be it in other letters.
        3. Every name is one that a pack has: none leads out of the folder it is unpacked in.
        4. Every member is a plain file, stored or deflated, not encrypted and not larger than
           such a member can be.
        5. Nothing is missing that every pack has.

        Raises:
            Fails: one of them does not hold.
        """
        try:
            self._archive = zipfile.ZipFile(path)
            size = path.stat().st_size
        except ZIP_ERRORS as error:
            raise Fails(f"It is not a zip: {error}.", code=f"{_BAD}-zip") from error
        members = self._archive.infolist()
        if len(members) > MAX_MEMBERS:  # 2
            raise Fails(f"It has {len(members)} members.", code=f"{_BAD}-size")
        for info in members:
            _check_member(info)
        self.names = [info.filename for info in members]
        if len({name.casefold() for name in self.names}) != len(self.names):
            raise Fails("Two members have one name.", code=f"{_BAD}-duplicate")
        _check_gaps(self._archive, members, size)  # 1
        missing = missing_from(self.names)  # 5
        if missing:
            raise Fails(f"It lacks {', '.join(missing)}.", code=f"{_BAD}-missing")

    def close(self) -> None:
        """Close the file."""
        self._archive.close()

    def read(self, name: str) -> bytes:
        """Return a member; for all but the video, which is extracted.

        Raises:
            Fails: it cannot be unpacked.
            KeyError: there is none.
        """
        if name == VIDEO:
            raise ValueError("the video is too large to read at once")
        try:
            with self._archive.open(name) as stream:
                return stream.read()  # not beyond the size that was checked
        except ZIP_ERRORS as error:
            raise _damaged(name, error) from error

    def measure(self, name: str) -> tuple[str, int]:
        """Return SHA-256 and size of a member, whatever its size.

        Raises:
            Fails: it cannot be unpacked.
        """
        state, size = hashlib.sha256(), 0
        try:
            with self._archive.open(name) as stream:
                while chunk := stream.read(_CHUNK):
                    state.update(chunk)
                    size += len(chunk)
        except ZIP_ERRORS as error:
            raise _damaged(name, error) from error
        return state.hexdigest(), size

    def extract(self, name: str, target: IO[bytes]) -> None:
        """Copy a member into an open file.

        Raises:
            Fails: it cannot be unpacked.
        """
        try:
            with self._archive.open(name) as stream:
                shutil.copyfileobj(stream, target, _CHUNK)
        except ZIP_ERRORS as error:
            raise _damaged(name, error) from error


def packed_evidence(path: Path) -> bytes | None:
    """Return the evidence in a pack, or None if the file is no zip.

    Raises:
        Fails: it is a zip, but no pack.
    """
    if not zipfile.is_zipfile(path):
        return None
    archive = Archive(path)
    try:
        return archive.read(EVIDENCE)
    finally:
        archive.close()


def _check_member(info: zipfile.ZipInfo) -> None:
    name = info.orig_filename  # as it stands in the file: ZipInfo cuts it at a zero byte
    limit = limit_of(name)  # 3
    if limit is None:
        raise Fails(f"No pack has a member {name[:80]!r}.", code=f"{_BAD}-name")
    kind = stat.S_IFMT(info.external_attr >> 16)  # 4
    plain = kind in (0, stat.S_IFREG) and not info.is_dir()
    if not plain or info.flag_bits or info.compress_type not in _METHODS or info.comment:
        raise Fails(f"{name} is no plain file.", code=f"{_BAD}-kind")
    if info.file_size > limit:
        raise Fails(f"{name} has {info.file_size} bytes.", code=f"{_BAD}-size")


def _check_gaps(archive: zipfile.ZipFile, members: list[zipfile.ZipInfo], size: int) -> None:
    """Make sure that members, directory and end follow each other and fill the file."""
    at, directory = 0, 0
    for info in sorted(members, key=lambda member: member.header_offset):
        if info.header_offset != at or info.extra:
            raise Fails("There is something between its members.", code=f"{_BAD}-hidden")
        at += _LOCAL_HEADER + len(info.orig_filename.encode()) + info.compress_size
        directory += 46 + len(info.orig_filename.encode())  # central header, APPNOTE 4.3.12
    if archive.comment or at + directory + _END != size or archive.start_dir != at:
        raise Fails("There is something behind its members.", code=f"{_BAD}-hidden")


def _damaged(name: str, error: Exception) -> Fails:
    return Fails(f"{name} cannot be unpacked: {error}.", code=f"{_BAD}-damaged")

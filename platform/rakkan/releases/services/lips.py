"""What was judged of the lips must be of this very file, and within bounds."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import av

from compliance.canonical import file_sha256
from compliance.media import VIDEO_FORMAT
from rakkan.core.errors import Refused
from rakkan.releases.lips import lips_judge


@dataclass(frozen=True, slots=True)
class Lips:
    """What a worker measured, and of what.

    Attributes:
        file_sha256: of the rendered file that it looked at.
        source: that file, as it is stored.
        facts: its numbers.
    """

    file_sha256: str
    source: Path
    facts: dict[str, object]


def check_lips(path: Path, lips: Lips) -> str:
    """Return what is said of the lips of a finished file.

    The worker looked at the file before it was signed, while that went on. Signing changes no bit
    of picture and sound, and that is not believed: every packet is compared.

    Raises:
        Refused: another file was looked at, or the lips do not follow the voice.
    """
    if file_sha256(lips.source) != lips.file_sha256:
        raise Refused("The lips of another file were looked at.")
    if packets_digest(lips.source) != packets_digest(path):
        raise Refused("The lips were looked at in other pictures or another sound than these.")
    judged = lips_judge(lips.facts)
    if not judged.passes:
        raise Refused(judged.said)
    return judged.said


def packets_digest(path: Path) -> str:
    """Return the SHA-256 of all that a player decodes: every packet, its stream and its times.

    Raises:
        av.FFmpegError: it cannot be read.
    """
    digest = hashlib.sha256()
    options = {"protocol_whitelist": "file"}
    with av.open(str(path), format=VIDEO_FORMAT, container_options=options) as container:
        for packet in container.demux():
            if packet.size:
                place = (packet.stream.index, packet.pts, packet.dts, str(packet.time_base))
                digest.update(repr((*place, packet.size)).encode())
                digest.update(bytes(packet))
    return digest.hexdigest()

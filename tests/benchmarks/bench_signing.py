"""How fast a video is signed, beside the SHA-256 of the same file, and what memory it takes.

Each size is signed in a process of its own, so that its peak is that of one signing. The files are
real MP4s whose picture data is a stretch of noise as long as asked for: what is signed is hashed,
not decoded. SIGNING_SIZES names other sizes in MB.
"""

from __future__ import annotations

import hashlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from compliance.development import development_keys
from compliance.development.tsa import DevelopmentTimestampAuthority
from compliance.provenance import DevelopmentSigner, sign_file
from tests.benchmarks.harness import Figure
from tests.unit.compliance.productions import make_facts, make_inputs
from tests.unit.compliance.videos import encode, synthetic_frames

_SIZES = "1,20,200,750"  # MB
_MB = 1_000_000
_RUNS = 3
_SAID = (
    ("sign_s", "s", "sign and time-stamp, to a file on disk"),
    ("sign_mb_per_s", "MB/s", "the same, by size"),
    ("share_of_sha256", "ratio", "SHA-256 of the file's time to signing's"),
    ("peak_mb", "MB", "most memory of the process"),
)


def measure() -> list[Figure]:
    """Sign files of each size; hashing and signing take turns, and the fastest of three counts."""
    sizes = [int(size) for size in os.environ.get("SIGNING_SIZES", _SIZES).split(",")]
    figures: list[Figure] = []
    for size in sizes:
        found = signed(size)
        figures += [
            Figure(f"{name}_{size}mb", found[name], unit, note) for name, unit, note in _SAID
        ]
        if size == max(sizes):
            figures.append(Figure("sign_mb_per_s", found["sign_mb_per_s"], "MB/s", "the largest"))
    return figures


def signed(size: int) -> dict[str, float]:
    """Sign a file of so many MB in a process of its own; return what ``_SAID`` names."""
    command = [sys.executable, "-W", "ignore", "-m", __name__, str(size)]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    said: dict[str, float] = json.loads(printed)
    return said


def _of(size: int, folder: Path) -> dict[str, float]:
    keys = development_keys(folder / "development")
    authority = DevelopmentTimestampAuthority(
        keys.keys / "tsa_chain.pem", keys.keys / "tsa_key.pem"
    )
    server = authority.serve()
    signer = DevelopmentSigner(keys.release_chain, keys.release_key)
    (folder / "inputs").mkdir()
    facts, video = make_facts(make_inputs(folder / "inputs")), _video(size, folder)
    hashing, signing = [], []
    for _ in range(_RUNS):
        hashing.append(_seconds(lambda: _sha256(video)))
        url = f"http://127.0.0.1:{server.server_port}/"
        signing.append(
            _seconds(lambda url=url: sign_file(video, folder / "signed.mp4", facts, signer, url))
        )
    server.shutdown()
    server.server_close()
    mb = video.stat().st_size / _MB
    return {
        "sign_s": round(min(signing), 3),
        "sign_mb_per_s": round(mb / min(signing), 1),
        "share_of_sha256": round(min(hashing) / min(signing), 3),
        "peak_mb": round(_peak()),
    }


def _video(size: int, folder: Path) -> Path:
    """A video that plays, and after it so much picture data that no table names."""
    path = encode(synthetic_frames(256, 256, 25), folder / "video.mp4")
    missing = size * _MB - path.stat().st_size
    with path.open("ab") as stream:
        if missing > 16:
            stream.write((missing).to_bytes(4, "big") + b"mdat")
            for start in range(8, missing, _MB):
                stream.write(os.urandom(min(_MB, missing - start)))
    return path


def _sha256(path: Path) -> None:
    with path.open("rb") as stream:
        hashlib.file_digest(stream, "sha256")


def _seconds(act: Any) -> float:
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / _MB


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as work:
        print(json.dumps(_of(int(sys.argv[1]), Path(work))))

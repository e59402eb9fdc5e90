"""A second verifier's word on a manifest: other people's code, not built on c2pa's."""

import mmap
import os
from pathlib import Path
from typing import Any

import encypher_c2pa

from compliance.provenance import TrustAnchors
from rakkan.core.errors import Refused

os.environ["ENCYPHER_C2PA_TELEMETRY"] = "off"  # it would ask whoever sits at the terminal
os.environ["ENCYPHER_C2PA_ONLINE"] = "off"


def check_second(path: Path, trust: TrustAnchors) -> str:
    """Raise unless encypher-c2pa calls the file Trusted under the same roots, and only those.

    Raises:
        Refused: it does not; the message names its codes.
    """
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
        report: Any = encypher_c2pa.verify(
            memoryview(data),  # by path it reads files of up to 128 MiB only
            "video/mp4",
            trust_pem=trust.claim_roots,
            tsa_trust_pem=trust.timestamp_roots,
            no_default_trust=True,
            online=False,
        )
    if report["validation_state"] != "Trusted":
        codes = ", ".join(str(one["code"]) for one in report["validation_results"]["failure"])
        raise Refused(f"To encypher-c2pa the manifest is {report['validation_state']}: {codes}")
    return f"encypher-c2pa {encypher_c2pa.__version__} agrees"

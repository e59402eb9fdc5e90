"""Real speech with its text: Debian's prompts for telephone systems, one reader a language.

The packages are ``asterisk-core-sounds-LANG`` (texts) and ``asterisk-core-sounds-LANG-g722``
(sound), for LANG en, es, fr, it, ru. SOUNDS names the folder that holds them as unpacked or
installed (the default is ``/``, where ``apt-get install`` puts them). They are CC-BY-SA-3.0 and no
part of this project.
"""

from __future__ import annotations

import gzip
import os
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np

from generation.audio import SAMPLE_RATE, Speech

SOUNDS = Path(os.environ.get("SOUNDS", "/"))
READERS = {
    "en": "en_US_f_Allison",
    "es": "es_MX_f_Allison",
    "fr": "fr_CA_f_June",
    "it": "it_IT_m_Carlo",
    "ru": "ru_RU_f_IvrvoiceRU",
}


def recordings(language: str) -> Iterator[tuple[str, str, Path]]:
    """Yield name, text and file of every prompt of two words and more."""
    share = SOUNDS / "usr/share"
    for listed in share.glob(f"doc/asterisk-core-sounds-{language}/core-sounds-{language}.txt*"):
        opened = gzip.open if listed.suffix == ".gz" else open
        with opened(listed, "rb") as stream:
            lines = stream.read().decode("utf-8", errors="replace").splitlines()
        for line in lines:
            name, _, text = line.partition(": ")
            path = share / "asterisk/sounds" / READERS[language] / f"{name}.g722"
            said = len(text.split()) > 1 and not set("[](<)") & set(text)
            if said and not line.startswith(";") and path.is_file():
                yield name, text.strip(), path


def g722(path: Path) -> Speech:
    """Read what the product does not take: telephone systems' own format."""
    resampler = av.AudioResampler(format="flt", layout="mono", rate=SAMPLE_RATE)
    with av.open(str(path), format="g722") as container:
        frames = list(container.decode(audio=0))
    blocks = [out.to_ndarray()[0] for frame in frames for out in resampler.resample(frame)]
    return Speech(np.clip(np.concatenate(blocks), -1, 1))

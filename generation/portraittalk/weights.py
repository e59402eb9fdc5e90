"""Where PortraitTalk's trained weights lie, and by which digest they are known. Loads no torch.

Weights are a folder: a saved :class:`PortraitTalkPipeline`, and in it, where its training asks for
other than the usual steps, a file ``drawing.json``. All of its files are one digest, which permits,
results and manifests name.
"""

import functools
import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from generation.errors import EngineMissing, WeightsInvalid

ENGINE = "portraittalk"
VERSION = "1.2"  # changes whenever the same inputs and weights give other frames
SETTING, PIN = "RAKKAN_PORTRAITTALK", "RAKKAN_PORTRAITTALK_SHA256"
SHIPPED = Path(__file__).parents[1] / "weights" / ENGINE  # ours
SHIPPED_SHA256 = "ab719507668e7dab9c946f920e2c67ec857b217cf19274c252abc9d8272647cb"
DRAWING = "drawing.json"
_INDEX = "model_index.json"
_NETWORK = "diffusion_pytorch_model*.safetensors"
# Folder -> what has to lie in it.
_PARTS = {
    "vae": ("config.json", _NETWORK),
    "text_encoder": ("config.json", "model*.safetensors"),
    "tokenizer": ("tokenizer_config.json",),
    "animate_net": ("config.json", _NETWORK),
    "identity_net": ("config.json", _NETWORK),
    "scheduler": ("scheduler_config.json",),
}
_CHUNK = 1 << 20


@dataclass(frozen=True)
class Steps:
    """How weights want to be drawn with; a part of them, so that it is pinned like them.

    Attributes:
        steps: of denoising in each window.
        few_steps: they are of a distilled student.
        guidance: how far all inputs together are followed beyond the network's own prediction.
        audio: weight of the voice.
        structure: weight of the drawn face.
    """

    steps: int = 25
    few_steps: bool = False
    guidance: float = 2.5
    audio: float = 1.0
    structure: float = 1.0


@dataclass(frozen=True)
class Weights:
    """Weights that are all there.

    Attributes:
        folder: where.
        digest: SHA-256, lower-case hexadecimal, of names and bytes of all files.
        how: they want to be drawn with.
    """

    folder: Path
    digest: str
    how: Steps


def find(environment: Mapping[str, str] = os.environ) -> Weights:
    """Return the weights of this machine: the folder that the setting names, or ours.

    Raises:
        EngineMissing: no folder is named and none is shipped, or something lacks in it.
        WeightsInvalid: they are not those that were pinned, or cannot be read.
    """
    folder, pinned = SHIPPED, SHIPPED_SHA256
    if named := environment.get(SETTING, ""):
        folder, pinned = Path(named).expanduser().absolute(), environment.get(PIN, "")
    _check_parts(folder, named=bool(named))
    found = _digest(folder)
    if pinned not in ("", found):
        raise WeightsInvalid(
            f"The weights of {ENGINE} in {folder} have the digest {found}, and {pinned} is pinned.",
            remedy=f"Restore the folder, or set {PIN} to the new digest once you trust it.",
        )
    return Weights(folder, found, steps_of(folder))


def digest_of(folder: Path) -> str:
    """Return the SHA-256 of a folder's list of files, as sha256sum writes it.

    One line a file, ``<sha256>  <way below the folder>``, sorted by the bytes of the way; how to
    make it with sha256sum alone is in docs/portraittalk.md.
    """
    found = sorted(
        (path.relative_to(folder).as_posix().encode(), path)
        for path in folder.rglob("*")
        if path.is_file()
    )
    whole = hashlib.sha256()
    for name, path in found:
        with path.open("rb") as stream:
            of_one = hashlib.file_digest(stream, "sha256").hexdigest()
        whole.update(of_one.encode() + b"  " + name + b"\n")
    return whole.hexdigest()


@functools.cache
def _digest(folder: Path) -> str:
    """Read all files once in the life of the process."""
    return digest_of(folder)


def _check_parts(folder: Path, *, named: bool) -> None:
    if not named and not folder.is_dir():
        raise EngineMissing(
            f"The engine {ENGINE!r} is not available on this worker: it has no trained weights.",
            remedy=f"Set {SETTING} to a folder of weights (docs/portraittalk.md), "
            "or choose the engine mesh.",
        )
    lacking = [
        f"{part}/{file}"
        for part, files in _PARTS.items()
        for file in files
        if not any((folder / part).glob(file))
    ]
    if not (folder / _INDEX).is_file():
        lacking.insert(0, _INDEX)
    if lacking:
        raise EngineMissing(
            f"The engine {ENGINE!r} is not available on this worker: {folder} lacks "
            f"{', '.join(lacking)}.",
            remedy=f"Set {SETTING} to a folder that training or `python -m generation initialise` "
            "wrote; weights are taken as .safetensors only.",
        )


def steps_of(folder: Path) -> Steps:
    """Read a folder's ``drawing.json``; what it does not say is as usual.

    Raises:
        WeightsInvalid: it cannot be read.
    """
    path = folder / DRAWING
    if not path.is_file():
        return Steps()
    kinds = {name: type(value) for name, value in vars(Steps()).items()}
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        given = {name: kinds[name](value) for name, value in said.items()}
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise WeightsInvalid(
            f"{path} cannot be read: {error!r}.",
            remedy=f"It is a JSON object with some of: {', '.join(kinds)}.",
        ) from error
    return Steps(**given)

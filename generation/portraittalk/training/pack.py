"""All that was trained, in one folder and in half precision: what an engine loads."""

import hashlib
import json
import math
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from diffusers.utils import logging
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

from generation.portraittalk.autoencoder import PatchedAutoencoder
from generation.portraittalk.detail_net import DetailNet
from generation.portraittalk.pipeline import PortraitTalkPipeline
from generation.portraittalk.student import STUDENT
from generation.portraittalk.training.errors import TrainingDataRefused
from generation.portraittalk.training.low_rank import lower_rank
from generation.portraittalk.weights import DRAWING, Steps, steps_of

STUDENTS = 4  # steps
_INDEX, _ORIGIN = "model_index.json", "_name_or_path"
_ENCODERS = ("encoder.", "quant_conv.")


@dataclass(frozen=True)
class Packed:
    """What was written.

    Attributes:
        megabytes: of all files together, millions of bytes.
        student: whether there is one.
    """

    megabytes: float
    student: bool


def pack(
    trained: Path,
    out: Path,
    decoder: Path | None,
    student: Path | None,
    detail: Path | None = None,
    *,
    audio: float | None = None,
    structure: float | None = None,
    rank: int | None = None,
) -> Packed:
    """Write a pipeline in half precision, with a decoder that was trained on, and its student.

    It is written as a whole or not at all.

    Args:
        trained: the pipeline of a stage.
        out: a folder that is not there yet.
        decoder: an autoencoder of stage "decoder", with the pipeline's own encoder.
        student: an adapter of stage "student".
        detail: a DetailNet of stage "detail"; the pipeline's own, if it has one, when not given.
        audio: what the voice shall weigh in whatever is drawn with them, 0 or more; as `trained`
            says when not given.
        structure: the same for the drawn face.
        rank: most dimensions of the student's adapter; all that it has when not given.

    Raises:
        TrainingDataRefused: a weight is less than 0 or no number, a rank less than 1, the decoder
            is of another autoencoder, `student` holds none, or `out` is there already.
    """
    before = steps_of(trained)
    weights = {
        "audio": before.audio if audio is None else audio,
        "structure": before.structure if structure is None else structure,
    }
    _check(out, weights, rank)
    logging.set_verbosity_error()  # it warns of casting nothing
    logging.disable_progress_bar()
    pipeline = _joined(trained, decoder, detail)
    out.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=out.parent, prefix=f".{out.name}.") as partly:
        whole = Path(partly) / out.name
        pipeline.save_pretrained(whole)
        for file in (whole / _INDEX, *whole.glob("*/config.json")):
            _forget_origin(file)
        if student is not None:
            _add_student(student, whole, rank)
        few = {} if student is None else {"steps": STUDENTS, "few_steps": True}
        usual = vars(Steps())
        how = {name: x for name, x in {**few, **weights}.items() if x != usual[name]}
        if how:
            (whole / DRAWING).write_text(json.dumps(how) + "\n", "utf-8")
        files = [file for file in whole.rglob("*") if file.is_file()]
        packed = Packed(sum(file.stat().st_size for file in files) / 1e6, student is not None)
        whole.rename(out)
    return packed


def _check(out: Path, weights: dict[str, float], rank: int | None) -> None:
    if not all(math.isfinite(weight) and weight >= 0 for weight in weights.values()):
        raise TrainingDataRefused(
            "An input cannot weigh less than nothing, or no number.",
            code="weight-negative",
            remedy="Give 0 or more; 1 is how it was trained.",
        )
    if rank is not None and rank < 1:
        raise TrainingDataRefused(
            f"No adapter has rank {rank}.", code="rank-below-one", remedy="Give 1 or more."
        )
    if out.exists():
        raise TrainingDataRefused(
            f"{out} is there already.", code="folder-not-empty", remedy="Give a new folder."
        )


def _joined(trained: Path, decoder: Path | None, detail: Path | None) -> PortraitTalkPipeline:
    """Return the pipeline in half precision, with decoder and DetailNet where they are given."""
    # A DetailNet stands in for the one in the folder, which may be of another make.
    other = {} if detail is None else {"detail_net": DetailNet.from_pretrained(detail).half()}
    pipeline: PortraitTalkPipeline = PortraitTalkPipeline.from_pretrained(
        trained, dtype=torch.float16, **other
    )
    if decoder is None:
        return pipeline
    better: Any = PatchedAutoencoder.from_pretrained(decoder, dtype=torch.float16)
    if encoder_digest(better) != encoder_digest(pipeline.vae):
        raise TrainingDataRefused(
            f"{decoder} is not of the autoencoder that {trained} was trained with.",
            code="latents-of-another",
            remedy="Train the decoder on from the autoencoder in the folder of latents.",
        )
    kept = pipeline.vae.config
    better.register_to_config(shift_factor=kept.shift_factor, scaling_factor=kept.scaling_factor)
    pipeline.register_modules(vae=better)
    return pipeline


def _add_student(student: Path, folder: Path, rank: int | None) -> None:
    """Write an adapter into a pipeline's folder, in half precision and of a rank at most."""
    files = sorted(student.glob("*.safetensors"))
    if not files:
        raise TrainingDataRefused(
            f"{student} holds no student.",
            code="no-student",
            remedy="Name the folder `averaged` of stage student.",
        )
    (folder / STUDENT).mkdir()
    for file in files:
        layers = load_file(file)
        layers = layers if rank is None else lower_rank(layers, rank)
        halved = {name: x.half().contiguous() for name, x in layers.items()}
        save_file(halved, folder / STUDENT / file.name, _metadata(file))


def _forget_origin(file: Path) -> None:
    """Take out the folder that diffusers notes it was loaded from: it is nobody's business."""
    said = json.loads(file.read_text("utf-8"))
    if said.pop(_ORIGIN, None) is not None:
        file.write_text(json.dumps(said, indent=2) + "\n", "utf-8")


def _metadata(file: Path) -> dict[str, str]:
    with safe_open(file, "pt") as opened:
        return dict(opened.metadata() or {})


def encoder_digest(model: Any) -> str:
    """Return a digest of what makes latents."""
    weights: dict[str, Tensor] = model.state_dict()
    digest = hashlib.sha256()
    for name in sorted(n for n in weights if n.startswith(_ENCODERS)):
        digest.update(name.encode() + weights[name].float().numpy().tobytes())
    return digest.hexdigest()

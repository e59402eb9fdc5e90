"""`python -m generation train`: trains one stage, and goes on where it was."""

import argparse
import sys
import time
from pathlib import Path
from typing import Any

STAGES = ("vae", "decoder", "1", "voice", "2", "student", "detail")


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the commands to the program's."""
    latents = commands.add_parser(
        "train-latents",
        help="encode a training set once, for stages 1 and 2",
        description="What is encoded already is kept. See docs/portraittalk-training.md.",
    )
    latents.add_argument("--data", type=Path, required=True, metavar="DIR")
    latents.add_argument("--vae", type=Path, required=True, metavar="DIR", help="of --stage vae")
    latents.add_argument("--out", type=Path, required=True, metavar="DIR")
    latents.set_defaults(command=encode)
    judged = commands.add_parser(
        "train-check", help="measure an autoencoder on people whom it never saw"
    )
    judged.add_argument("--data", type=Path, required=True, metavar="DIR")
    judged.add_argument("--vae", type=Path, required=True, metavar="DIR")
    judged.add_argument("--split", choices=("held-out", "train"), default="held-out")
    judged.add_argument("--sheet", type=Path, help="draw pictures over their copies (PNG)")
    judged.set_defaults(command=check)
    packed = commands.add_parser(
        "train-pack", help="write what was trained as an engine loads it, in half precision"
    )
    packed.add_argument("trained", type=Path, help="`averaged` of stage 2")
    packed.add_argument("--decoder", type=Path, metavar="DIR", help="`averaged` of the decoder")
    packed.add_argument("--student", type=Path, metavar="DIR", help="`averaged` of the student")
    packed.add_argument("--detail", type=Path, metavar="DIR", help="`averaged` of DetailNet")
    packed.add_argument("--audio", type=float, metavar="WEIGHT",
                        help="of the voice when drawn; as before when not given")  # fmt: skip
    packed.add_argument("--structure", type=float, metavar="WEIGHT",
                        help="of the drawn face")  # fmt: skip
    packed.add_argument("--rank", type=int,
                        help="most dimensions of the student's adapter, to save bytes")  # fmt: skip
    packed.add_argument("--out", type=Path, required=True, metavar="DIR")
    packed.set_defaults(command=pack)
    parser = commands.add_parser(
        "train",
        help="train one stage of the portraittalk engine",
        description=(
            "Trains until the steps or the minutes are over and keeps a checkpoint every few "
            "minutes. Called again with the same folder it goes on there, also after a kill. See "
            "docs/portraittalk-training.md."
        ),
    )
    parser.add_argument("--stage", choices=STAGES, required=True)
    parser.add_argument("--data", type=Path, required=True, metavar="DIR")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument("--latents", type=Path, metavar="DIR", help="from stage 1 on")
    parser.add_argument("--from", dest="begin", type=Path, metavar="DIR",
                        help="what to begin with: `averaged` of the stage before; the decoder "
                        "an autoencoder; detail what train-pack wrote")  # fmt: skip
    parser.add_argument("--frames", type=int, default=14, help="of each window, from stage 2 on")
    parser.add_argument("--guidance", type=float, default=2.5, help="of the student's teacher")
    parser.add_argument("--rank", type=int, default=16, help="of the student's adapter")
    parser.add_argument("--adapter", type=Path, metavar="DIR",
                        help="an earlier student's, that the student begins with")  # fmt: skip
    parser.add_argument("--without-masks", action="store_true",
                        help="face and lips count like the rest, to see what it costs")  # fmt: skip
    parser.add_argument("--steps", type=int, default=20_000)
    parser.add_argument("--minutes", type=float, default=0.0, help="default: no limit")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--rate", type=float, default=3e-4)
    parser.add_argument("--precision", choices=("no", "bf16", "fp16"), default="bf16")
    parser.add_argument("--accumulate", type=int, default=1)
    parser.add_argument("--checkpointing", action="store_true",
                        help="compute activations twice: for a small GPU")  # fmt: skip
    parser.add_argument("--keep-seconds", type=float, default=180.0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    parser.set_defaults(command=run)


def encode(options: argparse.Namespace) -> int:
    """Encode what is missing; returns the exit status.

    Raises:
        GenerationError: there is no data, or the folder is of another autoencoder.
    """
    # Here and below, because torch takes seconds to load and --help should not.
    import torch  # noqa: PLC0415

    from generation.portraittalk.training.latents import encode_set  # noqa: PLC0415

    torch.set_num_threads(1)
    for number, _ in enumerate(encode_set(options.data, options.vae, options.out)):
        _say(f"\rpeople {number + 1}")
    _say("\n")
    return 0


def check(options: argparse.Namespace) -> int:
    """Measure an autoencoder; returns the exit status.

    Raises:
        GenerationError: there is no data.
    """
    import torch  # noqa: PLC0415

    from generation.portraittalk.training.vae_check import check, written  # noqa: PLC0415

    torch.set_num_threads(1)
    found, sheet = check(options.vae, options.data, options.split)
    for name, value in found.to_dict().items():
        sys.stdout.write(f"{name:<16} {value:.4g}\n")
    if options.sheet is not None:
        written(sheet, options.sheet)
    return 0


def pack(options: argparse.Namespace) -> int:
    """Write what was trained as an engine loads it; returns the exit status.

    Raises:
        GenerationError: parts do not belong together, or the folder is there already.
    """
    from generation.portraittalk.training.pack import pack  # noqa: PLC0415

    done = pack(
        options.trained, options.out, options.decoder, options.student, options.detail,
        audio=options.audio, structure=options.structure, rank=options.rank,
    )  # fmt: skip
    student = "with its student" if done.student else "without a student"
    sys.stdout.write(f"{options.out}  {done.megabytes:.1f} MB, {student}\n")
    return 0


def run(options: argparse.Namespace) -> int:
    """Train; returns the exit status.

    Raises:
        GenerationError: there is no data, or what is in the folder is of another training.
    """
    import torch  # noqa: PLC0415

    from generation.portraittalk.training.errors import TrainingDataRefused  # noqa: PLC0415
    from generation.portraittalk.training.loop import Run, Settings  # noqa: PLC0415

    if options.adapter is not None and options.stage != "student":
        raise TrainingDataRefused(
            f"Stage {options.stage} has no adapter.",
            code="adapter-of-no-student",
            remedy="Leave --adapter away, or train --stage student.",
        )
    torch.manual_seed(options.seed)  # what the weights begin with
    settings = Settings(
        steps=options.steps, minutes=options.minutes, batch=options.batch, rate=options.rate,
        precision=options.precision, accumulate=options.accumulate,
        keep_seconds=options.keep_seconds, seed=options.seed, threads=options.threads,
    )  # fmt: skip
    stage = _stage(options)
    going = Run(stage, settings, options.out)
    began, first = time.monotonic(), going.step
    _say(f"from step {first}\n")

    def told(step: int, loss: float) -> None:
        if step % 20 == 0:
            each = (time.monotonic() - began) / max(1, step - first)
            _say(f"step {step}  loss {loss:.4f}  {each:.2f} s a step\n")

    going.train(told)
    return 0


def _stage(options: argparse.Namespace) -> Any:
    if options.stage in ("vae", "decoder"):
        return _vae(options)
    return _detail(options) if options.stage == "detail" else _denoiser(options)


def _vae(options: argparse.Namespace) -> Any:
    from generation.portraittalk.autoencoder import PatchedAutoencoder  # noqa: PLC0415
    from generation.portraittalk.training.frame_batches import FrameBatches  # noqa: PLC0415
    from generation.portraittalk.training.vae import VaeStage  # noqa: PLC0415

    only = options.stage == "decoder"
    if only:
        _needs(options.begin, "decoder", "--from", "Give the folder of an autoencoder.")
    data = FrameBatches(options.data, "train", options.seed)
    _say(f"{data.people} people, ")
    model = PatchedAutoencoder.from_pretrained(options.begin) if options.begin else None
    return VaeStage(data, options.batch, model, decoder_only=only)


def _denoiser(options: argparse.Namespace) -> Any:
    from generation.portraittalk.training.clip_batches import ClipBatches  # noqa: PLC0415
    from generation.portraittalk.training.distil import StudentStage  # noqa: PLC0415
    from generation.portraittalk.training.parts import Parts  # noqa: PLC0415
    from generation.portraittalk.training.stages import DenoiserStage  # noqa: PLC0415
    from generation.portraittalk.training.voice import SpokenFrames, VoiceStage  # noqa: PLC0415

    _needs(options.latents, options.stage, "--latents", "Compute latents (train-latents).")
    if options.stage != "1":
        remedy = "Give the folder `averaged` of the stage before."
        _needs(options.begin, options.stage, "--from", remedy)
    if options.stage == "voice":
        spoken = SpokenFrames(options.data, "train", seed=options.seed)
        _say(f"{len(spoken)} windows, ")
        return VoiceStage(Parts.load(options.begin), spoken, options.latents, size=options.batch)
    frames = 1 if options.stage == "1" else options.frames
    data = ClipBatches(options.data, options.latents, "train", seed=options.seed, frames=frames)
    parts = Parts.load(options.begin) if options.begin else Parts.new(data.captions())
    if options.checkpointing:
        parts.denoiser.animate_net.enable_gradient_checkpointing()
        parts.denoiser.identity_net.enable_gradient_checkpointing()
    _say(f"{data.people} people, ")
    if options.stage == "student":
        return StudentStage(
            parts, data, size=options.batch, guidance=options.guidance, rank=options.rank,
            begin=options.adapter,
        )  # fmt: skip
    return DenoiserStage(
        parts, data, options.latents, number=int(options.stage), size=options.batch,
        masked=not options.without_masks,
    )  # fmt: skip


def _detail(options: argparse.Namespace) -> Any:
    import torch  # noqa: PLC0415

    from generation.portraittalk.artist import asked_by  # noqa: PLC0415
    from generation.portraittalk.autoencoder import PatchedAutoencoder  # noqa: PLC0415
    from generation.portraittalk.pipeline import PortraitTalkPipeline  # noqa: PLC0415
    from generation.portraittalk.student import add_student  # noqa: PLC0415
    from generation.portraittalk.training.clip_batches import ClipBatches  # noqa: PLC0415
    from generation.portraittalk.training.detail import DetailStage  # noqa: PLC0415
    from generation.portraittalk.training.errors import TrainingDataRefused  # noqa: PLC0415
    from generation.portraittalk.training.latents import AUTOENCODER  # noqa: PLC0415
    from generation.portraittalk.training.pack import encoder_digest  # noqa: PLC0415
    from generation.portraittalk.weights import steps_of  # noqa: PLC0415

    _needs(options.latents, options.stage, "--latents", "Compute latents (train-latents).")
    _needs(options.begin, options.stage, "--from", "Give the folder that train-pack wrote.")
    pipeline = PortraitTalkPipeline.from_pretrained(options.begin)
    folders = (options.latents / AUTOENCODER, options.begin / "vae")
    both = [PatchedAutoencoder.from_pretrained(each, dtype=torch.float16) for each in folders]
    if encoder_digest(both[0]) != encoder_digest(both[1]):
        raise TrainingDataRefused(
            f"{options.latents} are not of the autoencoder in {options.begin}.",
            code="latents-of-another",
            remedy="Compute latents with that folder's `vae` (train-latents).",
        )
    add_student(pipeline, options.begin)
    data = ClipBatches(options.data, options.latents, "train", seed=options.seed, frames=1)
    _say(f"{data.people} people, ")
    how = asked_by(steps_of(options.begin))
    return DetailStage(pipeline, data, size=options.batch, weights=how.weights)


def _needs(given: Path | None, stage: str, option: str, remedy: str) -> None:
    from generation.portraittalk.training.errors import TrainingDataRefused  # noqa: PLC0415

    if given is None:
        raise TrainingDataRefused(
            f"Stage {stage} lacks {option}.", code="stage-lacks-input", remedy=remedy
        )


def _say(text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()

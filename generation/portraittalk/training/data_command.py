"""`python -m generation train-data`: makes the synthetic training set."""

import argparse
import sys
from pathlib import Path

DEFAULT_RIGHTS = Path(__file__).with_name("synthetic_rights.json")
SCENES = 6
VOICES = 70  # recordings of each speaker; a third as many are held out


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command to the program's."""
    parser = commands.add_parser(
        "train-data",
        help="make training data of portraits of people who do not exist and real voices",
        description=(
            "Moves portraits by the mesh engine to recorded voices, under looks that are known. "
            "What is written are arrays of 128 px for training, no videos. What is there already "
            "is kept. See docs/portraittalk-training.md."
        ),
    )
    parser.add_argument("--portraits", type=Path, required=True, metavar="DIR")
    parser.add_argument("--speech", type=Path, required=True, nargs="+", metavar="DIR",
                        help="one folder a speaker")  # fmt: skip
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument("--rights", type=Path, default=DEFAULT_RIGHTS, metavar="JSON",
                        help="whose they are; default: the project's own data's")  # fmt: skip
    parser.add_argument("--held-out-speaker", action="append", default=[], metavar="FOLDER")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--voices", type=int, default=VOICES,
                        help="recordings of each speaker to train on")  # fmt: skip
    parser.add_argument("--scenes", type=int, default=SCENES, help="looks of each person")
    parser.add_argument("--most", type=int, default=0, help="people; default: all")
    parser.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    """Make what is missing; returns the exit status.

    Raises:
        GenerationError: rights are not said, or something cannot be read.
    """
    # Here, because the networks take a second to load and --help should not.
    from generation.portraittalk.training import data_card, synthetic  # noqa: PLC0415
    from generation.portraittalk.training.rights import read_rights  # noqa: PLC0415
    from generation.portraittalk.training.shards import HELD_OUT, TRAIN  # noqa: PLC0415
    from generation.portraittalk.training.speech_set import choose, hear  # noqa: PLC0415

    rights = read_rights(options.rights, "portraits", "speech")
    speakers = frozenset(options.held_out_speaker)
    wanted = {TRAIN: options.voices, HELD_OUT: -(-options.voices // 3)}
    chosen = list(choose(options.speech, speakers, wanted))
    people = synthetic.photos(options.portraits)
    if not chosen or not people:
        raise _nothing(options.speech if people else options.portraits)
    options.out.mkdir(parents=True, exist_ok=True)
    plan = synthetic.Plan(seed=options.seed, scenes=options.scenes)
    kept = options.out / ".speech"
    heard = []
    for number, (about, path) in enumerate(chosen):
        heard.append(hear(about, path, kept))
        _say(f"\rvoices {number + 1}/{len(chosen)}")
    _say("\n")
    for number, photo in enumerate(people[: options.most or None]):
        name = synthetic.identity_name(photo, options.portraits)
        split = synthetic.identity_split(photo.stem)
        if not (options.out / name).is_dir():
            voices = [h for h in heard if h.about.split == split]
            made = synthetic.make_person(
                photo, name, options.out, heard=voices, rights=rights, plan=plan
            )
            if not made:
                _say(f"\n{photo.name}: not exactly one face, left out\n")
        _say(f"\rpeople {number + 1}/{len(people)}")
    _say("\n")
    data_card.write(options.out, synthetic.SPLIT_RULE, rights, speakers)
    return 0


def _nothing(folders: object) -> Exception:
    from generation.portraittalk.training.errors import TrainingDataRefused  # noqa: PLC0415

    return TrainingDataRefused(
        f"Nothing to make data of was found in {folders}.",
        code="no-training-data",
        remedy="Give folders of JPEG or PNG portraits, and of recordings of 2.4 to 9 seconds.",
    )


def _say(text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()

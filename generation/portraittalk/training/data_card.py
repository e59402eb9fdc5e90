"""A training set described from what is in it: whose, how many, split by which rule."""

from collections import Counter
from pathlib import Path

from generation.faces.embedding import SAME_BELOW, distance
from generation.portraittalk.training.rights import Rights
from generation.portraittalk.training.shards import HELD_OUT, TRAIN, WINDOW, Shard, shards
from generation.portraittalk.training.speech_set import SECONDS

CARD = "DATA-CARD.md"
ALIKE = 0.45  # distance of face embeddings
_SHOWN = ("expression", "light", "background", "clothing")


def write(
    root: Path, rule: str, rights: dict[str, Rights], held_out_speakers: frozenset[str]
) -> Path:
    """Write the card of a set beside its shards; returns its place."""
    found = list(shards(root))
    parts = [
        "# Data card\n",
        "Made by `python -m generation train-data`; this page is written from the data.\n",
        "## Whose\n",
        *(_rights_lines(rights)),
        "\n## What\n",
        "Head-and-shoulders squares of 128 px: portraits of people, moved by the project's mesh "
        "engine to recorded voices. Curves, landmarks and labels are what was drawn, not what was "
        "measured. The mesh engine is the teacher: its faults (a background bent where no matte "
        "was found, painted mouths, dyed clothes that are sometimes hair) are in the data.\n",
        _counts(found),
        "## Splits\n",
        rule,
        f"\nOf voices {sorted(held_out_speakers) or 'no speaker'} is held out whole, and of the "
        "others every recording whose name has an even CRC-32. Held-out people speak held-out "
        f"recordings only. Recordings of {SECONDS[0]:g} to {SECONDS[1]:g} s are taken.\n",
        *_look_alikes(found),
        "## Labels\n",
        *(_table(found, name) for name in _SHOWN),
        "## Limits\n",
        "Apparent adults of a generator's taste, facing the camera; five readers of telephone "
        "prompts; no hands, no two people, no profile. Nothing is said about how well a model "
        "trained on it does for anybody who is not like them.\n",
    ]
    path = root / CARD
    path.write_text("\n".join(parts), "utf-8")
    return path


def _rights_lines(rights: dict[str, Rights]) -> list[str]:
    return [
        f"- **{name}**: {r.source}. Licence: {r.licence}. {r.holder}. People: {r.people}."
        for name, r in rights.items()
    ]


def _counts(found: list[Shard]) -> str:
    lines = ["| split | people | stills | windows | frames |", "|---|---|---|---|---|"]
    for split in (TRAIN, HELD_OUT):
        chosen = [s for s in found if s.about.split == split]
        clips = [clip for s in chosen for clip in s.about.clips]
        windows = sum(clip.kind == WINDOW for clip in clips)
        frames = sum(clip.count for clip in clips)
        lines.append(f"| {split} | {len(chosen)} | {len(clips) - windows} | {windows} | {frames} |")
    return "\n".join(lines) + "\n"


def _look_alikes(found: list[Shard]) -> list[str]:
    """Say how many held-out people look like somebody trained on: a rule on names cannot see it."""
    faces = {
        split: [s.array("embeddings")[0] for s in found if s.about.split == split]
        for split in (TRAIN, HELD_OUT)
    }
    if not all(faces.values()):
        return []
    nearest = [min(distance(one, other) for other in faces[TRAIN]) for one in faces[HELD_OUT]]
    alike = sum(each < ALIKE for each in nearest)
    return [
        f"Of {len(nearest)} held-out people {alike} look like somebody trained on (face embeddings "
        f"nearer than {ALIKE:g}; the nearest pair is {min(nearest):.2f} apart, the same person in "
        f"another photo is below {SAME_BELOW:g}). Report measures without them too.\n"
    ]


def _table(found: list[Shard], name: str) -> str:
    counts = Counter(c.labels.get(name, "not known") for s in found for c in s.about.clips)
    row = ", ".join(f"{value} {count}" for value, count in counts.most_common())
    return f"- **{name}** (clips): {row}\n"

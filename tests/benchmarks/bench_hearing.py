"""The audio gate: does it call those tracks unusable by which the mouth moves otherwise?

Readers in six languages are spoilt (``hearing/tracks.py``). How far the mouth opens is correlated
with what the unspoilt track makes it do: with r under 0.75 a track fails, under 0.8 it is doubtful.
Also music in which nobody speaks. MESH_HALF=tuning shows the half that settled the limits. Needs
what ``bench_transcript.py`` needs, libespeak-ng1 and asterisk-moh-opsound-g722. Every track is
listed in build/bench/hearing-details.json. It takes about three minutes of one core.
"""

from __future__ import annotations

import json
import tempfile
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from compliance.permit import Verdict
from generation.audio import SAMPLE_RATE, Speech, listen
from generation.audio.speech import Samples
from generation.gate.findings import result
from generation.gate.voice import NOISE, judge
from generation.motion.lips import lips
from generation.motion.timeline import timeline
from tests.benchmarks.harness import BUILD, TUNING, Figure
from tests.benchmarks.hearing.fit import FAILS, follows
from tests.benchmarks.hearing.tracks import MUSIC, Track, music, tracks, voices

HELD_OUT = not TUNING
DOUBTFUL = 0.8  # r
# What was counted up to engine 2.13: voices at least as loud as what is beside them, no rooms.
MILD = {
    "as read": (0.0,),
    **dict.fromkeys(("white", "pink", "babble", "music"), (30, 20, 15, 10, 5, 0)),
    "overdriven": (12, 18, 24, 30),
    "quiet": (-20, -40),
}
NOISES = ("as read", "white", "pink", "babble", "music")


def measure() -> list[Figure]:
    """Judge every track and count."""
    rows = [row for language, voice in voices(HELD_OUT) for row in _rows(language, voice)]
    alone = list(_music_alone())
    BUILD.mkdir(parents=True, exist_ok=True)
    text = "\n".join(json.dumps(row) for row in (*rows, *alone)) + "\n"
    (BUILD / "hearing-details.json").write_text(text, encoding="utf-8")
    print(_by_kind(rows))
    noisy = [row for row in rows if row["kind"] in NOISES and "sound-noise" in row]
    mild = [row for row in rows if row["kind"] in MILD and row["strength"] in MILD[row["kind"]]]
    refused = sum(row["verdict"] is Verdict.UNUSABLE for row in alone)
    return [
        *_counted("unusable", [(row["verdict"] == "unusable", row["r"]) for row in rows], FAILS),
        *_counted("unusable_mild", [(r["verdict"] == "unusable", r["r"]) for r in mild], FAILS),
        *_counted(
            "noise_doubtful",
            [(row["sound-noise"] < NOISE.warn, row["r"]) for row in noisy],
            DOUBTFUL,
        ),
        Figure("music_refused", refused / len(alone), "ratio", f"of {len(alone)} pieces of 8 s"),
    ]


def _rows(language: str, voice: Samples) -> Iterator[dict[str, Any]]:
    clean = None
    for track in tracks(language, voice, HELD_OUT):
        gap, row = _judged(track)
        clean = gap if clean is None else clean
        yield row | {"r": round(follows(clean, gap), 3)}


def _music_alone() -> Iterator[dict[str, Any]]:
    for name in MUSIC[HELD_OUT]:
        for start in range(10, 90, 20):
            piece = music(name)[start * SAMPLE_RATE : (start + 8) * SAMPLE_RATE]
            if piece.size == 8 * SAMPLE_RATE:
                yield _judged(Track(name, HELD_OUT, "music alone", start, piece))[1]


def _judged(track: Track) -> tuple[np.ndarray, dict[str, Any]]:
    """Return how far the mouth opens, 200 times a second, and what the gate says."""
    speech = Speech(track.samples)
    heard = listen(speech)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "track.wav")
        with wave.open(str(path), "wb") as file:
            file.setparams((1, 2, SAMPLE_RATE, 0, "NONE", ""))
            file.writeframes((np.clip(track.samples, -1, 1) * 32767).astype("<i2").tobytes())
        findings, _ = judge(path, speech, heard)
    row = {
        "language": track.language,
        "kind": track.kind,
        "strength": track.strength,
        "verdict": result(findings, {}).verdict,
        **{found.check: found.value for found in findings if found.value is not None},
    }
    return lips(heard, timeline(speech, 25.0)).gap, row


def _counted(name: str, counted: list[tuple[bool, float]], fails: float) -> list[Figure]:
    """Count how often a track that was called so fails, and a failing one was called so."""
    called, failed = sum(c for c, _ in counted), sum(r < fails for _, r in counted)
    both = sum(c and r < fails for c, r in counted)
    note = f"r under {fails}: {failed} of {len(counted)} tracks, called so {called}, both {both}"
    return [
        Figure(f"{name}_precision", both / max(called, 1), "ratio", note),
        Figure(f"{name}_recall", both / max(failed, 1), "ratio", note),
    ]


def _by_kind(rows: list[dict[str, Any]]) -> str:
    lines = ["| what was done | strength | r, median | least | failed | unusable | warned |"]
    for kind, strength in dict.fromkeys((row["kind"], row["strength"]) for row in rows):
        these = [row for row in rows if (row["kind"], row["strength"]) == (kind, strength)]
        r = sorted(row["r"] for row in these)
        verdicts = [row["verdict"] for row in these]
        cells = [
            kind,
            f"{strength:g}",
            f"{np.median(r):.2f}",
            f"{r[0]:.2f}",
            f"{sum(value < FAILS for value in r)}/{len(r)}",
            str(verdicts.count(Verdict.UNUSABLE)),
            str(verdicts.count(Verdict.WARNINGS)),
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)

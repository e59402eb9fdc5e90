"""The kinds of work: drawing a video or a preview, measuring an input. Nothing here knows HTTP."""

import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from compliance.canonical import file_sha256
from compliance.carrier import Carrier
from compliance.permit import JobKind, JobSpec, MeasureResult, Permit, RenderResult, Verdict
from generation import apart, audio, engines
from generation.drawing import Take
from generation.errors import AudioError, InputError
from generation.evaluation.lips import measure_lips
from generation.gate import check_portrait, check_track, check_voice
from generation.gate.findings import result as combine
from generation.identity import ROLES, check_identity
from generation.media.encoder import Encoder, VideoFormat
from generation.media.label import LabelOverlay
from generation.media.photo import load_photo
from generation.media.second_mark import RivaGan
from generation.media.stamp import PreviewStamp
from generation.motion.speaking import animate
from generation.prompt import PromptEffects, nearest, understand
from generation.worker.behind import ROLE, background_of, check_background
from generation.worker.errors import JobRefused
from generation.worker.inputs import read_transcript

Progress = Callable[[float, str], None]  # (0..1, stage); raises to stop the work

IDENTITY = "identity"  # the engine of a measure job that compares a recording with a portrait
LIPS = "lips"  # the engine of a measure job that looks whether lips follow a voice


def _cpu_seconds() -> float:
    """Return what this process has computed, and those that drew for it."""
    return time.process_time() + apart.spent()


@dataclass(frozen=True)
class RenderJob:
    """One permitted video; a preview is the beginning of one, with words across every frame.

    Attributes:
        permit: what may be drawn.
        carrier: of its marks.
        marked_twice: key frames of a video, not of a preview, get the second mark too.
        threads: that listen, and that draw; the frames do not depend on it.
    """

    permit: Permit
    carrier: Carrier
    marked_twice: bool = False
    threads: int = 1

    def run(
        self, inputs: Mapping[str, Path], destination: Path, progress: Progress
    ) -> RenderResult:
        """Draw, mark and encode; only marked frames are ever written.

        Args:
            inputs: "portrait", "voice" and "label" files, and that of the "background" if one
                was given, already checked against the permit.
            destination: the MP4; appears only when it is complete.
            progress: called before every frame, or step towards one.

        Raises:
            GenerationError: an input cannot be used, or this worker cannot draw.
            InvalidInput: the permit names no portrait, no voice or no label.
        """
        began, cpu = time.perf_counter(), _cpu_seconds()
        spec = self.permit.spec
        engine = engines.get(spec.engine)
        for role in ("portrait", "voice", "label"):
            spec.input(role)
        self._check_side(spec)
        behind = background_of(spec, inputs)
        effects = understand(
            spec.prompt, spec.permitted_changes, given=behind is not None, engine=engine.name
        )
        second = self._second()
        with ThreadPoolExecutor(1, thread_name_prefix="portrait") as beside:
            photo = load_photo(inputs["portrait"]).rgb
            ready = beside.submit(engine.prepare, photo, spec.width, spec.height, effects, behind)
            take = self._take(inputs["voice"], effects, progress)
            progress(0.1, "preparing the portrait")
            drawing = ready.result()
        with (
            self._encoder(destination, inputs, second) as encoder,
            closing(drawing.frames(take)) as frames,
        ):
            for frame in frames:
                encoder.write(frame)
        return RenderResult(
            sha256=file_sha256(destination),
            size=destination.stat().st_size,
            frames=encoder.frames,
            seconds=encoder.seconds,
            engine=engine.name,
            engine_version=engine.version,
            models=engine.models()
            | audio.models()
            | nearest.digests()
            | (second.models() if second else {}),
            prompt_report=drawing.told(effects.report),
            cpu_seconds=round(_cpu_seconds() - cpu, 3),
            wall_seconds=round(time.perf_counter() - began, 3),
        )

    @property
    def _is_preview(self) -> bool:
        return self.permit.kind is JobKind.PREVIEW

    def _check_side(self, spec: JobSpec) -> None:
        """Raise where a video would be too small to keep its mark.

        Raises:
            InputError: it is smaller than its engine draws for release.
        """
        least = engines.LEAST_SIDE.get(spec.engine, 0)
        if not self._is_preview and min(spec.width, spec.height) < least:
            raise InputError(
                f"The engine {spec.engine} draws {least} px and more a side for release, and not "
                f"{spec.width} x {spec.height}: in smaller videos the mark does not last.",
                code="engine-frame-size",
                remedy=f"Ask for {least} px at least.",
            )

    def _take(self, voice: Path, effects: PromptEffects, progress: Progress) -> Take:
        spec, longest = self.permit.spec, self.permit.max_seconds
        speech = audio.load(voice, max_seconds=longest, cut=self._is_preview)
        heard = audio.hear(
            speech, lambda part: progress(0.1 * part, "listening"), threads=self.threads
        )
        curves = animate(speech, heard, effects, seed=spec.seed, fps=spec.fps)
        return Take(
            curves,
            speech,
            spec.seed,
            self.threads,
            lambda part: progress(0.1 + 0.85 * part, "drawing"),
        )

    def _second(self) -> RivaGan | None:
        if not self.marked_twice or self._is_preview:
            return None
        return RivaGan(self.carrier.word, self.permit.spec.fps)

    def _encoder(
        self, destination: Path, inputs: Mapping[str, Path], second: RivaGan | None
    ) -> Encoder:
        spec, asset = self.permit.spec, self.permit.asset_id
        if spec.label is None:
            raise JobRefused("The permit names no place for the label.", code="label-missing")
        return Encoder(
            destination,
            VideoFormat(spec.width, spec.height, spec.fps),
            audio=inputs["voice"],
            carrier=self.carrier,
            max_seconds=self.permit.max_seconds,
            label=LabelOverlay.load(inputs["label"], spec.label),
            stamp=PreviewStamp(spec.width, spec.height, asset) if self._is_preview else None,
            second=second,
        )


@dataclass(frozen=True)
class MeasureJob:
    """One permitted measurement: numbers and words, never a picture.

    Attributes:
        permit: what may be measured.
        threads: that listen.
    """

    permit: Permit
    threads: int = 1

    def run(self, inputs: Mapping[str, Path], progress: Progress) -> MeasureResult:
        """Check each input by its role, or all of them together: who somebody is, what lips do.

        Raises:
            JobRefused: an input is missing or has a role that nothing here can measure.
        """
        if self.permit.spec.engine == IDENTITY:
            if set(inputs) != ROLES:
                raise JobRefused("An identity check lacks an input.", code="role-unsupported")
            return check_identity(inputs, progress)
        if self.permit.spec.engine == LIPS:
            if set(inputs) != {"video", "voice"}:
                raise JobRefused("A look at lips lacks an input.", code="role-unsupported")
            return self._measure_lips(inputs, progress)
        if "voice" in inputs and set(inputs) <= {"voice", "sample", "transcript", ROLE}:
            progress(0.0, "measuring the voice")
            return self._measure_draft(inputs)
        results = []
        for index, (role, path) in enumerate(inputs.items()):
            progress(index / len(inputs), f"measuring the {role}")
            if role == "portrait":
                results.append(check_portrait(path))
            elif role == "voice":
                results.append(check_voice(path, max_seconds=self.permit.max_seconds))
            else:
                raise JobRefused(f"Nothing here measures a {role!r}.", code="role-unsupported")
        if len(results) == 1:
            return results[0]
        findings = [finding for result in results for finding in result.findings]
        return combine(findings, dict(zip(inputs, (r.facts for r in results), strict=True)))

    def _measure_draft(self, inputs: Mapping[str, Path]) -> MeasureResult:
        """Measure the voice track, the picture behind the person, and what of the prompt is heard.

        Whether the photo has room for a framing is seen when it is drawn.
        """
        voice, spec = self._measure_voice(inputs), self.permit.spec
        findings, facts = list(voice.findings), dict(voice.facts)
        if ROLE in inputs:
            findings += check_background(inputs[ROLE])
        if spec.prompt:
            drawn_by = spec.prompt_for or engines.MESH
            effects = understand(
                spec.prompt, spec.permitted_changes, given=ROLE in inputs, engine=drawn_by
            )
            facts["prompt_report"] = effects.report
        return combine(findings, facts)

    def _measure_lips(self, inputs: Mapping[str, Path], progress: Progress) -> MeasureResult:
        try:
            voice = audio.load(inputs["voice"], max_seconds=self.permit.max_seconds)
        except AudioError as error:
            if error.code != "audio-silent":
                raise
            voice = audio.Speech(np.zeros(0, np.float32))  # nobody speaks: a fact, and no failure
        facts = measure_lips(inputs["video"], voice, progress, threads=self.threads)
        return MeasureResult(Verdict.USABLE, (), facts)

    def _measure_voice(self, inputs: Mapping[str, Path]) -> MeasureResult:
        longest, threads, said = self.permit.max_seconds, self.threads, None
        if "transcript" in inputs:
            said = read_transcript(inputs["transcript"], self.permit.spec.language)
        if "sample" in inputs:
            return check_track(
                inputs["voice"], inputs["sample"], max_seconds=longest, said=said, threads=threads
            )
        return check_voice(inputs["voice"], max_seconds=longest, said=said, threads=threads)

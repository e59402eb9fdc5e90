"""Promise 2: what is not marked all through, or cannot be read back, is never released."""

from __future__ import annotations

import base64
import hashlib
import os
import wave
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from av.container import OutputContainer
from av.video.stream import VideoStream
from PIL import Image
from pytest_django import Settings

from compliance.audiomark import AudioPattern, expand_audio
from compliance.audiomark.marker import AudioMarker
from compliance.carrier import Carrier
from compliance.label import LabelPlace
from compliance.label.picture import LabelPicture
from compliance.permit import MeasureResult, RenderResult, Verdict
from compliance.provenance import ManifestFacts
from compliance.watermark import Pattern, expand
from compliance.watermark.marker import Marker
from deploy.local.probes import free_port
from generation.media.label import LabelOverlay
from generation.media.sound import add_sound
from rakkan.audit.models import Event
from rakkan.core.errors import Refused, Unavailable
from rakkan.productions.models import Production
from rakkan.productions.services import finish, seal
from rakkan.productions.services.create import production_create
from rakkan.productions.services.finish import production_finish
from rakkan.productions.services.gate import production_gate
from rakkan.productions.services.withdraw import withdraw
from rakkan.releases.checks import GateCheck
from rakkan.releases.keys import watermark_key
from rakkan.releases.models import GateReport, Release, Sealing
from rakkan.releases.services import gate
from rakkan.releases.services.apart import gate_run_apart
from rakkan.releases.services.gate import Expected, gate_run
from rakkan.releases.services.looking import Label
from rakkan.releases.services.picture import Picture, check_mark, read_mark
from rakkan.releases.services.voice import check_voice, least_correlation
from tests.integration import clips, people

pytestmark = pytest.mark.django_db

SIZE, FPS, SECONDS = 512, 25, 5.68
RATE = 48_000  # samples a second
SPEECH = people.FIXTURES / "speech.wav"
OTHER = "0123456789abcdef"
SUBTITLES = b"""[Script Info]
ScriptType: v4.00+

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour
Style: Default,Arial,16,&Hffffff

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
"""


def portrait(size: int) -> np.ndarray:
    with Image.open(people.FIXTURES / "portrait.png") as picture:
        return np.asarray(picture.convert("RGB").resize((size, size)))


def speech() -> np.ndarray:
    """The approved voice, (1, samples) float32."""
    return decoded(SPEECH)


def decoded(path: Path) -> np.ndarray:
    """A voice track as one channel, (1, samples) float32."""
    resampler = av.AudioResampler(format="fltp", layout="mono", rate=RATE)
    with av.open(str(path)) as container:
        frames = [*container.decode(audio=0), None]
        return np.concatenate(
            [block.to_ndarray() for frame in frames for block in resampler.resample(frame)], axis=1
        )


def noise() -> np.ndarray:
    """White noise as long as the voice."""
    return np.random.default_rng(0).normal(0, 0.1, speech().shape).astype(np.float32)


def half_replaced() -> np.ndarray:
    """The voice, its second half said by somebody else (here: itself, from back to front)."""
    voice = speech()
    middle = voice.shape[1] // 2
    return np.concatenate([voice[:, :middle], voice[:, :middle:-1]], axis=1)


def word_replaced() -> np.ndarray:
    """The voice with other sound in a third of a second."""
    voice = speech()
    at = int(2.1 * RATE)
    voice[:, at : at + RATE // 3] = voice[:, 4 * RATE : 4 * RATE + RATE // 3]
    return voice


def hidden_in_one_channel() -> np.ndarray:
    """Two channels that add up to the voice, each of them with noise on top."""
    return np.concatenate([speech() + noise(), speech() - noise()])


def marked(sound: np.ndarray, mark: AudioPattern | None) -> np.ndarray:
    """The sound with its mark, or as it is."""
    if mark is None:
        return sound
    return np.concatenate(list(AudioMarker(mark, RATE).mark([sound])), axis=1)


def unmarked(sound: np.ndarray, mark: AudioPattern | None) -> np.ndarray:
    return sound


def marked_for_another(sound: np.ndarray, mark: AudioPattern | None) -> np.ndarray:
    return marked(sound, expand_audio(watermark_key(), OTHER))


def pinned(label: LabelOverlay) -> LabelOverlay:
    return label


@dataclass(frozen=True)
class Clip:
    """What to write: equal parts, each marked with its pattern or not at all, and the rest."""

    parts: tuple[Pattern | None, ...]
    sound: Callable[[], np.ndarray] | None = speech
    hearing: Callable[[np.ndarray, AudioPattern | None], np.ndarray] = marked
    second: tuple[Pattern | None, ...] = ()  # parts of another picture beside it
    size: int = SIZE
    fps: int = FPS
    seconds: float = SECONDS
    subtitle: bool = False
    label: Callable[[LabelOverlay], LabelOverlay | None] = pinned


def clip(
    path: Path, what: Clip, mark: AudioPattern | None = None, label: LabelOverlay | None = None
) -> bytes:
    """A real MP4; ``mark`` goes into its sound, and over its picture what it makes of ``label``."""
    over = what.label(label) if label is not None and what.size == SIZE else None
    with av.open(str(path), "w", format="mp4") as container:
        pictures = [(picture_stream(container, what), what.parts)]
        if what.second:
            pictures.append((picture_stream(container, what), what.second))
        samples = what.hearing(what.sound(), mark) if what.sound else None
        layout = "stereo" if samples is not None and len(samples) == 2 else "mono"
        voice = None if samples is None else add_sound(container, layout)
        words = container.add_stream("mov_text") if what.subtitle else None
        if words is not None:
            words.codec_context.subtitle_header = SUBTITLES
            container.start_encoding()
            word = av.Packet(b"\x00\x05Words")
            word.stream, word.pts, word.dts, word.duration = words, 0, 0, 1000
            word.time_base = Fraction(1, 1000)
            container.mux(word)
        for stream, parts in pictures:
            write_picture(container, stream, (what, over), parts)
        if voice is not None:
            block = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples), "fltp", layout=layout)
            block.sample_rate, block.pts = RATE, 0
            container.mux(voice.encode(block))
            container.mux(voice.encode(None))
    return path.read_bytes()


def picture_stream(container: OutputContainer, what: Clip) -> VideoStream:
    options = {"crf": "18", "preset": "veryfast"}
    stream = container.add_stream("libx264", rate=what.fps, options=options)
    stream.width = stream.height = what.size
    stream.pix_fmt = "yuv420p"
    return stream


def write_picture(
    container: OutputContainer,
    stream: VideoStream,
    shown: tuple[Clip, LabelOverlay | None],
    parts: tuple[Pattern | None, ...],
) -> None:
    what, label = shown
    markers = [Marker(part, what.size, what.size) if part else None for part in parts]
    picture, frames = portrait(what.size), round(what.seconds * what.fps)
    for index in range(frames):
        shifted = av.VideoFrame.from_ndarray(np.roll(picture, index % 5, axis=1), "rgb24")
        planes = np.ascontiguousarray(shifted.to_ndarray(format="yuv420p"))
        if label is not None:
            label.apply(planes, index)
        marker = markers[index * len(parts) // frames]
        if marker is not None:
            marker.mark(planes, index)
        frame = av.VideoFrame.from_ndarray(planes, "yuv420p")
        frame.pts, frame.time_base = index, Fraction(1, what.fps)
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))


@dataclass
class Rendered:
    """A production whose worker has just handed in a file."""

    production: Production
    team: people.Team


Make = Callable[[Pattern], Clip]


def right(own: Pattern) -> Clip:
    return Clip((own,))


def handed_in(folder: Path, make: Make | bytes = right, *, judged: bool = True) -> Rendered:
    """Let a worker hand in the clip that ``make`` says for the pattern it was given, or bytes."""
    team = people.team_make()
    return handed_in_for(people.approved_make(team), team, folder, make, judged=judged)


def handed_in_for(
    production: Production,
    team: people.Team,
    folder: Path,
    make: Make | bytes = right,
    *,
    judged: bool = True,
) -> Rendered:
    """The same for a production that was approved; a worker has looked at its lips, too."""
    worker = people.render_worker(production)
    own = Carrier.from_bytes(base64.b64decode(worker.claim().json()["watermark"]))
    path = folder / "rendered.mp4"
    label = clips.label_over(production)
    what = make if isinstance(make, bytes) else make(own.picture)
    data = what if isinstance(what, bytes) else clip(path, what, own.sound, label)
    sha256 = hashlib.sha256(data).hexdigest()
    assert worker.upload(sha256, data).status_code == 201
    result = RenderResult(
        sha256=sha256,
        size=len(data),
        frames=round(SECONDS * FPS),
        seconds=SECONDS,
        engine="mesh",
        engine_version="1.0",
        models={},
        prompt_report=[],
        cpu_seconds=1.0,
        wall_seconds=1.0,
    )
    assert worker.result(result.to_dict()).status_code == 200
    if judged:
        people.lips_measured(production)
    return Rendered(production, team)


def assert_not_released(production: Production, state: str, code: str) -> None:
    production.refresh_from_db()
    assert (production.state, production.problem["code"]) == (state, code), production.problem
    assert production.problem["title"]
    assert not Release.objects.filter(subject_id=production.pk).exists()


def test_a_marked_file_is_sealed_gated_and_released(tmp_path: Path) -> None:
    rendered = handed_in(tmp_path)

    production_finish(rendered.production.pk)

    rendered.production.refresh_from_db()
    assert rendered.production.state == "released", rendered.production.problem
    report = GateReport.objects.get(subject_id=rendered.production.pk)
    assert [check["outcome"] for check in report.checks] == ["pass"] * 10
    production_finish(rendered.production.pk)  # a repeated message changes nothing
    assert Release.objects.filter(subject_id=rendered.production.pk).count() == 1


def other() -> Pattern:
    return expand(watermark_key(), OTHER)


@pytest.mark.parametrize(
    ("make", "code"),
    [
        pytest.param(lambda own: Clip((None,)), "mark-missing", id="unmarked"),
        pytest.param(lambda own: Clip((other(),)), "mark-missing", id="another asset's"),
        pytest.param(lambda own: Clip((own, None)), "mark-in-part", id="half of it"),
        pytest.param(
            lambda own: Clip((own,) * 3 + (other(),) * 2), "mark-in-part", id="60 % of it"
        ),
        pytest.param(
            lambda own: Clip((own,), hearing=unmarked), "sound-mark-missing", id="unmarked sound"
        ),
        pytest.param(
            lambda own: Clip((own,), hearing=marked_for_another),
            "sound-mark-missing",
            id="another's sound",
        ),
        pytest.param(
            lambda own: Clip((own,), sound=lambda: speech() * 0), "sound-mark-missing", id="silence"
        ),
        pytest.param(lambda own: Clip((own,), second=(None,)), "video-streams", id="two pictures"),
        pytest.param(lambda own: Clip((own,), second=(own,)), "video-streams", id="both marked"),
        pytest.param(lambda own: Clip((own,), sound=None), "video-streams", id="silent"),
        pytest.param(lambda own: Clip((own,), subtitle=True), "video-streams", id="subtitles"),
        pytest.param(lambda own: Clip((own,), size=256), "video-shape", id="smaller"),
        pytest.param(lambda own: Clip((own,), fps=50), "video-shape", id="faster"),
        pytest.param(b"not a video at all", "video-unreadable", id="no video"),
        pytest.param(SPEECH.read_bytes(), "video-unreadable", id="a sound"),
    ],
)
def test_what_is_not_the_marked_picture_all_through_is_never_sealed(
    make: Make | bytes, code: str, tmp_path: Path
) -> None:
    rendered = handed_in(tmp_path, make)

    production_finish(rendered.production.pk)

    assert_not_released(rendered.production, "failed", code)
    assert not Sealing.objects.filter(subject_id=rendered.production.pk).exists()
    refused = Event.objects.get(name="releases.seal.refused", object_id=rendered.production.pk)
    assert refused.data["code"] == code


@pytest.mark.parametrize("asset_id", ["first", OTHER])
def test_two_assets_in_halves_are_sealed_for_neither(asset_id: str, tmp_path: Path) -> None:
    first = "5a5a0ff0a5a5f00f"
    wanted = first if asset_id == "first" else asset_id
    path = tmp_path / "a.mp4"
    clip(path, Clip((expand(watermark_key(), first), other())))

    found = read_mark(path, Picture(SIZE, SIZE, FPS, 600))

    assert found.marked_frames > 0.9 * found.frames  # the pilots are the same
    with pytest.raises(Refused) as caught:
        check_mark(found, wanted)
    assert caught.value.code in ("mark-missing", "mark-in-part")


@pytest.mark.parametrize(
    ("sound", "detail"),
    [
        pytest.param(noise, "correlate", id="noise"),
        pytest.param(half_replaced, "correlate", id="half replaced"),
        pytest.param(word_replaced, "correlate", id="a word replaced"),
        pytest.param(hidden_in_one_channel, "correlate", id="only both channels together"),
        pytest.param(lambda: speech()[:, : -RATE // 2], "of sound for", id="cut off"),
        pytest.param(lambda: np.tile(speech(), 2), "of sound for", id="twice"),
    ],
)
def test_a_sound_that_is_not_the_approved_voice_is_not_released(
    sound: Callable[[], np.ndarray], detail: str, tmp_path: Path
) -> None:
    rendered = handed_in(tmp_path, lambda own: Clip((own,), sound=sound))

    production_finish(rendered.production.pk)

    assert_not_released(rendered.production, "failed", "gate-voice")
    assert detail in rendered.production.problem["detail"]
    failed = Event.objects.get(name="releases.gate.failed", object_id=rendered.production.pk)
    assert failed.data["failed"] == ["voice"]


@pytest.mark.parametrize("channels", [1, 2])
def test_a_voice_with_hiss_is_recognised(channels: int, tmp_path: Path) -> None:
    """Left alone, AAC makes hiss up anew; 10 dB below the voice is more than recordings have."""
    voice = np.repeat(speech(), channels, axis=0)
    hiss = np.random.default_rng(1).normal(0, 0.047, voice.shape).astype(np.float32)
    sound = np.ascontiguousarray(((voice + hiss).clip(-1, 1) * 32767).astype("<i2").T)
    with wave.open(str(tmp_path / "voice.wav"), "wb") as file:
        file.setparams((channels, 2, RATE, 0, "NONE", ""))
        file.writeframes(sound.tobytes())
    heard = (sound.T / np.float32(32768)).astype(np.float32)
    clip(tmp_path / "a.mp4", Clip((None,), sound=lambda: heard, size=256))

    assert "the approved voice" in check_voice(tmp_path / "a.mp4", tmp_path / "voice.wav", 600)


def test_a_telephone_prompt_full_of_hiss_is_recognised_and_a_tampered_one_is_not(
    tmp_path: Path,
) -> None:
    """AAC delays by a third of a sample at 16 kHz: to the whole sample, its "s" fell to 0.69."""
    prompt = people.FIXTURES / "telephone.flac"
    heard = decoded(prompt)
    repeated = heard.copy()  # 0.12 s of "correct", said twice
    repeated[:, int(0.9 * RATE) : int(1.02 * RATE)] = heard[:, int(0.7 * RATE) : int(0.82 * RATE)]
    for name, sound in (("right", heard), ("repeated", repeated)):
        what = Clip((None,), sound=lambda sound=sound: sound, size=256, seconds=2)
        clip(tmp_path / f"{name}.mp4", what)

    found = check_voice(tmp_path / "right.mp4", prompt, 600)

    assert float(found.rsplit(" ", 1)[1]) > 0.9, found
    with pytest.raises(Refused, match="correlate"):
        check_voice(tmp_path / "repeated.mp4", prompt, 600)


def test_what_a_mark_leaves_before_a_loud_beginning_is_not_another_sound() -> None:
    """Some marks of the sample speech left 17 dB less than what follows; it was refused for it."""
    rate = 16_000  # that both are compared at
    noise = np.random.default_rng(0).normal(0, 0.1, (2, 4 * rate)).astype(np.float32)
    voice, loud = np.zeros(4 * rate, np.float32), slice(2 * rate, 2 * rate + rate // 2)
    voice[loud] = noise[0, loud]
    left, word = voice.copy(), voice.copy()
    before, longer = slice(loud.start - 512, loud.start), slice(loud.start - 2000, loud.start)
    left[before] = noise[1, before] * 10 ** (-17 / 20)
    word[longer] = noise[1, longer] / 2

    assert least_correlation(voice, left) > 0.8
    assert least_correlation(voice, word) < 0.4


def test_the_gate_measures_the_voice_itself(tmp_path: Path) -> None:
    """A picture that ends early is not released, whatever the measure job said of the voice."""
    rendered = handed_in(tmp_path, lambda own: Clip((own,), seconds=5.2))

    production_finish(rendered.production.pk)

    assert_not_released(rendered.production, "failed", "gate-playable")


def test_a_measurement_without_a_length_does_not_stop_a_release(tmp_path: Path) -> None:
    team = people.team_make()
    likeness = people.likeness_make(team)
    people.identity_make(team)
    people.consent_make(team, likeness)
    draft = production_create(
        user=team.requester,
        cast=people.cast_of(team, likeness),
        draft=people.draft(),
        voice=people.voice_file(),
    )
    people.measured(draft.pk, MeasureResult(Verdict.USABLE, (), {}))
    draft.refresh_from_db()
    production = people.approve(team.approver, people.submit(team.requester, draft))
    rendered = handed_in_for(production, team, tmp_path)

    production_finish(rendered.production.pk)

    rendered.production.refresh_from_db()
    assert rendered.production.state == "released", rendered.production.problem


def half_size(label: LabelOverlay) -> LabelOverlay:
    place = label.place
    small = replace(place, width=place.width // 4 * 2, height=place.height // 4 * 2)
    drawn = [label.picture.luma] * 3 + [label.picture.cover * 255]
    png = cv2.imencode(".png", np.dstack(drawn).astype(np.uint8))
    return LabelOverlay(LabelPicture.from_png(png[1].tobytes(), small), small)


@pytest.mark.parametrize(
    ("label", "said"),
    [
        pytest.param(lambda label: None, "Label missing", id="dropped"),
        pytest.param(half_size, "Label too small", id="half size"),
        pytest.param(
            lambda label: replace(label, place=replace(label.place, until=100)),
            "Label too short",
            id="too short",
        ),
    ],
)
def test_a_file_without_its_label_all_the_time_is_not_released(
    label: Callable[[LabelOverlay], LabelOverlay | None], said: str, tmp_path: Path
) -> None:
    rendered = handed_in(tmp_path, lambda own: Clip((own,), label=label))

    production_finish(rendered.production.pk)

    assert_not_released(rendered.production, "failed", "gate-label")
    assert said in rendered.production.problem["detail"]


def shape_checks(path: Path, picture: Picture) -> dict[str, GateCheck]:
    expected = Expected("", "", "", "", "", voice=SPEECH, picture=picture)
    return {check.name: check for check in gate_run(path, expected)}


@pytest.mark.parametrize(
    "what",
    [
        pytest.param(Clip((None,), second=(None,)), id="two pictures"),
        pytest.param(Clip((None,), sound=None), id="silent"),
        pytest.param(Clip((None,), size=256), id="smaller"),
        pytest.param(Clip((None,), seconds=10), id="longer than it can be"),
    ],
)
def test_the_gate_looks_at_the_tracks_again(what: Clip, tmp_path: Path) -> None:
    clip(tmp_path / "a.mp4", what)

    checks = shape_checks(tmp_path / "a.mp4", Picture(SIZE, SIZE, FPS, 7))

    assert checks["playable"].outcome == "fail", checks["playable"].detail


def test_a_label_that_is_no_picture_hides_nothing_from_the_other_checks(tmp_path: Path) -> None:
    clip(tmp_path / "a.mp4", Clip((None,), seconds=1))
    expected = Expected("", "", "", "", "", voice=SPEECH, picture=Picture(SIZE, SIZE, FPS, 7))
    place = LabelPlace(x=8, y=8, width=64, height=32)

    sound, broken = (
        {check.name: check for check in gate_run(tmp_path / "a.mp4", each)}
        for each in (expected, replace(expected, label=Label(b"no PNG", place)))
    )

    assert broken["label"].outcome == "fail"
    assert [broken[name] for name in sound if name != "label"] == [
        sound[name] for name in sound if name != "label"
    ]
    assert [check.number for check in broken.values()] == list(range(1, 1 + len(broken)))


class Fatal(Picture):
    """Whoever unpacks it dies, as over a file that kills a decoder."""

    def __reduce__(self) -> tuple[object, ...]:
        return (os._exit, (9,))


def test_the_gate_runs_in_a_process_that_shares_nothing_with_this_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip(tmp_path / "a.mp4", Clip((None,), seconds=1))
    expected = Expected("", "", "", "", "", voice=SPEECH, picture=Picture(SIZE, SIZE, FPS, 7))
    monkeypatch.setattr(gate, "_check_file", lambda path, expected: "whatever it is")

    here = gate_run(tmp_path / "a.mp4", expected)
    assert here[0].outcome == "pass"
    assert gate_run_apart(tmp_path / "a.mp4", expected)[0].outcome == "fail"
    fatal = replace(expected, picture=Fatal(SIZE, SIZE, FPS, 7))
    with pytest.raises(RuntimeError, match="died"):
        gate_run_apart(tmp_path / "a.mp4", fatal)
    anew = gate_run_apart(tmp_path / "a.mp4", expected)
    assert anew[1:] == here[1:], "the next one is a new process"


def test_a_fault_of_our_own_is_told_each_time_and_ends_it_at_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rendered = handed_in(tmp_path)

    def broken(*_: object) -> None:
        raise ZeroDivisionError("what nobody thought of")

    monkeypatch.setattr(finish, "production_seal", broken)
    for _ in range(finish.MAX_CRASHES - 1):
        with pytest.raises(Unavailable):
            production_finish(rendered.production.pk)
        rendered.production.refresh_from_db()
        assert rendered.production.state == "rendered"
    production_finish(rendered.production.pk)

    assert_not_released(rendered.production, "failed", "seal-crashed")
    told = Event.objects.filter(name="releases.seal.refused", object_id=rendered.production.pk)
    assert [event.data["code"] for event in told] == ["seal-crashed"] * finish.MAX_CRASHES


def test_a_portrait_that_cannot_be_described_ends_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only what passes by itself is tried again; a stored picture stays as it is."""
    rendered = handed_in(tmp_path)

    def no_portrait(production: Production, work: Path) -> ManifestFacts:
        facts = seal_facts(production, work)
        facts.portrait.path.write_bytes(b"not a picture")
        return facts

    seal_facts = seal._facts
    monkeypatch.setattr(seal, "_facts", no_portrait)
    production_finish(rendered.production.pk)

    assert_not_released(rendered.production, "failed", "input-unreadable")


def test_without_time_stamps_nothing_is_sealed_and_nothing_is_lost(
    tmp_path: Path, settings: Settings
) -> None:
    rendered, working = handed_in(tmp_path), settings.TSA_URL
    settings.TSA_URL = f"http://127.0.0.1:{free_port()}/"

    for _ in range(2):  # the second try says nothing new
        with pytest.raises(Unavailable):
            production_finish(rendered.production.pk)

    rendered.production.refresh_from_db()
    assert rendered.production.state == "rendered"
    assert Event.objects.get(name="releases.seal.refused", object_id=rendered.production.pk)
    settings.TSA_URL = working
    production_finish(rendered.production.pk)
    rendered.production.refresh_from_db()
    assert rendered.production.state == "released"


def test_a_consent_withdrawn_before_sealing_stops_it(tmp_path: Path) -> None:
    rendered = handed_in(tmp_path)

    withdraw(user=rendered.team.person, consent_id=rendered.production.consent_id)
    production_finish(rendered.production.pk)

    assert_not_released(rendered.production, "stopped", "consent-withdrawn")


def test_a_consent_that_ends_between_sealing_and_gate_stops_the_release(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rendered = handed_in(tmp_path)

    def late_gate(production: Production, work: Path) -> None:
        withdraw(user=rendered.team.person, consent_id=production.consent_id)
        production_gate(production, work)

    monkeypatch.setattr(finish, "production_gate", late_gate)
    production_finish(rendered.production.pk)

    assert_not_released(rendered.production, "stopped", "consent-withdrawn")
    assert Sealing.objects.filter(subject_id=rendered.production.pk).exists()


def test_a_stored_file_that_changed_after_rendering_is_not_sealed(
    tmp_path: Path, settings: Settings
) -> None:
    rendered = handed_in(tmp_path)
    sha256 = rendered.production.rendering.file_sha256
    stored = tmp_path / "blobs" / "quarantine" / sha256[:2] / sha256
    if not stored.exists():
        pytest.skip("only a storage of files can be changed behind the platform's back here")
    stored.write_bytes(stored.read_bytes()[:-1] + b"\0")

    production_finish(rendered.production.pk)

    assert_not_released(rendered.production, "failed", "blob-changed")
    assert not Sealing.objects.filter(subject_id=rendered.production.pk).exists()
